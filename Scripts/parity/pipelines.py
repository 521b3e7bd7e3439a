"""What diffusers' region, inpainting and instruction pipelines make of the tiny models; tests compare with it.

    python Scripts/parity/pipelines.py        writes Tests/Fixtures/pipelines.safetensors

Everything is computed in float64 with DDIM, from noise drawn by torch's generator with seed 7, which the program's own
generator draws too. The autoencoder's posterior is taken at its mode, as the program does.
"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, EulerAncestralDiscreteScheduler, StableDiffusionInpaintPipeline
from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines.deprecated.stable_diffusion_panorama import StableDiffusionPanoramaPipeline
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

FIXTURES = Path(__file__).resolve().parents[2] / "Tests/Fixtures"
PROMPT, NEGATIVE, STEPS, SIDE = "a green pear", "a red apple", 6, 64


def load(pipeline, name: str):
    """A tiny model as a pipeline of this class, in float64."""
    folder = FIXTURES / name
    parts = {
        "vae": AutoencoderKL.from_pretrained(folder / "vae").double(),
        "unet": UNet2DConditionModel.from_pretrained(folder / "unet").double(),
        "text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder").double(),
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        "scheduler": DDIMScheduler.from_pretrained(folder / "scheduler"),
    }
    loaded = pipeline(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def noise(height: int, width: int) -> torch.Tensor:
    """The first draw of seed 7."""
    return torch.randn(1, 4, height, width, generator=torch.Generator("cpu").manual_seed(7)).double()


def picture() -> torch.Tensor:
    """A smooth picture with some detail, [64, 64, 3] bytes."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    channels = [x * 4, y * 4, (x * y) // 16 + 9 * ((x // 5 + y // 7) % 2)]
    return torch.stack(channels, dim=-1).clamp(0, 255).to(torch.uint8)


def mask() -> torch.Tensor:
    """A rectangle whose edges do not lie on the latent's grid, [64, 64] bytes."""
    mask = torch.zeros(SIDE, SIDE, dtype=torch.uint8)
    mask[13:50, 20:61] = 255
    return mask


def panoramas() -> dict[str, torch.Tensor]:
    """9x24 latents seen through windows of 8 by strides of 2; the height is less than a stride above the window."""
    pipeline = load(StableDiffusionPanoramaPipeline, "tiny-sd1")
    views = pipeline.get_views
    pipeline.get_views = lambda height, width, circular_padding: views(height, width, 8, 2, circular_padding)
    run = lambda wraps: pipeline(
        PROMPT, negative_prompt=NEGATIVE, height=64, width=192, num_inference_steps=STEPS, circular_padding=wraps,
        latents=noise(8, 24), output_type="latent",
    ).images
    return {"panorama": run(False), "panorama.wrapped": run(True)}


def inpainted(model: str, strength: float) -> torch.Tensor:
    """The picture with its masked part painted anew."""
    pipeline = load(StableDiffusionInpaintPipeline, model)
    return pipeline(
        PROMPT, negative_prompt=NEGATIVE, image=Image.fromarray(picture().numpy()),
        mask_image=Image.fromarray(mask().numpy()), height=SIDE, width=SIDE, num_inference_steps=STEPS,
        strength=strength, generator=Fixed(), output_type="latent",
    ).images


class Fixed(torch.Generator):
    """A generator that pipelines accept and that draws from seed 7."""

    def __init__(self) -> None:
        super().__init__()
        self.manual_seed(7)


def instructed() -> torch.Tensor:
    """The picture after an instruction."""
    pipeline = load(StableDiffusionInstructPix2PixPipeline, "tiny-ip2p")
    return pipeline(
        PROMPT, negative_prompt=NEGATIVE, image=Image.fromarray(picture().numpy()), num_inference_steps=STEPS,
        latents=noise(SIDE // 8, SIDE // 8), output_type="latent",
    ).images


def ancestrally_instructed() -> torch.Tensor:
    """The same with ancestral Euler steps along the same timesteps, whose noise follows the first in the same draw."""
    pipeline = load(StableDiffusionInstructPix2PixPipeline, "tiny-ip2p")
    # The class's own spacing is linspace, in fractions of timesteps; the configuration's, leading, is taken here.
    pipeline.scheduler = EulerAncestralDiscreteScheduler.from_config(pipeline.scheduler.config, timestep_spacing="leading")
    return pipeline(
        PROMPT, negative_prompt=NEGATIVE, image=Image.fromarray(picture().numpy()), num_inference_steps=STEPS,
        generator=Fixed(), output_type="latent",
    ).images


def main() -> None:
    DiagonalGaussianDistribution.sample = lambda self, generator=None: self.mode()
    draw = torch.randn
    # Pipelines draw in the prompt's float64, which gives other numbers than float32.
    import diffusers.utils.torch_utils as drawing
    single = lambda *shape, **options: draw(*shape, **{**options, "dtype": torch.float32}).double()
    drawing.torch.randn = single
    try:
        results = {
            "inpaint": inpainted("tiny-inpaint", 1), "inpaint.partly": inpainted("tiny-inpaint", 0.5),
            "blend": inpainted("tiny-sd1", 1), "blend.partly": inpainted("tiny-sd1", 0.5),
            "instruct.ancestral": ancestrally_instructed(),
        }
    finally:
        drawing.torch.randn = draw
    results |= {**panoramas(), "instruct": instructed()}
    results = {name: tensor.float().contiguous() for name, tensor in results.items()}
    save_file(results | {"picture": picture(), "mask": mask()}, FIXTURES / "pipelines.safetensors")
    for name, tensor in results.items():
        print(f"{name} {list(tensor.shape)} up to {tensor.abs().max():.3f}")


if __name__ == "__main__":
    main()
