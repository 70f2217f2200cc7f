//===- CpuPlanTarget.cpp - What plans for CPUs prefer ---------------------===//

#include "codegen/cpu/target/CpuPlanTarget.h"
#include "codegen/cpu/kernels/Attention.h"
#include "codegen/cpu/kernels/CausalConv.h"
#include "codegen/cpu/kernels/GatedDelta.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/Linear.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/kernels/SharedRows.h"
#include "codegen/cpu/packing/PackR16.h"

using namespace tombolo;

/// R16 keeps the encodings it has a form for; others are decoded when the
/// artifact is written.
static Encoding packedEncoding(Encoding encoding) {
  return hasR16(encoding) ? encoding : Encoding::F32;
}

LinearChoice CpuPlanTarget::linear(int64_t outRows, int64_t inColumns,
                                   Encoding encoding, bool manyRows) const {
  LinearChoice choice;
  choice.layout = strategies.linearR16 ? "r16" : "rows";
  choice.encoding =
      strategies.linearR16 ? packedEncoding(encoding) : Encoding::F32;
  choice.strategy = strategies.linearR16;
  // A whole number of record blocks, and codes to multiply.
  ActivationForm form = strategies.linearR16 &&
                                supportsIntegers(choice.encoding) &&
                                inColumns % kRecordColumns == 0
                            ? activationForm(activations)
                            : ActivationForm::F32;
  if (form == ActivationForm::I16 && manyRows && floatRows)
    form = ActivationForm::F32;
  choice.activations = form == ActivationForm::F32 ? "f32" : activations;
  choice.rowTile =
      form != ActivationForm::F32 && manyRows ? rowTileOf(form) : 1;
  choice.columns = manyRows ? 32 : 16;
  choice.pairedRows = 32;
  return choice;
}

/// Outputs of one program: gathering a row costs about as much as 32 of them.
static constexpr int64_t kExpertColumns = 256, kExpertColumnsOfOne = 128;

LinearChoice CpuPlanTarget::expertLinear(int64_t outRows, int64_t inColumns,
                                         Encoding encoding,
                                         bool manyRows) const {
  LinearChoice choice = linear(outRows, inColumns, encoding, manyRows);
  choice.columns = manyRows ? kExpertColumns : kExpertColumnsOfOne;
  return choice;
}

LinearChoice CpuPlanTarget::embedding(int64_t rows, int64_t columns,
                                      Encoding encoding) const {
  if (infoOf(encoding).isInteger)
    return {"rows", Encoding::I32, "f32"};
  return linear(rows, columns, encoding, /*manyRows=*/true);
}

AttentionChoice CpuPlanTarget::attention(int64_t heads, int64_t keyHeads,
                                         bool manyRows) const {
  AttentionChoice choice;
  if (!manyRows) {
    choice.splits = kAttentionSplits;
    return choice;
  }
  ActivationForm form = activationForm(activations);
  if (form == ActivationForm::I16 && floatRows)
    form = ActivationForm::F32;
  if (form != ActivationForm::F32 && strategies.attentionBf16)
    choice.products = form == ActivationForm::I16 ? "bf16x2" : "bf16";
  choice.rowTile = attentionRowTile(heads / keyHeads);
  return choice;
}

int64_t CpuPlanTarget::attentionPartBytes(int64_t heads,
                                          int64_t valueColumns) const {
  AttentionSpec spec{};
  spec.heads = heads;
  spec.valueColumns = valueColumns;
  spec.splits = kAttentionSplits;
  return tombolo::attentionPartBytes(spec);
}

int64_t CpuPlanTarget::sharedRowHeads() const { return kBlockHeads; }

int64_t CpuPlanTarget::convolutionColumns() const {
  return kConvolutionColumns;
}

int64_t CpuPlanTarget::deltaColumns() const { return kDeltaColumns; }

int64_t CpuPlanTarget::rowPadding() const { return kRowPadding; }

int64_t CpuPlanTarget::recordBytes(int64_t columns,
                                   const LinearChoice &choice) const {
  return tombolo::recordBytes(columns,
                              planesOf(activationForm(choice.activations)));
}
