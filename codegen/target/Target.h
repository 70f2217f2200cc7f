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
};

struct TargetOptions {
  /// "f32", "i16", "i8" or "" for the target's default.
  std::string activations;
  /// Tokens of a prefill step at most.
  int64_t chunk = 256;
  /// Strategies that are turned off, by name.
  std::vector<std::string> disabled;
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
  /// The code of the kernels, which are consumed.
  virtual Result<TargetCode> emit(mlir::ModuleOp module) const = 0;
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
