#!/usr/bin/env python3
"""Finds libtorch, or fetches it once into the user's cache, and prints the folder with its lib/ and include/.

The first of these wins: the folder named by LIBTORCH; an installed Python package `torch` of the right
version; the user's cache; a download with pip (the CPU build where pip can see one). Only the standard
library is used. A problem is one line on standard error and exit status 1. With `--locate` nothing is
downloaded: the status says whether there is a libtorch.
"""

import base64
import contextlib
import csv
import fcntl
import glob
import hashlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib

VERSION = "2.13.0"
# The plain wheel needs room for itself, for what is unpacked from it, (0.53 + 0.51 GB) and some air.
NEEDED_BYTES = 1_500_000_000
# What a C++ program on a CPU does not need: the Python binding, test support, and everything that wants a GPU
# library at load time. A machine with a GPU has Python's torch installed, which wins over the download.
NOT_NEEDED = re.compile(
    r"lib(torch_python|torch_global_deps|shm|jitbackend_test|torchbind_test|backend_with_compiler"
    r"|aoti_custom_ops|caffe2_nvrtc|torch_nvshmem)\.so|_cuda|libtorch\.so"
)


class Problem(Exception):
    """Something that stops the set-up, said in one line."""


def say(text):
    print(f"setup: {text}", file=sys.stderr, flush=True)


def version_of(folder):
    """The version that a libtorch or torch package folder states, or None where it states none."""
    for name, pattern in [("version.py", r"__version__\s*=\s*['\"]([^'\"]+)"), ("build-version", r"(\S+)")]:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found = re.search(pattern, file.read())
            if found:
                return found.group(1)
    return None


def is_right(version):
    """Whether a version such as 2.13.0+cpu is the wanted one; what follows the plus is the kind of build."""
    return version is not None and version.split("+")[0] == VERSION


def is_whole(folder):
    return os.path.isfile(os.path.join(folder, "lib", "libtorch_cpu.so")) and os.path.isdir(
        os.path.join(folder, "include", "ATen")
    )


def from_environment():
    named = os.environ.get("LIBTORCH")
    if not named:
        return None
    for folder in (named, os.path.join(named, "torch"), os.path.join(named, "libtorch")):
        if is_whole(folder):
            break
    else:
        raise Problem(
            f"LIBTORCH={named} is no libtorch folder (no lib/libtorch_cpu.so and include/ATen in it); "
            f"name a folder of libtorch {VERSION} or unset LIBTORCH"
        )
    if not is_right(version_of(folder)):
        raise Problem(
            f"LIBTORCH={named} is version {version_of(folder) or 'unknown'}, but {VERSION} is needed; "
            "name another folder or unset LIBTORCH"
        )
    return os.path.realpath(folder)


def from_python():
    """The folder of the torch package that this Python would import, found without importing it."""
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec("torch")
        if spec is not None and spec.origin:
            folder = os.path.dirname(os.path.realpath(spec.origin))
            if is_whole(folder) and is_right(version_of(folder)):
                return folder
    return None


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "pentimento")


def from_cache():
    folder = os.path.join(cache_folder(), f"libtorch-{VERSION}")
    return folder if is_whole(folder) and is_right(version_of(folder)) else None


def download(requirements, into):
    """Lets pip fetch the wheels; None when it did, otherwise the line that says why it did not."""
    terminal = sys.stderr.isatty()
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-input",
        "--no-cache-dir",
        "--disable-pip-version-check",
        "--dest",
        into,
        *requirements,
    ]
    # pip builds its file in TMPDIR first: keep that on the disk whose room was checked.
    done = subprocess.run(
        command,
        stdout=sys.stderr if terminal else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": into, "PIP_REQUIRE_VIRTUALENV": "0"},
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["pip failed without a word"]
    return errors[-1].removeprefix("ERROR:").strip()


def wheel(into, prefix):
    """The one downloaded wheel of a project, opened and with every checksum of the zip file tested."""
    found = glob.glob(os.path.join(into, f"{prefix}-*.whl"))
    if len(found) != 1:
        raise Problem(f"pip left {len(found)} wheels of {prefix} where one was expected; run make again")
    try:
        opened = zipfile.ZipFile(found[0])
        broken = opened.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise Problem(
            f"the download {os.path.basename(found[0])} is broken ({error}); run make again"
        ) from None
    if broken:
        raise Problem(f"the download {os.path.basename(found[0])} is broken (at {broken}); run make again")
    return opened


def text_of(archive, pattern):
    for name in archive.namelist():
        if re.fullmatch(pattern, name):
            return archive.read(name).decode("utf-8", errors="replace")
    raise Problem(
        f"{os.path.basename(archive.filename)} has no {pattern.rsplit('/', 1)[-1]}; is it a torch wheel?"
    )


def unpack(archive, wanted, into):
    """Writes the wanted members; `wanted` gives a member its place, or None. Each is compared with RECORD."""
    record = text_of(archive, r"[^/]+\.dist-info/RECORD")
    hashes = {row[0]: row[1] for row in csv.reader(io.StringIO(record)) if len(row) >= 2}
    for member in archive.infolist():
        place = None if member.is_dir() else wanted(member.filename)
        if place is None:
            continue
        target = os.path.normpath(os.path.join(into, place))
        if not target.startswith(into + os.sep):
            raise Problem(
                f"the download is broken: its member {member.filename} points outside; run make again"
            )
        os.makedirs(os.path.dirname(target), exist_ok=True)
        digest = hashlib.sha256()
        with archive.open(member) as source, open(target, "wb") as file:
            while block := source.read(1 << 20):
                digest.update(block)
                file.write(block)
        found = "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        if hashes.get(member.filename, found if member.filename.endswith("/RECORD") else "") != found:
            raise Problem(
                f"the download is broken: {member.filename} differs from its record; run make again"
            )


def place_of(member):
    """Where a member of the torch wheel belongs in a libtorch folder, or None when it is not needed."""
    name = member.rsplit("/", 1)[-1]
    if re.fullmatch(r"(torch/lib|torch\.libs)/[^/]+\.so[^/]*", member):
        return None if NOT_NEEDED.search(name) else f"lib/{name}"
    if member.startswith("torch/include/") or member == "torch/version.py":
        return member.removeprefix("torch/")
    if ".dist-info/" in member and re.match(r"(LICEN[CS]E|NOTICE|COPYING)", name):
        return "licenses/" + re.sub(r"^[^/]+\.dist-info/(licenses/)?", "", member)
    return None


def requirements_of(archive, extra=None):
    """What a wheel requires (of one extra, where named), as (name, version pin, extras)."""
    lines = re.findall(
        r"^Requires-Dist:\s*(.+)$", text_of(archive, r"[^/]+\.dist-info/METADATA"), re.MULTILINE
    )
    for line in lines:
        found = re.match(r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$", line)
        if found and (extra is None or re.search(rf"extra\s*==\s*['\"]{extra}['\"]", found.group(4) or "")):
            yield found.group(1), found.group(3).replace(" ", ""), found.group(2) or ""


def add_cuda_runtime(torch, downloads, into):
    """libtorch_cpu.so of a CUDA build loads the CUDA runtime and profiler: two small wheels, no GPU."""
    wanted = []
    for name, pin, extras in requirements_of(torch):
        if re.match(r"nvidia-cuda-(runtime|cupti)(-cu\d+)?$", name):
            wanted.append((name, pin))
        elif name == "cuda-toolkit" and "cudart" in extras:
            problem = download([name + pin], downloads)
            if problem:
                raise Problem(
                    f"pip could not download {name}{pin}, which this build of torch names: {problem}"
                )
            with wheel(downloads, "cuda_toolkit") as toolkit:
                for part in ("cudart", "cupti"):
                    wanted += [entry[:2] for entry in requirements_of(toolkit, extra=part)]
    for name, pin in dict.fromkeys(wanted):
        problem = download([name + pin], downloads)
        if problem:
            raise Problem(f"pip could not download {name}{pin}, which this build of torch needs: {problem}")
        with wheel(downloads, name.replace("-", "_")) as archive:

            def place(member):
                found = re.fullmatch(r"nvidia/.*/lib/(lib(?:cudart|cupti)\.so[^/]*)", member)
                return f"lib/{found.group(1)}" if found else None

            unpack(archive, place, into)


def check_loads(folder):
    """Loads the library once, in another process, so that an unfit system library is named now."""
    code = (
        "import ctypes, sys\n"
        "try: ctypes.CDLL(sys.argv[1], mode=2)\n"
        "except OSError as error: sys.exit(str(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, os.path.join(folder, "lib", "libtorch_cpu.so")],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise Problem(f"libtorch {VERSION} does not load on this machine: {reason}")


def fetch():
    cache = cache_folder()
    final = os.path.join(cache, f"libtorch-{VERSION}")
    if importlib.util.find_spec("pip") is None:
        raise Problem(
            "pip is needed to download libtorch and this python3 has none: "
            "install it (sudo apt-get install python3-pip), or set LIBTORCH to a libtorch folder"
        )
    try:
        os.makedirs(cache, exist_ok=True)
        lock = open(os.path.join(cache, "lock"), "w", encoding="utf-8")
    except OSError as error:
        raise Problem(
            f"the cache folder {cache} cannot be written ({error.strerror}); "
            "set XDG_CACHE_HOME to a folder that can"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if from_cache():  # another set-up fetched it while this one waited
            return final
        for stale in glob.glob(os.path.join(cache, f"libtorch-{VERSION}.partial-*")):
            shutil.rmtree(stale, ignore_errors=True)
        free = shutil.disk_usage(cache).free
        if free < NEEDED_BYTES:
            raise Problem(
                f"libtorch needs {NEEDED_BYTES / 1e9:.1f} GB free in {cache} and there is "
                f"{free / 1e9:.2f} GB: free some, or set XDG_CACHE_HOME to a roomier folder"
            )
        partial = tempfile.mkdtemp(prefix=f"libtorch-{VERSION}.partial-", dir=cache)
        try:
            fetch_into(partial)
            if os.path.lexists(final):  # something incomplete or foreign: out of the way, then gone
                os.rename(final, os.path.join(partial, "old"))
            os.rename(os.path.join(partial, "torch"), final)
        except OSError as error:
            raise Problem(f"unpacking libtorch into {cache} failed: {error.strerror or error}") from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return final


def fetch_into(partial):
    downloads, folder = os.path.join(partial, "downloads"), os.path.join(partial, "torch")
    os.mkdir(downloads)
    os.mkdir(folder)
    say(f"fetching libtorch {VERSION} into {cache_folder()} (once; 0.2 to 0.6 GB)")
    if download([f"torch=={VERSION}+cpu"], downloads):
        problem = download([f"torch=={VERSION}"], downloads)
        if problem:
            raise Problem(f"pip could not download torch {VERSION}: {problem}")
    with wheel(downloads, "torch") as archive:
        stated = re.search(r"__version__\s*=\s*['\"]([^'\"]+)", text_of(archive, "torch/version.py"))
        if not stated or not is_right(stated.group(1)):
            raise Problem(
                f"pip downloaded torch {stated.group(1) if stated else 'of no version'} "
                f"where {VERSION} was asked for; look at pip's index settings (pip config list)"
            )
        unpack(archive, place_of, folder)
        if re.search(r"^cuda\b[^=]*=\s*['\"]", text_of(archive, "torch/version.py"), re.MULTILINE):
            add_cuda_runtime(archive, downloads, folder)
    if not is_whole(folder):
        raise Problem(
            f"the torch wheel holds no lib/libtorch_cpu.so and headers; set LIBTORCH to libtorch {VERSION}"
        )
    check_loads(folder)


def main(arguments):
    try:
        found = from_environment() or from_python() or from_cache()
        if not found:
            if arguments == ["--locate"]:
                return 1
            found = fetch()
    except Problem as problem:
        say(problem)
        return 1
    except KeyboardInterrupt:
        say("interrupted; nothing was left half done")
        return 130
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
