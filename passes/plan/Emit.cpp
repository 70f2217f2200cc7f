//===- Emit.cpp - Kernels of one function ---------------------------------===//

#include "passes/plan/Emit.h"
#include "dialects/nn/IR/NNOps.h"
#include "passes/plan/Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

int64_t plan::rowElements(Value value) {
  int64_t elements = 1;
  for (int64_t size :
       cast<RankedTensorType>(value.getType()).getShape().drop_front())
    elements *= size;
  return elements;
}

MemRefType plan::rowBufferType(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  MLIRContext *context = value.getContext();
  if (type.getRank() == 1)
    return MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  int64_t elements = rowElements(value);
  auto layout = StridedLayoutAttr::get(context, 0, {rowStride(elements), 1});
  return MemRefType::get({ShapedType::kDynamic, elements}, type.getElementType(),
                         layout);
}

static MemRefType byteBufferType(MLIRContext *context) {
  return MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 8));
}

static SizeAttr constantSize(MLIRContext *context, int64_t value) {
  return SizeAttr::get(context, Symbol::One, value, 0, 1);
}
static SizeAttr hostSize(MLIRContext *context, Symbol symbol, int64_t mul = 1,
                         int64_t add = 0, int64_t div = 1) {
  return SizeAttr::get(context, symbol, mul, add, div);
}

namespace {

/// A kernel function while its arguments are still being found.
class KernelBuilder {
public:
  KernelBuilder(ModuleOp kernels, Location loc, StringRef name, int stage)
      : builder(kernels.getBodyRegion()), loc(loc) {
    builder.setInsertionPointToEnd(kernels.getBody());
    plan.kernel = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType({}, {}));
    plan.kernel->setAttr(kKernelAttr, builder.getUnitAttr());
    plan.stage = stage;
    Block *block = plan.kernel.addEntryBlock();
    begin = block->addArgument(builder.getIndexType(), loc);
    end = block->addArgument(builder.getIndexType(), loc);
    builder.setInsertionPointToStart(block);
  }

  /// The argument for `binding`; `same` tells equal bindings apart.
  Value bind(BufferBinding binding, bool write = false) {
    for (auto [index, other] : llvm::enumerate(plan.buffers))
      if (same(other, binding)) {
        if (write && !llvm::is_contained(plan.writes, int64_t(index)))
          plan.writes.push_back(index);
        return buffers[index];
      }
    if (write)
      plan.writes.push_back(plan.buffers.size());
    // Buffers stand before sizes.
    Value argument = block().insertArgument(2 + plan.buffers.size(), binding.type, loc);
    plan.buffers.push_back(std::move(binding));
    buffers.push_back(argument);
    return argument;
  }

  Value size(SizeBinding binding) {
    for (auto [index, other] : llvm::enumerate(plan.sizes))
      if (other.kind == binding.kind && other.size == binding.size &&
          other.history == binding.history)
        return sizes[index];
    Value argument = block().addArgument(builder.getIndexType(), loc);
    plan.sizes.push_back(binding);
    sizes.push_back(argument);
    return argument;
  }
  Value hostSize(Symbol symbol) {
    return size({SizeBinding::Host,
                 SizeAttr::get(builder.getContext(), symbol, 1, 0, 1), nullptr});
  }

  Value row(Value value, bool write = false) {
    BufferBinding binding;
    binding.value = value;
    binding.type = rowBufferType(value);
    return bind(binding, write);
  }
  Value symbol(BufferBinding::Kind kind, StringAttr name, Type type,
               bool write = false) {
    BufferBinding binding;
    binding.kind = kind;
    binding.symbol = name;
    binding.type = type;
    return bind(binding, write);
  }
  Value weight(nn::GetWeightOp op, StringRef layout, Encoding encoding, Type type) {
    BufferBinding binding;
    binding.kind = BufferBinding::Weight;
    binding.getWeight = op;
    binding.layout = layout.str();
    binding.encoding = encoding;
    binding.type = type;
    return bind(binding);
  }

  KernelPlan finish() {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&block());
    func::ReturnOp::create(builder, loc);
    plan.kernel.setType(
        builder.getFunctionType(block().getArgumentTypes(), {}));
    return std::move(plan);
  }

  Block &block() { return plan.kernel.getBody().front(); }
  OpBuilder builder;
  Location loc;
  KernelPlan plan;
  Value begin, end;

private:
  static bool same(const BufferBinding &a, const BufferBinding &b) {
    return a.kind == b.kind && a.value == b.value && a.node == b.node &&
           a.getWeight == b.getWeight && a.layout == b.layout &&
           a.symbol == b.symbol;
  }
  SmallVector<Value> buffers, sizes;
};

/// The body of a row kernel: values of the function as tiles of one row.
class RowKernel {
public:
  RowKernel(KernelBuilder &kernel, const Graph &graph, int stage)
      : kernel(kernel), graph(graph), stage(stage), b(kernel.builder),
        loc(kernel.loc) {}

  LogicalResult add(const Node &node);
  LogicalResult addQuantize(const Node &node, int index);

  Value row; ///< index of the row

private:
  bool isInside(Value root) {
    int producer = graph.producerOf(root);
    return producer >= 0 && graph.nodes[producer].kind == NodeKind::Row &&
           graph.nodes[producer].stage == stage;
  }
  RankedTensorType tileType(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = 1;
    return RankedTensorType::get(shape, type.getElementType());
  }
  Value reshape(Value tile, RankedTensorType type);
  Value loadTile(Value root);
  FailureOr<Value> tileOf(Value value);
  FailureOr<Value> operandOf(Value value);
  Value weightTensor(nn::GetWeightOp op);
  Value rowView(Value buffer);
  void store(Value value, Value tile);
  LogicalResult addHistory(nn::HistoryOp op);
  bool leaves(Value value);

  KernelBuilder &kernel;
  const Graph &graph;
  int stage;
  OpBuilder &b;
  Location loc;
  DenseMap<Value, Value> tiles;
};

} // namespace

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

Value RowKernel::loadTile(Value root) {
  Value view = rowView(kernel.row(root));
  auto flat = RankedTensorType::get({1, rowElements(root)},
                                    cast<RankedTensorType>(root.getType()).getElementType());
  Value tile = bufferization::ToTensorOp::create(b, loc, flat, view,
                                                 /*restrict=*/true,
                                                 /*writable=*/false);
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
    auto node = llvm::find_if(graph.nodes, [&](const Node &n) { return n.op == user; });
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
  auto flat = RankedTensorType::get({1, rowElements(value)},
                                    cast<RankedTensorType>(value.getType()).getElementType());
  bufferization::MaterializeInDestinationOp::create(
      b, loc, /*result=*/Type(), reshape(tile, flat), rowView(buffer),
      /*restrict=*/true, /*writable=*/true);
}

LogicalResult RowKernel::addHistory(nn::HistoryOp op) {
  auto rows = cast<nn::RowsType>(op.getType());
  bool keys = false, values = false;
  for (Operation *user : op.getResult().getUsers()) {
    auto attention = dyn_cast<nn::AttentionOp>(user);
    if (!attention)
      continue;
    keys |= llvm::is_contained(attention.getK(), op.getResult());
    values |= llvm::is_contained(attention.getV(), op.getResult());
  }
  if (keys == values)
    return op.emitError("expects a history to be either keys or values");
  auto state = SymbolTable::lookupNearestSymbolFrom<nn::StateOp>(op, op.getStateAttr());
  // A row that this kernel makes was stored before; one that came from another
  // kernel is read where it lies.
  Value root = graph.rootOf(op.getX());
  Value x = kernel.row(root);
  MLIRContext *context = op.getContext();
  StringAttr name = op.getStateAttr().getAttr();
  Value pool = kernel.symbol(BufferBinding::Pool, name, byteBufferType(context), true);
  Value table = kernel.symbol(BufferBinding::PageTable, name,
                              MemRefType::get({ShapedType::kDynamic}, b.getI32Type()));
  Value first = kernel.hostSize(Symbol::FirstPosition);
  Value offset = kernel.size({SizeBinding::StateOffset, {}, op});
  Value slot = kernel.size({SizeBinding::SlotBytes, {}, op});
  ArrayRef<int64_t> shape = rows.getShape();
  AppendRowsOp::create(b, loc, row, x, pool, table, first, offset, slot,
                       shape.size() == 2 ? shape[0] : 1, shape.back(), keys,
                       infoOf(state.getStorageEncoding()).name);
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
    auto table = SymbolTable::lookupNearestSymbolFrom<nn::RopeTableOp>(op, rope.getTableAttr());
    int64_t half = table.getFreqs().size();
    auto type = MemRefType::get({ShapedType::kDynamic, 2, half}, b.getF32Type());
    Value buffer = kernel.symbol(BufferBinding::RopeTable, rope.getTableAttr().getAttr(), type);
    Value tile = bufferization::ToTensorOp::create(
        b, loc, RankedTensorType::get({1, 2, half}, b.getF32Type()), rowView(buffer),
        /*restrict=*/true, /*writable=*/false);
    tiles[node.result] = nn::RotateOp::create(b, loc, tileType(node.result), *x, tile,
                                              rope.getPairsAttr(), rope.getAtAttr(),
                                              rope.getInverseAttr());
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
                         node.choice.rowTile, infoOf(node.choice.encoding).name);
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// FunctionEmitter
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmitter::emitRows(int stage) {
  SmallVector<int> members;
  for (auto [index, node] : llvm::enumerate(graph.nodes))
    if (node.stage == stage &&
        (node.kind == NodeKind::Row || node.kind == NodeKind::Quantize))
      members.push_back(index);
  if (members.empty())
    return mlir::success();
  SmallVector<Location> locations;
  std::string label;
  for (int index : members) {
    const Node &node = graph.nodes[index];
    if (node.op)
      locations.push_back(node.op->getLoc());
    StringRef name = node.op ? node.op->getName().stripDialect() : "quantize";
    if (!StringRef(label).contains(name))
      label += (label.empty() ? "" : "+") + name.str();
  }
  Location loc = FusedLoc::get(function.getContext(), locations);
  KernelBuilder kernel(kernels, loc, "rows", stage);
  OpBuilder &b = kernel.builder;
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, kernel.begin, kernel.end, one);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    RowKernel rows(kernel, graph, stage);
    rows.row = loop.getInductionVar();
    for (int index : members) {
      const Node &node = graph.nodes[index];
      if (failed(node.kind == NodeKind::Row ? rows.add(node)
                                            : rows.addQuantize(node, index)))
        return failure();
    }
  }
  kernel.plan.grid = hostSize(function.getContext(), Symbol::Tokens);
  kernel.plan.label = label;
  plans.push_back(kernel.finish());
  return mlir::success();
}

LogicalResult FunctionEmitter::emitLinear(const Node &node) {
  auto linear = cast<nn::LinearOp>(node.op);
  auto get = linear.getW().getDefiningOp<nn::GetWeightOp>();
  if (!get)
    return linear.emitError("expects its matrix from nn.get_weight");
  MLIRContext *context = linear.getContext();
  auto weight = cast<nn::WeightType>(get.getType());
  int64_t outRows = weight.getShape()[0], inColumns = weight.getShape()[1];
  bool paired = !node.epilogue.empty() && isa<nn::GluOp>(node.epilogue.front());

  KernelBuilder kernel(kernels, linear.getLoc(), "linear", node.stage);
  OpBuilder &b = kernel.builder;
  Value x;
  Value root = graph.rootOf(linear.getX());
  if (node.quantizeNode >= 0) {
    BufferBinding binding;
    binding.kind = BufferBinding::Record;
    binding.value = root;
    binding.node = node.quantizeNode;
    binding.type = byteBufferType(context);
    x = kernel.bind(binding);
  } else {
    x = kernel.row(root);
  }
  Value w = kernel.weight(get, node.choice.layout, node.choice.encoding,
                          byteBufferType(context));
  Value y = kernel.row(node.result, /*write=*/true);
  // What the epilogue reads besides the accumulators.
  SmallVector<Value> extras;
  DenseMap<Value, unsigned> extraIndex;
  auto addExtra = [&](Value operand) {
    if (extraIndex.contains(operand))
      return;
    extraIndex[operand] = extras.size();
    if (auto bias = operand.getDefiningOp<nn::GetWeightOp>()) {
      auto type = cast<nn::WeightType>(bias.getType());
      extras.push_back(kernel.weight(bias, "rows", Encoding::F32,
                                     MemRefType::get(type.getShape(), b.getF32Type())));
    } else {
      extras.push_back(kernel.row(graph.rootOf(operand)));
    }
  };
  if (linear.getBias())
    addExtra(linear.getBias());
  Value current = linear.getResult();
  for (Operation *op : node.epilogue) {
    for (Value operand : op->getOperands())
      if (operand != current && isa<RankedTensorType>(operand.getType()))
        addExtra(operand);
    current = op->getResult(0);
  }
  Value tokens = kernel.hostSize(Symbol::Tokens);
  auto op = LinearOp::create(
      b, linear.getLoc(), kernel.begin, kernel.end, tokens, x, w, y, extras,
      b.getI64IntegerAttr(outRows), b.getI64IntegerAttr(inColumns),
      b.getStringAttr(infoOf(node.choice.encoding).name),
      b.getStringAttr(node.choice.activations), b.getBoolAttr(graph.isManyRows()),
      b.getI64IntegerAttr(node.choice.rowTile), b.getBoolAttr(paired));
  Block &block = op.getEpilogue().emplaceBlock();
  SmallVector<Value> accumulators;
  for (int i = 0; i < (paired ? 2 : 1); ++i)
    accumulators.push_back(block.addArgument(b.getF32Type(), linear.getLoc()));
  SmallVector<Value> extraArguments;
  for (size_t i = 0; i < extras.size(); ++i)
    extraArguments.push_back(block.addArgument(b.getF32Type(), linear.getLoc()));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&block);
    Value value = accumulators[0];
    if (linear.getBias())
      value = arith::AddFOp::create(b, linear.getLoc(), value,
                                    extraArguments[extraIndex[linear.getBias()]]);
    current = linear.getResult();
    for (Operation *epilogue : node.epilogue) {
      SmallVector<Value> operands;
      if (isa<nn::GluOp>(epilogue)) {
        operands.assign(accumulators);
      } else {
        for (Value operand : epilogue->getOperands()) {
          if (operand == current)
            operands.push_back(value);
          else if (auto it = extraIndex.find(operand); it != extraIndex.end())
            operands.push_back(extraArguments[it->second]);
          else
            operands.push_back(b.clone(*operand.getDefiningOp())->getResult(0));
        }
      }
      FailureOr<Value> next = emitScalar(b, epilogue, operands);
      if (failed(next))
        return failure();
      value = *next;
      current = epilogue->getResult(0);
    }
    YieldOp::create(b, linear.getLoc(), value);
  }
  int64_t perProgram = paired ? node.choice.pairedRows : node.choice.columns;
  int64_t programs = (outRows + perProgram - 1) / perProgram;
  kernel.plan.grid = constantSize(context, programs);
  kernel.plan.label = ("linear " + std::to_string(outRows) + "x" +
                       std::to_string(inColumns) + " " +
                       infoOf(node.choice.encoding).name.data());
  kernel.plan.weightBytes =
      encodedBytes(node.choice.encoding, outRows * inColumns).value_or(0);
  kernel.plan.flops = 2 * outRows * inColumns;
  plans.push_back(kernel.finish());
  return mlir::success();
}

LogicalResult FunctionEmitter::emitAttention(const Node &node) {
  auto op = cast<nn::AttentionOp>(node.op);
  if (op.getK().size() != 1 || op.getV().size() != 1)
    return op.emitError("attention over several row sets is not in this version");
  auto keys = op.getK()[0].getDefiningOp<nn::HistoryOp>();
  auto values = op.getV()[0].getDefiningOp<nn::HistoryOp>();
  if (!keys || !values)
    return op.emitError("expects keys and values from histories of the same function");
  auto keyState = SymbolTable::lookupNearestSymbolFrom<nn::StateOp>(op, keys.getStateAttr());
  auto valueState = SymbolTable::lookupNearestSymbolFrom<nn::StateOp>(op, values.getStateAttr());
  nn::RowsType keyRows = cast<nn::RowsType>(keys.getType());
  nn::RowsType valueRows = cast<nn::RowsType>(values.getType());
  if (keyRows.getWindow() != valueRows.getWindow() ||
      keyState.getStorageEncoding() != valueState.getStorageEncoding())
    return op.emitError("expects keys and values of one window and storage");

  MLIRContext *context = op.getContext();
  KernelBuilder kernel(kernels, op.getLoc(), "attention", node.stage);
  OpBuilder &b = kernel.builder;
  auto qType = cast<RankedTensorType>(op.getQ().getType());
  int64_t heads = qType.getDimSize(1), keyColumns = qType.getDimSize(2);
  int64_t keyHeads = keyRows.getRank() == 2 ? keyRows.getShape()[0] : 1;
  int64_t valueColumns = valueRows.getShape().back();
  Value q = kernel.row(graph.rootOf(op.getQ()));
  Value y = kernel.row(node.result, /*write=*/true);
  StringAttr name = keys.getStateAttr().getAttr();
  Value pool = kernel.symbol(BufferBinding::Pool, name, byteBufferType(context));
  Value table = kernel.symbol(BufferBinding::PageTable, name,
                              MemRefType::get({ShapedType::kDynamic}, b.getI32Type()));
  Value sink;
  if (auto get = op.getSink() ? op.getSink().getDefiningOp<nn::GetWeightOp>() : nullptr)
    sink = kernel.weight(get, "rows", Encoding::F32,
                         MemRefType::get({heads}, b.getF32Type()));
  Value tokens = kernel.hostSize(Symbol::Tokens);
  Value first = kernel.hostSize(Symbol::FirstPosition);
  Value keyOffset = kernel.size({SizeBinding::StateOffset, {}, keys});
  Value valueOffset = kernel.size({SizeBinding::StateOffset, {}, values});
  Value slot = kernel.size({SizeBinding::SlotBytes, {}, keys});
  AttentionOp::create(b, op.getLoc(), kernel.begin, kernel.end, tokens, q, pool, table, y,
                      sink, first, keyOffset, valueOffset, slot,
                      b.getI64IntegerAttr(heads), b.getI64IntegerAttr(keyHeads),
                      b.getI64IntegerAttr(keyColumns), b.getI64IntegerAttr(valueColumns),
                      b.getStringAttr(infoOf(keyState.getStorageEncoding()).name),
                      op.getScaleAttr(), op.getSoftcapAttr(),
                      b.getI64IntegerAttr(keyRows.getWindow().value_or(-1)));
  kernel.plan.grid = hostSize(context, Symbol::Tokens, keyHeads);
  kernel.plan.label = "attention " + std::to_string(heads) + "/" +
                      std::to_string(keyHeads) + "x" + std::to_string(keyColumns);
  plans.push_back(kernel.finish());
  return mlir::success();
}

LogicalResult FunctionEmitter::emitEmbedding(const Node &node) {
  auto op = cast<nn::EmbeddingOp>(node.op);
  auto get = op.getTable().getDefiningOp<nn::GetWeightOp>();
  if (!get)
    return op.emitError("expects its table from nn.get_weight");
  auto weight = cast<nn::WeightType>(get.getType());
  KernelBuilder kernel(kernels, op.getLoc(), "embedding", node.stage);
  OpBuilder &b = kernel.builder;
  Value ids = kernel.row(graph.rootOf(op.getIds()));
  Value table = kernel.weight(get, node.choice.layout, node.choice.encoding,
                              byteBufferType(op.getContext()));
  Value y = kernel.row(node.result, /*write=*/true);
  EmbeddingOp::create(b, op.getLoc(), kernel.begin, kernel.end, ids, table, y,
                      weight.getShape()[0], weight.getShape()[1],
                      infoOf(node.choice.encoding).name, node.choice.layout);
  kernel.plan.grid = hostSize(op.getContext(), Symbol::Tokens);
  kernel.plan.label = "embedding";
  plans.push_back(kernel.finish());
  return mlir::success();
}

FailureOr<std::vector<KernelPlan>> FunctionEmitter::emit() {
  for (int stage = 0; stage < graph.stages; ++stage) {
    if (failed(emitRows(stage)))
      return failure();
    for (const Node &node : graph.nodes) {
      if (node.stage != stage)
        continue;
      LogicalResult done = mlir::success();
      if (node.kind == NodeKind::Linear)
        done = emitLinear(node);
      else if (node.kind == NodeKind::Attention)
        done = emitAttention(node);
      else if (node.kind == NodeKind::Embedding)
        done = emitEmbedding(node);
      if (failed(done))
        return failure();
    }
  }
  return std::move(plans);
}
