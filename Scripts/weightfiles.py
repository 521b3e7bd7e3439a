"""Reads weights out of pickled files without running them, and writes safetensors; the standard library is all it needs.

A pickle is a program: loading it calls whatever it names. Here nothing is called. The instructions are read one by one,
names stay names, and what a call would have made is a record of the call. Only instructions and names that plain weights
need are known; a file with any other is refused.
"""

import array
import json
import os
import pickletools
import struct
import sys
import zipfile


class Refused(Exception):
    """A file that is not what it should be, said in one line."""


class Name:
    """A name in a pickle: what it stands for is never looked up."""

    def __init__(self, text):
        self.text = text


class Made:
    """What a call would have made: its name, its arguments, and what was put into it."""

    def __init__(self, name, arguments):
        self.name, self.arguments, self.state, self.items = name, arguments, None, {}


class Stored:
    """What lies outside the pickle, by the key that names it."""

    def __init__(self, key):
        self.key = key


# The names that weights need. Classes of a TorchScript module hold other modules and are known by their beginning.
NAMES = {
    "collections.OrderedDict",
    "numpy.core.multiarray._reconstruct",
    "numpy.dtype",
    "numpy.ndarray",
    "torch.FloatStorage",
    "torch.LongStorage",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_tensor_v2",
    "torch.jit._pickle.build_intlist",
}
MODULES = "__torch__."

CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
VALUES = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES",
    "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING",
}  # fmt: skip
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def read_pickle(file):
    """The value of the pickle that begins where a binary file stands, which is left behind its end."""
    stack, marks, memo = [], [], {}

    def since_mark():
        start = marks.pop()
        values = stack[start:]
        del stack[start:]
        return values

    def put(target, pairs):
        (target.items if isinstance(target, Made) else target).update(pairs)

    def build(state):
        if isinstance(stack[-1], Made):
            stack[-1].state = state

    def call(arguments):
        name = stack.pop()
        stack.append(Made(name.text, arguments))

    for code, value, _ in pickletools.genops(file):
        name = code.name
        if name in ("PROTO", "FRAME", "STOP"):
            pass
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in VALUES:
            stack.append(value)
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name in TUPLES:
            values = tuple(stack[-TUPLES[name] :])
            del stack[-TUPLES[name] :]
            stack.append(values)
        elif name == "MARK":
            marks.append(len(stack))
        elif name == "TUPLE":
            stack.append(tuple(since_mark()))
        elif name == "GLOBAL":
            text = value.replace(" ", ".")
            if text not in NAMES and not text.startswith(MODULES):
                raise Refused(f"it names {text}, which weights do not need")
            stack.append(Name(text))
        elif name in ("REDUCE", "NEWOBJ"):
            call(stack.pop())
        elif name == "BUILD":
            build(stack.pop())
        elif name == "BINPERSID":
            stack.append(Stored(stack.pop()))
        elif name == "SETITEM":
            second, first = stack.pop(), stack.pop()
            put(stack[-1], {first: second})
        elif name == "SETITEMS":
            values = since_mark()
            put(stack[-1], dict(zip(values[::2], values[1::2])))
        elif name == "APPEND":
            second = stack.pop()
            stack[-1].append(second)
        elif name == "APPENDS":
            values = since_mark()
            stack[-1].extend(values)
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[value] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[value])
        else:
            raise Refused(f"it has an instruction {name}, which weights do not need")
    return stack.pop()


class Tensor:
    """Numbers of a shape, in memory order."""

    def __init__(self, shape, values):
        self.shape, self.values = list(shape), values
        if len(values) != size(shape):
            raise Refused(f"{len(values)} numbers where a shape of {list(shape)} belongs")


def size(shape):
    count = 1
    for length in shape:
        count *= length
    return count


def floats(data):
    values = array.array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def numpy_tensor(made):
    """The array that a record of numpy's pickling describes."""
    _, shape, kind, is_fortran, data = made.state
    if kind.arguments[0] != "f4" or is_fortran:
        raise Refused("an array of other numbers than plain float32")
    return Tensor(shape, floats(data))


def torch_tensor(made, storages):
    """The tensor that a record of torch's pickling describes; its storage by key."""
    if made.name == "torch._utils._rebuild_parameter":
        made = made.arguments[0]
    stored, offset, shape, strides = made.arguments[:4]
    _, kind, key, _, _ = stored.key[:5]
    if kind.text != "torch.FloatStorage":
        return None
    expected, step = [], 1
    for length in reversed(shape):
        expected.insert(0, step)
        step *= length
    if list(strides) != expected:
        raise Refused("a tensor that is not laid out row by row")
    values = floats(storages(key))
    return Tensor(shape, values[offset : offset + size(shape)])


def is_tensor(value):
    return isinstance(value, Made) and value.name.startswith("torch._utils._rebuild_")


def read_numpy(path):
    """{name: Tensor} of a pickled tree of arrays, names joined by dots."""
    with open(path, "rb") as file:
        tree = read_pickle(file)
    found = {}

    def walk(prefix, value):
        if isinstance(value, Made) and value.name.endswith("._reconstruct"):
            found[prefix] = numpy_tensor(value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        else:
            raise Refused(f"something else than arrays at {prefix}")

    walk("", tree)
    return found


def read_torchscript(path):
    """{name: Tensor} of the parameters of a TorchScript archive, whose code is not looked at."""
    with zipfile.ZipFile(path) as archive:
        root = archive.namelist()[0].split("/")[0]
        with archive.open(f"{root}/data.pkl") as file:
            module = read_pickle(file)
        found = {}

        def walk(prefix, value):
            if is_tensor(value):
                found[prefix] = torch_tensor(value, lambda key: archive.read(f"{root}/data/{key}"))
            elif isinstance(value, Made) and isinstance(value.state, dict):
                for key, inner in value.state.items():
                    walk(f"{prefix}.{key}" if prefix else key, inner)

        walk("", module)
    return found


def read_torch_legacy(path):
    """{name: Tensor} of a state that torch saved before it wrote zip archives; whole numbers are passed over."""
    with open(path, "rb") as file:
        for _ in range(3):  # a magic number, a version and facts about the machine
            read_pickle(file)
        state = read_pickle(file)
        storages = {}
        for key in read_pickle(file):
            (count,) = struct.unpack("<q", file.read(8))
            storages[key] = (count, file.tell())
            # The next storage follows this one; whole numbers take twice the room.
            wide = any(
                made.arguments[0].key[1].text == "torch.LongStorage" and made.arguments[0].key[2] == key
                for made in state.items.values()
            )
            file.seek(count * (8 if wide else 4), os.SEEK_CUR)

        def storage(key):
            count, place = storages[key]
            file.seek(place)
            return file.read(count * 4)

        found = {name: torch_tensor(made, storage) for name, made in state.items.items()}
    return {name: tensor for name, tensor in found.items() if tensor is not None}


def from_channels_last(tensor):
    """A kernel [height, width, in, out] as [out, in, height, width]."""
    height, width, inputs, outputs = tensor.shape
    places = height * width
    result = array.array("f", bytes(4 * len(tensor.values)))
    for place in range(places):
        plane = tensor.values[place * inputs * outputs : (place + 1) * inputs * outputs]
        for output in range(outputs):
            start = output * inputs * places + place
            result[start : (output + 1) * inputs * places : places] = plane[output::outputs]
    return Tensor([outputs, inputs, height, width], result)


def folded(weight, mean, variance, epsilon, scale=None, shift=None):
    """A layer without bias and the normalisation by stored statistics behind it, as one layer: weight and bias."""
    outputs = weight.shape[0]
    inner = len(weight.values) // outputs
    values, biases = array.array("f"), array.array("f")
    for output in range(outputs):
        factor = (scale.values[output] if scale else 1.0) / (variance.values[output] + epsilon) ** 0.5
        values.extend(value * factor for value in weight.values[output * inner : (output + 1) * inner])
        biases.append((shift.values[output] if shift else 0.0) - mean.values[output] * factor)
    return Tensor(weight.shape, values), Tensor([outputs], biases)


def write_safetensors(tensors, path, half=False):
    """Writes {name: Tensor} in the order of the names."""
    header, place = {}, 0
    width, kind = (2, "F16") if half else (4, "F32")
    for name in sorted(tensors):
        length = len(tensors[name].values) * width
        header[name] = {"dtype": kind, "shape": tensors[name].shape, "data_offsets": [place, place + length]}
        place += length
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            values = tensors[name].values
            file.write(struct.pack(f"<{len(values)}{'e' if half else 'f'}", *values))
