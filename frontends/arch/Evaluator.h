//===- Evaluator.h - Evaluates descriptions ---------------------*- C++ -*-===//
//
// Everything but tensors is known when a model is imported: the evaluator
// computes numbers, strings, lists and records, inlines functions and unrolls
// layers. What touches a tensor it hands to a TensorDomain.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_ARCH_EVALUATOR_H
#define FRONTENDS_ARCH_EVALUATOR_H

#include "frontends/arch/Description.h"
#include "frontends/arch/Value.h"
#include "frontends/checkpoint/Checkpoint.h"
#include <functional>
#include <optional>
#include <set>

namespace tombolo::arch {

class Config;
class Evaluator;

using Variables = std::map<std::string, Value, std::less<>>;

/// A call of an operation of the prelude, `+ - * /` and the sign included (as
/// add, sub, mul, div, neg).
struct OpCall {
  Loc loc;
  std::string name;
  /// Null for operators, which no prelude declares.
  const OpDecl *decl;
  /// As many as `decl` has; left out ones are none.
  std::vector<Value> operands;
  /// What each operand was written as; null where left out.
  std::vector<const Expr *> written;
  std::vector<std::pair<std::string, Value>> attributes;

  const Value &attribute(std::string_view name) const;
};

/// A subscript of a tensor: a range, or one place, which drops the axis.
struct Subscript {
  std::optional<int64_t> begin, end, step;
  bool isIndex = false;
};

/// What tensors are: views of stored tensors while weights are bound, values of
/// operations while a model is built.
class TensorDomain {
public:
  virtual ~TensorDomain();
  /// A string where a tensor is expected. Formulas have no names of tensors.
  virtual Value tensorNamed(Evaluator &evaluator, const std::string &name,
                            const Loc &loc) = 0;
  virtual bool namesTensors() const { return false; }
  virtual Value call(Evaluator &evaluator, const OpCall &call) = 0;
  virtual Value slice(Evaluator &evaluator, const Loc &loc, const Value &tensor,
                      const std::vector<Subscript> &subscripts) = 0;
  /// The weight of `row`, in the evaluator's layer where it is per layer.
  virtual Value weight(Evaluator &evaluator, const RowDecl &row,
                       const Loc &loc) = 0;
  /// Around each layer of `for layer`. `passedOn` are the variables assigned
  /// before the loop; `stream` names the one that `hidden` returns, where the
  /// loop is its own.
  virtual void beginLayer(Evaluator &evaluator, Variables &passedOn,
                          const std::string &stream) {}
  virtual void endLayer(Evaluator &evaluator, Variables &passedOn,
                        const std::string &stream) {}
  /// Around the body of a function of the family that is called.
  virtual void beginFunction(Evaluator &evaluator,
                             const FunctionDecl &function) {}
  virtual void endFunction(Evaluator &evaluator, const FunctionDecl &function,
                           Value &result) {}
};

class Evaluator {
public:
  /// Elements and steps that one import may compute; and how deep functions
  /// and values may nest while it does.
  static constexpr uint64_t maxWork = 5'000'000;
  static constexpr unsigned maxDepth = 600;
  static constexpr size_t maxStringBytes = 1 << 16;

  Evaluator(const Family &family, const Prelude &prelude,
            const Checkpoint &checkpoint, Diagnostics &diagnostics);

  const Family &family;
  const Prelude &prelude;
  const Checkpoint &checkpoint;
  Diagnostics &diagnostics;
  /// Set by whoever has them, before they are needed.
  Config *config = nullptr;
  TensorDomain *domain = nullptr;
  /// The layer that is evaluated.
  std::optional<int64_t> layer;
  /// Names that stay open in strings until these name a tensor, as `{layer}`
  /// and `{expert}` in a cell, and the marks that stand for them. Where a
  /// string is looked at, `settled` closes them.
  std::map<std::string, std::string, std::less<>> placeholders;

  Value evaluate(const Expr &expr);
  Value evaluate(const Expr &expr, Variables variables);
  /// Nothing if it has no value or is no bool, which was reported.
  std::optional<bool> truth(const Expr &condition);
  Value call(const FunctionDecl &function, std::vector<Value> operands);
  /// The value of an axis as a length; reports and gives nothing if it is none.
  std::optional<int64_t> axisLength(std::string_view name);

  /// Reports an error with what is being evaluated: functions and the layer.
  Error &error(const Loc &loc, std::string message);
  Value fail(const Loc &loc, std::string message) {
    error(loc, std::move(message));
    return Value::poison();
  }
  /// The function of the family that is evaluated, for locations; may be empty.
  std::string currentFunction() const;
  /// Adds a note that says why the value written as `expr` is none here.
  void explainNone(Error &error, const Expr *expr);
  /// Counts work; reports once and is false when there is too much.
  bool spend(const Loc &loc, uint64_t amount);
  /// A string with the layer's number for its mark, and `{expert}` for others.
  std::string settled(std::string text) const;
  /// Of a string, or of the strings in a list.
  Value settled(const Value &value) const;
  /// Whether tensors may be named by strings right now.
  Value asTensor(const Value &value, const Loc &loc);

  /// GGUF metadata by key without the architecture; none if absent.
  Value ggufKey(const std::string &name);
  const std::set<std::string> &ggufKeysRead() const { return keysRead; }
  const std::set<std::string> &fieldsRead() const { return originsRead; }
  /// JSON as a value; records note where their fields stood.
  Value fromJson(const nlohmann::ordered_json &json, const std::string &origin,
                 const std::string &where);

private:
  struct Frame {
    const FunctionDecl *function;
    const Expr *call; ///< Null: called from outside.
    Variables variables;
    /// Sees the family's names.
    bool ofFamily = true;
    /// Variables that the running `for layer` passes on.
    std::set<std::string> passedOn = {};
    Loc loop = {};
    std::map<std::string, int64_t> lastAssigned = {};
  };

  // Evaluator.cpp
  Value text(const Expr &expr);
  Value name(const Expr &expr);
  Value weightNamed(const std::string &name, const Loc &loc);
  Value record(const Expr &expr);
  Value each(const Expr &expr);
  Value field(const Expr &expr);
  Value fieldNamed(const Record &fields, const std::string &name);
  Value index(const Expr &expr);
  std::optional<int64_t> bound(const ExprPtr &expr, bool &failed);
  Value functionCall(const Expr &expr, const FunctionDecl &function);
  Value opCall(const Expr &expr, const OpDecl &op,
               const std::vector<Value> *known = nullptr);
  enum class Flow { Next, Returned };
  Flow run(const std::vector<StmtPtr> &body, Value &result);
  void assign(const Stmt &stmt);
  void layers(const Stmt &stmt);
  void poisonAssigned(const std::vector<StmtPtr> &body);
  Frame &frame() { return frames.back(); }
  bool seesFamily() const { return frames.empty() || frames.back().ofFamily; }

  // Arithmetic.cpp
  Value unary(const Expr &expr);
  Value binary(const Expr &expr);
  Value arithmetic(const Expr &expr, const Value &left, const Value &right);
  Value add(const Expr &expr, const Value &left, const Value &right);
  Value contains(const Expr &expr, const Value &item, const Value &in);
  Value range(const Expr &expr, const Value &from, const Value &to);
  Value builtin(const Expr &expr, std::vector<Value> operands);
  Value checkpointBuiltin(const Expr &expr, const std::vector<Value> &operands);

  std::vector<Frame> frames;
  std::map<std::string, Value, std::less<>> lets;
  std::set<std::string> keysRead, originsRead;
  /// Errors that were reported, without their layers.
  std::set<std::string> reported;
  Error repeated;
  uint64_t work = 0;
  bool exhausted = false;
  unsigned depth = 0;
};

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_EVALUATOR_H
