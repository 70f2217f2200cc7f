//===- Limits.h - What this machine can do at most --------------*- C++ -*-===//
//
// Loops that do nothing but read, or nothing but arithmetic in registers: the
// bounds that a model's speed is held against, measured in the same run because
// clocks and neighbours change.
//
//===----------------------------------------------------------------------===//

#ifndef TOOLS_LIB_LIMITS_H
#define TOOLS_LIB_LIMITS_H

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>

namespace tombolo {

/// Per second, all threads together; 0 where this CPU has no such instruction.
/// A multiplication and an addition are two operations.
struct Limits {
  double readBytes = 0;
  double int8Operations = 0;
  double bf16Operations = 0;
  double f32Operations = 0;
};

/// Measures on `threads` threads; each measurement takes about 50 ms a limit.
class LimitsMeter {
public:
  explicit LimitsMeter(int threads);
  ~LimitsMeter();
  LimitsMeter(const LimitsMeter &) = delete;
  LimitsMeter &operator=(const LimitsMeter &) = delete;

  double readBytes();
  double int8Operations();
  double bf16Operations();
  double f32Operations();
  Limits all();

private:
  struct Buffer;
  int threads;
  std::unique_ptr<Buffer> buffer;
};

nlohmann::ordered_json toJson(const Limits &limits);

} // namespace tombolo

#endif // TOOLS_LIB_LIMITS_H
