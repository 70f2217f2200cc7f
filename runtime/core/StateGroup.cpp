#include "runtime/core/StateGroup.h"
#include "runtime/core/KernelAbi.h"
#include <algorithm>
#include <cstring>

using namespace tombolo;

int64_t StateGroup::Shape::pages() const {
  return std::max<int64_t>(1, (context / clock + kPageRows - 1) / kPageRows);
}

int64_t StateGroup::Shape::slots() const {
  if (window < 0)
    return pages();
  // A step of maxStep rows sees the window before it and one page behind that;
  // neither end need be at a page's edge.
  int64_t rows = window + maxStep + kPageRows;
  return std::min(pages(), rows / kPageRows + 2);
}

Result<StateGroup> StateGroup::create(const Shape &shape) {
  StateGroup group(shape);
  Result<Pages> memory =
      Pages::allocate(shape.poolBytes(), "the states of a sequence");
  if (!memory)
    return memory.takeErrors();
  group.memory = std::move(*memory);
  group.table.assign(shape.pages(), -1);
  return group;
}

int32_t StateGroup::takeSlot() {
  ++used;
  if (freeSlots.empty())
    return nextSlot++;
  int32_t slot = freeSlots.back();
  freeSlots.pop_back();
  return slot;
}

void StateGroup::release(int64_t page) {
  freeSlots.push_back(table[page]);
  table[page] = -1;
  --used;
}

/// The first page that a query at row `row` may see, and one before it.
static int64_t firstKept(int64_t window, int64_t row) {
  if (window < 0)
    return 0;
  return std::max<int64_t>(0, row - window + 1 - kPageRows) / kPageRows;
}

void StateGroup::advance(int64_t first, int64_t count) {
  int64_t keep = firstKept(shape.window, first);
  for (; firstPage < std::min(keep, endPage); ++firstPage)
    release(firstPage);
  // Never back: what was given back before a truncation stays away.
  firstPage = std::max(firstPage, keep);
  endPage = std::max(endPage, firstPage);
  int64_t end = ((first + count) / shape.clock + kPageRows - 1) / kPageRows;
  for (; endPage < end; ++endPage)
    table[endPage] = takeSlot();
}

bool StateGroup::canTruncate(int64_t tokens) const {
  if (tokens == 0 || shape.window < 0)
    return true;
  int64_t firstSeen = std::max<int64_t>(0, tokens - shape.window + 1);
  return firstSeen / kPageRows >= firstPage;
}

void StateGroup::truncate(int64_t tokens) {
  int64_t end = (tokens / shape.clock + kPageRows - 1) / kPageRows;
  for (; endPage > std::max(end, firstPage); --endPage)
    release(endPage - 1);
  if (tokens == 0)
    firstPage = endPage = 0;
}

void StateGroup::fillArbitrarily() {
  uint32_t random = 1;
  for (int64_t page = firstPage; page < endPage; ++page)
    random = fillOrdinary(
        {pool() + table[page] * shape.slotBytes, size_t(shape.slotBytes)},
        random);
}

void StateGroup::copyFrom(const StateGroup &other) {
  truncate(0);
  firstPage = other.firstPage;
  endPage = firstPage;
  for (int64_t page = other.firstPage; page < other.endPage; ++page) {
    table[page] = takeSlot();
    std::memcpy(pool() + table[page] * shape.slotBytes,
                other.pool() + other.table[page] * shape.slotBytes,
                shape.slotBytes);
  }
  endPage = other.endPage;
}
