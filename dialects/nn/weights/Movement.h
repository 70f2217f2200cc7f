//===- Movement.h - Slices and rearrangements as strided copies -*- C++ -*-===//
//
// Units are what a movement may not take apart: storage blocks of a weight,
// elements of a tensor.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_NN_WEIGHTS_MOVEMENT_H
#define DIALECTS_NN_WEIGHTS_MOVEMENT_H

#include "dialects/nn/IR/NNOps.h"
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tombolo::nn {

/// Unit (i0, i1, ..) of the result is unit `offset + i0 * strides[0] + ..` of
/// the operand; `shape` counts units.
struct Movement {
  std::vector<int64_t> shape, strides;
  int64_t offset = 0;

  int64_t count() const;
  /// That of place `element` of the result's first axis, which has `size` such
  /// places; nothing where the axis is one with the innermost.
  std::optional<Movement> element(int64_t element, int64_t size) const;
  /// First and last unit of the operand that is copied.
  std::pair<int64_t, int64_t> range() const;
  /// The result is a run of the operand.
  bool isContiguous() const;
  /// Copies units of `unitBytes` to `result`.
  void copy(std::span<const std::byte> operand, int64_t unitBytes,
            std::byte *result) const;
};

/// The movement of an op on an operand of `shape`, whose innermost units are
/// `blockElements` elements.
Movement movementOf(SliceOp op, llvm::ArrayRef<int64_t> shape,
                    int64_t blockElements);
Result<Movement> movementOf(RearrangeOp op, llvm::ArrayRef<int64_t> shape,
                            int64_t blockElements);

/// Joins parts along an axis: per part, bytes of one step of the axes before
/// it. Copies `outer` runs of each part in turn.
void concatenate(llvm::ArrayRef<std::span<const std::byte>> parts,
                 int64_t outer, std::byte *result);

} // namespace tombolo::nn

#endif // DIALECTS_NN_WEIGHTS_MOVEMENT_H
