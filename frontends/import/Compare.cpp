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
