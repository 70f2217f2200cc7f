//===- Emit.h - Kernels and dispatches of one function ----------*- C++ -*-===//

#ifndef PASSES_PLAN_EMIT_H
#define PASSES_PLAN_EMIT_H

#include "dialects/plan/IR/Plan.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/plan/Graph.h"
#include "llvm/ADT/MapVector.h"
#include <vector>

namespace tombolo::plan {

/// What is bound to an argument of a kernel, before a layer's index is known.
struct BufferBinding {
  enum Kind {
    Row,
    Record,
    Parts,
    Order,
    Weight,
    Tokens,
    Positions,
    RopeTable,
    Pool,
    PageTable,
    FixedState
  };
  Kind kind = Row;
  /// Row: a root value of the function. Record: the quantize node's value.
  /// Pool, PageTable: rows, where they are an argument.
  mlir::Value value;
  /// Record: index of the quantize node. Parts: of the attention's. Order: of
  /// the group's.
  int node = -1;
  /// Weight: the `nn.get_weight`; its pack's layout and encoding.
  mlir::Operation *getWeight = nullptr;
  std::string layout;
  Encoding encoding = Encoding::F32;
  /// RopeTable, Pool, PageTable: the symbol of the table or the state family.
  mlir::StringAttr symbol;
  /// RopeTable: tokens of the windows at whose beginnings its rows stand.
  int64_t clock = 1;
  mlir::Type type;
};

/// An index argument: a size, or the place of a state instance in its slot or
/// in the fixed state.
struct SizeBinding {
  enum Kind { Host, StateOffset, SlotBytes };
  Kind kind = Host;
  SizeAttr size;
  /// StateOffset, SlotBytes: the op that names state and instance, an
  /// `nn::StateUserOpInterface`, or rows, which are an argument.
  mlir::Operation *user = nullptr;
  mlir::Value rows;
};

struct KernelPlan {
  mlir::func::FuncOp kernel;
  SizeAttr grid;
  llvm::SmallVector<BufferBinding> buffers;
  llvm::SmallVector<int64_t> writes;
  llvm::SmallVector<SizeBinding> sizes;
  int stage;
  std::string label;
  int64_t weightBytes = 0, flops = 0;
  /// `flops` multiply integers.
  bool integerFlops = false;
  /// For each row of a history that is seen; the window, -1: all are.
  int64_t rowBytes = 0, rowFlops = 0, window = -1;
};

/// Makes the kernels of one function, into `kernels` (a module).
class FunctionEmitter {
public:
  FunctionEmitter(mlir::func::FuncOp function, const Graph &graph,
                  mlir::ModuleOp kernels)
      : function(function), graph(graph), kernels(kernels) {}
  mlir::FailureOr<std::vector<KernelPlan>> emit();

private:
  mlir::LogicalResult emitRows(int stage);
  mlir::LogicalResult emitRows(int stage, int64_t clock,
                               llvm::ArrayRef<int> members);
  mlir::LogicalResult emitLinear(const Node &node);
  mlir::LogicalResult emitGeneralLinear(const Node &node);
  void emitGroup(const Node &node);
  void emitExpertLinear(const Node &node);
  mlir::LogicalResult emitAttention(const Node &node);
  mlir::LogicalResult emitEmbedding(const Node &node);
  mlir::LogicalResult emitRowAttention(const Node &node);
  mlir::LogicalResult emitIndexTopK(const Node &node);
  void emitWindows(const Node &node);
  void emitCausalConv(const Node &node);
  void emitGatedDelta(const Node &node);

  mlir::func::FuncOp function;
  const Graph &graph;
  mlir::ModuleOp kernels;
  std::vector<KernelPlan> plans;
};

/// The padded row of a buffer: whole vectors of 16, and not whole 4 KiB: the
/// rows of a tile would all fall into one set of the first-level cache.
inline int64_t rowStride(int64_t elements) {
  int64_t stride = (elements + 15) / 16 * 16;
  return stride % 1024 == 0 ? stride + 16 : stride;
}
/// memref<?xCxf32, strided<[stride, 1]>> of a value's rows.
mlir::MemRefType rowBufferType(mlir::Value value);
/// Bytes from a row of it to the next.
int64_t rowBytes(mlir::Value value);

} // namespace tombolo::plan

#endif // PASSES_PLAN_EMIT_H
