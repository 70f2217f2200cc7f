#include "codegen/cpu/object/Pipeline.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace {

/// Whether a math op has no instruction on some level.
bool isApproximated(StringRef name) {
  return !llvm::is_contained({"math.absf", "math.sqrt", "math.fma",
                              "math.floor", "math.ceil", "math.trunc",
                              "math.round", "math.roundeven", "math.copysign"},
                             name);
}

/// Math functions as polynomials and other arithmetic.
struct ApproximateMathPass : PassWrapper<ApproximateMathPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ApproximateMathPass)
  StringRef getArgument() const override { return "cpu-approximate-math"; }
  StringRef getDescription() const override {
    return "math functions without library calls";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect,
                    vector::VectorDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, {"exp2", "powf", "fpowi", "ipowi",
                                               "rsqrt", "sinh", "cosh", "tan",
                                               "asinh", "acosh", "atanh"});
    populateMathF32ExpansionPatterns(patterns, isApproximated);
    populateMathPolynomialApproximationPatterns(patterns, isApproximated);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

/// Everything but vectors and control flow in one conversion, which takes a
/// quarter of the time of one pass for each dialect.
struct ConvertToLlvmPass : PassWrapper<ConvertToLlvmPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertToLlvmPass)
  StringRef getArgument() const override { return "cpu-convert-to-llvm"; }
  StringRef getDescription() const override {
    return "arith, math, memref, index, cf, ub and func to LLVM";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<LLVM::LLVMDialect>();
  }
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    LLVMTypeConverter converter(context);
    SymbolTableCollection symbols;
    RewritePatternSet patterns(context);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns,
                                                   &symbols);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns, &symbols);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};

/// Runs `build`'s passes on modules for which `needed` holds of some op.
struct WhereNeededPass : PassWrapper<WhereNeededPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WhereNeededPass)
  using Needed = std::function<bool(Operation *)>;
  using Build = std::function<void(OpPassManager &)>;
  WhereNeededPass(Needed needed, Build build)
      : needed(std::move(needed)), build(std::move(build)) {}
  StringRef getArgument() const override { return "cpu-where-needed"; }
  StringRef getDescription() const override {
    return "passes that only some modules need";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    OpPassManager pm(ModuleOp::getOperationName());
    build(pm);
    pm.getDependentDialects(registry);
  }
  void runOnOperation() override {
    if (!getOperation()
             ->walk([&](Operation *op) {
               return needed(op) ? WalkResult::interrupt()
                                 : WalkResult::advance();
             })
             .wasInterrupted())
      return;
    OpPassManager pm(ModuleOp::getOperationName());
    build(pm);
    if (failed(runPipeline(pm, getOperation())))
      signalPassFailure();
  }
  Needed needed;
  Build build;
};

/// `llvm.intr.fma` is a call of fmaf where there is no instruction.
struct UnfuseMultiplyAddPass
    : PassWrapper<UnfuseMultiplyAddPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(UnfuseMultiplyAddPass)
  StringRef getArgument() const override { return "cpu-unfuse-multiply-add"; }
  StringRef getDescription() const override {
    return "fused multiply-add as two operations";
  }
  void runOnOperation() override {
    getOperation()->walk([](LLVM::FMAOp op) {
      OpBuilder b(op);
      Value product =
          LLVM::FMulOp::create(b, op.getLoc(), op.getA(), op.getB());
      op.replaceAllUsesWith(
          LLVM::FAddOp::create(b, op.getLoc(), product, op.getC()).getResult());
      op.erase();
    });
  }
};

} // namespace

namespace tombolo {

void buildCpuLlvmPipeline(OpPassManager &pm, const CpuLevel &level) {
  // Most kernels come as scf, arith and plain vectors: the passes for the rest
  // would only walk over them.
  auto where = [&](WhereNeededPass::Needed needed,
                   WhereNeededPass::Build build) {
    pm.addPass(std::make_unique<WhereNeededPass>(needed, build));
  };
  pm.addPass(createCSEPass());
  where(
      [](Operation *op) {
        return isa<vector::TransferReadOp, vector::TransferWriteOp>(op);
      },
      [](OpPassManager &nested) {
        nested.addPass(createConvertVectorToSCFPass());
      });
  where(
      [](Operation *op) {
        return isa<math::MathDialect>(op->getDialect()) &&
               isApproximated(op->getName().getStringRef());
      },
      [](OpPassManager &nested) {
        nested.addPass(std::make_unique<ApproximateMathPass>());
      });
  bool hasHalf = level.hasHalfCasts();
  where(
      [](Operation *op) {
        return isa<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp>(op);
      },
      [=](OpPassManager &nested) {
        nested.addPass(createExpandFloatsPass(hasHalf));
      });
  where(
      [](Operation *op) {
        return isa<affine::AffineDialect>(op->getDialect()) ||
               (isa<memref::MemRefDialect>(op->getDialect()) &&
                !isa<memref::LoadOp, memref::StoreOp, memref::PrefetchOp>(op));
      },
      [](OpPassManager &nested) {
        nested.addPass(memref::createExpandStridedMetadataPass());
        nested.addPass(createLowerAffinePass());
      });
  pm.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectorOptions;
  vectorOptions.force32BitVectorIndices = false;
  pm.addPass(createConvertVectorToLLVMPass(vectorOptions));
  pm.addPass(std::make_unique<ConvertToLlvmPass>());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (!level.hasMultiplyAdd())
    pm.addPass(std::make_unique<UnfuseMultiplyAddPass>());
}

namespace {
struct LevelOptions : PassPipelineOptions<LevelOptions> {
  Option<std::string> level{*this, "level", llvm::cl::init("host"),
                            llvm::cl::desc("CPU level to lower for")};
};
} // namespace

void registerCpuLlvmPipeline() {
  PassPipelineRegistration<LevelOptions>(
      "cpu-to-llvm", "lower upstream dialects to LLVM for a CPU level",
      [](OpPassManager &pm, const LevelOptions &options) {
        Result<CpuLevel> level = cpuLevelNamed(options.level);
        if (!level)
          llvm::report_fatal_error(llvm::Twine(level.error().str()), false);
        buildCpuLlvmPipeline(pm, *level);
      });
}

void registerCpuDialects(DialectRegistry &registry) {
  registry
      .insert<affine::AffineDialect, arith::ArithDialect,
              cf::ControlFlowDialect, func::FuncDialect, index::IndexDialect,
              LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
              scf::SCFDialect, ub::UBDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

} // namespace tombolo
