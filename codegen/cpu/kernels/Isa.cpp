#include "codegen/cpu/kernels/Isa.h"
#include <algorithm>

namespace tombolo {

int64_t rowStride(int64_t columns) {
  int64_t stride = (columns + kLanes - 1) / kLanes * kLanes;
  return stride % 1024 == 0 ? stride + kLanes : stride;
}

Isa::Isa(const CpuLevel &level)
    : vectorBytes(level.vectorBytes()), registers(level.vectorRegisters()),
      vnni512(level.has("avx512vnni") && level.has("avx512bw")) {}

Isa::Tile Isa::f32Tile(bool paired) const {
  // Accumulators take three quarters of the registers: weights and a broadcast
  // need the rest.
  int64_t vectors = registers * 3 / 4 / registersPerVector();
  // One vector in a register each: two groups share a broadcast.
  int64_t groups = paired || registersPerVector() == 1 ? 2 : 1;
  return {std::max<int64_t>(1, vectors / groups), groups};
}

int64_t Isa::chains(int64_t accumulators) const {
  int64_t wanted = 8; // latency times issue width
  int64_t chains = 1;
  while (chains < 8 && chains * accumulators * registersPerVector() < wanted &&
         2 * chains * accumulators <= vectors() / 2)
    chains *= 2;
  return chains;
}

Value Isa::dot4(Emitter &e, Value acc, Value codes, Value values) const {
  return e.intrinsic("llvm.x86.avx512.vpdpbusd.512", acc.getType(),
                     {acc, codes, e.bitcast(e.i8(64), values)});
}

} // namespace tombolo
