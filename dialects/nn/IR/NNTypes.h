//===- NNTypes.h - The nn dialect, its types and attributes -----*- C++ -*-===//

#ifndef DIALECTS_NN_IR_NNTYPES_H
#define DIALECTS_NN_IR_NNTYPES_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "support/Encoding.h"
#include "llvm/ADT/Hashing.h"
#include <optional>

namespace mlir {
class AsmParser;
}

namespace tombolo {
/// For parameters of types and attributes.
inline llvm::hash_code hash_value(const Encoding &encoding) {
  const Encoding::Groups &groups = encoding.groups();
  return llvm::hash_combine(unsigned(encoding.kind()), unsigned(groups.code),
                            unsigned(groups.scale), groups.zeros, groups.group,
                            groups.span);
}
} // namespace tombolo

namespace tombolo::nn {

/// Ops with this trait may stand in the region of an `nn.weight`.
template <typename ConcreteType>
class OnWeights : public mlir::OpTrait::TraitBase<ConcreteType, OnWeights> {};

/// Stops the verifier where result types can not be inferred: inference has
/// said why, and the verifier of inferred types would only add that it failed.
template <typename ConcreteType>
class ChecksInference
    : public mlir::OpTrait::TraitBase<ConcreteType, ChecksInference> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    llvm::SmallVector<mlir::Type, 1> types;
    if (llvm::failed(ConcreteType::inferReturnTypes(
            op->getContext(), op->getLoc(), op->getOperands(),
            op->getRawDictionaryAttrs(), op->getPropertiesStorage(),
            op->getRegions(), types)))
      return llvm::failure();
    for (auto [inferred, result] : llvm::zip(types, op->getResultTypes()))
      if (inferred != result)
        return op->emitOpError("expects a result of type ")
               << inferred << ", but got " << result;
    return llvm::success();
  }
};

/// The states that `nn.history` writes; no memory of anything else.
struct StateResource : public mlir::SideEffects::Resource::Base<StateResource> {
  mlir::StringRef getName() final { return "nn.state"; }
};

} // namespace tombolo::nn

#include "dialects/nn/IR/NNDialect.h.inc"
#include "dialects/nn/IR/NNEnums.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/nn/IR/NNTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/nn/IR/NNAttrs.h.inc"

namespace tombolo::nn {

/// A weight or a tensor.
inline bool isWeightOrTensor(mlir::Type type) {
  return mlir::isa<WeightType, mlir::RankedTensorType>(type);
}
/// The shape of a weight or tensor.
llvm::ArrayRef<int64_t> shapeOf(mlir::Type weightOrTensor);
/// `[3, ?, 64]`, as messages write shapes.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// Parses the name of an encoding, a keyword.
mlir::FailureOr<Encoding> parseEncoding(mlir::AsmParser &parser);

} // namespace tombolo::nn

#endif // DIALECTS_NN_IR_NNTYPES_H
