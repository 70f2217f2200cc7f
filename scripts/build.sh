#!/usr/bin/env bash
# Sets up, configures and builds everything into build/; the tools are then in build/bin.
#   scripts/build.sh [TARGET...]     only these targets of the build
#   TOMBOLO_BUILD_DIR                another build folder
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$root/scripts/setup.sh"

configure=(cmake -S "$root" -B "$build" -G Ninja
  -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 -DLLVM_USE_LINKER=lld)
if [ -f "$build/CMakeCache.txt" ] && [ ! -f "$build/build.ninja" ]; then
  fail "'$build' was configured with another generator: remove it and run this again"
fi
quiet_step "configure $build" "$build/configure.log" "${configure[@]}" ||
  fail "cmake could not configure (above; the whole log is $build/configure.log)"

step "build with $(jobs) jobs" ninja -C "$build" -j "$(jobs)" "$@" ||
  fail "the build failed: the first 'FAILED' above names the file"
[ $# -gt 0 ] || echo "-- the tools are in $build/bin"
