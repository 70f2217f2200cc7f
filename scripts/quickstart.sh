#!/usr/bin/env bash
# From a fresh clone to a first answer: builds, fetches a small model, compiles it, runs it.
#   scripts/quickstart.sh [PROMPT]
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
prompt=${1:-What is gravity? Answer in one sentence.}

"$root/scripts/build.sh" tombolo

model=
fetch() { model=$("$root/scripts/fetch-model.sh"); }
step "fetch SmolLM2-135M-Instruct" fetch || exit 1

artifact=$cache/quickstart.tbo
show() {
  echo "\$ tombolo $*"
  "$build/bin/tombolo" "$@"
}
show compile "$model" -o "$artifact" || fail "the model could not be compiled (above)"
show run "$artifact" -p "$prompt" || fail "the model could not be run (above)"
