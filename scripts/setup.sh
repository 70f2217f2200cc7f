#!/usr/bin/env bash
# Installs what the build needs: packages of Debian 12 (LLVM 22 comes with its security updates).
# A second run finds everything in place and takes no time.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=(
  # compilers and MLIR
  clang-22 lld-22 llvm-22 llvm-22-dev llvm-22-tools mlir-22-tools libmlir-22-dev clang-format-22
  libclang-rt-22-dev g++
  # what LLVM's CMake files look for
  libzstd-dev zlib1g-dev libcurl4-openssl-dev libedit-dev libxml2-dev
  # build tools
  cmake ninja-build ccache pkg-config
  # libraries
  libflatbuffers-dev flatbuffers-compiler libcli11-dev nlohmann-json3-dev libpcre2-dev libutf8proc-dev
  libxxhash-dev libfmt-dev
  # tests, benchmarks, the model of the quickstart
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-pip unzip
  # the runtime for AArch64 and RISC-V, and an emulator for its tests
  libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross
  libc6-dev-riscv64-cross libstdc++-12-dev-riscv64-cross qemu-user-static
)

command -v dpkg-query >/dev/null ||
  fail "needs Debian 12 or a system with its packages; elsewhere install LLVM and MLIR 22.1 and the libraries that CMakeLists.txt names, then call cmake"

missing=()
for package in "${packages[@]}"; do
  # A python3 that is not Debian's own serves as well where it has pip.
  case $package in
  python3 | python3-pip) python3 -m pip --version >/dev/null 2>&1 && continue ;;
  esac
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "-- setup: all ${#packages[@]} packages are installed"
  exit 0
fi

echo "-- setup: missing: ${missing[*]}"
[ "$(id -u)" = 0 ] ||
  fail "${#missing[@]} packages are missing and only root can install them: run 'sudo $root/scripts/setup.sh', then this again"
export DEBIAN_FRONTEND=noninteractive
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
quiet_step "read the package lists" "$logs/update" apt-get update -q ||
  fail "apt-get update failed (above): check the network and the apt sources, then run this again"
quiet_step "install ${#missing[@]} packages" "$logs/install" \
  apt-get install -y -q --no-install-recommends --no-remove "${missing[@]}" ||
  fail "apt-get install failed (above): LLVM 22 needs Debian 12 with its security updates among the apt sources"
