#include "codegen/cpu/kernels/Isa.h"
#include <algorithm>
#include <tuple>

using namespace mlir;

namespace tombolo {

int64_t rowStride(int64_t columns) {
  int64_t stride = (columns + kLanes - 1) / kLanes * kLanes;
  return stride % 1024 == 0 ? stride + kLanes : stride;
}

Isa::Isa(const CpuLevel &level)
    : vectorBytes(level.vectorBytes()), registers(level.vectorRegisters()),
      vnni512(level.has("avx512vnni") && level.has("avx512bw")) {
  if (level.isAArch64())
    std::tie(shuffle, shuffleBytes) =
        std::pair("llvm.aarch64.neon.tbl1.v16i8", 16);
  else if (level.has("avx512bw"))
    std::tie(shuffle, shuffleBytes) =
        std::pair("llvm.x86.avx512.pshuf.b.512", 64);
  else if (level.has("avx2"))
    std::tie(shuffle, shuffleBytes) = std::pair("llvm.x86.avx2.pshuf.b", 32);
  else if (level.has("ssse3"))
    std::tie(shuffle, shuffleBytes) =
        std::pair("llvm.x86.ssse3.pshuf.b.128", 16);
}

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

Value Isa::lookUp(Emitter &e, const uint8_t (&table)[16], Value indices) const {
  if (!shuffle) {
    // No shuffle by variable indices: one comparison an entry.
    Value result = e.constantInt(table[0], e.i8(64));
    for (int64_t i = 1; i < 16; ++i) {
      Value hit = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq,
                                        indices, e.constantInt(i, e.i8(64)));
      result = arith::SelectOp::create(
          e.b, e.loc, hit, e.constantInt(table[i], e.i8(64)), result);
    }
    return result;
  }
  VectorType type = e.i8(shuffleBytes);
  llvm::SmallVector<uint8_t> repeated;
  for (int64_t i = 0; i < shuffleBytes; ++i)
    repeated.push_back(table[i % 16]);
  Value constant = arith::ConstantOp::create(
      e.b, e.loc,
      DenseElementsAttr::get(
          VectorType::get({shuffleBytes}, e.b.getIntegerType(8)),
          llvm::ArrayRef(reinterpret_cast<const int8_t *>(repeated.data()),
                         repeated.size())));
  if (shuffleBytes == 64)
    return e.intrinsic(shuffle, type, {constant, indices});
  Value result = e.constantInt(0, e.i8(64));
  for (int64_t at = 0; at < 64; at += shuffleBytes) {
    Value part = vector::ExtractStridedSliceOp::create(e.b, e.loc, indices, at,
                                                       shuffleBytes, 1);
    part = e.intrinsic(shuffle, type, {constant, part});
    result =
        vector::InsertStridedSliceOp::create(e.b, e.loc, part, result, at, 1);
  }
  return result;
}

} // namespace tombolo
