"""Kills the service forty times at any moment, and sees that nothing that it acknowledged is lost.

Three writers upload pictures, ask for edits and delete; a fourth thread kills and starts. After each start every
acknowledged picture and job must be there, and at the end every job must have ended with a result.
"""

import argparse
import concurrent.futures
import http.client
import io
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = shlex.split(os.environ.get("PENTIMENTO", str(ROOT / "bin" / "pentimento")))
# All of them are waited for at the end.
MOST_JOBS = 80
PROMPT = {"prompt": "a green pear on a wooden table", "source": "a red apple on a wooden table"}


class Service:
    """The program, started again and again on one folder and one port."""

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "--no-open", "--port", str(self.port), "--data", self.folder, "--queue",
             "1000"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the service did not start: " + self.process.stderr.read())
        self.port = int(line.strip().rstrip("/").rsplit(":", 1)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None, headers=None):
        """An answer, or None where the connection broke and nothing is known."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            is_json = "json" in (answer.getheader("Content-Type") or "")
            return answer.status, json.loads(text) if is_json else text
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return None


def picture(random_source):
    image = Image.frombytes("RGB", (24, 24), random_source.randbytes(24 * 24 * 3))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


class Kept:
    """What was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.pictures, self.jobs = set(), {}


def write(service, kept, stop, number):
    source = random.Random(number)
    while not stop.is_set():
        answer = service.ask("POST", "/api/v1/pictures", picture(source), {"Content-Type": "image/png"})
        if answer is None or answer[0] not in (200, 201):
            time.sleep(0.05)
            continue
        name = answer[1]["id"]
        with kept.lock:
            kept.pictures.add(name)
        if len(kept.jobs) < MOST_JOBS and source.random() < 0.3:
            key = f"{number}-{source.random()}"
            request = json.dumps({"picture": name, "method": "sdedit", "steps": 4, "seed": 1, **PROMPT})
            headers = {"Content-Type": "application/json", "Idempotency-Key": key}
            # A lost answer is asked for again with the same key, as clients do.
            for _ in range(50):
                answer = service.ask("POST", "/api/v1/jobs", request, headers)
                if answer is not None:
                    break
                time.sleep(0.1)
            if answer and answer[0] == 202:
                with kept.lock:
                    kept.jobs[key] = answer[1]["id"]
        elif source.random() < 0.2:
            with kept.lock:
                kept.pictures.discard(name)
            service.ask("DELETE", f"/api/v1/pictures/{name}")
        time.sleep(0.02)


def check(service, kept):
    with kept.lock:
        pictures, jobs = set(kept.pictures), dict(kept.jobs)
    def is_lost(path):
        answer = service.ask("GET", path)
        return answer is not None and answer[0] != 200

    lost = [name for name in random.sample(sorted(pictures), min(20, len(pictures)))
            if is_lost(f"/api/v1/pictures/{name}/file")]
    lost += [name for name in jobs.values() if is_lost(f"/api/v1/jobs/{name}")]
    if lost:
        sys.exit(f"lost: {lost}")
    if len(set(jobs.values())) != len(jobs):
        sys.exit("two keys made one job")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pentimento-kill-")
    service, kept, stop = Service(folder), Kept(), threading.Event()
    begin = time.monotonic()
    service.start()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, service, kept, stop, number) for number in range(3)]
        try:
            for _ in range(arguments.kills):
                time.sleep(random.uniform(0.05, 0.7))
                service.kill()
                service.start()
                check(service, kept)
        finally:
            stop.set()
        for writer in writers:
            writer.result()
    states = {}
    for name in kept.jobs.values():
        for _ in range(10):
            answer = service.ask("GET", f"/api/v1/jobs/{name}?wait=55")
            if answer and answer[1]["state"] not in ("queued", "running"):
                break
        state = answer[1]["state"]
        if state == "failed":
            state += " " + answer[1]["error"]["code"]
        states[state] = states.get(state, 0) + 1
    service.process.send_signal(signal.SIGTERM)
    if service.process.wait(30) != 0:
        sys.exit(f"the service ended with {service.process.returncode}")
    with sqlite3.connect(f"{folder}/pentimento.sqlite") as rows:
        whole = rows.execute("PRAGMA integrity_check").fetchone()[0]
        missing = [name for (name, form) in rows.execute("SELECT id, format FROM picture")
                   if not (pathlib.Path(folder) / "files" / name[:2] / f"{name}.{form}").exists()]
        unknown = kept.pictures - {row[0] for row in rows.execute("SELECT id FROM picture")}
    left = list((pathlib.Path(folder) / "incoming").iterdir())
    # A job that was begun three times and killed each time fails, as it should; nothing else may.
    unexpected = [state for state in states if state not in ("done", "failed crashed")]
    if whole != "ok" or missing or unknown or left or unexpected:
        sys.exit(f"{whole}, missing {missing}, unknown {unknown}, left {left}, {states}")
    shutil.rmtree(folder)
    print(f"{arguments.kills} kills in {time.monotonic() - begin:.0f} s: {len(kept.pictures)} pictures and "
          f"{len(kept.jobs)} jobs acknowledged, none lost ({states})")


if __name__ == "__main__":
    main()
