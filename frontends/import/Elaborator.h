//===- Elaborator.h - Formulas into nn operations ---------------*- C++ -*-===//

#ifndef FRONTENDS_IMPORT_ELABORATOR_H
#define FRONTENDS_IMPORT_ELABORATOR_H

#include "dialects/nn/IR/NNOps.h"
#include "frontends/arch/Evaluator.h"
#include "frontends/arch/WeightBinder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"

namespace tombolo {

/// The result of an operation, or an argument of a function.
struct OpValue : arch::Tensor {
  explicit OpValue(mlir::Value value) : value(value) {}
  std::string describe() const override { return "a tensor"; }
  mlir::Value value;
};

/// A weight, read where an operation uses it.
struct WeightValue : arch::Tensor {
  WeightValue(const arch::RowDecl &row, arch::ViewPtr view,
              std::optional<int64_t> layer)
      : row(row), view(std::move(view)), layer(layer) {}
  std::string describe() const override { return "weight '" + row.name + "'"; }
  const arch::RowDecl &row;
  arch::ViewPtr view;
  /// Of a `per layer` row.
  std::optional<int64_t> layer;
};

/// Builds the functions `@hidden` and `@logits` and one for each distinct layer
/// body, with their weights, states and rope tables.
///
/// Each layer's body is built as a function of its own; where an earlier layer
/// has an equal one it is dropped and that one is called. So are the functions
/// of the description that a layer calls, its parts; what is shorter without a
/// function goes back into the layer's body at the end. Until then
/// weights and states of a layer are called `layer?.wq`, and parts `part?2`.
class Elaborator : public arch::TensorDomain {
public:
  Elaborator(mlir::MLIRContext &context, arch::Evaluator &evaluator,
             const arch::WeightBinder &binder);
  ~Elaborator() override;

  /// Null if anything was reported.
  mlir::OwningOpRef<mlir::ModuleOp> run();
  int64_t distinctLayers() const { return distinct.size(); }
  int64_t contextLength() const { return context; }
  /// Of each layer the number of its body.
  std::vector<int64_t> bodyOfLayer() const;

  arch::Value tensorNamed(arch::Evaluator &evaluator, const std::string &name,
                          const arch::Loc &loc) override;
  arch::Value call(arch::Evaluator &evaluator,
                   const arch::OpCall &call) override;
  arch::Value slice(arch::Evaluator &evaluator, const arch::Loc &loc,
                    const arch::Value &tensor,
                    const std::vector<arch::Subscript> &subscripts) override;
  arch::Value weight(arch::Evaluator &evaluator, const arch::RowDecl &row,
                     const arch::Loc &loc) override;
  void beginLayer(arch::Evaluator &evaluator, arch::Variables &passedOn,
                  const std::string &stream) override;
  void endLayer(arch::Evaluator &evaluator, arch::Variables &passedOn,
                const std::string &stream) override;
  void beginFunction(arch::Evaluator &evaluator,
                     const arch::FunctionDecl &function) override;
  void endFunction(arch::Evaluator &evaluator,
                   const arch::FunctionDecl &function,
                   arch::Value &result) override;

private:
  using Operands = std::vector<llvm::SmallVector<mlir::Value, 2>>;

  /// What an operation of a layer remembers.
  struct State {
    std::string name;
    nn::RowsType type;
    /// Of a window that is open: its tokens, and the rows ahead of it. 0: a
    /// history.
    int64_t size = 0, before = 0;

    bool operator==(const State &other) const {
      return std::tie(name, type, size, before) ==
             std::tie(other.name, other.type, other.size, other.before);
    }
  };

  /// A function while it is built.
  struct Body {
    mlir::func::FuncOp function;
    mlir::OpBuilder builder;
    /// A layer, or a part of one.
    bool isLayer = false;
    mlir::Value index = {}, positions = {};
    /// Values of the function around it, and the arguments they come in by.
    llvm::MapVector<mlir::Value, mlir::Value> captures = {};
    std::map<std::string, mlir::Value> weights = {};
    /// Constants that it has, by their bits.
    std::map<uint32_t, mlir::Value> numbers = {};
    /// Per-layer weights that it reads, by row name.
    std::map<std::string, const WeightValue *> layerWeights = {};
    std::vector<std::shared_ptr<const WeightValue>> kept = {};
    std::vector<State> states = {};
    /// Values with a row for each window of so many tokens. All others that
    /// have rows have one for each token.
    llvm::DenseMap<mlir::Value, int64_t> clocks =
        llvm::DenseMap<mlir::Value, int64_t>();
    /// Positions of the rows of each such clock.
    std::map<int64_t, mlir::Value> windowPositions = {};
    /// Types of the states of recurrences, by name.
    std::map<std::string, mlir::RankedTensorType> recurrent = {};
  };
  /// A body of a layer, or of a part, that differs from those before.
  struct Distinct {
    mlir::func::FuncOp function;
    std::string name;
    std::map<std::string, arch::ViewPtr> weights;
    std::map<std::string, const arch::RowDecl *> rows;
    std::vector<State> states;
    std::map<std::string, mlir::RankedTensorType> recurrent;
    std::vector<int64_t> layers;
  };
  /// A weight as all layers see it that store it alike.
  struct WeightFamily {
    const arch::RowDecl *row;
    arch::ViewPtr view;
    std::string symbol;
    std::set<int64_t> layers;
  };

  /// Frequencies, long frequencies, scale, where long ones begin, divisors and
  /// long divisors of a rope table.
  using RopeKey = std::tuple<std::vector<double>, std::vector<double>, double,
                             std::optional<int64_t>, std::string, std::string>;

  // Elaborator.cpp
  Body makeBody(llvm::StringRef name, mlir::TypeRange arguments,
                const arch::Loc &loc);
  void finish(Body &body, mlir::ValueRange results);
  mlir::Location location(const arch::Loc &loc);
  mlir::Value valueOf(const arch::Value &value, const arch::Loc &loc);
  mlir::Value localized(mlir::Value value, const arch::Loc &loc);
  mlir::Value localized(mlir::Value value, size_t level, const arch::Loc &loc);
  mlir::Value weightIn(const std::shared_ptr<const WeightValue> &weight,
                       const arch::Loc &loc);
  mlir::Value constant(double value, const arch::Loc &loc);
  mlir::Attribute attributeOf(llvm::StringRef name, const arch::Value &value);
  bool entryPoints();
  void addFunction(mlir::func::FuncOp function);
  bool describeModel(mlir::Type hidden, mlir::Type logits);
  void reportUnreadWeights();

  // TokenizerSettings.cpp
  mlir::DictionaryAttr tokenizerSettings();

  // Operations.cpp
  arch::Value create(const arch::Loc &loc, llvm::StringRef name,
                     const Operands &operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes,
                     const arch::OpCall *call = nullptr);
  std::optional<Operands> operandsOf(const arch::OpCall &call,
                                     llvm::ArrayRef<size_t> which);
  arch::Value generic(const arch::OpCall &call);
  arch::Value rearrange(const arch::OpCall &call);
  arch::Value split(const arch::OpCall &call);

  // Clocks.cpp
  std::optional<int64_t> clockOf(mlir::Value value) const;
  std::optional<int64_t> clockOf(const arch::Value &value) const;
  mlir::Value positionsOf(int64_t clock, const arch::OpCall &call);
  bool joinClocks(const arch::Loc &loc, llvm::StringRef name,
                  const Operands &operands, const arch::OpCall *call,
                  std::optional<int64_t> &clock);

  // SequenceOps.cpp
  arch::Value rope(const arch::OpCall &call);
  arch::Value history(const arch::OpCall &call);
  arch::Value windows(const arch::OpCall &call);
  std::string stateName(const arch::OpCall &call, const char *otherwise);
  void declareState(State state, const arch::Loc &loc);
  void placeState(const State &state, const std::string &prefix,
                  mlir::DenseI64ArrayAttr layers, mlir::Location place);
  std::optional<mlir::FlatSymbolRefAttr> ropeTable(const arch::OpCall &call);
  std::string divisorsOf(const arch::OpCall &call, size_t operand,
                         int64_t count, bool &failed);

  // RecurrenceOps.cpp
  arch::Value recurrence(const arch::OpCall &call);
  void placeRecurrentStates(const Distinct &body,
                            mlir::DenseI64ArrayAttr layers);

  // LayerBodies.cpp
  arch::Value replaceTensors(
      const arch::Value &value,
      const std::function<arch::Value(const std::shared_ptr<const OpValue> &)>
          &replace);
  llvm::SmallVector<mlir::Value> newValues(const Body &body,
                                           const arch::Value &value);
  arch::Value outside(const arch::Value &value, const Body &body,
                      mlir::ValueRange inside, mlir::ValueRange results);
  size_t numberOf(Body &body, std::vector<Distinct> &list,
                  const std::set<size_t> &except = {});

  // LayerParts.cpp
  Distinct *partNamed(llvm::StringRef callee);
  void takeBackParts();
  void takeBack(mlir::func::CallOp call, const Distinct &part, Distinct &body);
  void nameParts();
  std::vector<WeightFamily> weightFamilies();
  void renameSymbols(Distinct &body, llvm::ArrayRef<WeightFamily> families);
  void placeStates(const Distinct &body);
  void placeBodies();

  // WeightRegions.cpp
  void emitWeight(llvm::StringRef symbol, const arch::RowDecl &row,
                  const arch::View &view, mlir::DenseI64ArrayAttr layers);
  mlir::Value emitView(mlir::OpBuilder &builder, const arch::View &view);

  mlir::MLIRContext &mlirContext;
  arch::Evaluator &evaluator;
  const arch::WeightBinder &binder;
  const arch::Family &family;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Where symbols go, in front of the functions.
  mlir::OpBuilder symbols;
  std::vector<Body> bodies;
  std::vector<Distinct> distinct, parts;
  /// Parts that the current layer called; and for each function that is being
  /// evaluated, whether it is one.
  std::set<size_t> partsOfLayer;
  std::vector<bool> isPart;
  /// Bodies that equal others. A `let` keeps the values that it was first
  /// evaluated to, and may have been in one of these.
  std::vector<mlir::func::FuncOp> dropped;
  std::map<RopeKey, std::string> ropeTables;
  std::map<std::string, std::shared_ptr<const WeightValue>> globalWeights;
  std::set<std::pair<const arch::RowDecl *, int64_t>> weightsRead;
  int64_t context = 0, taps = 0;
};

} // namespace tombolo

#endif // FRONTENDS_IMPORT_ELABORATOR_H
