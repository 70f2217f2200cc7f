#include "frontends/arch/Evaluator.h"

using namespace tombolo;
using namespace tombolo::arch;

Evaluator::Flow Evaluator::run(const std::vector<StmtPtr> &body,
                               Value &result) {
  for (const StmtPtr &stmt : body) {
    if (exhausted) {
      result = Value::poison();
      return Flow::Returned;
    }
    switch (stmt->kind) {
    case Stmt::Kind::Return: {
      List values;
      bool poisoned = false;
      for (const ExprPtr &value : stmt->values) {
        values.push_back(evaluate(*value));
        poisoned |= values.back().isPoison();
      }
      result = poisoned            ? Value::poison()
               : values.size() > 1 ? Value::of(std::move(values))
                                   : values[0];
      return Flow::Returned;
    }
    case Stmt::Kind::Do: {
      Value value = evaluate(*stmt->values[0]);
      // `fail` as a statement: what follows is not meant to run.
      if (stmt->values[0]->kind == Expr::Kind::Fail) {
        result = Value::poison();
        return Flow::Returned;
      }
      break;
    }
    case Stmt::Kind::Assign:
      assign(*stmt);
      break;
    case Stmt::Kind::If: {
      std::optional<bool> condition = truth(*stmt->values[0]);
      if (!condition) {
        // Neither side runs; what they would have assigned is unknown.
        poisonAssigned(stmt->body);
        poisonAssigned(stmt->otherwise);
        break;
      }
      if (run(*condition ? stmt->body : stmt->otherwise, result) ==
          Flow::Returned)
        return Flow::Returned;
      break;
    }
    case Stmt::Kind::For:
      layers(*stmt);
      break;
    }
  }
  return Flow::Next;
}

void Evaluator::poisonAssigned(const std::vector<StmtPtr> &body) {
  walkStatements(body, [&](const Stmt &stmt) {
    if (stmt.kind == Stmt::Kind::Assign)
      for (const std::string &variable : stmt.names)
        frame().variables[variable] = Value::poison();
  });
}

void Evaluator::assign(const Stmt &stmt) {
  Value value = evaluate(*stmt.values[0]);
  if (layer)
    for (const std::string &variable : stmt.names)
      if (frame().passedOn.count(variable))
        frame().lastAssigned[variable] = *layer;
  if (stmt.names.size() == 1) {
    frame().variables[stmt.names[0]] = std::move(value);
    return;
  }
  const List *list = value.asList();
  if (!list || list->size() != stmt.names.size()) {
    if (!value.isPoison())
      error(stmt.loc, std::to_string(stmt.names.size()) + " variables for " +
                          (list ? std::to_string(list->size()) + " values"
                                : value.kind()));
    for (const std::string &variable : stmt.names)
      frame().variables[variable] = Value::poison();
    return;
  }
  for (size_t i = 0; i < stmt.names.size(); ++i)
    frame().variables[stmt.names[i]] = (*list)[i];
}

void Evaluator::layers(const Stmt &stmt) {
  if (stmt.names[0] != "layer") {
    error(stmt.loc, "'for " + stmt.names[0] +
                        "' is not in this version; only 'for layer' is");
    return;
  }
  if (layer) {
    error(stmt.loc, "'for layer' inside 'for layer'");
    return;
  }
  std::optional<int64_t> count = axisLength("layer");
  if (!count || !seesFamily()) {
    poisonAssigned(stmt.body);
    return;
  }
  std::string stream;
  const FunctionDecl *hidden = family.function("hidden");
  if (hidden && frame().function == hidden)
    stream = hidden->body.back()->values[0]->text;
  for (const auto &[variable, value] : frame().variables)
    frame().passedOn.insert(variable);
  frame().loop = stmt.loc;
  for (int64_t i = 0; i < *count && !exhausted; ++i) {
    layer = i;
    if (domain)
      domain->beginLayer(*this, frame().variables, stream);
    Value ignored;
    if (run(stmt.body, ignored) == Flow::Returned && !exhausted)
      error(stmt.loc, "'return' or 'fail' inside 'for layer'");
    std::erase_if(frame().variables, [&](const auto &entry) {
      return !frame().passedOn.count(entry.first);
    });
    if (domain)
      domain->endLayer(*this, frame().variables, stream);
  }
  layer.reset();
  frame().passedOn.clear();
}
