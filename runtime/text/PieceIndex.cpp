//===- PieceIndex.cpp -----------------------------------------------------===//

#include "runtime/text/PieceIndex.h"
#include <algorithm>
#include <bit>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tombolo::text {

static size_t hashOf(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

PieceIndex::PieceIndex(const TokenizerModel &model)
    : model(model), addedOnly(static_cast<size_t>(model.size())) {
  for (const AddedToken &token : model.addedTokens)
    if (token.addedOnly)
      addedOnly[token.id] = true;
  slots.assign(std::bit_ceil(static_cast<size_t>(model.size()) * 2 + 2), -1);
  for (int32_t id = 0; id < model.size(); ++id) {
    std::string_view text = this->text(id);
    if (text.empty())
      continue;
    size_t slot = hashOf(text) & (slots.size() - 1);
    while (slots[slot] >= 0 && model.piece(slots[slot]) != text)
      slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = id;
  }
}

int32_t PieceIndex::find(std::string_view text) const {
  size_t slot = hashOf(text) & (slots.size() - 1);
  while (slots[slot] >= 0 && model.piece(slots[slot]) != text)
    slot = (slot + 1) & (slots.size() - 1);
  return slots[slot];
}

SortedTexts::SortedTexts(const std::vector<std::string_view> &texts) {
  sorted.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i)
    if (!texts[i].empty())
      sorted.push_back({texts[i], static_cast<uint32_t>(i)});
  // char_traits compares as unsigned bytes.
  std::sort(sorted.begin(), sorted.end(), [](const Entry &a, const Entry &b) {
    int order = a.text.compare(b.text);
    return order != 0 ? order < 0 : a.index > b.index;
  });
  sorted.erase(std::unique(sorted.begin(), sorted.end(),
                           [](const Entry &a, const Entry &b) {
                             return a.text == b.text;
                           }),
               sorted.end());
  for (const Entry &entry : sorted)
    ++firstByte[static_cast<uint8_t>(entry.text[0]) + 1];
  for (unsigned i = 1; i < 257; ++i)
    firstByte[i] += firstByte[i - 1];
}

void SortedTexts::narrow(uint32_t &begin, uint32_t &end, size_t at,
                         uint8_t byte) const {
  // All entries of the range agree up to `at` and are longer than that.
  auto byteOf = [&](const Entry &entry) {
    return static_cast<uint8_t>(entry.text[at]);
  };
  auto first = sorted.begin() + begin, last = sorted.begin() + end;
  first = std::partition_point(
      first, last, [&](const Entry &entry) { return byteOf(entry) < byte; });
  last = std::partition_point(
      first, last, [&](const Entry &entry) { return byteOf(entry) == byte; });
  begin = static_cast<uint32_t>(first - sorted.begin());
  end = static_cast<uint32_t>(last - sorted.begin());
}

} // namespace tombolo::text
