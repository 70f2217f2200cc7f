#include "codegen/cpu/kernels/TileDots.h"
#include "codegen/cpu/kernels/QuantizeRows.h"

using namespace mlir;

namespace tombolo {

Values TileDots::products(Value codes, Value codesAt, Value values,
                          ValueRange valuesAt, int64_t columns, Value scratch,
                          Value scratchAt) {
  Value weights = tiles.load(codes, codesAt, columns / 4, 64, 64);
  for (int64_t plane = 0; plane < planes; ++plane) {
    Value bytes =
        tiles.load(values, valuesAt[plane], rows, columns, kRecordColumns);
    // Signed bytes of rows times unsigned codes.
    Value sums = tiles.dot("llvm.x86.tdpbsud.internal", rows, columns,
                           tiles.zero(rows), bytes, weights);
    tiles.store(scratch, e.add(scratchAt, plane * rows * 64), rows, 64, sums);
  }
  Values result;
  for (int64_t m = 0; m < rows; ++m) {
    auto sumsOf = [&](int64_t plane) {
      return e.loadBytes(scratch, e.add(scratchAt, (plane * rows + m) * 64),
                         e.i32());
    };
    Value sums = sumsOf(0);
    if (planes == 2)
      sums = e.addi(e.shiftLeft(sumsOf(1), 8), sums);
    result.push_back(sums);
  }
  return result;
}

} // namespace tombolo
