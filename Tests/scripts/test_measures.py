#!/usr/bin/env python3
"""Tests of Scripts/weightfiles.py and Scripts/measures, which need neither numpy, torch nor a network."""

import array
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = os.path.join(ROOT, "Scripts")
sys.path.insert(0, SCRIPTS)
sys.dont_write_bytecode = True
import weightfiles  # noqa: E402


class Running:
    """Loading its pickle would make a folder."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


def tensor(shape, values):
    return weightfiles.Tensor(shape, array.array("f", values))


def named(module, name):
    """The instruction that names something."""
    return f"c{module}\n{name}\n".encode()


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def torch_record(key, count, shape, strides, storage="FloatStorage"):
    """A tensor as torch pickles it."""

    def numbers(values):
        return b"(" + b"".join(b"K" + bytes([value]) for value in values) + b"t"

    return (
        named("torch._utils", "_rebuild_tensor_v2") + b"((" + text("storage") + named("torch", storage)
        + text(key) + text("cpu") + b"K" + bytes([count]) + b"tQ" + b"K\0" + numbers(shape)
        + numbers(strides) + b"\x89" + named("collections", "OrderedDict") + b")RtR"
    )  # fmt: skip


class WeightFileTests(unittest.TestCase):
    def test_nothing_pickled_is_run(self):
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(folder, "made")
            data = pickle.dumps({"weight": Running(place)}, 3)
            with self.assertRaisesRegex(weightfiles.Refused, "it names .*mkdir, which weights do not need"):
                weightfiles.read_pickle(io.BytesIO(data))
            self.assertFalse(os.path.exists(place))

    def test_other_instructions_are_refused(self):
        with self.assertRaisesRegex(weightfiles.Refused, "an instruction INST"):
            weightfiles.read_pickle(io.BytesIO(b"(iposix\nmkdir\n."))

    def test_plain_values_are_read(self):
        value = {"a": [1, 2.5, "x", None, True], "b": {"c": (1, 2, 3, 4)}, "d": b"\0\1"}
        self.assertEqual(weightfiles.read_pickle(io.BytesIO(pickle.dumps(value, 3))), value)

    def test_a_module_of_torchscript(self):
        # A module with a tensor of its own and one of a module within it.
        inner = named("__torch__.net", "Layer") + b")\x81}" + text("weight") + torch_record("0", 6, [2, 3], [3, 1])
        module = (
            b"\x80\2" + named("__torch__.net", "Net") + b")\x81}(" + text("layer") + inner + b"sb"
            + text("bias") + torch_record("1", 2, [2], [1]) + b"ub."
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "net.pt")
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("net/data.pkl", module)
                archive.writestr("net/data/0", struct.pack("<6f", *range(6)))
                archive.writestr("net/data/1", struct.pack("<2f", 7, 8))
            found = weightfiles.read_torchscript(path)
        self.assertEqual({name: value.shape for name, value in found.items()}, {"layer.weight": [2, 3], "bias": [2]})
        self.assertEqual(list(found["layer.weight"].values), [0, 1, 2, 3, 4, 5])
        self.assertEqual(list(found["bias"].values), [7, 8])

    def test_tensors_in_another_order_are_refused(self):
        turned = weightfiles.read_pickle(io.BytesIO(torch_record("0", 6, [2, 3], [1, 2]) + b"."))
        with self.assertRaisesRegex(weightfiles.Refused, "row by row"):
            weightfiles.torch_tensor(turned, lambda key: bytes(24))

    def test_kernels_are_turned(self):
        # [height 1, width 2, in 2, out 3], the value telling the place.
        values = [100 * x + 10 * i + o for x in range(2) for i in range(2) for o in range(3)]
        turned = weightfiles.from_channels_last(tensor([1, 2, 2, 3], values))
        self.assertEqual(turned.shape, [3, 2, 1, 2])
        wanted = [100 * x + 10 * i + o for o in range(3) for i in range(2) for x in range(2)]
        self.assertEqual(list(turned.values), wanted)

    def test_a_normalisation_is_folded(self):
        weight, bias = weightfiles.folded(
            tensor([2, 1], [3, 5]), tensor([2], [1, 2]), tensor([2], [3, 0]), 1,
            scale=tensor([2], [4, 1]), shift=tensor([2], [0.5, 0]),
        )  # fmt: skip
        self.assertEqual((list(weight.values), list(bias.values)), ([6, 5], [-1.5, -2]))

    def test_safetensors_are_written(self):
        for half, kind, form in [(False, "F32", "<3f"), (True, "F16", "<3e")]:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "model.safetensors")
                weightfiles.write_safetensors({"b": tensor([1], [3]), "a": tensor([2], [1, 2])}, path, half)
                with open(path, "rb") as file:
                    data = file.read()
            (length,) = struct.unpack("<Q", data[:8])
            header = json.loads(data[8 : 8 + length])
            self.assertEqual(length % 8, 0)
            self.assertEqual([header[name]["dtype"] for name in "ab"], [kind, kind])
            self.assertEqual(header["b"]["data_offsets"][1], struct.calcsize(form))
            self.assertEqual(struct.unpack(form, data[8 + length :]), (1, 2, 3))


class ScriptTests(unittest.TestCase):
    def run_script(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "pentimento/measures/lpips-vgg"))
            return subprocess.run(
                [sys.executable, os.path.join(SCRIPTS, "measures"), *arguments], capture_output=True, text=True,
                env={**os.environ, "XDG_CACHE_HOME": folder, "PIP_NO_INDEX": "1"}, check=False,
            )  # fmt: skip

    def test_what_is_there_is_named_and_not_fetched(self):
        done = self.run_script("lpips-vgg")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.endswith("/pentimento/measures/lpips-vgg\n"))

    def test_unknown_names_are_refused_in_a_line(self):
        done = self.run_script("squeeze")
        self.assertEqual(done.returncode, 64)
        self.assertEqual(
            done.stderr,
            "measures: there is no squeeze; known: lpips-alex, lpips-vgg, inception-2015, mobilefacenet\n",
        )

    def test_a_package_that_cannot_be_had_is_named(self):
        done = self.run_script("mobilefacenet")
        self.assertEqual(done.returncode, 1)
        self.assertIn("measures: pip could not download cvglue 1.2.1", done.stderr)


if __name__ == "__main__":
    unittest.main()
