//===- WeightSizes.cpp - What weights take, and what a token reads --------===//

#include "dialects/nn/IR/WeightSizes.h"
#include "dialects/nn/IR/NNOps.h"
#include "support/WeightSource.h"
#include "llvm/ADT/DenseMap.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

/// Ids of one token: the product of all dimensions but the first; 0 where one
/// is not known.
static int64_t idsOfToken(Value ids) {
  auto type = dyn_cast<RankedTensorType>(ids.getType());
  if (!type || type.getRank() == 0)
    return 0;
  int64_t count = 1;
  for (int64_t size : type.getShape().drop_front())
    count *= ShapedType::isDynamic(size) ? 0 : size;
  return count;
}

/// Places of the first dimension of `weight` that `use` reads for a token;
/// nothing where it reads all.
static std::optional<int64_t> placesRead(OpOperand &use) {
  int64_t count = 0;
  if (auto product = dyn_cast<ExpertLinearOp>(use.getOwner());
      product && use.get() != product.getX())
    count = idsOfToken(product.getIds());
  else if (auto embedding = dyn_cast<EmbeddingOp>(use.getOwner()))
    count = idsOfToken(embedding.getIds());
  return count ? std::optional(count) : std::nullopt;
}

WeightSizes tombolo::nn::weightSizesOf(ModuleOp module) {
  // Of each weight the places that are read; all of them are -1.
  llvm::DenseMap<StringAttr, int64_t> read;
  module.walk([&](GetWeightOp get) {
    int64_t &places = read[get.getWeightAttr().getAttr()];
    for (OpOperand &use : get.getResult().getUses()) {
      std::optional<int64_t> count = placesRead(use);
      places = !count || places < 0 ? -1 : std::max(places, *count);
    }
  });
  WeightSizes sizes;
  for (auto weight : module.getOps<WeightOp>()) {
    WeightType type = weight.getType();
    int64_t count = weight.getCount();
    int64_t elements = elementsOf(type.getShape()).value_or(0);
    int64_t bytes = static_cast<int64_t>(
        encodedBytes(type.getEncoding(), elements).value_or(0));
    int64_t places = type.getShape().empty() ? 1 : type.getShape().front();
    int64_t taken = read.lookup(weight.getSymNameAttr());
    // Whole rows or matrices have whole bytes.
    double share = taken < 0 || places == 0
                       ? 1.0
                       : std::min(1.0, double(taken) / double(places));
    sizes.bytes += count * bytes;
    sizes.activeBytes += std::llround(double(count) * double(bytes) * share);
    if (infoOf(type.getEncoding()).isInteger)
      continue;
    sizes.parameters += count * elements;
    sizes.activeParameters +=
        std::llround(double(count) * double(elements) * share);
  }
  return sizes;
}
