//===- Windows.h - Windows of tokens ----------------------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_WINDOWS_H
#define CODEGEN_CPU_KERNELS_WINDOWS_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

/// Windows of `size` tokens with the `before` rows ahead of each.
struct WindowSpec {
  int64_t size, before, columns;
  double fill = 0;

  int64_t rows() const { return before + size; }
  /// Rows that the state has places for: those that the next step may need,
  /// the open window's and the ones ahead of it.
  int64_t keptRows() const { return rows() - 1; }
};

struct WindowOperands {
  Value x;       ///< memref<?xf32>, rows `xStride` apart
  Value state;   ///< memref<?xi8>: f32, the row of position p at place
                 ///< p % keptRows
  Value stateAt; ///< byte of place 0
  Value output;  ///< memref<?xf32>, windows `outputStride` apart
  int64_t xStride, outputStride;
  Value tokens, firstPosition;
};

/// `plan.gather_windows`: programs [begin, end) over (window, row of it).
void buildGatherWindows(OpBuilder &b, Location loc, const WindowSpec &spec,
                        const WindowOperands &operands, Value begin, Value end);
/// `plan.keep_rows`: row `row` of the step, where it is one of the last.
/// Windows are gathered before their rows are kept.
void buildKeepRow(OpBuilder &b, Location loc, const WindowSpec &spec,
                  const WindowOperands &operands, Value row);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_WINDOWS_H
