"""What the browser's tests share: a server, a Chromium, and pages that fail on anything the console complains of."""

import contextlib
import io
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCREENS = ROOT / "build" / "screens"
PROGRAM = shlex.split(os.environ.get("PENTIMENTO", str(ROOT / "bin" / "pentimento")))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}


class Server:
    """`pentimento serve` on a free port with a folder of its own."""

    def __init__(self, *flags, folder=None, port=None):
        self.folder = folder or tempfile.mkdtemp(prefix="pentimento-page-")
        self.flags = flags
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process = None

    def start(self):
        log = open(pathlib.Path(self.folder) / "log.txt", "ab")
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "--no-open", "--port", str(self.port), "--data", f"{self.folder}/data", *self.flags],
            stdout=log, stderr=log)
        for _ in range(300):
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(self.url + "healthz", timeout=2):
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError((pathlib.Path(self.folder) / "log.txt").read_text())

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def launch(chromium, *flags):
    return chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", *flags])


class Complaints(list):
    """What a page wrote to its console; `allow(part)` forgives lines that a test expects."""

    def __init__(self):
        self.allowed = []

    def allow(self, *parts):
        self.allowed += parts

    def check(self):
        left = [line for line in self if not any(part in line for part in self.allowed)]
        assert not left, left


def watched(page):
    """Notes every error and warning of a page."""
    found = Complaints()
    page.on("console", lambda line: found.append(f"{line.text} {line.location.get('url', '')}")
            if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def screen(page, name):
    """Keeps a picture of a page for people to look at."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def picture(page, url):
    """A picture of the server, read with the page's cookies."""
    response = page.request.get(url)
    assert response.ok, (url, response.status)
    return Image.open(io.BytesIO(response.body()))
