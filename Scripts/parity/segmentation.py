"""Loads a segmentation folder of ours with Python's transformers and finds the objects of rendered still lifes with it.

Nothing but the folder is passed to from_pretrained, as a stranger would load it. Prints the mean intersection over union
with the renderer's masks, and fails below --least.

    python Scripts/parity/segmentation.py [--model Models/still-life-clipseg] [--scenes N] [--seed N] [--least SHARE]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from PIL import Image
from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

ROOT = Path(__file__).resolve().parents[2]


def overlaps(model: CLIPSegForImageSegmentation, processor: CLIPSegProcessor, folder: Path) -> list[float]:
    """Of every object of a rendered set: what is found under its kind's name, against its mask."""
    found = []
    for line in (folder / "items.jsonl").read_text().splitlines():
        item = json.loads(line)
        picture = Image.open(folder / item["files"]["source"]).convert("RGB")
        names = [thing["kind"] for thing in item["scene"]["objects"]]
        inputs = processor(text=names, images=[picture] * len(names), padding=True, return_tensors="pt")
        with torch.no_grad():
            logits = model(**inputs).logits
        for place, logit in enumerate(logits):
            mask = numpy.asarray(Image.open(folder / item["files"][f"object{place}"]).convert("L")) > 127
            shown = logit.numpy() > 0
            union = (mask | shown).sum()
            if mask.any():
                found.append(float((mask & shown).sum() / union))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "Models/still-life-clipseg")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/pentimento")
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--least", type=float, default=0.7, help="smallest mean intersection over union")
    options = parser.parse_args()

    model = CLIPSegForImageSegmentation.from_pretrained(options.model, dtype=torch.float32).eval()
    processor = CLIPSegProcessor.from_pretrained(options.model)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "scenes"
        subprocess.run(
            [str(word) for word in (options.binary, "still-life", "--seed", options.seed, "--count", options.scenes,
                                    "--size", model.config.vision_config.image_size, "--quiet", "-o", folder)],
            check=True)
        found = overlaps(model, processor, folder)
    mean = sum(found) / len(found)
    print(f"mean intersection over union {mean:.3f} over {len(found)} objects, as transformers finds them")
    sys.exit(mean < options.least)


if __name__ == "__main__":
    main()
