"""Compares `pentimento probe` on a GPU with the reference tensors and with itself on the CPU in float32.

For a machine with a GPU and Python's torch, safetensors and numpy; it needs neither Swift nor diffusers. Each component
(text-encoder, unet, vae-encoder, vae-decoder, ddim-invert, ddim-sample) of the tiny models of Tests/Fixtures, and of one
trained model where --model names its folder, runs in float32, float16 and bfloat16. The tiny models have reference
tensors beside them, the trained one gets tensors drawn from a fixed seed. The error of a tensor is max|a-b| / max|b|, of
a walk over all of its levels. What is allowed (`TOLERANCES`):

                                      float32  float16  bfloat16
    a pass of a trained network         1e-4     5e-3     4e-2
    a pass of a tiny random network     1e-4     1e-2     1e-1
    a pass of a tiny random UNet        1e-4     4e-2     2e-1
    a walk (it feeds its errors back)   5e-4     3e-2     2e-1

The tiny networks' half precision is allowed twice what diffusers itself is off by there (on a CPU: text encoders and
autoencoders up to 3.5e-3 and 4.7e-2, UNets up to 1.7e-2 and 9.8e-2): random weights of four channels average nothing out.

    python Scripts/gpu/parity.py --binary pentimento/pentimento --model Models/still-life --json parity.json
    python Scripts/gpu/parity.py --device cpu tiny-sd1 tiny-half     without a GPU: float32 and bfloat16

A process that opens CUDA needs seconds, so --jobs of them run at a time; after --seconds no more are started, and what
was not run counts as failed. Where float32 fails on a GPU, it runs once more with TF32 forbidden from outside
(NVIDIA_TF32_OVERRIDE=0): an error near 1e-3 that goes away there says that TF32 was on. The exit status is 1 if
anything failed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts/parity"))

from parity import cases, probe, relative_error  # noqa: E402  Scripts/parity/parity.py; this file is __main__

# See above.
TOLERANCES = {
    "float32": {"trained": 1e-4, "random": 1e-4, "random unet": 1e-4, "walk": 5e-4},
    "float16": {"trained": 5e-3, "random": 1e-2, "random unet": 4e-2, "walk": 3e-2},
    "bfloat16": {"trained": 4e-2, "random": 1e-1, "random unet": 2e-1, "walk": 2e-1},
}
WALK_STEPS = 20  # of the trained model
REFERENCE, CPU = "the reference", "ours on the CPU"


@dataclass
class Case:
    """One component of one model on given tensors, with the reference's answer where there is one."""

    folder: Path
    component: str
    arguments: list[str]
    given: dict[str, torch.Tensor]
    wanted: dict[str, torch.Tensor] | None = None

    @property
    def title(self) -> str:
        return " ".join([self.folder.name, self.component, *self.arguments])

    def tolerance(self, dtype: str) -> float:
        if self.component.startswith("ddim-"):
            return TOLERANCES[dtype]["walk"]
        if self.wanted is None:
            return TOLERANCES[dtype]["trained"]
        return TOLERANCES[dtype]["random unet" if self.component == "unet" else "random"]


class Skipped(Exception):
    """The time was over before this ran."""


def trained_cases(folder: Path) -> list[Case]:
    """Every component of a folder without reference tensors, on tensors from a fixed seed."""
    text, unet, vae = (json.loads((folder / part / "config.json").read_text()) for part in ("text_encoder", "unet", "vae"))
    generator = torch.Generator("cpu").manual_seed(0)
    normal = lambda *shape: torch.randn(shape, generator=generator)
    length, side, channels = text["max_position_embeddings"], unet["sample_size"], vae["latent_channels"]
    prompts = normal(2, length, unet["cross_attention_dim"])
    walk = {"latent": normal(1, channels, side, side), "encoder_hidden_states": prompts[:1]}
    image = torch.rand((1, 3, vae["sample_size"], vae["sample_size"]), generator=generator) * 2 - 1
    ids = torch.randint(0, text["vocab_size"], (2, length), generator=generator)
    found = [
        Case(folder, "text-encoder", [], {"input_ids": ids}),
        Case(folder, "unet", [], {"sample": normal(2, unet["in_channels"], side, side),
                                  "timestep": torch.tensor([901, 301]), "encoder_hidden_states": prompts}),
        Case(folder, "vae-encoder", [], {"image": image}),
        Case(folder, "vae-decoder", [], {"latent": normal(1, channels, side, side) / vae.get("scaling_factor", 0.18215)}),
    ]
    if unet["in_channels"] == unet["out_channels"]:
        steps = ["--steps", str(WALK_STEPS)]
        found += [Case(folder, component, steps, walk) for component in ("ddim-invert", "ddim-sample")]
    return found


class Runs:
    """Runs of cases, some at a time, each made once; none is started when the time is over."""

    def __init__(self, binary: str, jobs: int, seconds: float) -> None:
        self.binary, self.end = binary, time.monotonic() + seconds
        self.pool = ThreadPoolExecutor(jobs)
        self.futures: dict[tuple, Future] = {}

    def ask(self, case: Case, device: str, dtype: str, again: bool = False) -> Future:
        key = (case.title, device, dtype, again)
        if key not in self.futures:
            self.futures[key] = self.pool.submit(self.run, case, device, dtype)
        return self.futures[key]

    def run(self, case: Case, device: str, dtype: str) -> dict[str, torch.Tensor]:
        if time.monotonic() > self.end:
            raise Skipped("not run: the time was over")
        arguments = ["--model", str(case.folder), *case.arguments, "--device", device, "--dtype", dtype]
        return probe(self.binary, case.component, arguments, case.given)


def compare(case: Case, dtype: str, against: str, ours: Future, theirs: dict | Future) -> list[dict]:
    """One entry per tensor of a case, printed; an entry without an error says why there is none."""
    entry = {"case": case.title, "dtype": dtype, "against": against, "tolerance": case.tolerance(dtype)}
    try:
        left = ours.result()
        right = theirs.result() if isinstance(theirs, Future) else theirs
        entries = []
        for name, tensor in right.items():
            error = relative_error(left[name], tensor) if name in left else float("inf")
            entries.append(entry | {"tensor": name, "error": error, "good": error <= entry["tolerance"]})  # nan is bad
    except (RuntimeError, Skipped) as failure:
        entries = [entry | {"tensor": "", "error": None, "good": False, "why": str(failure)}]
    for entry in entries:
        error = f"{entry['error']:9.2e}" if entry["error"] is not None else "     none"
        print(f"{'ok  ' if entry['good'] else 'FAIL'} {error} of {entry['tolerance']:.0e}  {case.title} {entry['tensor']} "
              f"{dtype} against {against} {entry.get('why', '')}".rstrip(), flush=True)
    return entries


def forbid_tf32(runs: Runs, everything: list[Case], results: list[dict]) -> list[dict]:
    """What failed in float32 on the GPU, once more where no library may use TF32."""
    failed = {entry["case"] for entry in results if entry["dtype"] == "float32" and not entry["good"] and entry["error"]}
    repeated = [case for case in everything if case.title in failed]
    if not repeated:
        return []
    print("once more with TF32 forbidden:", flush=True)
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
    asked = [(case, runs.ask(case, "cuda", "float32", again=True)) for case in repeated]
    return [entry for case, ours in asked
            for entry in compare(case, "float32", CPU, ours, runs.ask(case, "cpu", "float32"))]


def table(results: list[dict]) -> str:
    """The largest error by dtype, component and what is allowed, with how many comparisons failed."""
    rows = ["| dtype | component | against | compared | largest error | allowed | failed |", "|---|---|---|---|---|---|---|"]
    groups: dict[tuple, list[dict]] = {}
    for entry in results:
        key = (entry["dtype"], entry["case"].split()[1], entry["against"], entry["tolerance"])
        groups.setdefault(key, []).append(entry)
    for (dtype, component, against, tolerance), entries in groups.items():
        errors = [entry["error"] for entry in entries if entry["error"] is not None]
        largest = f"{max(errors):.1e}" if errors else "none"
        failed = sum(not entry["good"] for entry in entries)
        rows.append(f"| {dtype} | {component} | {against} | {len(entries)} | {largest} | {tolerance:.0e} | {failed} |")
    return "\n".join(rows)


def accelerator() -> str:
    """The GPU's name and driver, as nvidia-smi has them."""
    try:
        query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        return subprocess.run(query, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="tiny models to compare, all by default")
    parser.add_argument("--binary", default=str(ROOT / "bin/pentimento"))
    parser.add_argument("--fixtures", type=Path, default=ROOT / "Tests/Fixtures")
    parser.add_argument("--model", type=Path, help="the folder of a trained model, compared as well")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--jobs", type=int, default=min(8, os.cpu_count() or 1), help="processes at a time")
    parser.add_argument("--seconds", type=float, default=100, help="after these none is started")
    parser.add_argument("--json", type=Path, help="also write every comparison here")
    options = parser.parse_args()
    if not Path(options.binary).exists():
        sys.exit(f"there is no {options.binary}")
    tiny = sorted(file.parent for file in options.fixtures.glob("*/model_index.json"))
    if unknown := set(options.names) - {folder.name for folder in tiny}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(folder.name for folder in tiny)}")

    begin = time.monotonic()
    everything = trained_cases(options.model) if options.model else []
    for folder in tiny:
        if not options.names or folder.name in options.names:
            everything += [Case(folder, *case) for case in cases(folder)]
    dtypes = [dtype for dtype in TOLERANCES if (options.device, dtype) != ("cpu", "float16")]  # which is widened there
    runs = Runs(options.binary, options.jobs, options.seconds)
    # In this order they are started: float32 first, should the time not suffice.
    for dtype in dtypes:
        for case in everything:
            for device in {options.device, "cpu"} if dtype == "float32" else {options.device}:
                runs.ask(case, device, dtype)
    results = []
    for dtype in dtypes:
        for case in everything:
            ours = runs.ask(case, options.device, dtype)
            if case.wanted:
                results += compare(case, dtype, REFERENCE, ours, case.wanted)
            if (options.device, dtype) != ("cpu", "float32"):
                results += compare(case, dtype, CPU, ours, runs.ask(case, "cpu", "float32"))
    without = forbid_tf32(runs, everything, results) if options.device == "cuda" else []
    runs.pool.shutdown()
    seconds = time.monotonic() - begin

    failures = sum(not entry["good"] for entry in results)
    print(table(results))
    print(f"{len(results)} comparisons, {failures} outside tolerance, {seconds:.0f} s")
    if options.json:
        facts = {"date": date.today().isoformat(), "device": options.device, "accelerator": accelerator(),
                 "torch": torch.__version__, "seconds": seconds, "failures": failures}
        options.json.write_text(json.dumps(facts | {"comparisons": results, "without TF32": without}, indent=2) + "\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
