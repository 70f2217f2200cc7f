"""Writes small well-formed files for the fuzzers to start from: seeds.py FOLDER"""

import json
import pathlib
import struct
import sys


def safetensors(tensors, metadata=None, pad=0):
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode() + b" " * pad
    return struct.pack("<Q", len(text)) + text + data


def quantized(method, tensors):
    """A line of config, then the tensors."""
    config = {"quantization_config": method, "expert_dtype": "fp4"}
    return json.dumps(config).encode() + b"\n" + safetensors(tensors)


def string(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


VALUES = {"u8": (0, "B"), "i8": (1, "b"), "u16": (2, "H"), "i16": (3, "h"),
          "u32": (4, "I"), "i32": (5, "i"), "f32": (6, "f"), "bool": (7, "?"),
          "u64": (10, "Q"), "i64": (11, "q"), "f64": (12, "d")}


def value(kind, content):
    if kind == "string":
        return struct.pack("<I", 8) + string(content)
    if kind.startswith("list of "):
        packed = [value(kind[8:], element) for element in content]
        element_type = value(kind[8:], "" if kind.endswith("string") else 0)[:4]
        return (struct.pack("<I", 9) + element_type + struct.pack("<Q", len(packed))
                + b"".join(element[4:] for element in packed))
    number, code = VALUES[kind]
    return struct.pack("<I" + code, number, content)


def gguf(keys, tensors, version=3, alignment=32):
    """`tensors`: name to (sizes, type number, data)."""
    head = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), len(keys))
    for name, (kind, content) in keys.items():
        head += string(name) + value(kind, content)
    data = b""
    for name, (sizes, number, content) in tensors.items():
        head += string(name) + struct.pack("<I", len(sizes))
        head += struct.pack(f"<{len(sizes)}q", *sizes)
        head += struct.pack("<IQ", number, len(data))
        data += content + bytes(-len(content) % alignment)
    return head + bytes(-len(head) % alignment) + data


# Elements and bytes of a block by type number, of every type with blocks.
BLOCKS = {2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
          10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176),
          14: (256, 210), 16: (256, 66), 17: (256, 74), 18: (256, 98),
          19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
          23: (256, 136), 29: (256, 56), 34: (256, 54), 35: (256, 66),
          39: (32, 17), 40: (64, 36), 41: (128, 18), 42: (64, 18)}

SEEDS = {
    "safetensors/empty": safetensors({}),
    "safetensors/two": safetensors(
        {"a": ("F32", [], bytes(4)), "b.weight": ("BF16", [2, 3], bytes(12))},
        {"format": "pt"}, 4),
    "safetensors/small": safetensors(
        {"f4": ("F4", [4], bytes(2)), "f6": ("F6_E2M3", [4], bytes(3)),
         "f8": ("F8_E4M3", [1, 2], b"ab"), "none": ("I64", [0, 3], b"")}),
    "safetensors/header-only": safetensors({"a": ("U8", [9], b"")}),
    "storage/fp8": quantized(
        {"quant_method": "fp8", "weight_block_size": [2, 2]},
        {"a.weight": ("F8_E4M3", [3, 3], bytes(9)), "a.weight_scale_inv": ("F32", [2, 2], bytes(16))}),
    "storage/fp4": quantized(
        {"quant_method": "fp8"}, {"a.weight": ("I8", [1, 16], bytes(16)), "a.scale": ("F8_E8M0", [1, 1], b"x")}),
    "storage/mxfp4": quantized(
        {"quant_method": "mxfp4"}, {"a_blocks": ("U8", [2, 16], bytes(32)), "a_scales": ("U8", [2], b"xy")}),
    "storage/awq": quantized(
        {"quant_method": "awq", "group_size": 2},
        {"a.qweight": ("I32", [2, 1], bytes(8)), "a.qzeros": ("I32", [1, 1], bytes(4)),
         "a.scales": ("F16", [1, 8], bytes(16))}),
    "storage/gptq": quantized(
        {"quant_method": "gptq", "bits": 4, "group_size": -1, "desc_act": True},
        {"a.qweight": ("I32", [1, 8], bytes(32)), "a.qzeros": ("I32", [1, 1], bytes(4)),
         "a.scales": ("F16", [1, 8], bytes(16)), "a.g_idx": ("I32", [8], bytes(32)),
         "a.bias": ("F16", [8], bytes(16))}),
    "storage/packed": quantized(
        {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}}}},
        {"a.weight_packed": ("I32", [2, 1], bytes(8)), "a.weight_scale": ("BF16", [2, 2], bytes(8)),
         "a.weight_shape": ("I64", [2], struct.pack("<2q", 2, 8)),
         "a.weight_zero_point": ("I32", [1, 2], bytes(8)), "a.weight_g_idx": ("I32", [8], bytes(32))}),
    "storage/nvfp4": quantized(
        {"quant_method": "compressed-tensors"},
        {"a.weight_packed": ("U8", [1, 16], bytes(16)), "a.weight_scale": ("F8_E4M3", [1, 2], b"88"),
         "a.weight_global_scale": ("F32", [1], struct.pack("<f", 2)), "a.input_scale": ("F32", [1], bytes(4))}),
    "storage/int8": quantized(
        {"quant_method": "compressed-tensors"},
        {"a.weight": ("I8", [2, 2], bytes(4)), "a.weight_scale": ("F32", [2, 1], bytes(8)),
         "a.weight_zero_point": ("I8", [2, 1], bytes(2))}),
    "storage/modelopt": quantized(
        {"quant_method": "modelopt", "quant_algo": "NVFP4"},
        {"a.weight": ("U8", [1, 8], bytes(8)), "a.weight_scale": ("F8_E4M3", [1, 1], b"8"),
         "a.weight_scale_2": ("F32", [], struct.pack("<f", 2))}),
    "storage/modelopt-file": b'{"hf_quant_config.json": {"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8"}}}\n'
        + safetensors({"a.weight": ("F8_E4M3", [2, 2], bytes(4)), "a.weight_scale": ("F32", [], struct.pack("<f", 2)),
                       "a.k_scale": ("F32", [], bytes(4))}),
    "gguf/empty": gguf({}, {}),
    "gguf/values": gguf(
        {kind: (kind, 1) for kind in VALUES}
        | {"general.architecture": ("string", "llama"),
           "tokens": ("list of string", ["a", "", "\u00fc"]),
           "scores": ("list of f32", [0.5, 1.5]),
           "general.alignment": ("u32", 32)}, {}),
    "gguf/tensors": gguf(
        {"general.architecture": ("string", "llama")},
        {"scalar": ([], 0, bytes(4)), "a.weight": ([4, 2], 1, bytes(16)),
         "b.weight": ([32, 2], 2, bytes(36))}, version=2),
} | {f"gguf/type-{number}": gguf({}, {"t": ([elements], number, bytes(range(size)))})
     for number, (elements, size) in BLOCKS.items()}


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, content in SEEDS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


main()
