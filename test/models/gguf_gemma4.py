"""Gemma 4 as the class Gemma4Model of llama.cpp's converter writes it."""

import array
import re

from gguf_file import Tensor

NAMES = {
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


def gemma4(arch, config, stored, _):
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
    tensors = {}
    for name, tensor in stored.items():
        text = re.fullmatch(r"model\.(?:language_model\.)?(?:layers\.(\d+)\.)?(.*)", name)
        if "vision" not in name:
            tensors[(f"blk.{text[1]}." if text[1] else "") + NAMES[text[2]]] = tensor
    # Pairs of channels that do not turn are divided by a large number.
    pairs = config["global_head_dim"] // 2
    turning = int(config["global_head_dim"] * rope["full_attention"]["partial_rotary_factor"] / 2)
    tensors["rope_freqs.weight"] = Tensor([pairs], array.array("f", [1.0] * turning + [1e30] * (pairs - turning)))
    metadata = {"general.architecture": arch, "tokenizer.ggml.model": "no_vocab"}
    return metadata | {f"{arch}.{key}": value for key, value in keys.items()}, tensors
