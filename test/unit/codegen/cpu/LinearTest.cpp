#include "codegen/cpu/kernels/Linear.h"
#include "Reference.h"
#include "RunCode.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/packing/PackR16.h"
#include "gmock/gmock.h"

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

struct Case {
  LinearSpec spec;
  int64_t rows;
  double tolerance;
  /// All values have the largest magnitude, and so have most codes.
  bool limits = false;
};

std::string describe(const Case &c) {
  return std::string(infoOf(c.spec.encoding).name) + " " +
         std::to_string(c.rows) + "x" + std::to_string(c.spec.outRows) + "x" +
         std::to_string(c.spec.inColumns) +
         (planesOf(c.spec.activations) == 2   ? " i16"
          : planesOf(c.spec.activations) == 1 ? " i8"
                                              : "") +
         (c.spec.paired ? " paired" : "") + (c.spec.manyRows ? " many" : "");
}

int64_t roundUp(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

/// The kernel of a case; the epilogue is residual + 0.5 * acc, or
/// acc0 * (acc1 + 1) where paired. Arguments: x, weights, out, residual, T.
void addKernel(KernelModule &kernels, const std::string &name,
               const CpuLevel &level, const Case &c, int64_t stride,
               int64_t outStride) {
  const LinearSpec &spec = c.spec;
  bool integers = planesOf(spec.activations) > 0;
  kernels.add(
      name,
      {integers ? kernels.bytes() : kernels.floats(), kernels.bytes(),
       kernels.floats(), kernels.floats(), kernels.index()},
      linearScratchBytes(level, spec),
      [&](OpBuilder &b, Location loc,
          llvm::ArrayRef<mlir::BlockArgument> args) {
        LinearOperands in;
        in.begin = args[0];
        in.end = args[1];
        in.activations = args[2];
        in.weights = args[3];
        in.output = args[4];
        in.rows = args[6];
        in.activationStride = b.getIndexAttr(stride);
        in.outputStride = b.getIndexAttr(outStride);
        if (args.size() > 7)
          in.scratch = args[7];
        buildLinear(
            b, loc, level, spec, in,
            [&](OpBuilder &b, Location loc, ValueRange acc, Value row,
                Value column) -> Value {
              Emitter e(b, loc);
              if (spec.paired)
                return e.mulf(acc[0], e.addf(acc[1], e.constant(1, e.f32())));
              Value old = e.load(args[5], e.add(e.mul(row, outStride), column),
                                 e.f32());
              return e.fma(acc[0], e.constant(0.5, e.f32()), old);
            });
      });
}

void addQuantizer(KernelModule &kernels, const std::string &name,
                  const CpuLevel &level, const Case &c, int64_t stride) {
  kernels.add(name, {kernels.floats(), kernels.bytes()}, 0,
              [&](OpBuilder &b, Location loc,
                  llvm::ArrayRef<mlir::BlockArgument> args) {
                int64_t planes = planesOf(c.spec.activations);
                buildQuantizeRows(b, loc, c.spec.inColumns, c.spec.rowTile,
                                  Isa(level).recordForm(planes), args[2],
                                  b.getIndexAttr(stride), args[3], args[0],
                                  args[1]);
              });
}

/// Compiles all cases into one blob, runs each in two ranges, and compares
/// with float64.
void check(const CpuLevel &level, const std::vector<Case> &cases) {
  KernelModule kernels;
  for (const Case &c : cases) {
    Status ok = checkLinear(c.spec);
    ASSERT_TRUE(ok.ok()) << describe(c) << ok.error().str();
    int64_t stride = rowStride(c.spec.inColumns);
    addKernel(kernels, describe(c), level, c, stride,
              rowStride(roundUp(c.spec.outRows, 32)));
    addQuantizer(kernels, describe(c) + " quantize", level, c, stride);
  }
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));

  for (size_t i = 0; i < cases.size(); ++i) {
    const LinearSpec &spec = cases[i].spec;
    int64_t rows = cases[i].rows, capacity = roundUp(rows, kRowPadding);
    int64_t stride = rowStride(spec.inColumns);
    int64_t outStride = rowStride(roundUp(spec.outRows, 32));
    int64_t matrices = spec.paired ? 2 : 1;
    uint64_t group = *r16GroupBytes(spec.encoding, spec.inColumns);
    uint64_t bytes =
        *packedBytes(spec.encoding, roundUp(spec.outRows, 16), spec.inColumns);
    std::vector<std::byte> packed(bytes * matrices);
    std::vector<std::vector<float>> weights;
    for (int64_t m = 0; m < matrices; ++m) {
      auto raw = randomWeights(spec.encoding, spec.outRows * spec.inColumns,
                               i * 2 + m + 1, cases[i].limits);
      weights.push_back(decoded(spec.encoding, raw));
      ASSERT_TRUE(packR16(spec.encoding, spec.outRows, spec.inColumns, raw,
                          std::span(packed).subspan(m * group),
                          group * matrices)
                      .ok());
    }
    std::vector<float> x = randomFloats(capacity * stride, i + 77);
    if (cases[i].limits)
      // Runs of one sign, so that sums grow.
      for (size_t k = 0; k < x.size(); ++k)
        x[k] = x[k / 32 * 32] < 0 ? -1 : 1;
    std::vector<float> residual = randomFloats(capacity * outStride, i + 99);
    // In place: what is added is also what is written.
    std::vector<float> out = residual;
    std::vector<uint8_t> records(capacity * recordBytes(spec.inColumns, 2) +
                                 64);
    void *activations = x.data();
    if (planesOf(spec.activations)) {
      code.run(2 * i + 1, {x.data(), records.data()}, {}, 0, rows);
      activations = records.data();
    }
    int64_t units = linearUnits(spec), cut = units / 3;
    for (auto [begin, end] :
         {std::pair(cut, units), std::pair(int64_t(0), cut)})
      code.run(2 * i, {activations, packed.data(), out.data(), out.data()},
               {rows}, begin, end);
    RelativeError error;
    for (int64_t t = 0; t < rows; ++t)
      for (int64_t n = 0; n < spec.outRows; ++n) {
        double sum[2] = {};
        for (int64_t m = 0; m < matrices; ++m)
          for (int64_t k = 0; k < spec.inColumns; ++k)
            sum[m] +=
                double(x[t * stride + k]) * weights[m][n * spec.inColumns + k];
        double expected = spec.paired
                              ? sum[0] * (sum[1] + 1)
                              : 0.5 * sum[0] + residual[t * outStride + n];
        error.add(out[t * outStride + n], expected);
      }
    EXPECT_LT(error.value(), cases[i].tolerance) << describe(cases[i]);
    // Nothing outside the unit's columns is touched.
    for (int64_t t = 0; t < rows; ++t)
      for (int64_t n = roundUp(spec.outRows, 16); n < outStride; ++n)
        ASSERT_EQ(out[t * outStride + n], residual[t * outStride + n]);
  }
}

/// The error of f32 sums of `terms` products: a random walk of the roundings of
/// products (levels without fused multiply-adds) and sums, 2^-24 each.
double roundings(int64_t terms) {
  return std::max(1e-6, std::sqrt(2.0 * double(terms)) * 0x1p-24);
}

class LinearLevels : public testing::TestWithParam<std::string> {};

/// All of ggml's, or of an emulated level one of each way to unpack codes and
/// scales; and of groups one of each way.
std::vector<Encoding> quantizedEncodings(const CpuLevel &level) {
  std::vector<Encoding> all{Encoding::Q4_1, Encoding::Q8_0, Encoding::Q6_K,
                            Encoding::IQ4_XS};
  if (takesAll(level))
    all.assign(std::begin(kInterleaved), std::end(kInterleaved));
  for (const char *name :
       {"i4.f16x128.z", "i8.f32x64", "f4e2m1.f8e4m3x16.f32x256"})
    all.push_back(*encodingNamed(name));
  return all;
}
std::vector<Encoding> encodings(const CpuLevel &level) {
  std::vector<Encoding> all = {Encoding::F32, Encoding::F16, Encoding::BF16};
  for (Encoding encoding : quantizedEncodings(level))
    all.push_back(encoding);
  for (Encoding encoding : groupedEncodings())
    if (!llvm::is_contained(all, encoding))
      all.push_back(encoding);
  return all;
}

TEST_P(LinearLevels, OneRowOfFloats) {
  CpuLevel level = levelNamed(GetParam());
  std::vector<Case> cases;
  for (Encoding encoding : encodings(level)) {
    auto whole = [&](int64_t columns) {
      return wholeBlocks(encoding, columns);
    };
    // Blocks of a whole row have many terms.
    double tolerance = roundings(whole(64));
    cases.push_back({{64, whole(96), encoding}, 1, tolerance});
    cases.push_back({{24, whole(576), encoding}, 3, tolerance});
    cases.push_back(
        {{40, whole(64), encoding, ActivationForm::F32, true}, 2, tolerance});
  }
  for (Encoding encoding : {Encoding::F32, Encoding::F16, Encoding::BF16})
    for (int64_t columns : {1, 7, 13})
      cases.push_back({{3, columns, encoding}, 2, 1e-6});
  check(level, cases);
}

TEST_P(LinearLevels, ManyRowsOfFloats) {
  CpuLevel level = levelNamed(GetParam());
  std::vector<Case> cases;
  auto many = [](int64_t out, int64_t in, Encoding encoding, bool paired,
                 int64_t rows) {
    LinearSpec spec{out, wholeBlocks(encoding, in), encoding};
    spec.paired = paired;
    spec.manyRows = true;
    spec.maxRows = rows;
    return Case{spec, rows, roundings(spec.inColumns)};
  };
  for (Encoding encoding : encodings(level)) {
    cases.push_back(many(48, 160, encoding, false, 5));
    cases.push_back(many(32, 2048 + 64, encoding, false, 13));
  }
  for (Encoding encoding : {Encoding::F16, Encoding::Q4_1, Encoding::Q6_K}) {
    cases.push_back(many(64, 96, encoding, false, 24));
    cases.push_back(many(40, 64, encoding, true, 26));
  }
  cases.push_back(many(16, 7, Encoding::F32, false, 1));
  cases.push_back(many(17, 2051, Encoding::BF16, false, 2));
  cases.push_back(many(5, 4099, Encoding::F32, true, 3));
  cases.back().tolerance *= std::sqrt(2.0); // a product of two such sums
  check(level, cases);
}

TEST_P(LinearLevels, Integers) {
  CpuLevel level = levelNamed(GetParam());
  std::vector<Case> cases;
  for (ActivationForm form : {ActivationForm::I16, ActivationForm::I8})
    for (Encoding encoding : quantizedEncodings(level))
      for (auto [manyRows, rows] :
           {std::pair(false, int64_t(2)), std::pair(true, int64_t(2)),
            std::pair(true, int64_t(11))}) {
        LinearSpec spec{40, wholeBlocks(encoding, 32 * (rows + 1)), encoding,
                        form};
        spec.manyRows = manyRows;
        spec.paired = manyRows && rows == 2;
        spec.maxRows = rows;
        spec.rowTile = manyRows ? rowTileOf(form) : 1;
        cases.push_back(
            {spec, rows, form == ActivationForm::I16 ? 5e-5 : 2e-2});
      }
  // Few rows, each count of a tile's.
  for (ActivationForm form : {ActivationForm::I16, ActivationForm::I8})
    for (int64_t rows : {1, 3, 5, 8}) {
      LinearSpec few{56, 256, Encoding::Q4_1, form};
      few.manyRows = true;
      few.maxRows = 24;
      few.rowTile = rowTileOf(form);
      cases.push_back({few, rows, form == ActivationForm::I16 ? 5e-5 : 2e-2});
    }
  // More than one pass.
  LinearSpec deep{48, 2048 + 256, Encoding::Q5_K, ActivationForm::I16};
  deep.manyRows = true;
  deep.maxRows = 9;
  deep.rowTile = rowTileOf(deep.activations);
  cases.push_back({deep, 9, 5e-5});
  check(level, cases);
}

TEST_P(LinearLevels, IntegersAtTheirLimits) {
  CpuLevel level = levelNamed(GetParam());
  std::vector<Case> cases;
  for (ActivationForm form : {ActivationForm::I16, ActivationForm::I8})
    for (Encoding encoding : quantizedEncodings(level)) {
      LinearSpec spec{16, wholeBlocks(encoding, 128), encoding, form};
      spec.manyRows = true;
      spec.maxRows = 7;
      spec.rowTile = rowTileOf(form);
      // The values are exact in either form.
      cases.push_back({spec, 7, roundings(spec.inColumns), true});
    }
  check(level, cases);
}

INSTANTIATE_TEST_SUITE_P(All, LinearLevels, testing::ValuesIn(runnableLevels()),
                         levelTestName);

/// Code of every level, which not every machine can run.
class LinearEveryLevel : public testing::TestWithParam<std::string> {};

TEST_P(LinearEveryLevel, Compiles) {
  CpuLevel level = levelNamed(GetParam());
  KernelModule kernels;
  for (Encoding encoding : {Encoding::Q4_0, Encoding::Q8_0, Encoding::Q6_K})
    for (ActivationForm form :
         {ActivationForm::F32, ActivationForm::I16, ActivationForm::I8})
      for (bool manyRows : {false, true}) {
        LinearSpec spec{64, 256, encoding, form};
        spec.manyRows = manyRows;
        spec.rowTile = manyRows && planesOf(form) ? rowTileOf(form) : 1;
        addKernel(kernels, describe({spec, 1, 0}), level, {spec, 1, 0}, 256,
                  64);
      }
  Result<CodeBlob> blob = kernels.emit(level);
  EXPECT_TRUE(blob.ok()) << blob.error().str();
}

INSTANTIATE_TEST_SUITE_P(All, LinearEveryLevel, testing::ValuesIn(allLevels()),
                         levelTestName);

TEST(Linear, RefusesWhatItHasNoKernelFor) {
  EXPECT_TRUE(supportsIntegers(Encoding::Q4_0));
  EXPECT_FALSE(supportsIntegers(Encoding::BF16));
  EXPECT_EQ(checkLinear({16, 33, Encoding::Q4_0}).error().message,
            "product with 'q4_0' weights of 16x33: expects rows of whole "
            "blocks");
  EXPECT_THAT(checkLinear({16, 256, Encoding::IQ2_S}).error().message,
              HasSubstr("expects an encoding that has an interleaved form"));
  EXPECT_THAT(checkLinear({16, 32, Encoding::BF16, ActivationForm::I16})
                  .error()
                  .message,
              HasSubstr("expects quantized weights for integer activations"));
  EXPECT_THAT(checkLinear({0, 32, Encoding::F32}).error().message,
              HasSubstr("expects sizes between 1 and 2^31"));
  LinearSpec tile{16, 32, Encoding::Q4_0, ActivationForm::I16};
  tile.manyRows = true;
  EXPECT_THAT(checkLinear(tile).error().message,
              HasSubstr("expects a row tile of 4, but got 1"));
}

TEST(Linear, CountsUnits) {
  LinearSpec spec{49, 32, Encoding::F32};
  EXPECT_EQ(linearUnits(spec), 4);
  spec.manyRows = true;
  EXPECT_EQ(linearUnits(spec), 2);
  spec.outRows = 65;
  EXPECT_EQ(linearUnits(spec), 3);
  spec.paired = true;
  EXPECT_EQ(linearUnits(spec), 5);
  EXPECT_EQ(linearUnitColumns(spec), 16);
  EXPECT_EQ(rowStride(72), 80);
  EXPECT_EQ(rowStride(2048), 2064);
}

} // namespace
