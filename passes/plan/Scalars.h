//===- Scalars.h - Elementwise nn ops on scalars ----------------*- C++ -*-===//

#ifndef PASSES_PLAN_SCALARS_H
#define PASSES_PLAN_SCALARS_H

#include "mlir/IR/Builders.h"

namespace tombolo::plan {

/// The f32 value of the elementwise `op` (an `nn` op, or `nn.glu` on a gate and
/// an up value) for scalar operands, in arith and math ops. Fails with a
/// diagnostic on an op it does not know.
mlir::FailureOr<mlir::Value> emitScalar(mlir::OpBuilder &builder,
                                        mlir::Operation *op,
                                        mlir::ValueRange operands);

} // namespace tombolo::plan

#endif // PASSES_PLAN_SCALARS_H
