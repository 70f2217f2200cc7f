#include "codegen/cpu/kernels/Attention.h"
#include "Reference.h"
#include "RunCode.h"
#include "codegen/cpu/kernels/MatrixAttention.h"
#include "llvm-c/Disassembler.h"
#include "llvm-c/Target.h"
#include "gmock/gmock.h"

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

using Arguments = llvm::ArrayRef<mlir::BlockArgument>;

struct Case {
  AttentionSpec spec;
  int64_t first, rows; ///< a step of `rows` after `first` positions
  double factor = 1;   ///< of the tolerance
};

/// The relative error that rounding may leave of results, for scores of
/// about 1. A number is off by 2^-9 of its size at most in bf16, by 2^-17 as
/// two terms; the errors of values, of weights, and of scores that these are
/// powers of, add up to 2^-7 and 2^-15 where all are the largest and point one
/// way.
double toleranceOf(const CpuLevel &level, const AttentionSpec &spec) {
  if (!hasMatrixAttention(level, spec))
    return 2e-6;
  return spec.products == AttentionProducts::Bf16 ? 1e-2 : 3e-5;
}

constexpr int64_t kBase = 192; ///< bytes before the state in its slot

/// Kernels of one case: append keys, append values, attend, and merge parts.
void addKernels(KernelModule &kernels, const std::string &name,
                const CpuLevel &level, const AttentionSpec &spec,
                int64_t slotBytes) {
  auto pages = [&](OpBuilder &b, Value pool, Value table, int64_t base) {
    return Pages{pool, table, b.getIndexAttr(base), b.getIndexAttr(slotBytes)};
  };
  int64_t keyBytes = pageBytes(spec.kvHeads, spec.keyColumns, spec.storage);
  for (PageLayout layout : {PageLayout::Keys, PageLayout::Values}) {
    bool isKeys = layout == PageLayout::Keys;
    int64_t columns = isKeys ? spec.keyColumns : spec.valueColumns;
    kernels.add(
        name + (isKeys ? ".keys" : ".values"),
        {kernels.floats(), kernels.bytes(), kernels.buffer(32),
         kernels.index()},
        0, [&](OpBuilder &b, Location loc, Arguments args) {
          buildHistoryAppend(
              b, loc, {spec.kvHeads, columns, spec.storage, layout}, args[2],
              b.getIndexAttr(3), b.getIndexAttr(spec.kvHeads * columns + 5),
              pages(b, args[3], args[4], isKeys ? kBase : kBase + keyBytes),
              args[5], args[0], args[1]);
        });
  }
  kernels.add(
      name + ".attend",
      {kernels.floats(), kernels.floats(), kernels.bytes(), kernels.buffer(32),
       kernels.floats(), kernels.bytes(), kernels.index(), kernels.index()},
      attentionScratchBytes(level, spec),
      [&](OpBuilder &b, Location loc, Arguments args) {
        AttentionOperands in;
        in.begin = args[0];
        in.end = args[1];
        in.query = args[2];
        in.output = spec.splits > 1 ? args[7] : args[3];
        in.keys = pages(b, args[4], args[5], kBase);
        in.values = pages(b, args[4], args[5], kBase + keyBytes);
        in.sinks = args[6];
        in.rows = args[8];
        in.firstPosition = args[9];
        in.scratch = args[10];
        in.queryOffset = b.getIndexAttr(2);
        in.queryStride = b.getIndexAttr(spec.heads * spec.keyColumns + 7);
        in.outputStride = b.getIndexAttr(spec.heads * spec.valueColumns + 1);
        buildAttention(b, loc, level, spec, in);
      });
  kernels.add(name + ".merge", {kernels.bytes(), kernels.floats()}, 0,
              [&](OpBuilder &b, Location loc, Arguments args) {
                Emitter e(b, loc);
                e.loop(args[0], args[1], 1, [&](Value row) {
                  buildAttentionMerge(
                      b, loc, spec, args[2], args[3],
                      b.getIndexAttr(spec.heads * spec.valueColumns + 1), row);
                });
              });
}

void check(const CpuLevel &level, const std::vector<Case> &cases) {
  KernelModule kernels;
  auto slotBytesOf = [](const AttentionSpec &s) {
    return kBase + pageBytes(s.kvHeads, s.keyColumns, s.storage) +
           pageBytes(s.kvHeads, s.valueColumns, s.storage) + 64;
  };
  for (size_t i = 0; i < cases.size(); ++i)
    addKernels(kernels, "k" + std::to_string(i), level, cases[i].spec,
               slotBytesOf(cases[i].spec));
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));

  for (size_t i = 0; i < cases.size(); ++i) {
    const auto &[spec, first, rows, factor] = cases[i];
    int64_t total = first + rows, pageCount = (total + 127) / 128;
    int64_t slotBytes = slotBytesOf(spec);
    std::vector<uint8_t> pool(slotBytes * (pageCount + 2), 0xff); // NaN
    std::vector<int32_t> table(pageCount);
    for (int64_t p = 0; p < pageCount; ++p)
      table[p] = pageCount + 1 - p; // backwards, so that slots are not pages
    int64_t ck = spec.keyColumns, cv = spec.valueColumns,
            group = spec.heads / spec.kvHeads;
    int64_t keyStride = spec.kvHeads * ck + 5,
            valueStride = spec.kvHeads * cv + 5;
    std::vector<float> keys = randomFloats(total * keyStride + 3, i);
    std::vector<float> values = randomFloats(total * valueStride + 3, i + 1);
    std::vector<float> query =
        randomFloats(rows * (spec.heads * ck + 7) + 2, i + 2);
    std::vector<float> sinks = randomFloats(spec.heads, i + 3);
    int64_t outStride = spec.heads * cv + 1;
    std::vector<float> out(rows * outStride + 1, -9);

    // Two steps: the second starts at position `first`.
    for (auto [from, count] : {std::pair(int64_t(0), first), {first, rows}}) {
      code.run(4 * i, {&keys[from * keyStride], pool.data(), table.data()},
               {from}, 0, count);
      code.run(4 * i + 1,
               {&values[from * valueStride], pool.data(), table.data()}, {from},
               0, count);
    }
    // NaN, which a part that nobody wrote would show.
    std::vector<uint8_t> parts(rows * attentionPartBytes(spec), 0xff);
    int64_t programs = attentionPrograms(spec, rows);
    int64_t cut = programs / 2;
    for (auto [begin, end] : {std::pair(cut, programs), {int64_t(0), cut}})
      code.run(4 * i + 2,
               {query.data(), out.data(), pool.data(), table.data(),
                sinks.data(), parts.data()},
               {rows, first}, begin, end);
    if (spec.splits > 1)
      code.run(4 * i + 3, {parts.data(), out.data()}, {}, 0, rows);

    if (spec.storage == Encoding::Q8_0)
      for (int64_t s = 0; s < total; ++s) {
        roundBlocks(&keys[3 + s * keyStride], spec.kvHeads * ck);
        roundBlocks(&values[3 + s * valueStride], spec.kvHeads * cv);
      }
    RelativeError error;
    for (int64_t t = 0; t < rows; ++t)
      for (int64_t h = 0; h < spec.heads; ++h) {
        int64_t kv = h / group, last = first + t;
        int64_t lowest =
            spec.window ? std::max<int64_t>(0, last - spec.window + 1) : 0;
        std::vector<double> scores, expected(cv);
        double largest = spec.hasSink ? sinks[h] : -INFINITY;
        for (int64_t s = lowest; s <= last; ++s) {
          double score = 0;
          for (int64_t c = 0; c < ck; ++c)
            score +=
                double(query[2 + t * (spec.heads * ck + 7) + h * ck + c]) *
                rounded(spec.storage, keys[3 + s * keyStride + kv * ck + c]);
          score *= spec.scale;
          if (spec.softcap > 0)
            score = spec.softcap * std::tanh(score / spec.softcap);
          scores.push_back(score);
          largest = std::max(largest, score);
        }
        double sum = spec.hasSink ? std::exp(sinks[h] - largest) : 0;
        for (int64_t s = lowest; s <= last; ++s) {
          double weight = std::exp(scores[s - lowest] - largest);
          sum += weight;
          for (int64_t c = 0; c < cv; ++c)
            expected[c] +=
                weight * rounded(spec.storage,
                                 values[3 + s * valueStride + kv * cv + c]);
        }
        for (int64_t c = 0; c < cv; ++c)
          error.add(out[t * outStride + h * cv + c], expected[c] / sum);
      }
    EXPECT_LT(error.value(), toleranceOf(level, spec) * factor)
        << "case " << i << ": " << spec.heads << "/" << spec.kvHeads
        << " heads of " << ck << "," << cv << " " << infoOf(spec.storage).name
        << " at " << first << "+" << rows;
    for (int64_t t = 0; t < rows; ++t)
      EXPECT_EQ(out[t * outStride + spec.heads * cv], -9);
  }
}

class AttentionLevels : public testing::TestWithParam<std::string> {};

TEST_P(AttentionLevels, MatchesFloat64) {
  CpuLevel level = levelNamed(GetParam());
  std::vector<Case> cases;
  auto add = [&](int64_t heads, int64_t kvHeads, int64_t ck, int64_t cv,
                 Encoding storage, int64_t first,
                 int64_t rows) -> AttentionSpec & {
    cases.push_back(
        {{heads, kvHeads, ck, cv, storage, 1 / std::sqrt(ck)}, first, rows});
    return cases.back().spec;
  };
  add(2, 1, 8, 8, Encoding::F32, 0, 1);
  add(4, 2, 16, 16, Encoding::F16, 0, 9);
  add(4, 4, 24, 24, Encoding::BF16, 5, 3);
  add(6, 2, 32, 32, Encoding::F32, 127, 2);
  add(8, 2, 64, 64, Encoding::F16, 300, 1);
  add(4, 1, 24, 16, Encoding::F16, 250, 140);
  add(5, 1, 7, 5, Encoding::F32, 128, 4);
  add(14, 2, 64, 128, Encoding::BF16, 131, 2);
  add(11, 1, 16, 33, Encoding::F32, 40, 2);
  add(16, 1, 192, 128, Encoding::F16, 140, 1);
  add(6, 2, 32, 64, Encoding::Q8_0, 130, 3);
  add(9, 3, 96, 32, Encoding::Q8_0, 0, 200).window = 140;
  add(4, 2, 16, 8, Encoding::F32, 0, 300).window = 130;
  add(4, 2, 16, 16, Encoding::F16, 400, 2).window = 7;
  add(4, 2, 16, 16, Encoding::F16, 383, 3).window = 128;
  add(4, 2, 32, 32, Encoding::F32, 200, 5).softcap = 1.5;
  add(4, 2, 32, 32, Encoding::F32, 140, 5).hasSink = true;
  AttentionSpec &all = add(6, 3, 24, 24, Encoding::BF16, 260, 3);
  all.window = 20;
  all.softcap = 30;
  all.hasSink = true;
  // Large scores: one position takes nearly all.
  add(2, 2, 32, 16, Encoding::F32, 290, 4).scale = 40;
  cases.back().factor = 10; // scores of 200 have errors of their size
  // In bf16, of all forms of storage and in tiles that are not whole.
  for (size_t i = 0, count = cases.size(); i < count; ++i)
    for (AttentionProducts products :
         {AttentionProducts::Bf16x2, AttentionProducts::Bf16}) {
      Case wide = cases[i];
      AttentionSpec &spec = wide.spec;
      spec.products = products;
      spec.rowTile = i % 3 == 0 ? attentionRowTile(spec.heads / spec.kvHeads)
                                : (i % 3 == 1 ? 20 : 3);
      if (hasMatrixAttention(level, spec) || i % 4 == 0)
        cases.push_back(wide);
    }
  // The same by tiles of rows, whole ones and others, and in parts.
  for (size_t i = 0, count = cases.size(); i < count; ++i) {
    if (cases[i].spec.rowTile > 1 || (!takesAll(level) && i % 4))
      continue;
    cases.push_back(cases[i]);
    cases.back().spec.rowTile = i % 3 == 0   ? 3
                                : i % 3 == 1 ? 4
                                             : attentionRowTile(2);
    cases.push_back(cases[i]);
    cases.back().spec.splits = i % 2 ? kAttentionSplits : 3;
  }
  add(2, 1, 16, 16, Encoding::F16, 1300, 1).splits = kAttentionSplits;
  // Heads whose pages stay as they are stored, also where many rows read them.
  for (Encoding storage : {Encoding::F16, Encoding::Q8_0})
    add(2, 1, 320, 256, storage, 100, 40).rowTile = 32;
  // Several whole tiles of the size that plans have, behind a page.
  for (Encoding storage : {Encoding::F16, Encoding::Q8_0})
    for (AttentionProducts products :
         {AttentionProducts::F32, AttentionProducts::Bf16}) {
      AttentionSpec &spec = add(6, 2, 32, 32, storage, 130, 70);
      spec.rowTile = attentionRowTile(3);
      spec.products = products;
      spec.window = 40;
    }
  check(level, cases);
}

INSTANTIATE_TEST_SUITE_P(All, AttentionLevels,
                         testing::ValuesIn(runnableLevels()), levelTestName);

/// How often the code of a level has an instruction.
int64_t countInstructions(const std::string &level, const AttentionSpec &spec,
                          llvm::StringRef mnemonic) {
  KernelModule kernels;
  addKernels(kernels, "k", levelNamed(level), spec, 1 << 20);
  Result<CodeBlob> blob = kernels.emit(levelNamed(level));
  EXPECT_TRUE(blob.ok());
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86Disassembler();
  LLVMDisasmContextRef disassembler = LLVMCreateDisasm(
      levelNamed(level).triple.c_str(), nullptr, 0, nullptr, nullptr);
  int64_t count = 0;
  auto *code = reinterpret_cast<uint8_t *>(blob->bytes.data());
  for (size_t at = 0; at < blob->bytes.size();) {
    char text[128] = "";
    size_t taken =
        LLVMDisasmInstruction(disassembler, code + at, blob->bytes.size() - at,
                              at, text, sizeof(text));
    count += taken && llvm::StringRef(text).trim().starts_with(mnemonic);
    at += std::max<size_t>(taken, 1);
  }
  LLVMDisasmDispose(disassembler);
  return count;
}

TEST(Attention, MultipliesAsTheLevelDoesFastest) {
  AttentionSpec spec{8, 2, 64, 64, Encoding::F16, 0.125};
  spec.rowTile = 16;
  spec.products = AttentionProducts::Bf16;
  EXPECT_GT(countInstructions("znver4", spec, "vdpbf16ps"), 100);
  EXPECT_EQ(countInstructions("sapphirerapids", spec, "vdpbf16ps"), 0);
  EXPECT_EQ(countInstructions("sapphirerapids", spec, "tdpbf16ps"), 8);
  EXPECT_EQ(countInstructions("x86-64-v4", spec, "vdpbf16ps"), 0);
  // Three products in place of one; as vectors they take as long as f32.
  spec.products = AttentionProducts::Bf16x2;
  EXPECT_EQ(countInstructions("sapphirerapids", spec, "tdpbf16ps"), 24);
  EXPECT_EQ(countInstructions("znver4", spec, "vdpbf16ps"), 0);
  // Keys and values of bf16 have no second term.
  spec.storage = Encoding::BF16;
  EXPECT_EQ(countInstructions("sapphirerapids", spec, "tdpbf16ps"), 16);
  spec.products = AttentionProducts::F32;
  EXPECT_EQ(countInstructions("sapphirerapids", spec, "tdpbf16ps"), 0);
}

TEST(Attention, CutsTilesForManyCores) {
  // Rows of queries that share what a program converts.
  EXPECT_EQ(attentionRowTile(1), 64);
  EXPECT_EQ(attentionRowTile(2), 32);
  EXPECT_EQ(attentionRowTile(8), 16);
  AttentionSpec spec{8, 2, 64, 64, Encoding::F16, 0.125};
  EXPECT_EQ(attentionPrograms(spec, 3), 6);
  spec.rowTile = 16;
  EXPECT_EQ(attentionPrograms(spec, 1), 2);
  EXPECT_EQ(attentionPrograms(spec, 16), 4); // 31 * 2 / 16
  EXPECT_EQ(attentionPrograms(spec, 17), 4);
}

TEST(Attention, RefusesImpossibleSpecs) {
  AttentionSpec spec{4, 2, 16, 16, Encoding::F32, 0.25};
  EXPECT_TRUE(checkAttention(spec).ok());
  AttentionSpec odd = spec;
  odd.kvHeads = 3;
  EXPECT_EQ(
      checkAttention(odd).error().message,
      "attention of 4 heads over 3: expects a whole number of query heads "
      "for each");
  AttentionSpec tile = spec;
  tile.rowTile = 0;
  EXPECT_THAT(checkAttention(tile).error().message,
              HasSubstr("expects a row tile between 1 and 64, but got 0"));
  tile.rowTile = 4;
  tile.splits = 2;
  EXPECT_THAT(checkAttention(tile).error().message,
              HasSubstr("one part of more than one row, but got 2"));
  AttentionSpec one = spec;
  one.products = AttentionProducts::Bf16;
  EXPECT_THAT(checkAttention(one).error().message,
              HasSubstr("expects products in f32 for one row"));
  AttentionSpec none = spec;
  none.keyColumns = 0;
  EXPECT_THAT(checkAttention(none).error().message,
              HasSubstr("between 1 and 4096, but got 0"));
  AttentionSpec storage = spec;
  storage.storage = Encoding::Q4_0;
  EXPECT_THAT(
      checkAttention(storage).error().message,
      HasSubstr("expects f32, f16, bf16 or q8_0 storage, but got 'q4_0'"));
  storage.storage = Encoding::Q8_0;
  EXPECT_THAT(checkAttention(storage).error().message,
              HasSubstr("expects heads of a multiple of 32 columns in q8_0, "
                        "but got 16 and 16"));
  AttentionSpec scale = spec;
  scale.scale = NAN;
  EXPECT_FALSE(checkAttention(scale).ok());
}

} // namespace
