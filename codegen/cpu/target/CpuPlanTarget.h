//===- CpuPlanTarget.h - What plans for CPUs prefer -------------*- C++ -*-===//

#ifndef CODEGEN_CPU_TARGET_CPUPLANTARGET_H
#define CODEGEN_CPU_TARGET_CPUPLANTARGET_H

#include "passes/plan/PlanTarget.h"

namespace tombolo {

/// The same for every level, so that an artifact with several has one plan and
/// one copy of the weights.
class CpuPlanTarget : public PlanTarget {
public:
  /// Those that may be chosen.
  struct Strategies {
    bool linearR16, attentionBf16;
  };
  /// `floatRows`: many rows stay f32 where activations are of 16 bits.
  CpuPlanTarget(std::string activations, Strategies strategies, bool floatRows)
      : activations(std::move(activations)), strategies(strategies),
        floatRows(floatRows) {}

  std::string name() const override { return "cpu"; }
  LinearChoice linear(int64_t outRows, int64_t inColumns, Encoding encoding,
                      bool manyRows) const override;
  LinearChoice expertLinear(int64_t outRows, int64_t inColumns,
                            Encoding encoding, bool manyRows) const override;
  LinearChoice embedding(int64_t rows, int64_t columns,
                         Encoding encoding) const override;
  AttentionChoice attention(int64_t heads, int64_t keyHeads,
                            bool manyRows) const override;
  int64_t attentionPartBytes(int64_t heads,
                             int64_t valueColumns) const override;
  int64_t sharedRowHeads() const override;
  int64_t convolutionColumns() const override;
  int64_t deltaColumns() const override;
  int64_t rowPadding() const override;
  int64_t recordBytes(int64_t columns,
                      const LinearChoice &choice) const override;

private:
  std::string activations;
  Strategies strategies;
  bool floatRows;
};

} // namespace tombolo

#endif // CODEGEN_CPU_TARGET_CPUPLANTARGET_H
