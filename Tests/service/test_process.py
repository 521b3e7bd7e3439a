"""The program itself: one line, exit statuses, what it is told to stop, one instance a folder, a full disk."""

import contextlib
import io
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest
from browser import PROGRAM, ROOT
from PIL import Image

APPLE = (ROOT / "Examples" / "red-apple.png").read_bytes()
REQUEST = {"prompt": "a green pear on a wooden table", "source": "a red apple on a wooden table", "seed": 1}


class Started:
    """A service that was just started on a folder, and its one line."""

    def __init__(self, folder, *flags):
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "--no-open", "--port", "0", "--data", str(folder), *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline().strip()
        self.url = self.line.split("#")[0].rstrip("/")

    def ask(self, method, path, body=None, **headers):
        request = urllib.request.Request(
            self.url + path, body, {name.replace("_", "-"): value for name, value in headers.items()}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def upload(self, data=APPLE):
        return self.ask("POST", "/api/v1/pictures", data, Content_Type="image/png")

    def edit(self, picture, **more):
        body = json.dumps({"picture": picture, **REQUEST, **more}).encode()
        return self.ask("POST", "/api/v1/jobs", body, Content_Type="application/json")

    def wait(self, job, state):
        for _ in range(600):
            facts = self.ask("GET", f"/api/v1/jobs/{job}")[1]
            if facts["state"] == state:
                return facts
            time.sleep(0.05)
        raise AssertionError(facts)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output, errors


@contextlib.contextmanager
def started(folder, *flags):
    one = Started(folder, *flags)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def test_one_line_and_one_instance(tmp_path):
    with started(tmp_path) as first:
        assert first.line == first.url + "/" and first.line.startswith("http://127.0.0.1:")
        second = Started(tmp_path)
        status, output, errors = second.process.wait(30), second.line, second.process.stderr.read()
        assert status == 69 and output == ""
        # `pentimento serve` becomes the service, so the process is the one that was started.
        assert f"process {first.process.pid}" in errors and errors.count("\n") == 1
        port = first.url.rsplit(":", 1)[1]
        third = subprocess.run(
            [*PROGRAM, "serve", "--no-open", "--port", port, "--data", tmp_path / "other"], capture_output=True, text=True)
        assert third.returncode == 69 and port in third.stderr and "--port" in third.stderr
        assert first.end()[:2] == (0, "")
    assert oct((tmp_path / "files").stat().st_mode)[-3:] == "700"
    assert oct((tmp_path / "pentimento.sqlite").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("flags", [["--port", "x"], ["--portt", "1"], ["--queue", "0"], ["--token", "a", "--token-file", "b"]])
def test_wrong_usage(flags):
    run = subprocess.run([*PROGRAM, "serve", *flags], capture_output=True, text=True, timeout=30)
    assert run.returncode == 64 and run.stderr.count("\n") == 1 and run.stdout == ""


def test_everywhere_there_is_a_token(tmp_path):
    with started(tmp_path, "--host", "127.0.0.2") as one:
        assert "#token=" in one.line
        token = one.line.split("#token=")[1]
        assert len(token) == 40 and (tmp_path / "token").read_text().strip() == token
        assert oct((tmp_path / "token").stat().st_mode)[-3:] == "600"
        assert one.ask("GET", "/api/v1/jobs")[0] == 401
        assert one.ask("GET", "/api/v1/jobs", Authorization=f"Bearer {token}")[0] == 200
        one.end()
    with started(tmp_path, "--token", "auto") as again:
        assert again.line.endswith("#token=" + token), "the token stays the same"


def test_what_runs_waits_for_the_next_start(tmp_path):
    with started(tmp_path) as one:
        picture = one.upload()[1]["id"]
        slow = one.edit(picture, steps=400, workingSide=128)[1]["id"]
        one.wait(slow, "running")
        begin = time.monotonic()
        status, _, errors = one.end()
        assert status == 0 and errors == "" and time.monotonic() - begin < 8
    with contextlib.closing(sqlite3.connect(tmp_path / "pentimento.sqlite")) as rows:
        assert rows.execute("SELECT state, attempts FROM job").fetchall() == [("queued", 0)]
    with started(tmp_path) as again:
        again.wait(slow, "running")
        assert again.ask("POST", f"/api/v1/jobs/{slow}/cancel", b"")[1]["state"] == "cancelled"
        # A known kind of work that will be done within the grace is waited for.
        known = again.edit(picture)[1]["id"]
        again.wait(known, "done")
        last = again.edit(picture)[1]["id"]
        again.wait(last, "running")
        assert again.end()[0] == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "pentimento.sqlite")) as rows:
        assert rows.execute("SELECT state FROM job WHERE id = ?", [last]).fetchone() == ("done",)
        first, second = rows.execute("SELECT picture FROM result").fetchall()
        assert first == second, "the same request and seed is the same picture"


def test_a_second_signal_ends_it_at_once(tmp_path):
    with started(tmp_path, "--grace", "600") as one:
        picture = one.upload()[1]["id"]
        known = one.edit(picture, steps=4)[1]["id"]
        one.wait(known, "done")
        slow = one.edit(picture, steps=400, workingSide=128)[1]["id"]
        one.wait(slow, "running")
        one.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        one.process.send_signal(signal.SIGINT)
        assert one.process.wait(10) in (0, 130)


def noise(side):
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted by root only")
def test_a_full_disk():
    with tempfile.TemporaryDirectory() as place:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True).returncode != 0:
            pytest.skip("no small disk can be mounted here")
        try:
            with started(f"{place}/data") as one:
                picture = one.upload()[1]["id"]
                job = one.edit(picture)[1]["id"]
                done = one.wait(job, "done")
                kept = []
                for _ in range(40):
                    status, facts = one.upload(noise(300))
                    if status != 201:
                        break
                    kept.append(facts["id"])
                assert status == 507 and facts["code"] == "disk-full", facts
                # Fill what is left, so that a result finds no room either.
                with contextlib.suppress(OSError):
                    with open(f"{place}/filler", "wb") as filler:
                        while True:
                            filler.write(b"x" * 4096)
                            filler.flush()
                status, facts = one.edit(picture, seed=2)
                if status == 202:
                    assert one.wait(facts["id"], "failed")["error"]["code"] == "disk-full"
                else:
                    assert (status, facts["code"]) == (507, "disk-full")
                os.unlink(f"{place}/filler")
                assert one.ask("GET", f"/api/v1/jobs/{job}")[1]["result"] == done["result"]
                assert one.ask("DELETE", f"/api/v1/pictures/{kept.pop()}")[0] == 204
                again = one.edit(picture, seed=3)[1]["id"]
                one.wait(again, "done")
                assert one.end()[0] == 0
            with contextlib.closing(sqlite3.connect(f"{place}/data/pentimento.sqlite")) as rows:
                assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                names = {row[0] for row in rows.execute("SELECT id FROM picture")}
            assert set(kept) <= names
            files = {path.stem for path in pathlib.Path(f"{place}/data/files").glob("*/*")}
            assert names <= files and not list(pathlib.Path(f"{place}/data/incoming").iterdir())
        finally:
            subprocess.run(["umount", place], check=True)
