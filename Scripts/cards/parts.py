"""What the cards of all models share: how numbers, settings and loss curves are told."""

import math
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 120


def fail(text: str):
    sys.exit(f"card: {text}")


def hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def listed(values) -> str:
    return ", ".join(str(value) for value in values)


def table(rows: list[tuple[str, object, object]]) -> str:
    """Settings of both stages; an empty cell where a stage has no such thing."""
    lines = ["| | autoencoder | text encoder and UNet |", "|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {first} | {second} |" for name, first, second in rows])


def filled(text: str) -> str:
    """Paragraphs and list items broken at the width of the other pages."""
    def broken(line: str) -> str:
        if len(line) <= WIDTH or line.startswith(("|", "!", "    ", "python", "pentimento")):
            return line
        return textwrap.fill(line, WIDTH, subsequent_indent="  " if line.startswith("- ") else "",
                             break_long_words=False, break_on_hyphens=False)
    return "\n".join(broken(line) for line in text.split("\n"))


def settings(record: dict) -> str:
    """The hyper-parameters, side by side."""
    stages = ("autoencoder", "diffusion")
    first, second = (record["configuration"][stage] for stage in stages)
    steps, parts, times = record["steps"], record["parameters"], record["seconds"]

    target = {"v_prediction": "velocity"}.get(second.get("prediction"), "noise")

    def both(name: str, key: str) -> tuple[str, object, object]:
        return name, first[key], second[key]

    return table([
        ("parameters", parts["vae"], f"{parts['text_encoder']} and {parts['unet']}"),
        ("channels", listed(first["channels"]), listed(second["channels"])),
        ("steps", steps.get("autoencoder", "taken over"), steps.get("diffusion", 0)),
        both("batch", "batch"),
        both("learning rate (warm-up, then cosine)", "learningRate"),
        both("steps of warm-up", "warmup"),
        both("weight decay of AdamW", "weightDecay"),
        both("longest gradient", "gradientClip"),
        ("trained on", f"crops of {first['cropSize']}×{first['cropSize']}", "latents of whole pictures"),
        ("loss", f"{first['loss']} error, that of neighbouring pixels' differences × {first['gradientWeight']:g}, "
                 f"of smaller copies × {first['multiScaleWeight']:g}, KL × {first['klWeight']:g}",
         f"squared error of the {target}, min-SNR γ = {second['snrGamma']:g}, noisiest levels weighted as SNR "
         f"{second.get('snrFloor', 0):g}"),
        ("noise schedule", "", f"√β in a straight line, β to {second.get('betaEnd', 0.012):g}"),
        ("empty captions", "", f"{second['emptyCaptions']:.0%}"),
        ("average of the weights", "", second["averageDecay"]),
        ("tokens of a prompt, vocabulary", "", f"{second['contextLength']}, at most {second['vocabulary']}"),
        ("time", *(hours(times[stage]) if stage in times else "" for stage in stages)),
        ("loss at the end (running mean)", *(last_loss(record, stage) for stage in stages)),
    ])


def last_loss(record: dict, stage: str) -> str:
    points = [point for point in record["curve"] if point["stage"] == stage]
    return f"{points[-1]['smoothedLoss']:.4f}" if points else ""


def curve(record: dict) -> str:
    """The loss of both stages over their steps, each on a logarithmic scale of its own, as SVG."""
    width, height, margin = 460, 220, 44
    panels = []
    for index, (stage, title) in enumerate((("autoencoder", "autoencoder"), ("diffusion", "text encoder and UNet"))):
        points = [point for point in record["curve"] if point["stage"] == stage and point["smoothedLoss"] > 0]
        if not points:
            continue
        logs = [math.log10(point["smoothedLoss"]) for point in points]
        low, high, steps = min(logs), max(max(logs), min(logs) + 1e-6), points[-1]["step"]
        left = index * width + margin

        def place(step: float, value: float) -> str:
            x = left + step / steps * (width - margin - 16)
            return f"{x:.1f},{16 + (high - value) / (high - low) * (height - margin - 16):.1f}"

        line = " ".join(place(point["step"], value) for point, value in zip(points, logs))
        bottom = height - margin
        panels.append(
            f'<polyline fill="none" stroke="#36c" stroke-width="1.5" points="{line}"/>'
            f'<path fill="none" stroke="#888" d="M{left} 16V{bottom}H{left + width - margin - 16}"/>'
            f'<text x="{left - 6}" y="22" text-anchor="end">{10 ** high:.2g}</text>'
            f'<text x="{left - 6}" y="{bottom}" text-anchor="end">{10 ** low:.2g}</text>'
            f'<text x="{left}" y="{bottom + 16}">0</text>'
            f'<text x="{left + width - margin - 16}" y="{bottom + 16}" text-anchor="end">{steps} steps</text>'
            f'<text x="{left + (width - margin) / 2}" y="{bottom + 32}" text-anchor="middle">loss of the {title}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * width}" height="{height}" font-family="sans-serif" '
            f'font-size="11" fill="#666">{"".join(panels)}</svg>\n')


def share(entry: dict) -> str:
    return f"{entry['share']:.1%} ({entry['low']:.1%} to {entry['high']:.1%}, {entry['right']} of {entry['of']})"
