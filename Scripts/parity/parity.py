"""Compares `pentimento probe` with diffusers and transformers, component by component.

The tiny models of Tests/Fixtures are compared with the tensors that lie beside them; the full Stable Diffusion 1.5
and 2.1 shapes, with random weights from a fixed seed, are built once in the folder given with --work (about 4.5 GB
each) and computed there by the reference in float32. The error of a tensor is max|ours - theirs| / max|theirs|.

    python Scripts/parity/parity.py                        the tiny models and the noise
    python Scripts/parity/parity.py --work DIR             the full shapes as well
    python Scripts/parity/parity.py --work DIR sd15        one model by name
"""

import argparse
import gc
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts/fixtures"))

TINY_TOLERANCE, FULL_TOLERANCE, WALK_TOLERANCE = 2e-5, 1e-4, 1e-4

# Component: the tensors it is given, and what it returns by the name the reference's file has for it.
COMPONENTS = {
    "text-encoder": (["input_ids"], {"last_hidden_state": "last_hidden_state", "pooled": "pooled"}),
    "unet": (["sample", "timestep", "encoder_hidden_states"], {"sample": "output"}),
    "vae-encoder": (["image"], {"mean": "mean", "logvar": "logvar"}),
    "vae-decoder": (["latent"], {"image": "image"}),
}


class Report:
    """Prints one line per tensor and remembers whether all were within tolerance."""

    def __init__(self) -> None:
        self.failures = 0

    def add(self, what: str, error: float, tolerance: float) -> None:
        good = error <= tolerance  # false for nan
        self.failures += not good
        print(f"{'ok  ' if good else 'FAIL'} {error:9.2e} of {tolerance:.0e}  {what}", flush=True)

    def fail(self, what: str, why: str) -> None:
        self.failures += 1
        print(f"FAIL {what}: {why}", flush=True)


def relative_error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """max|a-b| / max|b|; infinite where shapes or dtypes differ."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        print(f"     ours {list(ours.shape)} {ours.dtype}, theirs {list(theirs.shape)} {theirs.dtype}")
        return float("inf")
    return float((ours.double() - theirs.double()).abs().max() / theirs.double().abs().max())


def probe(binary: str, component: str, arguments: list[str], given: dict | None = None) -> dict[str, torch.Tensor]:
    """Runs one component of ours; raises RuntimeError with its message where it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out.safetensors"
        if given is not None:
            save_file({name: tensor.contiguous() for name, tensor in given.items()}, f"{scratch}/in.safetensors")
            arguments = [*arguments, "--input", f"{scratch}/in.safetensors"]
        done = subprocess.run(
            [binary, "probe", component, *arguments, "--output", str(output)], capture_output=True, text=True
        )
        if done.returncode != 0 or not output.exists():
            raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip() or 'no output file'}")
        return load_file(output)


def cases(folder: Path) -> list[tuple[str, list[str], dict, dict]]:
    """What a folder's expected.safetensors has: component, arguments, the tensors it is given, those that are wanted."""
    expected = load_file(folder / "expected.safetensors")
    part = lambda component: {k.removeprefix(f"{component}."): v for k, v in expected.items()
                              if k.startswith(f"{component}.")}
    found = []
    for component, (inputs, outputs) in COMPONENTS.items():
        tensors = part(component)
        given = {name: tensors[name] for name in inputs}
        found.append((component, [], given, {ours: tensors[theirs] for ours, theirs in outputs.items()}))
    for key in (key for key in expected if key.endswith(".levels")):
        component, steps = re.fullmatch(r"(ddim-\w+)-(\d+)\.levels", key).groups()
        found.append((component, ["--steps", steps], part("ddim"), {"levels": expected[key]}))
    return found


def compare(binary: str, folder: Path, tolerance: float, report: Report) -> None:
    """Every component of one folder that has an expected.safetensors."""
    for component, arguments, given, wanted in cases(folder):
        limit = WALK_TOLERANCE if component.startswith("ddim-") else tolerance
        title = " ".join([folder.name, component, *arguments])
        try:
            ours = probe(binary, component, ["--model", str(folder), *arguments], given)
        except RuntimeError as error:
            report.fail(title, str(error))
            continue
        for name, theirs in wanted.items():
            if name in ours:
                report.add(f"{title} {name}", relative_error(ours[name], theirs), limit)
            else:
                report.fail(f"{title} {name}", f"not in the output, which has {sorted(ours)}")


def compare_noise(binary: str, report: Report) -> None:
    """Noise must be equal bit for bit."""
    for name, theirs in load_file(ROOT / "Tests/Fixtures/noise.safetensors").items():
        if name.startswith("sequence"):
            continue  # several draws from one generator; the Swift tests have these
        seed, shape = name.removeprefix("seed").split(".")
        arguments = ["--seed", seed, "--shape", shape.replace("x", ",")]
        try:
            ours = probe(binary, "noise", arguments)["noise"]
        except RuntimeError as error:
            report.fail(f"noise {name}", str(error))
            continue
        report.add(f"noise {name}", 0 if torch.equal(ours, theirs) else relative_error(ours, theirs), 0)


def ensure_full(recipe, folder: Path) -> None:
    """Builds a full model and what the reference computes from it, once."""
    from diffusers.utils import logging

    import expected
    import models
    from make_networks import flatten, write

    if (folder / "expected.safetensors").exists():
        return
    logging.set_verbosity_error()
    print(f"building {recipe.name} in {folder}", flush=True)
    model = models.build(recipe)
    models.save(recipe, model, folder)
    write(folder / "expected.safetensors", flatten({
        "text-encoder": expected.text_encoder(recipe, model, recipe.tokens),
        "unet": expected.unet(recipe, model, 1),
        "vae-encoder": expected.vae_encoder(recipe, model, 1),
        "vae-decoder": expected.vae_decoder(recipe, model, 1),
    }))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="models to compare, all by default; `noise` for the noise")
    parser.add_argument("--binary", default=str(ROOT / "bin/pentimento"))
    parser.add_argument("--work", type=Path, help="folder outside the repository for the full models")
    options = parser.parse_args()
    wants = lambda name: not options.names or name in options.names
    if not Path(options.binary).exists():
        sys.exit(f"there is no {options.binary}; run `make build`")

    # Models alone: towers of CLIP pairs lie there too.
    tiny = sorted(file.parent for file in (ROOT / "Tests/Fixtures").glob("*/model_index.json"))
    known = [folder.name for folder in tiny] + ["noise", *(["sd15", "sd21"] if options.work else [])]
    if unknown := set(options.names) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")

    report = Report()
    for folder in filter(lambda folder: wants(folder.name), tiny):
        compare(options.binary, folder, TINY_TOLERANCE, report)
    if wants("noise"):
        compare_noise(options.binary, report)
    if options.work:
        from recipes import FULL

        for recipe in filter(lambda recipe: wants(recipe.name), FULL):
            ensure_full(recipe, options.work / recipe.name)
            gc.collect()
            compare(options.binary, options.work / recipe.name, FULL_TOLERANCE, report)
    sys.exit(f"{report.failures} outside tolerance" if report.failures else 0)


if __name__ == "__main__":
    main()
