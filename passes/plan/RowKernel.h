//===- RowKernel.h - The body of a row kernel -------------------*- C++ -*-===//

#ifndef PASSES_PLAN_ROWKERNEL_H
#define PASSES_PLAN_ROWKERNEL_H

#include "passes/plan/KernelBuilder.h"

namespace tombolo::plan {

/// The body of a row kernel: values of the function as tiles of one row.
class RowKernel {
public:
  RowKernel(KernelBuilder &kernel, const Graph &graph, int stage)
      : kernel(kernel), graph(graph), stage(stage), b(kernel.builder),
        loc(kernel.loc) {}

  mlir::LogicalResult add(const Node &node);
  mlir::LogicalResult addQuantize(const Node &node, int index);
  mlir::LogicalResult addMerge(const Node &node);
  mlir::LogicalResult addKeep(const Node &node);

  mlir::Value row; ///< index of the row

private:
  bool isInside(mlir::Value root) {
    int producer = graph.producerOf(root);
    return producer >= 0 && graph.nodes[producer].kind == NodeKind::Row &&
           graph.nodes[producer].stage == stage;
  }
  mlir::RankedTensorType tileType(mlir::Value value) {
    auto type = llvm::cast<mlir::RankedTensorType>(value.getType());
    llvm::SmallVector<int64_t> shape(type.getShape());
    shape[0] = 1;
    return mlir::RankedTensorType::get(shape, type.getElementType());
  }
  mlir::Value reshape(mlir::Value tile, mlir::RankedTensorType type);
  mlir::Value loadTile(mlir::Value root);
  mlir::FailureOr<mlir::Value> tileOf(mlir::Value value);
  mlir::FailureOr<mlir::Value> operandOf(mlir::Value value);
  mlir::Value weightTensor(nn::GetWeightOp op);
  mlir::Value rowView(mlir::Value buffer);
  void store(mlir::Value value, mlir::Value tile);
  mlir::LogicalResult addHistory(nn::HistoryOp op);
  bool leaves(mlir::Value value);

  KernelBuilder &kernel;
  const Graph &graph;
  int stage;
  mlir::OpBuilder &b;
  mlir::Location loc;
  llvm::DenseMap<mlir::Value, mlir::Value> tiles;
};

} // namespace tombolo::plan

#endif // PASSES_PLAN_ROWKERNEL_H
