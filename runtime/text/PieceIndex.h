//===- PieceIndex.h - From texts to ids -------------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_PIECEINDEX_H
#define RUNTIME_TEXT_PIECEINDEX_H

#include "runtime/text/TokenizerModel.h"

namespace tombolo::text {

/// An open-addressing table over the pieces of a model's own vocabulary. Of
/// equal pieces the one with the highest id is found; pieces without text and
/// added tokens that are nothing else never are.
class PieceIndex {
public:
  explicit PieceIndex(const TokenizerModel &model);

  /// The id of `text`, or -1.
  int32_t find(std::string_view text) const;

  /// The text of a piece; empty where `find` never finds it.
  std::string_view text(int32_t id) const {
    return addedOnly[id] ? std::string_view() : model.piece(id);
  }

private:
  const TokenizerModel &model;
  std::vector<bool> addedOnly; ///< by id
  std::vector<int32_t> slots;
};

/// Texts in order, searched one byte at a time: the state is the range of
/// texts that begin with the bytes so far.
class SortedTexts {
public:
  /// `texts` must outlive this. Empty texts are left out; of equal ones the
  /// last stays.
  explicit SortedTexts(const std::vector<std::string_view> &texts);

  /// Calls `found(index, length)` for every text that stands at `position`,
  /// shortest first.
  template <typename Found>
  void forEachAt(std::string_view text, size_t position, Found found) const {
    if (position >= text.size())
      return;
    auto first = static_cast<uint8_t>(text[position]);
    uint32_t begin = firstByte[first], end = firstByte[first + 1];
    for (size_t length = 1; begin < end; ++length) {
      if (sorted[begin].text.size() == length)
        found(sorted[begin++].index, length);
      if (position + length == text.size())
        return;
      narrow(begin, end, length, static_cast<uint8_t>(text[position + length]));
    }
  }

  bool empty() const { return sorted.empty(); }

private:
  struct Entry {
    std::string_view text;
    uint32_t index;
  };
  /// Keeps the entries of [begin, end) whose byte `at` is `byte`.
  void narrow(uint32_t &begin, uint32_t &end, size_t at, uint8_t byte) const;

  std::vector<Entry> sorted;
  uint32_t firstByte[257] = {};
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_PIECEINDEX_H
