"""Compares what `pentimento score` says with the formulas in Python, by the networks that `make measures` fetched.

    python Scripts/parity/measures.py

LPIPS (AlexNet, VGG-16) of pairs of pictures; FID and KID of two sets, FID by the matrix square root that pytorch-fid
takes. Prints each value with its relative difference; exit status 1 where one exceeds 1e-5.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file
from scipy.linalg import sqrtm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts/fixtures"))
from make_measures import Inception, lpips  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pentimento/measures"


def score(*arguments: str) -> dict:
    return json.loads(subprocess.check_output([ROOT / "bin/pentimento", "score", *arguments, "--json"]))


def tensor(path: Path) -> torch.Tensor:
    pixels = numpy.asarray(Image.open(path).convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double() / 127.5 - 1


def pictures(folder: Path, seed: int, count: int) -> list[Path]:
    """Soft patterns by chance, of several sizes."""
    generator, found = numpy.random.default_rng(seed), []
    folder.mkdir()
    for index in range(count):
        small = generator.integers(0, 256, (6, 6, 3), dtype=numpy.uint8)
        side = 96 + 16 * (index % 3)
        found.append(folder / f"{index}.png")
        Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(found[-1])
    return found


def fid(x: numpy.ndarray, y: numpy.ndarray) -> float:
    root = sqrtm(numpy.cov(x, rowvar=False) @ numpy.cov(y, rowvar=False))
    spread = numpy.trace(numpy.cov(x, rowvar=False) + numpy.cov(y, rowvar=False) - 2 * numpy.real(root))
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + spread)


def kid(x: numpy.ndarray, y: numpy.ndarray) -> float:
    def kernel(a: numpy.ndarray, b: numpy.ndarray) -> numpy.ndarray:
        return (a @ b.T / x.shape[1] + 1) ** 3

    def within(a: numpy.ndarray) -> float:
        values = kernel(a, a)
        return (values.sum() - numpy.trace(values)) / (len(a) * (len(a) - 1))

    return within(x) + within(y) - 2 * kernel(x, y).mean()


def main() -> None:
    worst = 0.0

    def compare(name: str, ours: float, theirs: float) -> None:
        nonlocal worst
        difference = abs(ours / theirs - 1)
        worst = max(worst, difference)
        print(f"{name}: {ours:.9g}, Python {theirs:.9g}, {difference:.1e}")

    with tempfile.TemporaryDirectory() as place:
        sets = [pictures(Path(place) / name, seed, 12) for name, seed in [("a", 1), ("b", 2)]]
        for index in range(3):
            one, other = sets[0][index], sets[1][index]
            found = score(str(one), str(other))["measures"]
            for trunk in ("alex", "vgg"):
                weights = load_file(CACHE / f"lpips-{trunk}/model.safetensors")
                value = lpips(weights, trunk, tensor(one), tensor(other))[0].item()
                compare(f"lpips.{trunk} {index}", found[f"lpips.{trunk}"], value)
        network = Inception(load_file(CACHE / "inception-2015/model.safetensors"))
        features = [numpy.concatenate([network(tensor(path)).numpy() for path in paths]) for paths in sets]
        found = score(str(sets[0][0].parent), str(sets[1][0].parent))
        compare("kid", found["kid"], kid(*features))
        # The root of a product of singular matrices is good to fewer digits than the sum of singular values.
        print(f"fid: {found['fid']:.6g}, Python's matrix root {fid(*features):.6g}")
    sys.exit(worst > 1e-5)


if __name__ == "__main__":
    main()
