//===- KernelTable.h - The meaning of each op, by name ----------*- C++ -*-===//
//
// The interpreter knows calls and nothing else: what an op does is a function
// in this table. A new op is one function and one line that adds it.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_NN_REFERENCE_KERNELTABLE_H
#define DIALECTS_NN_REFERENCE_KERNELTABLE_H

#include "dialects/nn/IR/NNOps.h"
#include "dialects/nn/reference/Value.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace tombolo::nn {

/// What an op may ask of the interpreter that runs it.
class Machine {
public:
  virtual ~Machine() = default;
  /// An element of a weight, decoded and kept.
  virtual Result<Value> weight(llvm::StringRef name, int64_t index) = 0;
  /// Place `element` of the first dimension of an element of a weight, decoded
  /// and kept; no other place is read.
  virtual Result<Value> element(llvm::StringRef name, int64_t index,
                                int64_t element) = 0;
  /// An instance of a state; its storage is told at the `nn.state`.
  virtual Result<std::shared_ptr<History>> history(llvm::StringRef name,
                                                   int64_t index) = 0;
  /// An instance of a state that does not grow; empty before the first token.
  virtual Result<std::shared_ptr<FixedState>> fixedState(llvm::StringRef name,
                                                         int64_t index) = 0;
  /// The frequencies and divisors that this sequence uses, divided.
  virtual Result<std::vector<double>> angles(llvm::StringRef table) = 0;
  /// An op of the module by its symbol.
  virtual mlir::Operation *symbol(llvm::StringRef name) = 0;
};

/// Computes the results of an op, in f32: results of narrower types are
/// rounded by the caller. Operands fit the types of a verified op.
using Kernel = std::function<Result<Values>(
    mlir::Operation *op, llvm::ArrayRef<Value> operands, Machine &machine)>;

class KernelTable {
public:
  /// All ops of nn, and `arith.constant`.
  static const KernelTable &standard();

  void add(llvm::StringRef opName, Kernel kernel) {
    kernels[opName] = std::move(kernel);
  }
  template <typename Op, typename Function> void add(Function function) {
    add(Op::getOperationName(),
        [function](mlir::Operation *op, llvm::ArrayRef<Value> operands,
                   Machine &machine) {
          return function(llvm::cast<Op>(op), operands, machine);
        });
  }
  /// Null where there is none.
  const Kernel *find(llvm::StringRef opName) const {
    auto at = kernels.find(opName);
    return at == kernels.end() ? nullptr : &at->second;
  }

private:
  llvm::StringMap<Kernel> kernels;
};

// One function per family of ops; each adds its kernels.
void addAttentionKernels(KernelTable &table);
void addElementwiseKernels(KernelTable &table);
void addExpertKernels(KernelTable &table);
void addMixKernels(KernelTable &table);
void addPlannedKernels(KernelTable &table);
void addProductKernels(KernelTable &table);
void addRecurrenceKernels(KernelTable &table);
void addRowKernels(KernelTable &table);
void addSequenceKernels(KernelTable &table);
void addShapeKernels(KernelTable &table);
void addSparseKernels(KernelTable &table);
void addWindowKernels(KernelTable &table);

// --- For kernels -------------------------------------------------------------

inline const Tensor &tensorOf(const Value &value) {
  return *std::get<std::shared_ptr<const Tensor>>(value);
}
inline Values one(Tensor tensor) { return {valueOf(std::move(tensor))}; }

/// The operands of one ODS operand of an op.
template <typename Op>
llvm::ArrayRef<Value> group(Op op, llvm::ArrayRef<Value> operands,
                            unsigned odsOperand) {
  auto [start, count] = op.getODSOperandIndexAndLength(odsOperand);
  return operands.slice(start, count);
}

/// An error about one run of `op`, with its place in the source.
Error kernelError(mlir::Operation *op, const llvm::Twine &message);

} // namespace tombolo::nn

#endif // DIALECTS_NN_REFERENCE_KERNELTABLE_H
