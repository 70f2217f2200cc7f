//===- MergeKernels.cpp - One of equal kernels ----------------------------===//

#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OperationSupport.h"
#include "passes/plan/Passes.h"
#include "llvm/ADT/StringMap.h"

namespace tombolo::plan {
#define GEN_PASS_DEF_MERGEKERNELSPASS
#include "passes/plan/Passes.h.inc"
} // namespace tombolo::plan

using namespace mlir;
using namespace tombolo::plan;

namespace {

struct MergeKernelsPass
    : tombolo::plan::impl::MergeKernelsPassBase<MergeKernelsPass> {
  void runOnOperation() override {
    // Kernels of one body hash; all are compared, so a collision does no harm.
    llvm::DenseMap<llvm::hash_code, SmallVector<func::FuncOp>> kept;
    llvm::StringMap<StringAttr> renamed;
    for (auto kernel :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!kernel->hasAttr(kKernelAttr))
        continue;
      auto &same = kept[hashOf(kernel)];
      auto equal = llvm::find_if(same, [&](func::FuncOp other) {
        return other.getFunctionType() == kernel.getFunctionType() &&
               OperationEquivalence::isRegionEquivalentTo(
                   &kernel.getBody(), &other.getBody(),
                   OperationEquivalence::IgnoreLocations);
      });
      if (equal == same.end()) {
        same.push_back(kernel);
        continue;
      }
      renamed[kernel.getSymName()] = equal->getSymNameAttr();
      kernel.erase();
      ++merged;
    }
    getOperation().walk([&](DispatchOp dispatch) {
      auto it = renamed.find(dispatch.getKernel());
      if (it != renamed.end())
        dispatch.setKernelAttr(FlatSymbolRefAttr::get(it->second));
    });
  }

  static llvm::hash_code hashOf(func::FuncOp kernel) {
    llvm::hash_code hash = mlir::hash_value(kernel.getFunctionType());
    kernel.getBody().walk([&](Operation *op) {
      hash = llvm::hash_combine(hash,
                                OperationEquivalence::computeHash(
                                    op, OperationEquivalence::ignoreHashValue,
                                    OperationEquivalence::ignoreHashValue,
                                    OperationEquivalence::IgnoreLocations));
    });
    return hash;
  }
};

} // namespace
