#include "codegen/cpu/kernels/WeightGroups.h"
#include <algorithm>

using namespace mlir;

namespace tombolo {

/// Loads of one chunk, by byte offsets as PackR16.h lays them out.
struct WeightReader {
  Emitter &e;
  const Isa &isa;
  Value memory;
  WeightGroups::Place place;
  Encoding encoding;

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

  /// 16 scales of a plain kind at a byte of memory.
  Value scaleAt(Value at, Encoding::Kind kind) const {
    switch (kind) {
    case Encoding::F32:
      return e.loadBytes(memory, at, e.f32());
    case Encoding::F8E8M0:
      return powerOfTwo(
          arith::ExtUIOp::create(e.b, e.loc, e.i32(),
                                 e.loadBytes(memory, at, e.i8(kLanes))),
          127);
    case Encoding::F8E4M3:
      return e.mulf(smallFloats(at, kind), e.constant(256, e.f32()));
    default: {
      auto type = VectorType::get({kLanes}, e.plainType(kind));
      return e.extend(e.loadBytes(memory, at, type));
    }
    }
  }
  /// 2^(code - bias) of i32, for a bias of 127 or 128. What would be subnormal
  /// is.
  Value powerOfTwo(Value code, int64_t bias) const {
    int64_t skipped = bias - 127;
    Value normal =
        e.shiftLeft(e.addi(code, e.constantInt(-skipped, e.i32())), 23);
    // The smallest codes: 2^-127 (and 2^-128) have no exponent of their own.
    Value small = arith::ShLIOp::create(
        e.b, e.loc, e.constantInt(0x00400000 >> skipped, e.i32()), code);
    Value isSmall =
        arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, code,
                              e.constantInt(1 + skipped, e.i32()));
    return e.bitcast(
        e.f32(), arith::SelectOp::create(e.b, e.loc, isSmall, small, normal));
  }
  /// 16 floats of 8 bits, e4m3 divided by 256: their bits are the highest of
  /// f16, but for the bias of e4m3's exponent, which is 8 less.
  Value smallFloats(Value at, Encoding::Kind kind) const {
    VectorType words = VectorType::get({kLanes}, e.b.getI16Type());
    Value bits = arith::ExtSIOp::create(e.b, e.loc, words,
                                        e.loadBytes(memory, at, e.i8(kLanes)));
    bool isE4M3 = kind == Encoding::F8E4M3;
    bits = e.shiftLeft(bits, isE4M3 ? 7 : 8);
    if (isE4M3)
      bits = e.andi(bits, 0xbfff - 0x10000);
    return e.extend(
        e.bitcast(VectorType::get({kLanes}, e.b.getF16Type()), bits));
  }

private:
  Value bytes16(int64_t offset) const {
    return e.loadBytes(memory, e.add(place.chunk, offset), e.i8(16));
  }
};

namespace {
using Reader = WeightReader;

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
  // The table is doubled.
  run.scales = {r.powerOfTwo(r.byte(0), 128)};
  run.codes = r.nibbles(16);
  lookUp(r, kDoubledE2M1, run.codes);
}

/// Codes in groups: one scale, and perhaps a zero, in the header, or a factor
/// there and scales in the chunk.
void grouped(Reader &r, int64_t, WeightRun &run) {
  Emitter &e = r.e;
  const Encoding::Groups &groups = r.encoding.groups();
  int64_t scaleBytes = kLanes * infoOf(groups.scale).blockBytes;
  bool isShared = r.place.header == r.place.chunk;
  int64_t codes = 0;
  if (groups.span) {
    Value factor = r.scaleAt(r.place.header, Encoding::F32);
    // A block of one chunk has its factor before the scales.
    int64_t at = isShared ? kLanes * 4 : 0, count = 32 / groups.group;
    for (int64_t i = 0; i < count; ++i)
      run.scales.push_back(e.mulf(
          r.scaleAt(e.add(r.place.chunk, at + i * scaleBytes), groups.scale),
          factor));
    codes = at + count * scaleBytes;
  } else {
    run.scales = {r.scaleAt(r.place.header, groups.scale)};
    int64_t header = scaleBytes;
    if (groups.zeros) {
      Value zero = arith::ExtUIOp::create(
          e.b, e.loc, e.i32(),
          e.loadBytes(r.memory, e.add(r.place.header, header), e.i8(kLanes)));
      run.minima = {r.minus(run.scales[0], zero)};
      header += kLanes;
    }
    codes = isShared ? header : 0;
  }
  if (groups.code == Encoding::Code::I8) {
    for (int64_t v = 0; v < 8; ++v)
      run.codes.push_back(r.unit(codes + 64 * v));
    return;
  }
  run.codes = r.nibbles(codes);
  if (groups.code != Encoding::Code::F4E2M1)
    return;
  lookUp(r, kDoubledE2M1, run.codes);
  for (Value &scale : run.scales)
    scale = e.mulf(scale, e.constant(0.5, e.f32()));
}

} // namespace

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

static WeightGroups::Unpacker groupedUnpacker(Encoding encoding) {
  const Encoding::Groups &groups = encoding.groups();
  int64_t scales = groups.span && groups.group == 16 ? 2 : 1;
  int64_t zero = 128, largest = 255;
  if (groups.code == Encoding::Code::F4E2M1) {
    largest = 140;
  } else if (groups.code == Encoding::Code::I4) {
    zero = 8;
    largest = 15;
  }
  if (groups.zeros)
    zero = 0;
  return {encoding, zero, largest, scales, groups.zeros, grouped};
}

WeightGroups::WeightGroups(Encoding encoding, const Isa &isa)
    : isa(isa), encoding(encoding) {
  if (infoOf(encoding).plain) {
    step = encoding == Encoding::F32 ? 64 : 32;
    return;
  }
  block = r16Block(encoding);
  if (!hasIntegerCodes(encoding)) {
    form = Form::Floats;
    return;
  }
  form = Form::Codes;
  if (encoding.isGrouped())
    unpacker = groupedUnpacker(encoding);
  for (const Unpacker &entry : kUnpackers)
    if (entry.encoding == encoding)
      unpacker = entry;
}

WeightGroups WeightGroups::panel(int64_t groups, const Isa &isa) {
  WeightGroups result(Encoding::F32, isa);
  result.step = 64 * groups;
  // Tiles of many rows are long enough; where they take nearly all registers,
  // a second k would push sums out of them.
  result.unroll = isa.registersPerVector() == 1 ? 2 : 1;
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

int64_t WeightGroups::zero() const { return unpacker.zero; }
int64_t WeightGroups::largestCode() const { return unpacker.largest; }

WeightRun WeightGroups::unpack(Emitter &e, Value memory, Place place,
                               int64_t run) const {
  Reader reader{e, isa, memory, place, encoding};
  WeightRun result;
  unpacker.unpack(reader, run, result);
  return result;
}

static constexpr int64_t kVectorBytes = 64;

int64_t WeightGroups::panelRunBytes() const {
  return (8 + unpacker.scales * (unpacker.minima ? 2 : 1)) * kVectorBytes;
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
  load(run.scales, unpacker.scales, e.f32());
  load(run.minima, unpacker.minima ? unpacker.scales : 0, e.f32());
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
  if (scalesChunks()) {
    Values scales = scalesOf(e, memory, places);
    unscaled(e, memory, places, [&](int64_t k, ValueRange codes) {
      Values weights;
      for (auto [code, scale] : llvm::zip_equal(codes, scales))
        weights.push_back(scaled(e, code, scale));
      use(k, weights);
    });
    return;
  }
  // scale * code + bias. But for f32 scales, these have at most 17 bits and
  // codes at most 8, not both, so that products, and zeros times the scale, are
  // exact. With f32 scales the zero comes off the code.
  bool hasLongScales =
      encoding.isGrouped() &&
      (encoding.groups().scale == Encoding::F32 || encoding.groups().span != 0);
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
          if (hasLongScales && of.minima.empty())
            weights.push_back(e.mulf(
                of.scales[half],
                e.toFloat(e.addi(code, e.constantInt(-zero(), e.i32())))));
          else
            weights.push_back(
                e.fma(of.scales[half], e.toFloat(code), biases[g][half]));
        }
        use(32 * run + 4 * v + j, weights);
      }
  }
}

Values WeightGroups::scalesOf(Emitter &e, Value memory,
                              ArrayRef<Place> places) const {
  Values scales;
  for (const Place &place : places)
    scales.push_back(Reader{e, isa, memory, place, encoding}.scaleAt(
        place.header, encoding.groups().scale));
  return scales;
}

Value WeightGroups::scaled(Emitter &e, Value unscaled, Value scale) const {
  // Not times the scale first: that may be as large as f32 goes.
  if (encoding.groups().code == Encoding::Code::F8E4M3)
    unscaled = e.mulf(unscaled, e.constant(256, e.f32()));
  return e.mulf(unscaled, scale);
}

Values WeightGroups::unscaled(
    Emitter &e, Value memory, ArrayRef<Place> places,
    llvm::function_ref<void(int64_t, ValueRange)> use) const {
  const Encoding::Groups &groups = encoding.groups();
  auto kind = groups.code == Encoding::Code::F8E4M3 ? Encoding::F8E4M3
                                                    : Encoding::F8E5M2;
  Values codes;
  for (const Place &place : places) {
    // A block of one chunk begins with its scale.
    int64_t at = place.header == place.chunk
                     ? kLanes * infoOf(groups.scale).blockBytes
                     : 0;
    codes.push_back(e.add(place.chunk, at));
  }
  for (int64_t k = 0; k < chunkColumns(); ++k) {
    Values floats;
    for (auto [place, code] : llvm::zip_equal(places, codes))
      floats.push_back(Reader{e, isa, memory, place, encoding}.smallFloats(
          e.add(code, k * kLanes), kind));
    use(k, floats);
  }
  return scalesOf(e, memory, places);
}

} // namespace tombolo
