#include "codegen/cpu/kernels/WeightGroups.h"
#include <algorithm>

using namespace mlir;

namespace tombolo {

namespace {

/// Loads of one chunk, by byte offsets as PackR16.h lays them out.
struct Reader {
  Emitter &e;
  const Isa &isa;
  Value memory;
  WeightGroups::Place place;

  /// 16 f16 of the block's header, or of the chunk where it has none.
  Value half(int64_t offset) const {
    auto type = VectorType::get({kLanes}, e.b.getF16Type());
    return e.extend(e.loadBytes(memory, e.add(place.header, offset), type));
  }
  /// One byte of each row, unsigned or signed, as i32.
  Value byte(int64_t offset) const {
    return arith::ExtUIOp::create(e.b, e.loc, e.i32(), bytes16(offset));
  }
  Value signedByte(int64_t offset) const {
    return arith::ExtSIOp::create(e.b, e.loc, e.i32(), bytes16(offset));
  }
  /// One dword of each row, as bytes.
  Value unit(int64_t offset) const {
    return e.loadBytes(memory, e.add(place.chunk, offset), e.i8(64));
  }
  Value lowNibbles(Value bytes) const { return e.andi(bytes, 15); }
  Value highNibbles(Value bytes) const {
    // Shifted as words: LLVM would make a shift of bytes a Galois field
    // product, which takes a multiplier's pipe.
    VectorType words = VectorType::get({32}, e.b.getI16Type());
    Value high = e.shiftRight(e.bitcast(words, bytes), 4);
    return e.andi(e.bitcast(e.i8(64), high), 15);
  }
  /// 32 columns from 4 nibble units.
  Values nibbles(int64_t offset) const {
    Values codes;
    for (int64_t v = 0; v < 4; ++v)
      codes.push_back(lowNibbles(unit(offset + 64 * v)));
    for (int64_t v = 0; v < 4; ++v)
      codes.push_back(highNibbles(unit(offset + 64 * v)));
    return codes;
  }
  /// Run `run` of 64 columns from 8 pair units.
  Values pairs(int64_t offset, int64_t run) const {
    Values codes;
    for (int64_t v = 0; v < 8; ++v) {
      Value bytes = unit(offset + 64 * v);
      codes.push_back(run ? highNibbles(bytes) : lowNibbles(bytes));
    }
    return codes;
  }
  /// Bits `mask` of each byte of a unit, after a shift of its dwords to the
  /// left (negative: to the right).
  Value bits(int64_t offset, int64_t shift, int64_t mask) const {
    Value dwords = e.bitcast(e.i32(), unit(offset));
    dwords =
        shift >= 0 ? e.shiftLeft(dwords, shift) : e.shiftRight(dwords, -shift);
    return e.andi(e.bitcast(e.i8(64), dwords), mask);
  }
  /// Adds the bit above: bit `at` of each code, from a unit of single bits.
  void addBits(Values &codes, int64_t offset, int64_t at) const {
    for (int64_t v = 0; v < 8; ++v)
      codes[v] = arith::OrIOp::create(e.b, e.loc, codes[v],
                                      bits(offset, at - v, int64_t(1) << at));
  }
  /// 32 two-bit numbers from two units, shifted to bit `at` of each byte.
  Values twoBits(int64_t offset, int64_t at) const {
    Values numbers;
    for (int64_t v = 0; v < 8; ++v)
      numbers.push_back(
          bits(offset + 64 * (v / 4), at - 2 * (v % 4), int64_t(3) << at));
    return numbers;
  }
  /// Number `i` of four scales of six bits in three bytes, as i32.
  Value fourthOf(int64_t offset, int64_t i) const {
    if (i < 3)
      return e.andi(byte(offset + 16 * i), 63);
    Value all;
    for (int64_t part = 0; part < 3; ++part) {
      Value two =
          e.shiftLeft(e.shiftRight(byte(offset + 16 * part), 6), 2 * part);
      all = part ? arith::OrIOp::create(e.b, e.loc, all, two) : two;
    }
    return all;
  }
  Value times(Value scale, Value integers) const {
    return e.mulf(scale, e.toFloat(integers));
  }
  Value minus(Value scale, Value integers) const {
    return e.mulf(e.mulf(scale, e.constant(-1, e.f32())), e.toFloat(integers));
  }
  /// The scale and minimum of run `run` of a chunk of q4_k or q5_k.
  void scaleAndMinimum(int64_t run, WeightRun &result) const {
    Value first = byte(16 * run), rest = byte(32);
    Value low = e.shiftRight(first, 6);
    Value high = run ? e.shiftRight(rest, 4) : e.andi(rest, 15);
    result.scales = {times(half(0), e.andi(first, 63))};
    result.minima = {minus(
        half(32), arith::OrIOp::create(e.b, e.loc, low, e.shiftLeft(high, 2)))};
  }

private:
  Value bytes16(int64_t offset) const {
    return e.loadBytes(memory, e.add(place.chunk, offset), e.i8(16));
  }
};

// --- One function an encoding ------------------------------------------------

void q8_0(Reader &r, int64_t, WeightRun &run) {
  run.scales = {r.half(0)};
  for (int64_t v = 0; v < 8; ++v)
    run.codes.push_back(r.unit(32 + 64 * v));
}
void q4_0(Reader &r, int64_t, WeightRun &run) {
  run.scales = {r.half(0)};
  run.codes = r.nibbles(32);
}
void q4_1(Reader &r, int64_t, WeightRun &run) {
  run.scales = {r.half(0)};
  run.minima = {r.half(32)};
  run.codes = r.nibbles(64);
}
void q5_0(Reader &r, int64_t, WeightRun &run) {
  run.scales = {r.half(0)};
  run.codes = r.nibbles(96);
  r.addBits(run.codes, 32, 4);
}
void q5_1(Reader &r, int64_t, WeightRun &run) {
  run.scales = {r.half(0)};
  run.minima = {r.half(32)};
  run.codes = r.nibbles(128);
  r.addBits(run.codes, 64, 4);
}
void q2_k(Reader &r, int64_t index, WeightRun &run) {
  for (int64_t i = 2 * index; i < 2 * index + 2; ++i) {
    Value both = r.byte(16 * i);
    run.scales.push_back(r.times(r.half(0), r.e.andi(both, 15)));
    run.minima.push_back(r.minus(r.half(32), r.e.shiftRight(both, 4)));
  }
  run.codes = r.twoBits(64 + 128 * index, 0);
}
void q3_k(Reader &r, int64_t index, WeightRun &run) {
  for (int64_t i = 2 * index; i < 2 * index + 2; ++i)
    run.scales.push_back(
        r.times(r.half(0),
                r.e.addi(r.fourthOf(0, i), r.e.constantInt(-32, r.e.i32()))));
  run.codes = r.twoBits(112 + 192 * index, 0);
  r.addBits(run.codes, 48 + 192 * index, 2);
}
void q4_k(Reader &r, int64_t index, WeightRun &run) {
  r.scaleAndMinimum(index, run);
  run.codes = r.pairs(48, index);
}
void q5_k(Reader &r, int64_t index, WeightRun &run) {
  r.scaleAndMinimum(index, run);
  run.codes = r.pairs(112, index);
  r.addBits(run.codes, 48 + 576 * index, 4);
}
void q6_k(Reader &r, int64_t index, WeightRun &run) {
  for (int64_t i = 2 * index; i < 2 * index + 2; ++i)
    run.scales.push_back(r.times(r.half(0), r.signedByte(16 * i)));
  run.codes = r.pairs(192, index);
  Values high = r.twoBits(64 + 640 * index, 4);
  for (int64_t v = 0; v < 8; ++v)
    run.codes[v] = arith::OrIOp::create(r.e.b, r.e.loc, run.codes[v], high[v]);
}

/// What nibbles stand for, plus 128.
using Table = uint8_t[16];
/// ggml's IQ4 table.
constexpr Table kNonLinear = {1,   24,  45,  63,  79,  93,  106, 118,
                              129, 141, 153, 166, 181, 197, 217, 241};
/// E2M1, doubled.
constexpr Table kDoubledE2M1 = {128, 129, 130, 131, 132, 134, 136, 140,
                                128, 127, 126, 125, 124, 122, 120, 116};
void lookUp(Reader &r, const Table &table, Values &codes) {
  for (Value &code : codes)
    code = r.isa.lookUp(r.e, table, code);
}

void iq4_nl(Reader &r, int64_t, WeightRun &run) {
  run.scales = {r.half(0)};
  run.codes = r.nibbles(32);
  lookUp(r, kNonLinear, run.codes);
}
void iq4_xs(Reader &r, int64_t index, WeightRun &run) {
  run.scales = {r.times(r.half(0), r.e.addi(r.fourthOf(0, index),
                                            r.e.constantInt(-32, r.e.i32())))};
  run.codes = r.nibbles(48 + 256 * index);
  lookUp(r, kNonLinear, run.codes);
}
void mxfp4(Reader &r, int64_t, WeightRun &run) {
  Emitter &e = r.e;
  // 2^(code - 128), as the table is doubled. The two smallest are subnormal.
  Value code = r.byte(0);
  Value normal = e.shiftLeft(e.addi(code, e.constantInt(-1, e.i32())), 23);
  Value small = arith::ShLIOp::create(e.b, e.loc,
                                      e.constantInt(0x00200000, e.i32()), code);
  Value isSmall = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult,
                                        code, e.constantInt(2, e.i32()));
  run.scales = {e.bitcast(
      e.f32(), arith::SelectOp::create(e.b, e.loc, isSmall, small, normal))};
  run.codes = r.nibbles(16);
  lookUp(r, kDoubledE2M1, run.codes);
}

} // namespace

struct WeightGroups::Unpacker {
  Encoding encoding;
  /// Of the codes.
  int64_t zero, largest;
  /// Of a run, and whether it has minima.
  int64_t scales;
  bool minima;
  void (*unpack)(Reader &reader, int64_t index, WeightRun &run);
};

static constexpr WeightGroups::Unpacker kUnpackers[] = {
    {Encoding::Q8_0, 128, 255, 1, false, q8_0},
    {Encoding::Q4_0, 8, 15, 1, false, q4_0},
    {Encoding::Q4_1, 0, 15, 1, true, q4_1},
    {Encoding::Q5_0, 16, 31, 1, false, q5_0},
    {Encoding::Q5_1, 0, 31, 1, true, q5_1},
    {Encoding::Q2_K, 0, 3, 2, true, q2_k},
    {Encoding::Q3_K, 4, 7, 2, false, q3_k},
    {Encoding::Q4_K, 0, 15, 1, true, q4_k},
    {Encoding::Q5_K, 0, 31, 1, true, q5_k},
    {Encoding::Q6_K, 32, 63, 2, false, q6_k},
    {Encoding::IQ4_NL, 128, 241, 1, false, iq4_nl},
    {Encoding::IQ4_XS, 128, 241, 1, false, iq4_xs},
    {Encoding::MXFP4, 128, 140, 1, false, mxfp4},
};

WeightGroups::WeightGroups(Encoding encoding, const Isa &isa)
    : isa(isa), encoding(encoding), unpacker(nullptr) {
  for (const Unpacker &entry : kUnpackers)
    if (entry.encoding == encoding)
      unpacker = &entry;
  if (plain())
    step = encoding == Encoding::F32 ? 64 : 32;
  else
    block = r16Block(encoding);
}

WeightGroups WeightGroups::panel(int64_t groups, const Isa &isa) {
  WeightGroups result(Encoding::F32, isa);
  result.step = 64 * groups;
  // Tiles of many rows are long enough without.
  result.unroll = 2;
  return result;
}

WeightGroups::Place WeightGroups::placeOf(Emitter &e, Value start,
                                          Value at) const {
  if (plain()) {
    Value chunk = e.add(start, e.mul(at, step * unroll));
    return {chunk, chunk};
  }
  if (block.chunks == 1) {
    Value chunk = e.add(start, e.mul(at, block.chunkBytes));
    return {chunk, chunk};
  }
  Value header = e.add(start, e.mul(e.divide(at, block.chunks), block.bytes()));
  Value inside = e.mul(e.remainder(at, block.chunks), block.chunkBytes);
  return {header, e.add(e.add(header, inside), block.headerBytes)};
}

Value WeightGroups::bytesOf(Emitter &e, Value columns) const {
  return plain() ? e.mul(columns, step)
                 : e.mul(e.divide(columns, block.columns()), block.bytes());
}

int64_t WeightGroups::zero() const { return unpacker->zero; }
int64_t WeightGroups::largestCode() const { return unpacker->largest; }

WeightRun WeightGroups::unpack(Emitter &e, Value memory, Place place,
                               int64_t run) const {
  Reader reader{e, isa, memory, place};
  WeightRun result;
  unpacker->unpack(reader, run, result);
  return result;
}

static constexpr int64_t kVectorBytes = 64;

int64_t WeightGroups::panelRunBytes() const {
  return (8 + unpacker->scales * (unpacker->minima ? 2 : 1)) * kVectorBytes;
}

void WeightGroups::storePanelRun(Emitter &e, Value memory, Value at,
                                 const WeightRun &run) const {
  int64_t offset = 0;
  for (const Values *part : {&run.codes, &run.scales, &run.minima})
    for (Value vector : *part) {
      e.storeBytes(memory, e.add(at, offset), vector);
      offset += kVectorBytes;
    }
  assert(offset == panelRunBytes() && "the table tells what a run has");
}

WeightRun WeightGroups::loadPanelRun(Emitter &e, Value memory, Value at) const {
  WeightRun run;
  int64_t offset = 0;
  auto load = [&](Values &to, int64_t count, VectorType type) {
    for (int64_t i = 0; i < count; ++i, offset += kVectorBytes)
      to.push_back(e.loadBytes(memory, e.add(at, offset), type));
  };
  load(run.codes, 8, e.i8(64));
  load(run.scales, unpacker->scales, e.f32());
  load(run.minima, unpacker->minima ? unpacker->scales : 0, e.f32());
  return run;
}

void WeightGroups::dequantize(
    Emitter &e, Value memory, ArrayRef<Place> places, int64_t columns,
    llvm::function_ref<void(int64_t, ValueRange)> use) const {
  if (plain()) {
    auto type = VectorType::get({kLanes}, e.plainType(encoding));
    for (int64_t k = 0; k < columns; ++k) {
      Values weights;
      for (const Place &place : places)
        weights.push_back(
            e.extend(e.loadBytes(memory, e.add(place.chunk, k * step), type)));
      use(k, weights);
    }
    return;
  }
  assert(columns == chunkColumns() && "quantized chunks are whole");
  // scale * code + bias. Scales have at most 17 bits and codes at most 8, but
  // not both, so that products, and zeros times the scale, are exact.
  for (int64_t run = 0; run < runs(); ++run) {
    SmallVector<WeightRun> ofGroup;
    SmallVector<Values> biases;
    for (const Place &place : places) {
      ofGroup.push_back(unpack(e, memory, place, run));
      const WeightRun &weights = ofGroup.back();
      biases.push_back(weights.minima);
      if (weights.minima.empty())
        for (Value scale : weights.scales)
          biases.back().push_back(
              e.mulf(scale, e.constant(double(-zero()), e.f32())));
    }
    for (int64_t v = 0; v < 8; ++v)
      for (int64_t j = 0; j < 4; ++j) {
        Values weights;
        for (size_t g = 0; g < ofGroup.size(); ++g) {
          const WeightRun &of = ofGroup[g];
          size_t half = of.scales.size() == 2 && v >= 4;
          Value code = e.shiftRight(e.bitcast(e.i32(), of.codes[v]), 8 * j);
          if (j < 3)
            code = e.andi(code, 255);
          weights.push_back(
              e.fma(of.scales[half], e.toFloat(code), biases[g][half]));
        }
        use(32 * run + 4 * v + j, weights);
      }
  }
}

} // namespace tombolo
