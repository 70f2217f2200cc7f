# What the scripts share: the repository's root, messages, timed steps. Sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${TOMBOLO_BUILD_DIR:-$root/build}
# As tombolo has it.
cache=${TOMBOLO_CACHE:-${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}/tombolo}

# Prints one sentence that says what to do, and ends the script.
fail() {
  echo "$(basename "$0"): error: $*" >&2
  exit 1
}

# step "what it does" command...: says what it does, runs it, says how long it took.
step() {
  local what=$1 start=$SECONDS
  shift
  echo "-- $what"
  "$@" || return $?
  echo "-- $what: done in $((SECONDS - start)) s"
}

# The same, with the command's output kept in a file and shown only when it fails.
quiet_step() {
  local what=$1 log=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  run_logged() {
    "$@" >"$log" 2>&1 || { local status=$?; tail -n 40 "$log" >&2; return $status; }
  }
  step "$what" run_logged "$@"
}

# Compilers that can run at once: one a core, and 1.5 GB of memory each.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
  [ "$memory" -lt 1 ] && memory=1
  [ "$memory" -lt "$cores" ] && cores=$memory
  echo "$cores"
}
