"""Writes a golden of Hugging Face's layout as a GGUF file by the rules of llama.cpp's converter, and verifies it.

The rules are those of the classes TextModel, Qwen3NextModel, _LinearAttentionVReorderBase, GlmMoeDsaModel, DeepseekV2Model,
Gemma4Model, GraniteHybridModel, FalconH1Model, Mamba2Model, NemotronHModel and of those derived from them. Form `usual` is what the
converter writes by itself; form `other` has what else its options (--fuse-qkv, --fuse-gate-up-exps) or older versions write: fused
matrices, layers that follow from an interval or from the tensors there are, and draft layers behind the others. With --list, prints
the golden and the form of every case in folders of goldens.
"""

import argparse
import array
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

from gguf_file import Tensor, read_safetensors, stacked, write_gguf
from gguf_gemma4 import gemma4
from gguf_mamba2 import falcon_h1, granite_hybrid, nemotron_h, plain_mamba2
from gguf_text import FAMILIES as TEXT, rope_of, scaling, text

# --- What stays as it is, but for its name -----------------------------------------------------------------------------
GLOBAL = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
FFN = {"mlp.gate_proj.weight": "ffn_gate.weight", "mlp.up_proj.weight": "ffn_up.weight", "mlp.down_proj.weight": "ffn_down.weight",
       "mlp.gate.weight": "ffn_gate_inp.weight"}
QWEN = FFN | {
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "post_attention_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight", "self_attn.k_proj.weight": "attn_k.weight", "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.o_proj.weight": "attn_output.weight", "self_attn.q_norm.weight": "attn_q_norm.weight",
    "self_attn.k_norm.weight": "attn_k_norm.weight", "linear_attn.in_proj_qkv.weight": "attn_qkv.weight",
    "linear_attn.in_proj_z.weight": "attn_gate.weight", "linear_attn.in_proj_a.weight": "ssm_alpha.weight",
    "linear_attn.in_proj_b.weight": "ssm_beta.weight", "linear_attn.in_proj_qkvz.weight": "ssm_in.weight",
    "linear_attn.in_proj_ba.weight": "ssm_ba.weight", "linear_attn.conv1d.weight": "ssm_conv1d.weight", "linear_attn.A_log": "ssm_a",
    "linear_attn.dt_bias": "ssm_dt.bias", "linear_attn.norm.weight": "ssm_norm.weight", "linear_attn.out_proj.weight": "ssm_out.weight",
    "mlp.shared_expert.gate_proj.weight": "ffn_gate_shexp.weight", "mlp.shared_expert.up_proj.weight": "ffn_up_shexp.weight",
    "mlp.shared_expert.down_proj.weight": "ffn_down_shexp.weight", "mlp.shared_expert_gate.weight": "ffn_gate_inp_shexp.weight"}
LATENT = FFN | {
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.q_a_proj.weight": "attn_q_a.weight", "self_attn.q_a_layernorm.weight": "attn_q_a_norm.weight",
    "self_attn.q_b_proj.weight": "attn_q_b.weight", "self_attn.kv_a_proj_with_mqa.weight": "attn_kv_a_mqa.weight",
    "self_attn.kv_a_layernorm.weight": "attn_kv_a_norm.weight", "self_attn.kv_b_proj.weight": "attn_kv_b.weight",
    "self_attn.o_proj.weight": "attn_output.weight", "self_attn.indexer.wq_b.weight": "indexer.attn_q_b.weight",
    "self_attn.indexer.wk.weight": "indexer.attn_k.weight", "self_attn.indexer.k_norm.weight": "indexer.k_norm.weight",
    "self_attn.indexer.k_norm.bias": "indexer.k_norm.bias", "self_attn.indexer.weights_proj.weight": "indexer.proj.weight",
    "mlp.gate.e_score_correction_bias": "exp_probs_b.bias", "mlp.shared_experts.gate_proj.weight": "ffn_gate_shexp.weight",
    "mlp.shared_experts.up_proj.weight": "ffn_up_shexp.weight", "mlp.shared_experts.down_proj.weight": "ffn_down_shexp.weight"}


def renamed(tensors, names):
    """With the names of GGUF, and the experts of a layer in one tensor."""
    out, experts = {}, {}
    for name, tensor in tensors.items():
        name = name.replace("model.language_model.", "model.")
        layer = re.match(r"model\.layers\.(\d+)\.(.*)", name)
        expert = layer and re.match(r"mlp\.experts\.(\d+)\.(\w+)_proj\.weight", layer[2])
        if name.startswith("model.visual."):
            continue
        if not layer:
            out[GLOBAL[name]] = tensor
        elif expert:
            experts.setdefault(f"blk.{layer[1]}.ffn_{expert[2]}_exps.weight", {})[int(expert[1])] = tensor
        elif layer[2] == "mlp.experts.gate_up_proj":
            width = tensor.shape[1] // 2
            matrices = [Tensor(tensor.shape[1:], matrix) for matrix in tensor.rows()]
            out[f"blk.{layer[1]}.ffn_gate_exps.weight"] = stacked([matrix[:width] for matrix in matrices])
            out[f"blk.{layer[1]}.ffn_up_exps.weight"] = stacked([matrix[width:] for matrix in matrices])
        elif layer[2] == "mlp.experts.down_proj":
            out[f"blk.{layer[1]}.ffn_down_exps.weight"] = tensor
        else:
            out[f"blk.{layer[1]}.{names[layer[2]]}"] = tensor
    for name, matrices in experts.items():
        out[name] = stacked([matrices[i] for i in range(len(matrices))])
    return out


# --- The families ------------------------------------------------------------------------------------------------------
def metadata_of(arch, config, other, values):
    layers = config["num_hidden_layers"]
    rope = config.get("rope_parameters") or config
    metadata = {"general.architecture": arch, "tokenizer.ggml.model": "no_vocab"}
    values = {
        "block_count": layers + other, "context_length": config["max_position_embeddings"], "embedding_length": config["hidden_size"],
        "feed_forward_length": config.get("intermediate_size"), "attention.head_count": config["num_attention_heads"],
        "attention.layer_norm_rms_epsilon": config["rms_norm_eps"], "rope.freq_base": float(rope["rope_theta"]),
        "nextn_predict_layers": 1 if other else None, "expert_used_count": config.get("num_experts_per_tok"),
        "expert_feed_forward_length": config.get("moe_intermediate_size"),
        "expert_shared_feed_forward_length": config.get("shared_expert_intermediate_size"),
        "expert_count": config.get("num_experts", config.get("n_routed_experts"))} | values
    return metadata | {f"{arch}.{key}": value for key, value in values.items() if value is not None}


def qwen(arch, config, tensors, other):
    k_heads, v_heads = config["linear_num_key_heads"], config["linear_num_value_heads"]
    k_dim, v_dim, share = config["linear_key_head_dim"], config["linear_value_head_dim"], v_heads // k_heads
    keys = 2 * k_heads * k_dim
    rope = config.get("rope_parameters") or config
    linear = [kind == "linear_attention" for kind in config.get("layer_types") or
              ["full_attention" if (i + 1) % config["full_attention_interval"] == 0 else "linear_attention"
               for i in range(config["num_hidden_layers"])]]
    sections = rope.get("mrope_section")
    metadata = metadata_of(arch, config, other, {
        "attention.head_count_kv": config["num_key_value_heads"], "attention.key_length": config["head_dim"],
        "attention.value_length": config["head_dim"], "rope.dimension_count": int(config["head_dim"] * rope["partial_rotary_factor"]),
        "rope.dimension_sections": sections and sections + [0], "ssm.conv_kernel": config["linear_conv_kernel_dim"],
        "ssm.state_size": k_dim, "ssm.group_count": k_heads, "ssm.time_step_rank": v_heads, "ssm.inner_size": v_heads * v_dim,
        "full_attention_interval": config["full_attention_interval"], "attention.recurrent_layers": None if other else linear})

    def tiled(tensor, size):
        """Value heads of `size` rows: the first of every key head, then the second of every one."""
        if arch == "qwen3next":
            return tensor
        rows = tensor.rows()
        return tensor.of_rows([rows[(g * share + j) * size + c] for j in range(share) for g in range(k_heads) for c in range(size)])

    out = renamed(tensors, QWEN)
    for name, tensor in list(out.items()):
        if name.endswith("norm.weight") and not name.endswith("ssm_norm.weight"):
            out[name] = tensor.map(lambda x: x + 1)
        elif name.endswith("ssm_a"):
            out[name] = tiled(tensor.map(lambda x: -math.exp(x)), 1)
        elif name.endswith(("ssm_dt.bias", "ssm_alpha.weight", "ssm_beta.weight")):
            out[name] = tiled(tensor, 1)
        elif name.endswith("ssm_conv1d.weight"):
            tensor = tensor.reshaped(tensor.shape[0], tensor.shape[2])
            out[name] = tensor[:keys] + tiled(tensor[keys:], v_dim)
        elif name.endswith("attn_qkv.weight"):
            out[name] = tensor[:keys] + tiled(tensor[keys:], v_dim)
        elif name.endswith("attn_gate.weight"):
            out[name] = tiled(tensor, v_dim)
        elif name.endswith("ssm_out.weight"):
            out[name] = tiled(tensor.transposed(), v_dim).transposed()
        elif name.endswith("ssm_in.weight") and not other:
            group = 2 * k_dim + 2 * share * v_dim
            groups = [tensor[g * group:(g + 1) * group].rows() for g in range(k_heads)]
            ends = [0, k_dim, 2 * k_dim, 2 * k_dim + share * v_dim, group]
            q, k, v, z = [[row for one in groups for row in one[ends[i]:ends[i + 1]]] for i in range(4)]
            out[name.replace("ssm_in", "attn_qkv")] = tensor.of_rows(q + k + v)
            out[name.replace("ssm_in", "attn_gate")] = tensor.of_rows(z)
            del out[name]
        elif other and name.endswith("attn_q.weight"):
            k, v = [out.pop(name.replace("attn_q", part)) for part in ("attn_k", "attn_v")]
            out[name.replace("attn_q", "attn_qkv")] = out.pop(name) + k + v
        elif other and name.endswith("ffn_gate_exps.weight"):
            pairs = zip(out.pop(name).rows(), out.pop(name.replace("gate", "up")).rows())
            out[name.replace("gate", "gate_up")] = stacked(
                [Tensor(tensor.shape[1:], gate) + Tensor(tensor.shape[1:], up) for gate, up in pairs])
        elif other and name.endswith("ffn_gate_inp_shexp.weight"):
            out[name] = tensor.reshaped(tensor.shape[1])
    return metadata, out


def latent(arch, config, tensors, other):
    """Latent attention (MLA). Older files of deepseek2 keep the matrices of keys and values together, and have no draft layers."""
    heads, nope, pe = config["num_attention_heads"], config["qk_nope_head_dim"], config["qk_rope_head_dim"]
    rank, v_dim, old = config["kv_lora_rank"], config["v_head_dim"], other and arch == "deepseek2"
    out = renamed(tensors, LATENT)
    mscale = rope_of(config).get("mscale_all_dim")
    metadata = metadata_of(arch, config, other and not old, scaling(config) | {
        "attention.head_count_kv": heads if old else 1, "attention.key_length": nope + pe if old else rank + pe,
        "attention.value_length": v_dim if old else rank, "attention.key_length_mla": None if old else nope + pe,
        "attention.value_length_mla": None if old else v_dim, "attention.q_lora_rank": config["q_lora_rank"],
        "attention.kv_lora_rank": rank, "rope.dimension_count": pe, "leading_dense_block_count": config["first_k_dense_replace"],
        "expert_group_count": config["n_group"], "expert_group_used_count": config["topk_group"],
        "expert_gating_func": 1 if config["scoring_func"] == "softmax" else 2, "vocab_size": config["vocab_size"],
        "expert_shared_count": config["n_shared_experts"], "expert_weights_scale": float(config["routed_scaling_factor"]),
        "expert_weights_norm": config["norm_topk_prob"] or None, "rope.scaling.yarn_log_multiplier": mscale and 0.1 * mscale,
        "nextn_predict_layers": None if arch == "deepseek2" else int(other),
        "attention.indexer.head_count": config.get("index_n_heads"), "attention.indexer.key_length": config.get("index_head_dim"),
        "attention.indexer.top_k": config.get("index_topk"),
        "attention.indexer.types": None if other or arch != "glm-dsa" else
        [f"blk.{i}.indexer.attn_k.weight" in out for i in range(config["num_hidden_layers"])]})
    for name in [name for name in out if name.endswith("attn_kv_b.weight") and not other]:
        rows = out[name].rows()
        parts = [out[name].of_rows(rows[h * (nope + v_dim):(h + 1) * (nope + v_dim)]) for h in range(heads)]
        out[name.replace("kv_b", "k_b")] = stacked([part[:nope].transposed() for part in parts])
        out[name.replace("kv_b", "v_b")] = stacked([part[nope:] for part in parts])
        del out[name]
    return metadata, out


FAMILIES = {
    "Qwen3NextForCausalLM": ("qwen3next", qwen, ["usual", "other"]),
    "Qwen3_5ForCausalLM": ("qwen35", qwen, ["usual", "other"]),
    "Qwen3_5MoeForConditionalGeneration": ("qwen35moe", qwen, ["usual", "other"]),
    "GlmMoeDsaForCausalLM": ("glm-dsa", latent, ["usual", "other"]),
    "DeepseekV2ForCausalLM": ("deepseek2", latent, ["usual", "other"]),
    "DeepseekV3ForCausalLM": ("deepseek2", latent, ["usual", "other"]),
    "DeepseekV32ForCausalLM": ("deepseek32", latent, ["usual", "other"]),
    "GraniteMoeHybridForCausalLM": ("granitehybrid", granite_hybrid, ["usual"]),
    "FalconH1ForCausalLM": ("falcon-h1", falcon_h1, ["usual"]),
    "Mamba2ForCausalLM": ("mamba2", plain_mamba2, ["usual"]),
    "NemotronHForCausalLM": ("nemotron_h", nemotron_h, ["usual", "other"]),
    "Gemma4ForCausalLM": ("gemma4", gemma4, ["usual"]),
    "Gemma4ForConditionalGeneration": ("gemma4", gemma4, ["usual"]),
} | {name: (family.arch, text, ["usual"] if family.arch in ("gpt2", "phi3") else ["usual", "other"]) for name, family in TEXT.items()}


def config_of(golden):
    return json.loads((golden / "config.json").read_text())


def convert(golden, other):
    config = config_of(golden)
    arch, family, _ = FAMILIES[config["architectures"][0]]
    metadata, tensors = family(arch, config.get("text_config", config), read_safetensors(golden / "model.safetensors"), other)
    arch = metadata["general.architecture"]
    drafts = metadata.get(f"{arch}.nextn_predict_layers")
    if drafts:
        layer = metadata[f"{arch}.block_count"] - drafts
        tensors[f"blk.{layer}.nextn.enorm.weight"] = Tensor([8], array.array("f", range(8)))
    return metadata, tensors


def print_cases(roots):
    seen = set()
    for root in roots:
        for path in sorted(root.glob("*/config.json")):
            config = config_of(path.parent)
            architecture = config.get("architectures", [""])[0]
            readable = "quantization_config" not in config and config.get("torch_dtype") != "float16" and \
                (path.parent / "model.safetensors").exists()
            if architecture in FAMILIES and readable and path.parent.name not in seen:
                seen.add(path.parent.name)
                for form in FAMILIES[architecture][2]:
                    print(f"{path.parent};{form}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--tombolo")
    parser.add_argument("--engine")
    parser.add_argument("--form", choices=["usual", "other"])
    parser.add_argument("golden", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    if arguments.list:
        return print_cases(arguments.golden)
    golden = arguments.golden[0]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.gguf"
        write_gguf(path, *convert(golden, arguments.form == "other"))
        sys.exit(subprocess.run([arguments.tombolo, "verify", path, "--reference", golden / "expected.safetensors",
                                 "--engine", arguments.engine, "--tolerance", "1e-4"]).returncode)


if __name__ == "__main__":
    main()
