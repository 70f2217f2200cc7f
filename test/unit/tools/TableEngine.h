//===- TableEngine.h - An engine whose logits follow from a table -*- C++
//-*-===//

#ifndef TEST_UNIT_TOOLS_TABLEENGINE_H
#define TEST_UNIT_TOOLS_TABLEENGINE_H

#include "tools/lib/Engine.h"
#include <map>

namespace tombolo {

/// Logits of a token are row `token` of a table, shifted by the position;
/// hidden.N has two elements, the token and N. Remembers what it was fed.
class TableEngine : public Engine {
public:
  explicit TableEngine(std::vector<std::vector<float>> table)
      : table(std::move(table)) {}

  std::string name() const override { return "table"; }
  int64_t vocabSize() const override { return int64_t(table.size()); }
  int64_t context() const override { return contextSize; }
  int64_t layers() const override { return 2; }
  Status restart(int64_t promptTokens) override {
    ++restarts;
    lastPrompt = promptTokens;
    fed.clear();
    return success();
  }
  Status feed(const Feed &feed) override {
    for (size_t row = 0; row < feed.tokens.size(); ++row) {
      int32_t token = feed.tokens[row];
      fed.push_back(token);
      for (int64_t layer = 0; feed.onHidden && layer <= lastLayer; ++layer) {
        float values[] = {float(token) + hiddenError, float(layer)};
        feed.onHidden(layer, int64_t(row), values);
      }
      if (int64_t(row) < feed.firstLogitsRow || !feed.onLogits)
        continue;
      std::vector<float> logits = table[token];
      logits[0] += logitsError;
      if (Status status = feed.onLogits(int64_t(row), logits); !status)
        return status;
    }
    return success();
  }
  Status skip(int64_t count) override {
    skipped += count;
    fed.resize(fed.size() + size_t(count));
    return success();
  }
  ModelCosts costs() const override { return modelCosts; }
  EngineTimes takeTimes() override { return times; }

  std::vector<std::vector<float>> table;
  int64_t contextSize = 64, lastLayer = 2;
  float hiddenError = 0, logitsError = 0;
  ModelCosts modelCosts;
  EngineTimes times;
  int restarts = 0;
  int64_t skipped = 0;
  int64_t lastPrompt = 0;
  std::vector<int32_t> fed;
};

} // namespace tombolo

#endif // TEST_UNIT_TOOLS_TABLEENGINE_H
