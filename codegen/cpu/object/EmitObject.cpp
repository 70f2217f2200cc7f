#include "codegen/cpu/object/EmitObject.h"
#include "codegen/cpu/object/ElfLink.h"
#include "codegen/cpu/object/Pipeline.h"
#include "codegen/cpu/object/WrapKernel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/LowerMemIntrinsics.h"
#include <optional>

namespace tombolo {

/// Lowers to the LLVM dialect, with what passes complain about as the error;
/// `nested`: the modules in `module`.
static Status lower(mlir::ModuleOp module, const CpuLevel &level, bool nested) {
  std::vector<Error> errors;
  mlir::ScopedDiagnosticHandler handler(
      module.getContext(), [&](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
          errors.emplace_back("", diagnostic.str());
        return mlir::success();
      });
  mlir::PassManager pm(module.getContext());
  buildCpuLlvmPipeline(nested ? pm.nest<mlir::ModuleOp>() : pm, level);
  if (mlir::succeeded(pm.run(module)))
    return success();
  if (errors.empty())
    errors.emplace_back("", "cannot lower the kernels to LLVM");
  return errors;
}

/// Loops in place of memory intrinsics, which would become calls.
static void expandMemoryIntrinsics(llvm::Function &function,
                                   llvm::TargetMachine &machine) {
  llvm::SmallVector<llvm::MemIntrinsic *> found;
  for (llvm::BasicBlock &block : function)
    for (llvm::Instruction &instruction : block)
      if (auto *memory = llvm::dyn_cast<llvm::MemIntrinsic>(&instruction))
        found.push_back(memory);
  if (found.empty())
    return;
  llvm::TargetTransformInfo info = machine.getTargetTransformInfo(function);
  for (llvm::MemIntrinsic *memory : found) {
    if (auto *copy = llvm::dyn_cast<llvm::MemCpyInst>(memory))
      llvm::expandMemCpyAsLoop(copy, info);
    else if (auto *move = llvm::dyn_cast<llvm::MemMoveInst>(memory))
      llvm::expandMemMoveAsLoop(move, info);
    else
      llvm::expandMemSetAsLoop(llvm::cast<llvm::MemSetInst>(memory));
    memory->eraseFromParent();
  }
}

/// Kernels arrive as their generators want them: vectorized, unrolled, with
/// addresses that are a base and a displacement. What is left is to take out
/// what repeats or does not change in a loop. The default pipelines take half
/// as long again for code that is no faster on AVX2 (docs/performance.md).
static constexpr llvm::StringLiteral kPipeline =
    "always-inline,"
    "function(simplifycfg,early-cse<memssa>,loop-mssa(loop-rotate,licm),"
    "instcombine<no-verify-fixpoint>,early-cse<memssa>,simplifycfg)";

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  // No function is a known library function, so none is made from loops.
  llvm::TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, kPipeline));
  passes.run(module, modules);
}

static void annotate(llvm::Module &module, const CpuLevel &level,
                     const std::vector<std::string> &entries) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    bool isEntry = llvm::is_contained(entries, function.getName());
    function.setLinkage(isEntry ? llvm::GlobalValue::ExternalLinkage
                                : llvm::GlobalValue::InternalLinkage);
    if (isEntry)
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
    else if (function.hasOneUse())
      function.addFnAttr(llvm::Attribute::AlwaysInline);
    function.setDSOLocal(true);
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr("no-builtins");
    if (level.isX86()) {
      // Some CPUs are tuned to use half their vectors; kernels are written for
      // the whole.
      std::string bits = std::to_string(level.vectorBytes() * 8);
      function.addFnAttr("prefer-vector-width", bits);
      function.addFnAttr("min-legal-vector-width", bits);
    }
  }
}

/// Of a module that is lowered. Touches nothing outside of it: modules are
/// compiled side by side.
static Result<TranslatedKernels> translate(mlir::ModuleOp module,
                                           llvm::LLVMContext &context) {
  TranslatedKernels kernels;
  for (auto function : module.getOps<mlir::LLVM::LLVMFuncOp>())
    if (auto bytes =
            function->getAttrOfType<mlir::IntegerAttr>(kScratchBytesAttr)) {
      kernels.entries.push_back({function.getName().str(), 0, bytes.getInt()});
      function->removeAttr(kScratchBytesAttr);
    }
  if (kernels.entries.empty())
    return Error("", "expects a module with at least one kernel entry");
  kernels.code = mlir::translateModuleToLLVMIR(module, context, "kernels");
  if (!kernels.code)
    return Error("", "cannot translate the kernels to LLVM IR");
  return kernels;
}

Result<TranslatedKernels> translateKernels(mlir::ModuleOp module,
                                           const CpuLevel &level,
                                           llvm::LLVMContext &context) {
  if (Status status = lower(module, level, /*nested=*/false); !status)
    return status.takeErrors();
  return translate(module, context);
}

Result<CodeBlob> compileKernels(TranslatedKernels kernels,
                                const CpuLevel &level) {
  std::unique_ptr<llvm::TargetMachine> machine = level.targetMachine();
  if (!machine)
    return Error("", "cpu level '" + level.name +
                         "': expects a triple that code can be made for, but "
                         "got '" +
                         level.triple + "'");
  llvm::Module &code = *kernels.code;
  std::vector<std::string> names;
  for (const CodeBlob::Entry &entry : kernels.entries)
    names.push_back(entry.name);
  code.setTargetTriple(llvm::Triple(level.triple));
  code.setDataLayout(machine->createDataLayout());
  code.setPICLevel(llvm::PICLevel::BigPIC);
  annotate(code, level, names);
  for (llvm::Function &function : code)
    expandMemoryIntrinsics(function, *machine);
  optimize(code, *machine);
  for (llvm::Function &function : code)
    expandMemoryIntrinsics(function, *machine);

  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager emitter;
  if (machine->addPassesToEmitFile(emitter, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile))
    return Error("", "cpu level '" + level.name +
                         "': expects a target that can emit object files");
  emitter.run(code);

  Result<LinkedImage> image =
      linkElf(llvm::StringRef(object.data(), object.size()), names);
  if (!image)
    return image.takeErrors();
  CodeBlob blob;
  blob.entries = std::move(kernels.entries);
  blob.bytes = std::move(image->bytes);
  blob.alignment = image->alignment;
  for (size_t i = 0; i < names.size(); ++i)
    blob.entries[i].offset = image->offsets[i];
  return blob;
}

/// Of a module that is lowered.
static Result<CodeBlob> compile(mlir::ModuleOp module, const CpuLevel &level) {
  llvm::LLVMContext context;
  Result<TranslatedKernels> kernels = translate(module, context);
  if (!kernels)
    return kernels.takeErrors();
  return compileKernels(std::move(*kernels), level);
}

Result<CodeBlob> emitObject(mlir::ModuleOp module, const CpuLevel &level) {
  if (Status status = lower(module, level, /*nested=*/false); !status)
    return status.takeErrors();
  return compile(module, level);
}

Result<std::vector<CodeBlob>> emitObjects(mlir::ModuleOp modules,
                                          const CpuLevel &level) {
  if (Status status = lower(modules, level, /*nested=*/true); !status)
    return status.takeErrors();
  std::vector<mlir::ModuleOp> all(modules.getOps<mlir::ModuleOp>().begin(),
                                  modules.getOps<mlir::ModuleOp>().end());
  std::vector<std::optional<Result<CodeBlob>>> made(all.size());
  mlir::parallelFor(modules.getContext(), 0, all.size(),
                    [&](size_t i) { made[i] = compile(all[i], level); });
  std::vector<CodeBlob> blobs;
  std::vector<Error> errors;
  for (std::optional<Result<CodeBlob>> &one : made)
    if (*one)
      blobs.push_back(std::move(**one));
    else
      llvm::append_range(errors, one->takeErrors());
  if (!errors.empty())
    return errors;
  return blobs;
}

} // namespace tombolo
