//===- KernelTable.cpp - The meaning of each op, by name ------------------===//

#include "dialects/nn/reference/KernelTable.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

const KernelTable &KernelTable::standard() {
  static const KernelTable table = [] {
    KernelTable all;
    addAttentionKernels(all);
    addElementwiseKernels(all);
    addExpertKernels(all);
    addMixKernels(all);
    addPlannedKernels(all);
    addProductKernels(all);
    addRecurrenceKernels(all);
    addRowKernels(all);
    addSequenceKernels(all);
    addShapeKernels(all);
    addSparseKernels(all);
    addWindowKernels(all);
    return all;
  }();
  return table;
}

Error nn::kernelError(Operation *op, const Twine &message) {
  std::string where;
  llvm::raw_string_ostream stream(where);
  if (!isa<UnknownLoc>(op->getLoc()))
    op->getLoc().print(stream);
  return Error(where,
               ("'" + op->getName().getStringRef() + "' " + message).str());
}
