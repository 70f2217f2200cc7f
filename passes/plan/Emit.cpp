//===- Emit.cpp - Kernels of one function ---------------------------------===//

#include "passes/plan/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/plan/RowKernel.h"
#include "passes/plan/Rows.h"
#include "passes/plan/Scalars.h"
#include <map>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

MemRefType plan::rowBufferType(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  MLIRContext *context = value.getContext();
  if (type.getRank() == 1)
    return MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  int64_t elements = rowElements(value);
  auto layout = StridedLayoutAttr::get(context, 0, {rowStride(elements), 1});
  return MemRefType::get({ShapedType::kDynamic, elements},
                         type.getElementType(), layout);
}

int64_t plan::rowBytes(Value value) {
  bool isNumber = cast<RankedTensorType>(value.getType()).getRank() == 1;
  return 4 * (isNumber ? 1 : rowStride(rowElements(value)));
}

//===----------------------------------------------------------------------===//
// FunctionEmitter
//===----------------------------------------------------------------------===//

/// What only the call tells of rows that are an argument is bound to them.
static SizeBinding stateSize(SizeBinding::Kind kind, Value rows) {
  if (auto history = rows.getDefiningOp<nn::HistoryOp>())
    return {kind, {}, history, {}};
  return {kind, {}, nullptr, rows};
}

Value KernelBuilder::stateOffset(Value rows) {
  return size(stateSize(SizeBinding::StateOffset, rows));
}

KernelBuilder::StatePages KernelBuilder::pages(Value rows, bool write) {
  auto bindPages = [&](BufferBinding::Kind kind, Type type, bool write) {
    BufferBinding binding;
    binding.kind = kind;
    binding.type = type;
    if (auto history = rows.getDefiningOp<nn::HistoryOp>())
      binding.symbol = history.getStateAttr().getAttr();
    else
      binding.value = rows;
    return bind(binding, write);
  };
  StatePages pages;
  pages.pool = bindPages(BufferBinding::Pool,
                         byteBufferType(builder.getContext()), write);
  pages.table = bindPages(
      BufferBinding::PageTable,
      MemRefType::get({ShapedType::kDynamic}, builder.getI32Type()), false);
  pages.offset = stateOffset(rows);
  pages.slot = size(stateSize(SizeBinding::SlotBytes, rows));
  return pages;
}

Value KernelBuilder::windowsBefore(int64_t size) {
  Value first = hostSize(Symbol::FirstPosition);
  return arith::DivUIOp::create(
      builder, loc, first, arith::ConstantIndexOp::create(builder, loc, size));
}

Value KernelBuilder::windowsOfStep(int64_t size) {
  Value end = arith::AddIOp::create(
      builder, loc, hostSize(Symbol::FirstPosition), hostSize(Symbol::Tokens));
  Value complete = arith::DivUIOp::create(
      builder, loc, end, arith::ConstantIndexOp::create(builder, loc, size));
  return arith::SubIOp::create(builder, loc, complete, windowsBefore(size));
}

LogicalResult FunctionEmitter::emitRows(int stage) {
  // Rows of tokens first, then those of each kind of windows.
  std::map<int64_t, SmallVector<int>> members;
  for (auto [index, node] : llvm::enumerate(graph.nodes))
    if (node.stage == stage && isRowWork(node.kind))
      members[graph.clockOf(node)].push_back(index);
  for (auto &[clock, some] : members)
    if (failed(emitRows(stage, clock, some)))
      return failure();
  return mlir::success();
}

LogicalResult FunctionEmitter::emitRows(int stage, int64_t clock,
                                        ArrayRef<int> members) {
  SmallVector<Location> locations;
  std::string label;
  for (int index : members) {
    const Node &node = graph.nodes[index];
    locations.push_back(node.op ? node.op->getLoc() : node.quantized.getLoc());
    StringRef name = node.kind == NodeKind::Quantize ? "quantize"
                     : node.kind == NodeKind::Merge  ? "merge"
                     : node.kind == NodeKind::Keep
                         ? "keep"
                         : node.op->getName().stripDialect();
    if (!StringRef(label).contains(name))
      label += (label.empty() ? "" : "+") + name.str();
  }
  Location loc = FusedLoc::get(function.getContext(), locations);
  KernelBuilder kernel(kernels, loc, "rows", stage);
  OpBuilder &b = kernel.builder;
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  // Of windows the host knows the most that there can be.
  Value end = kernel.end;
  if (clock != 1)
    end = arith::MinUIOp::create(b, loc, end, kernel.windowsOfStep(clock));
  auto loop = scf::ForOp::create(b, loc, kernel.begin, end, one);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    RowKernel rows(kernel, graph, stage);
    rows.row = loop.getInductionVar();
    for (int index : members) {
      const Node &node = graph.nodes[index];
      if (failed(node.kind == NodeKind::Row     ? rows.add(node)
                 : node.kind == NodeKind::Merge ? rows.addMerge(node)
                 : node.kind == NodeKind::Keep ? rows.addKeep(node)
                                               : rows.addQuantize(node, index)))
        return failure();
    }
  }
  kernel.plan.grid =
      SizeAttr::get(function.getContext(), Symbol::Tokens, 1, 0, clock);
  kernel.plan.label =
      clock == 1 ? label : label + " of " + std::to_string(clock) + " tokens";
  plans.push_back(kernel.finish());
  return mlir::success();
}

LogicalResult FunctionEmitter::emitLinear(const Node &node) {
  auto linear = cast<nn::LinearOp>(node.op);
  auto get = linear.getW().getDefiningOp<nn::GetWeightOp>();
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
      extras.push_back(
          kernel.weight(bias, "rows", Encoding::F32,
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
      b.getStringAttr(node.choice.activations),
      b.getBoolAttr(graph.isManyRows()),
      b.getI64IntegerAttr(node.choice.rowTile), b.getBoolAttr(paired));
  Block &block = op.getEpilogue().emplaceBlock();
  SmallVector<Value> accumulators;
  for (int i = 0; i < (paired ? 2 : 1); ++i)
    accumulators.push_back(block.addArgument(b.getF32Type(), linear.getLoc()));
  SmallVector<Value> extraArguments;
  for (size_t i = 0; i < extras.size(); ++i)
    extraArguments.push_back(
        block.addArgument(b.getF32Type(), linear.getLoc()));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&block);
    Value value = accumulators[0];
    if (linear.getBias())
      value =
          arith::AddFOp::create(b, linear.getLoc(), value,
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
  kernel.plan.label =
      ("linear " + std::to_string(outRows) + "x" + std::to_string(inColumns) +
       " " + infoOf(node.choice.encoding).name.data());
  kernel.plan.weightBytes =
      encodedBytes(node.choice.encoding, outRows * inColumns).value_or(0);
  kernel.plan.flops = 2 * outRows * inColumns;
  kernel.plan.integerFlops = node.choice.activations != "f32";
  plans.push_back(kernel.finish());
  return mlir::success();
}

/// A program of the grid makes a block of columns of all rows, on f32 rows.
LogicalResult FunctionEmitter::emitGeneralLinear(const Node &node) {
  auto linear = cast<nn::LinearOp>(node.op);
  auto get = linear.getW().getDefiningOp<nn::GetWeightOp>();
  auto weight = cast<nn::WeightType>(get.getType());
  int64_t outRows = weight.getShape()[0], inColumns = weight.getShape()[1];
  // Blocks are static: the largest divisor that still shares the loads of x.
  constexpr int64_t kLargestBlock = 64;
  int64_t block = std::min(outRows, kLargestBlock);
  while (outRows % block != 0)
    --block;

  Location loc = linear.getLoc();
  KernelBuilder kernel(kernels, loc, "linear.general", node.stage);
  OpBuilder &b = kernel.builder;
  auto f32 = b.getF32Type();
  Value x = kernel.row(graph.rootOf(linear.getX()));
  Value w = kernel.weight(get, "rows", Encoding::F32,
                          MemRefType::get({outRows, inColumns}, f32));
  Value y = kernel.row(node.result, /*write=*/true);
  Value bias;
  if (linear.getBias()) {
    auto biasGet = linear.getBias().getDefiningOp<nn::GetWeightOp>();
    bias = kernel.weight(biasGet, "rows", Encoding::F32,
                         MemRefType::get({outRows}, f32));
  }
  Value tokens = kernel.hostSize(Symbol::Tokens);
  auto read = [&](Value memref, SmallVector<OpFoldResult> offsets,
                  SmallVector<OpFoldResult> sizes,
                  ArrayRef<int64_t> shape) -> Value {
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    Value view =
        memref::SubViewOp::create(b, loc, memref, offsets, sizes, strides);
    return bufferization::ToTensorOp::create(
        b, loc, RankedTensorType::get(shape, f32), view, /*restrict=*/true,
        /*writable=*/false);
  };
  OpFoldResult zero = b.getIndexAttr(0), columns = b.getIndexAttr(block);
  Value rows = read(x, {zero, zero}, {tokens, b.getIndexAttr(inColumns)},
                    {ShapedType::kDynamic, inColumns});
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value width = arith::ConstantIndexOp::create(b, loc, block);
  auto loop = scf::ForOp::create(b, loc, kernel.begin, kernel.end, one);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    OpFoldResult first =
        arith::MulIOp::create(b, loc, loop.getInductionVar(), width)
            .getResult();
    Value matrix = read(w, {first, zero}, {columns, b.getIndexAttr(inColumns)},
                        {block, inColumns});
    Value part = bias ? read(bias, {first}, {columns}, {block}) : Value();
    auto type = RankedTensorType::get({ShapedType::kDynamic, block}, f32);
    Value product = nn::LinearOp::create(b, loc, type, rows, matrix, part);
    SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
    Value out = memref::SubViewOp::create(
        b, loc, y, ArrayRef<OpFoldResult>{zero, first},
        ArrayRef<OpFoldResult>{tokens, columns}, strides);
    bufferization::MaterializeInDestinationOp::create(
        b, loc, Type(), product, out,
        /*restrict=*/true, /*writable=*/true);
  }
  kernel.plan.grid = constantSize(linear.getContext(), outRows / block);
  kernel.plan.label = "linear " + std::to_string(outRows) + "x" +
                      std::to_string(inColumns) + " general";
  kernel.plan.weightBytes = outRows * inColumns * 4;
  kernel.plan.flops = 2 * outRows * inColumns;
  plans.push_back(kernel.finish());
  return mlir::success();
}

/// What `plan.group_choices` of node `group` makes.
static BufferBinding orderBinding(int group, MLIRContext *context) {
  BufferBinding binding;
  binding.kind = BufferBinding::Order;
  binding.node = group;
  binding.type =
      MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 32));
  return binding;
}

void FunctionEmitter::emitGroup(const Node &node) {
  Location loc = node.ids.getLoc();
  MLIRContext *context = function.getContext();
  KernelBuilder kernel(kernels, loc, "group", node.stage);
  OpBuilder &b = kernel.builder;
  Value ids = kernel.row(node.ids);
  Value order =
      kernel.bind(orderBinding(&node - graph.nodes.data(), context), true);
  Value tokens = kernel.hostSize(Symbol::Tokens);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto loop = scf::ForOp::create(b, loc, kernel.begin, kernel.end, one);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    GroupChoicesOp::create(b, loc, tokens, ids, order, rowElements(node.ids),
                           node.experts);
  }
  kernel.plan.grid = constantSize(context, 1);
  kernel.plan.label = "group choices";
  plans.push_back(kernel.finish());
}

void FunctionEmitter::emitExpertLinear(const Node &node) {
  auto op = dyn_cast<nn::ExpertLinearOp>(node.op);
  auto grouped = dyn_cast<nn::GroupedLinearOp>(node.op);
  MLIRContext *context = node.op->getContext();
  Value xValue = op ? op.getX() : grouped.getX();
  auto get = (op ? op.getW() : grouped.getW()).getDefiningOp<nn::GetWeightOp>();
  ArrayRef<int64_t> shape = cast<nn::WeightType>(get.getType()).getShape();
  int64_t experts = shape[0], outRows = shape[1], inColumns = shape[2];
  bool manyRows = graph.isManyRows();
  // A group of a row is a choice that need not be told.
  Value idsRoot = op ? graph.rootOf(op.getIds()) : Value();
  int64_t choices = op ? rowElements(idsRoot) : experts;

  Location loc = node.op->getLoc();
  StringRef name = op ? "expert_linear" : "grouped_linear";
  KernelBuilder kernel(kernels, loc, name, node.stage);
  OpBuilder &b = kernel.builder;
  Value x = kernel.row(graph.rootOf(xValue));
  Value w = kernel.weight(get, node.choice.layout, node.choice.encoding,
                          byteBufferType(context));
  Value routes;
  if (op)
    routes = manyRows ? kernel.bind(orderBinding(node.groupNode, context))
                      : kernel.row(idsRoot);
  Value y = kernel.row(node.result, /*write=*/true);
  Value bias;
  if (op && op.getBias())
    bias = kernel.weight(op.getBias().getDefiningOp<nn::GetWeightOp>(), "rows",
                         Encoding::F32,
                         MemRefType::get({experts, outRows}, b.getF32Type()));
  Value tokens = kernel.hostSize(Symbol::Tokens);
  bool perChoice = cast<RankedTensorType>(xValue.getType()).getRank() == 3;
  ExpertLinearOp::create(
      b, loc, kernel.begin, kernel.end, tokens, x, w, routes, y, bias,
      b.getI64IntegerAttr(experts), b.getI64IntegerAttr(choices),
      b.getI64IntegerAttr(outRows), b.getI64IntegerAttr(inColumns),
      b.getI64IntegerAttr(node.choice.columns),
      b.getStringAttr(infoOf(node.choice.encoding).name),
      b.getStringAttr(node.choice.activations), b.getBoolAttr(manyRows),
      b.getBoolAttr(perChoice));
  int64_t blocks = (outRows + node.choice.columns - 1) / node.choice.columns;
  kernel.plan.grid =
      constantSize(context, blocks * (op && manyRows ? experts + 1 : choices));
  std::string encoding(infoOf(node.choice.encoding).name);
  std::string which = std::to_string(choices);
  if (op)
    which += " of " + std::to_string(experts);
  kernel.plan.label = name.str() + " " + which + " " + std::to_string(outRows) +
                      "x" + std::to_string(inColumns) + " " + encoding;
  // Of many tokens any may be chosen.
  kernel.plan.weightBytes =
      encodedBytes(node.choice.encoding,
                   (manyRows ? experts : choices) * outRows * inColumns)
          .value_or(0);
  kernel.plan.flops = 2 * choices * outRows * inColumns;
  kernel.plan.integerFlops = node.choice.activations != "f32";
  plans.push_back(kernel.finish());
}

LogicalResult FunctionEmitter::emitAttention(const Node &node) {
  auto op = cast<nn::AttentionOp>(node.op);
  if (op.getK().size() != 1 || op.getV().size() != 1)
    return op.emitError(
        "attention over several row sets is not in this version");
  SeenRows keys = seenRows(op.getK()[0]), values = seenRows(op.getV()[0]);
  if (!keys.rows || keys.ids || !values.rows || values.ids)
    return op.emitError("expects keys and values from histories");
  FailureOr<Encoding> storage = storageOf(keys.rows, op);
  FailureOr<Encoding> valueStorage = storageOf(values.rows, op);
  if (failed(storage) || failed(valueStorage))
    return failure();
  nn::RowsType keyRows = cast<nn::RowsType>(keys.rows.getType());
  nn::RowsType valueRows = cast<nn::RowsType>(values.rows.getType());
  if (keyRows.getWindow() != valueRows.getWindow() || *storage != *valueStorage)
    return op.emitError("expects keys and values of one window and storage");

  MLIRContext *context = op.getContext();
  KernelBuilder kernel(kernels, op.getLoc(), "attention", node.stage);
  OpBuilder &b = kernel.builder;
  auto qType = cast<RankedTensorType>(op.getQ().getType());
  int64_t heads = qType.getDimSize(1), keyColumns = qType.getDimSize(2);
  int64_t keyHeads = keyHeadsOf(op);
  const AttentionChoice &choice = node.attention;
  int64_t valueColumns = valueRows.getShape().back();
  Value q = kernel.row(graph.rootOf(op.getQ()));
  Value y;
  if (choice.splits == 1) {
    y = kernel.row(node.result, /*write=*/true);
  } else {
    BufferBinding binding;
    binding.kind = BufferBinding::Parts;
    binding.node = &node - graph.nodes.data();
    binding.type = byteBufferType(context);
    y = kernel.bind(binding, /*write=*/true);
  }
  KernelBuilder::StatePages pages = kernel.pages(keys.rows);
  Value sink;
  if (op.getSink())
    sink =
        kernel.weight(op.getSink().getDefiningOp<nn::GetWeightOp>(), "rows",
                      Encoding::F32, MemRefType::get({heads}, b.getF32Type()));
  Value tokens = kernel.hostSize(Symbol::Tokens);
  Value first = kernel.hostSize(Symbol::FirstPosition);
  Value valueOffset = kernel.stateOffset(values.rows);
  auto attention = AttentionOp::create(
      b, op.getLoc(), kernel.begin, kernel.end, tokens, q, pages.pool,
      pages.table, y, sink, first, pages.offset, valueOffset, pages.slot,
      b.getI64IntegerAttr(heads), b.getI64IntegerAttr(keyHeads),
      b.getI64IntegerAttr(keyColumns), b.getI64IntegerAttr(valueColumns),
      b.getStringAttr(infoOf(*storage).name), op.getScaleAttr(),
      op.getSoftcapAttr(),
      b.getI64IntegerAttr(keyRows.getWindow().value_or(-1)),
      b.getI64IntegerAttr(choice.rowTile), b.getI64IntegerAttr(choice.splits),
      b.getStringAttr(choice.products));
  kernel.plan.grid = attention.getPrograms();
  kernel.plan.label = "attention " + std::to_string(heads) + "/" +
                      std::to_string(keyHeads) + "x" +
                      std::to_string(keyColumns);
  kernel.plan.rowBytes =
      encodedBytes(*storage, keyHeads * (keyColumns + valueColumns))
          .value_or(0);
  kernel.plan.rowFlops = 2 * heads * (keyColumns + valueColumns);
  kernel.plan.window = keyRows.getWindow().value_or(-1);
  plans.push_back(kernel.finish());
  return mlir::success();
}

LogicalResult FunctionEmitter::emitEmbedding(const Node &node) {
  auto op = cast<nn::EmbeddingOp>(node.op);
  auto get = op.getTable().getDefiningOp<nn::GetWeightOp>();
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
        done =
            node.choice.strategy ? emitLinear(node) : emitGeneralLinear(node);
      else if (node.kind == NodeKind::Group)
        emitGroup(node);
      else if (node.kind == NodeKind::ExpertLinear)
        emitExpertLinear(node);
      else if (node.kind == NodeKind::Attention)
        done = emitAttention(node);
      else if (node.kind == NodeKind::RowAttention)
        done = emitRowAttention(node);
      else if (node.kind == NodeKind::IndexTopK)
        done = emitIndexTopK(node);
      else if (node.kind == NodeKind::Windows)
        emitWindows(node);
      else if (node.kind == NodeKind::Embedding)
        done = emitEmbedding(node);
      else if (node.kind == NodeKind::CausalConv)
        emitCausalConv(node);
      else if (node.kind == NodeKind::GatedDelta)
        emitGatedDelta(node);
      if (failed(done))
        return failure();
    }
  }
  return std::move(plans);
}
