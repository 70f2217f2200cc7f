//===- LoopEmitter.cpp - Writes the loops of a plan -----------------------===//

#include "codegen/cpu/general/LoopEmitter.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tombolo::cpu;

LoopEmitter::LoopEmitter(OpBuilder &builder, LoopPlan &plan)
    : builder(builder), plan(plan), op(plan.op), loc(op->getLoc()),
      extents(plan.extents.size()) {
  for (auto [index, output] : llvm::enumerate(plan.outputs))
    if (output.carried)
      carriedOutputs.push_back(index);
}

void LoopEmitter::emit() {
  builder.setInsertionPoint(op);
  for (unsigned dim = 0; dim < plan.extents.size(); ++dim)
    extents[dim] = extent(dim);
  scopes.emplace_back();
  emitParallel(0, {Point(plan.extents.size())});
  scopes.pop_back();
}

// --- Helpers -----------------------------------------------------------------

bool LoopEmitter::isDynamic(unsigned dim) const {
  return ShapedType::isDynamic(plan.extents[dim]);
}

Value LoopEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

/// The extent of a dimension, from the operand that has it as a subscript.
Value LoopEmitter::extent(unsigned dim) {
  if (!isDynamic(dim))
    return index(plan.extents[dim]);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [position, result] : llvm::enumerate(map.getResults()))
      if (result == getAffineDimExpr(dim, op.getContext()))
        return memref::DimOp::create(builder, loc, operand.get(), position);
  }
  llvm_unreachable("a linalg op has a subscript for each of its dimensions");
}

Value LoopEmitter::offset(Value base, int64_t by) {
  if (by == 0)
    return base;
  return builder.createOrFold<arith::AddIOp>(loc, base, index(by));
}

Value LoopEmitter::widen(Value value, int64_t lanes) {
  if (lanes == 0 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      builder, loc, VectorType::get({lanes}, value.getType()), value);
}

Value LoopEmitter::neutral(const OutputPlan &output, int64_t lanes) {
  auto type = VectorType::get({lanes}, output.neutral.getType());
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, Attribute(output.neutral)));
}

// --- Loops -------------------------------------------------------------------

LoopEmitter::State
LoopEmitter::emitFor(Value lower, Value upper, int64_t step, State state,
                     llvm::function_ref<State(Value, State)> body) {
  auto loop =
      scf::ForOp::create(builder, loc, lower, upper, index(step), state);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = loop.getBody();
  // Without carried values the builder has made the terminator already.
  if (!block->empty())
    block->back().erase();
  builder.setInsertionPointToEnd(block);
  scopes.emplace_back();
  State next =
      body(loop.getInductionVar(), State(loop.getRegionIterArgs().begin(),
                                         loop.getRegionIterArgs().end()));
  scopes.pop_back();
  scf::YieldOp::create(builder, loc, next);
  return State(loop.getResults().begin(), loop.getResults().end());
}

void LoopEmitter::emitParallel(unsigned depth, std::vector<Point> points) {
  if (depth == plan.parallel.size())
    return emitInner(std::move(points));
  unsigned dim = plan.parallel[depth];
  int64_t block = plan.block[dim];

  auto blockOf = [&](Value first, int64_t size) {
    std::vector<Point> blocked;
    for (int64_t by = 0; by < size; ++by) {
      Value at = offset(first, by);
      for (Point point : points) {
        point[dim] = at;
        blocked.push_back(std::move(point));
      }
    }
    emitParallel(depth + 1, std::move(blocked));
  };
  auto loop = [&](Value lower, Value upper, int64_t step) {
    emitFor(lower, upper, step, {}, [&](Value iv, State) {
      blockOf(iv, step);
      return State();
    });
  };

  if (isDynamic(dim)) {
    Value blocks = index(0);
    if (block > 1) {
      Value rest =
          arith::RemUIOp::create(builder, loc, extents[dim], index(block));
      blocks = arith::SubIOp::create(builder, loc, extents[dim], rest);
      loop(index(0), blocks, block);
    }
    return loop(blocks, extents[dim], 1);
  }
  int64_t extent = plan.extents[dim];
  int64_t blocks = extent / block;
  if (blocks == 1)
    blockOf(index(0), block);
  else if (blocks > 1)
    loop(index(0), index(blocks * block), block);
  for (int64_t left = blocks * block; left < extent; ++left)
    blockOf(index(left), 1);
}

void LoopEmitter::emitInner(std::vector<Point> points) {
  if (!plan.vectorDim)
    return emitElements(points, 0);
  unsigned dim = *plan.vectorDim;
  if (plan.vectorIsReduction)
    return emitVectorReduction(points);

  SmallVector<unsigned> inner(plan.reductions);
  inner.push_back(dim);
  preload(points, 0, inner);
  auto chunkAt = [&](Value iv, int64_t lanes, int64_t vectors = 1) {
    std::vector<Point> chunk;
    for (int64_t by = 0; by < vectors; ++by) {
      Value at = offset(iv, by * lanes);
      for (Point point : points) {
        point[dim] = at;
        chunk.push_back(std::move(point));
      }
    }
    emitElements(chunk, lanes);
  };
  auto loop = [&](Value lower, Value upper, int64_t lanes,
                  int64_t vectors = 1) {
    emitFor(lower, upper, lanes * vectors, {}, [&](Value iv, State) {
      chunkAt(iv, lanes, vectors);
      return State();
    });
  };
  if (isDynamic(dim)) {
    Value rest =
        arith::RemUIOp::create(builder, loc, extents[dim], index(plan.lanes));
    Value whole = arith::SubIOp::create(builder, loc, extents[dim], rest);
    loop(index(0), whole, plan.lanes);
    return loop(whole, extents[dim], 1);
  }
  int64_t extent = plan.extents[dim], round = plan.lanes * plan.vectors;
  int64_t done = extent / round * round;
  if (done == round)
    chunkAt(index(0), plan.lanes, plan.vectors);
  else
    loop(index(0), index(done), plan.lanes, plan.vectors);
  for (; done + plan.lanes <= extent; done += plan.lanes)
    chunkAt(index(done), plan.lanes);
  for (int64_t lanes = plan.lanes / 2; lanes >= 1; lanes /= 2)
    if (done + lanes <= extent) {
      chunkAt(index(done), lanes);
      done += lanes;
    }
}

LoopEmitter::State LoopEmitter::emitReductionLoops(
    unsigned depth, std::vector<Point> points, State state,
    llvm::function_ref<State(std::vector<Point>, State)> innermost) {
  if (depth == plan.reductions.size())
    return innermost(std::move(points), std::move(state));
  unsigned dim = plan.reductions[depth];
  auto at = [&](Value iv, State inner) {
    std::vector<Point> next = points;
    for (Point &point : next)
      point[dim] = iv;
    return emitReductionLoops(depth + 1, std::move(next), std::move(inner),
                              innermost);
  };
  if (plan.extents[dim] == 1)
    return at(index(0), std::move(state));
  return emitFor(index(0), extents[dim], 1, std::move(state), at);
}

void LoopEmitter::emitElements(const std::vector<Point> &points,
                               int64_t lanes) {
  unsigned firstOutput = op.getNumDpsInputs();
  if (plan.reductions.empty()) {
    for (const Point &point : points) {
      SmallVector<Value> carried(plan.outputs.size());
      for (unsigned output : carriedOutputs)
        if (op.payloadUsesValueFromOperand(op.getDpsInitOperand(output)))
          carried[output] = loadUncached(firstOutput + output, point, lanes);
      SmallVector<Value> results = emitBody(point, lanes, carried);
      for (unsigned output : carriedOutputs)
        store(firstOutput + output, point, lanes, results[output]);
    }
    return;
  }
  preload(points, lanes, plan.reductions);
  State state;
  for (const Point &point : points)
    for (unsigned output : carriedOutputs)
      state.push_back(
          widen(loadUncached(firstOutput + output, point, lanes), lanes));
  state =
      emitReductionLoops(0, points, std::move(state),
                         [&](std::vector<Point> inner, State carriedState) {
                           State next;
                           const Value *carriedValue = carriedState.begin();
                           for (const Point &point : inner) {
                             SmallVector<Value> carried(plan.outputs.size());
                             for (unsigned output : carriedOutputs)
                               carried[output] = *carriedValue++;
                             SmallVector<Value> results =
                                 emitBody(point, lanes, carried);
                             for (unsigned output : carriedOutputs)
                               next.push_back(widen(results[output], lanes));
                           }
                           return next;
                         });
  const Value *result = state.begin();
  for (const Point &point : points)
    for (unsigned output : carriedOutputs)
      store(firstOutput + output, point, lanes, *result++);
}

void LoopEmitter::emitVectorReduction(const std::vector<Point> &points) {
  SmallVector<unsigned> inner(plan.reductions);
  inner.push_back(*plan.vectorDim);
  preload(points, 0, inner);
  State state;
  for (size_t count = points.size(); count > 0; --count)
    for (unsigned output : carriedOutputs)
      state.append(plan.partials, neutral(plan.outputs[output], plan.lanes));
  state = emitReductionLoops(
      0, points, std::move(state), [&](std::vector<Point> at, State inside) {
        return emitVectorLoop(std::move(at), std::move(inside));
      });

  unsigned firstOutput = op.getNumDpsInputs();
  ArrayRef<Value> partials(state);
  for (const Point &point : points) {
    for (unsigned output : carriedOutputs) {
      vector::CombiningKind kind = *plan.outputs[output].kind;
      SmallVector<Value> parts(partials.take_front(plan.partials));
      partials = partials.drop_front(plan.partials);
      for (; parts.size() > 1; parts.resize(parts.size() / 2))
        for (size_t half = parts.size() / 2, i = 0; i < half; ++i)
          parts[i] = vector::makeArithReduction(builder, loc, kind, parts[i],
                                                parts[i + half]);
      bool sum = kind == vector::CombiningKind::ADD &&
                 isa<FloatType>(plan.outputs[output].neutral.getType());
      Value reduced = vector::ReductionOp::create(
          builder, loc, kind, parts[0],
          sum ? arith::FastMathFlags::reassoc : arith::FastMathFlags::none);
      Value initial = loadUncached(firstOutput + output, point, 0);
      store(firstOutput + output, point, 0,
            vector::makeArithReduction(builder, loc, kind, initial, reduced));
    }
  }
}

LoopEmitter::State LoopEmitter::emitVectorLoop(std::vector<Point> points,
                                               State state) {
  unsigned dim = *plan.vectorDim;
  int64_t partials = plan.partials;
  // Adds `lanes` elements at `iv` to partial number `part` of every result.
  auto chunkAt = [&](Value iv, int64_t lanes, int64_t part, State &into) {
    size_t slot = part;
    for (Point &point : points) {
      point[dim] = iv;
      SmallVector<Value> carried(plan.outputs.size());
      bool whole = lanes == plan.lanes;
      size_t first = slot;
      for (unsigned output : carriedOutputs) {
        carried[output] =
            whole ? into[slot] : neutral(plan.outputs[output], lanes);
        slot += partials;
      }
      SmallVector<Value> results = emitBody(point, lanes, carried);
      for (unsigned output : carriedOutputs) {
        Value result = widen(results[output], lanes);
        if (!whole) {
          Value padded = vector::InsertStridedSliceOp::create(
              builder, loc, result, neutral(plan.outputs[output], plan.lanes),
              ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
          result = vector::makeArithReduction(
              builder, loc, *plan.outputs[output].kind, into[first], padded);
        }
        into[first] = result;
        first += partials;
      }
    }
  };
  auto loop = [&](Value lower, Value upper, int64_t lanes, int64_t parts) {
    state = emitFor(lower, upper, lanes * parts, std::move(state),
                    [&](Value iv, State inside) {
                      for (int64_t part = 0; part < parts; ++part)
                        chunkAt(offset(iv, part * lanes), lanes, part, inside);
                      return inside;
                    });
  };

  int64_t step = plan.lanes * partials;
  if (isDynamic(dim)) {
    auto whole = [&](int64_t multiple) -> Value {
      Value rest =
          arith::RemUIOp::create(builder, loc, extents[dim], index(multiple));
      return arith::SubIOp::create(builder, loc, extents[dim], rest);
    };
    Value rounds = whole(step), vectors = whole(plan.lanes);
    loop(index(0), rounds, plan.lanes, partials);
    if (partials > 1)
      loop(rounds, vectors, plan.lanes, 1);
    if (plan.lanes > 1)
      loop(vectors, extents[dim], 1, 1);
    return state;
  }
  int64_t extent = plan.extents[dim], done = extent / step * step;
  if (done > 0)
    loop(index(0), index(done), plan.lanes, partials);
  for (int64_t part = 0; done + plan.lanes <= extent; done += plan.lanes)
    chunkAt(index(done), plan.lanes, part++, state);
  for (int64_t lanes = plan.lanes / 2; lanes >= 1; lanes /= 2)
    if (done + lanes <= extent) {
      chunkAt(index(done), lanes, 0, state);
      done += lanes;
    }
  return state;
}

// --- The body ----------------------------------------------------------------

SmallVector<Value> LoopEmitter::emitBody(const Point &point, int64_t lanes,
                                         ArrayRef<Value> carried) {
  Block *body = op.getBlock();
  IRMapping mapping;
  for (OpOperand *operand : op.getDpsInputOperands())
    if (op.payloadUsesValueFromOperand(operand))
      mapping.map(op.getMatchingBlockArgument(operand),
                  load(operand->getOperandNumber(), point, lanes));
  for (unsigned output = 0; output < plan.outputs.size(); ++output) {
    OpOperand *operand = op.getDpsInitOperand(output);
    Value value = carried[output];
    if (!value && op.payloadUsesValueFromOperand(operand))
      value = loadUncached(operand->getOperandNumber(), point, lanes);
    if (value)
      mapping.map(op.getMatchingBlockArgument(operand), value);
  }
  for (Operation &inner : body->without_terminator())
    emitBodyOp(inner, point, lanes, mapping);

  SmallVector<Value> results;
  for (auto [output, yielded] :
       llvm::enumerate(body->getTerminator()->getOperands())) {
    results.push_back(mapping.lookupOrDefault(yielded));
    if (!plan.outputs[output].carried)
      store(op.getNumDpsInputs() + output, point, lanes, results.back());
  }
  return results;
}

Value LoopEmitter::emitBodyOp(Operation &inner, const Point &point,
                              int64_t lanes, IRMapping &mapping) {
  if (auto indexOp = dyn_cast<linalg::IndexOp>(inner)) {
    Value value = point[indexOp.getDim()];
    if (lanes > 0 && plan.vectorDim == indexOp.getDim()) {
      auto type = VectorType::get({lanes}, builder.getIndexType());
      Value steps = vector::StepOp::create(builder, loc, type);
      value = arith::AddIOp::create(builder, loc, widen(value, lanes), steps);
    }
    mapping.map(indexOp.getResult(), value);
    return value;
  }
  bool vectors = llvm::any_of(inner.getOperands(), [&](Value operand) {
    return isa<VectorType>(mapping.lookupOrDefault(operand).getType());
  });
  if (!vectors) { // the same for all lanes
    builder.clone(inner, mapping);
    return {};
  }
  if (isa<memref::LoadOp>(inner))
    return emitBodyLoad(inner, lanes, mapping);
  SmallVector<Value> operands;
  for (Value operand : inner.getOperands())
    operands.push_back(widen(mapping.lookupOrDefault(operand), lanes));
  SmallVector<Type> types;
  for (Type type : inner.getResultTypes())
    types.push_back(VectorType::get({lanes}, type));
  Operation *wide =
      builder.create(inner.getLoc(), inner.getName().getIdentifier(), operands,
                     types, inner.getAttrs());
  for (auto [from, to] : llvm::zip(inner.getResults(), wide->getResults()))
    mapping.map(from, to);
  return {};
}

Value LoopEmitter::emitBodyLoad(Operation &inner, int64_t lanes,
                                IRMapping &mapping) {
  auto loadOp = cast<memref::LoadOp>(inner);
  Value memory = mapping.lookupOrDefault(loadOp.getMemRef());
  SmallVector<Value> at;
  for (Value subscript : loadOp.getIndices())
    at.push_back(mapping.lookupOrDefault(subscript));
  auto type = VectorType::get({lanes}, loadOp.getMemRefType().getElementType());
  bool othersMove = llvm::any_of(ArrayRef<Value>(at).drop_back(), [](Value v) {
    return isa<VectorType>(v.getType());
  });
  Value result;
  if (!othersMove && isContiguousLoad(&inner, *plan.vectorDim)) {
    at.back() = vector::ExtractOp::create(builder, loc, at.back(), 0);
    result = vector::LoadOp::create(builder, loc, type, memory, at);
  } else {
    SmallVector<Value> elements;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      SmallVector<Value> one;
      for (Value subscript : at)
        one.push_back(
            isa<VectorType>(subscript.getType())
                ? vector::ExtractOp::create(builder, loc, subscript, lane)
                      .getResult()
                : subscript);
      elements.push_back(memref::LoadOp::create(builder, loc, memory, one));
    }
    result = vector::FromElementsOp::create(builder, loc, type, elements);
  }
  mapping.map(loadOp.getResult(), result);
  return result;
}

// --- Memory ------------------------------------------------------------------

SmallVector<Value> LoopEmitter::subscripts(unsigned operand,
                                           const Point &point) {
  AffineMap map = op.getMatchingIndexingMap(&op->getOpOperand(operand));
  SmallVector<Value> results;
  for (AffineExpr expr : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      results.push_back(point[dim.getPosition()]);
    else
      results.push_back(
          affine::expandAffineExpr(builder, loc, expr, point, ValueRange()));
  }
  return results;
}

Value LoopEmitter::load(unsigned operand, const Point &point, int64_t lanes) {
  if (plan.access[operand] == Access::Value)
    return op->getOperand(operand);
  std::vector<void *> at;
  for (unsigned dim = 0; dim < point.size(); ++dim)
    at.push_back(plan.operandUses(operand, dim)
                     ? const_cast<void *>(point[dim].getAsOpaquePointer())
                     : nullptr);
  int64_t width = plan.access[operand] == Access::Invariant ? 0 : lanes;
  Key key(operand, width, std::move(at));
  for (auto &scope : llvm::reverse(scopes))
    if (auto found = scope.find(key); found != scope.end())
      return found->second;
  Value value = loadUncached(operand, point, lanes);
  scopes.back().emplace(std::move(key), value);
  return value;
}

Value LoopEmitter::loadUncached(unsigned operand, const Point &point,
                                int64_t lanes) {
  Value memory = op->getOperand(operand);
  Access access = plan.access[operand];
  if (lanes == 0 || access == Access::Invariant)
    return memref::LoadOp::create(builder, loc, memory,
                                  subscripts(operand, point));
  auto type = VectorType::get(
      {lanes}, cast<MemRefType>(memory.getType()).getElementType());
  if (access == Access::Contiguous)
    return vector::LoadOp::create(builder, loc, type, memory,
                                  subscripts(operand, point));
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Point at = point;
    at[*plan.vectorDim] = offset(at[*plan.vectorDim], lane);
    elements.push_back(
        memref::LoadOp::create(builder, loc, memory, subscripts(operand, at)));
  }
  return vector::FromElementsOp::create(builder, loc, type, elements);
}

void LoopEmitter::store(unsigned operand, const Point &point, int64_t lanes,
                        Value value) {
  Value memory = op->getOperand(operand);
  Access access = plan.access[operand];
  if (lanes == 0 || access == Access::Invariant) {
    memref::StoreOp::create(builder, loc, value, memory,
                            subscripts(operand, point));
    return;
  }
  value = widen(value, lanes);
  if (access == Access::Contiguous) {
    vector::StoreOp::create(builder, loc, value, memory,
                            subscripts(operand, point));
    return;
  }
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Point at = point;
    at[*plan.vectorDim] = offset(at[*plan.vectorDim], lane);
    Value element = vector::ExtractOp::create(builder, loc, value, lane);
    memref::StoreOp::create(builder, loc, element, memory,
                            subscripts(operand, at));
  }
}

void LoopEmitter::preload(const std::vector<Point> &points, int64_t lanes,
                          ArrayRef<unsigned> dims) {
  for (OpOperand *operand : op.getDpsInputOperands()) {
    unsigned number = operand->getOperandNumber();
    if (!op.payloadUsesValueFromOperand(operand) ||
        plan.operandUsesAny(number, dims))
      continue;
    for (const Point &point : points)
      load(number, point, lanes);
  }
}
