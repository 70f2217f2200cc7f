//===- NNFusedOps.cpp - Ops that passes make ------------------------------===//

#include "dialects/nn/IR/NNOps.h"

using namespace mlir;
using namespace tombolo::nn;

LogicalResult GluOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location> location,
                                      GluOp::Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  StringRef activation = adaptor.getActivation();
  if (!llvm::is_contained({"silu", "gelu", "gelu_tanh", "relu"},
                          activation)) // C1
    return emitOptionalError(
        location,
        "'nn.glu' op expects 'activation' to be silu, gelu, "
        "gelu_tanh or relu, but got '",
        activation, "'");
  auto type = cast<RankedTensorType>(adaptor.getX().getType());
  int64_t size = type.getShape().back();
  int64_t pair = 2 * static_cast<int64_t>(adaptor.getGroup());
  if (size % pair != 0) // C2
    return emitOptionalError(location,
                             "'nn.glu' op expects rows of a multiple of ", pair,
                             " values (2 * 'group'), but got ", size);
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = size / 2;
  types.push_back(RankedTensorType::get(shape, type.getElementType()));
  return mlir::success();
}
