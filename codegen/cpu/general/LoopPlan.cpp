//===- LoopPlan.cpp - How a linalg op becomes loops over vectors ----------===//

#include "codegen/cpu/general/LoopPlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo::cpu;

bool LoopPlan::isReduction(unsigned dim) const {
  return linalg::isReductionIterator(
      const_cast<LoopPlan *>(this)->op.getIteratorTypesArray()[dim]);
}

bool LoopPlan::operandUses(unsigned operand, unsigned dim) const {
  linalg::LinalgOp linalgOp = op;
  return linalgOp.getMatchingIndexingMap(&linalgOp->getOpOperand(operand))
      .isFunctionOfDim(dim);
}

bool LoopPlan::operandUsesAny(unsigned operand, ArrayRef<unsigned> dims) const {
  return llvm::any_of(dims,
                      [&](unsigned dim) { return operandUses(operand, dim); });
}

bool tombolo::cpu::isContiguousLoad(Operation *op, unsigned vectorDim) {
  auto load = dyn_cast<memref::LoadOp>(op);
  if (!load || load.getIndices().empty() ||
      !load.getMemRefType().isLastDimUnitStride())
    return false;
  auto index = load.getIndices().back().getDefiningOp<linalg::IndexOp>();
  return index && index.getDim() == vectorDim;
}

/// How `operand` is reached along `dim`.
static Access accessAlong(linalg::LinalgOp op, OpOperand &operand,
                          unsigned dim) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type)
    return Access::Value;
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!map.isFunctionOfDim(dim))
    return Access::Invariant;
  // The last subscript is the dimension plus what does not depend on it, and no
  // other subscript moves.
  AffineExpr last = map.getResults().back();
  AffineExpr rest =
      simplifyAffineExpr(last - getAffineDimExpr(dim, op.getContext()),
                         map.getNumDims(), map.getNumSymbols());
  bool othersMove =
      llvm::any_of(map.getResults().drop_back(), [&](AffineExpr result) {
        return result.isFunctionOfDim(dim);
      });
  if (othersMove || rest.isFunctionOfDim(dim) || !type.isLastDimUnitStride() ||
      type.getElementType().isInteger(1))
    return Access::Strided;
  return Access::Contiguous;
}

/// The op that combines the carried value of output `index` with a new one, if
/// that is all its block argument is for.
static Operation *findCombiner(linalg::LinalgOp op, unsigned index) {
  BlockArgument carried = op.getRegionOutputArgs()[index];
  if (!carried.hasOneUse())
    return nullptr;
  Operation *combiner = *carried.getUsers().begin();
  if (combiner->getBlock() != op.getBlock() || combiner->getNumResults() != 1 ||
      !combiner->hasOneUse() || !linalg::getCombinerOpKind(combiner) ||
      !arith::getNeutralElement(combiner))
    return nullptr;
  Operation *yield = op.getBlock()->getTerminator();
  return yield->getOperand(index) == combiner->getResult(0) ? combiner
                                                            : nullptr;
}

static bool isVectorElement(Type type) { return type.isIntOrIndexOrFloat(); }

/// Whether every op of the body has a form on vectors.
static bool canVectorizeBody(linalg::LinalgOp op) {
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (isa<linalg::IndexOp, memref::LoadOp>(inner))
      continue;
    if (!OpTrait::hasElementwiseMappableTraits(&inner) ||
        inner.getNumRegions() != 0 ||
        !llvm::all_of(inner.getOperandTypes(), isVectorElement) ||
        !llvm::all_of(inner.getResultTypes(), isVectorElement))
      if (!isa<arith::ConstantOp>(inner))
        return false;
  }
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    return isVectorElement(getElementTypeOrSelf(type));
  });
}

/// What one element costs, in vector operations, if `dim` is walked in vectors.
static double costAlong(linalg::LinalgOp op, unsigned dim, int64_t lanes) {
  double cost = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    double weight = op.isDpsInit(&operand) ? 2 : 1;
    switch (accessAlong(op, operand, dim)) {
    case Access::Value:
      break;
    case Access::Invariant:
      cost += 0.1 * weight / static_cast<double>(lanes);
      break;
    case Access::Contiguous:
      cost += weight / static_cast<double>(lanes);
      break;
    case Access::Strided:
      cost += 1.5 * weight;
      break;
    }
  }
  for (Operation &inner : op.getBlock()->without_terminator()) {
    bool perLane = isa<memref::LoadOp>(inner) && !isContiguousLoad(&inner, dim);
    cost += perLane ? 1.5 : 1.0 / static_cast<double>(lanes);
  }
  return cost;
}

/// Lanes for `extent` elements of `bits` bits: a power of two.
static int64_t lanesFor(int64_t extent, int64_t vectorBytes, int64_t bits) {
  int64_t lanes = std::max<int64_t>(1, vectorBytes * 8 / bits);
  if (!ShapedType::isDynamic(extent))
    lanes = std::min<int64_t>(lanes, llvm::bit_floor(static_cast<uint64_t>(
                                         std::max<int64_t>(extent, 1))));
  return lanes;
}

/// The widest number that is computed with, from 32 bits; indices don't count.
static int64_t widestBits(linalg::LinalgOp op) {
  int64_t bits = 32;
  auto widen = [&](Type type) {
    if (type.isIntOrFloat())
      bits = std::max<int64_t>(bits, type.getIntOrFloatBitWidth());
  };
  for (Operation &inner : op.getBlock()->without_terminator())
    llvm::for_each(inner.getResultTypes(), widen);
  for (BlockArgument argument : op.getBlock()->getArguments())
    widen(argument.getType());
  return bits;
}

static void chooseVectorDim(LoopPlan &plan, int64_t vectorBytes) {
  linalg::LinalgOp op = plan.op;
  if (!canVectorizeBody(op))
    return;
  int64_t bits = widestBits(op);
  double best = 0;
  for (unsigned dim = 0; dim < plan.extents.size(); ++dim) {
    int64_t lanes = lanesFor(plan.extents[dim], vectorBytes, bits);
    if (lanes == 1)
      continue;
    // Lanes of one output must not meet in one element, unless they combine.
    bool fits = true;
    for (auto [index, output] : llvm::enumerate(plan.outputs)) {
      OpOperand *operand = op.getDpsInitOperand(index);
      bool moves = op.getMatchingIndexingMap(operand).isFunctionOfDim(dim);
      fits &= moves || (output.carried && plan.isReduction(dim) && output.kind);
    }
    if (!fits)
      continue;
    double cost = costAlong(op, dim, lanes);
    // Of equals the innermost dimension wins.
    if (!plan.vectorDim || cost <= best) {
      best = cost;
      plan.vectorDim = dim;
      plan.lanes = lanes;
    }
  }
}

/// Blocks up to two parallel dimensions of a reduction that has operands which
/// do not depend on them: what is loaded for one element serves its neighbours.
/// The partial results of a block stay in registers: instruction sets with the
/// widest vectors have 32 of them, others may have 16.
static void blockReduction(LoopPlan &plan, int64_t vectorBytes) {
  linalg::LinalgOp op = plan.op;
  SmallVector<unsigned> inner(plan.reductions);
  if (plan.vectorIsReduction)
    inner.push_back(*plan.vectorDim);
  int64_t factors[] = {4, vectorBytes >= 64 ? 4 : 2};
  unsigned used = 0;
  for (unsigned dim : llvm::reverse(plan.parallel)) {
    bool shared = false, moved = false;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      if (!plan.operandUsesAny(operand->getOperandNumber(), inner))
        continue;
      bool uses = plan.operandUses(operand->getOperandNumber(), dim);
      shared |= !uses;
      moved |= uses;
    }
    int64_t extent = plan.extents[dim];
    if (!shared || !moved || extent == 1)
      continue;
    plan.block[dim] = ShapedType::isDynamic(extent)
                          ? factors[used]
                          : std::min(factors[used], extent);
    if (++used == std::size(factors))
      break;
  }
}

/// Vectors of results that become straight code, whatever they share.
static constexpr int64_t kFewVectors = 8;

/// Blocks the innermost parallel dimension of an elementwise op along which
/// most of what it loads stays the same: four streams that are mixed into four
/// are loaded once.
static void blockElementwise(LoopPlan &plan) {
  linalg::LinalgOp op = plan.op;
  int64_t vectors = 1;
  for (unsigned dim = 0; dim < plan.extents.size() && vectors <= kFewVectors;
       ++dim) {
    int64_t extent = plan.extents[dim];
    if (ShapedType::isDynamic(extent))
      vectors = kFewVectors + 1;
    else if (plan.vectorDim == dim)
      vectors *= llvm::divideCeil(extent, plan.lanes);
    else
      vectors *= extent;
  }
  if (vectors <= kFewVectors) {
    plan.block = plan.extents;
    return;
  }
  for (unsigned dim : llvm::reverse(plan.parallel)) {
    int shared = 0, moved = 0;
    for (OpOperand *operand : op.getDpsInputOperands())
      if (plan.operandUses(operand->getOperandNumber(), *plan.vectorDim))
        ++(plan.operandUses(operand->getOperandNumber(), dim) ? moved : shared);
    int64_t extent = plan.extents[dim];
    if (shared <= moved || extent == 0 || extent == 1)
      continue;
    constexpr int64_t kBlock = 4;
    plan.block[dim] =
        ShapedType::isDynamic(extent) ? kBlock : std::min(kBlock, extent);
    return;
  }
}

static void chooseBlocks(LoopPlan &plan, int64_t vectorBytes) {
  plan.block.assign(plan.extents.size(), 1);
  if (!plan.vectorDim)
    return;
  if (plan.reductions.empty() && !plan.vectorIsReduction)
    blockElementwise(plan);
  else
    blockReduction(plan, vectorBytes);
}

/// A sum over rows takes four neighbouring vectors of them at once, where there
/// is no block of sums already.
static void chooseVectors(LoopPlan &plan) {
  if (!plan.vectorDim || plan.vectorIsReduction || plan.reductions.empty() ||
      ShapedType::isDynamic(plan.extents[*plan.vectorDim]) ||
      llvm::any_of(plan.block, [](int64_t factor) { return factor > 1; }))
    return;
  constexpr int64_t kVectors = 4;
  plan.vectors = std::min(kVectors, plan.extents[*plan.vectorDim] / plan.lanes);
}

LoopPlan tombolo::cpu::planLoops(linalg::LinalgOp op, int64_t vectorBytes) {
  LoopPlan plan;
  plan.op = op;
  plan.extents = op.getStaticLoopRanges();
  SmallVector<unsigned> reductionDims;
  op.getReductionDims(reductionDims);

  for (unsigned index = 0; index < op.getNumDpsInits(); ++index) {
    OutputPlan output;
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(index));
    output.carried = llvm::none_of(
        reductionDims, [&](unsigned dim) { return map.isFunctionOfDim(dim); });
    if (Operation *combiner = findCombiner(op, index)) {
      output.kind = linalg::getCombinerOpKind(combiner);
      output.neutral = *arith::getNeutralElement(combiner);
    }
    plan.outputs.push_back(output);
  }

  chooseVectorDim(plan, vectorBytes);
  plan.vectorIsReduction =
      plan.vectorDim && llvm::is_contained(reductionDims, *plan.vectorDim);
  for (unsigned dim = 0; dim < plan.extents.size(); ++dim) {
    if (plan.vectorDim == dim)
      continue;
    (llvm::is_contained(reductionDims, dim) ? plan.reductions : plan.parallel)
        .push_back(dim);
  }
  chooseBlocks(plan, vectorBytes);
  chooseVectors(plan);

  if (plan.vectorIsReduction) {
    int64_t blocked = 1;
    for (int64_t factor : plan.block)
      blocked *= factor;
    int64_t extent = plan.extents[*plan.vectorDim];
    int64_t vectors = ShapedType::isDynamic(extent) ? 4 : extent / plan.lanes;
    plan.partials = blocked >= 4 ? 1 : vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
  }
  for (OpOperand &operand : op->getOpOperands())
    plan.access.push_back(
        plan.vectorDim ? accessAlong(op, operand, *plan.vectorDim)
        : isa<MemRefType>(operand.get().getType()) ? Access::Invariant
                                                   : Access::Value);
  return plan;
}
