//===- AbsorbLatents.cpp - Latent attention on latents --------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/fuse/Passes.h"

namespace tombolo::nn {
#define GEN_PASS_DEF_ABSORBLATENTSPASS
#include "passes/fuse/Passes.h.inc"
} // namespace tombolo::nn

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {

struct AbsorbLatentsPass
    : tombolo::nn::impl::AbsorbLatentsPassBase<AbsorbLatentsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::MapVector<WeightOp, WeightOp> transposed;
    SmallVector<LatentAttentionOp> ops;
    module.walk([&](LatentAttentionOp op) {
      // Matrices that are computed have no transposed form to be had.
      if (op.getWUk().getDefiningOp<GetWeightOp>() &&
          op.getWUv().getDefiningOp<GetWeightOp>())
        ops.push_back(op);
    });
    for (LatentAttentionOp op : ops) {
      auto get = op.getWUk().getDefiningOp<GetWeightOp>();
      WeightOp &turned = transposed[symbols.lookup<WeightOp>(get.getWeight())];
      if (!turned)
        turned = transpose(symbols.lookup<WeightOp>(get.getWeight()), symbols);
      rewrite(op, get, turned);
    }
    for (auto &[weight, turned] : transposed)
      if (SymbolTable::symbolKnownUseEmpty(weight, module))
        symbols.erase(weight);
    absorbed += ops.size();
  }

  /// A weight with the last two dimensions of `weight` exchanged.
  static WeightOp transpose(WeightOp weight, SymbolTable &symbols) {
    Location loc = weight.getLoc();
    OpBuilder b(weight);
    b.setInsertionPointAfter(weight);
    ArrayRef<int64_t> shape = weight.getType().getShape();
    // Numbers of blocks lie along the rows that are cut here.
    bool isPlain = infoOf(weight.getType().getEncoding()).blockElements == 1;
    Encoding encoding =
        isPlain ? weight.getType().getEncoding() : Encoding::F32;
    auto type = WeightType::get(b.getContext(), {shape[0], shape[2], shape[1]},
                                encoding);
    auto turned = WeightOp::create(b, loc, (weight.getSymName() + ".t").str(),
                                   type, weight.getIndices());
    if (turned.getBody().empty())
      turned.getBody().emplaceBlock();
    symbols.insert(turned);
    b.setInsertionPointToEnd(&turned.getBlock());
    IRMapping mapping;
    for (Operation &op : weight.getBlock().without_terminator())
      b.clone(op, mapping);
    Value value = mapping.lookupOrDefault(
        cast<YieldOp>(weight.getBlock().getTerminator()).getValue());
    if (!isPlain)
      value = DecodeOp::create(b, loc, value);
    value = RearrangeOp::create(b, loc, type, value,
                                b.getStringAttr("h n r -> h r n"),
                                DictionaryAttr());
    YieldOp::create(b, loc, value);
    return turned;
  }

  static void rewrite(LatentAttentionOp op, GetWeightOp get, WeightOp turned) {
    Location loc = op.getLoc();
    OpBuilder b(op);
    Value up = GetWeightOp::create(
        b, loc, turned.getType(),
        FlatSymbolRefAttr::get(turned.getSymNameAttr()), get.getIndex());
    Value q = GroupedLinearOp::create(b, loc, op.getQNope(), up);
    Value seen = AbsorbedAttentionOp::create(b, loc, q, op.getPositions(),
                                             op.getQPe(), op.getLatent(),
                                             op.getKPe(), op.getScaleAttr());
    Value result = GroupedLinearOp::create(b, loc, seen, op.getWUv());
    op.replaceAllUsesWith(result);
    op.erase();
    if (get.use_empty())
      get.erase();
  }
};

} // namespace
