//===- KernelBuilder.h - A kernel under construction ------------*- C++ -*-===//

#ifndef PASSES_PLAN_KERNELBUILDER_H
#define PASSES_PLAN_KERNELBUILDER_H

#include "dialects/nn/IR/NNOps.h"
#include "passes/plan/Emit.h"

namespace tombolo::plan {

/// A kernel function while its arguments are still being found.
class KernelBuilder {
public:
  KernelBuilder(mlir::ModuleOp kernels, mlir::Location loc,
                llvm::StringRef name, int stage)
      : builder(kernels.getBodyRegion()), loc(loc) {
    builder.setInsertionPointToEnd(kernels.getBody());
    plan.kernel = mlir::func::FuncOp::create(builder, loc, name,
                                             builder.getFunctionType({}, {}));
    plan.kernel->setAttr(kKernelAttr, builder.getUnitAttr());
    plan.stage = stage;
    mlir::Block *block = plan.kernel.addEntryBlock();
    begin = block->addArgument(builder.getIndexType(), loc);
    end = block->addArgument(builder.getIndexType(), loc);
    builder.setInsertionPointToStart(block);
  }

  /// The argument for `binding`; `same` tells equal bindings apart.
  mlir::Value bind(BufferBinding binding, bool write = false) {
    for (auto [index, other] : llvm::enumerate(plan.buffers))
      if (same(other, binding)) {
        if (write && !llvm::is_contained(plan.writes, int64_t(index)))
          plan.writes.push_back(index);
        return buffers[index];
      }
    if (write)
      plan.writes.push_back(plan.buffers.size());
    // Buffers stand before sizes.
    mlir::Value argument =
        block().insertArgument(2 + plan.buffers.size(), binding.type, loc);
    plan.buffers.push_back(std::move(binding));
    buffers.push_back(argument);
    return argument;
  }

  mlir::Value size(SizeBinding binding) {
    for (auto [index, other] : llvm::enumerate(plan.sizes))
      if (other.kind == binding.kind && other.size == binding.size &&
          other.user == binding.user && other.rows == binding.rows)
        return sizes[index];
    mlir::Value argument = block().addArgument(builder.getIndexType(), loc);
    plan.sizes.push_back(binding);
    sizes.push_back(argument);
    return argument;
  }
  mlir::Value hostSize(Symbol symbol) {
    return size({SizeBinding::Host,
                 SizeAttr::get(builder.getContext(), symbol, 1, 0, 1),
                 nullptr,
                 {}});
  }

  mlir::Value row(mlir::Value value, bool write = false) {
    BufferBinding binding;
    binding.value = value;
    binding.type = rowBufferType(value);
    return bind(binding, write);
  }
  mlir::Value symbol(BufferBinding::Kind kind, mlir::StringAttr name,
                     mlir::Type type, bool write = false, int64_t clock = 1) {
    BufferBinding binding;
    binding.kind = kind;
    binding.symbol = name;
    binding.clock = clock;
    binding.type = type;
    return bind(binding, write);
  }
  mlir::Value weight(nn::GetWeightOp op, llvm::StringRef layout,
                     Encoding encoding, mlir::Type type) {
    BufferBinding binding;
    binding.kind = BufferBinding::Weight;
    binding.getWeight = op;
    binding.layout = layout.str();
    binding.encoding = encoding;
    binding.type = type;
    return bind(binding);
  }

  /// The pages of the state that `rows`, of a history or an argument, lie in,
  /// and where in them its instance is.
  struct StatePages {
    mlir::Value pool, table, offset, slot;
  };
  StatePages pages(mlir::Value rows, bool write = false);
  mlir::Value stateOffset(mlir::Value rows);

  /// Windows of `size` tokens that were complete before the step.
  mlir::Value windowsBefore(int64_t size);
  /// And those that the step completes.
  mlir::Value windowsOfStep(int64_t size);

  KernelPlan finish() {
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&block());
    mlir::func::ReturnOp::create(builder, loc);
    plan.kernel.setType(
        builder.getFunctionType(block().getArgumentTypes(), {}));
    return std::move(plan);
  }

  mlir::Block &block() { return plan.kernel.getBody().front(); }
  mlir::OpBuilder builder;
  mlir::Location loc;
  KernelPlan plan;
  mlir::Value begin, end;

private:
  static bool same(const BufferBinding &a, const BufferBinding &b) {
    return a.kind == b.kind && a.value == b.value && a.node == b.node &&
           a.getWeight == b.getWeight && a.layout == b.layout &&
           a.symbol == b.symbol && a.clock == b.clock;
  }
  llvm::SmallVector<mlir::Value> buffers, sizes;
};

inline mlir::MemRefType byteBufferType(mlir::MLIRContext *context) {
  return mlir::MemRefType::get({mlir::ShapedType::kDynamic},
                               mlir::IntegerType::get(context, 8));
}
inline SizeAttr constantSize(mlir::MLIRContext *context, int64_t value) {
  return SizeAttr::get(context, Symbol::One, value, 0, 1);
}
inline SizeAttr hostSize(mlir::MLIRContext *context, Symbol symbol,
                         int64_t mul = 1) {
  return SizeAttr::get(context, symbol, mul, 0, 1);
}

} // namespace tombolo::plan

#endif // PASSES_PLAN_KERNELBUILDER_H
