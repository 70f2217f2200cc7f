//===- JoinWeights.cpp - Several weights as one ---------------------------===//

#include "passes/fuse/JoinWeights.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

WeightJoiner::WeightJoiner(ModuleOp module) : module(module), symbols(module) {
  module.walk([&](GetWeightOp get) { ++readers[get.getWeight()]; });
  // Rope tables read weights as well, by name.
  module.walk([&](RopeTableOp table) {
    for (FlatSymbolRefAttr name :
         {table.getDivisorsAttr(), table.getLongDivisorsAttr()})
      if (name)
        ++readers[name.getValue()];
  });
}

bool WeightJoiner::canJoin(ArrayRef<GetWeightOp> gets) {
  GetWeightOp firstGet = gets[0];
  auto first = symbols.lookup<WeightOp>(firstGet.getWeight());
  WeightType type = first.getType();
  llvm::StringMap<int> seen;
  for (GetWeightOp get : gets) {
    auto weight = symbols.lookup<WeightOp>(get.getWeight());
    WeightType other = weight.getType();
    if (readers[get.getWeight()] != 1 || !get->hasOneUse() ||
        ++seen[get.getWeight()] > 1 || get.getIndex() != firstGet.getIndex() ||
        weight.getIndicesAttr() != first.getIndicesAttr() ||
        other.getEncoding() != type.getEncoding() ||
        other.getRank() != type.getRank() ||
        other.getShape().drop_front() != type.getShape().drop_front())
      return false;
  }
  return true;
}

GetWeightOp WeightJoiner::join(OpBuilder &builder, ArrayRef<GetWeightOp> gets,
                               int64_t interleave) {
  GetWeightOp firstGet = gets[0];
  SmallVector<WeightOp> parts;
  SmallVector<Location> locations;
  std::string name;
  int64_t rows = 0;
  for (GetWeightOp get : gets) {
    WeightOp part = symbols.lookup<WeightOp>(get.getWeight());
    parts.push_back(part);
    locations.push_back(part.getLoc());
    rows += part.getType().getShape()[0];
    // @layer0.wq and @layer0.wk become @layer0.wq.wk, @gate and @up @gate.up.
    StringRef own = part.getSymName();
    if (!name.empty())
      own = own.substr(own.rfind('.') + 1);
    name += (name.empty() ? "" : ".") + own.str();
  }
  WeightType partType = parts[0].getType();
  SmallVector<int64_t> shape(partType.getShape());
  shape[0] = rows;
  auto type =
      WeightType::get(module.getContext(), shape, partType.getEncoding());
  Location loc = FusedLoc::get(module.getContext(), locations);

  OpBuilder b(parts.back());
  b.setInsertionPointAfter(parts.back());
  std::optional<ArrayRef<int64_t>> indices = parts[0].getIndices();
  auto weight = WeightOp::create(b, loc, name, type, indices);
  if (weight.getBody().empty())
    weight.getBody().emplaceBlock();
  symbols.insert(weight);
  b.setInsertionPointToEnd(&weight.getBlock());
  SmallVector<Value> values;
  for (WeightOp part : parts) {
    IRMapping mapping;
    for (Operation &op : part.getBlock().without_terminator())
      b.clone(op, mapping);
    values.push_back(mapping.lookupOrDefault(
        cast<YieldOp>(part.getBlock().getTerminator()).getValue()));
  }
  Value result;
  if (interleave > 0)
    result = InterleaveOp::create(b, loc, type, values,
                                  b.getI64IntegerAttr(interleave));
  else
    result = ConcatOp::create(b, loc, type, values, b.getI64IntegerAttr(0));
  YieldOp::create(b, loc, result);
  readers[weight.getSymName()] = 1;
  for (GetWeightOp get : gets)
    readers[get.getWeight()] = 0;
  joined.append(parts);
  return GetWeightOp::create(builder, loc, type,
                             FlatSymbolRefAttr::get(weight.getSymNameAttr()),
                             firstGet.getIndex());
}

void WeightJoiner::eraseUnread() {
  for (WeightOp weight : joined)
    symbols.erase(weight);
  joined.clear();
}
