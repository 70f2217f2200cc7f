//===- StateGroup.h - Paged memory of a sequence ----------------*- C++ -*-===//

#ifndef RUNTIME_CORE_STATEGROUP_H
#define RUNTIME_CORE_STATEGROUP_H

#include "runtime/core/Memory.h"
#include "support/Result.h"
#include <cstdint>
#include <vector>

namespace tombolo {

/// The states of a sequence that share a window and a clock: a pool of slots,
/// each of which holds a page of kPageRows rows of all of them, and a table
/// from the number of a page (row / kPageRows) to its slot. A row stands for
/// `clock` tokens and is there once all of them are.
///
/// With a window, pages that no query can see any more are given back, but for
/// one behind the window, so that a sequence can be cut back by up to kPageRows
/// rows.
class StateGroup {
public:
  struct Shape {
    /// Tokens a query sees, itself included; -1: all.
    int64_t window;
    int64_t slotBytes;
    /// Tokens of the longest sequence, and of the longest step.
    int64_t context, maxStep;
    /// Tokens of a row; 1 where there is a window.
    int64_t clock = 1;

    int64_t pages() const;
    /// Slots that are in use at once at most.
    int64_t slots() const;
    uint64_t poolBytes() const { return uint64_t(slots()) * slotBytes; }
  };

  static Result<StateGroup> create(const Shape &shape);

  std::byte *pool() const { return memory.data(); }
  int32_t *pageTable() { return table.data(); }

  /// Makes the rows of tokens [first, first + count) writable, and forgets
  /// those that no query at `first` or later sees.
  void advance(int64_t first, int64_t count);
  /// Whether `truncate(tokens)` can be done: what the next query would see is
  /// still there.
  bool canTruncate(int64_t tokens) const;
  void truncate(int64_t tokens);
  /// Writes numbers of ordinary size (of every type that states have) into all
  /// pages in use.
  void fillArbitrarily();
  /// Takes over the pages of another group of the same shape.
  void copyFrom(const StateGroup &other);
  /// Slots in use.
  int64_t usedSlots() const { return used; }

private:
  explicit StateGroup(const Shape &shape) : shape(shape) {}
  int32_t takeSlot();
  void release(int64_t page);

  Shape shape;
  Pages memory;
  std::vector<int32_t> table;
  /// Slots that were used before and are free, and the first never used.
  std::vector<int32_t> freeSlots;
  int32_t nextSlot = 0;
  int64_t used = 0;
  /// Pages [firstPage, endPage) have slots.
  int64_t firstPage = 0, endPage = 0;
};

} // namespace tombolo

#endif // RUNTIME_CORE_STATEGROUP_H
