#include "codegen/cpu/kernels/CausalConv.h"

using namespace mlir;

namespace tombolo {

/// Weights of a vector of channels are loaded at once, and held in registers.
static constexpr int64_t kMostTaps = 16;

Status checkCausalConv(const CausalConvSpec &spec) {
  auto fail = [&](const std::string &message) {
    return Error("", "convolution of " + std::to_string(spec.channels) +
                         " channels: " + message);
  };
  constexpr int64_t kMost = int64_t(1) << 31;
  if (spec.channels < 1 || spec.channels > kMost)
    return fail("expects 1 to 2^31 channels");
  if (spec.taps < 2 || spec.taps > kMostTaps)
    return fail("expects 2 to " + std::to_string(kMostTaps) +
                " taps, but got " + std::to_string(spec.taps));
  if (spec.columns < 1 || spec.columns % kLanes != 0)
    return fail("expects programs of a multiple of 16 channels, but got " +
                std::to_string(spec.columns));
  return success();
}

int64_t causalConvUnits(const CausalConvSpec &spec) {
  return (spec.channels + spec.columns - 1) / spec.columns;
}

namespace {
class Convolution {
public:
  Convolution(OpBuilder &b, Location loc, const CausalConvSpec &spec,
              const CausalConvOperands &operands)
      : e(b, loc), spec(spec), in(operands) {}

  void build() {
    int64_t whole = spec.channels / kLanes * kLanes;
    e.loop(in.begin, in.end, 1, [&](Value program) {
      Value first = e.mul(program, spec.columns);
      Value last = e.add(first, spec.columns);
      e.loop(first, e.min(last, e.index(whole)), kLanes,
             [&](Value channel) { piece(channel, kLanes); });
      if (whole == spec.channels)
        return;
      e.ifThen(e.less(e.index(whole), last), [&] {
        for (Piece rest : piecesOf(spec.channels - whole))
          piece(e.index(whole + rest.offset), rest.lanes);
      });
    });
  }

private:
  /// Channels [channel, channel + lanes) of all rows.
  void piece(Value channel, int64_t lanes) {
    VectorType type = e.f32(lanes);
    // A row of taps for each channel becomes a vector for each tap.
    Value rows =
        e.load(in.weights, e.mul(channel, spec.taps), e.f32(lanes * spec.taps));
    Values weights, last;
    for (int64_t tap = 0; tap < spec.taps; ++tap) {
      SmallVector<int64_t> mask;
      for (int64_t lane = 0; lane < lanes; ++lane)
        mask.push_back(lane * spec.taps + tap);
      weights.push_back(
          vector::ShuffleOp::create(e.b, e.loc, type, rows, rows, mask));
    }
    auto place = [&](int64_t row) {
      return e.add(in.offset,
                   e.mul(e.add(channel, row * spec.channels), int64_t(4)));
    };
    for (int64_t row = 0; row < spec.taps - 1; ++row)
      last.push_back(e.loadBytes(in.state, place(row), type));
    last = e.loop(
        e.index(int64_t(0)), in.rows, 1, last, [&](Value t, ValueRange before) {
          Values seen(before);
          seen.push_back(
              e.load(in.x, e.add(e.mul(t, in.xStride), channel), type));
          Value sum = e.mulf(weights[0], seen[0]);
          for (int64_t tap = 1; tap < spec.taps; ++tap)
            sum = e.fma(weights[tap], seen[tap], sum);
          e.store(in.output, e.add(e.mul(t, in.outputStride), channel), sum);
          seen.erase(seen.begin());
          return seen;
        });
    for (int64_t row = 0; row < spec.taps - 1; ++row)
      e.storeBytes(in.state, place(row), last[row]);
  }

  Emitter e;
  const CausalConvSpec &spec;
  const CausalConvOperands &in;
};
} // namespace

void buildCausalConv(OpBuilder &b, Location loc, const CausalConvSpec &spec,
                     const CausalConvOperands &operands) {
  assert(checkCausalConv(spec).ok() && "the spec has a kernel");
  Convolution(b, loc, spec, operands).build();
}

} // namespace tombolo
