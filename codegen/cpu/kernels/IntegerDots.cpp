#include "codegen/cpu/kernels/IntegerDots.h"

using namespace mlir;

namespace tombolo {

using Form = DotInstructions::Form;

IntegerDots::IntegerDots(Emitter &e, const Isa &isa, int64_t planes,
                         int64_t largestCode, int64_t zero)
    : e(e), dot(isa.dots()), form(isa.recordForm(planes)), planes(planes),
      startZero(zero) {
  // Signed codes: the upper half of the unsigned ones turn around.
  flipsCodes = dot.form == Form::SignedDot && largestCode > 127;
  if (flipsCodes) {
    assert(zero == 128 && "codes of 8 bits stand for themselves minus 128");
    startZero = 0;
  }
  // A pair is two products with values from -128 to 127; the instruction
  // saturates, so that a sum must fit in any case.
  mostPairSteps = 32767 / (2 * 128 * largestCode);
  if (dot.form == Form::Pairs && (form.words || mostPairSteps == 0))
    dot.form = Form::Words;
  // A run is 8 steps of two products.
  keepsUpper = dot.form == Form::Words && form.words &&
               16 * 256 * largestCode * form.largest() <= INT32_MAX;
}

VectorType IntegerDots::words() const {
  return VectorType::get({dot.bytes / 2}, e.b.getI16Type());
}

Value IntegerDots::part(Value vector, int64_t number) const {
  auto type = cast<VectorType>(vector.getType());
  int64_t lanes = type.getNumElements() / parts();
  if (parts() == 1)
    return vector;
  return vector::ExtractStridedSliceOp::create(e.b, e.loc, vector,
                                               number * lanes, lanes, 1);
}

Value IntegerDots::pairSums(Value words, Value others) const {
  return e.intrinsic(dot.pairSums, integers(), {words, others});
}

IntegerDots::Codes IntegerDots::codes(Value vector) const {
  Codes result;
  if (flipsCodes)
    vector = arith::XOrIOp::create(e.b, e.loc, vector,
                                   e.constantInt(-128, vector.getType()));
  for (int64_t i = 0; i < parts(); ++i) {
    Value bytes = part(vector, i);
    Values &forms = result.bytes.emplace_back();
    if (dot.form == Form::Words) {
      Value pairs = e.bitcast(words(), bytes);
      forms = {e.andi(pairs, 255),
               keepsUpper ? e.andi(pairs, -256) : e.shiftRight(pairs, 8)};
    } else if (dot.form == Form::Multiplies) {
      Value dwords = e.bitcast(integers(), bytes);
      for (int64_t j = 0; j < 4; ++j) {
        Value code = j ? e.shiftRight(dwords, 8 * j) : dwords;
        forms.push_back(j < 3 ? e.andi(code, 255) : code);
      }
    } else {
      forms = {bytes};
    }
  }
  return result;
}

IntegerDots::Factors IntegerDots::factors(Value memory,
                                          llvm::ArrayRef<Value> offsets) const {
  Values dwords;
  for (Value offset : offsets)
    dwords.push_back(e.loadSplat(memory, offset, integers()));
  Factors result;
  if (form.words) {
    for (Value dword : dwords)
      result.bytes.push_back(e.bitcast(words(), dword));
    return result;
  }
  // low + 256 * high, of the bytes that are even and odd, or first to last.
  if (dot.form == Form::Words) {
    Value low = e.bitcast(words(), dwords[0]);
    result.bytes = {e.shiftRightSigned(e.shiftLeft(low, 8), 8),
                    e.shiftRightSigned(low, 8)};
    if (planes == 2) {
      Value high = e.bitcast(words(), dwords[1]);
      result.bytes[0] = e.addi(result.bytes[0], e.shiftLeft(high, 8));
      result.bytes[1] = e.addi(result.bytes[1], e.andi(high, -256));
    }
    return result;
  }
  if (dot.form == Form::Multiplies) {
    for (int64_t j = 0; j < 4; ++j) {
      auto byte = [&](Value dword, int64_t shift) {
        Value top = j < 3 ? e.shiftLeft(dword, 24 - 8 * j) : dword;
        return e.shiftRightSigned(top, shift);
      };
      Value value = byte(dwords[0], 24);
      if (planes == 2)
        value = e.addi(value, e.andi(byte(dwords[1], 16), -256));
      result.bytes.push_back(value);
    }
    return result;
  }
  for (Value dword : dwords)
    result.bytes.push_back(e.bitcast(e.i8(dot.bytes), dword));
  return result;
}

IntegerDots::Sum IntegerDots::start(Value first) const {
  Sum sum;
  Value zero = e.constantInt(0, integers());
  for (int64_t i = 0; i < parts(); ++i) {
    sum.low.push_back(part(first, i));
    if (keepsUpper || (planes == 2 && !joinsPlanes()))
      sum.high.push_back(zero);
  }
  return sum;
}

void IntegerDots::add(Sum &sum, const Codes &codes,
                      const Factors &factors) const {
  bool first = sum.pairSteps == 0;
  for (int64_t plane = 0; plane < (joinsPlanes() ? 1 : planes); ++plane) {
    Values &sums = plane ? sum.high : sum.low;
    Values &pairs = plane ? sum.highPairs : sum.lowPairs;
    if (first)
      pairs.clear();
    for (int64_t i = 0; i < parts(); ++i) {
      const Values &forms = codes.bytes[i];
      switch (dot.form) {
      case Form::UnsignedDot:
      case Form::SignedDot:
        sums[i] = e.intrinsic(dot.dot, integers(),
                              {sums[i], forms[0], factors.bytes[plane]});
        break;
      case Form::Pairs: {
        Value products =
            e.intrinsic(dot.dot, words(), {forms[0], factors.bytes[plane]});
        if (first)
          pairs.push_back(products);
        else
          pairs[i] = e.addi(pairs[i], products);
        break;
      }
      case Form::Words:
        for (int64_t j = 0; j < 2; ++j) {
          Value &sumOf = j && keepsUpper ? sum.high[i] : sums[i];
          sumOf = e.addi(sumOf, pairSums(forms[j], factors.bytes[j]));
        }
        break;
      case Form::Multiplies:
        for (int64_t j = 0; j < 4; ++j)
          sums[i] = e.addi(sums[i], e.muli(forms[j], factors.bytes[j]));
        break;
      }
    }
  }
  if (dot.form == Form::Pairs && ++sum.pairSteps == mostPairSteps)
    flush(sum);
}

void IntegerDots::flush(Sum &sum) const {
  Value ones = e.constantInt(1, words());
  for (auto [sums, pairs] : {std::pair(&sum.low, &sum.lowPairs),
                             std::pair(&sum.high, &sum.highPairs)}) {
    for (size_t i = 0; i < pairs->size(); ++i)
      (*sums)[i] = e.addi((*sums)[i], pairSums((*pairs)[i], ones));
    pairs->clear();
  }
  sum.pairSteps = 0;
}

Value IntegerDots::finish(Sum &sum) const {
  flush(sum);
  Values both;
  for (int64_t i = 0; i < parts(); ++i)
    both.push_back(sum.high.empty() ? sum.low[i]
                   : keepsUpper
                       ? e.addi(e.shiftRightSigned(sum.high[i], 8), sum.low[i])
                       : e.addi(e.shiftLeft(sum.high[i], 8), sum.low[i]));
  // Side by side, two and two.
  while (both.size() > 1) {
    Values joined;
    for (size_t i = 0; i < both.size(); i += 2) {
      SmallVector<int64_t> lanes;
      int64_t count = cast<VectorType>(both[i].getType()).getNumElements();
      for (int64_t lane = 0; lane < 2 * count; ++lane)
        lanes.push_back(lane);
      joined.push_back(
          vector::ShuffleOp::create(e.b, e.loc, both[i], both[i + 1], lanes));
    }
    both = std::move(joined);
  }
  return both.front();
}

} // namespace tombolo
