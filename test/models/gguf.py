"""Writes a golden as the GGUF file that llama.cpp's converter makes of it, and verifies that against the golden's reference.

For families whose column of GGUF names no golden has. Matrices stay in the golden's storage (BF16), the rest becomes F32.
"""

import argparse
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

F32, BF16, ALIGNMENT = 0, 30, 32
UINT32, FLOAT32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9


def read_safetensors(path):
    """name -> (dtype, shape, bytes)"""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"], data[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]])
            for name, t in header.items()}


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def value(item):
    """The type and bytes of a value of the metadata."""
    if isinstance(item, list):
        kinds = [value(i) for i in item]
        return ARRAY, struct.pack("<IQ", kinds[0][0], len(item)) + b"".join(data for _, data in kinds)
    if isinstance(item, bool):
        return BOOL, struct.pack("<?", item)
    if isinstance(item, int):
        return UINT32, struct.pack("<I", item)
    if isinstance(item, float):
        return FLOAT32, struct.pack("<f", item)
    return STRING, string(item)


def write_gguf(path, metadata, tensors):
    """`tensors`: name -> (shape, type, bytes)."""
    out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
    for key, item in metadata.items():
        kind, data = value(item)
        out += string(key) + struct.pack("<I", kind) + data
    offset, body = 0, bytearray()
    for name, (shape, kind, data) in tensors.items():
        out += string(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape)) + struct.pack("<IQ", kind, offset)
        body += data + bytes(-len(data) % ALIGNMENT)
        offset = len(body)
    path.write_bytes(out + bytes(-len(out) % ALIGNMENT) + body)


def widened(dtype, data):
    """F32 from BF16."""
    if dtype == "F32":
        return data
    return b"".join(b"\0\0" + data[i:i + 2] for i in range(0, len(data), 2))


# Gemma 4: llama.cpp's conversion/gemma.py.
GEMMA4_NAMES = {
    "embed_tokens.weight": "token_embd.weight",
    "norm.weight": "output_norm.weight",
    "embed_tokens_per_layer.weight": "per_layer_token_embd.weight",
    "per_layer_model_projection.weight": "per_layer_model_proj.weight",
    "per_layer_projection_norm.weight": "per_layer_proj_norm.weight",
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "post_attention_norm.weight",
    "pre_feedforward_layernorm.weight": "ffn_norm.weight",
    "pre_feedforward_layernorm_2.weight": "pre_ffw_norm_2.weight",
    "post_feedforward_layernorm.weight": "post_ffw_norm.weight",
    "post_feedforward_layernorm_1.weight": "post_ffw_norm_1.weight",
    "post_feedforward_layernorm_2.weight": "post_ffw_norm_2.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "self_attn.q_norm.weight": "attn_q_norm.weight",
    "self_attn.k_norm.weight": "attn_k_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
    "layer_scalar": "layer_output_scale.weight",
    "router.proj.weight": "ffn_gate_inp.weight",
    "router.scale": "ffn_gate_inp.scale",
    "router.per_expert_scale": "ffn_down_exps.scale",
    "experts.gate_up_proj": "ffn_gate_up_exps.weight",
    "experts.down_proj": "ffn_down_exps.weight",
    "per_layer_input_gate.weight": "inp_gate.weight",
    "per_layer_projection.weight": "proj.weight",
    "post_per_layer_input_norm.weight": "post_norm.weight",
}


def gemma4(config, stored):
    config = config.get("text_config", config)
    layers = config["num_hidden_layers"]
    sliding = [kind == "sliding_attention" for kind in config["layer_types"]]
    heads = config["num_key_value_heads"]
    if config.get("num_global_key_value_heads"):
        heads = [heads if s else config["num_global_key_value_heads"] for s in sliding]
    width = config["intermediate_size"]
    if config["use_double_wide_mlp"]:
        width = [width if i < layers - config["num_kv_shared_layers"] else 2 * width for i in range(layers)]
    rope = config["rope_parameters"]
    keys = {
        "context_length": config["max_position_embeddings"],
        "embedding_length": config["hidden_size"],
        "block_count": layers,
        "feed_forward_length": width,
        "attention.head_count": config["num_attention_heads"],
        "attention.head_count_kv": heads,
        "attention.layer_norm_rms_epsilon": config["rms_norm_eps"],
        "attention.key_length": config["global_head_dim"],
        "attention.value_length": config["global_head_dim"],
        "attention.key_length_swa": config["head_dim"],
        "attention.value_length_swa": config["head_dim"],
        "attention.sliding_window": config["sliding_window"],
        "attention.sliding_window_pattern": sliding,
        "attention.shared_kv_layers": config["num_kv_shared_layers"],
        "embedding_length_per_layer_input": config["hidden_size_per_layer_input"],
        "rope.freq_base": rope["full_attention"]["rope_theta"],
        "rope.freq_base_swa": rope["sliding_attention"]["rope_theta"],
        "rope.dimension_count": config["global_head_dim"],
        "rope.dimension_count_swa": config["head_dim"],
        "final_logit_softcapping": config["final_logit_softcapping"],
    }
    if config["enable_moe_block"]:
        keys["expert_count"] = config["num_experts"]
        keys["expert_used_count"] = config["top_k_experts"]
        keys["expert_feed_forward_length"] = config["moe_intermediate_size"]
    names = {}
    for name in stored:
        text = re.fullmatch(r"model\.(?:language_model\.)?(?:layers\.(\d+)\.)?(.*)", name)
        if "vision" not in name:
            names[name] = (f"blk.{text[1]}." if text[1] else "") + GEMMA4_NAMES[text[2]]
    # Pairs of channels that do not turn are divided by a large number.
    pairs = config["global_head_dim"] // 2
    turning = int(config["global_head_dim"] * rope["full_attention"]["partial_rotary_factor"] / 2)
    factors = [1.0] * turning + [1e30] * (pairs - turning)
    return "gemma4", keys, names, {"rope_freqs.weight": ([pairs], F32, struct.pack(f"<{pairs}f", *factors))}


# Golden: what converts it.
CASES = {
    "gemma4": gemma4,
    "gemma4_e2b": gemma4,
    "gemma4_moe": gemma4,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tombolo", required=True)
    parser.add_argument("golden", type=pathlib.Path)
    arguments = parser.parse_args()
    golden = arguments.golden
    stored = read_safetensors(golden / "model.safetensors")
    name, keys, names, tensors = CASES[golden.name](json.loads((golden / "config.json").read_text()), stored)
    for old, new in names.items():
        dtype, shape, data = stored[old]
        # What the converter leaves as it is: matrices, but the router's.
        keeps = len(shape) > 1 and "ffn_gate_inp" not in new
        tensors[new] = (shape, BF16, data) if keeps and dtype == "BF16" else (shape, F32, widened(dtype, data))
    metadata = {"general.architecture": name} | {f"{name}.{key}": item for key, item in keys.items()}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.gguf"
        write_gguf(file, metadata, tensors)
        sys.exit(subprocess.run([arguments.tombolo, "verify", file, "--reference", golden / "expected.safetensors", "--engine", "interpreter",
                                 "--tolerance", "1e-4"]).returncode)


if __name__ == "__main__":
    main()
