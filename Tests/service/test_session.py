"""The session of Documentation/serve.md, run as it stands there."""

import json
import os
import pathlib
import re
import subprocess

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
EDIT = ["--source", "a red apple on a wooden table", "--prompt", "a green pear on a wooden table", "--option",
        "threshold=0.25", "--guidance", "5", "--seed", "1"]


def test_session(server, tmp_path):
    page = (ROOT / "Documentation" / "serve.md").read_text()
    (lines,) = re.findall(r"```sh\n(.*?)```", page, re.S)
    (tmp_path / "Examples").symlink_to(ROOT / "Examples")
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines], cwd=tmp_path, env={**os.environ, "A": server.rstrip("/")},
        capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    events = re.findall(r"event: (\w+)\ndata: (.*)", run.stdout)
    assert events[-1][0] == "job" and json.loads(events[-1][1])["state"] == "done"
    shares = [json.loads(data)["share"] for name, data in events if name == "progress"]
    assert shares and shares == sorted(shares)
    subprocess.run(
        [ROOT / "bin" / "pentimento", "edit", ROOT / "Examples" / "red-apple.png", *EDIT, "-o", tmp_path / "own.png"],
        check=True, capture_output=True, timeout=120)
    served, own = Image.open(tmp_path / "pear.png"), Image.open(tmp_path / "own.png")
    assert served.tobytes() == own.tobytes(), "the service's pixels are the command line's"
    assert served.text["parameters"].replace("red-apple", "") == own.text["parameters"].replace("red-apple", "")
