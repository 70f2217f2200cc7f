//===- LowerStrategies.cpp - plan ops to vector code ----------------------===//

#include "codegen/cpu/kernels/Attention.h"
#include "codegen/cpu/kernels/CausalConv.h"
#include "codegen/cpu/kernels/Embedding.h"
#include "codegen/cpu/kernels/ExpertLinear.h"
#include "codegen/cpu/kernels/GatedDelta.h"
#include "codegen/cpu/kernels/History.h"
#include "codegen/cpu/kernels/IndexTopK.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/Linear.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/kernels/RowAttention.h"
#include "codegen/cpu/kernels/Windows.h"
#include "codegen/cpu/target/Passes.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tombolo::cpu {
#define GEN_PASS_DEF_LOWERSTRATEGIESPASS
#include "codegen/cpu/target/Passes.h.inc"
} // namespace tombolo::cpu

using namespace mlir;
using namespace tombolo;

namespace {

/// Row buffers are memref<?xCxf32, strided<[S, 1]>>; kernels index flat memory.
Value flat(OpBuilder &b, Location loc, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == 1 && type.getLayout().isIdentity())
    return memref;
  auto result = MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  // The size is unknown to kernels; what they touch is the planner's business.
  Value size = arith::ConstantIndexOp::create(b, loc, int64_t(1) << 40);
  return memref::ReinterpretCastOp::create(
      b, loc, result, memref, OpFoldResult(b.getIndexAttr(0)),
      ArrayRef<OpFoldResult>{size}, ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

/// Elements between the rows of a row buffer.
int64_t strideOf(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)) || strides.empty())
    return 1;
  return strides[0];
}

/// Clones the scalar body of an epilogue on vectors.
class VectorEpilogue {
public:
  VectorEpilogue(plan::LinearOp op, SmallVector<Value> extras,
                 SmallVector<int64_t> strides)
      : op(op), extras(std::move(extras)), strides(std::move(strides)) {}

  Value operator()(OpBuilder &b, Location loc, ValueRange accumulators,
                   Value row, Value column) const {
    Block &block = op->getRegion(0).front();
    auto vector = cast<VectorType>(accumulators[0].getType());
    IRMapping mapping;
    size_t argument = 0;
    for (Value accumulator : accumulators)
      mapping.map(block.getArgument(argument++), accumulator);
    for (auto [extra, stride] : llvm::zip(extras, strides)) {
      Value offset = column;
      if (stride > 0) {
        Value start = arith::MulIOp::create(
            b, loc, row, arith::ConstantIndexOp::create(b, loc, stride));
        offset = arith::AddIOp::create(b, loc, start, column);
      }
      mapping.map(block.getArgument(argument++),
                  vector::LoadOp::create(b, loc, vector, extra, offset));
    }
    for (Operation &inner : block.without_terminator()) {
      if (auto constant = dyn_cast<arith::ConstantOp>(inner)) {
        auto splat = DenseElementsAttr::get(vector, constant.getValue());
        mapping.map(constant.getResult(),
                    arith::ConstantOp::create(b, loc, vector, splat));
        continue;
      }
      Operation *clone = b.clone(inner, mapping);
      clone->getResult(0).setType(vector);
    }
    return mapping.lookup(block.getTerminator()->getOperand(0));
  }

private:
  mutable plan::LinearOp op;
  SmallVector<Value> extras;
  SmallVector<int64_t> strides;
};

struct LowerStrategiesPass
    : tombolo::cpu::impl::LowerStrategiesPassBase<LowerStrategiesPass> {
  using Base::Base;

  void runOnOperation() override {
    Result<CpuLevel> found = cpuLevelNamed(level);
    if (!found) {
      getOperation().emitError(found.error().str());
      return signalPassFailure();
    }
    cpuLevel = std::move(*found);
    for (auto program : getOperation().getOps<plan::ProgramOp>())
      maxTokens = std::max(maxTokens, int64_t(program.getMaxTokens()));
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(plan::kKernelAttr) && failed(lower(kernel)))
        return signalPassFailure();
  }

  LogicalResult lower(func::FuncOp kernel) {
    SmallVector<Operation *> ops;
    kernel.walk([&](Operation *op) {
      if (isa<plan::PlanDialect>(op->getDialect()) && !isa<plan::YieldOp>(op))
        ops.push_back(op);
    });
    scratchBytes = 0;
    scratch = Value();
    for (Operation *op : ops) {
      OpBuilder b(op);
      LogicalResult done =
          llvm::TypeSwitch<Operation *, LogicalResult>(op)
              .Case([&](plan::LinearOp linear) { return lower(b, linear); })
              .Case([&](plan::ExpertLinearOp product) {
                return lower(b, product);
              })
              .Case([&](plan::GroupChoicesOp group) { return lower(b, group); })
              .Case([&](plan::AttentionOp attention) {
                return lower(b, attention);
              })
              .Case(
                  [&](plan::MergeAttentionOp merge) { return lower(b, merge); })
              .Case([&](plan::RowAttentionOp attention) {
                return lower(b, attention);
              })
              .Case([&](plan::IndexTopKOp index) { return lower(b, index); })
              .Case([&](plan::GatherWindowsOp windows) {
                return lower(b, windows);
              })
              .Case([&](plan::KeepRowsOp keep) { return lower(b, keep); })
              .Case([&](plan::EmbeddingOp embedding) {
                return lower(b, embedding);
              })
              .Case([&](plan::CausalConvOp conv) { return lower(b, conv); })
              .Case([&](plan::GatedDeltaOp delta) { return lower(b, delta); })
              .Case([&](plan::QuantizeRowsOp quantize) {
                return lower(b, quantize);
              })
              .Case([&](plan::AppendRowsOp append) { return lower(b, append); })
              .Default([](Operation *other) {
                return other->emitError("has no strategy on CPUs");
              });
      if (failed(done))
        return failure();
      op->erase();
    }
    if (scratchBytes > 0) {
      Builder b(&getContext());
      kernel->setAttr(plan::kScratchAttr, b.getI64IntegerAttr(scratchBytes));
    }
    return mlir::success();
  }

  /// Scratch of the kernel, its last argument; strategies use it in turn.
  Value needScratch(OpBuilder &b, Operation *op, int64_t bytes) {
    if (bytes == 0)
      return {};
    auto kernel = op->getParentOfType<func::FuncOp>();
    if (!scratch) {
      Block &block = kernel.getBody().front();
      scratch = block.addArgument(
          MemRefType::get({ShapedType::kDynamic}, b.getI8Type()), op->getLoc());
      kernel.setType(b.getFunctionType(block.getArgumentTypes(), {}));
    }
    scratchBytes = std::max(scratchBytes, bytes);
    return scratch;
  }

  static Encoding encodingOf(StringRef name) { return *encodingNamed(name); }

  LogicalResult lower(OpBuilder &b, plan::LinearOp op) {
    Location loc = op.getLoc();
    LinearSpec spec;
    spec.paired = op.getPaired();
    spec.outRows = spec.paired ? op.getOutRows() / 2 : op.getOutRows();
    spec.inColumns = op.getInColumns();
    spec.encoding = encodingOf(op.getEncoding());
    spec.activations = activationForm(op.getActivations());
    spec.manyRows = op.getManyRows();
    spec.maxRows = spec.manyRows ? maxTokens : 1;
    spec.rowTile = op.getRowTile();
    if (Status status = checkLinear(spec); !status)
      return op.emitError(status.error().str());
    LinearOperands operands;
    operands.activations = flat(b, loc, op.getX());
    operands.activationStride = b.getIndexAttr(strideOf(op.getX()));
    operands.weights = op.getW();
    operands.output = flat(b, loc, op.getY());
    operands.outputStride = b.getIndexAttr(strideOf(op.getY()));
    operands.rows = op.getTokens();
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    operands.scratch = needScratch(b, op, linearScratchBytes(cpuLevel, spec));
    SmallVector<Value> extras;
    SmallVector<int64_t> strides;
    for (Value extra : op.getExtras()) {
      bool perRow = cast<MemRefType>(extra.getType()).getRank() == 2;
      strides.push_back(perRow ? strideOf(extra) : 0);
      extras.push_back(flat(b, loc, extra));
    }
    VectorEpilogue epilogue(op, extras, strides);
    buildLinear(b, loc, cpuLevel, spec, operands, epilogue);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::ExpertLinearOp op) {
    Location loc = op.getLoc();
    ExpertLinearSpec spec;
    spec.experts = op.getExperts();
    spec.choices = op.getChoices();
    spec.outRows = op.getOutRows();
    spec.inColumns = op.getInColumns();
    spec.encoding = encodingOf(op.getEncoding());
    spec.activations = activationForm(op.getActivations());
    spec.columns = op.getColumns();
    spec.manyRows = op.getManyRows();
    spec.perChoice = op.getPerChoice();
    spec.isFixed = !op.getRoutes();
    if (Status status = checkExpertLinear(spec); !status)
      return op.emitError(status.error().str());
    ExpertLinearOperands operands;
    operands.x = flat(b, loc, op.getX());
    operands.xStride = strideOf(op.getX());
    operands.weights = op.getW();
    if (op.getRoutes())
      operands.routes = flat(b, loc, op.getRoutes());
    operands.tokens = op.getTokens();
    operands.output = flat(b, loc, op.getY());
    operands.outputStride = strideOf(op.getY());
    if (op.getBias())
      operands.bias = flat(b, loc, op.getBias());
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    operands.scratch =
        needScratch(b, op, expertLinearScratchBytes(cpuLevel, spec));
    buildExpertLinear(b, loc, cpuLevel, spec, operands);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::GroupChoicesOp op) {
    Location loc = op.getLoc();
    buildGroupChoices(b, loc, op.getExperts(), op.getChoices(), op.getTokens(),
                      flat(b, loc, op.getIds()), strideOf(op.getIds()),
                      op.getOrder());
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::QuantizeRowsOp op) {
    Location loc = op.getLoc();
    Value offset = arith::MulIOp::create(
        b, loc, op.getRow(),
        arith::ConstantIndexOp::create(b, loc, strideOf(op.getX())));
    int64_t planes = planesOf(activationForm(op.getActivations()));
    buildQuantizeRow(b, loc, op.getColumns(), op.getRowTile(),
                     Isa(cpuLevel).recordForm(planes), flat(b, loc, op.getX()),
                     offset, op.getRecord(), op.getRow());
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::AppendRowsOp op) {
    Location loc = op.getLoc();
    AppendSpec spec{static_cast<int64_t>(op.getHeads()),
                    static_cast<int64_t>(op.getColumns()),
                    encodingOf(op.getStorage()),
                    op.getKeys() ? PageLayout::Keys : PageLayout::Values};
    Pages pages{op.getPool(), op.getPageTable(), op.getInstanceOffset(),
                op.getSlotBytes()};
    Value end = arith::AddIOp::create(
        b, loc, op.getRow(), arith::ConstantIndexOp::create(b, loc, 1));
    buildHistoryAppend(b, loc, spec, flat(b, loc, op.getX()), b.getIndexAttr(0),
                       b.getIndexAttr(strideOf(op.getX())), pages,
                       op.getFirstPosition(), op.getRow(), end);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::AttentionOp op) {
    Location loc = op.getLoc();
    AttentionSpec spec;
    spec.heads = op.getHeads();
    spec.kvHeads = op.getKeyHeads();
    spec.keyColumns = op.getKeyColumns();
    spec.valueColumns = op.getValueColumns();
    spec.storage = encodingOf(op.getStorage());
    spec.scale = op.getScale().convertToFloat();
    spec.window = std::max<int64_t>(op.getWindow(), 0);
    spec.softcap = op.getSoftcap() ? op.getSoftcap()->convertToFloat() : 0;
    spec.hasSink = op.getSink() != nullptr;
    spec.rowTile = op.getRowTile();
    spec.splits = op.getSplits();
    spec.products = attentionProducts(op.getProducts());
    if (Status status = checkAttention(spec); !status)
      return op.emitError(status.error().str());
    AttentionOperands operands;
    operands.query = flat(b, loc, op.getQ());
    operands.output = spec.splits == 1 ? flat(b, loc, op.getY()) : op.getY();
    operands.queryOffset = b.getIndexAttr(0);
    operands.queryStride = b.getIndexAttr(strideOf(op.getQ()));
    operands.outputStride =
        b.getIndexAttr(spec.splits == 1 ? strideOf(op.getY()) : 0);
    operands.keys = {op.getPool(), op.getPageTable(), op.getKeyOffset(),
                     op.getSlotBytes()};
    operands.values = {op.getPool(), op.getPageTable(), op.getValueOffset(),
                       op.getSlotBytes()};
    operands.sinks = op.getSink();
    operands.rows = op.getTokens();
    operands.firstPosition = op.getFirstPosition();
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    operands.scratch =
        needScratch(b, op, attentionScratchBytes(cpuLevel, spec));
    buildAttention(b, loc, cpuLevel, spec, operands);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::MergeAttentionOp op) {
    AttentionSpec spec{};
    spec.heads = op.getHeads();
    spec.valueColumns = op.getValueColumns();
    spec.splits = op.getSplits();
    buildAttentionMerge(b, op.getLoc(), spec, op.getParts(),
                        flat(b, op.getLoc(), op.getY()),
                        b.getIndexAttr(strideOf(op.getY())), op.getRow());
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::RowAttentionOp op) {
    Location loc = op.getLoc();
    RowAttentionSpec spec;
    spec.heads = op.getHeads();
    spec.columns = op.getColumns();
    spec.extraColumns = op.getExtraColumns();
    spec.storage = encodingOf(op.getStorage());
    spec.scale = op.getScale().convertToFloat();
    spec.hasSink = op.getSink() != nullptr;
    RowAttentionOperands operands;
    operands.query = flat(b, loc, op.getQ());
    operands.queryStride = strideOf(op.getQ());
    if (op.getQExtra()) {
      operands.extraQuery = flat(b, loc, op.getQExtra());
      operands.extraStride = strideOf(op.getQExtra());
    }
    operands.output = flat(b, loc, op.getY());
    operands.outputStride = strideOf(op.getY());
    operands.sinks = op.getSink();
    auto place = op.getPlaces().begin();
    auto ids = op.getIds().begin();
    for (auto [clock, window, picks, pool, table] :
         llvm::zip(op.getClocks(), op.getWindows(), op.getPicks(),
                   op.getPools(), op.getPageTables())) {
      spec.sets.push_back({clock, std::max<int64_t>(window, 0), picks});
      RowAttentionOperands::Set set;
      set.rows = {pool, table, *place++, {}};
      if (spec.extraColumns)
        set.extra = {pool, table, *place++, {}};
      set.rows.slotBytes = set.extra.slotBytes = *place++;
      if (picks) {
        set.idsStride = strideOf(*ids);
        set.ids = flat(b, loc, *ids++);
      }
      operands.sets.push_back(set);
    }
    if (Status status = checkRowAttention(spec); !status)
      return op.emitError(status.error().str());
    if (op.getBlockHeads() != kBlockHeads)
      return op.emitError("expects blocks of ")
             << kBlockHeads << " heads on CPUs, but got " << op.getBlockHeads();
    operands.firstPosition = op.getFirstPosition();
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    operands.scratch = needScratch(b, op, rowAttentionScratchBytes(spec));
    buildRowAttention(b, loc, cpuLevel, spec, operands);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::IndexTopKOp op) {
    Location loc = op.getLoc();
    IndexTopKSpec spec;
    spec.heads = op.getHeads();
    spec.columns = op.getColumns();
    spec.storage = encodingOf(op.getStorage());
    spec.clock = op.getClock();
    spec.k = op.getK();
    if (Status status = checkIndexTopK(spec); !status)
      return op.emitError(status.error().str());
    IndexTopKOperands operands;
    operands.query = flat(b, loc, op.getQ());
    operands.queryStride = strideOf(op.getQ());
    operands.factors = flat(b, loc, op.getA());
    operands.factorStride = strideOf(op.getA());
    operands.rows = {op.getPool(), op.getPageTable(), op.getInstanceOffset(),
                     op.getSlotBytes()};
    operands.ids = flat(b, loc, op.getIds());
    operands.idsStride = strideOf(op.getIds());
    operands.firstPosition = op.getFirstPosition();
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    operands.scratch = needScratch(b, op, indexTopKScratchBytes(spec));
    buildIndexTopK(b, loc, cpuLevel, spec, operands);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::GatherWindowsOp op) {
    Location loc = op.getLoc();
    WindowSpec spec{static_cast<int64_t>(op.getSize()),
                    static_cast<int64_t>(op.getBefore()),
                    static_cast<int64_t>(op.getColumns()),
                    op.getFill().convertToFloat()};
    WindowOperands operands{flat(b, loc, op.getX()), op.getState(),
                            op.getInstanceOffset(),  flat(b, loc, op.getY()),
                            strideOf(op.getX()),     strideOf(op.getY()),
                            op.getTokens(),          op.getFirstPosition()};
    buildGatherWindows(b, loc, spec, operands, op.getBegin(), op.getEnd());
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::KeepRowsOp op) {
    Location loc = op.getLoc();
    // The rows that are kept are one less than those of a window.
    WindowSpec spec{static_cast<int64_t>(op.getRows()) + 1, 0,
                    static_cast<int64_t>(op.getColumns())};
    WindowOperands operands{flat(b, loc, op.getX()), op.getState(),
                            op.getInstanceOffset(),  Value(),
                            strideOf(op.getX()),     0,
                            op.getTokens(),          op.getFirstPosition()};
    buildKeepRow(b, loc, spec, operands, op.getRow());
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::EmbeddingOp op) {
    Location loc = op.getLoc();
    EmbeddingSpec spec{static_cast<int64_t>(op.getTableRows()),
                       static_cast<int64_t>(op.getColumns()),
                       encodingOf(op.getEncoding()), op.getLayout() == "r16"};
    if (Status status = checkEmbedding(spec); !status)
      return op.emitError(status.error().str());
    EmbeddingOperands operands{op.getIds(),
                               op.getTable(),
                               flat(b, loc, op.getY()),
                               b.getIndexAttr(strideOf(op.getY())),
                               op.getBegin(),
                               op.getEnd(),
                               needScratch(b, op, embeddingScratchBytes(spec))};
    buildEmbedding(b, loc, cpuLevel, spec, operands);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::CausalConvOp op) {
    Location loc = op.getLoc();
    MemRefType w = op.getW().getType();
    CausalConvSpec spec{w.getDimSize(0), w.getDimSize(1),
                        static_cast<int64_t>(op.getColumns())};
    if (Status status = checkCausalConv(spec); !status)
      return op.emitError(status.error().str());
    CausalConvOperands operands;
    operands.x = flat(b, loc, op.getX());
    operands.output = flat(b, loc, op.getY());
    operands.weights = flat(b, loc, op.getW());
    operands.xStride = strideOf(op.getX());
    operands.outputStride = strideOf(op.getY());
    operands.state = op.getState();
    operands.offset = op.getOffset();
    operands.rows = op.getTokens();
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    buildCausalConv(b, loc, spec, operands);
    return mlir::success();
  }

  LogicalResult lower(OpBuilder &b, plan::GatedDeltaOp op) {
    Location loc = op.getLoc();
    GatedDeltaSpec spec{static_cast<int64_t>(op.getHeads()),
                        static_cast<int64_t>(op.getKeyHeads()),
                        static_cast<int64_t>(op.getKeyColumns()),
                        static_cast<int64_t>(op.getValueColumns()),
                        static_cast<int64_t>(op.getColumns()),
                        op.getManyRows(),
                        /*corrects=*/op.getBeta() != nullptr};
    if (Status status = checkGatedDelta(spec); !status)
      return op.emitError(status.error().str());
    GatedDeltaOperands operands;
    operands.query = flat(b, loc, op.getQ());
    operands.key = flat(b, loc, op.getK());
    operands.value = flat(b, loc, op.getV());
    operands.decay = flat(b, loc, op.getDecay());
    operands.output = flat(b, loc, op.getY());
    operands.queryStride = strideOf(op.getQ());
    operands.keyStride = strideOf(op.getK());
    operands.valueStride = strideOf(op.getV());
    operands.decayStride = strideOf(op.getDecay());
    if (op.getBeta()) {
      operands.beta = flat(b, loc, op.getBeta());
      operands.betaStride = strideOf(op.getBeta());
    }
    operands.outputStride = strideOf(op.getY());
    operands.state = op.getState();
    operands.offset = op.getOffset();
    operands.rows = op.getTokens();
    operands.begin = op.getBegin();
    operands.end = op.getEnd();
    operands.scratch = needScratch(b, op, gatedDeltaScratchBytes(spec));
    buildGatedDelta(b, loc, cpuLevel, spec, operands);
    return mlir::success();
  }

  CpuLevel cpuLevel;
  /// Of a step; kernels without programs are looked at, not run.
  int64_t maxTokens = 1;
  Value scratch;
  int64_t scratchBytes = 0;
};

} // namespace
