"""Loads a model folder of ours with Python's StableDiffusionPipeline and samples the same picture with both.

Nothing but the folder is passed to from_pretrained, as a stranger would load it, and with --lora a file that
`pentimento tune lora` made to load_lora_weights. Prints the share of bytes that differ by more than one, and fails above
--share.

    python Scripts/parity/reload.py [--model Models/still-life] [--lora FILE] [--prompt TEXT] [--seed N] [--steps N]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def theirs(options) -> numpy.ndarray:
    """The picture that diffusers samples: uint8 [H,W,3]."""
    pipe = StableDiffusionPipeline.from_pretrained(options.model)
    pipe.set_progress_bar_config(disable=True)
    if options.lora:
        pipe.load_lora_weights(options.lora.parent, weight_name=options.lora.name)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    generator = torch.Generator("cpu").manual_seed(options.seed)
    return numpy.asarray(
        pipe(options.prompt, num_inference_steps=options.steps, guidance_scale=options.guidance, generator=generator)
        .images[0].convert("RGB")
    )


def ours(options) -> numpy.ndarray:
    """The picture that `pentimento generate` writes: uint8 [H,W,3]."""
    with tempfile.TemporaryDirectory() as scratch:
        output = f"{scratch}/ours.png"
        command = [options.binary, "generate", "--prompt", options.prompt, "--model", options.model,
                   "--seed", options.seed, "--steps", options.steps, "--guidance", options.guidance, "-o", output,
                   *(["--lora", options.lora] if options.lora else [])]
        subprocess.run([str(word) for word in command], check=True)
        return numpy.asarray(Image.open(output).convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "Models/still-life")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/pentimento")
    parser.add_argument("--lora", type=Path)
    parser.add_argument("--prompt", default="a photo of a red apple on a wooden table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--share", type=float, default=0.001, help="largest share of differing bytes")
    options = parser.parse_args()

    first, second = ours(options), theirs(options)
    if first.shape != second.shape:
        sys.exit(f"ours is {first.shape}, theirs is {second.shape}")
    difference = numpy.abs(first.astype(int) - second.astype(int))
    share = float((difference > 1).mean())
    print(f"{share:.4%} of {difference.size} bytes differ by more than 1; the largest difference is {difference.max()}")
    sys.exit(share > options.share)


if __name__ == "__main__":
    main()
