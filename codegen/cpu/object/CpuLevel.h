//===- CpuLevel.h - One instruction-set level of a CPU family ---*- C++ -*-===//

#ifndef CODEGEN_CPU_OBJECT_CPULEVEL_H
#define CODEGEN_CPU_OBJECT_CPULEVEL_H

#include "support/Result.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace tombolo {

/// What code is generated for. Levels of one family ("x86-64-v2", "-v3",
/// "-v4", "znver4") run the same plan over the same packed weights; the best
/// one that the machine has is chosen when an artifact is loaded.
struct CpuLevel {
  /// What the user wrote and the artifact records: "x86-64-v3", "host".
  std::string name;
  std::string triple;
  /// LLVM's CPU name and extra features ("+avx512f,-fma").
  std::string cpu, features;
  /// Everything that cpu and features turn on, in LLVM's names, sorted.
  std::vector<std::string> enabled;

  bool has(llvm::StringRef feature) const;
  bool isX86() const;
  bool isAArch64() const;
  bool isRiscV() const;
  /// Whether f16 converts, and floats multiply and add at once, in one
  /// instruction.
  bool hasHalfCasts() const;
  bool hasMultiplyAdd() const;
  /// Bytes of the widest vector that code should use (16, 32 or 64).
  int vectorBytes() const;
  /// Vector registers that code can name.
  int vectorRegisters() const;
  /// The features of the family whose instructions code generation may choose.
  llvm::ArrayRef<llvm::StringLiteral> selectableFeatures() const;
  /// The part of `enabled` that generated code may contain instructions of: a
  /// machine that has all of them can run the code.
  std::vector<std::string> requiredFeatures() const;
  /// A machine for position-independent code without a frame of its own.
  std::unique_ptr<llvm::TargetMachine> targetMachine() const;
};

/// A level that the tests of this project know. Others, by LLVM's names of
/// CPUs, are made of the same features.
struct KnownCpuLevel {
  /// How far its code was taken in the tests.
  enum class Evidence {
    Executed,  ///< run on such a machine
    Emulated,  ///< run in an emulator of one
    Assembled, ///< made, and not run
  };
  llvm::StringLiteral name, triple;
  /// LLVM's CPU name, and features besides.
  llvm::StringLiteral cpu, features;
  Evidence evidence;
};

/// The table of levels: a new one is a row.
llvm::ArrayRef<KnownCpuLevel> knownCpuLevels();

/// The level named `name`: "host", a known one, or any CPU name of LLVM.
/// Without a triple the host's family is tried first, then x86-64, AArch64 and
/// RISC-V Linux.
Result<CpuLevel> cpuLevelNamed(llvm::StringRef name,
                               llvm::StringRef triple = "");

/// Whether this machine can run code of `level`.
bool runsOnHost(const CpuLevel &level);

} // namespace tombolo

#endif // CODEGEN_CPU_OBJECT_CPULEVEL_H
