//===- Bpe.cpp - Byte pair encoding ---------------------------------------===//
//
// Both kinds keep the word as a doubly linked list of symbols and a priority
// queue of neighbours that could merge. An entry that its symbols have grown
// out of is skipped when it comes up, so a word of n symbols takes
// O(n log n) however its merges nest.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Segmenter.h"
#include "runtime/text/Unicode.h"
#include <bit>
#include <optional>
#include <queue>

namespace tombolo::text {

namespace {

constexpr uint32_t kNone = UINT32_MAX;

struct Symbol {
  int32_t id;           ///< -1: not in the vocabulary (ScoredBpe only)
  uint32_t begin, size; ///< its bytes in the word; size 0: merged away
  uint32_t previous, next;
};

/// What stands in the queue: `Key` orders, the lowest first.
template <typename Key> struct Candidate {
  Key key;
  uint32_t left;
  uint32_t size; ///< of both symbols together when this was written
  int32_t id;    ///< of the merged symbol
  bool operator<(const Candidate &other) const {
    if (key != other.key)
      return other.key < key;
    return other.left < left;
  }
};

/// Merges until nothing more does. `find(left, right)` gives the key and id
/// of a merge, or nothing.
template <typename Key, typename Find>
void mergeAll(std::vector<Symbol> &symbols, Find find) {
  std::vector<Candidate<Key>> initial;
  auto consider = [&](uint32_t left, auto push) {
    if (left == kNone || symbols[left].next == kNone)
      return;
    const Symbol &a = symbols[left], &b = symbols[a.next];
    if (std::optional<std::pair<Key, int32_t>> merge = find(a, b))
      push(Candidate<Key>{merge->first, left, a.size + b.size, merge->second});
  };
  for (uint32_t i = 0; i < symbols.size(); ++i)
    consider(i, [&](Candidate<Key> c) { initial.push_back(c); });
  std::priority_queue queue(std::less<Candidate<Key>>(), std::move(initial));
  auto push = [&](Candidate<Key> c) { queue.push(c); };
  while (!queue.empty()) {
    Candidate<Key> top = queue.top();
    queue.pop();
    Symbol &left = symbols[top.left];
    if (left.size == 0 || left.next == kNone)
      continue;
    Symbol &right = symbols[left.next];
    // Symbols only grow: equal sizes mean that these are the same two.
    if (left.size + right.size != top.size)
      continue;
    left.id = top.id;
    left.size = top.size;
    right.size = 0;
    left.next = right.next;
    if (left.next != kNone)
      symbols[left.next].previous = top.left;
    consider(left.previous, push);
    consider(top.left, push);
  }
}

void link(std::vector<Symbol> &symbols) {
  for (uint32_t i = 0; i < symbols.size(); ++i) {
    symbols[i].previous = i == 0 ? kNone : i - 1;
    symbols[i].next = i + 1 == symbols.size() ? kNone : i + 1;
  }
}

/// (left id, right id) -> (rank, merged id), open addressing.
class MergeTable {
public:
  explicit MergeTable(size_t count) : entries(std::bit_ceil(count * 2 + 2)) {}

  struct Entry {
    uint64_t key = UINT64_MAX;
    uint32_t rank = 0;
    int32_t id = -1;
  };

  void insert(int32_t left, int32_t right, uint32_t rank, int32_t id) {
    entries[slotOf(left, right)] = {keyOf(left, right), rank, id};
  }
  const Entry *find(int32_t left, int32_t right) const {
    const Entry &entry = entries[slotOf(left, right)];
    return entry.id < 0 ? nullptr : &entry;
  }

private:
  static uint64_t keyOf(int32_t left, int32_t right) {
    return uint64_t(uint32_t(left)) << 32 | uint32_t(right);
  }
  size_t slotOf(int32_t left, int32_t right) const {
    uint64_t key = keyOf(left, right);
    uint64_t hash = (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
    size_t slot = (hash >> 20) & (entries.size() - 1);
    while (entries[slot].id >= 0 && entries[slot].key != key)
      slot = (slot + 1) & (entries.size() - 1);
    return slot;
  }

  std::vector<Entry> entries;
};

class Bpe : public Segmenter {
public:
  Bpe(const TokenizerModel &model, const PieceIndex &index)
      : Segmenter(model, index), merges(model.merges.size()) {}

  Status readMerges() {
    std::string text;
    for (size_t rank = 0; rank < model.merges.size(); ++rank) {
      auto [left, right] = model.merges[rank];
      text = model.piece(left);
      text += model.piece(right);
      int32_t id = index.find(text);
      if (id < 0)
        return Error("", "tokenizer: merge " + std::to_string(rank) + " of '" +
                             std::string(model.piece(left)) + "' and '" +
                             std::string(model.piece(right)) +
                             "' makes a piece that is not in the vocabulary");
      merges.insert(left, right, static_cast<uint32_t>(rank), id);
    }
    return success();
  }

  Status run(std::string_view word, std::vector<int32_t> &ids) const override {
    if (model.ignoreMerges)
      if (int32_t id = index.find(word); id >= 0) {
        ids.push_back(id);
        return success();
      }
    std::vector<Symbol> symbols;
    symbols.reserve(word.size());
    if (Status status = split(word, symbols); !status)
      return status;
    link(symbols);
    mergeAll<uint32_t>(symbols,
                       [&](const Symbol &left, const Symbol &right)
                           -> std::optional<std::pair<uint32_t, int32_t>> {
                         const MergeTable::Entry *entry =
                             merges.find(left.id, right.id);
                         if (!entry)
                           return std::nullopt;
                         return std::pair(entry->rank, entry->id);
                       });
    for (const Symbol &symbol : symbols)
      if (symbol.size != 0)
        ids.push_back(symbol.id);
    return success();
  }

private:
  /// One symbol for each character, byte of an unknown character, or run of
  /// unknown ones. Sizes need only be positive and add up.
  Status split(std::string_view word, std::vector<Symbol> &symbols) const {
    bool pendingUnknown = false;
    auto add = [&](int32_t id) { symbols.push_back({id, 0, 1, 0, 0}); };
    std::vector<int32_t> bytes;
    for (size_t at = 0; at < word.size();) {
      std::string_view character = word.substr(at, utf8Length(word[at]));
      at += character.size();
      if (int32_t id = index.find(character); id >= 0) {
        if (pendingUnknown)
          add(model.unknownId);
        pendingUnknown = false;
        add(id);
        continue;
      }
      bytes.clear();
      if (model.byteFallback && appendBytes(character, bytes)) {
        for (int32_t id : bytes)
          add(id);
        continue;
      }
      if (model.unknownId < 0) {
        if (model.unknownIsError)
          return Error("", "the tokenizer has no token for '" +
                               std::string(character) +
                               "' and none for what is unknown");
        continue;
      }
      if (pendingUnknown && !model.fuseUnknown)
        add(model.unknownId);
      pendingUnknown = true;
    }
    if (pendingUnknown)
      add(model.unknownId);
    return success();
  }

  MergeTable merges;
};

class ScoredBpe : public Segmenter {
public:
  using Segmenter::Segmenter;

  Status run(std::string_view word, std::vector<int32_t> &ids) const override {
    std::vector<Symbol> symbols;
    symbols.reserve(word.size());
    for (size_t at = 0; at < word.size();) {
      uint32_t size = utf8Length(word[at]);
      symbols.push_back({index.find(word.substr(at, size)),
                         static_cast<uint32_t>(at), size, 0, 0});
      at += size;
    }
    link(symbols);
    mergeAll<double>(symbols,
                     [&](const Symbol &left, const Symbol &right)
                         -> std::optional<std::pair<double, int32_t>> {
                       size_t size = left.size + right.size;
                       if (size > kMaxSearchedPieceBytes)
                         return std::nullopt;
                       int32_t id = index.find(word.substr(left.begin, size));
                       if (id < 0)
                         return std::nullopt;
                       return std::pair(-model.scores[id], id);
                     });
    bool unknown = false;
    for (const Symbol &symbol : symbols) {
      if (symbol.size == 0)
        continue;
      bool before = unknown;
      unknown = false;
      if (symbol.id >= 0)
        ids.push_back(symbol.id);
      else if (model.byteFallback &&
               appendBytes(word.substr(symbol.begin, symbol.size), ids))
        continue;
      else if (model.unknownId >= 0) {
        if (!before || !model.fuseUnknown)
          ids.push_back(model.unknownId);
        unknown = true;
      } else
        return Error("",
                     "the tokenizer has no token for '" +
                         std::string(word.substr(symbol.begin, symbol.size)) +
                         "' and none for what is unknown");
    }
    return success();
  }
};

} // namespace

Result<std::unique_ptr<Segmenter>> createBpe(const TokenizerModel &model,
                                             const PieceIndex &index) {
  auto bpe = std::make_unique<Bpe>(model, index);
  if (Status status = bpe->readMerges(); !status)
    return status.takeErrors();
  return std::unique_ptr<Segmenter>(std::move(bpe));
}

std::unique_ptr<Segmenter> createScoredBpe(const TokenizerModel &model,
                                           const PieceIndex &index) {
  return std::make_unique<ScoredBpe>(model, index);
}

} // namespace tombolo::text
