"""The families that llama.cpp's converter stores as class TextModel does: other names, and few changes besides.

Where a golden has what the converter cannot say and GGUF can (another pattern of windows, a window where it looks for none), the
key says what the golden has. Gemma 2 and dots1 are not here: GGUF has no key for the scale of the former's golden, nor for the layer
where the latter's windows begin.
"""

import array
import dataclasses
import math
import re

from gguf_file import Tensor, stacked

OUTSIDE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "wte": "token_embd",
           "wpe": "position_embd", "ln_f": "output_norm"}
INSIDE = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.qkv_proj": "attn_qkv",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.query_layernorm": "attn_q_norm", "self_attn.key_layernorm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
    "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp", "block_sparse_moe.gate": "ffn_gate_inp", "block_sparse_moe.router.layer": "ffn_gate_inp",
    "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
    # gpt2
    "ln_1": "attn_norm", "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output"}
AFTER = {"post_attention_layernorm": "post_attention_norm"}  # it normalizes what attention gives, or is called so
PARTS = {"w1": "gate", "w3": "up", "w2": "down", "gate_proj": "gate", "up_proj": "up", "down_proj": "down"}


@dataclasses.dataclass
class Family:
    arch: str
    keys: object = lambda config: {}
    names: dict = dataclasses.field(default_factory=dict)
    permuted: bool = False  # rows of queries and keys, as llama's are
    one_plus: bool = False  # norms
    transposed: bool = False  # matrices


# --- Keys ------------------------------------------------------------------------------------------------------------
def rope_of(config):
    return config.get("rope_parameters") or config.get("rope_scaling") or {}


def scaling(config):
    rope = rope_of(config)
    kind, keys = rope.get("rope_type", rope.get("type")), {}
    if kind in ("linear", "yarn"):
        keys |= {"rope.scaling.type": kind, "rope.scaling.factor": float(rope["factor"])}
    if kind == "yarn":
        keys |= {"rope.scaling.original_context_length": rope["original_max_position_embeddings"],
                 "rope.scaling.yarn_attn_factor": rope.get("attention_factor"),
                 "rope.scaling.yarn_beta_fast": float(rope["beta_fast"]), "rope.scaling.yarn_beta_slow": float(rope["beta_slow"])}
    return keys


def common(config):
    def of(*names):
        return next((config[name] for name in names if config.get(name) is not None), None)

    rope = rope_of(config)
    theta = rope.get("rope_theta", config.get("rope_theta"))
    keys = {
        "block_count": config["num_hidden_layers"], "context_length": config["max_position_embeddings"],
        "embedding_length": config["hidden_size"], "feed_forward_length": config["intermediate_size"],
        "attention.head_count": config["num_attention_heads"], "attention.head_count_kv": of("num_key_value_heads"),
        "rope.freq_base": theta and float(theta), "attention.layer_norm_rms_epsilon": of("rms_norm_eps", "norm_eps"),
        "attention.layer_norm_epsilon": of("layer_norm_eps", "norm_epsilon"),
        "expert_count": of("num_local_experts", "num_experts", "n_routed_experts"),
        "expert_used_count": of("num_experts_per_tok"), "expert_group_count": of("n_group"),
        "expert_group_used_count": of("topk_group"), "attention.key_length": of("head_dim"),
        "attention.value_length": of("head_dim")}
    return keys | scaling(config)


def head_dim(config):
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def windows(config):
    if config.get("sliding_window") is None:
        return {}
    return {"attention.sliding_window": config["sliding_window"],
            "attention.sliding_window_pattern": [kind == "sliding_attention" for kind in config["layer_types"]]}


def llama(config):
    return {"vocab_size": config["vocab_size"], "rope.dimension_count": head_dim(config)}


def sized_llama(config):
    """The class of its config gives heads a size."""
    return llama(config) | {"attention.key_length": head_dim(config), "attention.value_length": head_dim(config)}


def mistral(config):
    return llama(config) | {"attention.sliding_window": config["sliding_window"]}  # the converter writes none


def ministral3(config):
    rope = rope_of(config)
    return llama(config) | {"rope.scaling.yarn_log_multiplier": rope["mscale_all_dim"],
                            "attention.temperature_scale": rope["llama_4_scaling_beta"]}


def granite(config):
    return llama(config) | {
        "attention.scale": config["attention_multiplier"], "embedding_scale": config["embedding_multiplier"],
        "residual_scale": config["residual_multiplier"], "logit_scale": config["logits_scaling"],
        "expert_shared_feed_forward_length": config.get("shared_intermediate_size")}


def qwen2_moe(config):
    return {"expert_feed_forward_length": config["moe_intermediate_size"],
            "expert_shared_feed_forward_length": config["shared_expert_intermediate_size"]}


def routed(config):
    """A sigmoid router, shared experts, and dense layers first."""
    return {
        "expert_feed_forward_length": config["moe_intermediate_size"], "expert_shared_count": config["n_shared_experts"],
        "leading_dense_block_count": config["first_k_dense_replace"], "expert_gating_func": 2,
        "expert_weights_scale": config["routed_scaling_factor"], "expert_weights_norm": config["norm_topk_prob"]}


def glm4_moe(config):
    return routed(config) | {"nextn_predict_layers": config["num_nextn_predict_layers"],
                             "rope.dimension_count": int(head_dim(config) * config["partial_rotary_factor"])}


def ernie4_5_moe(config):
    return {
        "expert_count": config["moe_num_experts"], "expert_used_count": config["moe_k"],
        "interleave_moe_layer_step": config["moe_layer_interval"], "leading_dense_block_count": config["moe_layer_start_index"],
        "expert_feed_forward_length": config["moe_intermediate_size"], "expert_shared_count": config["moe_num_shared_experts"],
        "expert_shared_feed_forward_length": config["intermediate_size"] // config["num_key_value_heads"]}


def minimax_m2(config):
    return {"expert_gating_func": 2, "expert_feed_forward_length": config["intermediate_size"],
            "rope.dimension_count": config["rotary_dim"]}


def cohere2(config):
    return {"logit_scale": config["logit_scale"], "attention.sliding_window": config["sliding_window"],
            "attention.sliding_window_pattern": config["sliding_window_pattern"],  # not written: 4
            "vocab_size": config["vocab_size"], "rope.scaling.type": "none", "attention.key_length": head_dim(config),
            "attention.value_length": head_dim(config), "rope.dimension_count": int(config["rotary_pct"] * head_dim(config))}


def starcoder2(config):
    return {"attention.sliding_window": config["sliding_window"]}  # the converter writes none


def nemotron(config):
    return {"vocab_size": config["vocab_size"], "attention.layer_norm_epsilon": config["norm_eps"], "rope.scaling.type": "none",
            "rope.dimension_count": int(config["partial_rotary_factor"] * head_dim(config))}


def exaone4(config):
    return windows(config) | {"vocab_size": config["vocab_size"]}


def phi3(config):
    rope, trained = config["rope_scaling"], config["original_max_position_embeddings"]
    scale = config["max_position_embeddings"] / trained
    return {
        "rope.scaling.original_context_length": trained, "rope.scaling.attn_factor": math.sqrt(1 + math.log(scale) / math.log(trained)),
        "rope.dimension_count": 2 * len(rope["long_factor"]), "attention.sliding_window": config["sliding_window"] or 0}


def hunyuan(config):
    alpha, dim = config["rope_scaling"]["alpha"], config["head_dim"]
    return {"rope.freq_base": config["rope_theta"] * alpha ** (dim / (dim - 2)), "rope.scaling.type": "none",
            "rope.scaling.factor": 1.0, "rope.scaling.original_context_length": 1 << 18, "context_length": 1 << 18,
            "expert_count": None}


def gpt2(config):
    return {
        "block_count": config["n_layer"], "context_length": config["n_ctx"], "embedding_length": config["n_embd"],
        "feed_forward_length": 4 * config["n_embd"], "attention.head_count": config["n_head"],
        "attention.layer_norm_epsilon": config["layer_norm_epsilon"]}


FAMILIES = {
    "LlamaForCausalLM": Family("llama", sized_llama, permuted=True),
    "MistralForCausalLM": Family("llama", mistral, permuted=True),
    "MixtralForCausalLM": Family("llama", llama, permuted=True),
    "SmolLM3ForCausalLM": Family("smollm3", llama, permuted=True),
    "Ministral3ForCausalLM": Family("mistral3", ministral3, permuted=True),
    "GraniteForCausalLM": Family("granite", granite, permuted=True),
    "GraniteMoeSharedForCausalLM": Family("granitemoe", granite, permuted=True),
    "Qwen2ForCausalLM": Family("qwen2"),
    "Qwen2MoeForCausalLM": Family("qwen2moe", qwen2_moe),
    "Qwen3ForCausalLM": Family("qwen3"),
    "Phi3ForCausalLM": Family("phi3", phi3),
    "Olmo2ForCausalLM": Family("olmo2", names=AFTER),
    "Olmo3ForCausalLM": Family("olmo2", windows, AFTER),
    "SeedOssForCausalLM": Family("seed_oss", names=AFTER),
    "Cohere2ForCausalLM": Family("cohere2", cohere2),
    "Starcoder2ForCausalLM": Family("starcoder2", starcoder2),
    "NemotronForCausalLM": Family("nemotron", nemotron, one_plus=True),
    "Exaone4ForCausalLM": Family("exaone4", exaone4, AFTER),
    "Ernie4_5ForCausalLM": Family("ernie4_5"),
    "Ernie4_5_MoeForCausalLM": Family("ernie4_5-moe", ernie4_5_moe),
    "HunYuanDenseV1ForCausalLM": Family("hunyuan-dense", hunyuan),
    "Glm4MoeForCausalLM": Family("glm4moe", glm4_moe, AFTER),
    "MiniMaxM2ForCausalLM": Family("minimax-m2", minimax_m2),
    "GPT2LMHeadModel": Family("gpt2", gpt2, transposed=True),
}


# --- Tensors ---------------------------------------------------------------------------------------------------------
def paired(tensor, heads):
    """Rows of each head: the first of both halves, then the second of both."""
    rows, half = tensor.rows(), tensor.shape[0] // heads // 2
    return tensor.of_rows([rows[(2 * h + part) * half + i] for h in range(heads) for i in range(half) for part in range(2)])


def halves(tensor):
    """Of each matrix of a stack, or of one: the rows of the gate, and those above."""
    if len(tensor.shape) == 2:
        return tensor[:tensor.shape[0] // 2], tensor[tensor.shape[0] // 2:]
    matrices = [halves(Tensor(tensor.shape[1:], matrix)) for matrix in tensor.rows()]
    return stacked([gate for gate, _ in matrices]), stacked([up for _, up in matrices])


def stored_tensors(family, config, tensors):
    out, experts = {}, {}
    for name, tensor in tensors.items():
        stem, dot, ending = name.rpartition(".")
        layer = re.fullmatch(r"(?:model\.layers|h)\.(\d+)\.(.*)", stem)
        block, inside = (f"blk.{layer[1]}.", layer[2]) if layer else ("", stem)
        expert = re.fullmatch(r"(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(\w+)", inside)
        shared = re.fullmatch(r"mlp\.shared_experts?\.(\w+)", inside)
        if family.transposed and len(tensor.shape) == 2 and ".c_" in name:
            tensor = tensor.transposed()
        if family.one_plus and stem.endswith("norm") and ending == "weight":
            tensor = tensor.map(lambda x: x + 1)
        if inside in ("self_attn.q_proj", "self_attn.k_proj") and family.permuted:
            tensor = paired(tensor, config["num_attention_heads" if "q_proj" in inside else "num_key_value_heads"])
        if family.transposed and name.endswith(".attn.bias"):
            pass  # a mask
        elif ending == "e_score_correction_bias":
            out[f"{block}exp_probs_b.bias"] = tensor
        elif expert:
            experts.setdefault(f"{block}ffn_{PARTS[expert[2]]}_exps.{ending}", {})[int(expert[1])] = tensor
        elif shared:
            out[f"{block}ffn_{PARTS[shared[1]]}_shexp.{ending}"] = tensor
        elif inside in ("block_sparse_moe.input_linear", "shared_mlp.input_linear"):
            kind = "exps" if "sparse" in inside else "shexp"
            out[f"{block}ffn_gate_{kind}.{ending}"], out[f"{block}ffn_up_{kind}.{ending}"] = halves(tensor)
        elif inside in ("block_sparse_moe.output_linear", "shared_mlp.output_linear"):
            out[f"{block}ffn_down_{'exps' if 'sparse' in inside else 'shexp'}.{ending}"] = tensor
        else:
            out[f"{block}{(OUTSIDE | INSIDE | family.names)[inside]}.{ending}"] = tensor
    for name, matrices in experts.items():
        out[name] = stacked([matrices[i] for i in range(len(matrices))])
    return out


def rope_tensors(config):
    rope, dim = rope_of(config), head_dim(config)
    kind = rope.get("rope_type", rope.get("type"))
    if kind == "longrope":
        return {f"rope_factors_{part}.weight": Tensor([len(rope[f"{part}_factor"])], array.array("f", rope[f"{part}_factor"]))
                for part in ("long", "short")}
    if kind != "llama3":
        return {}
    low, high, trained = rope["low_freq_factor"], rope["high_freq_factor"], rope["original_max_position_embeddings"]

    def divisor(pair):
        turns = trained / (2 * math.pi * config["rope_theta"] ** (2 * pair / dim))
        smooth = min(max((turns - low) / (high - low), 0), 1)
        return 1 / ((1 - smooth) / rope["factor"] + smooth)

    return {"rope_freqs.weight": Tensor([dim // 2], array.array("f", map(divisor, range(dim // 2))))}


def fused(tensors):
    """Queries, keys and values in one, as with --fuse-qkv."""
    for name in [name for name in tensors if "attn_q." in name]:
        parts = [tensors.pop(name.replace("attn_q", part)) for part in ("attn_q", "attn_k", "attn_v")]
        tensors[name.replace("attn_q", "attn_qkv")] = parts[0] + parts[1] + parts[2]
    return tensors


def text(arch, config, tensors, other):
    family = FAMILIES[config["architectures"][0]]
    own = family.keys(config)
    keys = own if arch == "gpt2" else common(config) | own
    metadata = {"general.architecture": arch, "tokenizer.ggml.model": "no_vocab"}
    metadata |= {f"{arch}.{key}": value for key, value in keys.items() if value is not None}
    tensors = stored_tensors(family, config, tensors)
    return metadata, (fused(tensors) if other else tensors) | ({} if arch == "gpt2" else rope_tensors(config))
