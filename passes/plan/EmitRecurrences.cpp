//===- EmitRecurrences.cpp - Kernels of recurrences -----------------------===//

#include "passes/plan/Emit.h"
#include "passes/plan/KernelBuilder.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

namespace {
/// The state that an op takes its tokens into: the memory, and the place in it.
struct StateOperands {
  Value memory, offset;
};
} // namespace

static StateOperands stateOf(KernelBuilder &kernel, Operation *user) {
  return {kernel.symbol(BufferBinding::FixedState, StringAttr(),
                        byteBufferType(user->getContext()), /*write=*/true),
          kernel.size({SizeBinding::StateOffset, {}, user, {}})};
}

void FunctionEmitter::emitCausalConv(const Node &node) {
  auto op = cast<nn::CausalConvOp>(node.op);
  auto get = op.getW().getDefiningOp<nn::GetWeightOp>();
  ArrayRef<int64_t> shape = cast<nn::WeightType>(get.getType()).getShape();
  int64_t channels = shape[0], taps = shape[1];
  KernelBuilder kernel(kernels, op.getLoc(), "causal_conv", node.stage);
  OpBuilder &b = kernel.builder;
  Value x = kernel.row(graph.rootOf(op.getX()));
  Value w = kernel.weight(get, "rows", Encoding::F32,
                          MemRefType::get(shape, b.getF32Type()));
  StateOperands state = stateOf(kernel, op);
  Value y = kernel.row(node.result, /*write=*/true);
  Value tokens = kernel.hostSize(Symbol::Tokens);
  CausalConvOp::create(b, op.getLoc(), kernel.begin, kernel.end, tokens, x, w,
                       state.memory, state.offset, y, node.columns);
  kernel.plan.grid = constantSize(op.getContext(),
                                  (channels + node.columns - 1) / node.columns);
  kernel.plan.label =
      "causal_conv " + std::to_string(channels) + "x" + std::to_string(taps);
  // The state is read and written.
  kernel.plan.weightBytes = 4 * channels * (taps + 2 * (taps - 1));
  kernel.plan.flops = 2 * channels * taps;
  plans.push_back(kernel.finish());
}

void FunctionEmitter::emitGatedDelta(const Node &node) {
  auto op = cast<nn::GatedDeltaOp>(node.op);
  ArrayRef<int64_t> k = op.getK().getType().getShape(),
                    v = op.getV().getType().getShape();
  int64_t keyHeads = k[1], keyColumns = k[2], heads = v[1], valueColumns = v[2];
  int64_t columns = std::min(node.columns, valueColumns);
  KernelBuilder kernel(kernels, op.getLoc(), "gated_delta", node.stage);
  OpBuilder &b = kernel.builder;
  SmallVector<Value> rows;
  for (Value value : {Value(op.getQ()), Value(op.getK()), Value(op.getV()),
                      Value(op.getDecay())})
    rows.push_back(kernel.row(graph.rootOf(value)));
  Value beta = op.getBeta() ? kernel.row(graph.rootOf(op.getBeta())) : Value();
  StateOperands state = stateOf(kernel, op);
  Value y = kernel.row(node.result, /*write=*/true);
  Value tokens = kernel.hostSize(Symbol::Tokens);
  GatedDeltaOp::create(b, op.getLoc(), kernel.begin, kernel.end, tokens,
                       rows[0], rows[1], rows[2], rows[3], beta, state.memory,
                       state.offset, y, heads, keyHeads, keyColumns,
                       valueColumns, columns, graph.isManyRows());
  kernel.plan.grid = constantSize(
      op.getContext(), heads * ((valueColumns + columns - 1) / columns));
  kernel.plan.label = (beta ? "gated_delta " : "selective_scan ") +
                      std::to_string(heads) + "/" + std::to_string(keyHeads) +
                      " " + std::to_string(keyColumns) + "x" +
                      std::to_string(valueColumns);
  // The state is read and written; of each number, a product with the query,
  // the decay and what is added, and one with the key for the correction.
  int64_t numbers = heads * keyColumns * valueColumns;
  kernel.plan.weightBytes = 2 * 4 * numbers;
  kernel.plan.flops = (beta ? 7 : 5) * numbers;
  plans.push_back(kernel.finish());
}
