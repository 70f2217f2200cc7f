//===- NNInference.h - What inferring result types reports ------*- C++ -*-===//
//
// Shared by the files that infer the result types of nn ops, one a family of
// ops. Inference sees operands that nothing has verified yet: it looks before
// it casts.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_NN_IR_NNINFERENCE_H
#define DIALECTS_NN_IR_NNINFERENCE_H

#include "dialects/nn/IR/NNOps.h"

namespace tombolo::nn::inference {

using Types = llvm::SmallVectorImpl<mlir::Type>;

/// Where inference reports to.
struct Check {
  std::optional<mlir::Location> location;
  llvm::StringRef op;

  mlir::LogicalResult fail(const llvm::Twine &message, mlir::Value note = {},
                           llvm::StringRef noteText = {}) const {
    if (!location)
      return mlir::failure();
    mlir::InFlightDiagnostic diagnostic =
        mlir::emitError(*location, "'" + op + "' op " + message);
    if (note)
      diagnostic.attachNote(note.getLoc())
          << "'" << noteText << "' comes from here";
    return diagnostic;
  }

  /// A ranked tensor operand; reported where it is something else.
  mlir::RankedTensorType tensor(mlir::Value value, llvm::StringRef name) const {
    auto type = value ? llvm::dyn_cast<mlir::RankedTensorType>(value.getType())
                      : mlir::RankedTensorType();
    if (!type)
      (void)fail("expects '" + name + "' to be a ranked tensor");
    return type;
  }

  /// A ranked tensor with a static innermost dimension.
  mlir::RankedTensorType rows(mlir::Value value, llvm::StringRef name) const {
    mlir::RankedTensorType type = tensor(value, name);
    if (type &&
        (type.getRank() == 0 || type.isDynamicDim(type.getRank() - 1))) {
      (void)fail("expects '" + name +
                 "' to have a static innermost dimension, but got shape " +
                 shapeText(type.getShape()));
      return {};
    }
    return type;
  }

  /// The shape of a weight or tensor operand; reported where it is neither.
  std::optional<llvm::ArrayRef<int64_t>> shape(mlir::Value value,
                                               llvm::StringRef name) const {
    if (value && isWeightOrTensor(value.getType()))
      return shapeOf(value.getType());
    (void)fail("expects '" + name + "' to be a weight or a ranked tensor");
    return std::nullopt;
  }

  /// `value`, where there, is a vector of `size` elements.
  mlir::LogicalResult vector(mlir::Value value, llvm::StringRef name,
                             int64_t size, llvm::StringRef what) const {
    if (!value)
      return mlir::success();
    std::optional<llvm::ArrayRef<int64_t>> got = shape(value, name);
    if (!got)
      return mlir::failure();
    if (got->size() != 1)
      return fail("expects '" + name +
                      "' to have one dimension, but got shape " +
                      shapeText(*got),
                  value, name);
    if (got->front() != size)
      return fail("expects '" + name + "' to have one element per " + what +
                      " (" + llvm::Twine(size) + "), but got " +
                      llvm::Twine(got->front()),
                  value, name);
    return mlir::success();
  }

  /// `positions` are those of the rows of `x`.
  mlir::LogicalResult positions(mlir::Value value, mlir::RankedTensorType x,
                                llvm::StringRef name) const {
    mlir::RankedTensorType type = tensor(value, "positions");
    if (!type)
      return mlir::failure();
    if (type.getRank() != 1 || x.getRank() == 0 ||
        type.getDimSize(0) != x.getDimSize(0))
      return fail("expects 'positions' to have one element per row of '" +
                      name + "' " + shapeText(x.getShape()) +
                      ", but got shape " + shapeText(type.getShape()),
                  value, "positions");
    return mlir::success();
  }

  /// The axis counted from the front; reported where `rank` has no such axis.
  std::optional<int64_t> axis(int64_t axis, int64_t rank) const {
    if (axis >= -rank && axis < rank)
      return axis < 0 ? axis + rank : axis;
    (void)fail("expects 'axis' to be one of " + llvm::Twine(rank) +
               " axes, but got " + llvm::Twine(axis));
    return std::nullopt;
  }

  /// An axis of `type` that does not run over tokens.
  std::optional<int64_t> staticAxis(int64_t value,
                                    mlir::RankedTensorType type) const {
    std::optional<int64_t> found = axis(value, type.getRank());
    if (found && type.isDynamicDim(*found)) {
      (void)fail("expects 'axis' to be static, but axis " +
                 llvm::Twine(*found) + " of " + shapeText(type.getShape()) +
                 " is dynamic");
      return std::nullopt;
    }
    return found;
  }

  /// Operands that are not optional, where sizes of groups come as an
  /// attribute.
  mlir::LogicalResult single(mlir::ValueRange group,
                             llvm::StringRef name) const {
    if (group.size() == 1)
      return mlir::success();
    return fail("expects one value for '" + name + "', but got " +
                llvm::Twine(group.size()));
  }

  /// Queries see the same rows of `a` and `b`.
  mlir::LogicalResult seenAlike(mlir::Value a, mlir::Value b,
                                llvm::StringRef what,
                                llvm::StringRef name) const {
    auto of = [](mlir::Value rows) {
      return llvm::cast<RowsType>(rows.getType());
    };
    if (!of(a).isSeenLike(of(b)))
      return fail("expects " + what +
                      " to be seen alike, with one window, clock and picks",
                  a, name);
    auto ids = [](mlir::Value rows) {
      auto pick = rows.getDefiningOp<PickOp>();
      return pick ? pick.getIds() : mlir::Value();
    };
    if (ids(a) && ids(b) && ids(a) != ids(b))
      return fail("expects " + what + " to be picked by the same ids", a, name);
    return mlir::success();
  }

  /// An attribute that inference needs.
  template <typename T> bool given(T attribute, llvm::StringRef name) const {
    if (attribute)
      return true;
    (void)fail("requires attribute '" + name + "'");
    return false;
  }

  /// Arithmetic on a weight takes its f32 numbers.
  mlir::LogicalResult decoded(WeightType type) const {
    if (type.isF32())
      return mlir::success();
    return fail("expects a weight to be f32 ('nn.decode' makes it so), but got "
                "'" +
                llvm::StringRef(type.getInfo().name) + "'");
  }
};

template <typename Op> Check checkOf(std::optional<mlir::Location> location) {
  return {location, Op::getOperationName()};
}

/// `shape` with another last dimension.
inline llvm::SmallVector<int64_t> withLast(llvm::ArrayRef<int64_t> shape,
                                           int64_t size) {
  llvm::SmallVector<int64_t> result(shape);
  result.back() = size;
  return result;
}

inline mlir::RankedTensorType f32Tensor(llvm::ArrayRef<int64_t> shape,
                                        mlir::MLIRContext *context) {
  return mlir::RankedTensorType::get(shape, mlir::Float32Type::get(context));
}

/// Adds a weight of this shape and encoding to `types`; reported where there
/// can be none.
inline mlir::LogicalResult addWeight(std::optional<mlir::Location> location,
                                     mlir::MLIRContext *context,
                                     llvm::ArrayRef<int64_t> shape,
                                     Encoding encoding, Types &types) {
  auto error = [&] {
    return mlir::emitError(location.value_or(mlir::UnknownLoc::get(context)));
  };
  mlir::Type type = WeightType::getChecked(error, context, shape, encoding);
  if (type)
    types.push_back(type);
  return mlir::success(static_cast<bool>(type));
}

/// Adds a type like `type`, of another shape.
inline mlir::LogicalResult addLike(std::optional<mlir::Location> location,
                                   mlir::Type type,
                                   llvm::ArrayRef<int64_t> shape,
                                   Types &types) {
  if (auto weight = llvm::dyn_cast<WeightType>(type))
    return addWeight(location, type.getContext(), shape, weight.getEncoding(),
                     types);
  types.push_back(mlir::RankedTensorType::get(
      shape, llvm::cast<mlir::RankedTensorType>(type).getElementType()));
  return mlir::success();
}

/// Weights of one encoding, or tensors of one element type.
inline bool sameElements(mlir::Type a, mlir::Type b) {
  auto weightA = llvm::dyn_cast<WeightType>(a),
       weightB = llvm::dyn_cast<WeightType>(b);
  if (weightA || weightB)
    return weightA && weightB && weightA.getEncoding() == weightB.getEncoding();
  return llvm::cast<mlir::RankedTensorType>(a).getElementType() ==
         llvm::cast<mlir::RankedTensorType>(b).getElementType();
}

} // namespace tombolo::nn::inference

#endif // DIALECTS_NN_IR_NNINFERENCE_H
