# The runtime for RISC-V Linux, with clang and the C and C++ libraries of Debian's cross packages:
#   cmake -S . -B build/riscv64 -G Ninja --toolchain cmake/toolchains/riscv64-linux-gnu.cmake \
#     -DTOMBOLO_BUILD_COMPILER=OFF -DTOMBOLO_TEXT=OFF
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER clang-22)
set(CMAKE_CXX_COMPILER clang++-22)
set(CMAKE_C_COMPILER_TARGET riscv64-linux-gnu)
set(CMAKE_CXX_COMPILER_TARGET riscv64-linux-gnu)
add_link_options(-fuse-ld=lld)

# Programs are the build machine's, everything else the target's.
set(CMAKE_FIND_ROOT_PATH /usr/riscv64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
