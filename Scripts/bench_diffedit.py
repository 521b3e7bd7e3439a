"""One DiffEdit with diffusers' own pipeline, in a process of its own: the counterpart of `pentimento edit`.

The pipeline cannot estimate a mask without guidance (it stops on an exception), which doubles the rows of that one
pass; --maps 5 here is therefore the work of 10 maps there. Inversion is unconditional and unguided, as in the paper.
Rows through the UNet, N steps, strength r: 4 maps + r N + 2 r N.

    python Scripts/bench_diffedit.py --model DIR --photo IN.png --source TEXT --prompt TEXT -o OUT.png
"""

import argparse

import torch
from diffusers import DDIMInverseScheduler, DDIMScheduler
from diffusers.pipelines.deprecated.stable_diffusion_diffedit.pipeline_stable_diffusion_diffedit import (
    StableDiffusionDiffEditPipeline,
)
from diffusers.utils import logging
from PIL import Image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--photo", required=True)
    parser.add_argument("--source", default="")
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--strength", type=float, default=0.8)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--maps", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    pipe = StableDiffusionDiffEditPipeline.from_pretrained(
        options.model, dtype=torch.float32, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    # The inverse scheduler clips by default, which would destroy the latents: its configuration is handed on.
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    pipe.inverse_scheduler = DDIMInverseScheduler.from_config(pipe.scheduler.config, clip_sample=False)

    side = pipe.unet.config.sample_size * pipe.vae_scale_factor
    photo = Image.open(options.photo).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    generator = torch.Generator("cpu").manual_seed(options.seed)
    steps = {"num_inference_steps": options.steps, "generator": generator}
    mask = pipe.generate_mask(
        photo, target_prompt=options.prompt, source_prompt=options.source, num_maps_per_mask=options.maps, **steps
    )
    levels = pipe.invert("", photo, guidance_scale=1, inpaint_strength=options.strength, **steps).latents
    edited = pipe(
        options.prompt, mask_image=mask, image_latents=levels, guidance_scale=options.guidance,
        inpaint_strength=options.strength, **steps,
    ).images[0]
    edited.save(options.output)


if __name__ == "__main__":
    main()
