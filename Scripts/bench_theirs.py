"""One edit with a pipeline of diffusers' own, in a process of its own: the counterpart of `pentimento edit`.

    python Scripts/bench_theirs.py METHOD --model DIR --photo IN.png --source TEXT --prompt TEXT -o OUT.png

diffedit        cannot estimate a mask without guidance (it stops on an exception), which doubles the rows of that one
                pass; 5 maps here are therefore the work of 10 there. Inversion is unconditional and unguided.
pix2pix-zero    the regularised inversion and the guided edit, directions from as many sentences as ours
panorama        MultiDiffusion over windows of 64 latents with stride 8, --width pixels wide; needs no photo
cyclediffusion  strength 0.8, eta 0.1, source guidance 1
"""

import argparse
from pathlib import Path

import torch
from diffusers import DDIMInverseScheduler, DDIMScheduler
from diffusers.utils import logging
from PIL import Image

WHOLE = {"dtype": torch.float32, "safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def opened(pipeline, options, **parts):
    """A pipeline over the folder, with DDIM and no clipping: its default would destroy latents."""
    pipe = pipeline.from_pretrained(options.model, **WHOLE, **parts)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    return pipe


def photo(pipe, options) -> Image.Image:
    side = pipe.unet.config.sample_size * pipe.vae_scale_factor
    return Image.open(options.photo).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)


def diffedit(options) -> Image.Image:
    from diffusers.pipelines.deprecated.stable_diffusion_diffedit import StableDiffusionDiffEditPipeline

    pipe = opened(StableDiffusionDiffEditPipeline, options)
    pipe.inverse_scheduler = DDIMInverseScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    image, steps = photo(pipe, options), {"num_inference_steps": options.steps, "generator": options.generator}
    mask = pipe.generate_mask(
        image, target_prompt=options.prompt, source_prompt=options.source, num_maps_per_mask=5, **steps)
    levels = pipe.invert("", image, guidance_scale=1, inpaint_strength=0.8, **steps).latents
    return pipe(
        options.prompt, mask_image=mask, image_latents=levels, guidance_scale=options.guidance,
        inpaint_strength=0.8, **steps).images[0]


def pix2pix_zero(options) -> Image.Image:
    from diffusers.pipelines.deprecated.stable_diffusion_variants.pipeline_stable_diffusion_pix2pix_zero import (
        StableDiffusionPix2PixZeroPipeline,
    )

    pipe = opened(
        StableDiffusionPix2PixZeroPipeline, options, caption_generator=None, caption_processor=None,
        inverse_scheduler=None)
    pipe.inverse_scheduler = DDIMInverseScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    directions = [
        pipe.get_embeds([template.format(word) for template in SENTENCES], batch_size=len(SENTENCES))
        for word in (options.source, options.prompt)]
    latents = pipe.invert(
        options.source, photo(pipe, options), num_inference_steps=options.steps, generator=options.generator).latents
    return pipe(
        options.source, source_embeds=directions[0], target_embeds=directions[1], latents=latents,
        num_inference_steps=options.steps, guidance_scale=options.guidance, generator=options.generator,
        negative_prompt=options.source).images[0]


SENTENCES = [f"{opening} {{}}" for opening in ("a photo of", "a picture of", "there is", "this is", "we see", "one sees",
                                               "a view of", "an image of")]


def panorama(options) -> Image.Image:
    from diffusers.pipelines.deprecated.stable_diffusion_panorama.pipeline_stable_diffusion_panorama import (
        StableDiffusionPanoramaPipeline,
    )

    pipe = opened(StableDiffusionPanoramaPipeline, options)
    # The pipeline's windows are counted in eighths of the picture, whatever the autoencoder's factor.
    views, scale = pipe.get_views, 8 // pipe.vae_scale_factor
    pipe.get_views = lambda height, width, **others: views(height * scale, width * scale, **others)
    side = pipe.unet.config.sample_size * pipe.vae_scale_factor
    return pipe(
        options.prompt, height=side, width=options.width, num_inference_steps=options.steps,
        guidance_scale=options.guidance, generator=options.generator).images[0]


def cyclediffusion(options) -> Image.Image:
    from diffusers.pipelines.deprecated.stable_diffusion_variants.pipeline_cycle_diffusion import (
        CycleDiffusionPipeline,
    )

    pipe = opened(CycleDiffusionPipeline, options)
    return pipe(
        options.prompt, source_prompt=options.source, image=photo(pipe, options), strength=0.8, eta=0.1,
        num_inference_steps=options.steps, guidance_scale=options.guidance, source_guidance_scale=1,
        generator=options.generator).images[0]


METHODS = {
    "diffedit": diffedit, "pix2pix-zero": pix2pix_zero, "panorama": panorama, "cyclediffusion": cyclediffusion,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--photo")
    parser.add_argument("--source", default="")
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    options.generator = torch.Generator("cpu").manual_seed(options.seed)
    METHODS[options.method](options).save(options.output)


if __name__ == "__main__":
    main()
