# What the comparisons with other programs share. Sourced by them: bench/common.sh [MODEL.gguf]
#   THREADS, PROMPT, GENERATE, ROUNDS, COMPILE_OPTIONS as each says
# Sets threads, prompt, generate, rounds, tombolo, model, work, and compiles the model into $work/model.tbo.
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

threads=${THREADS:-2} generate=${GENERATE:-64} rounds=${ROUNDS:-7}
tombolo=$build/bin/tombolo
[ -x "$tombolo" ] || fail "'$tombolo' is not there: run scripts/build.sh first"
mkdir -p "$cache"

# The given model, or the one of the quickstart.
prepare() {
  if [ $# -gt 0 ]; then model=$1; else model=$("$root/scripts/fetch-model.sh"); fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  local options
  read -ra options <<<"${COMPILE_OPTIONS:-}"
  step "compile $(basename "$model") ${COMPILE_OPTIONS:-}" \
    "$tombolo" compile "$model" -o "$work/model.tbo" "${options[@]}"
}
