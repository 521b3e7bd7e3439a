"""The card of a model of still lifes."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from cards.parts import ROOT, fail, filled, listed, settings, share

CURVE = "training.svg"
EDIT = ("a red apple on a wooden table", "a green pear on a wooden table")


def data(section: dict) -> str:
    size = f"{section['size']}×{section['size']} pixels"
    if section["source"] == "folder":
        return f"{section['count']} pictures of {size} from a folder, with their captions."
    counts = zip(("one", "two", "three"), section["objectWeights"])
    objects = listed(f"{share:.0%} with {count}" for count, share in counts)
    styles = sorted(section["styleWeights"].items(), key=lambda entry: (-entry[1], entry[0]))
    return (
        f"{section['count']} scenes of the still-life world, rendered at {size} from the seeds {section['seed']} and up, "
        f"with {section['captions']} captions each; no photograph and no text by anybody else. Objects in a scene: "
        f"{objects}. Styles: {listed(f'{share:.0%} {name}' for name, share in styles)}. Another {section['heldOut']} "
        "scenes were kept out of training to measure on, and one family of caption templates was kept out altogether."
    )


def held_out(record: dict) -> str:
    """What the UNet makes of pictures that it never saw."""
    error = record.get("heldOutError")
    return "" if error is None else (
        f"- Error of the noise found in latents of the {record['configuration']['data']['heldOut']} scenes kept out of "
        f"training: {error:.4f} (geometric mean over signal-to-noise ratios of e⁻⁴ to e⁴).\n")


def larger(size: int) -> str:
    """That this is not the size that was wanted, where it is not."""
    return (" That is what a processor could train; the run at 128×128 pixels (`Configurations/still-life-128.json`, `make "
            "bundle`) waits for a GPU.") if size < 128 else ""


def beginning(configuration: dict) -> str:
    starts = [configuration[stage].get("start") for stage in ("autoencoder", "diffusion")]
    if not any(starts):
        return "nothing"
    grown = "; what it has more of began anew" if starts[0] else " wherever shapes agreed"
    return f"the words and weights of its predecessor of the same name{grown}"


def evaluation(model: Path) -> str:
    """The numbers that `pentimento evaluate` left beside the model."""
    path = ROOT / "Documentation/evaluation.json"
    if not path.exists():
        return f"- Not evaluated yet: `pentimento evaluate {model.name} -o Documentation/evaluation.json`."
    found = json.loads(path.read_text())
    settings = found["settings"]
    lines = [
        f"`pentimento evaluate {model.name} --guidance {settings['guidance']:g} -o Documentation/evaluation.json` "
        f"measured the following, on scenes from seed {settings['seed']} up that no part of the model or its judge was "
        f"trained on, with {settings['steps']} DDIM steps and guidance {settings['guidance']:g}; intervals are Wilson's "
        "at 95 %.", ""]
    if found.get("autoencoder") is not None:
        lines.append(f"- Autoencoder: {found['autoencoder']:.2f} dB on {settings['reconstructions']} renders.")
    if inversion := found.get("inversion"):
        lines.append(
            f"- DDIM inversion and back at guidance 1: {inversion['decibels']:.2f} dB, where the autoencoder alone has "
            f"{inversion['ceiling']:.2f} dB.")
    lines += ["", "| generated pictures, as the judge sees them | right |", "|---|---|"]
    lines += [f"| {name} | {share(entry)} |" for name, entry in sorted(found["generated"].items())]
    lines += ["", "| the judge itself | right |", "|---|---|"]
    lines += [f"| {pictures}: {name} | {share(entry)} |"
              for pictures, entries in sorted(found["judge"].items()) for name, entry in sorted(entries.items())]
    lines.append("")
    if cosines := found.get("cosines"):
        lines.append(
            f"- Cosine of picture and prompt by the pair of towers in `{model.name}-clip`: generated "
            f"{cosines['generated']:.3f}, renders {cosines['renders']:.3f}, with another picture's prompt "
            f"{cosines['mismatched']:.3f}.")
    for entry in found.get("maps", []):
        lines.append(
            f"- Cross-attention maps of the objects' words at {entry['side']}×{entry['side']}, against the true masks: "
            f"average precision {entry['averagePrecision']:.3f} (a guess has {entry['baseline']:.3f}; "
            f"{entry['objects']} objects).")
    for entry in found.get("masks", []):
        kinds = listed(f"{kind} {value:.2f}" for kind, value in sorted(entry["overlapByKind"].items()))
        lines.append(
            f"- DiffEdit's mask at θ = {entry['threshold']:g} against the true change of {entry['edits']} edits: "
            f"intersection over union {entry['overlap']:.3f} ({kinds}).")
    return "\n".join(lines)


def measured_edit(binary: Path, model: Path) -> str:
    """One DiffEdit of the demo's picture, with the numbers that it gives of itself."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [binary, "edit", ROOT / "Examples/red-apple.png", "--source", EDIT[0], "--prompt", EDIT[1],
                   "--method", "diffedit", "--seed", "1", "--measure", "--no-cache", "--model", model, "--json", "--quiet",
                   "-o", f"{scratch}/edit.png"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"the edit failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    account = json.loads(done.stdout)
    cost, trip = account["cost"], account.get("roundTrip") or {}
    text = (f"DiffEdit of `Examples/red-apple.png` (\"{EDIT[0]}\" to \"{EDIT[1]}\", "
            f"{account['settings']['steps']} steps): {cost['forwards']} forward passes, "
            f"{cost['peakBytes'] / 1e6:.0f} MB at most")
    if account.get("maskArea") is not None:
        text += f", {account['maskArea']:.0%} of the picture allowed to change"
    if trip.get("psnr") is not None:
        text += f", {trip['psnr']:.1f} dB between the picture and its inversion walked back"
    return text + "."


def card(model: Path, binary: Path, record: dict) -> str:
    configuration, machine = record["configuration"], record["machine"]
    size, parts = configuration["data"]["size"], record["parameters"]
    weights = sorted(model.rglob("*.safetensors"))
    megabytes = sum(path.stat().st_size for path in weights) / 1e6
    date = record["date"][:10]
    device = f"threads: {machine['threads']}" if machine["device"] == "cpu" else machine["device"]
    where = listed(part for part in (machine.get("processor"), device, f"libtorch {record['libraries']['libtorch']}") if part)
    pictures = os.path.relpath(ROOT / "Documentation/Pictures", model)
    latent = size // 2 ** (len(configuration["autoencoder"]["channels"]) - 1)
    return filled(f"""---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---
# {model.name}

A small latent diffusion model of the still-life world: {size}×{size} pixels, {sum(parts.values()) / 1e6:.1f} million \
parameters, {megabytes:.1f} MB in half precision. It is an ordinary diffusers folder, for Pentimento and for Python:

```
pentimento generate --model Models/{model.name} --prompt "a green pear on a marble table" -o pear.png
```
```python
from diffusers import StableDiffusionPipeline
pipeline = StableDiffusionPipeline.from_pretrained("Models/{model.name}")
pipeline("a green pear on a marble table").images[0].save("pear.png")
```

## How it was trained

By `pentimento train`, ending on {date}, on: {where}. First the autoencoder, then text encoder and UNet together, from \
{beginning(configuration)}; seed {configuration['seed']}, computed in {configuration['precision']}. The whole configuration and the loss \
curves are in [training.json](training.json).

![Loss of both stages over their steps]({pictures}/training.svg)

{data(configuration['data'])}

{settings(record)}

[What mattered](../../Documentation/ablations.md) in short runs with other shapes, losses and schedules is a page of its own.

## How good it is

{evaluation(model)}
{held_out(record)}- Autoencoder on the {configuration['data']['heldOut']} scenes kept out of training: {record['reconstruction']:.2f} dB.
- {measured_edit(binary, model)}
- Sixteen prompts, the seeds 1 to 16 in their order, none picked by hand:

![Sixteen prompts and what the model makes of them]({pictures}/samples.png)

- Thirty-two prompts of one object, the seeds from 3 on, likewise:

![Thirty-two single objects and what the model makes of them]({pictures}/objects.png)

- Every kind of object (rows) in every colour (columns: red, orange, yellow, green, blue, purple, pink, brown, white, \
black), one seed:

![Sixteen kinds of object in ten colours]({pictures}/colours.png)

- One edit of every kind by DiffEdit, none picked, beside the true answer:

![Twelve edits, one of each kind, with their true answers]({pictures}/edits.png)

- From one prompt's embedding to another's in eight even steps, the noise the same:

![Four ways between two prompts]({pictures}/interpolations.png)

## Limits

- It knows what the still-life world has: sixteen kinds of object, ten colours, four tables, four walls, four styles, \
up to three objects. Other words are tokens that it never saw used.
- Pictures are {size}×{size} pixels; fine detail is lost in latents of {latent}×{latent}.{larger(size)}
- About one seed in ten leaves a texture as of brush strokes on everything (2 of 24 that were looked at).
- What a prompt leaves open may come out twice: mugs and teapots with a handle on either side.
- Only English captions in the wording of the renderer's templates were seen.

Licence: Apache-2.0. This page is written by `make card`.
""")
