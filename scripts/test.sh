#!/usr/bin/env bash
# Builds, then runs the tests; its last lines are ctest's.
#   scripts/test.sh                  everything
#   scripts/test.sh -L fast          the tests of a minute; any ctest option works (-R NAME, -LE models)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$root/scripts/build.sh"

echo "-- run the tests${*:+ ($*)}"
cd "$build"
exec ctest --output-on-failure -j "$(nproc)" "$@"
