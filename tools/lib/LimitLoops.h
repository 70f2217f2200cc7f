//===- LimitLoops.h - The loops behind Limits.h -----------------*- C++ -*-===//

#ifndef TOOLS_LIB_LIMITLOOPS_H
#define TOOLS_LIB_LIMITLOOPS_H

#include <cstddef>
#include <cstdint>

namespace tombolo {

/// `run(rounds)` does rounds * operations operations in registers; null where
/// the CPU has no such instruction.
struct ArithmeticLoop {
  void (*run)(int64_t rounds) = nullptr;
  int64_t operations = 0;
};

/// Reads `bytes`, a multiple of 256, once.
using ReadLoop = void (*)(const char *data, size_t bytes);

/// The best for this CPU.
ReadLoop readLoop();
ArithmeticLoop int8Loop();
ArithmeticLoop bf16Loop();
ArithmeticLoop f32Loop();

} // namespace tombolo

#endif // TOOLS_LIB_LIMITLOOPS_H
