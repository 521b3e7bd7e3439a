"""Compares DiffEdit with `--preset official` to diffusers' deprecated StableDiffusionDiffEditPipeline.

Same folder, picture, prompts and noise. The pipeline samples the autoencoder's posterior for every map, which no seed
can make equal to our mean: it is given the mean. Everything else, quirks included, must agree: the mask in every
element, the inverted latents and the edited latent within 1e-3 of their largest value.

    python Scripts/parity/diffedit.py [--model Models/still-life] [--steps N] [--mask-noise S] [--clamp K]
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import DDIMInverseScheduler, DDIMScheduler
from diffusers.pipelines.deprecated.stable_diffusion_diffedit import StableDiffusionDiffEditPipeline
from PIL import Image
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-3


def theirs(options, picture: Image.Image) -> dict[str, torch.Tensor]:
    """Mask [1,h,w], inverted latents from clean to noise (without the picture's own), and the edited latent."""
    pipe = StableDiffusionDiffEditPipeline.from_pretrained(options.model, inverse_scheduler=None)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.inverse_scheduler = DDIMInverseScheduler.from_config(pipe.scheduler.config)
    encode = pipe.vae.encode

    def mean_only(image):
        posterior = encode(image)
        posterior.latent_dist.std.zero_()
        posterior.latent_dist.sample = lambda generator=None: posterior.latent_dist.mean
        return posterior

    pipe.vae.encode = mean_only
    generator = torch.Generator("cpu").manual_seed(options.seed)
    mask = pipe.generate_mask(
        image=picture, source_prompt=options.source, target_prompt=options.prompt, num_maps_per_mask=10,
        mask_encode_strength=options.mask_noise, mask_thresholding_ratio=options.clamp, num_inference_steps=options.steps,
        guidance_scale=options.guidance, generator=generator, output_type="np")
    inverted = pipe.invert(
        image=picture, prompt=options.source, inpaint_strength=0.8, num_inference_steps=options.steps,
        guidance_scale=options.guidance, generator=generator).latents
    edited = pipe(
        prompt=options.prompt, mask_image=mask, image_latents=inverted, inpaint_strength=0.8,
        num_inference_steps=options.steps, guidance_scale=options.guidance, generator=generator,
        output_type="latent").images
    return {"mask": torch.from_numpy(mask).float(), "inversion": inverted[0].flip(0), "edited": edited}


def ours(options, path: Path) -> dict[str, torch.Tensor]:
    with tempfile.TemporaryDirectory() as scratch:
        command = [options.binary, "edit", path, "--method", "diffedit", "--preset", "official", "--model", options.model,
                   "--source", options.source, "--prompt", options.prompt, "--seed", options.seed,
                   "--steps", options.steps, "--guidance", options.guidance, "--quiet", "--no-cache",
                   "--option", f"mask-noise={options.mask_noise}", "--option", f"clamp={options.clamp}",
                   "--option", f"mask-guidance={options.guidance}", "--option", f"encode-guidance={options.guidance}",
                   "--trace", f"{scratch}/trace.safetensors", "-o", f"{scratch}/edit.png"]
        subprocess.run([str(word) for word in command], check=True)
        trace = load_file(f"{scratch}/trace.safetensors")
    levels = trace["inversion_levels"]
    return {"mask": trace["mask"][0], "inversion": levels[1:, 0], "edited": trace["final_latent"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "Models/still-life")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/pentimento")
    parser.add_argument("--picture", type=Path, default=ROOT / "Examples/red-apple.png")
    parser.add_argument("--side", type=int, default=64, help="the model's own picture side")
    parser.add_argument("--source", default="a red apple on a wooden table")
    parser.add_argument("--prompt", default="a green pear on a wooden table")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--mask-noise", type=float, default=0.5)
    parser.add_argument("--clamp", type=float, default=3.0)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "picture.png"
        picture = Image.open(options.picture).convert("RGB").resize((options.side, options.side))
        picture.save(path)
        first, second = ours(options, path), theirs(options, picture)
    failed = False
    for name, reference in second.items():
        own = first[name].reshape(reference.shape)
        error = float((own - reference).abs().max() / reference.abs().max())
        limit = 0 if name == "mask" else TOLERANCE
        failed |= not error <= limit
        print(f"{'ok  ' if error <= limit else 'FAIL'} {error:9.2e} of {limit:.0e}  {name}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
