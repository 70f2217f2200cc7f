//===- Scalars.cpp - Elementwise nn ops on scalars ------------------------===//

#include "passes/plan/Scalars.h"
#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

using namespace mlir;
using namespace tombolo;

FailureOr<Value> plan::emitScalar(OpBuilder &builder, Operation *op,
                                  ValueRange operands) {
  Formula f(builder, op->getLoc());
  StringRef name = op->getName().stripDialect();
  if (auto glu = dyn_cast<nn::GluOp>(op))
    if (UnaryFormula activation = unaryFormula(glu.getActivation()))
      return f.mul(activation(f, operands[0]), operands[1]);
  if (auto clamp = dyn_cast<nn::ClampOp>(op))
    return f.minimum(
        f.maximum(operands[0], f.constant(clamp.getLow().convertToDouble())),
        f.constant(clamp.getHigh().convertToDouble()));
  if (operands.size() == 1)
    if (UnaryFormula unary = unaryFormula(name))
      return unary(f, operands[0]);
  if (operands.size() == 2)
    if (BinaryFormula binary = binaryFormula(name))
      return binary(f, operands[0], operands[1]);
  return op->emitError("has no scalar form to fold into a product");
}
