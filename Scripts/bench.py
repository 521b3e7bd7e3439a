"""Pentimento against Python diffusers: same weights, threads and steps, in one run, as ratios ours / theirs.

unet            one UNet forward, Stable Diffusion 1.5 shape, float32, 64x64 latents, batch 1; timed inside the process
step            the same with two rows: one step under guidance
gradient        a step under attention guidance: two rows, every prompt map kept, the gradient of their squares to the latent
gradient-memory peak resident memory of that step's process
memory          peak resident memory of a process that loads SD-1.5-size float32 weights and runs one UNet step
diffedit, pix2pix-zero, cyclediffusion, panorama
                the whole process of one edit, or one MultiDiffusion panorama, on the default model

Ours and theirs alternate, so that a noisy machine slows both; a ratio is the median over the pairs. The full-size
weights are random and made once in --work (4.5 GB).

    python Scripts/bench.py [NAME]… [--json FILE]

What FILE holds of benchmarks that are not named stays in it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Scripts/fixtures"), str(ROOT / "Scripts/parity")]

LIMITS = {
    "unet": 0.95, "step": 0.95, "gradient": 0.95, "gradient-memory": 1.0, "diffedit": 0.5, "pix2pix-zero": 0.5,
    "cyclediffusion": 0.5, "panorama": 0.5, "memory": 0.85,
}
TITLES = {
    "unet": "one UNet forward, SD-1.5 shape, fp32 (seconds)",
    "step": "one step under guidance, likewise, two rows",
    "gradient": "one step of attention guidance, likewise, forward and backward",
    "gradient-memory": "peak memory of a step of attention guidance, SD-1.5 shape (MB)",
    "diffedit": "one DiffEdit on the default model, whole process (seconds)",
    "pix2pix-zero": "one Pix2Pix-Zero, likewise",
    "cyclediffusion": "one CycleDiffusion, likewise",
    "panorama": "one MultiDiffusion panorama of 1024 pixels, likewise",
    "memory": "peak memory, SD-1.5-size fp32 weights and one step (MB)",
}
# What we are told beyond what both sides are told, so that both do the same work.
OURS = {
    "diffedit": ["--strength", 0.8, "--no-cache"],
    "pix2pix-zero": ["--preset", "official", "--option", "walk=whole", "--option", "sentences=8", "--no-cache"],
    "cyclediffusion": ["--strength", 0.8, "--no-cache"],
}
PROCESSES = [*OURS, "panorama"]
PANORAMA_WIDTH = 1024


def run(command: list[str]) -> tuple[float, float, str]:
    """Runs a process to its end: seconds, peak resident MB, standard output. Stops the benchmark if it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen([str(word) for word in command], stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read().decode()
    if child.returncode != 0:
        sys.exit(f"exit {child.returncode}: {' '.join(str(word) for word in command)}")
    peak = usage.ru_maxrss / (1000 if sys.platform == "darwin" else 1)  # bytes there, kB here
    return seconds, peak / 1000, text


def full_model(work: Path) -> Path:
    """The folder with Stable Diffusion 1.5's shapes, made in a process of its own on first use."""
    folder = work / "sd15"
    if not (folder / "model_index.json").exists():
        work.mkdir(parents=True, exist_ok=True)
        code = ("import sys, models, recipes; from pathlib import Path; recipe = recipes.FULL[0]; "
                "models.save(recipe, models.build(recipe), Path(sys.argv[1]))")
        print(f"making {folder}", file=sys.stderr)
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "Scripts/fixtures")}
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
    return folder


def bench_unet(options, rows: int = 1) -> list[tuple[float, float]]:
    """Pairs of median seconds; each side's first forward of a round is a warm-up and does not count."""
    import torch
    from diffusers import UNet2DConditionModel

    folder = full_model(options.work)
    torch.set_num_threads(options.threads)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet").eval()
    latent, prompt = torch.randn(rows, 4, 64, 64), torch.randn(rows, 77, 768)

    def theirs() -> float:
        start = time.perf_counter()
        with torch.inference_mode():
            unet(latent, 981, prompt)
        return time.perf_counter() - start

    def ours(runs: int) -> list[float]:
        command = [options.binary, "bench", "unet", "--model", folder, "--runs", runs, "--rows", rows]
        return json.loads(run(command)[2])["seconds"]

    pairs = []
    for _ in range(options.rounds):
        first = ours(options.runs + 1)[1:]
        second = [theirs() for _ in range(options.runs + 1)][1:]
        pairs.append((statistics.median(first), statistics.median(second)))
    return pairs


def gradient_runs(options, runs: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds of the last run, and peak MB, of ours and theirs."""
    folder = full_model(options.work)
    shared = ["--model", folder, "--runs", runs, "--rows", 2]
    ours = run([options.binary, "bench", "unet", "--gradient", *shared])
    theirs = run([sys.executable, ROOT / "Scripts/bench_gradient.py", *shared, "--threads", options.threads])
    seconds = [json.loads(side[2])["seconds"][-1] for side in (ours, theirs)]
    return (seconds[0], seconds[1]), (ours[1], theirs[1])


def bench_gradient(options) -> list[tuple[float, float]]:
    return [gradient_runs(options, 2)[0] for _ in range(options.rounds)]


def bench_gradient_memory(options) -> list[tuple[float, float]]:
    """One pair of peak MB: memory does not depend on what else the machine does."""
    return [gradient_runs(options, 1)[1]]


def bench_process(options, name: str) -> list[tuple[float, float]]:
    """Pairs of wall seconds, process start to exit, after one unmeasured pair that fills the page cache."""
    with tempfile.TemporaryDirectory() as scratch:
        photo = options.photo
        if photo is None:
            run([options.binary, "still-life", "--seed", 1, "--count", 1, "-o", f"{scratch}/scenes"])
            photo = min(Path(scratch, "scenes").rglob("*.png"))
        shared = ["--model", options.model, "--prompt", options.prompt, "--steps", options.steps, "--seed", 0,
                  "--guidance", 7.5]
        theirs = [sys.executable, ROOT / "Scripts/bench_theirs.py", name, *shared, "--threads", options.threads,
                  "-o", f"{scratch}/theirs.png"]
        if name == "panorama":
            ours = [options.binary, "generate", *shared, "--width", PANORAMA_WIDTH, "--window", 64, "--stride", 8]
            theirs += ["--width", PANORAMA_WIDTH]
        else:
            ours = [options.binary, "edit", photo, "--method", name, *shared, "--source", options.source, *OURS[name]]
            theirs += ["--photo", photo, "--source", options.source]
        ours += ["-o", f"{scratch}/ours.png"]
        pairs = [(run(ours)[0], run(theirs)[0]) for _ in range(options.rounds + 1)]
    return pairs[1:]


def bench_memory(options) -> list[tuple[float, float]]:
    """One pair of peak MB: memory does not depend on what else the machine does."""
    folder = full_model(options.work)
    ours = run([options.binary, "bench", "memory", "--model", folder])[1]
    return [(ours, run([sys.executable, ROOT / "Scripts/bench_memory.py", "--model", folder])[1])]


def table(results: dict[str, list[tuple[float, float]]], threads: int) -> str:
    """The README's table."""
    rows = [f"| {threads} threads, medians | Pentimento | diffusers | ratio | wanted |", "|---|---|---|---|---|"]
    for name, pairs in results.items():
        ours, theirs = (statistics.median(side) for side in zip(*pairs))
        rows.append(f"| {TITLES[name]} | {ours:.2f} | {theirs:.2f} | **{ratio(pairs):.2f}** | ≤ {LIMITS[name]} |")
    return "\n".join(rows)


def ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(ours / theirs for ours, theirs in pairs)


def processor() -> str:
    """What the measurements were made on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main() -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help=f"{', '.join(LIMITS)}; all by default")
    parser.add_argument("--binary", default=ROOT / "bin/pentimento")
    parser.add_argument("--work", type=Path, default=cache / "pentimento/bench")
    parser.add_argument("--model", type=Path, default=ROOT / "Models/still-life")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3, help="pairs of measurements")
    parser.add_argument("--runs", type=int, default=2, help="UNet forwards on each side of a pair")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--photo", type=Path, help="the picture to edit; a scene of our own by default")
    parser.add_argument("--source", default="a photo of a red apple on a wooden table")
    parser.add_argument("--prompt", default="a photo of a green pear on a wooden table")
    parser.add_argument("--json", type=Path, help="also write all pairs here")
    options = parser.parse_args()
    if unknown := set(options.what) - set(LIMITS):
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}: choose from {', '.join(LIMITS)}")
    if not Path(options.binary).exists():
        sys.exit(f"there is no {options.binary}; run `make build`")
    # Every process of both sides reads these.
    os.environ.update({"OMP_NUM_THREADS": str(options.threads), "MKL_NUM_THREADS": str(options.threads)})

    # In this order the parent is still small when it measures memory and whole processes.
    processes = {name: partial(bench_process, name=name) for name in PROCESSES}
    benches = {"memory": bench_memory, "gradient-memory": bench_gradient_memory, **processes, "gradient": bench_gradient,
               "unet": bench_unet, "step": partial(bench_unet, rows=2)}
    results = {name: bench(options) for name, bench in benches.items() if not options.what or name in options.what}
    results = {name: results[name] for name in LIMITS if name in results}
    print(table(results, options.threads))
    if options.json:
        facts = {"threads": options.threads, "processor": processor()}
        known = json.loads(options.json.read_text()) if options.json.exists() else {}
        # What was not measured now stays, where it was measured on the same kind of machine.
        stays = known if all(known.get(key) == value for key, value in facts.items()) else {}
        now = {name: {"date": date.today().isoformat(), "pairs": pairs, "ratio": ratio(pairs)}
               for name, pairs in results.items()}
        entries = stays | now
        entries = {name: entries[name] for name in LIMITS if name in entries}
        unfinished = options.json.with_name(f".{options.json.name}.partial")
        unfinished.write_text(json.dumps(facts | entries, indent=2) + "\n")
        unfinished.replace(options.json)


if __name__ == "__main__":
    main()
