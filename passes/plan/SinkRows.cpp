//===- SinkRows.cpp - Row-wise ops to the stage that reads them -----------===//
//
// Stages are the earliest ones at first. What an early stage makes for a later
// one is stored and loaded again; where it is more than what it is made of, it
// is made where it is read:
//
//     %mixed = nn.einsum %mix, %streams   // of 4 x 4 and the streams
//     %y = nn.linear ..                   // the layer, some stages long
//     %r = nn.add %spread, %mixed         // one pass with %mixed
//
//===----------------------------------------------------------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/plan/Graph.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

/// The last stage whose row kernel can still make `value` for this reader.
static int latestFor(const Node &reader) {
  return isRowWork(reader.kind) ? reader.stage : reader.stage - 1;
}

std::optional<SmallVector<int>> Graph::readersOf(Value value) const {
  SmallVector<int> readers;
  for (auto [index, node] : llvm::enumerate(nodes))
    if (node.quantized == value || node.ids == value)
      readers.push_back(index);
  for (Operation *user : value.getUsers()) {
    Value result = user->getNumResults() == 1 ? user->getResult(0) : Value();
    if (result && rootOf(result) == rootOf(value)) { // a view
      auto more = readersOf(result);
      if (!more)
        return std::nullopt;
      llvm::append_range(readers, *more);
      continue;
    }
    // An op may have several nodes: of which the earliest counts.
    size_t known = readers.size();
    for (auto [index, node] : llvm::enumerate(nodes))
      if (node.op == user || llvm::is_contained(node.epilogue, user))
        readers.push_back(index);
    if (readers.size() ==
        known) // it is returned, or read through an op of none
      return std::nullopt;
  }
  return readers;
}

void Graph::sinkRows() {
  // Readers come before what they read.
  for (Node &node : llvm::reverse(nodes)) {
    if (node.kind != NodeKind::Row || !isMemoryEffectFree(node.op))
      continue;
    auto readers = readersOf(node.result);
    if (!readers || readers->empty())
      continue;
    int latest = INT_MAX;
    for (int reader : *readers)
      latest = std::min(latest, latestFor(nodes[reader]));
    if (latest <= node.stage)
      continue;
    // What would have to be stored for it instead, and what would be kept for
    // longer, of which nothing may be larger.
    int64_t size = rowElements(node.result), stored = 0, longest = 0;
    for (Value operand : node.op->getOperands()) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      Value root = rootOf(operand);
      longest = std::max(longest, rowElements(root));
      int producer = producerOf(root);
      auto others = readersOf(root);
      bool leaves = !others || llvm::any_of(*others, [&](int other) {
        return !isRowWork(nodes[other].kind) ||
               nodes[other].stage != node.stage;
      });
      if (producer >= 0 && nodes[producer].kind == NodeKind::Row &&
          nodes[producer].stage == node.stage && !leaves)
        stored += rowElements(root);
    }
    if (stored < size && longest <= size)
      node.stage = latest;
  }
}
