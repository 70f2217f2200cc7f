//===- EmitSequence.cpp - Kernels that look along the sequence ------------===//

#include "passes/plan/Emit.h"
#include "passes/plan/KernelBuilder.h"
#include "passes/plan/Rows.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

LogicalResult FunctionEmitter::emitRowAttention(const Node &node) {
  Operation *op = node.op;
  auto absorbed = dyn_cast<nn::AbsorbedAttentionOp>(op);
  auto shared = dyn_cast<nn::AttentionOp>(op);
  MLIRContext *context = op->getContext();
  KernelBuilder kernel(kernels, op->getLoc(), "row_attention", node.stage);
  OpBuilder &b = kernel.builder;

  auto qType = cast<RankedTensorType>(op->getOperand(0).getType());
  int64_t heads = qType.getDimSize(1), columns = qType.getDimSize(2);
  int64_t extraColumns = 0;
  Value q = kernel.row(graph.rootOf(op->getOperand(0))), qExtra;
  if (absorbed) {
    extraColumns =
        cast<RankedTensorType>(absorbed.getQPe().getType()).getDimSize(2);
    qExtra = kernel.row(graph.rootOf(absorbed.getQPe()));
  }
  Value y = kernel.row(node.result, /*write=*/true);
  Value sink;
  if (shared && shared.getSink())
    sink =
        kernel.weight(shared.getSink().getDefiningOp<nn::GetWeightOp>(), "rows",
                      Encoding::F32, MemRefType::get({heads}, b.getF32Type()));

  SmallVector<Value> pools, tables, ids, places;
  SmallVector<int64_t> clocks, windows, picks;
  std::optional<Encoding> storage;
  SmallVector<Value> sets;
  if (shared)
    sets.append(shared.getK().begin(), shared.getK().end());
  else
    sets.push_back(absorbed.getLatent());
  for (Value rows : sets) {
    SeenRows seen = seenRows(rows);
    Value extra = absorbed ? seenRows(absorbed.getKPe()).rows : Value();
    if (!seen.rows || (absorbed && !extra))
      return op->emitError("expects rows from histories");
    FailureOr<Encoding> own = storageOf(seen.rows, op);
    FailureOr<Encoding> others = extra ? storageOf(extra, op) : own;
    if (failed(own) || failed(others))
      return failure();
    if (storage.value_or(*own) != *own || *others != *own)
      return op->emitError("expects rows of one storage");
    storage = *own;
    KernelBuilder::StatePages pages = kernel.pages(seen.rows);
    pools.push_back(pages.pool);
    tables.push_back(pages.table);
    places.push_back(pages.offset);
    // Seen alike, they are of one group: their pages are the same.
    if (extra)
      places.push_back(kernel.stateOffset(extra));
    places.push_back(pages.slot);
    auto type = cast<nn::RowsType>(rows.getType());
    clocks.push_back(type.getClock());
    windows.push_back(type.getWindow().value_or(-1));
    picks.push_back(type.getPicks().value_or(0));
    if (seen.ids)
      ids.push_back(kernel.row(graph.rootOf(seen.ids)));
    // For reports: what no ids choose from.
    if (!seen.ids) {
      kernel.plan.rowBytes +=
          encodedBytes(*storage, columns + extraColumns).value_or(0) /
          type.getClock();
      kernel.plan.rowFlops +=
          2 * heads * (2 * columns + extraColumns) / type.getClock();
      kernel.plan.window = sets.size() == 1 ? windows.back() : -1;
    }
  }
  FloatAttr scale = shared ? shared.getScaleAttr() : absorbed.getScaleAttr();
  Value tokens = kernel.hostSize(Symbol::Tokens);
  Value first = kernel.hostSize(Symbol::FirstPosition);
  RowAttentionOp::create(
      b, op->getLoc(), kernel.begin, kernel.end, tokens, q, qExtra, y, sink,
      pools, tables, ids, first, places, b.getI64IntegerAttr(heads),
      b.getI64IntegerAttr(node.blockHeads), b.getI64IntegerAttr(columns),
      b.getI64IntegerAttr(extraColumns), b.getStringAttr(infoOf(*storage).name),
      scale, b.getDenseI64ArrayAttr(clocks), b.getDenseI64ArrayAttr(windows),
      b.getDenseI64ArrayAttr(picks));
  int64_t blocks = (heads + node.blockHeads - 1) / node.blockHeads;
  kernel.plan.grid = hostSize(context, Symbol::Tokens, blocks);
  kernel.plan.label = "row_attention " + std::to_string(heads) + "x" +
                      std::to_string(columns + extraColumns);
  plans.push_back(kernel.finish());
  return mlir::success();
}

LogicalResult FunctionEmitter::emitIndexTopK(const Node &node) {
  auto op = cast<nn::TopKOp>(node.op);
  auto scores = op.getScores().getDefiningOp<nn::IndexScoresOp>();
  SeenRows seen = seenRows(scores.getRows());
  if (!seen.rows || seen.ids)
    return scores.emitError("expects rows from a history");
  FailureOr<Encoding> storage = storageOf(seen.rows, scores);
  if (failed(storage))
    return failure();
  KernelBuilder kernel(kernels, op.getLoc(), "index_top_k", node.stage);
  OpBuilder &b = kernel.builder;
  auto qType = cast<RankedTensorType>(scores.getQ().getType());
  int64_t heads = qType.getDimSize(1), columns = qType.getDimSize(2);
  int64_t clock = cast<nn::RowsType>(seen.rows.getType()).getClock();
  Value q = kernel.row(graph.rootOf(scores.getQ()));
  Value a = kernel.row(graph.rootOf(scores.getA()));
  KernelBuilder::StatePages pages = kernel.pages(seen.rows);
  Value ids = kernel.row(node.result, /*write=*/true);
  Value first = kernel.hostSize(Symbol::FirstPosition);
  int64_t k = rowElements(node.result);
  IndexTopKOp::create(
      b, op.getLoc(), kernel.begin, kernel.end, q, a, pages.pool, pages.table,
      ids, first, pages.offset, pages.slot, b.getI64IntegerAttr(heads),
      b.getI64IntegerAttr(columns), b.getI64IntegerAttr(clock),
      b.getI64IntegerAttr(k), b.getStringAttr(infoOf(*storage).name));
  kernel.plan.grid = hostSize(op.getContext(), Symbol::Tokens);
  kernel.plan.label = "index_top_k " + std::to_string(heads) + "x" +
                      std::to_string(columns) + " " + std::to_string(k);
  kernel.plan.rowBytes = encodedBytes(*storage, columns).value_or(0) / clock;
  kernel.plan.rowFlops = 2 * heads * columns / clock;
  plans.push_back(kernel.finish());
  return mlir::success();
}

void FunctionEmitter::emitWindows(const Node &node) {
  auto op = cast<nn::WindowsOp>(node.op);
  KernelBuilder kernel(kernels, op.getLoc(), "windows", node.stage);
  OpBuilder &b = kernel.builder;
  int64_t size = op.getSize(), rows = size + op.getBefore();
  Value x = kernel.row(graph.rootOf(op.getX()));
  Value state = kernel.symbol(BufferBinding::FixedState, StringAttr(),
                              byteBufferType(op.getContext()));
  Value y = kernel.row(node.result, /*write=*/true);
  Value tokens = kernel.hostSize(Symbol::Tokens);
  Value first = kernel.hostSize(Symbol::FirstPosition);
  Value offset = kernel.size({SizeBinding::StateOffset, {}, op, {}});
  GatherWindowsOp::create(
      b, op.getLoc(), kernel.begin, kernel.end, tokens, x, state, y, first,
      offset, b.getI64IntegerAttr(size), b.getI64IntegerAttr(op.getBefore()),
      b.getI64IntegerAttr(rowElements(graph.rootOf(op.getX()))),
      op.getFillAttr());
  // Rows of as many windows as there can be: ceil(tokens / size) * rows.
  kernel.plan.grid = SizeAttr::get(op.getContext(), Symbol::Tokens, rows,
                                   (size - 1) * rows, size);
  kernel.plan.label = "windows of " + std::to_string(size) + " tokens";
  plans.push_back(kernel.finish());
}
