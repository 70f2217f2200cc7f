#include "codegen/cpu/object/Pipeline.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace {

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
    // These have instructions on every level.
    auto lowered = [](StringRef name) {
      return !llvm::is_contained(
          {"math.absf", "math.sqrt", "math.fma", "math.floor", "math.ceil",
           "math.trunc", "math.round", "math.roundeven", "math.copysign"},
          name);
    };
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, {"exp2", "powf", "fpowi", "ipowi",
                                               "rsqrt", "sinh", "cosh", "tan",
                                               "asinh", "acosh", "atanh"});
    populateMathF32ExpansionPatterns(patterns, lowered);
    populateMathPolynomialApproximationPatterns(patterns, lowered);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
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
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createConvertVectorToSCFPass());
  pm.addPass(std::make_unique<ApproximateMathPass>());
  pm.addPass(createExpandFloatsPass(level.isAArch64() || level.has("f16c")));
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  ConvertVectorToLLVMPassOptions vectorOptions;
  vectorOptions.force32BitVectorIndices = false;
  pm.addPass(createConvertVectorToLLVMPass(vectorOptions));
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  // After the casts are gone, descriptors fold to the pointers they hold.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (!level.isAArch64() && !level.has("fma"))
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
