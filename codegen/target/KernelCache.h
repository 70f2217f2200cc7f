//===- KernelCache.h - Machine code that earlier runs made ------*- C++ -*-===//
//
// A kernel's code depends on its IR, its level and this program. A model of
// shapes that were compiled before finds all its kernels here, whatever its
// weights, names and number of layers.
//
// A folder for each program, `FOLDER/PROGRAM/`, private to its user since what
// is in it is executed; a new program removes those of older ones. An entry is
// a file, named by the key: a header with a hash of what follows, then the
// code. One that is cut short or altered is not found, and written again.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_TARGET_KERNELCACHE_H
#define CODEGEN_TARGET_KERNELCACHE_H

#include "codegen/target/Target.h"
#include <optional>

namespace tombolo {

class KernelCache {
public:
  /// `program`: the key of what compiles (ContentKey::addProgram).
  static Result<KernelCache> open(const std::string &folder,
                                  const std::string &program);

  /// The code under `key`, without a name.
  std::optional<KernelCode> find(const std::string &key) const;
  /// Keeps it for later runs. The cache is a help: where it can't be written,
  /// nothing happens.
  void keep(const std::string &key, const KernelCode &code) const;

private:
  explicit KernelCache(std::string folder) : folder(std::move(folder)) {}
  std::string folder;
};

} // namespace tombolo

#endif // CODEGEN_TARGET_KERNELCACHE_H
