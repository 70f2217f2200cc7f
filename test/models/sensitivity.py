"""Checks that `tombolo verify` notices a mechanism that is switched off in one layer, and names that layer.

A case takes the description of a golden's family, breaks one expression of it in one layer, and verifies the golden with
that description: the layers before must agree with the reference, and the first that differs must be that layer.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

# Golden: family, expression, the same without the mechanism, the layer in which it is switched off, the mechanism.
CASES = {
    "llama": ("llama", "q = rotate(heads(linear(x, wq, bq), H), rope)", "q = heads(linear(x, wq, bq), H)", 1, "rotary embedding"),
    "mistral": ("mistral", "window = sliding_window", "window = none", 1, "sliding window"),
    "mixtral": ("mixtral", "softmax(linear(x, router))", "sigmoid(linear(x, router))", 1, "softmax of the router"),
    "qwen2": ("qwen2", "k = rotate(heads(linear(x, wk, bk), K), rope)", "k = heads(linear(x, wk, bk), K)", 1, "rotary embedding of keys"),
    "qwen2_moe": ("qwen2_moe", "scores = softmax(linear(x, router))", "scores = sigmoid(linear(x, router))", 1, "softmax of the router"),
    "qwen3": ("qwen3", "q = rotate(norm(heads(linear(x, wq, bq), H), q_norm), rope)", "q = norm(heads(linear(x, wq, bq), H), q_norm)", 1,
              "rotary embedding of queries"),
    "qwen3_moe": ("qwen3_moe", "k = rotate(norm(heads(linear(x, wk, bk), K), k_norm), rope)", "k = norm(heads(linear(x, wk, bk), K), k_norm)", 1,
                  "rotary embedding of keys"),
    "qwen3_next": ("qwen3_next", "k = l2_norm(heads(k, Hk), eps = 1e-6)", "k = heads(k, Hk)", 1, "unit keys of the delta net"),
    "qwen3_5": ("qwen3_5", "sigmoid(linear(x, gdn.b))", "linear(x, gdn.b)", 1, "beta of the delta net"),
    "qwen3_5_moe": ("qwen3_5_moe", "sigmoid(linear(x, shared_gate))", "linear(x, shared_gate)", 1, "gate of the shared expert"),
    "gemma2": ("gemma2", "softcap = attn_logit_softcapping", "softcap = none", 1, "soft cap of scores"),
    "gemma3": ("gemma3", "scale = query_pre_attn_scalar ** -0.5", "scale = 1.0", 1, "scale of scores"),
    "gemma4": ("gemma4", "norm(if equal[layer] then plain else heads(linear(x, wv, bv), K[layer]), none)",
               "if equal[layer] then plain else heads(linear(x, wv, bv), K[layer])", 1, "norm of values"),
    "gemma4_e2b": ("gemma4", "activate(linear(x, input_gate), hidden_activation) * input[layer]",
                   "activate(linear(x, input_gate), hidden_activation)", 4, "input of each layer"),
    "gemma4_moe": ("gemma4", "p = normalized(take(scores, ids)) * take(expert_scale, ids)", "p = take(scores, ids) * take(expert_scale, ids)", 1,
                   "weights that add up to 1"),
    "gpt2": ("gpt2", "gqa(q, k, v, scale = scale)", "gqa(q, k, v, scale = 1.0)", 1, "scale of scores"),
    "gpt_oss": ("gpt_oss", "softmax(take(scores, ids))", "take(scores, ids)", 1, "softmax of the chosen scores"),
    "glm4_moe": ("glm4_moe", "scores = sigmoid(linear(x, router))", "scores = softmax(linear(x, router))", 1, "sigmoid of the router"),
    "glm_moe_dsa": ("glm_moe_dsa", "k_pe = rotate(k_pe, rope, pairs = pairs)", "k_pe = k_pe", 1, "rotation of the shared key"),
    "deepseek_v2": ("deepseek_v2", "k_pe = rotate(k_pe, rope, pairs = \"adjacent\")", "k_pe = k_pe", 1, "rotation of the shared key"),
    "deepseek_v3": ("deepseek_v3", "scale = (nope + pe) ** -0.5 * yarn_attention(settings)", "scale = (nope + pe) ** -0.5", 1, "mscale of yarn"),
    "deepseek_v32": ("deepseek_v3", "q = rotate(heads(linear(q_latent, index.wq), index_n_heads), rope)",
                     "q = heads(linear(q_latent, index.wq), index_n_heads)", 1, "rotation of the indexer's queries"),
    "kimi_k2_int4": ("deepseek_v3", "k_pe = rotate(k_pe, rope, pairs = pairs)", "k_pe = k_pe", 1, "rotation of the shared key"),
    "deepseek_v4": ("deepseek_v4", "entry = turn(entry, c)", "entry = entry", 2, "rotation of compressed entries"),
    "minimax_m2": ("minimax_m2", "k = rotate(heads(norm(linear(x, wk), k_norm), K), rope)", "k = heads(norm(linear(x, wk), k_norm), K)", 1,
                   "rotary embedding of keys"),
    "phi3_longrope": ("phi3", "k = rotate(heads(linear(x, wk), K), rope)", "k = heads(linear(x, wk), K)", 1, "rotary embedding"),
    "smollm3": ("smollm3", "if rotated[layer] then rotate(x, rope) else x", "rotate(x, rope)", 3,
                "layers without rotary embedding"),
    "olmo2": ("olmo2", "k = rotate(heads(norm(linear(x, wk, bk), k_norm), K), rope)", "k = heads(norm(linear(x, wk, bk), k_norm), K)", 1,
              "rotary embedding of keys"),
    "olmo3": ("olmo2", "window = if sliding then sliding_window else none", "window = none", 2, "sliding window"),
    "granite": ("granite", "attend(norm(x, attn_norm)) * residual_multiplier", "attend(norm(x, attn_norm))", 1, "factor on what attention adds"),
    "granitemoe": ("granitemoe", "softmax(take(scores, ids))", "take(scores, ids)", 1, "softmax of the chosen scores"),
    "granitemoehybrid": ("granitemoehybrid", "group_norm(y * silu(gate), ssm.norm, G, rms_norm_eps)",
                         "group_norm(y, ssm.norm, G, rms_norm_eps) * silu(gate)", 1, "norm behind the gate"),
    "granitehybrid_dense": ("granitemoehybrid", "if turns then rotate(x, rope) else x", "x", 1, "rotary embedding"),
    "falcon_h1": ("falcon_h1", "scaled(heads(linear(x, wk, bk), K), key_multiplier)", "heads(linear(x, wk, bk), K)", 1, "factor on keys"),
    "mamba2": ("mamba2", "group_norm(y * silu(gate), ssm.norm, G, layer_norm_epsilon)",
               "group_norm(y * silu(gate), ssm.norm, 1, layer_norm_epsilon)", 1, "norm by group"),
    "nemotron_h": ("nemotron_h", "group_norm(y * silu(gate), ssm.norm, G, rms_norm_eps)",
                   "group_norm(y, ssm.norm, G, rms_norm_eps) * silu(gate)", 3, "norm behind the gate"),
    "nemotron_h_moe": ("nemotron_h", "keep_groups(scores + router_bias, groups = n_group, keep = topk_group, by = 2)",
                       "(scores + router_bias)", 1, "groups of experts"),
    "nemotron_h_latent": ("nemotron_h", "relu2(expert_linear(narrow, moe.up, ids))", "relu(expert_linear(narrow, moe.up, ids))", 3,
                          "squares in the experts"),
    "cohere2": ("cohere2", "window = if sliding then sliding_window else none", "window = none", 1, "sliding window"),
    "starcoder2": ("starcoder2", "window = sliding_window", "window = none", 1, "sliding window"),
    "ernie4_5": ("ernie4_5", "k = rotate(heads(linear(x, wk, bk), K), rope, pairs = \"adjacent\")", "k = rotate(heads(linear(x, wk, bk), K), rope)", 1,
                 "rotation of neighbours"),
    "ernie4_5_moe": ("ernie4_5_moe", "scores = softmax(linear(x, router))", "scores = sigmoid(linear(x, router))", 1, "softmax of the router"),
    "hunyuan_v1_dense": ("hunyuan_v1_dense", "q = norm(rotate(heads(linear(x, wq, bq), H), rope), q_norm)", "q = rotate(norm(heads(linear(x, wq, bq), H), q_norm), rope)", 1,
                         "norm behind the rotation"),
    "seed_oss": ("seed_oss", "k = rotate(heads(linear(x, wk, bk), K), rope)", "k = heads(linear(x, wk, bk), K)", 1, "rotary embedding of keys"),
    "nemotron": ("nemotron", "squared(relu(x))", "relu(x)", 1, "square of the activation"),
    "exaone4": ("exaone4", "if sliding_window == none or types[layer] == \"sliding_attention\" then rotate(x, rope) else x", "rotate(x, rope)", 1,
                "layers without rotary embedding"),
    "dots1": ("dots1", "scores = sigmoid(linear(x, router))", "scores = softmax(linear(x, router))", 1, "sigmoid of the router"),
    "ministral3": ("ministral3", 'q = if grown == none then q else q * rearrange(grown, "t 1 -> t 1 1")', "q = q", 1,
        "growth of queries with the position"),
}


def broken(text, right, without, layer):
    """The description with an expression, or what a name is given, replaced in one layer."""
    if text.count(right) != 1:
        sys.exit(f"expects '{right}' once in the description, but it stands there {text.count(right)} times")
    name = re.match(r"\w+ = ", right)
    prefix = name.group() if name and without.startswith(name.group()) else ""
    on, off = right[len(prefix):], without[len(prefix):]
    return text.replace(right, f"{prefix}(if layer == {layer} then {off} else {on})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tombolo", required=True)
    parser.add_argument("--architectures", required=True, type=pathlib.Path)
    parser.add_argument("golden", type=pathlib.Path)
    arguments = parser.parse_args()
    family, right, without, layer, mechanism = CASES[arguments.golden.name]
    text = (arguments.architectures / f"{family}.arch").read_text()
    with tempfile.TemporaryDirectory() as folder:
        description = pathlib.Path(folder) / f"{family}.arch"
        description.write_text(broken(text, right, without, layer))
        run = subprocess.run([arguments.tombolo, "verify", arguments.golden, "--reference", arguments.golden / "expected.safetensors",
                              "--engine", "interpreter", "--arch", description, "--tolerance", "1e-4"], capture_output=True, text=True)
    print(run.stdout, run.stderr)
    wanted = f"hidden.{layer + 1}"
    if run.returncode == 0:
        sys.exit(f"expects verify to fail without {mechanism}, but it passed")
    errors = dict(row.split()[:2] for row in run.stdout.splitlines() if row.startswith("hidden."))
    first = next((name for name, error in errors.items() if float(error) > 1e-4), None)
    if first != wanted:
        sys.exit(f"expects {wanted} to be the first that differs without {mechanism}, but it is {first}")
    print(f"{mechanism}: {wanted} differs first")


if __name__ == "__main__":
    main()
