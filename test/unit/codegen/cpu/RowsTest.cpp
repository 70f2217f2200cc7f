#include "Reference.h"
#include "RunCode.h"
#include "codegen/cpu/kernels/Embedding.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/packing/PackR16.h"
#include "gmock/gmock.h"

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

using Arguments = llvm::ArrayRef<mlir::BlockArgument>;

class RowLevels : public testing::TestWithParam<std::string> {};

TEST_P(RowLevels, GathersEmbeddings) {
  constexpr int64_t kStride = 272;
  CpuLevel level = levelNamed(GetParam());
  std::vector<EmbeddingSpec> specs;
  for (Encoding encoding : {Encoding::F32, Encoding::F16, Encoding::BF16}) {
    specs.push_back({50, 72, encoding, true});
    specs.push_back({19, 31, encoding, false});
    specs.push_back({3, 9, encoding, true});
  }
  for (Encoding encoding : kInterleaved)
    specs.push_back({35, wholeBlocks(encoding, 96), encoding, true});
  for (Encoding encoding : groupedEncodings())
    if (wholeBlocks(encoding, 96) <= kStride)
      specs.push_back({35, wholeBlocks(encoding, 96), encoding, true});
  KernelModule kernels;
  for (size_t i = 0; i < specs.size(); ++i)
    kernels.add("k" + std::to_string(i),
                {kernels.buffer(32), kernels.bytes(), kernels.floats()},
                embeddingScratchBytes(specs[i]),
                [&](OpBuilder &b, Location loc, Arguments args) {
                  buildEmbedding(b, loc, level, specs[i],
                                 {args[2], args[3], args[4],
                                  b.getIndexAttr(kStride), args[0], args[1],
                                  args.size() > 5 ? Value(args[5]) : Value()});
                });
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  for (size_t i = 0; i < specs.size(); ++i) {
    const EmbeddingSpec &spec = specs[i];
    auto raw = randomWeights(spec.encoding, spec.tableRows * spec.columns, i);
    std::vector<float> table = decoded(spec.encoding, raw);
    std::vector<std::byte> stored = raw;
    if (spec.interleaved) {
      stored.resize(*packedBytes(spec.encoding, spec.tableRows, spec.columns));
      ASSERT_TRUE(
          packR16(spec.encoding, spec.tableRows, spec.columns, raw, stored)
              .ok());
    }
    int32_t last = spec.tableRows - 1;
    std::vector<int32_t> ids = {0, last, 1, last, 2, -7, 1 << 30, last / 2};
    std::vector<float> out(8 * kStride, -5);
    code.run(i, {ids.data(), stored.data(), out.data()}, {}, 1, 8);
    for (int t = 0; t < 8; ++t)
      for (int k = 0; k < kStride; ++k) {
        int64_t row = std::clamp<int64_t>(ids[t], 0, last);
        float expected =
            t == 0 || k >= spec.columns ? -5 : table[row * spec.columns + k];
        ASSERT_EQ(out[t * kStride + k], expected)
            << infoOf(spec.encoding).name << " row " << t << " k " << k;
      }
  }
}

// Rows of integers are copied, every bit of them.
TEST_P(RowLevels, GathersIds) {
  CpuLevel level = levelNamed(GetParam());
  constexpr int64_t kRows = 23, kStride = 48, kWidths[] = {1, 2, 6, 16, 39};
  KernelModule kernels;
  for (int64_t columns : kWidths)
    kernels.add("ids" + std::to_string(columns),
                {kernels.buffer(32), kernels.bytes(), kernels.buffer(32)}, 0,
                [&](OpBuilder &b, Location loc, Arguments args) {
                  EmbeddingSpec spec{kRows, columns, Encoding::I32, false};
                  ASSERT_TRUE(checkEmbedding(spec).ok());
                  ASSERT_EQ(embeddingScratchBytes(spec), 0);
                  buildEmbedding(b, loc, level, spec,
                                 {args[2], args[3], args[4],
                                  b.getIndexAttr(kStride), args[0], args[1],
                                  Value()});
                });
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  for (auto [number, columns] : llvm::enumerate(kWidths)) {
    std::vector<int32_t> table(kRows * columns);
    for (size_t i = 0; i < table.size(); ++i)
      table[i] = int32_t(i * 0x9e3779b9u); // negative ones, and signaling NaNs
    table[columns] = 0x7f800001;
    std::vector<int32_t> ids = {0, kRows - 1, 1, 4, 1, -7, 1 << 30, 2};
    std::vector<int32_t> out(8 * kStride, -5);
    code.run(number, {ids.data(), table.data(), out.data()}, {}, 1, 8);
    for (int t = 0; t < 8; ++t)
      for (int k = 0; k < kStride; ++k) {
        int64_t row = std::clamp<int64_t>(ids[t], 0, kRows - 1);
        ASSERT_EQ(out[t * kStride + k],
                  t == 0 || k >= columns ? -5 : table[row * columns + k])
            << columns << " columns, row " << t << " k " << k;
      }
  }
}

TEST_P(RowLevels, QuantizesRows) {
  CpuLevel level = levelNamed(GetParam());
  constexpr int64_t kColumns = 96;
  KernelModule kernels;
  struct Form {
    int64_t tile, planes, largest;
  };
  constexpr Form kForms[] = {
      {1, 2, 32639}, {4, 2, 32639}, {1, 1, 127}, {6, 1, 127}};
  for (const Form &form : kForms)
    kernels.add("q" + std::to_string(10 * form.planes + form.tile),
                {kernels.floats(), kernels.bytes()}, 0,
                [&](OpBuilder &b, Location loc, Arguments args) {
                  buildQuantizeRows(b, loc, kColumns, form.tile,
                                    Isa(level).recordForm(form.planes), args[2],
                                    b.getIndexAttr(100), args[3], args[0],
                                    args[1]);
                });
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));

  std::vector<float> x = randomFloats(7 * 100, 3);
  for (int k = 0; k < 32; ++k) {
    x[100 + k] = 0;      // a block of zeros
    x[200 + k] = 1e-37f; // smaller than the factor can serve
    x[300 + k] *= 1e30f; // large
    x[232 + k] *= 1e-5f; // much less than the row's largest
  }
  x[300] = 3e38f;
  x[400 + 40] = NAN;
  x[500 + 70] = INFINITY;
  for (auto [number, form] : llvm::enumerate(kForms)) {
    auto [tile, planes, most] = form;
    std::vector<uint8_t> records(12 * recordBytes(kColumns, planes));
    code.run(number, {x.data(), records.data()}, {}, 0, 7);
    RecordForm kept = Isa(level).recordForm(planes);
    RecordLayout layout(tile, kept);
    for (int64_t row = 0; row < 7; ++row)
      for (int64_t block = 0; block < kColumns / 32; ++block) {
        const uint8_t *at = records.data() +
                            row / tile * tile * recordBytes(kColumns, planes) +
                            block * layout.bytes();
        int64_t m = row % tile;
        auto word = [&](int64_t offset, auto value) {
          std::memcpy(&value, at + offset, 4);
          return value;
        };
        float scale = word(layout.scale(m), 0.0f);
        const float *values = &x[row * 100 + block * 32];
        double largest = 0;
        bool finite = true;
        for (int k = 0; k < 32; ++k) {
          largest = std::max<double>(largest, std::abs(values[k]));
          finite &= bool(std::isfinite(values[k]));
        }
        if (!finite) {
          EXPECT_FALSE(std::isfinite(scale)) << row << " " << block;
          continue;
        }
        int64_t sum = 0, half = 0;
        // Of each four words the third comes second.
        constexpr int64_t kPlaces[] = {0, 2, 1, 3};
        auto integer = [&](int64_t k) -> int {
          if (kept.words) {
            int16_t value;
            std::memcpy(&value, at + 64 * m + 2 * (k / 4 * 4 + kPlaces[k % 4]),
                        2);
            return value;
          }
          int low = int8_t(at[layout.plane(0, m) + k]);
          int high = planes == 2 ? int8_t(at[layout.plane(1, m) + k]) : 0;
          return low + 256 * high;
        };
        for (int k = 0; k < 32; ++k) {
          int q = integer(k);
          EXPECT_LE(std::abs(q), most);
          EXPECT_NEAR(q * double(scale), values[k],
                      largest / double(most) * 0.502 + 2e-37);
          sum += q;
          half += k < 16 ? q : 0;
        }
        EXPECT_EQ(word(layout.start8(m), 0), -8 * sum);
        EXPECT_FLOAT_EQ(word(layout.scaledSum(m), 0.0f), scale * sum);
        EXPECT_EQ(word(layout.halfStart8(m), 0), -8 * half);
        EXPECT_FLOAT_EQ(word(layout.halfScaledSum(m), 0.0f), scale * half);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RowLevels, testing::ValuesIn(runnableLevels()),
                         levelTestName);

TEST(Embedding, RefusesTablesWithoutAKernel) {
  EXPECT_FALSE(checkEmbedding({8, 6, Encoding::I32, true}).ok());
  EXPECT_FALSE(checkEmbedding({8, 6, Encoding::I64, false}).ok());
  EXPECT_FALSE(checkEmbedding({0, 6, Encoding::I32, false}).ok());
  EXPECT_THAT(checkEmbedding({8, 256, Encoding::IQ2_S}).error().message,
              HasSubstr("embedding table of 'iq2_s' rows, 8x256: expects"));
  EXPECT_FALSE(checkEmbedding({8, 32, Encoding::Q4_0, false}).ok());
  EXPECT_FALSE(checkEmbedding({0, 32, Encoding::F32}).ok());
  EXPECT_TRUE(checkEmbedding({8, 32, Encoding::Q4_0}).ok());
}

} // namespace
