//===- KernelAbi.h - How the runtime enters a CPU kernel --------*- C++ -*-===//
//
// The one contract between generated CPU code and the runtime.
//
//===----------------------------------------------------------------------===//

#ifndef RUNTIME_CORE_KERNELABI_H
#define RUNTIME_CORE_KERNELABI_H

#include <cstdint>

namespace tombolo {

/// Runs the programs [begin, end) of a dispatch's grid on the calling thread.
/// `buffers`: one pointer per Dispatch.args; `sizes`: one value per
/// Dispatch.sizes; `scratch`: this thread's Kernel.scratch_bytes, 64-byte
/// aligned, contents undefined. Position independent, no undefined symbols, no
/// thread-local or static writable data, and no result that depends on how the
/// grid is cut into ranges.
using KernelFunction = void (*)(void *const *buffers, const int64_t *sizes,
                                int64_t begin, int64_t end, void *scratch);

/// Rows of one page of a history state.
inline constexpr int64_t kPageRows = 128;

} // namespace tombolo

#endif // RUNTIME_CORE_KERNELABI_H
