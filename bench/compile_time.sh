#!/usr/bin/env bash
# Whether compile time follows the number of distinct layer bodies and not the depth: compiles a checkpoint of 15 and
# one of 60 equal layers, of one shape, in turn, and prints the medians and their ratio.
#   ROUNDS=5      how often
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

rounds=${ROUNDS:-5}
tombolo=$build/bin/tombolo
[ -x "$tombolo" ] || fail "'$tombolo' is not there: run scripts/build.sh first"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" "$tombolo" "$rounds" <<'PYTHON'
import json
import os
import statistics
import struct
import subprocess
import sys
import time

work, tombolo, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
HIDDEN, HEADS, KV_HEADS, HEAD, INNER, VOCAB = 128, 4, 2, 32, 256, 512


def checkpoint(layers):
    """A llama of the given depth with small numbers for weights."""
    folder = os.path.join(work, f"layers-{layers}")
    os.makedirs(folder)
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
              "num_hidden_layers": layers, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
              "intermediate_size": INNER, "vocab_size": VOCAB, "max_position_embeddings": 512,
              "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": True,
              "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32"}
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    shapes = {"model.embed_tokens.weight": [VOCAB, HIDDEN], "model.norm.weight": [HIDDEN]}
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        shapes |= {prefix + "input_layernorm.weight": [HIDDEN], prefix + "post_attention_layernorm.weight": [HIDDEN],
                   prefix + "self_attn.q_proj.weight": [HEADS * HEAD, HIDDEN],
                   prefix + "self_attn.k_proj.weight": [KV_HEADS * HEAD, HIDDEN],
                   prefix + "self_attn.v_proj.weight": [KV_HEADS * HEAD, HIDDEN],
                   prefix + "self_attn.o_proj.weight": [HIDDEN, HEADS * HEAD],
                   prefix + "mlp.gate_proj.weight": [INNER, HIDDEN], prefix + "mlp.up_proj.weight": [INNER, HIDDEN],
                   prefix + "mlp.down_proj.weight": [HIDDEN, INNER]}
    header, offset = {}, 0
    for name, shape in shapes.items():
        size = 2
        for extent in shape:
            size *= extent
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.write(struct.pack("<H", 0x3c00) * (offset // 2))
    return folder


def seconds(folder):
    start = time.monotonic()
    subprocess.run([tombolo, "compile", folder, "-o", os.path.join(work, "out.tbo")], check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - start


depths = (15, 60)
folders = {layers: checkpoint(layers) for layers in depths}
times = {layers: [] for layers in depths}
for _ in range(rounds):
    for layers in depths:
        times[layers].append(seconds(folders[layers]))
for layers in depths:
    print(f"{layers} layers: {statistics.median(times[layers]):.2f} s (median of {rounds})")
ratio = statistics.median(b / a for a, b in zip(times[15], times[60]))
print(f"60 layers take {ratio:.2f} times as long as 15")
PYTHON
