"""Seconds of one UNet pass and of one sampling step, ours against eager diffusers on the same GPU in the same run.

For a machine with a GPU and Python's torch, safetensors and huggingface_hub, but without Swift. The network has Stable
Diffusion 1.5's shape and random weights from a fixed seed, written in float16 to a folder of --work; latents are 64x64
and two rows share a pass, as under guidance. The one wheel it needs beyond that is diffusers itself:

    pip download --no-deps diffusers==0.42.1 -d wheels
    pip install --no-index --no-deps --no-compile --target site wheels/*.whl
    PYTHONPATH=site python Scripts/gpu/speed.py --binary pentimento/pentimento --work /dev/shm --json speed.json
    PYTHONPATH=site python Scripts/gpu/speed.py --device cpu --size tiny      tries the script; its ratios mean little

pass    one forward of two rows, the device waited for after each. Ours: the median that `pentimento bench unet` tells
        from inside its process. Theirs: the same in Python.
step    one step of a DDIM walk, as it runs while sampling: a forward of two rows and the DDIM arithmetic on their float32
        latents, every level kept, nothing waited for in between. Ours: a walk of many steps less one of few
        (`pentimento probe ddim-sample`), whole processes, so that the start and the files cancel out. Theirs: a loop
        without a scheduler object that does the same, by CUDA events.

In both are ours' checks and copies as they are. In neither: text encoder, autoencoder, loading, the pictures, and the
two additions that join guidance's rows. Ours computes the keys and values of the prompt once per walk, theirs in every
forward; that is part of what is compared. Theirs runs in inference mode with PyTorch's scaled dot product attention,
uncompiled, with cuDNN's search for the fastest convolution off and on, the faster of which counts; it is measured
before and after ours. A ratio is ours / theirs: below 1, ours is faster. The first step of the short walk is compared, so
that nobody is fast and wrong; the exit status is 1 where they differ.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

# diffusers imports these where they are, which takes seconds, and PEFT makes every forward look for adapters.
sys.modules.update({"peft": None, "transformers": None})

import torch
from diffusers import UNet2DConditionModel, __version__ as diffusers_version
from diffusers.utils import logging
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]

# What differs from diffusers' defaults, which are Stable Diffusion's.
SIZES = {
    "sd15": {"sample_size": 64, "cross_attention_dim": 768},
    "tiny": {"sample_size": 16, "cross_attention_dim": 64, "block_out_channels": (32, 64, 64, 64), "norm_num_groups": 8},
}
LONG_WALK = {"sd15": 310, "tiny": 60}  # steps; long enough that starting a process is not what is measured
ROWS, TOKENS, SEED = 2, 77, 1500
TRAINING_STEPS = 1000
SCHEDULE = {
    "_class_name": "DDIMScheduler", "num_train_timesteps": TRAINING_STEPS, "beta_start": 0.00085, "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1,
    "prediction_type": "epsilon", "timestep_spacing": "leading",
}
# What one step may change otherwise in theirs, as a share of the largest change.
AGREEMENT = {"float32": 1e-2, "float16": 3e-2, "bfloat16": 2e-1}


@dataclass
class Inputs:
    """What both sides start from, float32."""

    latent: torch.Tensor
    prompt: torch.Tensor


def build(size: str, device: str) -> UNet2DConditionModel:
    """The network, made where it will compute; weights that keep the variance of what they read, norms of one."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**SIZES[size])
    unet = unet.to(torch.float16).to_empty(device=device).eval().requires_grad_(False)
    generator = torch.Generator(device).manual_seed(SEED)
    for name, parameter in unet.named_parameters():
        if parameter.ndim > 1:
            parameter.normal_(generator=generator).mul_(1 / math.sqrt(parameter[0].numel()))
        else:
            parameter.fill_(1 if name.endswith("weight") else 0)
    return unet


def save(unet: UNet2DConditionModel, folder: Path) -> None:
    """The folder as ours reads it; of the text encoder and the autoencoder, which nobody runs, only the settings."""
    parts = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "text_encoder": "CLIPTextModel",
             "tokenizer": "CLIPTokenizer", "scheduler": "DDIMScheduler"}
    library = lambda part: "transformers" if part in ("text_encoder", "tokenizer") else "diffusers"
    index = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers_version,
             **{part: [library(part), name] for part, name in parts.items()}}
    width = unet.config.cross_attention_dim
    text = {"vocab_size": 49408, "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": 12,
            "num_attention_heads": width // 64, "max_position_embeddings": TOKENS, "hidden_act": "quick_gelu",
            "bos_token_id": 49406, "eos_token_id": 49407, "projection_dim": width, "model_type": "clip_text_model"}
    channels = [128, 256, 512, 512]
    vae = {"_class_name": "AutoencoderKL", "block_out_channels": channels, "latent_channels": 4, "layers_per_block": 2,
           "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4,
           "norm_num_groups": 32, "sample_size": 512, "in_channels": 3, "out_channels": 3, "scaling_factor": 0.18215}
    for part in parts:
        (folder / part).mkdir(parents=True, exist_ok=True)
    for path, values in {"model_index": index, "text_encoder/config": text, "vae/config": vae,
                         "scheduler/scheduler_config": SCHEDULE}.items():
        (folder / f"{path}.json").write_text(json.dumps(values, indent=2))
    nothing = {"empty": torch.zeros(1)}
    save_file(nothing, folder / "text_encoder/model.safetensors")
    save_file(nothing, folder / "vae/diffusion_pytorch_model.safetensors")
    unet.save_config(folder / "unet")
    weights = {name: tensor.cpu().contiguous() for name, tensor in unet.state_dict().items()}
    save_file(weights, folder / "unet/diffusion_pytorch_model.safetensors")


class Theirs:
    """The network in eager PyTorch."""

    def __init__(self, unet: UNet2DConditionModel, dtype: str, inputs: Inputs) -> None:
        self.unet = unet.to(getattr(torch, dtype))
        self.device, self.dtype = unet.device, unet.dtype
        self.latent = inputs.latent.to(self.device)
        self.prompt = inputs.prompt.to(self.device, self.dtype)
        betas = torch.linspace(SCHEDULE["beta_start"] ** 0.5, SCHEDULE["beta_end"] ** 0.5, TRAINING_STEPS) ** 2
        self.alphas = torch.cumprod(1 - betas, 0).tolist()

    def forward(self, latent: torch.Tensor, timestep: int) -> torch.Tensor:
        timesteps = torch.full((ROWS,), timestep, device=self.device)
        return self.unet(latent.to(self.dtype), timesteps, self.prompt, return_dict=False)[0].float()

    def walk(self, steps: int, at_most: int) -> torch.Tensor:
        """The first levels of a walk from noise, [N+1, B, C, h, w]."""
        stride = TRAINING_STEPS // steps
        times = [step * stride + SCHEDULE["steps_offset"] for step in reversed(range(steps))]
        levels = [self.latent]
        for time_, after in list(zip(times, [*times[1:], 0]))[:at_most]:
            here, there = self.alphas[time_], self.alphas[after]
            noise = self.forward(levels[-1], time_)
            clean = (levels[-1] - (1 - here) ** 0.5 * noise) / here**0.5
            levels.append(there**0.5 * clean + (1 - there) ** 0.5 * noise)
        return torch.stack(levels)

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    @contextmanager
    def timed(self, into: list[float], count: int = 1):
        """Seconds per piece of work, by events where there is a GPU."""
        self.wait()
        if self.device.type == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            yield
            end.record()
            end.synchronize()
            into.append(begin.elapsed_time(end) / 1000 / count)
        else:
            begin = time.perf_counter()
            yield
            into.append((time.perf_counter() - begin) / count)

    def measure(self, runs: int, steps: int) -> dict[str, dict[str, float]]:
        """Seconds of a pass and of a step, by whether cuDNN searches."""
        results = {}
        for search in (False, True) if self.device.type == "cuda" else (False,):
            torch.backends.cudnn.benchmark = search
            passes, walks = [], []
            with torch.inference_mode():
                for _ in range(3):  # the search and the allocator's first blocks
                    self.forward(self.latent, 981)
                for _ in range(runs):
                    self.wait()
                    begin = time.perf_counter()
                    self.forward(self.latent, 981)
                    self.wait()
                    passes.append(time.perf_counter() - begin)
                for _ in range(2):
                    with self.timed(walks, steps):
                        self.walk(steps, steps)
            results[f"cuDNN search {'on' if search else 'off'}"] = {"pass": statistics.median(passes), "step": min(walks)}
        return results


class Ours:
    """The program."""

    def __init__(self, binary: str, folder: Path, device: str, dtype: str, inputs: Inputs) -> None:
        self.binary, self.folder = binary, folder
        self.arguments = ["--model", folder, "--device", device, "--dtype", dtype]
        if device == "cpu":
            self.arguments += ["--threads", torch.get_num_threads()]
        self.given = folder / "given.safetensors"
        save_file({"latent": inputs.latent, "encoder_hidden_states": inputs.prompt}, self.given)

    def call(self, *words) -> tuple[float, str]:
        """Seconds of a process and what it printed; raises RuntimeError with its message where it fails."""
        begin = time.perf_counter()
        done = subprocess.run([str(word) for word in (self.binary, *words, *self.arguments)], capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        if done.returncode != 0:
            raise RuntimeError(f"exit {done.returncode}: {' '.join(map(str, words))}: {done.stderr.strip()}")
        return seconds, done.stdout

    def passes(self, runs: int) -> float:
        """The median seconds of a pass; the first ones warm up."""
        seconds = json.loads(self.call("bench", "unet", "--rows", ROWS, "--runs", runs + 3)[1])["seconds"]
        return statistics.median(seconds[3:])

    def walk(self, steps: int) -> tuple[float, Path]:
        output = self.folder / f"levels-{steps}.safetensors"
        words = ("probe", "ddim-sample", "--steps", steps, "--input", self.given, "--output", output)
        return self.call(*words)[0], output

    def steps(self, few: int, many: int, rounds: int) -> tuple[float, list[dict], torch.Tensor]:
        """Seconds of a step, the walks they come from, and the levels of the short one."""
        walks, levels = [], None
        for _ in range(rounds):
            for steps in (few, many):
                seconds, output = self.walk(steps)
                walks.append({"steps": steps, "seconds": seconds})
                if steps == few:
                    levels = load_file(output)["levels"]
                output.unlink()
        # The fastest of each: whatever else happens only makes a process slower.
        fastest = {steps: min(walk["seconds"] for walk in walks if walk["steps"] == steps) for steps in (few, many)}
        return (fastest[many] - fastest[few]) / (many - few), walks, levels


def compare(options, unet: UNet2DConditionModel, folder: Path, dtype: str, inputs: Inputs, say) -> dict:
    """Both sides in one dtype."""
    theirs, ours = Theirs(unet, dtype, inputs), Ours(options.binary, folder, options.device, dtype, inputs)
    rounds = [theirs.measure(options.runs, options.runs)]
    say(f"{dtype}: theirs measured")
    step, walks, levels = ours.steps(options.few, options.many, options.rounds)
    say(f"{dtype}: ours walked")
    mine = {"pass": ours.passes(options.runs), "step": step}
    say(f"{dtype}: ours measured")
    rounds.append(theirs.measure(options.runs, options.runs))
    with torch.inference_mode():
        expected = theirs.walk(options.few, 1)
    changes = [(walk[1] - walk[0]).double().cpu() for walk in (levels, expected)]
    error = float((changes[0] - changes[1]).abs().max() / changes[1].abs().max())
    best = {what: min(found[what] for round_ in rounds for found in round_.values()) for what in ("pass", "step")}
    say(f"{dtype}: done")
    return {"ours": mine, "theirs": best, "ratio": {what: mine[what] / best[what] for what in mine},
            "theirs by round": rounds, "walks": walks, "first step differs by": error,
            "agree": error <= AGREEMENT[dtype]}  # nan disagrees


def table(results: dict[str, dict], title: str) -> str:
    rows = [f"| {title}, two rows | Pentimento | diffusers | ratio | first step differs by |", "|---|---|---|---|---|"]
    for dtype, result in results.items():
        for what in ("pass", "step"):
            ours, theirs = (f"{result[side][what] * 1000:.2f} ms" for side in ("ours", "theirs"))
            rows.append(f"| one {what}, {dtype} | {ours} | {theirs} | **{result['ratio'][what]:.2f}** | "
                        f"{result['first step differs by']:.1e} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / "bin/pentimento"))
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--size", choices=SIZES, default="sd15")
    parser.add_argument("--dtypes", nargs="+", choices=AGREEMENT, help="float16 and bfloat16 on a GPU, else float32")
    parser.add_argument("--threads", type=int, default=1, help="of an operation on the CPU, on both sides")
    parser.add_argument("--runs", type=int, default=50, help="passes and steps of theirs, passes of ours, after warm-up")
    parser.add_argument("--few", type=int, default=10, help="steps of ours' short walk")
    parser.add_argument("--many", type=int, help=f"steps of ours' long walk, by default {LONG_WALK}")
    parser.add_argument("--rounds", type=int, default=1, help="short and long walks of ours; the fastest count")
    parser.add_argument("--work", type=Path, help="folder for the model (1.7 GB); the system's temporary one by default")
    parser.add_argument("--json", type=Path, help="also write everything measured here")
    options = parser.parse_args()
    if not Path(options.binary).exists():
        sys.exit(f"there is no {options.binary}")
    options.many = options.many or LONG_WALK[options.size]
    if not 1 <= options.few < options.many <= TRAINING_STEPS:
        parser.error(f"--few {options.few} and --many {options.many}: at least 1, the second larger, at most {TRAINING_STEPS}")

    begin = time.perf_counter()
    say = lambda text: print(f"{time.perf_counter() - begin:6.1f} s  {text}", file=sys.stderr, flush=True)
    logging.set_verbosity_error()
    device = options.device
    if device == "cpu":
        torch.set_num_threads(options.threads)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        folder = Path(scratch) / options.size
        unet = build(options.size, device)
        save(unet, folder)
        say("the model is written")
        generator = torch.Generator("cpu").manual_seed(SEED)
        side, width = unet.config.sample_size, unet.config.cross_attention_dim
        inputs = Inputs(torch.randn(ROWS, 4, side, side, generator=generator),
                        torch.randn(ROWS, TOKENS, width, generator=generator))
        wanted = options.dtypes or (["float16", "bfloat16"] if device == "cuda" else ["float32"])
        results, failures = {}, []
        for dtype in (dtype for dtype in AGREEMENT if dtype in wanted):  # bfloat16 last: it rounds theirs' weights for good
            try:
                results[dtype] = compare(options, unet, folder, dtype, inputs, say)
            except RuntimeError as error:
                failures.append(f"{dtype}: {error}")
                continue
            if not results[dtype]["agree"]:
                failures.append(f"{dtype}: the first steps of ours and theirs differ")
    print(table(results, f"{name}, {options.size}"))
    if options.json:
        facts = {"date": date.today().isoformat(), "device": name, "torch": torch.__version__, "size": options.size,
                 "diffusers": diffusers_version, "rows": ROWS, "steps": [options.few, options.many], "runs": options.runs}
        options.json.write_text(json.dumps(facts | {"results": results, "failures": failures}, indent=2) + "\n")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
