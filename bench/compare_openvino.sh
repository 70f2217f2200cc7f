#!/usr/bin/env bash
# Speed of Tombolo and of OpenVINO GenAI, which reads the same GGUF file itself, one after the other in each round, the
# first of a round second in the next, and the medians of the rounds' ratios. Both decode behind the prompt.
#   bench/compare_openvino.sh [MODEL.gguf]
#   THREADS=2 PROMPT=512 GENERATE=64 ROUNDS=7      what is run
#   COMPILE_OPTIONS="--activations i8"             how Tombolo compiles the model; default: its defaults
# OpenVINO GenAI is installed once, into a Python environment in the cache folder.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=2026.4.1.0
prompt=${PROMPT:-512}
environment=$cache/openvino-genai-$version

install_openvino() {
  python3 -m venv "$environment.new" &&
    "$environment.new/bin/python" -m pip install --quiet --disable-pip-version-check "openvino-genai==$version" &&
    mv "$environment.new" "$environment"
}
[ -d "$environment" ] || quiet_step "install OpenVINO GenAI $version" "$cache/openvino.log" install_openvino ||
  fail "openvino-genai could not be installed (above)"

prepare "$@"

"$environment/bin/python" - "$model" "$tombolo" "$work/model.tbo" "$threads" "$prompt" "$generate" "$rounds" <<'PYTHON'
import json
import statistics
import subprocess
import sys

import numpy
import openvino
import openvino_genai

model, tombolo, artifact = sys.argv[1:4]
threads, prompt, generate, rounds = map(int, sys.argv[4:])
pipe = openvino_genai.LLMPipeline(model, "CPU", INFERENCE_NUM_THREADS=threads)
rng = numpy.random.default_rng(1)
mask = openvino.Tensor(numpy.ones((1, prompt), dtype=numpy.int64))
config = openvino_genai.GenerationConfig(max_new_tokens=generate, ignore_eos=True, do_sample=False)


def theirs():
    # A new prompt each time: the pipeline keeps the states of those it has seen.
    ids = openvino.Tensor(rng.integers(1000, 30000, (1, prompt), dtype=numpy.int64))
    metrics = pipe.generate(openvino_genai.TokenizedInputs(ids, mask), config).perf_metrics
    return {"prefill": prompt * 1e3 / metrics.get_ttft().mean, "decode": 1e3 / metrics.get_tpot().mean}


def ours():
    report = json.loads(subprocess.run(
        [tombolo, "bench", artifact, "--threads", str(threads), "--prompt", str(prompt), "--generate", str(generate),
         "--repeat", "1", "--json"], check=True, stdout=subprocess.PIPE).stdout)
    return {phase: report[phase] for phase in ("prefill", "decode")}


theirs()  # warms up
speeds = []
for number in range(rounds):
    print(f"-- round {number + 1} of {rounds}", flush=True)
    if number % 2 == 0:
        other, own = theirs(), ours()
    else:
        own, other = ours(), theirs()
    speeds.append((own, other))
print(f"{'':10}{'tombolo':>12}{'openvino':>12}{'ratio':>8}{'of limit':>10}   (tokens/s, medians of {rounds} rounds)")
for phase in ("prefill", "decode"):
    own = [a[phase]["tokens_per_second"] for a, _ in speeds]
    other = [b[phase] for _, b in speeds]
    ratio = statistics.median(a / b for a, b in zip(own, other))
    fraction = statistics.median(a[phase]["fraction_of_limit"] for a, _ in speeds)
    print(f"{phase:10}{statistics.median(own):12.1f}{statistics.median(other):12.1f}{ratio:8.2f}{100 * fraction:9.1f}%")
PYTHON
