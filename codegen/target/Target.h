//===- Target.h - What a target is ------------------------------*- C++ -*-===//
//
// One folder a target; nothing outside it asks which target it is. A target
// says what the planner may count on, lowers the kernels of a plan, turns them
// into code, and packs weights.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_TARGET_TARGET_H
#define CODEGEN_TARGET_TARGET_H

#include "passes/plan/PlanTarget.h"
#include "support/Result.h"
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace tombolo {

/// Code of one kernel, which runs at any address that is a multiple of
/// `alignment`.
struct KernelCode {
  std::string name;
  std::vector<std::byte> bytes;
  uint64_t alignment = 1;
  /// Where it is entered, in `bytes`.
  uint64_t entry = 0;
  /// Memory that a thread brings along.
  int64_t scratchBytes = 0;
};

/// Code of all kernels of a plan for one instruction-set level.
struct TargetCode {
  struct Kernel {
    std::string name;
    uint64_t entry;
    int64_t scratchBytes;
  };
  /// Target::level.
  std::string level;
  std::string triple;
  /// All must be present on the machine that runs it, in LLVM's names.
  std::vector<std::string> features;
  /// Of two levels that a machine has, the one of the higher rank is run.
  int64_t rank = 0;
  std::vector<std::byte> bytes;
  std::vector<Kernel> kernels;

  /// Lays kernels behind those that are there.
  void append(std::vector<KernelCode> more);
};

struct TargetOptions {
  /// "f32", "i16", "i8" or "" for the target's default.
  std::string activations;
  /// Tokens of a prefill step at most.
  int64_t chunk = 256;
  /// Strategies that are turned off, by name.
  std::vector<std::string> disabled;
  /// All levels that the plan is for, as `NAME:LEVEL`: what none of them would
  /// choose it need not take. Empty: they are not known.
  std::vector<std::string> levels;
};

/// One level of a target. Levels of one target share plans and packed weights,
/// and may stand in one artifact: what planTarget() and pack() say is the same
/// for all of them.
class Target {
public:
  virtual ~Target() = default;
  /// As the artifact records it: "cpu".
  virtual std::string name() const = 0;
  /// As the artifact records it: "x86-64-v3".
  virtual std::string level() const = 0;
  /// The names by which its strategies can be turned off.
  virtual std::vector<std::string> strategies() const = 0;
  /// What of `TargetOptions::activations` it uses.
  virtual std::string activations() const = 0;
  virtual std::shared_ptr<const PlanTarget> planTarget() const = 0;
  /// From the kernels of a plan to what `emit` takes.
  virtual void buildLowerPipeline(mlir::OpPassManager &pm) const = 0;
  /// Level, triple, features and rank of its code, without kernels.
  virtual TargetCode emptyCode() const = 0;
  /// What a kernel's code depends on beside its IR and this program.
  virtual std::string codeKey() const = 0;
  /// The code of the kernels, in their order; they are consumed.
  virtual Result<std::vector<KernelCode>> emit(mlir::ModuleOp module) const = 0;
  /// Packs a row-major matrix in `layout` (a name the planner got from
  /// planTarget()).
  virtual Status pack(const std::string &layout, Encoding encoding,
                      const std::vector<int64_t> &shape,
                      std::span<const std::byte> rows,
                      std::vector<std::byte> &packed) const = 0;
};

/// A level that the tests of this project know.
struct TargetLevel {
  /// As `--target` takes it: "cpu:x86-64-v3".
  std::string name;
  /// What its kernels are built from.
  std::string instructions;
  /// How far its code was taken in the tests: "executed", "emulated" or
  /// "assembled".
  std::string evidence;
  /// All must be present on the machine that runs it, in LLVM's names.
  std::vector<std::string> features;
};

/// A target that this build has.
struct TargetEntry {
  std::string name, summary;
  /// Whether what it compiles was run: "executed on this machine".
  std::string state;
  std::function<Result<std::unique_ptr<Target>>(const std::string &level,
                                                const TargetOptions &)>
      create;
  std::function<std::vector<TargetLevel>()> levels;
  std::function<void(mlir::DialectRegistry &)> registerDialects;
  /// Its passes and pipelines, for tombolo-opt.
  std::function<void()> registerPasses;
};

/// All targets; a new one is a folder and one line in Registry.cpp.
const std::vector<TargetEntry> &targetEntries();

/// Names that are refused as not in this version.
const std::vector<std::string> &laterTargets();

/// The target of `NAME` or `NAME:LEVEL`.
Result<std::unique_ptr<Target>> createTarget(const std::string &spec,
                                             const TargetOptions &options);

} // namespace tombolo

#endif // CODEGEN_TARGET_TARGET_H
