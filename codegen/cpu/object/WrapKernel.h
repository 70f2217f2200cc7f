//===- WrapKernel.h - The ABI entry of a kernel -----------------*- C++ -*-===//

#ifndef CODEGEN_CPU_OBJECT_WRAPKERNEL_H
#define CODEGEN_CPU_OBJECT_WRAPKERNEL_H

#include "support/Result.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace tombolo {

/// Attribute of an entry function (i64): the bytes of scratch it needs.
/// Functions that have it are the entries of emitObject.
inline constexpr llvm::StringLiteral kScratchBytesAttr =
    "tombolo.scratch_bytes";

/// Makes `name`, an entry of runtime/core/KernelAbi.h, beside `body`, whose
/// arguments are: index begin, index end, then memrefs (the buffers, in order)
/// and indices (the sizes, in order; the two may be mixed), and last a scratch
/// `memref<?xi8>` where `scratchBytes` is not zero. `body` becomes private.
///
/// Memrefs have rank, static offsets and strides; a dynamic size is unknown to
/// the body (memref.dim of it gives a large number).
Status wrapKernel(mlir::func::FuncOp body, llvm::StringRef name,
                  int64_t scratchBytes = 0);

} // namespace tombolo

#endif // CODEGEN_CPU_OBJECT_WRAPKERNEL_H
