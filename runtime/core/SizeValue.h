//===- SizeValue.h - The value of a size in a step --------------*- C++ -*-===//

#ifndef RUNTIME_CORE_SIZEVALUE_H
#define RUNTIME_CORE_SIZEVALUE_H

#include <cstdint>

namespace tombolo::artifact {
struct Size;
}

namespace tombolo {

/// The integers that sizes depend on in one step.
struct StepSizes {
  int64_t tokens;
  int64_t firstPosition;
};

/// Value of a size in a step, rounded up.
int64_t evaluate(const artifact::Size &size, const StepSizes &step);

} // namespace tombolo

#endif // RUNTIME_CORE_SIZEVALUE_H
