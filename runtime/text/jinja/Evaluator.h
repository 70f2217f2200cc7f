//===- Evaluator.h - Runs a parsed template ---------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_JINJA_EVALUATOR_H
#define RUNTIME_TEXT_JINJA_EVALUATOR_H

#include "runtime/text/jinja/Ast.h"
#include "runtime/text/jinja/ChatTemplate.h"
#include <span>

namespace tombolo::text::jinja {

/// Of evaluate and execute within each other, macros included.
inline constexpr unsigned kMaxNesting = 1000;

/// Variables of a block; those around it are the parent's.
struct Scope {
  Scope *parent = nullptr;
  std::vector<std::pair<std::string, Value>> variables;
  /// A macro was defined here or within, so this must stay.
  bool captured = false;

  Value *find(std::string_view name);
  void set(std::string_view name, Value value);
};

/// What can be called. Builtin functions are known by their name.
struct Function {
  enum class Type : uint8_t { Builtin, Method, Macro, Caller };
  Type type;
  std::string name;
  Value self = {};            ///< Method
  const Stmt *stmt = nullptr; ///< Macro and Caller
  Scope *scope = nullptr;     ///< where it was defined
};

/// The `loop` of a for statement.
struct Loop {
  std::vector<Value> items;
  size_t index0 = 0;
  int64_t depth = 1;
  std::optional<Value> changed; ///< what loop.changed was last called with
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// One rendering. After the first failure everything evaluates to undefined
/// and all loops end.
class Evaluator {
public:
  explicit Evaluator(const RenderOptions &options) : options(options) {}

  Result<std::string> run(const Body &body,
                          const nlohmann::ordered_json &inputs);

private:
  enum class Flow : uint8_t { Next, Break, Continue };

  // Statements.
  Flow execute(const Body &body, Scope &scope, std::string &out);
  Flow executeOne(const Stmt &stmt, Scope &scope, std::string &out);
  Flow executeIf(const Stmt &stmt, Scope &scope, std::string &out);
  Flow executeFor(const Stmt &stmt, Scope &scope, std::string &out);
  Flow executeWith(const Stmt &stmt, Scope &scope, std::string &out);
  void executeSet(const Stmt &stmt, Scope &scope);
  std::string render(const Body &body, Scope &scope);
  /// The filters of a block around its text.
  Value filterText(const Expr &filters, std::string text, Scope &scope);
  void assign(const std::vector<std::string> &names, Value value, Scope &scope);
  void emit(std::string_view text, std::string &out);
  void release(std::unique_ptr<Scope> scope);
  static void capture(Scope &scope);

  // Expressions.
  Value evaluate(const Expr &expr, Scope &scope);
  Value evaluateUncounted(const Expr &expr, Scope &scope);
  Value evaluateDict(const Expr &expr, Scope &scope);
  Value evaluateCompare(const Expr &expr, Scope &scope);
  Value evaluateCall(const Expr &expr, Scope &scope);
  Value lookUp(const std::string &name, Scope &scope);
  Value attribute(const Value &object, const std::string &name);
  Value loopAttribute(Loop &loop, const std::string &name);
  Value item(const Value &object, const Value &key);
  Value slice(const Value &object, const Value &start, const Value &stop,
              const Value &step);
  Value unary(const std::string &op, const Value &value);
  Value binary(const std::string &op, const Value &left, const Value &right);
  Value arithmetic(char op, const Value &left, const Value &right);
  bool compare(const std::string &op, const Value &left, const Value &right);
  bool contains(const Value &container, const Value &value);
  Arguments arguments(const Expr &expr, Scope &scope);

  // Calls.
  Value call(const Function &function, Arguments arguments);
  Value callMacro(const Function &function, Arguments &arguments);
  Value callBuiltin(const std::string &name, Arguments &arguments);
  Value callMethod(const Function &function, Arguments &arguments);
  Value stringMethod(const std::string &name, const std::string &self,
                     Arguments &arguments);
  Value stringSearch(const std::string &name, const std::string &self,
                     Arguments &arguments);
  Value stringSplit(const std::string &name, const std::string &self,
                    Arguments &arguments);
  std::optional<Value> stringPredicate(const std::string &name,
                                       const std::string &self);
  Value formatBraces(const std::string &format, Arguments &arguments);
  Value formatPercent(const std::string &format, const Value &values);
  Value dictMethod(const std::string &name, const DictData &self,
                   Arguments &arguments);
  Value listMethod(const std::string &name, const Value &self,
                   Arguments &arguments);
  Value strftimeNow(const std::string &format);

  // Filters and tests, by name.
  Value filter(const std::string &name, const Value &input,
               Arguments &arguments);
  std::optional<Value> textFilter(const std::string &name, const Value &input,
                                  Arguments &arguments);
  std::optional<Value> listFilter(const std::string &name, const Value &input,
                                  Arguments &arguments);
  std::optional<Value> numberFilter(const std::string &name, const Value &input,
                                    Arguments &arguments);
  Value tojson(const Value &input, Arguments &arguments);
  Value indent(const Value &input, Arguments &arguments);
  Value selectFilter(const std::string &name, const Value &input,
                     Arguments &arguments);
  Value mapFilter(const Value &input, Arguments &arguments);
  Value sortFilter(const std::string &name, const Value &input,
                   Arguments &arguments);
  bool test(const std::string &name, const Value &input, Arguments &arguments);
  /// `a.b.0` of a value, as `map(attribute=...)` takes it.
  Value path(const Value &value, const Value &attribute);

  // Values.
  /// Binds arguments to parameters; undefined where one is missing. Fails on
  /// too many, unknown, and missing ones of the first `required`.
  std::vector<Value> bind(std::string_view what, Arguments &arguments,
                          std::initializer_list<std::string_view> names,
                          size_t required = 0);
  /// The items of a list, keys of a dict, characters of a string.
  std::vector<Value> iterate(const Value &value, std::string_view what);
  Value makeList(std::vector<Value> items, bool isTuple = false);
  Value makeString(std::string text);
  /// str(value) and repr(value), paid for.
  std::string text(const Value &value);
  std::string reprText(const Value &value);
  /// A string argument, or failure.
  std::string stringOf(const Value &value, std::string_view what);
  int64_t intOf(const Value &value, std::string_view what);
  bool less(const Value &a, const Value &b);
  bool paidEqual(const Value &a, const Value &b);
  Value fromJson(const nlohmann::ordered_json &json, unsigned depth);
  /// The value that JSON text says; `filter` is whom to blame.
  Value parseJson(const std::string &source, const std::string &filter);
  /// Sets a variable, paying for the search among those there are.
  bool set(Scope &scope, std::string_view name, Value value);

  // Limits.
  bool failed() const { return error.has_value(); }
  Value fail(std::string message);
  bool spend(uint64_t steps);
  bool produce(uint64_t bytes);
  /// `count` times `bytes`, however many that are.
  bool produce(uint64_t count, uint64_t bytes);
  /// What is certainly too much for `produce` is longer than this.
  uint64_t room() const;
  /// More than this many bytes are too much to walk over, at 16 a step.
  uint64_t stepRoom() const;
  /// Refuses a value whose parts nest too deep.
  bool checkDepth(unsigned depth);
  /// Looking for `needle` bytes in `haystack` bytes.
  bool paySearch(size_t haystack, size_t needle);

  struct JsonBuilder;

  const RenderOptions &options;
  uint64_t steps = 0, valueBytes = 0;
  unsigned line = 1;
  unsigned nesting = 0;
  std::optional<Error> error;
  std::vector<std::unique_ptr<Scope>> scopes;
  std::vector<std::unique_ptr<DictData>> namespaces;
  std::vector<std::unique_ptr<Loop>> loops;
};

} // namespace tombolo::text::jinja

#endif // RUNTIME_TEXT_JINJA_EVALUATOR_H
