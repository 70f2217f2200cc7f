#include "codegen/cpu/kernels/Isa.h"
#include "llvm/Support/ErrorHandling.h"
#include <algorithm>
#include <tuple>

using namespace mlir;

namespace tombolo {

int64_t rowStride(int64_t columns) {
  int64_t stride = (columns + kLanes - 1) / kLanes * kLanes;
  return stride % 1024 == 0 ? stride + kLanes : stride;
}

using Form = DotInstructions::Form;

/// The first whose feature a level has is the best.
static constexpr DotInstructions kDots[] = {
    {"avx512vnni", "vpdpbusd", Form::UnsignedDot, 64,
     "llvm.x86.avx512.vpdpbusd.512", ""},
    {"avx512bw", "vpmaddubsw and vpmaddwd", Form::Pairs, 64,
     "llvm.x86.avx512.pmaddubs.w.512", "llvm.x86.avx512.pmaddw.d.512"},
    {"avxvnni", "vpdpbusd", Form::UnsignedDot, 32,
     "llvm.x86.avx512.vpdpbusd.256", ""},
    {"avx2", "vpmaddubsw and vpmaddwd", Form::Pairs, 32,
     "llvm.x86.avx2.pmadd.ub.sw", "llvm.x86.avx2.pmadd.wd"},
    {"ssse3", "pmaddubsw and pmaddwd", Form::Pairs, 16,
     "llvm.x86.ssse3.pmadd.ub.sw.128", "llvm.x86.sse2.pmadd.wd"},
    {"i8mm", "usdot", Form::UnsignedDot, 16,
     "llvm.aarch64.neon.usdot.v4i32.v16i8", ""},
    {"dotprod", "sdot", Form::SignedDot, 16,
     "llvm.aarch64.neon.sdot.v4i32.v16i8", ""},
    {"", "32-bit multiplication", Form::Multiplies, 16, "", ""},
};

static const DotInstructions &dotsOf(const CpuLevel &level) {
  for (const DotInstructions &dots : kDots)
    if (!*dots.feature || level.has(dots.feature))
      return dots;
  llvm_unreachable("the last needs no feature");
}

/// The first whose feature a level has is the best.
static constexpr Bf16Instructions kBf16Dots[] = {
    {"amx-bf16", "tdpbf16ps", /*tiles=*/true, /*terms=*/2,
     "llvm.x86.tdpbf16ps.internal", "llvm.x86.avx512bf16.cvtneps2bf16.512"},
    {"avx512bf16", "vdpbf16ps", /*tiles=*/false, /*terms=*/1,
     "llvm.x86.avx512bf16.dpbf16ps.512",
     "llvm.x86.avx512bf16.cvtneps2bf16.512"},
};

static const Bf16Instructions *bf16DotsOf(const CpuLevel &level) {
  // Whose conversions all of them use.
  if (!level.has("avx512bf16"))
    return nullptr;
  for (const Bf16Instructions &dots : kBf16Dots)
    if (level.has(dots.feature))
      return &dots;
  return nullptr;
}

Isa::Isa(const CpuLevel &level)
    : vectorBytes(level.vectorBytes()), registers(level.vectorRegisters()),
      tiles(level.has("amx-int8")), integerDots(&dotsOf(level)),
      shortDots(bf16DotsOf(level)) {
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
  int64_t together = registersPerVector() == 1 ? 2 : 1;
  int64_t groups = paired ? 2 : together;
  return {std::max<int64_t>(1, vectors / together), groups, together};
}

int64_t Isa::chains(int64_t accumulators) const {
  int64_t wanted = 8; // latency times issue width
  int64_t chains = 1;
  while (chains < 8 && chains * accumulators * registersPerVector() < wanted &&
         2 * chains * accumulators <= vectors() / 2)
    chains *= 2;
  return chains;
}

int64_t Isa::integerRows(int64_t recordRows, int64_t planes,
                         int64_t groups) const {
  // A sum of floats and one of integers for each plane (of words: one), in
  // three quarters of the registers.
  int64_t sums = recordForm(planes).words ? 1 : planes;
  auto fits = [&](int64_t rows) {
    return rows * groups * (1 + sums) * registersPerVector() <=
           registers * 3 / 4;
  };
  int64_t rows = recordRows;
  while (rows > 1 && (recordRows % rows || !fits(rows)))
    --rows;
  return rows;
}

const Bf16Instructions *Isa::bf16Dots(int64_t terms) const {
  return shortDots && terms <= shortDots->terms ? shortDots : nullptr;
}

Isa::Tile Isa::integerTile(int64_t recordRows, int64_t planes,
                           bool paired) const {
  int64_t groups = paired || registersPerVector() == 1 ? 2 : 1;
  return {integerRows(recordRows, planes, groups), groups, groups};
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
