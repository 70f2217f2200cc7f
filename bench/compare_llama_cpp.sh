#!/usr/bin/env bash
# Speed of Tombolo and of llama.cpp on the same file, SmolLM2-135M-Instruct Q4_1, one after the other in each round, the
# first of a round second in the next, and the medians of the rounds' ratios: what disturbs a round disturbs both sides.
# Both read a prompt of PROMPT tokens (ids of each side's own) and decode GENERATE tokens behind PROMPT others.
#   bench/compare_llama_cpp.sh [MODEL.gguf]
#   THREADS=2 PROMPT=256 GENERATE=64 ROUNDS=7      what is run
#   COMPILE_OPTIONS="--activations f32"            how Tombolo compiles the model; default: its defaults
# llama.cpp is built once, from the sources in the sdist of the Python package llama-cpp-python, outside the repository.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

package=llama-cpp-python version=0.3.36
prompt=${PROMPT:-256}
folder=$cache/llama.cpp-$version

fetch_sources() {
  local work
  work=$(mktemp -d "$cache/.sdist.XXXXXX")
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --dest "$work" \
    "$package==$version" && tar -xzf "$work"/*.tar.gz -C "$work" && mkdir -p "$folder" &&
    mv "$work"/*/vendor/llama.cpp "$folder/source"
  local status=$?
  rm -rf "$work"
  return $status
}
build_llama() {
  cmake -S "$folder/source" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON \
    -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF &&
    ninja -C "$folder/build" -j "$(jobs)" llama-bench
}
[ -d "$folder/source" ] || quiet_step "fetch llama.cpp (the sources in $package $version)" "$cache/llama.cpp.log" \
  fetch_sources || fail "the sources could not be fetched (above)"
llama=$folder/build/bin/llama-bench
[ -x "$llama" ] || quiet_step "build llama.cpp (some minutes, once)" "$cache/llama.cpp.log" build_llama ||
  fail "llama.cpp could not be built (above)"

prepare "$@"

# run_llama ROUND PHASE options...
run_llama() {
  "$llama" -m "$model" -t "$threads" -r 1 -o json "${@:3}" >"$work/llama.$2.$1.json" 2>/dev/null ||
    fail "llama-bench could not run '$model'"
}
theirs() {
  run_llama "$1" prefill -p "$prompt" -n 0
  run_llama "$1" decode -p 0 -n "$generate" -d "$prompt"
}
ours() {
  "$tombolo" bench "$work/model.tbo" --threads "$threads" --prompt "$prompt" --generate "$generate" --repeat 1 --json \
    >"$work/tombolo.$1.json" || fail "'tombolo bench' failed (above)"
}
for ((round = 1; round <= rounds; round++)); do
  echo "-- round $round of $rounds"
  if ((round % 2)); then theirs "$round" && ours "$round"; else ours "$round" && theirs "$round"; fi
done

python3 - "$work" "$rounds" <<'PYTHON'
import json
import statistics
import sys

work, rounds = sys.argv[1], int(sys.argv[2])
speeds = {(side, phase): [] for side in ("tombolo", "llama") for phase in ("prefill", "decode")}
fractions = {"prefill": [], "decode": []}
for number in range(1, rounds + 1):
    for phase in fractions:
        with open(f"{work}/llama.{phase}.{number}.json", encoding="utf-8") as file:
            (entry,) = json.load(file)
        speeds["llama", phase].append(entry["avg_ts"])
    with open(f"{work}/tombolo.{number}.json", encoding="utf-8") as file:
        report = json.load(file)
    for phase in fractions:
        speeds["tombolo", phase].append(report[phase]["tokens_per_second"])
        fractions[phase].append(report[phase]["fraction_of_limit"])
print(f"{'':10}{'tombolo':>12}{'llama.cpp':>12}{'ratio':>8}{'of limit':>10}   (tokens/s, medians of {rounds} rounds)")
for phase in fractions:
    ours, theirs = speeds["tombolo", phase], speeds["llama", phase]
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    print(f"{phase:10}{statistics.median(ours):12.1f}{statistics.median(theirs):12.1f}{ratio:8.2f}"
          f"{100 * statistics.median(fractions[phase]):9.1f}%")
PYTHON
