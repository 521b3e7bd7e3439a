"""The card of a network that finds what texts name in still lifes."""

import json
import subprocess
from pathlib import Path

from cards.parts import ROOT, fail, filled, hours, listed
from cards.still_life import data

FINDS = 400
PARTS = ("singles", "pairs", "reconstructions", "inversions", "maps", "edits")


def evaluation(model: Path, binary: Path) -> tuple[str, dict]:
    """The command that measures, and what it found on renders and on round trips."""
    world = model.parent / model.name.removesuffix("-clipseg")
    words = [word for part in PARTS for word in (f"--{part}", "0")]
    command = [binary, "evaluate", world, "--segmentation", model, *words, "--finds", FINDS, "--json", "--quiet"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"the evaluation failed: {done.stderr.strip() or done.returncode}")
    told = f"pentimento evaluate {world.name} {' '.join(words)} --finds {FINDS}"
    return told, json.loads(done.stdout)["relevance"]


def mean(things: dict, key: str) -> float:
    """Over kinds of object, each counting the same."""
    values = [entry[key] for name, entry in things.items() if name not in ("table", "wall")]
    return sum(values) / len(values)


def table(found: dict) -> str:
    renders, trips = found["renders"]["things"], found["round trips"]["things"]
    lines = ["| asked for | IoU, round trips | average precision | IoU, renders | average precision | n |",
             "|---|--:|--:|--:|--:|--:|"]

    def row(name: str, first: dict, second: dict, count: object) -> str:
        return (f"| {name} | {first['overlap']:.3f} | {first['averagePrecision']:.3f} | {second['overlap']:.3f} | "
                f"{second['averagePrecision']:.3f} | {count} |")

    for name in sorted(trips, key=lambda name: (name in ("table", "wall"), name)):
        lines.append(row(name, trips[name], renders[name], trips[name]["count"]))
    means = [{key: mean(things, key) for key in ("overlap", "averagePrecision")} for things in (trips, renders)]
    lines.append(row("**mean over kinds of object**", *means, ""))
    coloured = found["round trips"]["coloured"], found["renders"]["coloured"]
    lines.append(row("colour and kind (\"red apple\")", *coloured, coloured[0]["count"]))
    return "\n".join(lines)


def card(model: Path, binary: Path, record: dict) -> str:
    section, machine = record["clipseg"], record["machine"]
    command, found = evaluation(model, binary)
    held = record["relevance"]["round trips"]
    megabytes = (model / "model.safetensors").stat().st_size / 1e6
    shape = json.loads((model / "config.json").read_text())
    tower = shape["vision_config"]
    progress = record["progress"]
    where = listed(part for part in (machine.get("processor"), f"threads: {machine['threads']}",
                                     f"libtorch {record['libraries']['libtorch']}") if part)
    silence = [f"{found[name]['silence']:.1%}" for name in ("round trips", "renders")]
    return filled(f"""---
license: apache-2.0
library_name: transformers
pipeline_tag: image-segmentation
---
# {model.name}

Text-prompted segmentation (CLIPSeg, Lüddecke and Ecker, CVPR 2022) of the still-life world: where a picture shows "a red \
apple", "the table", and nothing where it shows no such thing. {sum(record['parameters'].values()) / 1e6:.1f} million \
parameters, {megabytes:.1f} MB in half precision. It is an ordinary folder of a `CLIPSegForImageSegmentation`:

```python
from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor
model = CLIPSegForImageSegmentation.from_pretrained("Models/{model.name}")
processor = CLIPSegProcessor.from_pretrained("Models/{model.name}")
inputs = processor(text=["a red apple"], images=[picture], padding=True, return_tensors="pt")
mask = model(**inputs).logits > 0
```

In Pentimento it is a `RelevanceNetwork`: methods are guided by it, and `masks(of:in:)` makes masks of words. \
`Scripts/parity/segmentation.py` compares it with transformers.

## How it was trained

By `pentimento train` (`Configurations/clipseg.json`), ending on {record['date'][:10]}, on: {where}; \
{progress['step']} steps of {section['batch']} pictures and {section['texts']} texts each, {hours(progress['seconds'])}. \
Seed {record['seed']}. Both towers begin as those of `{section['pair']}` and learn on. The pair cuts {tower['image_size']} pixels into \
patches of 8, too coarse for edges: here they have {tower['patch_size']}, and begin with the sums of the larger ones' weights. The decoder \
reads the image's tower after its layers {listed(shape['extract_layers'])} (from 0) and is new. Loss: binary \
cross-entropy and Dice × {section['diceWeight']:g}; AdamW, learning rate {section['learningRate']:g} with \
{section['warmup']} steps of warm-up, then a cosine over the time that there was (`paceFollowsTime`); averaged weights. It learned in two runs, the second of \
45 minutes from where the first stood after half an hour. While it learned, a linear layer told from each patch's embedding what the patch shows (cross-entropy × {section['kindWeight']:g}): from texts alone, \
kinds of object were not told apart after as many steps.

{data({'captions': 0, **record['data']}).replace(', with 8 captions each', '').replace(', and one family of caption templates was kept out altogether', '')} \
The true masks are the renderer's. {section['roundTrips']:.0%} of the pictures are shown as they come back from \
`still-life`'s autoencoder, half of those with noise on their latents. More than a quarter of the texts name what is not there: \
another kind, another colour of what is there, another table.

## How good it is

`{command}` asks about scenes that nothing here was trained on (one or two objects, every style), by the bare name of each kind; a pixel is \
found where the logit is above 0. IoU is intersection over union with the true mask of the object, the mean over pictures.

{table(found)}

- Of texts that name a kind or a colour which is not there, {silence[0]} find at most a hundredth of the picture on round trips, \
{silence[1]} on renders.
- On the {record['data']['heldOut']} scenes kept out of training (one to three objects), round trips: IoU {mean(held['things'], 'overlap'):.3f}, average \
precision {mean(held['things'], 'averagePrecision'):.3f}, means over kinds.

## Limits

- It knows the sixteen kinds, ten colours, tables and walls of the still-life world and nothing else; other words mean \
nothing to it.
- Pictures of other sizes are resampled to {tower['image_size']}×{tower['image_size']} and the answer back.

Licence: Apache-2.0. This page is written by `make card`.
""")
