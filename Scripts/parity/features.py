"""Plug-and-Play and MasaCtrl on a tiny model, by diffusers' modules and forward hooks; tests compare with it.

    python Scripts/parity/features.py         writes Tests/Fixtures/features.safetensors

Everything is computed in float64 from a latent drawn by torch's generator with seed 99, which the tests draw too. One
batch holds source and target rows; hooks copy the source's rows over the target's. File keys: the latents of all levels,
[6,1,4,8,8], cleanest first.
"""

from contextlib import contextmanager
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

FIXTURES = Path(__file__).resolve().parents[2] / "Tests/Fixtures"
FOLDER = FIXTURES / "tiny-sd1"
SOURCE, TARGET, STEPS, GUIDANCE = "a red apple", "a green pear", 5, 7.5

UNET = UNet2DConditionModel.from_pretrained(FOLDER / "unet").double()
TEXT = CLIPTextModel.from_pretrained(FOLDER / "text_encoder").double()
TOKENIZER = CLIPTokenizer.from_pretrained(FOLDER / "tokenizer")

# Level 0 has the signal of timestep 0, the others that of 1, 201, …, 801.
BARS = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2, 0)
TIMESTEPS = [0] + [1 + 1000 // STEPS * k for k in range(STEPS)]


def embed(text: str) -> torch.Tensor:
    """[1,L,D]"""
    length = TEXT.config.max_position_embeddings
    ids = TOKENIZER(text, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids
    return TEXT(ids).last_hidden_state


def predict(latents: list[torch.Tensor], level: int, prompts: list[str]) -> torch.Tensor:
    """The noise of each latent, [B,4,8,8], as the network is told the timestep of a level."""
    return UNET(torch.cat(latents), TIMESTEPS[level], torch.cat([embed(prompt) for prompt in prompts])).sample


def move(latent: torch.Tensor, noise: torch.Tensor, start: int, end: int) -> torch.Tensor:
    """DDIM between two levels, either way."""
    here, there = BARS[TIMESTEPS[start]], BARS[TIMESTEPS[end]]
    clean = (latent - (1 - here).sqrt() * noise) / here.sqrt()
    return there.sqrt() * clean + (1 - there).sqrt() * noise


def invert(prompt: str) -> list[torch.Tensor]:
    """The latents of all levels on the way up."""
    noise = torch.randn(1, 4, 8, 8, generator=torch.Generator("cpu").manual_seed(99))
    path = [noise.double() * 0.5]
    for k in range(1, STEPS + 1):
        path.append(move(path[-1], predict([path[-1]], k, [prompt]), k - 1, k))
    return path


@contextmanager
def copying(modules: list[torch.nn.Module], rows: dict[int, int]):
    """While open, the modules' outputs have some rows (keys) replaced by others (values)."""

    def hook(_module, _inputs, output):
        order = [rows.get(row, row) for row in range(len(output))]
        return output[order]

    handles = [module.register_forward_hook(hook) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def own_attention() -> list[torch.nn.Module]:
    """The self-attention of all 16 layers, in the order of a pass."""
    stages = [*UNET.down_blocks, UNET.mid_block, *UNET.up_blocks]
    return [layer.transformer_blocks[0].attn1 for stage in stages for layer in getattr(stage, "attentions", [])]


def plug_and_play() -> list[torch.Tensor]:
    """Features of up1.1 in the first 4 steps, queries and keys of the 8 layers from there in the first 2."""
    path = invert("")
    resnet = UNET.up_blocks[1].resnets[1].conv2
    attention = [part for layer in own_attention()[-8:] for part in (layer.to_q, layer.to_k)]
    x = [path[STEPS]]
    for done, k in enumerate(range(STEPS, 0, -1)):
        modules = ([resnet] if done < 4 else []) + (attention if done < 2 else [])
        with copying(modules, {1: 0, 2: 0}):
            _, empty, prompted = predict([path[k], x[0], x[0]], k, ["", "", TARGET]).split(1)
        x.insert(0, move(x[0], empty + GUIDANCE * (prompted - empty), k, k - 1))
    return x


def masactrl() -> list[torch.Tensor]:
    """Keys and values of the layers from the tenth, from the second step on."""
    path = invert(SOURCE)
    modules = [part for layer in own_attention()[10:] for part in (layer.to_k, layer.to_v)]
    x = [path[STEPS]]
    for done, k in enumerate(range(STEPS, 0, -1)):
        with copying(modules if done >= 1 else [], {2: 0, 3: 1}):
            rows = predict([path[k], path[k], x[0], x[0]], k, ["", SOURCE, "", TARGET])
        empty, prompted = rows[2:3], rows[3:4]
        x.insert(0, move(x[0], empty + GUIDANCE * (prompted - empty), k, k - 1))
    return x


def main() -> None:
    with torch.inference_mode():
        walks = {"plug-and-play": plug_and_play(), "masactrl": masactrl()}
    save_file({name: torch.stack(walk) for name, walk in walks.items()}, FIXTURES / "features.safetensors")


if __name__ == "__main__":
    main()
