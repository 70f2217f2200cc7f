//===- TileDots.h - Integer products in tile registers ----------*- C++ -*-===//
//
// AMX multiplies a tile of rows of activations with a tile of weight codes: the
// 8 dwords of 16 rows of weights that are 32 columns of a panel, and the rows'
// 32 bytes of a plane, lie in memory as its instructions want them.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_TILEDOTS_H
#define CODEGEN_CPU_KERNELS_TILEDOTS_H

#include "codegen/cpu/kernels/TileRegisters.h"

namespace tombolo {

class TileDots {
public:
  /// For `rows` (at most 16) rows of activations in `planes` planes of signed
  /// bytes.
  TileDots(Emitter &e, int64_t rows, int64_t planes)
      : e(e), tiles(e), rows(rows), planes(planes) {}

  /// Bytes of memory for the sums of one group.
  static int64_t scratchBytes(int64_t rows, int64_t planes) {
    return rows * planes * 64;
  }

  /// vector<16xi32> of each row: the sums of the products of `columns` (a
  /// multiple of 4, at most 32) unsigned codes, `columns / 4` times 64 bytes at
  /// byte `codesAt` of `codes`, with the bytes of each row, 32 bytes from row
  /// to row, in plane p at byte `valuesAt[p]` of `values`. Uses scratchBytes at
  /// byte `scratchAt` of `scratch`.
  Values products(Value codes, Value codesAt, Value values, ValueRange valuesAt,
                  int64_t columns, Value scratch, Value scratchAt);

private:
  Emitter &e;
  TileRegisters tiles;
  int64_t rows, planes;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_TILEDOTS_H
