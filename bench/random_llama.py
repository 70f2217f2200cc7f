"""Writes a GGUF file of Llama-3.2-1B's shape with random weights, to measure speed with: random_llama.py OUT [options]

No tokenizer: what runs it takes token ids. Numbers are small enough that nothing overflows; nothing else is meant.
"""

import argparse
import os
import random
import struct

# Elements and bytes of a block, the type's number, and where its f16 fields are: (offset, size of the number).
TYPES = {
    "f32": (1, 4, 0, []), "f16": (1, 2, 1, []), "bf16": (1, 2, 30, []),
    "q4_0": (32, 18, 2, [(0, 0.01)]), "q4_1": (32, 20, 3, [(0, 0.01), (2, -0.08)]),
    "q5_0": (32, 22, 6, [(0, 0.005)]), "q5_1": (32, 24, 7, [(0, 0.005), (2, -0.08)]),
    "q8_0": (32, 34, 8, [(0, 0.0006)]),
    "q2_k": (256, 84, 10, [(80, 0.004), (82, 0.004)]), "q3_k": (256, 110, 11, [(108, 0.001)]),
    "q4_k": (256, 144, 12, [(0, 0.0003), (2, 0.002)]), "q5_k": (256, 176, 13, [(0, 0.00015), (2, 0.002)]),
    "q6_k": (256, 210, 14, [(208, 0.00002)]),
    "iq4_nl": (32, 18, 20, [(0, 0.0005)]), "iq4_xs": (256, 136, 23, [(0, 0.00002)]),
    "mxfp4": (32, 17, 39, []),
    "iq1_s": (256, 50, 19, [(0, 0.02)]), "iq2_s": (256, 82, 22, [(0, 0.002)]), "iq3_s": (256, 110, 21, [(0, 0.001)]),
    "tq2_0": (256, 66, 35, [(64, 0.05)]),
}


def template(kind, blocks=4096):
    """Some blocks' bytes; repeated, they fill a tensor."""
    _, size, _, fields = TYPES[kind]
    rng = random.Random(kind)
    data = bytearray(rng.randbytes(size * blocks))
    if kind == "f32":
        data = bytearray(struct.pack(f"<{blocks}f", *(rng.gauss(0, 0.05) for _ in range(blocks))))
    elif kind in ("f16", "bf16"):
        values = [rng.gauss(0, 0.05) for _ in range(blocks)]
        data = bytearray(b"".join(struct.pack("<e", x) if kind == "f16" else struct.pack("<f", x)[2:] for x in values))
    for block in range(blocks):
        for at, number in fields:
            struct.pack_into("<e", data, block * size + at, number * (0.5 + rng.random()))
        if kind == "mxfp4":
            data[block * size] = 118 + rng.randrange(4)
    return bytes(data)


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--type", default="q4_0", choices=[*TYPES, "q4_k_m"], help="of the matrices")
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--ffn", type=int, default=8192)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--kv-heads", type=int, default=8)
    parser.add_argument("--head-size", type=int, default=64)
    parser.add_argument("--vocab", type=int, default=128256)
    options = parser.parse_args()
    hidden, ffn = options.hidden, options.ffn
    rows, kv_rows = options.heads * options.head_size, options.kv_heads * options.head_size

    def kind_of(name, layer):
        if options.type != "q4_k_m":
            return options.type
        # The mix that llama.cpp calls Q4_K_M: more bits for the table, and in half of the layers for v and down.
        more = layer < options.layers // 8 or layer >= 7 * options.layers // 8 or (layer - options.layers // 8) % 3 == 2
        return "q6_k" if name == "token_embd" or (name in ("attn_v", "ffn_down") and more) else "q4_k"

    tensors = [("token_embd.weight", [hidden, options.vocab], kind_of("token_embd", 0)),
               ("output_norm.weight", [hidden], "f32")]
    for layer in range(options.layers):
        prefix = f"blk.{layer}."
        tensors += [(prefix + "attn_norm.weight", [hidden], "f32"), (prefix + "ffn_norm.weight", [hidden], "f32")]
        for name, shape in (("attn_q", [hidden, rows]), ("attn_k", [hidden, kv_rows]), ("attn_v", [hidden, kv_rows]),
                            ("attn_output", [rows, hidden]), ("ffn_gate", [hidden, ffn]), ("ffn_up", [hidden, ffn]),
                            ("ffn_down", [ffn, hidden])):
            tensors.append((f"{prefix}{name}.weight", shape, kind_of(name, layer)))

    keys = [("general.architecture", "llama"), ("general.name", f"random {options.type}"),
            ("llama.context_length", 131072), ("llama.embedding_length", hidden), ("llama.block_count", options.layers),
            ("llama.feed_forward_length", ffn), ("llama.attention.head_count", options.heads),
            ("llama.attention.head_count_kv", options.kv_heads), ("llama.attention.key_length", options.head_size),
            ("llama.attention.value_length", options.head_size), ("llama.rope.dimension_count", options.head_size),
            ("llama.rope.freq_base", 500000.0), ("llama.attention.layer_norm_rms_epsilon", 1e-5),
            ("llama.vocab_size", options.vocab), ("tokenizer.ggml.model", "no_vocab")]
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    for name, value in keys:
        head += string(name)
        if isinstance(value, str):
            head += struct.pack("<I", 8) + string(value)
        elif isinstance(value, float):
            head += struct.pack("<If", 6, value)
        else:
            head += struct.pack("<II", 4, value)
    sizes, offset = [], 0
    for name, shape, kind in tensors:
        elements, size, number, _ = TYPES[kind]
        head += string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        head += struct.pack("<IQ", number, offset)
        count = size
        for extent in shape:
            count *= extent
        sizes.append(count // elements)
        offset += sizes[-1] + -sizes[-1] % 32
    templates = {kind: template(kind) for _, _, kind in tensors}
    with open(options.out, "wb") as file:
        file.write(head + bytes(-len(head) % 32))
        for (_, _, kind), size in zip(tensors, sizes):
            data = templates[kind]
            for _ in range(size // len(data)):
                file.write(data)
            file.write(data[:size % len(data)] + bytes(-size % 32))
    print(f"{options.out}: {os.path.getsize(options.out) / 1e6:.0f} MB")


main()
