//===- Linear.h - Products with packed weights ------------------*- C++ -*-===//
//
// out[t, n] = epilogue(sum over k of x[t, k] * w[n, k]) with w in groups of 16
// rows (codegen/cpu/packing/PackR16.h).
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_LINEAR_H
#define CODEGEN_CPU_KERNELS_LINEAR_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// How the rows of x arrive.
enum class ActivationForm {
  /// f32. Weights are dequantized in registers, or once per panel.
  F32,
  /// Records of buildQuantizeRows: 16-bit integers with a scale for each
  /// 32; relative error about 2e-5.
  I16,
  /// The same with 8-bit integers; relative error about 5e-3.
  I8,
};
/// By the name that plans have for it: "f32", "i16", "i8".
ActivationForm activationForm(llvm::StringRef name);
/// Planes of bytes in a record; 0: none.
inline int64_t planesOf(ActivationForm form) {
  return form == ActivationForm::I16 ? 2 : form == ActivationForm::I8 ? 1 : 0;
}
/// Rows of a tile of records for products with many rows.
inline int64_t rowTileOf(ActivationForm form) {
  return form == ActivationForm::I8 ? 6 : 4;
}

struct LinearSpec {
  /// Columns of the output; rows of the weights (of gate and of up, each, where
  /// paired).
  int64_t outRows;
  int64_t inColumns;
  Encoding encoding;
  ActivationForm activations = ActivationForm::F32;
  /// The weights are pairs of groups, gate then up; the epilogue gets both.
  bool paired = false;
  /// For prefill: a grid unit is 32 columns (paired: 16) of all rows. For
  /// decode (false): 16 columns, row after row.
  bool manyRows = false;
  /// Most rows of one call (manyRows).
  int64_t maxRows = 1;
  /// Rows of one tile of records: 1, or rowTileOf where manyRows.
  int64_t rowTile = 1;
};

struct LinearOperands {
  /// F32: memref<?xf32>; records: memref<?xi8>.
  Value activations;
  /// Elements between rows (F32), also between rows of the output.
  OpFoldResult activationStride, outputStride;
  /// memref<?xi8>.
  Value weights;
  /// memref<?xf32>. Columns up to a multiple of 16, and where manyRows rows up
  /// to a multiple of kRowPadding, are written; the same rows of the
  /// activations are read. What the epilogue reads must be as large.
  Value output;
  /// Rows of this call, and the range of grid units.
  Value rows, begin, end;
  /// memref<?xi8>, where linearScratchBytes is not zero.
  Value scratch;
};

/// Maps the finished accumulators (vector<16xf32>; two where paired) of a row
/// and of columns column .. column+15 to what is stored there. Without a result
/// nothing is stored.
using LinearEpilogue = llvm::function_ref<Value(
    OpBuilder &, Location, ValueRange accumulators, Value row, Value column)>;

/// Whether there are products of integer activations with `encoding`: on every
/// level or on none, since levels share a plan.
bool supportsIntegers(Encoding encoding);

/// Why the spec has no kernel, if it has none.
Status checkLinear(const LinearSpec &spec);

/// Programs of the grid, and output columns of one.
int64_t linearUnits(const LinearSpec &spec);
int64_t linearUnitColumns(const LinearSpec &spec);
/// Thread-private scratch.
int64_t linearScratchBytes(const CpuLevel &level, const LinearSpec &spec);

/// Builds the product over units [begin, end). `spec` passed checkLinear.
void buildLinear(OpBuilder &b, Location loc, const CpuLevel &level,
                 const LinearSpec &spec, const LinearOperands &operands,
                 LinearEpilogue epilogue = nullptr);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_LINEAR_H
