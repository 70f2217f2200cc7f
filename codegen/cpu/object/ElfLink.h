//===- ElfLink.h - One relocatable object to a flat image -------*- C++ -*-===//

#ifndef CODEGEN_CPU_OBJECT_ELFLINK_H
#define CODEGEN_CPU_OBJECT_ELFLINK_H

#include "support/Result.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tombolo {

struct LinkedImage {
  std::vector<std::byte> bytes;
  /// The image lies at a multiple of this.
  uint64_t alignment = 1;
  /// Offsets of the symbols asked for, in their order.
  std::vector<uint64_t> offsets;
};

/// Lays out the allocated sections of an ELF64 little-endian relocatable
/// object (code first, then constants) and applies its relocations, which must
/// all be relative to their place. Refuses undefined symbols, writable data
/// and everything else that would need a loader.
Result<LinkedImage> linkElf(llvm::StringRef object,
                            llvm::ArrayRef<std::string> symbols);

} // namespace tombolo

#endif // CODEGEN_CPU_OBJECT_ELFLINK_H
