//===- CachedKernels.h - Kernels that need no compiling ---------*- C++ -*-===//

#ifndef COMPILER_CACHEDKERNELS_H
#define COMPILER_CACHEDKERNELS_H

#include "codegen/target/KernelCache.h"
#include "mlir/IR/BuiltinOps.h"

namespace tombolo {

/// The kernels of a plan that the cache has for a level. They are taken out of
/// the module, which is then lowered and emitted as usual.
class CachedKernels {
public:
  /// `module` is a copy that is only made for its code; without a cache nothing
  /// is taken out.
  CachedKernels(mlir::ModuleOp module, const Target &level,
                const KernelCache *cache);

  /// All kernels in the order of the module: those found, and `made` of the
  /// others, which the cache keeps.
  std::vector<KernelCode> join(std::vector<KernelCode> made) const;

private:
  struct Entry {
    std::string name, key;
    std::optional<KernelCode> found;
  };
  std::vector<Entry> entries;
  const KernelCache *cache;
};

} // namespace tombolo

#endif // COMPILER_CACHEDKERNELS_H
