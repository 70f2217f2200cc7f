//===- Interpreter.h - The meaning of an nn module --------------*- C++ -*-===//
//
// Runs a module op by op with plain loops and f32 sums. Slow on purpose: what
// it computes is what every target is tested against.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_NN_REFERENCE_INTERPRETER_H
#define DIALECTS_NN_REFERENCE_INTERPRETER_H

#include "dialects/nn/IR/NNOps.h"
#include "dialects/nn/reference/KernelTable.h"
#include "dialects/nn/reference/Value.h"
#include "support/WeightSource.h"
#include <map>

namespace tombolo::nn {

struct InterpreterOptions {
  /// Length of the sequence that tables of a rotary embedding choose their
  /// frequencies by; 0: the tokens of the first `feed` after a restart.
  int64_t ropeLength = 0;
  /// Null: the standard ones. Outlives the interpreter.
  const KernelTable *kernels = nullptr;
};

/// What one step made: a row per token.
struct HiddenAndTaps {
  Tensor hidden;
  /// `hidden.N` by N.
  std::map<int64_t, Tensor> taps;
};

/// One sequence. Weights are kept as f32 once they are read, states as the
/// module says. After an error the states are those of a step half done:
/// `restart` before going on.
class Interpreter : private Machine {
public:
  /// Module and source outlive the interpreter; the module is verified.
  Interpreter(mlir::ModuleOp module, const WeightSource &source,
              InterpreterOptions options = {});
  ~Interpreter() override;

  /// Runs `@hidden` on the next tokens of the sequence.
  Result<HiddenAndTaps> feed(std::span<const int32_t> tokens);
  /// Runs `@logits` on rows of `hidden`.
  Result<Tensor> logits(const Tensor &hidden);
  /// Forgets the sequence.
  void restart();
  /// Forgets all but the first `length` tokens; fails where there are fewer,
  /// and where a state remembers only what comes next.
  Status truncate(int64_t length);
  /// Tokens fed so far.
  int64_t length() const { return fed; }

  /// Runs any function on tensors of its argument types, with one size for
  /// all dynamic dimensions. States go on from the run before.
  Result<std::vector<Tensor>> runFunction(llvm::StringRef name,
                                          std::vector<Tensor> inputs);

private:
  using Taps = std::map<int64_t, Tensor>;

  Result<Value> weight(llvm::StringRef name, int64_t index) override;
  Result<Value> element(llvm::StringRef name, int64_t index,
                        int64_t element) override;
  Result<std::shared_ptr<History>> history(llvm::StringRef name,
                                           int64_t index) override;
  Result<std::shared_ptr<FixedState>> fixedState(llvm::StringRef name,
                                                 int64_t index) override;
  Result<std::vector<double>> angles(llvm::StringRef table) override;
  mlir::Operation *symbol(llvm::StringRef name) override;

  Result<Values> call(mlir::Operation *function, Values arguments, Taps *taps,
                      int depth);
  Result<Values> run(mlir::Operation *op, llvm::ArrayRef<Value> operands,
                     Taps *taps, int depth);
  void fixRopeLength(int64_t tokens);

  mlir::ModuleOp module;
  const WeightSource &source;
  InterpreterOptions options;
  const KernelTable &kernels;
  mlir::SymbolTable symbols;

  int64_t fed = 0;
  /// What tables choose by, once something ran.
  std::optional<int64_t> ropeLength;
  std::map<std::pair<std::string, int64_t>, Value> weights;
  /// Parts of weights that are read by place, by name, index and place.
  std::map<std::tuple<std::string, int64_t, int64_t>, Value> elements;
  std::map<std::pair<std::string, int64_t>, std::shared_ptr<History>> states;
  std::map<std::pair<std::string, int64_t>, std::shared_ptr<FixedState>>
      fixedStates;
};

} // namespace tombolo::nn

#endif // DIALECTS_NN_REFERENCE_INTERPRETER_H
