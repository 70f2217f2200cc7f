//===- Compare.cpp - A checkpoint beside a family that is like it ---------===//

#include "frontends/import/Compare.h"
#include "frontends/arch/Config.h"
#include <algorithm>
#include <charconv>

using namespace tombolo;

/// The line that `text` begins with, where it names `source`: `NAME:LINE:COL`.
static uint32_t lineIn(const arch::Source &source, const std::string &text) {
  std::string before = source.name + ":";
  uint32_t line = 0;
  if (text.starts_with(before))
    std::from_chars(text.data() + before.size(), text.data() + text.size(),
                    line);
  return line;
}

static uint32_t lineIn(const arch::Source &source, const Error &error) {
  uint32_t line = lineIn(source, error.where);
  for (size_t i = 0; i < error.notes.size() && !line; ++i)
    line = lineIn(source, error.notes[i]);
  return line;
}

namespace {
/// Any tensor: the formulas ask for none of its properties.
struct SomeTensor : arch::Tensor {
  std::string describe() const override { return "a tensor"; }
};

/// Follows formulas for what they read of the config.
class Follower : public arch::TensorDomain {
public:
  Follower(const arch::WeightBinder &binder, size_t scheme)
      : binder(binder), scheme(scheme) {}

  arch::Value tensorNamed(arch::Evaluator &evaluator, const std::string &name,
                          const arch::Loc &loc) override {
    return some();
  }
  arch::Value call(arch::Evaluator &evaluator,
                   const arch::OpCall &call) override {
    const arch::List *sizes = call.attribute("sizes").asList();
    if (call.name == "split" && sizes)
      return arch::Value::of(arch::List(sizes->size(), some()));
    return some();
  }
  arch::Value slice(arch::Evaluator &evaluator, const arch::Loc &loc,
                    const arch::Value &tensor,
                    const std::vector<arch::Subscript> &subscripts) override {
    return some();
  }
  /// One that is missing was said to be; one that is not meant to be there is
  /// none.
  arch::Value weight(arch::Evaluator &evaluator, const arch::RowDecl &row,
                     const arch::Loc &loc) override {
    const arch::BoundWeight *bound =
        binder.find(row.name, row.perLayer ? evaluator.layer : std::nullopt);
    if (!bound)
      return {};
    bool isLeftOut = bound->row->optional ||
                     std::ranges::any_of(bound->row->cells[scheme],
                                         [](const arch::ExprPtr &cell) {
                                           return cell->isNone();
                                         });
    return !bound->view && bound->tiedTo.empty() && isLeftOut ? arch::Value()
                                                              : some();
  }

private:
  arch::Value some() const { return arch::Value::of(tensor); }

  const arch::WeightBinder &binder;
  size_t scheme;
  std::shared_ptr<const arch::Tensor> tensor = std::make_shared<SomeTensor>();
};
} // namespace

/// Evaluates all that an import would. False if some of it has no value.
static bool follow(arch::Evaluator &evaluator, Follower &follower) {
  const arch::Family &family = evaluator.family;
  size_t before = evaluator.diagnostics.count();
  bool isWhole = true;
  auto evaluate = [&](const arch::ExprPtr &expr) {
    if (expr)
      isWhole &= !evaluator.evaluate(*expr, arch::Variables()).isPoison();
  };
  for (const arch::GgufName &name : family.gguf)
    evaluate(name.condition);
  for (const arch::Definition &setting : family.tokenizer)
    evaluate(setting.value);
  evaluate(family.context);
  evaluator.domain = &follower;
  for (const char *name : {"hidden", "logits"})
    isWhole &= !evaluator
                    .call(*family.function(name),
                          {arch::Value::of(std::make_shared<SomeTensor>())})
                    .isPoison();
  evaluator.domain = nullptr;
  return isWhole && evaluator.diagnostics.count() == before;
}

FamilyComparison tombolo::compareWith(const arch::Catalog &catalog,
                                      const Likeness &like,
                                      const Checkpoint &checkpoint) {
  arch::Diagnostics diagnostics;
  arch::Evaluator evaluator(*like.family, *catalog.prelude, checkpoint,
                            diagnostics);
  arch::Config config(evaluator);
  evaluator.config = &config;
  arch::WeightBinder binder(evaluator);
  config.readAll();
  binder.bind(like.scheme);
  Follower follower(binder, like.scheme);
  if (follow(evaluator, follower))
    config.reportUnread();

  FamilyComparison comparison;
  comparison.unreadKeys = config.unread();
  comparison.unbound = binder.leftovers();
  const arch::Source &source = *like.family->loc.source;
  for (const Error &error : diagnostics.errors()) {
    // They are listed by themselves.
    if (error.message.find(" is bound by no row of ") != std::string::npos ||
        error.message.find(" is not read by architecture ") !=
            std::string::npos)
      continue;
    comparison.differences.push_back({error, lineIn(source, error)});
  }
  return comparison;
}
