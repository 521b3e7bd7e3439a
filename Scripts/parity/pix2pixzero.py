"""Compares `pentimento edit --method pix2pix-zero --preset official` with diffusers' pipeline on tiny-sd1.

The whole edit runs from a picture; the latent that ours began with is then given to diffusers, with the same caption,
sentences and seed. Two options make `official`, which follows the authors' code, do what diffusers does: its
random shifts have nought among them, and its inversion leaves no step out. The error of a tensor is
max|ours - theirs| / max|theirs|.

    python Scripts/parity/pix2pixzero.py [--binary bin/pentimento]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts/fixtures"))

import pix2pix_zero as reference  # noqa: E402

TOLERANCE = 1e-3
MODEL = ROOT / "Tests/Fixtures/tiny-sd1"


def ours(binary: str, scratch: Path) -> dict[str, torch.Tensor]:
    """The trace of an edit of a picture of noise."""
    pixels = torch.randint(256, (64 * 64 * 3,), generator=torch.Generator("cpu").manual_seed(3), dtype=torch.uint8)
    (scratch / "noise.ppm").write_bytes(b"P6\n64 64\n255\n" + bytes(pixels.tolist()))
    (scratch / "from.txt").write_text("\n".join(reference.SOURCES))
    (scratch / "to.txt").write_text("\n".join(reference.TARGETS))
    options = {"from-sentences": scratch / "from.txt", "to-sentences": scratch / "to.txt",
               "shifts": "random-or-none", "walk": "whole", "map-guidance": reference.MAP_GUIDANCE}
    done = subprocess.run(
        [binary, "edit", scratch / "noise.ppm", "--model", MODEL, "--method", "pix2pix-zero", "--preset", "official",
         "--source", reference.CAPTION, "--prompt", "a pear", "--seed", str(reference.SEED),
         "--steps", str(reference.STEPS), "--guidance", str(reference.GUIDANCE), "--trace", scratch / "trace.safetensors",
         "--output", scratch / "edit.png", "--quiet",
         *(part for name, value in options.items() for part in ("--option", f"{name}={value}"))],
        capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"exit {done.returncode}: {done.stderr.strip()}")
    return load_file(scratch / "trace.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "bin/pentimento"))
    binary = parser.parse_args().binary
    if not Path(binary).exists():
        sys.exit(f"there is no {binary}; run `make build`")
    with tempfile.TemporaryDirectory() as scratch:
        trace = ours(binary, Path(scratch))
    theirs = reference.edit(MODEL, trace["initial_latent"])
    failures = 0
    for what, tensor in (("direction", trace["direction"]), ("inverted", trace["inversion_levels"][-1]),
                         ("edited", trace["final_latent"])):
        error = float((tensor.double() - theirs[what].double()).abs().max() / theirs[what].double().abs().max())
        good = error <= TOLERANCE  # false for nan
        failures += not good
        print(f"{'ok  ' if good else 'FAIL'} {error:9.2e} of {TOLERANCE:.0e}  tiny-sd1 pix2pix-zero {what}")
    sys.exit(f"{failures} outside tolerance" if failures else 0)


if __name__ == "__main__":
    main()
