"""Loads a model folder with diffusers and runs one UNet step: the counterpart of `pentimento bench memory`.

    python Scripts/bench_memory.py --model DIR
"""

import argparse

import torch
from diffusers import StableDiffusionPipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    options = parser.parse_args()
    pipe = StableDiffusionPipeline.from_pretrained(options.model, dtype=torch.float32)
    config = pipe.unet.config
    latent = torch.randn(1, config.in_channels, config.sample_size, config.sample_size)
    prompt = torch.randn(1, 77, config.cross_attention_dim)
    with torch.inference_mode():
        pipe.unet(latent, 981, prompt)


if __name__ == "__main__":
    main()
