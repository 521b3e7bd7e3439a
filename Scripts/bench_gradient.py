"""Seconds of gradients through diffusers' UNet: the counterpart of `pentimento bench unet --rows 2 --gradient`.

Every layer that looks at the prompt keeps its map; the gradient of the maps' squares is taken to the latent, as
Pix2Pix-Zero's attention guidance does. Weights take no gradients.

    python Scripts/bench_gradient.py --model DIR --runs N [--threads N]
"""

import argparse
import json
import time

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor2_0


class KeepsMaps:
    """Attention whose softmax is made and kept, for layers that look at the prompt."""

    def __init__(self) -> None:
        self.map = None

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, *_, **__):
        query = attn.head_to_batch_dim(attn.to_q(hidden_states))
        key = attn.head_to_batch_dim(attn.to_k(encoder_hidden_states))
        value = attn.head_to_batch_dim(attn.to_v(encoder_hidden_states))
        self.map = attn.get_attention_scores(query, key, attention_mask)
        return attn.to_out[1](attn.to_out[0](attn.batch_to_head_dim(torch.bmm(self.map, value))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    unet = UNet2DConditionModel.from_pretrained(f"{options.model}/unet").eval().requires_grad_(False)
    keepers = {name: KeepsMaps() if "attn2" in name else AttnProcessor2_0() for name in unet.attn_processors}
    unet.set_attn_processor(dict(keepers))
    config = unet.config
    latent = torch.randn(options.rows, config.in_channels, config.sample_size, config.sample_size)
    prompt = torch.randn(options.rows, 77, config.cross_attention_dim)
    seconds = []
    for _ in range(options.runs):
        start = time.perf_counter()
        leaf = latent.clone().requires_grad_()
        unet(leaf, 981, prompt)
        sum(keeper.map.square().sum() for keeper in keepers.values() if isinstance(keeper, KeepsMaps)).backward()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
