"""The set-up scripts: what can go wrong is one clear line and a failure; a second run says nothing.

Runs without network, root or libtorch: pip, swift, apt-get and the compiler are stand-ins made here.
"""

import base64
import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A pip that copies the wheels of $FAKE_WHEELS whose project is asked for, or fails as pip does.
FAKE_PIP = """
import os, re, shutil, sys
where, into, done = os.environ["FAKE_WHEELS"], sys.argv[sys.argv.index("--dest") + 1], False
for wanted in [a for a in sys.argv if "==" in a]:
    project, version = wanted.split("==")
    for name in os.listdir(where):
        if name.startswith(project.replace("-", "_") + "-") and "+" not in version:
            shutil.copy(os.path.join(where, name), into)
            done = True
if not done:
    print("WARNING: a word before\\nERROR: No matching distribution found for " + wanted, file=sys.stderr)
    sys.exit(1)
"""


def system_library():
    """The bytes of a shared library of this machine, so that the load check has something to load."""
    ctypes.CDLL("libm.so.6")
    with open("/proc/self/maps", encoding="utf-8") as maps:
        path = next(line.split()[-1] for line in maps if "libm.so" in line or "libm-" in line)
    with open(path, "rb") as file:
        return file.read()


def write_wheel(folder, project, version, members, metadata="", spoil=None):
    """A wheel as pip would leave it; `spoil` names a member whose recorded hash is wrong."""
    info = f"{project}-{version}.dist-info"
    members = {**members, f"{info}/METADATA": f"Name: {project}\nVersion: {version}\n{metadata}\n".encode()}
    record = ""
    with zipfile.ZipFile(
        os.path.join(folder, f"{project}-{version}-py3-none-any.whl"), "w", compression=zipfile.ZIP_DEFLATED
    ) as wheel:
        for name, data in members.items():
            wheel.writestr(name, data)
            digest = hashlib.sha256(b"spoilt" if name == spoil else data).digest()
            record += f"{name},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},{len(data)}\n"
        wheel.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


class SetupTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.repository = self.make("repository")
        shutil.copytree(os.path.join(ROOT, "Scripts"), os.path.join(self.repository, "Scripts"))
        self.wheels, self.cache, self.modules = self.make("wheels"), self.make("cache"), self.make("modules")
        self.bin = self.make("bin")
        self.write("modules/pip/__init__.py", "")
        self.write("modules/pip/__main__.py", FAKE_PIP)
        self.fake("swift", 'echo "Swift version 6.3.1 (swift-6.3.1-RELEASE)"')
        # A torch that happens to be installed must not win over what a test sets up.
        self.write("modules/torch/__init__.py", "")

    def make(self, *parts):
        path = os.path.join(self.folder, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def fake(self, name, script):
        os.chmod(self.write(f"bin/{name}", f"#!/bin/bash\n{script}\n"), 0o755)

    def libtorch(self, name, version):
        self.write(f"{name}/version.py", f"__version__ = '{version}'\n")
        self.write(f"{name}/lib/libtorch_cpu.so", "")
        return os.path.dirname(self.make(name, "include", "ATen").removesuffix("/ATen"))

    def run_script(self, name, *arguments, before=None, **environment):
        base = {key: value for key, value in os.environ.items() if key not in ("LIBTORCH", "CXX", "PYTHON")}
        base.update(
            {
                "PATH": self.bin + ":" + base["PATH"],
                "PYTHONPATH": self.modules,
                "XDG_CACHE_HOME": self.cache,
                "FAKE_WHEELS": self.wheels,
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            }
        )
        path = os.path.join(self.repository, "Scripts", name)
        command = before + [path, *arguments] if before else [path, *arguments]
        return subprocess.run(
            command, env=base, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )

    def assert_one_line(self, done, *words, announced=0):
        """It failed, and said so in one line with these words (after the lines that announce its work)."""
        self.assertNotEqual(done.returncode, 0, done.stderr)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), announced + 1, done.stderr)
        for word in words:
            self.assertIn(word, lines[-1])

    def assert_silent(self, done):
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def assert_nothing_left(self):
        self.assertEqual([n for n in os.listdir(os.path.join(self.cache, "pentimento")) if n != "lock"], [])

    def write_torch(self, version="2.13.0", metadata="", cuda="None", spoil=None):
        write_wheel(
            self.wheels,
            "torch",
            version,
            {
                "torch/version.py": f"__version__ = '{version}'\ncuda: Optional[str] = {cuda}\n".encode(),
                "torch/lib/libtorch_cpu.so": system_library(),
                "torch/lib/libtorch_python.so": b"binding",
                "torch/lib/libtorch_cuda.so": b"gpu",
                "torch/include/ATen/ATen.h": b"// header",
                "torch/nn/__init__.py": b"",
                f"torch-{version}.dist-info/licenses/LICENSE": b"free",
            },
            metadata=metadata,
            spoil=spoil,
        )

    # Swift

    def test_no_swift(self):
        tools = self.make("tools")
        for tool in ("bash", "env", "dirname", "readlink", "id"):
            os.symlink(shutil.which(tool), os.path.join(tools, tool))
        self.assert_one_line(self.run_script("setup", PATH=tools), "Swift 6.2", "swift.org")

    def test_old_swift(self):
        self.fake("swift", 'echo "Swift version 5.10.1 (swift-5.10.1-RELEASE)"')
        self.assert_one_line(self.run_script("setup"), "Swift 6.2", "5.10.1")

    # System packages

    def without_make(self):
        """A PATH on which `make` is missing, so that a package is."""
        tools = self.make("tools")
        for tool in (
            "bash",
            "env",
            "dirname",
            "readlink",
            "id",
            "sed",
            "head",
            "grep",
            "cut",
            "mktemp",
            "rm",
            "python3",
            "ldconfig",
            "mkdir",
            "ln",
            "mv",
        ):
            found = shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin")
            if tool == "python3":
                found = sys.executable
            os.symlink(found, os.path.join(tools, tool))
        return f"{self.bin}:{tools}"

    def test_a_package_is_missing_and_may_not_be_installed(self):
        self.fake("apt-get", "exit 1")
        self.fake("sudo", "exit 1")
        self.fake("id", "echo 1000")
        done = self.run_script("setup", PATH=self.without_make(), LIBTORCH=self.libtorch("own", "2.13.0"))
        self.assert_one_line(done, "run: sudo apt-get install -y make")

    def test_an_installation_fails(self):
        self.fake("apt-get", 'echo "E: Unable to locate package make" >&2; exit 100')
        self.fake("id", "echo 0")
        done = self.run_script("setup", PATH=self.without_make(), LIBTORCH=self.libtorch("own", "2.13.0"))
        self.assert_one_line(done, "Unable to locate package make", "sudo apt-get install", announced=1)

    def test_a_missing_package_is_installed(self):
        self.fake(
            "apt-get",
            f'[[ $* != *make* ]] || {{ echo "exit 0" > {self.bin}/make; chmod +x {self.bin}/make; }}',
        )
        os.symlink(shutil.which("chmod"), os.path.join(self.bin, "chmod"))
        self.fake("id", "echo 0")
        done = self.run_script("setup", PATH=self.without_make(), LIBTORCH=self.libtorch("own", "2.13.0"))
        self.assertEqual((done.returncode, done.stderr), (0, "setup: installing make\n"))

    # Which libtorch

    def test_a_named_folder_is_used_and_a_second_run_says_nothing(self):
        own = self.libtorch("own", "2.13.0+cu130")
        for _ in range(2):
            self.assert_silent(self.run_script("setup", LIBTORCH=own))
            self.assertEqual(
                os.readlink(os.path.join(self.repository, "build", "libtorch")), os.path.realpath(own)
            )

    def test_a_named_folder_of_the_wrong_version(self):
        done = self.run_script("setup", LIBTORCH=self.libtorch("old", "2.12.1"))
        self.assert_one_line(done, "2.12.1", "2.13.0 is needed")

    def test_a_named_folder_without_libtorch(self):
        self.assert_one_line(
            self.run_script("setup", LIBTORCH="/nonexistent"), "/nonexistent", "no libtorch folder"
        )

    def test_an_installed_torch_wins_over_a_download(self):
        installed = self.libtorch("modules/torch", "2.13.0+cpu")
        done = self.run_script("libtorch.py")
        self.assertEqual((done.stdout.strip(), done.stderr), (os.path.realpath(installed), ""))

    # The download

    def test_a_download_is_unpacked_once_without_what_is_not_needed(self):
        self.libtorch("modules/torch", "2.11.0")  # installed, but of another version
        self.write_torch()
        first, second = self.run_script("libtorch.py"), self.run_script("libtorch.py")
        self.assertEqual((first.returncode, len(first.stderr.splitlines())), (0, 1), first.stderr)
        folder = os.path.join(self.cache, "pentimento", "libtorch-2.13.0")
        self.assertEqual((second.stdout.strip(), second.stderr), (folder, ""))
        found = {
            os.path.relpath(os.path.join(at, name), folder)
            for at, _, names in os.walk(folder)
            for name in names
        }
        self.assertEqual(
            found, {"version.py", "lib/libtorch_cpu.so", "include/ATen/ATen.h", "licenses/LICENSE"}
        )
        self.assertEqual(sorted(os.listdir(os.path.dirname(folder))), ["libtorch-2.13.0", "lock"])

    def test_a_cuda_build_brings_the_two_libraries_it_loads(self):
        self.write_torch(
            "2.13.0",
            cuda="'13.0'",
            metadata='Requires-Dist: cuda-toolkit[cublas,cudart,cupti]==13.0.3; platform_system == "Linux"',
        )
        write_wheel(
            self.wheels,
            "cuda_toolkit",
            "13.0.3",
            {},
            metadata=(
                'Requires-Dist: nvidia-cuda-runtime==13.0.96; extra == "cudart"\n'
                'Requires-Dist: nvidia-cuda-cupti==13.0.85; extra == "cupti"\n'
                'Requires-Dist: nvidia-cublas==13.1; extra == "cublas"'
            ),
        )
        for name, library in [
            ("nvidia_cuda_runtime", "libcudart.so.13"),
            ("nvidia_cuda_cupti", "libcupti.so.13"),
        ]:
            version = "13.0.96" if "runtime" in name else "13.0.85"
            write_wheel(
                self.wheels,
                name,
                version,
                {f"nvidia/cu13/lib/{library}": b"x", "nvidia/cu13/lib/other.so": b""},
            )
        done = self.run_script("libtorch.py")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            sorted(os.listdir(os.path.join(done.stdout.strip(), "lib"))),
            ["libcudart.so.13", "libcupti.so.13", "libtorch_cpu.so"],
        )

    def test_no_pip(self):
        done = self.run_script("libtorch.py", before=[sys.executable, "-I", "-S"])
        self.assert_one_line(done, "pip is needed", "python3-pip")

    def test_pip_finds_nothing(self):
        self.assert_one_line(
            self.run_script("libtorch.py"), "No matching distribution found for torch==2.13.0", announced=1
        )
        self.assert_nothing_left()

    def test_a_truncated_download(self):
        self.write_torch()
        path = os.path.join(self.wheels, os.listdir(self.wheels)[0])
        os.truncate(path, os.path.getsize(path) // 2)
        self.assert_one_line(self.run_script("libtorch.py"), "broken", "run make again", announced=1)
        self.assert_nothing_left()

    def test_a_download_with_one_flipped_byte(self):
        self.write_torch()
        path = os.path.join(self.wheels, os.listdir(self.wheels)[0])
        with open(path, "r+b") as file:
            file.seek(5000)
            byte = file.read(1)
            file.seek(5000)
            file.write(bytes([byte[0] ^ 1]))
        self.assert_one_line(self.run_script("libtorch.py"), "broken", announced=1)
        self.assert_nothing_left()

    def test_a_download_that_differs_from_its_record(self):
        self.write_torch(spoil="torch/lib/libtorch_cpu.so")
        self.assert_one_line(
            self.run_script("libtorch.py"), "libtorch_cpu.so differs from its record", announced=1
        )
        self.assert_nothing_left()

    def test_a_download_of_the_wrong_version(self):
        self.write_torch("2.12.1")
        self.assert_one_line(self.run_script("libtorch.py"), "2.12.1", "2.13.0 was asked for", announced=1)
        self.assert_nothing_left()

    def test_a_library_that_does_not_load(self):
        write_wheel(
            self.wheels,
            "torch",
            "2.13.0",
            {
                "torch/version.py": b"__version__ = '2.13.0'\n",
                "torch/lib/libtorch_cpu.so": b"not a library",
                "torch/include/ATen/ATen.h": b"",
            },
        )
        self.assert_one_line(self.run_script("libtorch.py"), "does not load on this machine", announced=1)
        self.assert_nothing_left()

    def test_no_disk_space(self):
        self.write(
            "modules/sitecustomize.py",
            "import collections, shutil\n"
            "usage = collections.namedtuple('usage', 'total used free')(1, 1, 300_000_000)\n"
            "shutil.disk_usage = lambda path: usage\n",
        )
        self.assert_one_line(self.run_script("libtorch.py"), "needs 1.5 GB free", "0.30 GB", "XDG_CACHE_HOME")

    def test_the_disk_fills_while_unpacking(self):
        # The wheel is small, what it unpacks to is larger than the limit on a file's size set here.
        write_wheel(
            self.wheels,
            "torch",
            "2.13.0",
            {"torch/version.py": b"__version__ = '2.13.0'\n", "torch/lib/libtorch_cpu.so": bytes(4_000_000)},
        )
        done = self.run_script("libtorch.py", before=["bash", "-c", 'ulimit -f 1000; exec "$@"', "-"])
        self.assert_one_line(done, "unpacking libtorch into", "failed: File too large", announced=1)
        self.assert_nothing_left()

    def test_a_cache_that_cannot_be_written(self):
        done = self.run_script("libtorch.py", XDG_CACHE_HOME=self.write("file", ""))
        self.assert_one_line(done, "cannot be written", "XDG_CACHE_HOME")

    def test_what_a_killed_run_left_behind_is_removed(self):
        stale = self.make("cache", "pentimento", "libtorch-2.13.0.partial-old")
        self.write_torch()
        self.assertEqual(self.run_script("libtorch.py").returncode, 0)
        self.assertFalse(os.path.exists(stale))

    # The C++ library

    def prepare_shim(self):
        self.write("repository/Torch/pentimento_torch.cpp", "// one")
        self.write("repository/Sources/CTorch/include/pentimento_torch.h", "")
        self.fake("c++", 'while (($#)); do [[ $1 != -o ]] || echo built >"$2"; shift; done')
        return {"LIBTORCH": self.libtorch("own", "2.13.0"), "CXX": "c++"}

    def test_the_library_is_built_once_and_again_when_its_source_changes(self):
        environment = self.prepare_shim()
        first = self.run_script("build-torch", **environment)
        self.assertEqual((first.returncode, len(first.stderr.splitlines())), (0, 1), first.stderr)
        self.assert_silent(self.run_script("build-torch", **environment))
        self.write("repository/Torch/pentimento_torch.cpp", "// two")
        self.assertIn("compiling", self.run_script("build-torch", **environment).stderr)
        environment["LIBTORCH"] = self.libtorch("another", "2.13.0")
        self.assertIn("another", self.run_script("build-torch", **environment).stderr)

    def test_a_failed_compilation_leaves_the_old_library(self):
        environment = self.prepare_shim()
        self.run_script("build-torch", **environment)
        self.write("repository/Torch/pentimento_torch.cpp", "// wrong")
        # This compiler passes the check of its standard library and fails at everything else.
        self.fake("c++", '[[ $* == *-fsyntax-only* ]] || { echo "error: refused" >&2; exit 1; }')
        done = self.run_script("build-torch", **environment)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("could not compile", done.stderr.splitlines()[-1])
        self.assertEqual(
            sorted(os.listdir(os.path.join(self.repository, "build", "lib"))),
            [".stamp", "libpentimento_torch.so"],
        )
        self.assertIn("compiling", self.run_script("build-torch", **environment).stderr)

    def test_no_libtorch_to_build_against(self):
        self.prepare_shim()
        self.assert_one_line(self.run_script("build-torch"), "no libtorch in", "Scripts/setup")

    def test_no_python_torch_to_build_against(self):
        shutil.rmtree(os.path.join(self.modules, "torch"))
        self.prepare_shim()
        done = self.run_script("build-torch", "--torch-from-python", PYTHON="/nonexistent/python3")
        self.assert_one_line(done, "has no torch package")


if __name__ == "__main__":
    unittest.main()
