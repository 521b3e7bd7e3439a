"""The card of a model of photos of flowers."""

import json
import os
from pathlib import Path

from cards.parts import ROOT, filled, hours, listed, settings, share

CURVE = "flowers-training.svg"
EVALUATION = ROOT / "Documentation/evaluation-flowers.json"


def confused(answers: dict) -> str:
    """What was taken for what, a row for each that was wanted."""
    names = sorted({name for seen in answers["confusion"].values() for name in seen} | set(answers["confusion"]))
    lines = ["| wanted | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for wanted, seen in sorted(answers["confusion"].items()):
        lines.append(f"| {wanted} | " + " | ".join(str(seen.get(name, 0) or "") for name in names) + " |")
    return "\n".join(lines)


def flags(settings: dict) -> str:
    """What the evaluation was asked for."""
    edit = settings["edit"]
    words = [
        ("pictures", settings["pictures"]), ("steps", settings["steps"]), ("guidance", f"{settings['guidance']:g}"),
        ("reconstructions", settings["reconstructions"]), ("colour-edits", settings["colourEdits"]),
        ("kind-edits", settings["kindEdits"])]
    if edit.get("guidance") is not None:
        words.append(("edit-guidance", f"{edit['guidance']:g}"))
    if edit.get("strength") is not None:
        words.append(("strength", f"{edit['strength']:g}"))
    words += [("option", f"{name}={value}") for name, value in sorted(edit.get("options", {}).items())]
    return "".join(f" --{name} {value}" for name, value in words)


def evaluation(model: Path) -> str:
    """The numbers that `pentimento evaluate` left."""
    command = f"pentimento evaluate {model.name} --photos build/flowers -o {EVALUATION.relative_to(ROOT)}"
    if not EVALUATION.exists():
        return f"Not evaluated yet: `{command}`."
    found = json.loads(EVALUATION.read_text())
    lines = [f"`{command}{flags(found['settings'])}` measured the following on photos that no part of the model or its "
             "judge was trained on; intervals are Wilson's at 95 %.", ""]
    if found.get("autoencoder") is not None:
        lines.append(f"- Autoencoder: {found['autoencoder']:.2f} dB on held-out photos at the model's size.")
    if edits := found.get("colourEdits"):
        lines.append(
            f"- {edits['count']} **edits of colour** by DiffEdit whose true results are known (the photo recoloured under "
            f"its petals' mask): the distance to the truth falls by {edits['medianGain']:.0%} (median; "
            f"{edits['meanGain']['value']:.0%} in the mean), colour as asked {share(edits['colour'])}; the found mask "
            f"overlaps the petals by {edits['maskOverlap']:.2f} (intersection over union); outside the petals "
            f"{edits['outside']:.1f} dB.")
    if edits := found.get("kindEdits"):
        lines.append(
            f"- {edits['count']} **edits of kind** (a daisy becomes a sunflower, a tulip a rose): kind as the judge sees it "
            f"{share(edits['kind'])} (of the photos before: {share(edits['before'])}); outside the mask "
            f"{edits['outside']:.1f} dB.")
    lines += ["", "| as the judge sees it | right |", "|---|---|"]
    for title, part in (("generated", "generated"), ("held-out photos: the judge itself", "judge")):
        lines += [f"| {title}, {group} | {share(answers['right'])} |" for group, answers in sorted(found[part].items())]
    for group, answers in sorted(found["judge"].items()):
        lines += ["", f"What the judge takes for what, held-out photos, {group}:", "", confused(answers)]
    return "\n".join(lines)


def retrieval(model: Path) -> str:
    """How well the pair of towers tells held-out photos by their captions."""
    pair = model.with_name(f"{model.name}-clip")
    if not (pair / "training.json").exists():
        return ""
    found = json.loads((pair / "training.json").read_text())
    texts, pictures = (found["measures"][f"held out, among 64: {what} found"] for what in ("texts", "pictures"))
    return (
        f"- The CLIP pair in `{pair.name}` ({sum(found['parameters'].values()) / 1e6:.1f} M parameters, for measures and for "
        f"`--best-of`) finds, among 64 held-out photos, the caption of a photo in {texts:.0%} and the photo of a caption in "
        f"{pictures:.0%}; different photos of 64 often have one caption, which no pair can tell apart.")


def seen(record: dict) -> str:
    """How many pictures the second stage saw."""
    count = record["steps"].get("diffusion", 0) * record["configuration"]["diffusion"]["batch"]
    text = f"{count:,} pictures in {hours(record['seconds'].get('diffusion', 0))}"
    if before := record.get("before"):
        text += (f", after {before['picturesSeen']:,} in {hours(before['seconds'])} of an earlier run "
                 f"({before['date'][:10]}), from whose averaged weights they went on")
    return text


def card(model: Path, binary: Path, record: dict) -> str:
    configuration, machine = record["configuration"], record["machine"]
    size, parts = configuration["data"]["size"], record["parameters"]
    megabytes = sum(path.stat().st_size for path in model.rglob("*.safetensors")) / 1e6
    where = listed(part for part in (
        machine.get("processor"), machine["device"], f"libtorch {record['libraries']['libtorch']}") if part)
    pictures = os.path.relpath(ROOT / "Documentation/Pictures", model)
    return filled(f"""---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---
# {model.name}

A small latent diffusion model of photos of flowers: {size}×{size} pixels, {sum(parts.values()) / 1e6:.1f} million parameters, \
{megabytes:.1f} MB in half precision. It is made for editing photos: an edit is added to the photo at the photo's own size. It is an \
ordinary diffusers folder, for Pentimento and for Python:

```
pentimento edit Examples/dahlia.jpg --source "a photo of an orange flower" --prompt "a photo of a red flower" -o red.png
```
```python
from diffusers import StableDiffusionPipeline
pipeline = StableDiffusionPipeline.from_pretrained("Models/{model.name}")
pipeline("a photo of a red tulip").images[0].save("tulip.png")
```

## What it learned from

2,103 photos of `flower_photos` (TensorFlow's tutorials; Flickr, all CC BY 2.0): daisies, dandelions, roses, sunflowers and tulips, \
described by kind, colour, background and view; [CREDITS.tsv](CREDITS.tsv) names photographer and address of each. `Scripts/flowers` \
makes the set: the square round the flower, the photo's middle, squares beside those, mirror images, and copies of tulips and \
roses recoloured under a mask of their petals. Rare kinds and colours are shown more often. Another 530 photos were kept out.

The autoencoder's latents were drawn towards those of TAEF2, a tiny autoencoder of FLUX.2's latent space (MIT, Ollin Boer Bohan), whose \
weights are no part of this one; `Configurations/flowers-128.json` trains it on a processor, `Configurations/flowers.json` the \
rest on a GPU.

## How it was trained

By `pentimento train`, ending on {record['date'][:10]}; text encoder and UNet on: {where}. They saw {seen(record)}, the learning rate \
led by the time; computed in {configuration['precision']}. The whole configuration and the loss curves are in \
[training.json](training.json).

![Loss of both stages over their steps]({pictures}/{CURVE})

{settings(record)}

## How good it is

{evaluation(model)}

- Error of the noise found in latents of {configuration['data']['heldOut']} held-out photos: {record['heldOutError']:.4f} (geometric \
mean over signal-to-noise ratios of e⁻⁴ to e⁴).
{retrieval(model)}
- Twenty-one prompts, one seed, none picked:

![Twenty-one prompts and what the model makes of them]({pictures}/flowers-samples.jpg)

- Eight edits of one photo of a flower that it never saw the like of, seed 1, none picked (the photos that it was measured on \
may not be shown here):

![A dahlia in other colours and as other flowers]({pictures}/flowers-edits.jpg)

## Limits

- Five kinds of flower by name; other flowers only by their colour ("a photo of an orange flower" is what a dahlia is called).
- Colours are edited well, kinds where the shapes are close; a rose does not become a convincing tulip.
- Free generation lags behind editing: shapes are loose, as in a painting.
- Whatever is no flower was never seen.
- Only English captions in the wording of `Scripts/photos/captions.py` were seen.

Licence of the weights: Apache-2.0. This page is written by `make card`.
""")
