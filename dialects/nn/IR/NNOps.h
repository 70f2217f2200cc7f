//===- NNOps.h - Ops of the nn dialect --------------------------*- C++ -*-===//

#ifndef DIALECTS_NN_IR_NNOPS_H
#define DIALECTS_NN_IR_NNOPS_H

#include "dialects/nn/IR/Contraction.h"
#include "dialects/nn/IR/NNTypes.h"
#include "dialects/nn/IR/Rearrangement.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tombolo::nn {

/// A range of an axis as descriptions write it: `begin` and `end` may be
/// missing or count from the end; `isIndex` takes the place `begin` alone.
struct SliceRange {
  std::optional<int64_t> begin, end;
  int64_t step = 1;
  bool isIndex = false;
};

/// The attributes of an `nn.slice`.
struct SliceBounds {
  llvm::SmallVector<int64_t> begins, ends, steps;
};

/// Works out ranges for `shape`; missing ones at the end take the whole axis.
Result<SliceBounds> resolveRanges(llvm::ArrayRef<SliceRange> ranges,
                                  llvm::ArrayRef<int64_t> shape);

/// The highest number of a layer: descriptions have 100,000 at most.
constexpr int64_t kMaxLayer = 99'999;

/// A list of layers in its short form, `[0, 3 to 59 by 2]`.
mlir::ParseResult parseLayers(mlir::OpAsmParser &parser,
                              mlir::DenseI64ArrayAttr &layers);
void printLayers(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                 mlir::DenseI64ArrayAttr layers);

/// Checks what makes a state a family: a `count`, or `layers`.
mlir::LogicalResult verifyFamily(mlir::Operation *op,
                                 std::optional<int64_t> count,
                                 std::optional<llvm::ArrayRef<int64_t>> layers);

/// Checks the index of an op that names a family of `count` elements or with
/// an element for each of `layers`, or one thing where there is neither.
mlir::LogicalResult verifyInstance(
    mlir::Operation *op, llvm::StringRef symbol, std::optional<int64_t> count,
    std::optional<llvm::ArrayRef<int64_t>> layers, mlir::Value index);

} // namespace tombolo::nn

#include "dialects/nn/IR/NNInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/nn/IR/NNOps.h.inc"

namespace tombolo::nn {

/// Makes the op `nn.<name>` from its operands and attributes, with its result
/// types inferred and its constraints checked; errors go to the diagnostics of
/// `loc`. `operands` has an entry for each operand of the op in ODS order: one
/// value, none for an optional operand that is not there, any number for a
/// variadic one. Attributes that are not given take their defaults.
mlir::FailureOr<mlir::Operation *>
createOp(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
         llvm::ArrayRef<llvm::SmallVector<mlir::Value, 2>> operands,
         llvm::ArrayRef<mlir::NamedAttribute> attributes);

} // namespace tombolo::nn

#endif // DIALECTS_NN_IR_NNOPS_H
