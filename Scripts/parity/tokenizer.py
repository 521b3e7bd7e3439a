#!/usr/bin/env python3
"""Compares the tokenizer with transformers' CLIPTokenizer on CLIP's full vocabulary.

    pip install transformers==5.23.0 tokenizers==0.23.3
    pip download --no-deps open_clip_torch==3.3.0     # its wheel, a zip file, has bpe_simple_vocab_16e6.txt.gz
    python Scripts/parity/tokenizer.py bpe_simple_vocab_16e6.txt.gz [--count 6000] [--keep FOLDER]

Builds tokenizer folders of Stable Diffusion 1.x and 2.x outside the repository, lets Python tokenize, and runs the
test that compares every id. Exits with the test's status.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "Scripts", "fixtures"))
from make_tokenizer import FAMILIES, reference_ids, write_settings  # noqa: E402
from tokenizer_strings import strings  # noqa: E402

SIZE = 49408


def write_vocabulary(source, folder):
    """vocab.json and merges.txt as OpenAI's CLIP numbers its tokens."""
    with gzip.open(source, "rt", encoding="utf-8") as file:
        merges = file.read().split("\n")[1 : SIZE - 512 - 2 + 1]
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    symbols = [chr(byte) for byte in plain] + [chr(256 + place) for place in range(len(others))]
    tokens = symbols + [symbol + "</w>" for symbol in symbols] + [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    assert len(tokens) == len(set(tokens)) == SIZE
    with open(os.path.join(folder, "vocab.json"), "w") as file:
        json.dump({token: place for place, token in enumerate(tokens)}, file)
    with open(os.path.join(folder, "merges.txt"), "w") as file:
        file.write("#version: 0.2\n" + "\n".join(merges) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("vocabulary", help="bpe_simple_vocab_16e6.txt.gz")
    arguments.add_argument("--count", type=int, default=6000, help="how many texts")
    arguments.add_argument("--keep", help="a folder for what is compared, instead of a temporary one")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = chosen.keep or temporary
        texts = strings(chosen.count, seed=3)
        for family, padding in FAMILIES.items():
            folder = os.path.join(place, family)
            os.makedirs(folder, exist_ok=True)
            write_vocabulary(chosen.vocabulary, folder)
            write_settings(folder, padding)
            ids = reference_ids(folder, texts)
            with open(os.path.join(place, family + ".json"), "w") as file:
                json.dump([{"text": text, "ids": row} for text, row in zip(texts, ids)], file)
        environment = dict(os.environ, PENTIMENTO_TOKENIZER_PARITY=os.path.abspath(place))
        command = ["swift", "test", "-c", "release", "-Xswiftc", "-enable-testing", "--filter", "FullVocabulary"]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
