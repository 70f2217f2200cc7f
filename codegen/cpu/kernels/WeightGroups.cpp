#include "codegen/cpu/kernels/WeightGroups.h"
#include "codegen/cpu/packing/PackR16.h"

using namespace mlir;

namespace tombolo {

WeightGroups::WeightGroups(Encoding encoding) : encoding(encoding), step(0) {
  if (plain())
    step = encoding == Encoding::F32 ? 64 : 32;
}

WeightGroups WeightGroups::panel(int64_t groups) {
  WeightGroups result(Encoding::F32);
  result.step = 64 * groups;
  // Tiles of many rows are long enough without.
  result.unroll = 2;
  return result;
}

int64_t WeightGroups::blockBytes() const {
  if (plain())
    return step * blockColumns();
  return headerBytes() + (encoding == Encoding::Q8_0 ? 512 : 256);
}

Value WeightGroups::scale(Emitter &e, Value memory, Value offset) const {
  auto half = VectorType::get({kLanes}, e.b.getF16Type());
  return e.extend(e.loadBytes(memory, offset, half));
}

Value WeightGroups::minimum(Emitter &e, Value memory, Value offset) const {
  return scale(e, memory, e.add(offset, 32));
}

Values WeightGroups::codes(Emitter &e, Value memory, Value offset) const {
  Values result;
  int64_t vectors = encoding == Encoding::Q8_0 ? 8 : 4;
  for (int64_t v = 0; v < vectors; ++v)
    result.push_back(
        e.loadBytes(memory, e.add(offset, headerBytes() + 64 * v), e.i8(64)));
  if (vectors == 8)
    return result;
  VectorType words = VectorType::get({32}, e.b.getI16Type());
  for (int64_t v = 0; v < 4; ++v) {
    // Shifted as words: LLVM would make a shift of bytes a Galois field
    // product, which takes a multiplier's pipe.
    Value high = e.shiftRight(e.bitcast(words, result[v]), 4);
    result.push_back(e.andi(e.bitcast(e.i8(64), high), 15));
  }
  for (int64_t v = 0; v < 4; ++v)
    result[v] = e.andi(result[v], 15);
  return result;
}

void WeightGroups::dequantize(
    Emitter &e, Value memory, ValueRange offsets, int64_t columns,
    llvm::function_ref<void(int64_t, ValueRange)> use) const {
  if (plain()) {
    auto type = VectorType::get({kLanes}, e.plainType(encoding));
    for (int64_t k = 0; k < columns; ++k) {
      Values weights;
      for (Value offset : offsets)
        weights.push_back(
            e.extend(e.loadBytes(memory, e.add(offset, k * step), type)));
      use(k, weights);
    }
    return;
  }
  assert(columns == blockColumns() && "quantized blocks are whole");
  // scale * code + bias. Scales have 11 bits and codes at most 8, so that
  // products, and biases of a power of two times the scale, are exact.
  Values scales, biases;
  for (Value offset : offsets) {
    scales.push_back(scale(e, memory, offset));
    biases.push_back(
        hasMinimum() ? minimum(e, memory, offset)
                     : e.mulf(scales.back(),
                              e.constant(encoding == Encoding::Q8_0 ? -128 : -8,
                                         e.f32())));
  }
  int64_t bits = encoding == Encoding::Q8_0 ? 8 : 4;
  for (int64_t v = 0; v < (bits == 8 ? 8 : 4); ++v) {
    Values dwords;
    for (Value offset : offsets)
      dwords.push_back(
          e.loadBytes(memory, e.add(offset, headerBytes() + 64 * v), e.i32()));
    for (int64_t shift = 0; shift < 32; shift += bits) {
      int64_t k = 4 * v + shift / 8 + (shift % 8 ? 16 : 0);
      Values weights;
      for (size_t g = 0; g < dwords.size(); ++g) {
        Value code = e.shiftRight(dwords[g], shift);
        if (shift + bits < 32)
          code = e.andi(code, (1 << bits) - 1);
        weights.push_back(e.fma(scales[g], e.toFloat(code), biases[g]));
      }
      use(k, weights);
    }
  }
}

} // namespace tombolo
