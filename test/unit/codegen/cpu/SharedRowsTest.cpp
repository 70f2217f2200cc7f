//===- SharedRowsTest.cpp - Rows that many heads share, and windows -------===//

#include "Reference.h"
#include "RunCode.h"
#include "codegen/cpu/kernels/IndexTopK.h"
#include "codegen/cpu/kernels/RowAttention.h"
#include "codegen/cpu/kernels/Windows.h"
#include "gmock/gmock.h"
#include <numeric>

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

using Arguments = llvm::ArrayRef<mlir::BlockArgument>;

constexpr int64_t kBase = 192; ///< bytes before the state in its slot

/// Rows of a history in pages that lie backwards, and what they keep.
struct Stored {
  /// `columns` in all; the last `extra` of them are a state of their own.
  Stored(int64_t rows, int64_t columns, int64_t extra, Encoding storage,
         unsigned seed)
      : rows(rows), columns(columns), extra(extra), storage(storage),
        values(randomFloats(rows * columns + 16, seed)) {
    int64_t pages = std::max<int64_t>(1, (rows + kPageRows - 1) / kPageRows);
    for (int64_t p = 0; p < pages; ++p)
      table.push_back(pages - p);
    pool.assign(slotBytes() * (pages + 1), 0xff); // NaN
  }
  int64_t main() const { return columns - extra; }
  int64_t extraBase() const { return kBase + pageBytes(1, main(), storage); }
  int64_t slotBytes() const {
    int64_t bytes = extraBase() + 64;
    return extra ? bytes + pageBytes(1, extra, storage) : bytes;
  }

  int64_t rows, columns, extra;
  Encoding storage;
  std::vector<float> values;
  std::vector<int32_t> table;
  std::vector<uint8_t> pool;
};

Pages pagesOf(OpBuilder &b, const Stored &stored, bool extra, Value pool,
              Value table) {
  return {pool, table, b.getIndexAttr(extra ? stored.extraBase() : kBase),
          b.getIndexAttr(stored.slotBytes())};
}

/// A kernel that appends the rows of `stored`: values, pool, table.
void addAppend(KernelModule &kernels, const std::string &name,
               const Stored &stored) {
  kernels.add(name, {kernels.floats(), kernels.bytes(), kernels.buffer(32)}, 0,
              [&](OpBuilder &b, Location loc, Arguments args) {
                Emitter e(b, loc);
                for (bool extra : {false, true}) {
                  int64_t columns = extra ? stored.extra : stored.main();
                  if (columns)
                    buildHistoryAppend(
                        b, loc,
                        {1, columns, stored.storage, PageLayout::Values},
                        args[2], b.getIndexAttr(extra ? stored.main() : 0),
                        b.getIndexAttr(stored.columns),
                        pagesOf(b, stored, extra, args[3], args[4]),
                        e.index(int64_t(0)), args[0], args[1]);
                }
              });
}

/// Makes the values what is kept of them.
void round(Stored &stored) {
  if (stored.storage == Encoding::Q8_0)
    return roundBlocks(stored.values.data(), stored.rows * stored.columns);
  for (float &value : stored.values)
    value = rounded(stored.storage, value);
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

struct AttentionCase {
  RowAttentionSpec spec;
  int64_t first, tokens;
  double tolerance = 2e-6;
};

/// Ids of all kinds: none, of rows to come, and each at most once.
std::vector<int32_t> idsFor(int64_t tokens, int64_t picks, int64_t rows,
                            unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids;
  for (int64_t t = 0; t < tokens; ++t) {
    std::vector<int32_t> all(std::max<int64_t>(rows + 2, picks));
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = i % 5 == 4 ? -1 : int32_t(i);
    std::shuffle(all.begin(), all.end(), random);
    ids.insert(ids.end(), all.begin(), all.begin() + picks);
  }
  return ids;
}

void checkAttentionCase(const CpuLevel &level, const AttentionCase &c,
                        unsigned seed) {
  const RowAttentionSpec &spec = c.spec;
  Status ok = checkRowAttention(spec);
  ASSERT_TRUE(ok.ok()) << ok.error().str();
  int64_t total = c.first + c.tokens;
  int64_t columns = spec.columns + spec.extraColumns;
  std::vector<Stored> stored;
  std::vector<std::vector<int32_t>> ids;
  for (auto [i, set] : llvm::enumerate(spec.sets)) {
    stored.emplace_back(total / set.clock, columns, spec.extraColumns,
                        spec.storage, seed + 10 * i);
    ids.push_back(idsFor(c.tokens, set.picks, total / set.clock, seed + i));
  }
  int64_t qStride = spec.heads * spec.columns + 3;
  int64_t extraStride = spec.heads * spec.extraColumns + 5;
  int64_t outStride = spec.heads * spec.columns + 1;

  KernelModule kernels;
  for (auto [i, one] : llvm::enumerate(stored))
    addAppend(kernels, "append" + std::to_string(i), one);
  std::vector<mlir::Type> types{kernels.floats(), kernels.floats(),
                                kernels.floats(), kernels.floats()};
  for (size_t i = 0; i < stored.size(); ++i)
    types.insert(types.end(),
                 {kernels.bytes(), kernels.buffer(32), kernels.buffer(32)});
  types.push_back(kernels.index());
  kernels.add("attend", types, rowAttentionScratchBytes(spec),
              [&](OpBuilder &b, Location loc, Arguments args) {
                RowAttentionOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.query = args[2];
                in.extraQuery = args[3];
                in.output = args[4];
                in.sinks = args[5];
                in.queryStride = qStride;
                in.extraStride = extraStride;
                in.outputStride = outStride;
                for (auto [i, one] : llvm::enumerate(stored)) {
                  Value pool = args[6 + 3 * i], table = args[7 + 3 * i];
                  in.sets.push_back({pagesOf(b, one, false, pool, table),
                                     pagesOf(b, one, true, pool, table),
                                     args[8 + 3 * i], spec.sets[i].picks});
                }
                in.firstPosition = args[6 + 3 * stored.size()];
                in.scratch = args.back();
                buildRowAttention(b, loc, level, spec, in);
              });
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));

  std::vector<float> q = randomFloats(c.tokens * qStride, seed + 1);
  std::vector<float> qExtra =
      randomFloats(c.tokens * extraStride + 1, seed + 2);
  std::vector<float> sinks = randomFloats(spec.heads, seed + 3);
  std::vector<float> out(c.tokens * outStride, -9);
  std::vector<void *> buffers{q.data(), qExtra.data(), out.data(),
                              sinks.data()};
  for (size_t i = 0; i < stored.size(); ++i) {
    Stored &one = stored[i];
    code.run(i, {one.values.data(), one.pool.data(), one.table.data()}, {}, 0,
             one.rows);
    buffers.insert(buffers.end(),
                   {one.pool.data(), one.table.data(), ids[i].data()});
    round(one);
  }
  int64_t programs = c.tokens * ((spec.heads + 15) / 16), cut = programs / 2;
  for (auto [begin, end] : {std::pair(cut, programs), {int64_t(0), cut}})
    code.run(stored.size(), buffers, {c.first}, begin, end);

  RelativeError error;
  for (int64_t t = 0; t < c.tokens; ++t) {
    for (int64_t h = 0; h < spec.heads; ++h) {
      std::vector<std::pair<double, const float *>> seen;
      double largest = spec.hasSink ? sinks[h] : -INFINITY;
      for (size_t i = 0; i < stored.size(); ++i) {
        const RowAttentionSpec::Set &set = spec.sets[i];
        int64_t position = c.first + t, end = (position + 1) / set.clock;
        int64_t begin =
            set.window ? std::max<int64_t>(0, position + 1 - set.window) : 0;
        for (int64_t n = begin; n < end; ++n) {
          auto chosen = ids[i].begin() + t * set.picks;
          if (set.picks &&
              std::find(chosen, chosen + set.picks, n) == chosen + set.picks)
            continue;
          const float *row = &stored[i].values[n * columns];
          double score = 0;
          for (int64_t k = 0; k < spec.columns; ++k)
            score += double(row[k]) * q[t * qStride + h * spec.columns + k];
          for (int64_t k = 0; k < spec.extraColumns; ++k)
            score += double(row[spec.columns + k]) *
                     qExtra[t * extraStride + h * spec.extraColumns + k];
          seen.emplace_back(score * spec.scale, row);
          largest = std::max(largest, score * spec.scale);
        }
      }
      double sum = spec.hasSink ? std::exp(sinks[h] - largest) : 0;
      std::vector<double> expected(spec.columns);
      for (auto [score, row] : seen) {
        double weight = std::exp(score - largest);
        sum += weight;
        for (int64_t k = 0; k < spec.columns; ++k)
          expected[k] += weight * row[k];
      }
      for (int64_t k = 0; k < spec.columns; ++k)
        error.add(out[t * outStride + h * spec.columns + k],
                  sum == 0 ? 0 : expected[k] / sum);
    }
    EXPECT_EQ(out[t * outStride + outStride - 1], -9);
  }
  EXPECT_LT(error.value(), c.tolerance)
      << spec.heads << " heads of " << columns << " at " << c.first << "+"
      << c.tokens << " in " << infoOf(spec.storage).name;
}

class SharedRowLevels : public testing::TestWithParam<std::string> {};

TEST_P(SharedRowLevels, AttentionMatchesFloat64) {
  std::vector<AttentionCase> cases;
  auto add =
      [&](int64_t heads, int64_t columns, int64_t extra, Encoding storage,
          int64_t first, int64_t tokens,
          std::vector<RowAttentionSpec::Set> sets) -> RowAttentionSpec & {
    RowAttentionSpec spec;
    spec.heads = heads;
    spec.columns = columns;
    spec.extraColumns = extra;
    spec.storage = storage;
    spec.scale = 1 / std::sqrt(columns + extra);
    spec.sets.assign(sets.begin(), sets.end());
    cases.push_back({spec, first, tokens});
    return cases.back().spec;
  };
  using Set = RowAttentionSpec::Set;
  // Latents: a first token, pages that end in a step, heads of a block or not.
  add(4, 48, 16, Encoding::F32, 0, 3, {Set{}});
  add(16, 32, 8, Encoding::F16, 126, 5, {Set{}});
  add(20, 37, 5, Encoding::BF16, 300, 2, {Set{}});
  add(3, 64, 32, Encoding::Q8_0, 140, 2, {Set{}});
  // Of the latents those that ids name.
  add(4, 40, 16, Encoding::F16, 200, 3, {Set{1, 0, 12}});
  add(4, 40, 16, Encoding::F32, 3, 2, {Set{1, 0, 33}});
  // A window, with rows of every 4 tokens, chosen, or of every 8, all of them.
  add(5, 48, 0, Encoding::F16, 130, 9, {Set{1, 16, 0}, Set{4, 0, 12}}).hasSink =
      true;
  add(5, 48, 0, Encoding::F32, 0, 20, {Set{1, 16, 0}, Set{8, 0, 0}}).hasSink =
      true;
  add(17, 33, 0, Encoding::BF16, 258, 2, {Set{1, 128, 0}, Set{8, 0, 0}});
  // Nothing to see but the sink, or nothing at all.
  add(4, 16, 0, Encoding::F32, 0, 3, {Set{4, 0, 0}}).hasSink = true;
  add(4, 16, 0, Encoding::F32, 0, 3, {Set{4, 0, 0}});
  CpuLevel level = levelNamed(GetParam());
  for (size_t i = 0; i < cases.size(); ++i)
    if (takesAll(level) || i % 3 == 0)
      checkAttentionCase(level, cases[i], 100 * i);
}

TEST(RowAttention, RefusesImpossibleSpecs) {
  RowAttentionSpec spec;
  spec.heads = 4;
  spec.columns = 16;
  spec.storage = Encoding::F32;
  spec.scale = 1;
  EXPECT_THAT(checkRowAttention(spec).error().message,
              HasSubstr("attention of 4 heads over rows of 16: expects a set "
                        "of rows and a finite scale"));
  spec.sets.push_back({4, 7, 0});
  EXPECT_THAT(checkRowAttention(spec).error().message,
              HasSubstr("windows of rows of every token only"));
  spec.sets[0] = {};
  EXPECT_TRUE(checkRowAttention(spec).ok());
  spec.storage = Encoding::Q8_0;
  EXPECT_THAT(checkRowAttention(spec).error().message,
              HasSubstr("expects rows of a multiple of 32 columns in q8_0"));
  spec.storage = Encoding::Q4_0;
  EXPECT_THAT(checkRowAttention(spec).error().message,
              HasSubstr("q8_0 storage, but got 'q4_0'"));
  spec.heads = 0;
  EXPECT_THAT(checkRowAttention(spec).error().message,
              HasSubstr("expects at most 16384 heads and columns"));
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

void checkChoice(const CpuLevel &level, const IndexTopKSpec &spec,
                 int64_t first, int64_t tokens, bool areEqual, unsigned seed) {
  Status ok = checkIndexTopK(spec);
  ASSERT_TRUE(ok.ok()) << ok.error().str();
  Stored stored((first + tokens) / spec.clock, spec.columns, 0, spec.storage,
                seed);
  if (areEqual) // every fourth row is the same
    for (int64_t n = 0; n < stored.rows; ++n)
      std::copy_n(&stored.values[n % 4 * spec.columns], spec.columns,
                  &stored.values[n * spec.columns]);
  int64_t qStride = spec.heads * spec.columns + 3, aStride = spec.heads + 1;
  int64_t idsStride = spec.k + 2;
  KernelModule kernels;
  addAppend(kernels, "append", stored);
  kernels.add("choose",
              {kernels.floats(), kernels.floats(), kernels.bytes(),
               kernels.buffer(32), kernels.buffer(32), kernels.index()},
              indexTopKScratchBytes(spec),
              [&](OpBuilder &b, Location loc, Arguments args) {
                IndexTopKOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.query = args[2];
                in.factors = args[3];
                in.queryStride = qStride;
                in.factorStride = aStride;
                in.rows = pagesOf(b, stored, false, args[4], args[5]);
                in.ids = args[6];
                in.idsStride = idsStride;
                in.firstPosition = args[7];
                in.scratch = args[8];
                buildIndexTopK(b, loc, level, spec, in);
              });
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  std::vector<float> q = randomFloats(tokens * qStride, seed + 1);
  // Factors of both signs.
  std::vector<float> a = randomFloats(tokens * aStride, seed + 2);
  std::vector<int32_t> ids(tokens * idsStride, -7);
  code.run(0, {stored.values.data(), stored.pool.data(), stored.table.data()},
           {}, 0, stored.rows);
  round(stored);
  int64_t cut = tokens / 2;
  for (auto [begin, end] : {std::pair(cut, tokens), {int64_t(0), cut}})
    code.run(1,
             {q.data(), a.data(), stored.pool.data(), stored.table.data(),
              ids.data()},
             {first}, begin, end);

  for (int64_t t = 0; t < tokens; ++t) {
    int64_t seen = (first + t + 1) / spec.clock;
    std::vector<double> scores(seen);
    for (int64_t n = 0; n < seen; ++n)
      for (int64_t h = 0; h < spec.heads; ++h) {
        double dot = 0;
        for (int64_t c = 0; c < spec.columns; ++c)
          dot += double(q[t * qStride + h * spec.columns + c]) *
                 stored.values[n * spec.columns + c];
        scores[n] += a[t * aStride + h] * std::max(dot, 0.0);
      }
    const int32_t *got = &ids[t * idsStride];
    int64_t count = std::min(seen, spec.k);
    for (int64_t j = 0; j < spec.k; ++j)
      ASSERT_TRUE(j < count ? got[j] >= 0 && got[j] < seen &&
                                  (j == 0 || got[j] > got[j - 1])
                            : got[j] == -1)
          << "id " << j << " of token " << t << ": " << got[j];
    // No row that was left out is better than one that was chosen.
    double worst = INFINITY, largest = 0;
    for (int64_t j = 0; j < count; ++j)
      worst = std::min(worst, scores[got[j]]);
    for (double score : scores)
      largest = std::max(largest, std::abs(score));
    for (int64_t n = 0; n < seen; ++n)
      if (std::find(got, got + count, n) == got + count)
        ASSERT_LE(scores[n], worst + 1e-5 * largest)
            << "row " << n << " of token " << t;
    if (areEqual) // of equal ones the first
      for (int64_t j = 0; j < count; ++j)
        if (got[j] >= 4)
          ASSERT_NE(std::find(got, got + count, got[j] - 4), got + count)
              << "row " << got[j] - 4 << " of token " << t;
    EXPECT_EQ(got[spec.k], -7);
  }
}

TEST_P(SharedRowLevels, ChoiceIsOfTheBest) {
  CpuLevel level = levelNamed(GetParam());
  // Fewer rows than are chosen, more, and so many that candidates are thinned
  // out on the way.
  checkChoice(level, {8, 32, Encoding::F32, 4, 12}, 0, 60, false, 1);
  checkChoice(level, {4, 16, Encoding::F16, 1, 12}, 500, 3, false, 2);
  if (!takesAll(level))
    return;
  checkChoice(level, {20, 33, Encoding::BF16, 1, 5}, 260, 2, false, 3);
  checkChoice(level, {16, 32, Encoding::Q8_0, 1, 64}, 700, 1, false, 4);
  checkChoice(level, {3, 8, Encoding::F32, 1, 10}, 300, 2, true, 5);
  checkChoice(level, {3, 8, Encoding::F32, 1, 1}, 40, 2, false, 6);
}

TEST(IndexTopK, RefusesImpossibleSpecs) {
  EXPECT_TRUE(checkIndexTopK({4, 16, Encoding::F32, 1, 8}).ok());
  EXPECT_THAT(checkIndexTopK({4, 16, Encoding::F32, 1, 0}).error().message,
              HasSubstr("choice of 0 rows of 16: expects sizes between 1 and "
                        "65536, but got 0"));
  EXPECT_THAT(checkIndexTopK({4, 16, Encoding::Q8_0, 1, 8}).error().message,
              HasSubstr("a multiple of 32 columns in q8_0"));
  EXPECT_THAT(checkIndexTopK({4, 16, Encoding::Q4_0, 1, 8}).error().message,
              HasSubstr("but got 'q4_0'"));
}

INSTANTIATE_TEST_SUITE_P(All, SharedRowLevels,
                         testing::ValuesIn(runnableLevels()), levelTestName);

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// Feeds a sequence in steps, and compares with windows of all of it.
void checkWindows(const WindowSpec &spec, const std::vector<int64_t> &steps) {
  KernelModule kernels;
  int64_t xStride = spec.columns + 3;
  int64_t outStride = spec.rows() * spec.columns + 5;
  auto operands = [&](Arguments args) {
    WindowOperands in;
    in.x = args[2];
    in.state = args[3];
    in.output = args[4];
    in.tokens = args[5];
    in.firstPosition = args[6];
    in.stateAt = args[7];
    in.xStride = xStride;
    in.outputStride = outStride;
    return in;
  };
  std::vector<mlir::Type> types{kernels.floats(), kernels.bytes(),
                                kernels.floats(), kernels.index(),
                                kernels.index(),  kernels.index()};
  kernels.add(
      "gather", types, 0, [&](OpBuilder &b, Location loc, Arguments args) {
        buildGatherWindows(b, loc, spec, operands(args), args[0], args[1]);
      });
  kernels.add("keep", types, 0,
              [&](OpBuilder &b, Location loc, Arguments args) {
                Emitter e(b, loc);
                e.loop(args[0], args[1], 1, [&](Value row) {
                  buildKeepRow(b, loc, spec, operands(args), row);
                });
              });
  CpuLevel level = levelNamed(runnableLevels().front());
  Result<CodeBlob> blob = kernels.emitToRun(level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));

  constexpr int64_t kStateAt = 64;
  std::vector<uint8_t> state(kStateAt + spec.keptRows() * spec.columns * 4 + 64,
                             0xff);
  int64_t total = std::accumulate(steps.begin(), steps.end(), int64_t(0));
  std::vector<float> x = randomFloats(total * xStride, 3);
  int64_t first = 0;
  for (int64_t tokens : steps) {
    int64_t most = (tokens + spec.size - 1) / spec.size;
    std::vector<float> out(most * outStride, -9);
    std::vector<void *> buffers{&x[first * xStride], state.data(), out.data()};
    std::vector<int64_t> sizes{tokens, first, kStateAt};
    int64_t programs = most * spec.rows(), cut = programs / 3;
    for (auto [begin, end] : {std::pair(cut, programs), {int64_t(0), cut}})
      code.run(0, buffers, sizes, begin, end);
    // Rows of one step come in any order.
    for (auto [begin, end] :
         {std::pair(tokens / 2, tokens), {int64_t(0), tokens / 2}})
      code.run(1, buffers, sizes, begin, end);
    int64_t before = first / spec.size;
    int64_t complete = (first + tokens) / spec.size - before;
    for (int64_t m = 0; m < most; ++m)
      for (int64_t j = 0; j < spec.rows(); ++j)
        for (int64_t c = 0; c < spec.columns; ++c) {
          int64_t p = (before + m) * spec.size - spec.before + j;
          float expected = m >= complete ? -9
                           : p < 0       ? float(spec.fill)
                                         : x[p * xStride + c];
          ASSERT_EQ(out[m * outStride + j * spec.columns + c], expected)
              << "window " << m << " row " << j << " after " << first;
        }
    first += tokens;
  }
  // What follows the state is not touched.
  for (size_t i = state.size() - 64; i < state.size(); ++i)
    EXPECT_EQ(state[i], 0xff);
}

TEST(Windows, AreThoseOfTheWholeSequence) {
  checkWindows({4, 4, 19, -INFINITY}, {1, 1, 1, 1, 1, 3, 2, 9, 1, 5, 8, 4});
  checkWindows({4, 4, 32}, {30, 1, 1, 1});
  checkWindows({8, 0, 16}, {3, 5, 8, 1, 1, 20, 7});
  checkWindows({3, 5, 2, 1.5}, {2, 2, 2, 2, 2, 2, 13});
  checkWindows({1, 1, 4}, {1, 1, 3});
  checkWindows({2, 0, 1}, {1, 1, 1, 4});
}

} // namespace
