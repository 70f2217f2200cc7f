#include "Reference.h"
#include "RunCode.h"
#include "codegen/cpu/kernels/CausalConv.h"
#include "codegen/cpu/kernels/GatedDelta.h"
#include "gmock/gmock.h"

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

using Arguments = llvm::ArrayRef<mlir::BlockArgument>;

/// Bytes before the state, which begins where the runtime would have it begin.
constexpr int64_t kOffset = 192;

/// A state between bytes that nobody may touch.
class State {
public:
  explicit State(int64_t count) : memory(kOffset / 4 + count + 16, kGuard) {
    std::fill_n(memory.begin() + kOffset / 4, count, 0.0f);
  }
  void *data() { return memory.data(); }
  float operator[](int64_t i) const { return memory[kOffset / 4 + i]; }
  bool guardsStand() const {
    auto isGuard = [](float value) { return value == kGuard; };
    return std::all_of(memory.begin(), memory.begin() + kOffset / 4, isGuard) &&
           std::all_of(memory.end() - 16, memory.end(), isGuard);
  }

private:
  static constexpr float kGuard = 1e9f;
  std::vector<float> memory;
};

struct ConvCase {
  CausalConvSpec spec;
  int64_t rows;
};

void addConv(KernelModule &kernels, const std::string &name,
             const CausalConvSpec &spec) {
  kernels.add(name,
              {kernels.floats(), kernels.floats(), kernels.bytes(),
               kernels.floats(), kernels.index(), kernels.index()},
              0, [&](OpBuilder &b, Location loc, Arguments args) {
                CausalConvOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.x = args[2];
                in.weights = args[3];
                in.state = args[4];
                in.output = args[5];
                in.offset = args[6];
                in.rows = args[7];
                in.xStride = spec.channels + 5;
                in.outputStride = spec.channels + 3;
                buildCausalConv(b, loc, spec, in);
              });
}

void checkConvs(const CpuLevel &level, const std::vector<ConvCase> &cases) {
  KernelModule kernels;
  for (size_t i = 0; i < cases.size(); ++i)
    addConv(kernels, "k" + std::to_string(i), cases[i].spec);
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  for (size_t i = 0; i < cases.size(); ++i) {
    auto [spec, rows] = cases[i];
    int64_t xStride = spec.channels + 5, outStride = spec.channels + 3;
    std::vector<float> x = randomFloats(rows * xStride, i);
    std::vector<float> w = randomFloats(spec.channels * spec.taps, i + 1);
    std::vector<float> out(rows * outStride, -9);
    State state((spec.taps - 1) * spec.channels);
    // In two steps, each by two threads.
    int64_t cut = rows / 3, units = causalConvUnits(spec), part = units / 2;
    for (auto [first, count] :
         {std::pair(int64_t(0), cut), std::pair(cut, rows - cut)})
      for (auto [begin, end] :
           {std::pair(part, units), std::pair(int64_t(0), part)})
        code.run(i,
                 {&x[first * xStride], w.data(), state.data(),
                  &out[first * outStride]},
                 {kOffset, count}, begin, end);
    auto row = [&](int64_t t, int64_t c) {
      return t < 0 ? 0.0f : x[t * xStride + c];
    };
    RelativeError error;
    for (int64_t t = 0; t < rows; ++t) {
      for (int64_t c = 0; c < spec.channels; ++c) {
        double sum = 0;
        for (int64_t j = 0; j < spec.taps; ++j)
          sum += double(w[c * spec.taps + j]) * row(t - spec.taps + 1 + j, c);
        error.add(out[t * outStride + c], sum);
      }
      for (int64_t c = spec.channels; c < outStride; ++c)
        ASSERT_EQ(out[t * outStride + c], -9);
    }
    EXPECT_LT(error.value(), 1e-6)
        << spec.channels << " channels, " << spec.taps << " taps, " << rows;
    for (int64_t j = 0; j < spec.taps - 1; ++j)
      for (int64_t c = 0; c < spec.channels; ++c)
        ASSERT_EQ(state[j * spec.channels + c],
                  row(rows - spec.taps + 1 + j, c));
    EXPECT_TRUE(state.guardsStand());
  }
}

struct DeltaCase {
  GatedDeltaSpec spec;
  int64_t rows;
};

void addDelta(KernelModule &kernels, const std::string &name,
              const CpuLevel &level, const GatedDeltaSpec &spec) {
  std::vector<mlir::Type> types(5, kernels.floats());
  types.insert(types.end(), {kernels.bytes(), kernels.floats(), kernels.index(),
                             kernels.index()});
  kernels.add(name, types, gatedDeltaScratchBytes(spec),
              [&](OpBuilder &b, Location loc, Arguments args) {
                GatedDeltaOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.query = args[2];
                in.key = args[3];
                in.value = args[4];
                in.decay = args[5];
                if (spec.corrects)
                  in.beta = args[6];
                in.state = args[7];
                in.output = args[8];
                in.offset = args[9];
                in.rows = args[10];
                if (spec.manyRows)
                  in.scratch = args[11];
                in.queryStride = spec.keyHeads * spec.keyColumns + 1;
                in.keyStride = spec.keyHeads * spec.keyColumns + 2;
                in.valueStride = spec.heads * spec.valueColumns + 3;
                in.decayStride = spec.heads + 4;
                in.betaStride = spec.heads + 5;
                in.outputStride = spec.heads * spec.valueColumns + 6;
                buildGatedDelta(b, loc, level, spec, in);
              });
}

void checkDeltas(const CpuLevel &level, const std::vector<DeltaCase> &cases) {
  KernelModule kernels;
  for (size_t i = 0; i < cases.size(); ++i)
    addDelta(kernels, "k" + std::to_string(i), level, cases[i].spec);
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  for (size_t i = 0; i < cases.size(); ++i) {
    auto [spec, rows] = cases[i];
    int64_t dk = spec.keyColumns, dv = spec.valueColumns;
    int64_t qStride = spec.keyHeads * dk + 1, kStride = spec.keyHeads * dk + 2,
            vStride = spec.heads * dv + 3, decayStride = spec.heads + 4,
            betaStride = spec.heads + 5, outStride = spec.heads * dv + 6;
    // Keys of length one, as models make them: the rule is stable.
    std::vector<float> q = randomFloats(rows * qStride, i, 1 / std::sqrt(dk));
    std::vector<float> k =
        randomFloats(rows * kStride, i + 1, 1 / std::sqrt(dk));
    std::vector<float> v = randomFloats(rows * vStride, i + 2);
    std::vector<float> decay = randomFloats(rows * decayStride, i + 3);
    std::vector<float> beta = randomFloats(rows * betaStride, i + 4);
    for (float &d : decay)
      d = -std::abs(d);
    for (float &b : beta)
      b = 1 / (1 + std::exp(-b));
    std::vector<float> out(rows * outStride, -9);
    State state(spec.heads * dk * dv);
    // Of one row at a time, or in two steps; each by two threads.
    std::vector<std::pair<int64_t, int64_t>> steps = {
        {0, rows / 3}, {rows / 3, rows - rows / 3}};
    if (!spec.manyRows) {
      steps.clear();
      for (int64_t t = 0; t < rows; ++t)
        steps.emplace_back(t, 1);
    }
    int64_t units = gatedDeltaUnits(spec), part = units / 2;
    for (auto [first, count] : steps)
      for (auto [begin, end] :
           {std::pair(part, units), std::pair(int64_t(0), part)})
        code.run(i,
                 {&q[first * qStride], &k[first * kStride], &v[first * vStride],
                  &decay[first * decayStride], &beta[first * betaStride],
                  state.data(), &out[first * outStride]},
                 {kOffset, count}, begin, end);
    RelativeError error, stateError;
    for (int64_t h = 0; h < spec.heads; ++h) {
      int64_t g = h / (spec.heads / spec.keyHeads);
      std::vector<double> s(dk * dv), seen(dv), read(dv);
      for (int64_t t = 0; t < rows; ++t) {
        const float *key = &k[t * kStride + g * dk];
        const float *query = &q[t * qStride + g * dk];
        double keep = std::exp(double(decay[t * decayStride + h]));
        std::fill(seen.begin(), seen.end(), 0);
        std::fill(read.begin(), read.end(), 0);
        for (int64_t c = 0; c < dk; ++c)
          for (int64_t d = 0; d < dv; ++d) {
            s[c * dv + d] *= keep;
            seen[d] += s[c * dv + d] * key[c];
          }
        for (int64_t c = 0; c < dk; ++c)
          for (int64_t d = 0; d < dv; ++d) {
            double delta = v[t * vStride + h * dv + d];
            if (spec.corrects)
              delta = beta[t * betaStride + h] * (delta - seen[d]);
            s[c * dv + d] += key[c] * delta;
            read[d] += s[c * dv + d] * query[c];
          }
        for (int64_t d = 0; d < dv; ++d)
          error.add(out[t * outStride + h * dv + d], read[d]);
      }
      for (int64_t j = 0; j < dk * dv; ++j)
        stateError.add(state[h * dk * dv + j], s[j]);
    }
    std::string what =
        std::to_string(spec.heads) + "/" + std::to_string(spec.keyHeads) +
        " heads of " + std::to_string(dk) + "x" + std::to_string(dv) + " by " +
        std::to_string(spec.columns) + ", " + std::to_string(rows) + " rows" +
        (spec.manyRows ? "" : " one by one") +
        (spec.corrects ? "" : ", without correction");
    EXPECT_LT(error.value(), 2e-6) << what;
    EXPECT_LT(stateError.value(), 2e-6) << what;
    EXPECT_TRUE(state.guardsStand()) << what;
    for (int64_t t = 0; t < rows; ++t)
      for (int64_t c = spec.heads * dv; c < outStride; ++c)
        ASSERT_EQ(out[t * outStride + c], -9) << what;
  }
}

class RecurrenceLevels : public testing::TestWithParam<std::string> {};

TEST_P(RecurrenceLevels, ConvolutionMatchesFloat64) {
  std::vector<ConvCase> cases;
  // Fewer rows than taps in a step, and channels that fill no vector.
  for (int64_t channels : {1, 15, 16, 45, 128, 131})
    for (auto [taps, rows] : {std::pair(int64_t(4), int64_t(9)),
                              {int64_t(2), int64_t(1)},
                              {int64_t(4), int64_t(3)},
                              {int64_t(7), int64_t(5)}})
      cases.push_back({{channels, taps, channels > 64 ? 64 : 16}, rows});
  cases.push_back({{33, 16, 16}, 40});
  checkConvs(levelNamed(GetParam()), cases);
}

std::vector<DeltaCase> deltaCases(bool corrects) {
  std::vector<DeltaCase> cases;
  for (bool many : {false, true}) {
    cases.push_back({{2, 1, 8, 8, 8, many, corrects}, 5});
    cases.push_back({{4, 2, 16, 16, 32, many, corrects}, 7});
    cases.push_back({{3, 3, 13, 7, 32, many, corrects}, 6});
    // Whole programs, and one of fewer columns.
    cases.push_back({{4, 2, 33, 40, 32, many, corrects}, 4});
    cases.push_back({{6, 2, 24, 27, 16, many, corrects}, 3});
    cases.push_back({{1, 1, 1, 1, 32, many, corrects}, 3});
    cases.push_back({{2, 1, 128, 128, 32, many, corrects}, 10});
  }
  return cases;
}

TEST_P(RecurrenceLevels, DeltaRuleMatchesFloat64) {
  checkDeltas(levelNamed(GetParam()), deltaCases(/*corrects=*/true));
}

TEST_P(RecurrenceLevels, SelectiveScanMatchesFloat64) {
  checkDeltas(levelNamed(GetParam()), deltaCases(/*corrects=*/false));
}

INSTANTIATE_TEST_SUITE_P(All, RecurrenceLevels,
                         testing::ValuesIn(runnableLevels()), levelTestName);

/// Code of every level, which not every machine can run.
class RecurrenceEveryLevel : public testing::TestWithParam<std::string> {};

TEST_P(RecurrenceEveryLevel, Compiles) {
  CpuLevel level = levelNamed(GetParam());
  KernelModule kernels;
  addConv(kernels, "conv", {131, 4, 64});
  for (bool many : {false, true})
    for (bool corrects : {false, true})
      addDelta(kernels,
               std::string(many ? "many" : "one") + (corrects ? "" : "_scan"),
               level, {4, 2, 33, 40, kDeltaColumns, many, corrects});
  Result<CodeBlob> blob = kernels.emit(level);
  EXPECT_TRUE(blob.ok()) << blob.error().str();
}

INSTANTIATE_TEST_SUITE_P(All, RecurrenceEveryLevel,
                         testing::ValuesIn(allLevels()), levelTestName);

TEST(CausalConv, RefusesWhatItHasNoKernelFor) {
  CausalConvSpec spec{128, 4, 64};
  EXPECT_TRUE(checkCausalConv(spec).ok());
  EXPECT_EQ(causalConvUnits(spec), 2);
  spec.taps = 17;
  EXPECT_EQ(checkCausalConv(spec).error().message,
            "convolution of 128 channels: expects 2 to 16 taps, but got 17");
  spec.taps = 4;
  spec.columns = 24;
  EXPECT_THAT(checkCausalConv(spec).error().message,
              HasSubstr("expects programs of a multiple of 16 channels, but "
                        "got 24"));
  spec.columns = 16;
  spec.channels = 0;
  EXPECT_THAT(checkCausalConv(spec).error().message,
              HasSubstr("expects 1 to 2^31 channels"));
}

TEST(GatedDelta, RefusesImpossibleSpecs) {
  GatedDeltaSpec spec{4, 2, 16, 40, 32, true};
  EXPECT_TRUE(checkGatedDelta(spec).ok());
  EXPECT_EQ(gatedDeltaUnits(spec), 8);
  EXPECT_EQ(gatedDeltaScratchBytes(spec), 16 * 32 * 4);
  GatedDeltaSpec odd = spec;
  odd.keyHeads = 3;
  EXPECT_EQ(checkGatedDelta(odd).error().message,
            "delta rule of 4 heads over 3: expects a whole number of value "
            "heads for each");
  odd = spec;
  odd.keyColumns = 0;
  EXPECT_THAT(checkGatedDelta(odd).error().message,
              HasSubstr("heads and head sizes between 1 and 65536, but got 0"));
  odd = spec;
  odd.columns = 0;
  EXPECT_THAT(checkGatedDelta(odd).error().message,
              HasSubstr("expects programs of a column or more, but got 0"));
}

} // namespace
