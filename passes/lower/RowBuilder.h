//===- RowBuilder.h - Short ways to write linalg ops ------------*- C++ -*-===//

#ifndef PASSES_LOWER_ROWBUILDER_H
#define PASSES_LOWER_ROWBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace tombolo {

/// An operand of a linalg op, and where each iteration reads it.
struct Input {
  mlir::Value value;
  mlir::AffineMap map;
};

/// Formulas on f32 values, one MLIR operation each.
class Formula {
public:
  Formula(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}
  using Value = mlir::Value;

  Value constant(double value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  /// a * b + c, rounded once where the target can.
  Value mulAdd(Value a, Value b, Value c);
  Value maximum(Value a, Value b); ///< NaN where one is NaN
  Value minimum(Value a, Value b); ///< NaN where one is NaN
  Value maxnum(Value a, Value b);  ///< of NaN and a number the number
  Value exp(Value a);
  Value sigmoid(Value a);
  /// Exact widening of f16 and bf16; others stay.
  Value toF32(Value a);
  Value fromF32(Value a, mlir::Type type);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

/// `id` (i32) as an index, held inside of [0, size): whatever the ids, nothing
/// outside of the table is read.
mlir::Value clampedIndex(Formula &f, mlir::Value id, int64_t size);

/// The formula of the unary elementwise op `nn.<name>`, or null. Folding into a
/// product's store and the general path share it, so that both round alike.
using UnaryFormula = mlir::Value (*)(Formula &, mlir::Value);
UnaryFormula unaryFormula(llvm::StringRef name);
/// The same for binary ops.
using BinaryFormula = mlir::Value (*)(Formula &, mlir::Value, mlir::Value);
BinaryFormula binaryFormula(llvm::StringRef name);

/// Writes linalg ops over tensors. Bodies see their f16 and bf16 operands as
/// f32 and give f32, which is rounded to the element type of the result.
class RowBuilder {
public:
  using Value = mlir::Value;
  using Sizes = llvm::SmallVector<mlir::OpFoldResult>;
  using Body =
      llvm::function_ref<Value(Formula &, llvm::ArrayRef<Value> operands)>;

  RowBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  Sizes sizesOf(Value tensor);
  Value empty(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element);

  /// One result element per iteration.
  Value map(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element,
            llvm::ArrayRef<Input> inputs, Body body);
  /// Changes each element of the f32 tensor `old`, the body's last operand.
  Value mapInto(Value old, llvm::ArrayRef<Input> inputs, Body body);
  /// Folds over the dimensions that `resultMap` lacks, in f32 from `initial`;
  /// the body's last operand is what there is so far. `sizes` are the result's.
  Value reduce(llvm::ArrayRef<mlir::OpFoldResult> sizes,
               mlir::AffineMap resultMap, double initial,
               llvm::ArrayRef<Input> inputs, Body body);
  /// As above, going on from the f32 tensor `initial`.
  Value reduceInto(Value initial, mlir::AffineMap resultMap,
                   llvm::ArrayRef<Input> inputs, Body body);

  mlir::AffineMap identity(unsigned rank);
  /// `rank` dimensions without number `dropped`.
  mlir::AffineMap without(unsigned rank, unsigned dropped);
  /// The last `count` of `rank` dimensions.
  mlir::AffineMap last(unsigned rank, unsigned count);
  /// The dimensions `dims` of `rank`.
  mlir::AffineMap dims(unsigned rank, llvm::ArrayRef<unsigned> dims);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

void populateElementwisePatterns(mlir::RewritePatternSet &patterns);
void populateReductionPatterns(mlir::RewritePatternSet &patterns);
void populateProductPatterns(mlir::RewritePatternSet &patterns);
void populateExpertPatterns(mlir::RewritePatternSet &patterns);
void populateMixPatterns(mlir::RewritePatternSet &patterns);
void populateShapePatterns(mlir::RewritePatternSet &patterns);
void populateSequencePatterns(mlir::RewritePatternSet &patterns);

} // namespace tombolo

#endif // PASSES_LOWER_ROWBUILDER_H
