//===- CpuTarget.cpp - CPUs -----------------------------------------------===//

#include "codegen/cpu/target/CpuTarget.h"
#include "codegen/cpu/general/Passes.h"
#include "codegen/cpu/kernels/ExpertLinear.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/object/EmitObject.h"
#include "codegen/cpu/object/Pipeline.h"
#include "codegen/cpu/object/WrapKernel.h"
#include "codegen/cpu/packing/PackR16.h"
#include "codegen/cpu/target/CpuPlanTarget.h"
#include "codegen/cpu/target/Passes.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tombolo;

/// Products and tables over matrices packed in groups of 16 rows.
static constexpr const char *kLinearR16 = "cpu-linear-r16";
/// Attention of many rows as products of bf16.
static constexpr const char *kAttentionBf16 = "cpu-attention-bf16";

namespace {

class CpuTarget : public tombolo::Target {
public:
  CpuTarget(CpuLevel level, const TargetOptions &options)
      : cpu(std::move(level)), options(options) {}

  std::string name() const override { return "cpu"; }
  // "host" says nothing on another machine.
  std::string level() const override {
    return cpu.name == "host" ? cpu.cpu : cpu.name;
  }
  std::string activations() const override {
    return options.activations.empty() ? "i16" : options.activations;
  }

  std::vector<std::string> strategies() const override {
    return {kLinearR16, kAttentionBf16};
  }

  std::shared_ptr<const PlanTarget> planTarget() const override {
    auto has = [&](const char *strategy) {
      return !llvm::is_contained(options.disabled, strategy);
    };
    CpuPlanTarget::Strategies strategies{has(kLinearR16), has(kAttentionBf16)};
    return std::make_shared<CpuPlanTarget>(activations(), strategies,
                                           prefersFloats());
  }

  void buildLowerPipeline(OpPassManager &pm) const override {
    cpu::CpuGeneralOptions general;
    general.vectorBytes = cpu.vectorBytes();
    cpu::buildCpuGeneralPipeline(pm, general);
    cpu::LowerStrategiesPassOptions strategies;
    strategies.level = cpu.name;
    pm.addPass(cpu::createLowerStrategiesPass(strategies));
  }

  TargetCode emptyCode() const override {
    TargetCode code;
    code.level = level();
    code.triple = cpu.triple;
    code.features = cpu.requiredFeatures();
    code.rank = cpu.vectorBytes() * 1000 + int64_t(code.features.size());
    return code;
  }
  std::string codeKey() const override {
    return cpu.triple + ' ' + cpu.cpu + ' ' + llvm::join(cpu.enabled, ",");
  }
  Result<std::vector<KernelCode>> emit(ModuleOp module) const override;
  Status pack(const std::string &layout, Encoding encoding,
              const std::vector<int64_t> &shape,
              std::span<const std::byte> rows,
              std::vector<std::byte> &packed) const override;

private:
  /// Whether no level that shares the plan has dot products of bytes.
  bool prefersFloats() const;

  CpuLevel cpu;
  TargetOptions options;
};

} // namespace

bool CpuTarget::prefersFloats() const {
  return !options.levels.empty() &&
         llvm::all_of(options.levels, [](StringRef spec) {
           StringRef name = spec.split(':').second;
           Result<CpuLevel> level =
               cpuLevelNamed(name.empty() ? "host" : name.str());
           return level && Isa(*level).prefersFloats();
         });
}

Result<std::vector<KernelCode>> CpuTarget::emit(ModuleOp module) const {
  // Programs and weights stay behind: only kernels become code. A module for
  // each, so that they are compiled side by side.
  OwningOpRef<ModuleOp> modules = ModuleOp::create(module.getLoc());
  OpBuilder b(modules->getBodyRegion());
  for (auto kernel : module.getOps<func::FuncOp>()) {
    if (!kernel->hasAttr(plan::kKernelAttr) || kernel.isExternal())
      continue;
    b.setInsertionPointToEnd(modules->getBody());
    auto own = ModuleOp::create(b, kernel.getLoc());
    b.setInsertionPointToEnd(own.getBody());
    auto body = cast<func::FuncOp>(b.clone(*kernel));
    std::string name = body.getSymName().str();
    body.setSymName(name + ".body");
    auto scratch = body->getAttrOfType<IntegerAttr>(plan::kScratchAttr);
    if (Status status = wrapKernel(body, name, scratch ? scratch.getInt() : 0);
        !status)
      return status.takeErrors();
  }
  Result<std::vector<CodeBlob>> blobs = emitObjects(*modules, cpu);
  if (!blobs)
    return blobs.takeErrors();
  std::vector<KernelCode> kernels;
  for (CodeBlob &blob : *blobs) {
    const CodeBlob::Entry &entry = blob.entries.front();
    kernels.push_back({entry.name, std::move(blob.bytes), blob.alignment,
                       entry.offset, entry.scratchBytes});
  }
  return kernels;
}

Status CpuTarget::pack(const std::string &layout, Encoding encoding,
                       const std::vector<int64_t> &shape,
                       std::span<const std::byte> rows,
                       std::vector<std::byte> &packed) const {
  if (layout != "r16" || shape.size() < 2 || shape.size() > 3)
    return Error("", "internal: CPUs have no layout '" + layout + "'");
  // Of a stack, one matrix after the other.
  int64_t count = shape.size() == 3 ? shape[0] : 1;
  int64_t outRows = shape[shape.size() - 2], columns = shape.back();
  std::optional<uint64_t> bytes = count == 1 && shape.size() == 2
                                      ? packedBytes(encoding, outRows, columns)
                                      : expertBytes(encoding, outRows, columns);
  if (!bytes || *bytes > uint64_t(INT64_MAX) / count)
    return Error("", "a matrix of " + std::to_string(outRows) + " x " +
                         std::to_string(columns) +
                         " does not fit the layout 'r16'");
  packed.assign(*bytes * count, std::byte(0));
  size_t each = rows.size() / count;
  for (int64_t i = 0; i < count; ++i)
    if (Status status =
            packR16(encoding, outRows, columns, rows.subspan(i * each, each),
                    std::span(packed).subspan(i * *bytes, *bytes));
        !status)
      return status;
  return tombolo::success();
}

Result<std::unique_ptr<tombolo::Target>>
tombolo::createCpuTarget(const std::string &level,
                         const TargetOptions &options) {
  if (!options.activations.empty() && options.activations != "f32" &&
      options.activations != "i16" && options.activations != "i8")
    return Error("",
                 "activations '" + options.activations +
                     "' are not in this version on CPUs; use f32, i16 or i8");
  Result<CpuLevel> found = cpuLevelNamed(level.empty() ? "host" : level);
  if (!found)
    return found.takeErrors();
  return std::unique_ptr<Target>(new CpuTarget(std::move(*found), options));
}

std::vector<TargetLevel> tombolo::cpuTargetLevels() {
  std::vector<TargetLevel> levels;
  for (const KnownCpuLevel &known : knownCpuLevels()) {
    Result<CpuLevel> level = cpuLevelNamed(known.name);
    // An LLVM without the family.
    if (!level)
      continue;
    Isa isa(*level);
    std::string instructions =
        std::to_string(level->vectorRegisters()) + " vectors of " +
        std::to_string(level->vectorBytes() * 8) + " bits, integers by " +
        isa.dots().name + (isa.hasTiles() ? " and tdpbsud" : "");
    if (const Bf16Instructions *dots = isa.bf16Dots(/*terms=*/1))
      instructions += std::string(", bf16 by ") + dots->name;
    levels.push_back(
        {"cpu:" + known.name.str(), instructions,
         known.evidence == KnownCpuLevel::Evidence::Executed   ? "executed"
         : known.evidence == KnownCpuLevel::Evidence::Emulated ? "emulated"
                                                               : "assembled",
         level->requiredFeatures()});
  }
  return levels;
}

void tombolo::registerCpuTargetDialects(DialectRegistry &registry) {
  registerCpuDialects(registry);
}

void tombolo::registerCpuTargetPasses() {
  cpu::registerTomboloCpuTargetPasses();
  cpu::registerCpuGeneral();
  registerCpuLlvmPipeline();
}
