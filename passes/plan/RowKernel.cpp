//===- RowKernel.cpp - The body of a row kernel ---------------------------===//

#include "passes/plan/RowKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "passes/plan/CheckInput.h"
#include "passes/plan/Rows.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

Value RowKernel::reshape(Value tile, RankedTensorType type) {
  auto from = cast<RankedTensorType>(tile.getType());
  if (from == type)
    return tile;
  // One of the two is [1, C]: the other groups all its inner axes into C.
  RankedTensorType wide = from.getRank() > type.getRank() ? from : type;
  SmallVector<ReassociationIndices> groups{{0}, {}};
  for (int64_t axis = 1; axis < wide.getRank(); ++axis)
    groups[1].push_back(axis);
  if (from.getRank() > type.getRank())
    return tensor::CollapseShapeOp::create(b, loc, type, tile, groups);
  return tensor::ExpandShapeOp::create(b, loc, type, tile, groups);
}

Value RowKernel::rowView(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<OpFoldResult> offsets{row}, sizes{b.getIndexAttr(1)},
      strides{b.getIndexAttr(1)};
  for (int64_t axis = 1; axis < type.getRank(); ++axis) {
    offsets.push_back(b.getIndexAttr(0));
    sizes.push_back(b.getIndexAttr(type.getDimSize(axis)));
    strides.push_back(b.getIndexAttr(1));
  }
  return memref::SubViewOp::create(b, loc, buffer, offsets, sizes, strides);
}

/// A row of a value as its buffer has it (rowBufferType).
static RankedTensorType bufferRowType(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t, 2> shape{1};
  if (type.getRank() > 1)
    shape.push_back(rowElements(value));
  return RankedTensorType::get(shape, type.getElementType());
}

Value RowKernel::loadTile(Value root) {
  Value view = rowView(kernel.row(root));
  Value tile = bufferization::ToTensorOp::create(
      b, loc, bufferRowType(root), view, /*restrict=*/true, /*writable=*/false);
  return reshape(tile, tileType(root));
}

Value RowKernel::weightTensor(nn::GetWeightOp op) {
  auto type = cast<nn::WeightType>(op.getType());
  auto memref = MemRefType::get(type.getShape(), b.getF32Type());
  Value buffer = kernel.weight(op, "rows", Encoding::F32, memref);
  return bufferization::ToTensorOp::create(
      b, loc, RankedTensorType::get(type.getShape(), b.getF32Type()), buffer,
      /*restrict=*/true, /*writable=*/false);
}

FailureOr<Value> RowKernel::tileOf(Value value) {
  if (Value tile = tiles.lookup(value))
    return tile;
  Value root = graph.rootOf(value);
  if (root == value) {
    if (isInside(root))
      return failure(); // made by a later op of this stage: a planner mistake
    Value tile = loadTile(value);
    tiles[value] = tile;
    return tile;
  }
  Operation *view = value.getDefiningOp();
  FailureOr<Value> input = tileOf(view->getOperand(0));
  if (failed(input))
    return failure();
  IRMapping mapping;
  mapping.map(view->getOperand(0), *input);
  Operation *clone = b.clone(*view, mapping);
  clone->getResult(0).setType(tileType(value));
  tiles[value] = clone->getResult(0);
  return clone->getResult(0);
}

FailureOr<Value> RowKernel::operandOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (op && op->hasTrait<OpTrait::ConstantLike>()) {
    if (Value known = tiles.lookup(value))
      return known;
    return tiles[value] = b.clone(*op)->getResult(0);
  }
  if (auto weight = value.getDefiningOp<nn::GetWeightOp>()) {
    if (Value known = tiles.lookup(value))
      return known;
    return tiles[value] = weightTensor(weight);
  }
  if (op && isWeightPart(op)) {
    if (Value known = tiles.lookup(value))
      return known;
    FailureOr<Value> whole = operandOf(op->getOperand(0));
    if (failed(whole))
      return failure();
    IRMapping mapping;
    mapping.map(op->getOperand(0), *whole);
    Operation *clone = b.clone(*op, mapping);
    clone->getResult(0).setType(RankedTensorType::get(
        cast<nn::WeightType>(value.getType()).getShape(), b.getF32Type()));
    return tiles[value] = clone->getResult(0);
  }
  return tileOf(value);
}

/// Whether something that is not a row op of this stage reads the value.
bool RowKernel::leaves(Value value) {
  for (Operation *user : value.getUsers()) {
    if (isa<func::ReturnOp, nn::HistoryOp>(user) || graph.isFolded(user))
      return true;
    if (auto rearrange = dyn_cast<nn::RearrangeOp>(user))
      if (graph.rootOf(rearrange.getResult()) == graph.rootOf(value)) {
        if (leaves(rearrange.getResult()))
          return true;
        continue;
      }
    auto node =
        llvm::find_if(graph.nodes, [&](const Node &n) { return n.op == user; });
    if (node == graph.nodes.end() || node->kind != NodeKind::Row ||
        node->stage != stage)
      return true;
  }
  return llvm::any_of(graph.nodes, [&](const Node &node) {
    return node.kind == NodeKind::Quantize && node.quantized == value;
  });
}

void RowKernel::store(Value value, Value tile) {
  Value buffer = kernel.row(value, /*write=*/true);
  bufferization::MaterializeInDestinationOp::create(
      b, loc, /*result=*/Type(), reshape(tile, bufferRowType(value)),
      rowView(buffer),
      /*restrict=*/true, /*writable=*/true);
}

LogicalResult RowKernel::addHistory(nn::HistoryOp op) {
  auto rows = cast<nn::RowsType>(op.getType());
  SmallVector<RowUse> uses = usesOf(op.getResult());
  if (uses.size() != 1)
    return op.emitError("expects a history to be either keys or values, or "
                        "both at once for all heads");
  auto state =
      SymbolTable::lookupNearestSymbolFrom<nn::StateOp>(op, op.getStateAttr());
  // A row that this kernel makes was stored before; one that came from another
  // kernel is read where it lies.
  Value root = graph.rootOf(op.getX());
  Value x = kernel.row(root);
  KernelBuilder::StatePages pages =
      kernel.pages(op.getResult(), /*write=*/true);
  int64_t clock = op.getClock();
  Value first = clock == 1 ? kernel.hostSize(Symbol::FirstPosition)
                           : kernel.windowsBefore(clock);
  ArrayRef<int64_t> shape = rows.getShape();
  AppendRowsOp::create(
      b, loc, row, x, pages.pool, pages.table, first, pages.offset, pages.slot,
      shape.size() == 2 ? shape[0] : 1, shape.back(),
      uses.front() == RowUse::Keys, infoOf(state.getStorageEncoding()).name);
  return mlir::success();
}

LogicalResult RowKernel::addKeep(const Node &node) {
  auto op = cast<nn::WindowsOp>(node.op);
  Value root = graph.rootOf(op.getX());
  Value x = kernel.row(root);
  Value state = kernel.symbol(BufferBinding::FixedState, StringAttr(),
                              byteBufferType(op.getContext()), /*write=*/true);
  Value tokens = kernel.hostSize(Symbol::Tokens);
  Value first = kernel.hostSize(Symbol::FirstPosition);
  Value offset = kernel.size({SizeBinding::StateOffset, {}, op, {}});
  KeepRowsOp::create(b, loc, row, tokens, x, state, first, offset,
                     op.getSize() + op.getBefore() - 1, rowElements(root));
  return mlir::success();
}

LogicalResult RowKernel::add(const Node &node) {
  if (auto history = dyn_cast<nn::HistoryOp>(node.op))
    return addHistory(history);
  Operation *op = node.op;
  if (auto rope = dyn_cast<nn::RopeOp>(op)) {
    FailureOr<Value> x = tileOf(rope.getX());
    if (failed(x))
      return failure();
    auto table = SymbolTable::lookupNearestSymbolFrom<nn::RopeTableOp>(
        op, rope.getTableAttr());
    int64_t half = table.getFreqs().size();
    auto type =
        MemRefType::get({ShapedType::kDynamic, 2, half}, b.getF32Type());
    Value buffer = kernel.symbol(
        BufferBinding::RopeTable, rope.getTableAttr().getAttr(), type,
        /*write=*/false, graph.clockOf(rope.getPositions()));
    Value tile = bufferization::ToTensorOp::create(
        b, loc, RankedTensorType::get({1, 2, half}, b.getF32Type()),
        rowView(buffer),
        /*restrict=*/true, /*writable=*/false);
    tiles[node.result] = nn::RotateOp::create(
        b, loc, tileType(node.result), *x, tile, rope.getPairsAttr(),
        rope.getAtAttr(), rope.getInverseAttr());
  } else {
    IRMapping mapping;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> mapped = operandOf(operand);
      if (failed(mapped))
        return op->emitError("expects its operands before it in its stage");
      mapping.map(operand, *mapped);
    }
    Operation *clone = b.clone(*op, mapping);
    clone->getResult(0).setType(tileType(node.result));
    tiles[node.result] = clone->getResult(0);
  }
  if (leaves(node.result))
    store(node.result, tiles[node.result]);
  return mlir::success();
}

LogicalResult RowKernel::addQuantize(const Node &node, int index) {
  Value x = kernel.row(node.quantized);
  BufferBinding binding;
  binding.kind = BufferBinding::Record;
  binding.value = node.quantized;
  binding.node = index;
  binding.type = byteBufferType(b.getContext());
  Value record = kernel.bind(binding, /*write=*/true);
  QuantizeRowsOp::create(b, loc, row, x, record, rowElements(node.quantized),
                         node.choice.rowTile, node.choice.activations);
  return mlir::success();
}

LogicalResult RowKernel::addMerge(const Node &node) {
  BufferBinding binding;
  binding.kind = BufferBinding::Parts;
  binding.node = node.attentionNode;
  binding.type = byteBufferType(b.getContext());
  Value parts = kernel.bind(binding);
  Value y = kernel.row(node.result, /*write=*/true);
  auto heads = cast<RankedTensorType>(node.result.getType()).getShape();
  MergeAttentionOp::create(b, loc, row, parts, y, heads[1], heads[2],
                           graph.nodes[node.attentionNode].attention.splits);
  return mlir::success();
}
