//===- LoopEmitter.h - Writes the loops of a plan ---------------*- C++ -*-===//

#ifndef CODEGEN_CPU_GENERAL_LOOPEMITTER_H
#define CODEGEN_CPU_GENERAL_LOOPEMITTER_H

#include "codegen/cpu/general/LoopPlan.h"

#include "mlir/IR/Builders.h"

#include <functional>
#include <map>
#include <vector>

namespace tombolo::cpu {

/// Writes the nest that a plan describes before the op it is for. The op itself
/// stays; the caller erases it.
class LoopEmitter {
public:
  LoopEmitter(mlir::OpBuilder &builder, LoopPlan &plan);
  void emit();

private:
  using Value = mlir::Value;
  template <typename T> using Vec = llvm::SmallVector<T>;
  /// The value of every loop dimension; null where its loop is further in.
  using Point = Vec<Value>;
  /// What reduction loops carry: per point, per carried output, per partial.
  using State = Vec<Value>;

  // --- loops
  void emitParallel(unsigned depth, std::vector<Point> points);
  void emitInner(std::vector<Point> points);
  /// The reduction loops and the body, `lanes` wide (0: on single elements).
  void emitElements(const std::vector<Point> &points, int64_t lanes);
  /// The reduction loops with the vector dimension as the innermost of them.
  void emitVectorReduction(const std::vector<Point> &points);
  State emitReductionLoops(
      unsigned depth, std::vector<Point> points, State state,
      llvm::function_ref<State(std::vector<Point>, State)> innermost);
  State emitVectorLoop(std::vector<Point> points, State state);
  /// `for (iv = lower; iv < upper; iv += step)` carrying `state`.
  State emitFor(Value lower, Value upper, int64_t step, State state,
                llvm::function_ref<State(Value, State)> body);

  // --- the body
  /// Runs the body at `point`. `carried` has a value per output, null where it
  /// is not carried; returns what each output is given, and stores those that
  /// are not carried.
  Vec<Value> emitBody(const Point &point, int64_t lanes,
                      llvm::ArrayRef<Value> carried);
  Value emitBodyOp(mlir::Operation &op, const Point &point, int64_t lanes,
                   mlir::IRMapping &mapping);
  Value emitBodyLoad(mlir::Operation &op, int64_t lanes,
                     mlir::IRMapping &mapping);

  // --- memory
  Value load(unsigned operand, const Point &point, int64_t lanes);
  Value loadUncached(unsigned operand, const Point &point, int64_t lanes);
  void store(unsigned operand, const Point &point, int64_t lanes, Value value);
  Vec<Value> subscripts(unsigned operand, const Point &point);
  /// Loads now, outside of the loops over `dims` that come next, what does not
  /// depend on them.
  void preload(const std::vector<Point> &points, int64_t lanes,
               llvm::ArrayRef<unsigned> dims);

  // --- helpers
  Value index(int64_t value);
  Value extent(unsigned dim);
  Value offset(Value base, int64_t by);
  Value widen(Value value, int64_t lanes);
  Value neutral(const OutputPlan &output, int64_t lanes);
  bool isDynamic(unsigned dim) const;

  mlir::OpBuilder &builder;
  LoopPlan &plan;
  mlir::linalg::LinalgOp op;
  mlir::Location loc;
  Vec<Value> extents;
  Vec<unsigned> carriedOutputs;
  /// Inputs loaded so far, a scope per loop that is being written.
  using Key = std::tuple<unsigned, int64_t, std::vector<void *>>;
  std::vector<std::map<Key, Value>> scopes;
};

} // namespace tombolo::cpu

#endif // CODEGEN_CPU_GENERAL_LOOPEMITTER_H
