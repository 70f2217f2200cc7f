#include "codegen/cpu/kernels/ExpertLinear.h"
#include "Reference.h"
#include "RunCode.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/packing/PackR16.h"
#include "gmock/gmock.h"
#include <numeric>

using namespace tombolo;
using namespace tombolo::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct Case {
  ExpertLinearSpec spec;
  int64_t tokens;
  double tolerance;
  bool bias = false;
};

std::string describe(const Case &c) {
  const ExpertLinearSpec &spec = c.spec;
  return std::string(infoOf(spec.encoding).name) + " " +
         std::to_string(c.tokens) + " tokens, " + std::to_string(spec.choices) +
         " of " + std::to_string(spec.experts) + " " +
         std::to_string(spec.outRows) + "x" + std::to_string(spec.inColumns) +
         " planes " + std::to_string(planesOf(spec.activations)) +
         (spec.perChoice ? " per choice" : "") + (c.bias ? " bias" : "");
}

/// Arguments: x, weights, routes, out, bias.
void addKernel(KernelModule &kernels, const std::string &name,
               const CpuLevel &level, const Case &c, int64_t xStride,
               int64_t outStride) {
  kernels.add(name,
              {kernels.floats(), kernels.bytes(), kernels.buffer(32),
               kernels.floats(), kernels.floats(), kernels.index()},
              expertLinearScratchBytes(level, c.spec),
              [&](OpBuilder &b, Location loc,
                  llvm::ArrayRef<mlir::BlockArgument> args) {
                ExpertLinearOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.x = args[2];
                in.weights = args[3];
                in.routes = args[4];
                in.output = args[5];
                if (c.bias)
                  in.bias = args[6];
                in.xStride = xStride;
                in.outputStride = outStride;
                in.tokens = args[7];
                in.scratch = args[8];
                buildExpertLinear(b, loc, level, c.spec, in);
              });
}

void addGrouping(KernelModule &kernels, const std::string &name,
                 int64_t experts, int64_t choices, int64_t idsStride) {
  kernels.add(name, {kernels.buffer(32), kernels.buffer(32), kernels.index()},
              0,
              [&](OpBuilder &b, Location loc,
                  llvm::ArrayRef<mlir::BlockArgument> args) {
                buildGroupChoices(b, loc, experts, choices, args[4], args[2],
                                  idsStride, args[3]);
              });
}

/// Ids of all kinds: any expert, none, and the same one twice.
std::vector<int32_t> idsFor(const Case &c, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids(c.tokens * c.spec.choices);
  if (c.spec.isFixed) // what they are without being told
    for (size_t i = 0; i < ids.size(); ++i)
      ids[i] = i % c.spec.choices;
  else
    for (int32_t &id : ids)
      id = random() % 7 == 0 ? -1 : int32_t(random() % c.spec.experts);
  return ids;
}

void check(const CpuLevel &level, const std::vector<Case> &cases) {
  KernelModule kernels;
  auto strides = [](const Case &c) {
    return std::pair(
        rowStride(c.spec.inColumns * (c.spec.perChoice ? c.spec.choices : 1)),
        rowStride(c.spec.outRows * c.spec.choices));
  };
  for (const Case &c : cases) {
    Status ok = checkExpertLinear(c.spec);
    ASSERT_TRUE(ok.ok()) << describe(c) << ok.error().str();
    auto [xStride, outStride] = strides(c);
    addKernel(kernels, describe(c), level, c, xStride, outStride);
    addGrouping(kernels, describe(c) + " group", c.spec.experts, c.spec.choices,
                c.spec.choices);
  }
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));

  for (size_t i = 0; i < cases.size(); ++i) {
    const Case &c = cases[i];
    const ExpertLinearSpec &spec = c.spec;
    auto [xStride, outStride] = strides(c);
    uint64_t each = *expertBytes(spec.encoding, spec.outRows, spec.inColumns);
    std::vector<int32_t> ids = idsFor(c, i + 5);
    // The matrices of experts that nobody chose are never read: they are not
    // even there.
    std::vector<std::byte> packed(each * spec.experts, std::byte(0xff));
    std::vector<std::vector<float>> weights(spec.experts);
    for (int64_t e = 0; e < spec.experts; ++e) {
      auto raw = randomWeights(spec.encoding, spec.outRows * spec.inColumns,
                               unsigned(i * 31 + e + 1));
      weights[e] = decoded(spec.encoding, raw);
      if (std::find(ids.begin(), ids.end(), e) != ids.end())
        ASSERT_TRUE(packR16(spec.encoding, spec.outRows, spec.inColumns, raw,
                            std::span(packed).subspan(e * each, each))
                        .ok());
    }
    std::vector<float> x = randomFloats(c.tokens * xStride, unsigned(i + 77));
    std::vector<float> bias =
        randomFloats(spec.experts * spec.outRows + 16, unsigned(i + 99));
    std::vector<float> before(c.tokens * outStride, 1e9f), out = before;
    std::vector<int32_t> order(spec.experts + 2 + ids.size());
    if (spec.manyRows)
      code.run(2 * i + 1, {ids.data(), order.data()}, {c.tokens}, 0, 1);
    void *routes = spec.isFixed    ? nullptr
                   : spec.manyRows ? order.data()
                                   : ids.data();
    int64_t units = expertLinearUnits(spec), cut = units / 3;
    for (auto [begin, end] :
         {std::pair(cut, units), std::pair(int64_t(0), cut)})
      code.run(2 * i,
               {x.data(), packed.data(), routes, out.data(), bias.data()},
               {c.tokens}, begin, end);
    RelativeError error;
    for (int64_t t = 0; t < c.tokens; ++t) {
      for (int64_t j = 0; j < spec.choices; ++j) {
        int32_t expert = ids[t * spec.choices + j];
        const float *row =
            &x[t * xStride + (spec.perChoice ? j * spec.inColumns : 0)];
        for (int64_t n = 0; n < spec.outRows; ++n) {
          float got = out[t * outStride + j * spec.outRows + n];
          if (expert < 0) {
            ASSERT_EQ(got, 0) << describe(c);
            continue;
          }
          double sum = c.bias ? bias[expert * spec.outRows + n] : 0;
          for (int64_t k = 0; k < spec.inColumns; ++k)
            sum += double(row[k]) * weights[expert][n * spec.inColumns + k];
          error.add(got, sum);
        }
      }
      // Nothing behind a row is touched.
      for (int64_t n = spec.outRows * spec.choices; n < outStride; ++n)
        ASSERT_EQ(out[t * outStride + n], before[t * outStride + n])
            << describe(c);
    }
    EXPECT_LT(error.value(), c.tolerance) << describe(c);
  }
}

ExpertLinearSpec specOf(int64_t experts, int64_t choices, int64_t out,
                        int64_t in, Encoding encoding, ActivationForm form,
                        bool manyRows, bool perChoice) {
  ExpertLinearSpec spec{experts, choices, out, in, encoding, form, 32};
  spec.manyRows = manyRows;
  spec.perChoice = perChoice;
  return spec;
}

class ExpertLevels : public testing::TestWithParam<std::string> {};

TEST_P(ExpertLevels, MatchFloat64) {
  std::vector<Case> cases;
  for (Encoding encoding : {Encoding::F32, Encoding::BF16, Encoding::Q8_0})
    for (bool perChoice : {false, true}) {
      // Outputs that end inside of a vector, next to those of another choice.
      for (int64_t out : {40, 32, 7})
        cases.push_back({specOf(5, 3, out, 64, encoding, ActivationForm::F32,
                                false, perChoice),
                         1, 2e-6, out == 40});
      cases.push_back(
          {specOf(5, 3, 40, 96, encoding, ActivationForm::F32, true, perChoice),
           11, 2e-6, perChoice});
    }
  // One expert for all tokens: more rows than are gathered at a time.
  cases.push_back(
      {specOf(1, 1, 16, 32, Encoding::F32, ActivationForm::F32, true, false),
       131, 2e-6});
  // More than one program of columns for each, and rows that fill no vector.
  cases.push_back(
      {specOf(3, 2, 100, 13, Encoding::BF16, ActivationForm::F32, true, false),
       40, 2e-6, true});
  check(levelNamed(GetParam()), cases);
}

TEST_P(ExpertLevels, FixedChoices) {
  std::vector<Case> cases;
  for (auto [manyRows, tokens] :
       {std::pair(false, int64_t(1)), std::pair(true, int64_t(3)),
        std::pair(true, int64_t(70))})
    for (ActivationForm form : {ActivationForm::F32, ActivationForm::I16}) {
      cases.push_back({specOf(3, 3, 40, 96, Encoding::Q8_0, form, manyRows,
                              /*perChoice=*/true),
                       tokens, form == ActivationForm::F32 ? 2e-6 : 5e-5});
      cases.back().spec.isFixed = true;
    }
  check(levelNamed(GetParam()), cases);
}

TEST_P(ExpertLevels, Integers) {
  std::vector<Case> cases;
  for (ActivationForm form : {ActivationForm::I16, ActivationForm::I8})
    for (Encoding encoding : {Encoding::Q4_0, Encoding::MXFP4})
      for (auto [manyRows, tokens] :
           {std::pair(false, int64_t(1)), std::pair(true, int64_t(3)),
            std::pair(true, int64_t(70))})
        cases.push_back(
            {specOf(4, 2, 40, 96, encoding, form, manyRows, tokens == 3),
             tokens, form == ActivationForm::I16 ? 5e-5 : 2e-2});
  check(levelNamed(GetParam()), cases);
}

INSTANTIATE_TEST_SUITE_P(All, ExpertLevels, testing::ValuesIn(runnableLevels()),
                         levelTestName);

TEST(ExpertLinear, ChoicesAreSortedByExpert) {
  KernelModule kernels;
  addGrouping(kernels, "group", /*experts=*/3, /*choices=*/2, /*idsStride=*/4);
  CpuLevel level = levelNamed(runnableLevels().front());
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  // -1 and what is no expert stand behind all others; what lies between rows
  // counts for nothing.
  std::vector<int32_t> ids = {2, 0, 1, 1, -1, 2, 0, 0, 0, 9, 1, 1, 2, 2, 0, 0};
  std::vector<int32_t> order(5 + 8, -7);
  code.run(0, {ids.data(), order.data()}, {4}, 0, 1);
  EXPECT_THAT(order, ElementsAre(0, 2, 2, 6, 8, /*0:*/ 1, 4, /*2:*/ 0, 3, 6, 7,
                                 /*none:*/ 2, 5));
  std::vector<int32_t> empty(5, -7);
  code.run(0, {ids.data(), empty.data()}, {0}, 0, 1);
  EXPECT_THAT(empty, ElementsAre(0, 0, 0, 0, 0));
}

TEST(ExpertLinear, CountsUnits) {
  ExpertLinearSpec spec =
      specOf(5, 3, 40, 64, Encoding::F32, ActivationForm::F32, false, false);
  EXPECT_EQ(expertLinearUnits(spec), 2 * 3);
  spec.manyRows = true;
  EXPECT_EQ(expertLinearUnits(spec), 2 * 6);
  EXPECT_EQ(expertBytes(Encoding::Q4_0, 16, 32), 16u * 18 + 32);
}

TEST(ExpertLinear, RefusesWhatItHasNoKernelFor) {
  ExpertLinearSpec spec =
      specOf(5, 3, 40, 64, Encoding::F32, ActivationForm::F32, true, false);
  spec.columns = 16;
  EXPECT_THAT(
      checkExpertLinear(spec).error().message,
      HasSubstr("product with 5 experts: expects programs of a multiple "
                "of 32 columns, but got 16"));
  spec.columns = 32;
  spec.isFixed = true;
  EXPECT_THAT(checkExpertLinear(spec).error().message,
              HasSubstr("expects a choice for each expert, but got 3"));
  spec.isFixed = false;
  spec.experts = 0;
  EXPECT_THAT(checkExpertLinear(spec).error().message,
              HasSubstr("expects 1 to 2^24 experts"));
  spec.experts = 1 << 24;
  spec.outRows = spec.inColumns = int64_t(1) << 30;
  EXPECT_THAT(checkExpertLinear(spec).error().message,
              HasSubstr("expects matrices whose bytes fit 63 bits"));
  spec.encoding = Encoding::IQ2_S;
  EXPECT_THAT(checkExpertLinear(spec).error().message,
              HasSubstr("expects an encoding that has an interleaved form"));
}

} // namespace
