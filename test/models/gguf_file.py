"""Tensors of a golden, and GGUF files of them."""

import array
import json
import struct
import sys


class Tensor:
    """float32 elements in row-major order."""

    def __init__(self, shape, data):
        self.shape, self.data = list(shape), data

    def rows(self):
        """The slices along the first axis."""
        size = len(self.data) // self.shape[0]
        return [self.data[i * size:(i + 1) * size] for i in range(self.shape[0])]

    def of_rows(self, rows):
        """Some of the slices, in any order."""
        data = array.array("f")
        for row in rows:
            data.extend(row)
        return Tensor([len(rows)] + self.shape[1:], data)

    def __getitem__(self, part):
        return self.of_rows(self.rows()[part])

    def __add__(self, other):
        return Tensor([self.shape[0] + other.shape[0]] + self.shape[1:], self.data + other.data)

    def map(self, function):
        return Tensor(self.shape, array.array("f", map(function, self.data)))

    def reshaped(self, *shape):
        return Tensor(shape, self.data)

    def transposed(self):
        return Tensor(self.shape[::-1], array.array("f", [x for column in zip(*self.rows()) for x in column]))


def stacked(tensors):
    data = array.array("f")
    for tensor in tensors:
        data.extend(tensor.data)
    return Tensor([len(tensors)] + tensors[0].shape, data)


def read_safetensors(path):
    raw = path.read_bytes()
    size = struct.unpack_from("<Q", raw)[0]
    tensors = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        stored = raw[8 + size + begin:8 + size + end]
        data = array.array("f")
        if entry["dtype"] == "BF16":
            wide = bytearray(2 * len(stored))
            wide[2::4], wide[3::4] = stored[0::2], stored[1::2]
            stored = bytes(wide)
        elif entry["dtype"] != "F32":
            sys.exit(f"{path}: tensor '{name}': expects BF16 or F32, but got {entry['dtype']}")
        data.frombytes(stored)
        tensors[name] = Tensor(entry["shape"] or [1], data)
    return tensors


def write_gguf(path, metadata, tensors):
    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    def typed(value):
        """The number of its type, and its bytes."""
        if isinstance(value, bool):
            return 7, struct.pack("<?", value)
        if isinstance(value, int):
            return 4, struct.pack("<I", value)
        if isinstance(value, float):
            return 6, struct.pack("<f", value)
        if isinstance(value, list) and type(value[0]) is int:
            return 9, struct.pack(f"<IQ{len(value)}i", 5, len(value), *value)
        if isinstance(value, list):
            return 9, struct.pack("<IQ", typed(value[0])[0], len(value)) + b"".join(typed(one)[1] for one in value)
        return 8, text(value)

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        number, stored = typed(value)
        head += text(key) + struct.pack("<I", number) + stored
    body = b""
    for name, tensor in tensors.items():
        head += text(name) + struct.pack("<I", len(tensor.shape))
        head += struct.pack(f"<{len(tensor.shape)}Q", *reversed(tensor.shape)) + struct.pack("<IQ", 0, len(body))
        body += tensor.data.tobytes()
        body += bytes(-len(body) % 32)
    path.write_bytes(head + bytes(-len(head) % 32) + body)
