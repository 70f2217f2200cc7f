"""Families with Mamba-2 as the classes Mamba2Model, GraniteHybridModel, FalconH1Model and NemotronHModel of llama.cpp's converter write them."""

import math
import re

from gguf_file import Tensor, stacked

NAMES = {
    "embed_tokens.weight": "token_embd.weight", "final_layernorm.weight": "output_norm.weight",
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
    "pre_ff_layernorm.weight": "ffn_norm", "self_attn.q_proj.weight": "attn_q.weight", "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight", "self_attn.o_proj.weight": "attn_output.weight", "mamba.in_proj.weight": "ssm_in.weight",
    "mamba.conv1d.weight": "ssm_conv1d.weight", "mamba.conv1d.bias": "ssm_conv1d.bias", "mamba.dt_bias": "ssm_dt.bias",
    "mamba.A_log": "ssm_a", "mamba.D": "ssm_d", "mamba.norm.weight": "ssm_norm.weight", "mamba.out_proj.weight": "ssm_out.weight",
    "block_sparse_moe.router.layer.weight": "ffn_gate_inp.weight", "block_sparse_moe.output_linear.weight": "ffn_down_exps.weight",
    "feed_forward.gate_proj.weight": "ffn_gate.weight", "feed_forward.up_proj.weight": "ffn_up.weight",
    "feed_forward.down_proj.weight": "ffn_down.weight",
    "embeddings.weight": "token_embd.weight", "norm_f.weight": "output_norm.weight", "norm.weight": "attn_norm.weight",
    "mamba.q_proj.weight": "attn_q.weight", "mamba.k_proj.weight": "attn_k.weight", "mamba.v_proj.weight": "attn_v.weight",
    "mamba.o_proj.weight": "attn_output.weight", "mamba.up_proj.weight": "ffn_up.weight", "mamba.down_proj.weight": "ffn_down.weight",
    "mamba.gate.weight": "ffn_gate_inp.weight", "mamba.gate.e_score_correction_bias": "exp_probs_b.bias",
    "mamba.shared_experts.up_proj.weight": "ffn_up_shexp.weight", "mamba.shared_experts.down_proj.weight": "ffn_down_shexp.weight",
    "mamba.fc1_latent_proj.weight": "ffn_latent_down.weight", "mamba.fc2_latent_proj.weight": "ffn_latent_up.weight",
}


def renamed(name):
    if name == "model.norm.weight":
        return "output_norm.weight"
    name = name.removeprefix("model.").removeprefix("backbone.").replace(".mixer.", ".mamba.")
    layer = re.match(r"layers\.(\d+)\.(.*)", name)
    if name == "lm_head.weight":
        return "output.weight"
    return f"blk.{layer[1]}.{NAMES[layer[2]]}" if layer else NAMES[name]


def mamba2(name, tensor, groups):
    if name.endswith("conv1d.weight"):
        return tensor.reshaped(tensor.shape[0], tensor.shape[2])
    if name.endswith("A_log"):
        return tensor.map(lambda x: -math.exp(x)).reshaped(tensor.shape[0], 1)
    if name.endswith((".mamba.D", ".mixer.D")):
        return tensor.reshaped(tensor.shape[0], 1)
    if name.endswith((".mamba.norm.weight", ".mixer.norm.weight")):
        return tensor.reshaped(groups, tensor.shape[0] // groups)
    return tensor


def paired(tensor, heads):
    """Rows of rotated heads: the first of the first half, the first of the second, the next of the first half."""
    rows, size = tensor.rows(), tensor.shape[0] // heads
    return tensor.of_rows([rows[h * size + half * (size // 2) + i] for h in range(heads) for i in range(size // 2) for half in range(2)])


def shared_metadata(arch, config, inner, values):
    values = {
        "block_count": config["num_hidden_layers"], "embedding_length": config["hidden_size"],
        "feed_forward_length": config["intermediate_size"], "attention.head_count": config["num_attention_heads"],
        "attention.layer_norm_rms_epsilon": config["rms_norm_eps"], "rope.freq_base": float(config["rope_theta"]),
        "vocab_size": config["vocab_size"], "ssm.conv_kernel": config["mamba_d_conv"], "ssm.state_size": config["mamba_d_state"],
        "ssm.group_count": config["mamba_n_groups"], "ssm.inner_size": inner, "ssm.time_step_rank": config["mamba_n_heads"]} | values
    return {"general.architecture": arch, "tokenizer.ggml.model": "no_vocab"} | {f"{arch}.{key}": value for key, value in values.items()}


def granite_hybrid(arch, config, tensors, other):
    attention = [kind in ("attention", "full_attention") for kind in config["layer_types"]]
    heads, kv_heads, experts = config["num_attention_heads"], config["num_key_value_heads"], config["num_local_experts"]
    turns = config["position_embedding_type"] == "rope"
    metadata = shared_metadata(arch, config, config["mamba_expand"] * config["hidden_size"], {
        "context_length": config["max_position_embeddings"] if turns else 2**20,
        "rope.dimension_count": config["hidden_size"] // heads, "attention.scale": config["attention_multiplier"],
        "embedding_scale": config["embedding_multiplier"], "residual_scale": config["residual_multiplier"],
        "logit_scale": config["logits_scaling"], "expert_count": experts, "expert_used_count": config["num_experts_per_tok"],
        "expert_shared_feed_forward_length": config["shared_intermediate_size"],
        "attention.head_count_kv": [kv_heads if one else 0 for one in attention], "rope.scaling.finetuned": turns})
    out = {}
    for name, tensor in tensors.items():
        if name.endswith("block_sparse_moe.input_linear.weight"):
            matrices = [Tensor(tensor.shape[1:], matrix) for matrix in tensor.rows()]
            prefix, width = f"blk.{name.split('.')[2]}", config["intermediate_size"]
            out[f"{prefix}.ffn_gate_exps.weight"] = stacked([matrix[:width] for matrix in matrices])
            out[f"{prefix}.ffn_up_exps.weight"] = stacked([matrix[width:] for matrix in matrices])
        elif "shared_mlp" in name:
            prefix, suffix = f"blk.{name.split('.')[2]}", "_shexp" if experts else ""
            if "output_linear" in name:
                out[f"{prefix}.ffn_down{suffix}.weight"] = tensor
            else:
                out[f"{prefix}.ffn_gate{suffix}.weight"] = tensor[:config["shared_intermediate_size"]]
                out[f"{prefix}.ffn_up{suffix}.weight"] = tensor[config["shared_intermediate_size"]:]
        elif name.endswith("q_proj.weight"):
            out[renamed(name)] = paired(tensor, heads)
        elif name.endswith("k_proj.weight"):
            out[renamed(name)] = paired(tensor, kv_heads)
        else:
            out[renamed(name)] = mamba2(name, tensor, config["mamba_n_groups"])
    return metadata, out


def plain_mamba2(arch, config, tensors, other):
    inner = config["num_heads"] * config["head_dim"]
    values = {
        "context_length": 2**20, "embedding_length": config["hidden_size"], "feed_forward_length": 0, "attention.head_count": 0,
        "block_count": config["num_hidden_layers"], "ssm.conv_kernel": config["conv_kernel"], "ssm.inner_size": inner,
        "ssm.state_size": config["state_size"], "ssm.time_step_rank": config["num_heads"], "ssm.group_count": config["n_groups"],
        "attention.layer_norm_rms_epsilon": config["layer_norm_epsilon"]}
    metadata = {"general.architecture": arch, "tokenizer.ggml.model": "no_vocab"} | {f"{arch}.{key}": value for key, value in values.items()}
    return metadata, {renamed(name): mamba2(name, tensor, config["n_groups"]) for name, tensor in tensors.items()}


def falcon_h1(arch, config, tensors, other):
    """The factors are multiplied into the tensors."""
    inner, keys = config["mamba_d_ssm"], config["mamba_n_groups"] * config["mamba_d_state"]
    metadata = shared_metadata(arch, config, inner, {
        "context_length": config["max_position_embeddings"], "attention.head_count_kv": config["num_key_value_heads"],
        "attention.key_length": config["head_dim"], "attention.value_length": config["head_dim"]})
    inputs = config["attention_in_multiplier"]
    factors = {
        "down_proj": config["mlp_multipliers"][1], "gate_proj": config["mlp_multipliers"][0], "k_proj": config["key_multiplier"] * inputs,
        "q_proj": inputs, "v_proj": inputs, "o_proj": config["attention_out_multiplier"], "out_proj": config["ssm_out_multiplier"],
        "lm_head": config["lm_head_multiplier"], "embed_tokens": config["embedding_multiplier"]}
    out = {}
    for name, tensor in tensors.items():
        tensor = mamba2(name, tensor, config["mamba_n_groups"])
        part = name.split(".")[-2]
        if part in factors:
            tensor = tensor.map(lambda x: x * factors[part])
        elif part == "in_proj":
            ends = [0, inner, 2 * inner, 2 * inner + keys, 2 * inner + 2 * keys, tensor.shape[0]]
            scaled = [tensor[ends[i]:ends[i + 1]].map(lambda x: x * config["ssm_in_multiplier"] * config["ssm_multipliers"][i]) for i in range(5)]
            tensor = scaled[0] + scaled[1] + scaled[2] + scaled[3] + scaled[4]
        out[renamed(name)] = tensor
    return metadata, out


def nemotron_h(arch, config, tensors, other):
    """Layers are told apart by their numbers of keys and widths of feed-forward. Behind them may be one that drafts, which has both."""
    letters = {"linear_attention": "M", "full_attention": "*", "moe": "E", "mlp": "-"}
    kinds = config.get("hybrid_override_pattern") or [letters[name] for name in config["layers_block_type"]]
    arch += "_moe" if "num_experts_per_tok" in config else ""
    heads, kv_heads, inner = config["num_attention_heads"], config["num_key_value_heads"], config["mamba_num_heads"] * config["mamba_head_dim"]
    width = config["moe_intermediate_size" if "E" in kinds else "intermediate_size"]
    values = {
        "block_count": len(kinds) + other, "context_length": 2**20, "embedding_length": config["hidden_size"],
        "feed_forward_length": [width if kind in "E-" else 0 for kind in kinds] + [width] * other,
        "attention.head_count": heads, "attention.head_count_kv": [kv_heads if kind == "*" else 0 for kind in kinds] + [kv_heads] * other,
        "rope.freq_base": config.get("rope_theta"), "attention.layer_norm_rms_epsilon": config["layer_norm_epsilon"],
        "attention.layer_norm_epsilon": config["layer_norm_epsilon"], "vocab_size": config["vocab_size"],
        "rope.dimension_count": config["hidden_size"] // heads, "rope.scaling.finetuned": False, "attention.key_length": config["head_dim"],
        "attention.value_length": config["head_dim"], "ssm.conv_kernel": config["conv_kernel"], "ssm.state_size": config["ssm_state_size"],
        "ssm.group_count": config["n_groups"], "ssm.inner_size": inner, "ssm.time_step_rank": config["mamba_num_heads"],
        "nextn_predict_layers": 1 if other else None}
    if "E" in kinds:
        values |= {
            "expert_used_count": config["num_experts_per_tok"], "expert_feed_forward_length": width,
            "expert_shared_feed_forward_length": config["moe_shared_expert_intermediate_size"], "expert_count": config["n_routed_experts"],
            "expert_shared_count": config["n_shared_experts"], "expert_weights_norm": config["norm_topk_prob"],
            "expert_weights_scale": config["routed_scaling_factor"], "expert_group_count": config["n_group"],
            "expert_group_used_count": config["topk_group"], "moe_latent_size": config.get("moe_latent_size")}
    metadata = {"general.architecture": arch, "tokenizer.ggml.model": "no_vocab"}
    metadata |= {f"{arch}.{key}": value for key, value in values.items() if value is not None}
    out, experts = {}, {}
    for name, tensor in tensors.items():
        expert = re.match(r"backbone\.layers\.(\d+)\.mixer\.experts\.(\d+)\.(\w+)_proj\.weight", name)
        if expert:
            experts.setdefault(f"blk.{expert[1]}.ffn_{expert[3]}_exps.weight", {})[int(expert[2])] = tensor
        elif name.endswith("q_proj.weight"):
            out[renamed(name)] = paired(tensor, heads)
        elif name.endswith("k_proj.weight"):
            out[renamed(name)] = paired(tensor, kv_heads)
        else:
            out[renamed(name)] = mamba2(name, tensor, config["n_groups"])
    for name, matrices in experts.items():
        out[name] = stacked([matrices[i] for i in range(len(matrices))])
    return metadata, out
