//===- Graph.h - Stages of a function ---------------------------*- C++ -*-===//
//
// How a function of row-wise ops, products and attention falls into kernels.
//
// Products, attention, recurrences and table lookups are *heavy*: each is a
// kernel of its own. Everything between two of them works on one row at a time,
// so it can share one kernel. The graph gives every op a stage: row-wise ops
// have even stages, heavy ones odd, and a stage needs only what earlier stages
// made. All row-wise ops of one stage become one kernel.
//
//===----------------------------------------------------------------------===//

#ifndef PASSES_PLAN_GRAPH_H
#define PASSES_PLAN_GRAPH_H

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Value.h"
#include "passes/plan/PlanTarget.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace tombolo::plan {

enum class NodeKind {
  /// Works on one row: becomes part of its stage's row kernel.
  Row,
  /// The same elements in the same order under another shape: no work.
  View,
  Linear,
  ExpertLinear,
  Attention,
  /// Attention of many heads over rows that are key and value.
  RowAttention,
  /// `nn.top_k` of `nn.index_scores`.
  IndexTopK,
  /// The rows of windows that a step completes.
  Windows,
  Embedding,
  CausalConv,
  GatedDelta,
  /// Made by the planner: the choices of many tokens, by expert.
  Group,
  /// Made by the planner: `x` into the record that `choice` reads.
  Quantize,
  /// Made by the planner: the row of an attention that runs in parts.
  Merge,
  /// Made by the planner: a row that later windows need.
  Keep,
};
/// Whether the node is part of its stage's row kernel.
inline bool isRowWork(NodeKind kind) {
  return kind == NodeKind::Row || kind == NodeKind::Quantize ||
         kind == NodeKind::Merge || kind == NodeKind::Keep;
}

/// How a target holds one op: which kind of node it is, the target's choice
/// for a product or a table, and whether the kernel calls a strategy for it.
struct Holding {
  NodeKind kind = NodeKind::Row;
  LinearChoice choice = {};
  bool strategy = false;
};
/// Of an op that makes a value and is neither a source nor a view.
Holding holdingOf(mlir::Operation *op, const PlanTarget &target, bool manyRows);
/// Whether an op is no work: weights and constants, and views.
bool isNoWork(mlir::Operation *op);

struct Node {
  NodeKind kind;
  /// Null for Quantize and Group.
  mlir::Operation *op = nullptr;
  int stage = -1;
  /// Linear, ExpertLinear, Quantize: the target's choice.
  LinearChoice choice;
  /// Quantize: what is quantized. Linear: the quantize node it reads, or -1.
  mlir::Value quantized;
  int quantizeNode = -1;
  /// Group: the ids, and of how many experts. ExpertLinear: the group node it
  /// reads, or -1: the ids of one token.
  mlir::Value ids;
  int64_t experts = 0;
  int groupNode = -1;
  /// Attention: the target's choice.
  AttentionChoice attention;
  /// RowAttention: heads of one program.
  int64_t blockHeads = 0;
  /// CausalConv, GatedDelta: columns of one program.
  int64_t columns = 0;
  /// Merge: the node of its attention. Keep: of its windows.
  int attentionNode = -1, windowsNode = -1;
  /// Linear: elementwise ops folded into the store of the result, in order;
  /// the first may be an `nn.glu` (paired).
  llvm::SmallVector<mlir::Operation *, 2> epilogue;
  /// The tensor that the node leaves behind (after the epilogue).
  mlir::Value result;
};

class Graph {
public:
  /// `manyRows`: the plan for steps of more than one token.
  Graph(mlir::func::FuncOp function, const PlanTarget &target, bool manyRows);
  /// Fails with a diagnostic on an op that no kernel can hold.
  mlir::LogicalResult build();

  llvm::SmallVector<Node, 0> nodes;
  int stages = 0;

  /// The value whose elements `value` shows (through views).
  mlir::Value rootOf(mlir::Value value) const;
  /// Whether every use of the op's result was folded into a product's store.
  bool isFolded(mlir::Operation *op) const { return folded.contains(op); }
  bool isManyRows() const { return manyRows; }
  /// Tokens that a row of `value` stands for.
  int64_t clockOf(mlir::Value value) const {
    auto it = clocks.find(value);
    return it == clocks.end() ? 1 : it->second;
  }
  /// The same of the rows that a node works on.
  int64_t clockOf(const Node &node) const;
  /// Index of the node that makes `value` (a root), or -1: an argument.
  int producerOf(mlir::Value value) const;

private:
  mlir::LogicalResult findClocks();
  void collect();
  void foldEpilogues();
  void addQuantizeNodes();
  void addGroupNodes();
  int stageOf(int node);
  /// Moves row-wise ops on to the stage that reads them, where that is less to
  /// store.
  void sinkRows();
  /// The nodes that read `value`, a view of it, or make a record of it; nothing
  /// where the function returns it.
  std::optional<llvm::SmallVector<int>> readersOf(mlir::Value value) const;
  int readyStage(mlir::Value value, bool forRow);

  mlir::func::FuncOp function;
  const PlanTarget &target;
  bool manyRows;
  llvm::DenseMap<mlir::Value, int> producers;
  llvm::DenseSet<mlir::Operation *> folded;
  /// Of values whose rows are windows.
  llvm::DenseMap<mlir::Value, int64_t> clocks;
};

/// Elements of one row of a [T, ...] tensor.
int64_t rowElements(mlir::Value value);

/// Whether the attention's rows are key and value at once, of one head for all.
bool sharesRows(nn::AttentionOp op);
/// Heads of the attention's keys.
int64_t keyHeadsOf(nn::AttentionOp op);

} // namespace tombolo::plan

#endif // PASSES_PLAN_GRAPH_H
