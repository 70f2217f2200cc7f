//===- Unigram.cpp - The segmentation of the highest score ----------------===//

#include "runtime/text/Segmenter.h"
#include "runtime/text/Unicode.h"
#include <algorithm>
#include <limits>

namespace tombolo::text {

/// How much worse than the worst piece an unknown character is.
static constexpr double kUnknownPenalty = 10;

namespace {

std::vector<std::string_view> piecesOf(const TokenizerModel &model,
                                       const PieceIndex &index) {
  std::vector<std::string_view> pieces;
  pieces.reserve(model.types.size());
  for (int32_t id = 0; id < model.size(); ++id)
    pieces.push_back(index.text(id));
  return pieces;
}

class Unigram : public Segmenter {
public:
  Unigram(const TokenizerModel &model, const PieceIndex &index)
      : Segmenter(model, index), pieces(piecesOf(model, index)) {
    // An id without a piece has no score either.
    double lowest = std::numeric_limits<double>::max();
    for (int32_t id = 0; id < model.size(); ++id)
      if (!index.text(id).empty())
        lowest = std::min(lowest, model.scores[id]);
    unknownScore = lowest - kUnknownPenalty;
  }

  Status run(std::string_view word, std::vector<int32_t> &ids) const override {
    std::vector<Node> best(word.size() + 1);
    best[0].begin = 0;
    for (size_t at = 0; at < word.size();) {
      unsigned length = utf8Length(word[at]);
      double before = best[at].score;
      bool hasSingle = false;
      pieces.forEachAt(word, at, [&](uint32_t id, size_t size) {
        best[at + size].improve(before + model.scores[id], at,
                                static_cast<int32_t>(id));
        hasSingle |= size == length;
      });
      if (!hasSingle)
        best[at + length].improve(before + unknownScore, at, -1);
      at += length;
    }
    return emit(word, best, ids);
  }

private:
  struct Node {
    double score = 0;
    uint32_t begin = UINT32_MAX; ///< of the best last piece; MAX: unreached
    int32_t id = -1;             ///< of that piece; -1: unknown

    void improve(double candidate, size_t from, int32_t piece) {
      if (begin != UINT32_MAX && candidate <= score)
        return;
      score = candidate;
      begin = static_cast<uint32_t>(from);
      id = piece;
    }
  };

  Status emit(std::string_view word, const std::vector<Node> &best,
              std::vector<int32_t> &ids) const {
    std::vector<std::pair<uint32_t, uint32_t>> parts; // last first
    bool previousUnknown = false;
    for (size_t end = word.size(); end > 0; end = best[end].begin) {
      const Node &node = best[end];
      bool unknown =
          node.id < 0 || (model.unknownId >= 0 && node.id == model.unknownId);
      if (unknown && previousUnknown && model.fuseUnknown)
        parts.back().first = node.begin;
      else
        parts.emplace_back(node.begin, static_cast<uint32_t>(end));
      previousUnknown = unknown;
    }
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      std::string_view text =
          word.substr(part->first, part->second - part->first);
      if (int32_t id = index.find(text); id >= 0)
        ids.push_back(id);
      else if (model.byteFallback && appendBytes(text, ids))
        continue;
      else if (model.unknownId >= 0)
        ids.push_back(model.unknownId);
      else
        return Error("", "the tokenizer has no token for '" +
                             std::string(text) +
                             "' and none for what is unknown");
    }
    return success();
  }

  SortedTexts pieces;
  double unknownScore;
};

} // namespace

std::unique_ptr<Segmenter> createUnigram(const TokenizerModel &model,
                                         const PieceIndex &index) {
  return std::make_unique<Unigram>(model, index);
}

} // namespace tombolo::text
