#include "bench/KernelBench.h"
#include "codegen/cpu/kernels/CausalConv.h"
#include "codegen/cpu/kernels/GatedDelta.h"
#include "test/unit/codegen/cpu/Reference.h"
#include "test/unit/codegen/cpu/RunCode.h"

using namespace tombolo;
using namespace tombolo::bench;
using namespace tombolo::test;

/// More than caches hold, as the states of a model's many layers are.
static constexpr int64_t kStateBytes = int64_t(96) << 20;

namespace {
/// A recurrence of one layer, over the states of as many layers as fill the
/// memory above.
struct Recurrence {
  int64_t rows, programs;
  /// Bytes of one state, and how many there are.
  int64_t stateBytes, layers;
  std::unique_ptr<MappedCode> code;
  std::vector<std::vector<float>> operands;
  std::vector<std::byte> states;
  std::vector<float> output;
  Limits limits;

  void fill(int64_t outputs);
  void run(int64_t layer);
};
} // namespace

void Recurrence::fill(int64_t outputs) {
  layers = rows > 1 ? 1 : std::max<int64_t>(1, kStateBytes / stateBytes);
  states.resize(stateBytes * layers);
  output.resize(outputs);
  limits = measureLimits();
}

void Recurrence::run(int64_t layer) {
  std::vector<void *> buffers;
  for (std::vector<float> &operand : operands)
    buffers.push_back(operand.data());
  buffers.push_back(states.data() + layer * stateBytes);
  buffers.push_back(output.data());
  code->run(0, buffers, {rows}, 0, programs);
}

/// The kernel of a module that has one.
static std::unique_ptr<MappedCode> codeOf(KernelModule &kernels,
                                          benchmark::State &state) {
  Result<CodeBlob> blob = kernels.emit(level());
  if (blob)
    return std::make_unique<MappedCode>(std::move(*blob));
  state.SkipWithError(blob.error().str().c_str());
  return nullptr;
}

static void runConv(benchmark::State &state, const std::string &name,
                    const CausalConvSpec &spec, int64_t rows) {
  Recurrence &layer = keptFor<Recurrence>(name, [&] {
    KernelModule kernels;
    kernels.add("conv",
                {kernels.floats(), kernels.floats(), kernels.bytes(),
                 kernels.floats(), kernels.index()},
                0,
                [&](OpBuilder &b, Location loc,
                    llvm::ArrayRef<mlir::BlockArgument> args) {
                  CausalConvOperands in;
                  in.begin = args[0];
                  in.end = args[1];
                  in.x = args[2];
                  in.weights = args[3];
                  in.state = args[4];
                  in.output = args[5];
                  in.rows = args[6];
                  in.offset = Emitter(b, loc).index(int64_t(0));
                  in.xStride = in.outputStride = spec.channels + 16;
                  buildCausalConv(b, loc, spec, in);
                });
    auto made = std::make_unique<Recurrence>();
    made->code = codeOf(kernels, state);
    made->rows = rows;
    made->programs = causalConvUnits(spec);
    made->stateBytes = 4 * spec.channels * (spec.taps - 1);
    made->operands = {randomFloats(rows * (spec.channels + 16), 1),
                      randomFloats(spec.channels * spec.taps, 2)};
    made->fill(rows * (spec.channels + 16));
    return made;
  });
  if (!layer.code)
    return;
  double numbers = double(spec.channels) * double(spec.taps);
  measure(state,
          {2 * numbers * double(rows), 2 * double(layer.stateBytes),
           layer.limits.f32Operations},
          layer.limits, layer.layers, [&](int64_t copy) { layer.run(copy); });
}

static void runDelta(benchmark::State &state, const std::string &name,
                     const GatedDeltaSpec &spec, int64_t rows) {
  int64_t keyStride = spec.keyHeads * spec.keyColumns + 16;
  int64_t valueStride = spec.heads * spec.valueColumns + 16;
  Recurrence &layer = keptFor<Recurrence>(name, [&] {
    KernelModule kernels;
    std::vector<mlir::Type> types(5, kernels.floats());
    types.insert(types.end(),
                 {kernels.bytes(), kernels.floats(), kernels.index()});
    kernels.add("delta", types, gatedDeltaScratchBytes(spec),
                [&](OpBuilder &b, Location loc,
                    llvm::ArrayRef<mlir::BlockArgument> args) {
                  GatedDeltaOperands in;
                  in.begin = args[0];
                  in.end = args[1];
                  in.query = args[2];
                  in.key = args[3];
                  in.value = args[4];
                  in.decay = args[5];
                  in.beta = args[6];
                  in.state = args[7];
                  in.output = args[8];
                  in.rows = args[9];
                  if (spec.manyRows)
                    in.scratch = args[10];
                  in.offset = Emitter(b, loc).index(int64_t(0));
                  in.queryStride = in.keyStride = keyStride;
                  in.valueStride = in.outputStride = valueStride;
                  in.decayStride = in.betaStride = spec.heads;
                  buildGatedDelta(b, loc, level(), spec, in);
                });
    auto made = std::make_unique<Recurrence>();
    made->code = codeOf(kernels, state);
    made->rows = rows;
    made->programs = gatedDeltaUnits(spec);
    made->stateBytes = 4 * spec.heads * spec.keyColumns * spec.valueColumns;
    float scale = 1 / std::sqrt(float(spec.keyColumns));
    made->operands = {randomFloats(rows * keyStride, 1, scale),
                      randomFloats(rows * keyStride, 2, scale),
                      randomFloats(rows * valueStride, 3),
                      std::vector<float>(rows * spec.heads, -0.1f),
                      std::vector<float>(rows * spec.heads, 0.5f)};
    made->fill(rows * valueStride);
    return made;
  });
  if (!layer.code)
    return;
  double numbers = double(layer.stateBytes) / 4;
  measure(state,
          {7 * numbers * double(rows), 2 * double(layer.stateBytes),
           layer.limits.f32Operations},
          layer.limits, layer.layers, [&](int64_t copy) { layer.run(copy); });
}

void tombolo::bench::registerRecurrences() {
  // Those of Qwen3-Next and Qwen3.5.
  for (int64_t rows : {1, 256}) {
    std::string conv = "causal_conv/8192x4/rows:" + std::to_string(rows);
    benchmark::RegisterBenchmark(conv.c_str(), [=](benchmark::State &state) {
      runConv(state, conv, {8192, 4, kConvolutionColumns}, rows);
    })->Unit(benchmark::kMicrosecond);
    std::string delta =
        "gated_delta/32/16x128x128/rows:" + std::to_string(rows);
    benchmark::RegisterBenchmark(delta.c_str(), [=](benchmark::State &state) {
      runDelta(state, delta, {32, 16, 128, 128, kDeltaColumns, rows > 1}, rows);
    })->Unit(benchmark::kMicrosecond);
  }
}
