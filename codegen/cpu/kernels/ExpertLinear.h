//===- ExpertLinear.h - Products with the matrices that rows chose --*- C++
//-*-===//
//
// out[t, j, n] = sum over k of x[t, k] * w[e, n, k] + bias[e, n], where e is
// the j-th expert that token t chose. The matrices are packed one after the
// other (codegen/cpu/packing/PackR16.h). A program gathers the rows of one
// expert, a few dozen at a time, and is from there on a product of rows with
// one matrix (Linear.h): its weights are read from memory once for all rows.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_EXPERTLINEAR_H
#define CODEGEN_CPU_KERNELS_EXPERTLINEAR_H

#include "codegen/cpu/kernels/Linear.h"

namespace tombolo {

struct ExpertLinearSpec {
  int64_t experts, choices;
  /// Of one matrix.
  int64_t outRows, inColumns;
  Encoding encoding;
  ActivationForm activations = ActivationForm::F32;
  /// Outputs of one program.
  int64_t columns;
  /// Steps of many tokens: a program is one expert's. Else of one token: one
  /// choice's.
  bool manyRows = false;
  /// x has a row for each choice; else one for all of a token.
  bool perChoice = false;
  /// Choice j of each token is expert j, without being told: programs of many
  /// tokens have no expert behind the last.
  bool isFixed = false;
};

/// Of flat memory: element offsets into memref<?xf32> and memref<?xi32>.
struct ExpertLinearOperands {
  Value x, output;
  /// memref<?xi8>: the matrices, expertBytes apart.
  Value weights;
  /// What `plan.group_choices` made, or the ids of the one token; not where
  /// choices are fixed.
  Value routes;
  Value tokens;
  /// Null without.
  Value bias;
  int64_t xStride, outputStride;
  /// The range of programs.
  Value begin, end;
  /// memref<?xi8> of expertLinearScratchBytes.
  Value scratch;
};

/// Bytes from one packed matrix to the next, a multiple of 64.
std::optional<uint64_t> expertBytes(Encoding encoding, int64_t outRows,
                                    int64_t inColumns);

/// Why the spec has no kernel, if it has none.
Status checkExpertLinear(const ExpertLinearSpec &spec);
/// Programs of the grid, of one token or of many.
int64_t expertLinearUnits(const ExpertLinearSpec &spec);
/// Thread-private scratch.
int64_t expertLinearScratchBytes(const CpuLevel &level,
                                 const ExpertLinearSpec &spec);
/// `spec` passed checkExpertLinear.
void buildExpertLinear(OpBuilder &b, Location loc, const CpuLevel &level,
                       const ExpertLinearSpec &spec,
                       const ExpertLinearOperands &operands);

/// `plan.group_choices`: sorts the choices of `tokens` rows of ids
/// (memref<?xi32>, `idsStride` apart) into `order` (memref<?xi32>). One
/// program, which may come in a range [begin, end) that is empty.
void buildGroupChoices(OpBuilder &b, Location loc, int64_t experts,
                       int64_t choices, Value tokens, Value ids,
                       int64_t idsStride, Value order);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_EXPERTLINEAR_H
