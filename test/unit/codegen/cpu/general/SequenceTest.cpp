#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include <cmath>
#include <limits>

using namespace tombolo::test;

namespace {

class Sequence : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Sequence, testing::ValuesIn(levels()),
                         levelName);

constexpr int64_t kTokens = 3;

/// Cosines and sines of `pairs` angles for each token.
std::vector<float> angleTable(int64_t pairs) {
  std::vector<float> table;
  for (int64_t t = 0; t < kTokens; ++t)
    for (int64_t part = 0; part < 2; ++part)
      for (int64_t i = 0; i < pairs; ++i) {
        double angle = (t + 11) * std::pow(10000.0, -2.0 * i / (2.0 * pairs));
        table.push_back(
            static_cast<float>(part == 0 ? std::cos(angle) : std::sin(angle)));
      }
  return table;
}

void rotate(std::vector<double> &row, const float *cosines, int64_t pairs,
            int64_t at, bool half, bool inverse) {
  std::vector<double> in = row;
  for (int64_t i = 0; i < pairs; ++i) {
    int64_t first = half ? at + i : at + 2 * i;
    int64_t second = half ? first + pairs : first + 1;
    double c = cosines[i], s = cosines[pairs + i] * (inverse ? -1 : 1);
    row[first] = in[first] * c - in[second] * s;
    row[second] = in[second] * c + in[first] * s;
  }
}

// Queries normalized by head, then turned: what every layer of qwen3 does.
TEST_P(Sequence, HeadNormAndRotate) {
  struct Case {
    int64_t heads, width, pairs, at;
    bool half, inverse;
  };
  for (Case c : {Case{9, 64, 32, 0, true, false},
                 {2, 24, 8, 4, true, true},
                 {3, 16, 8, 0, false, false},
                 {1, 10, 3, 2, false, true},
                 {2, 2, 1, 0, true, false}}) {
    auto n = [](int64_t value) { return std::to_string(value); };
    auto x = numbers(kTokens * c.heads * c.width, 1), w = numbers(c.width, 2);
    auto angles = angleTable(c.pairs);
    std::vector<float> out(x.size());
    std::string t = "tensor<1x" + n(c.heads) + "x" + n(c.width) + "xf32>";
    std::string body = "    %n = nn.rms_norm %x, %w eps = 1.0e-6 : " + t +
                       ", tensor<" + n(c.width) +
                       "xf32>\n    %y = nn.rotate %n, %a pairs = " +
                       (c.half ? "half" : "adjacent") + " at = " + n(c.at) +
                       " inverse = " + (c.inverse ? "true" : "false") + " : " +
                       t + ", tensor<1x2x" + n(c.pairs) + "xf32>";
    SCOPED_TRACE(body);
    RowKernel(body)
        .rows("x", {c.heads, c.width}, x)
        .whole("w", {c.width}, w)
        .rows("a", {2, c.pairs}, angles)
        .result("y", {c.heads, c.width}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (int64_t row = 0; row < kTokens * c.heads; ++row) {
      std::vector<double> values(&x[row * c.width],
                                 &x[row * c.width] + c.width);
      double squares = 0;
      for (double value : values)
        squares += value * value;
      for (int64_t i = 0; i < c.width; ++i)
        values[i] *= w[i] / std::sqrt(squares / c.width + 1e-6);
      rotate(values, &angles[row / c.heads * 2 * c.pairs], c.pairs, c.at,
             c.half, c.inverse);
      expected.insert(expected.end(), values.begin(), values.end());
    }
    expectNear(out, expected, 1e-6);
  }
}

struct RowSet {
  int64_t count, heads, window; // window 0: none
  bool flat;                    // rows of one dimension
};

struct Attention {
  int64_t heads, keyWidth, valueWidth;
  bool sink;
  double softcap; // 0: none
  std::vector<RowSet> sets;
};

void checkAttention(const Attention &a, const std::string &level) {
  auto n = [](int64_t value) { return std::to_string(value); };
  auto q = numbers(kTokens * a.heads * a.keyWidth, 1, 2);
  std::vector<int32_t> positions = {4, 11, 18};
  auto sink = numbers(a.heads, 2);
  std::vector<std::vector<float>> keys, values;
  std::string rows, keyNames, valueNames, types;
  std::string valueTypes;
  std::vector<std::vector<int64_t>> keyShapes, valueShapes;
  for (const RowSet &set : a.sets) {
    std::string index = n(keys.size());
    keys.push_back(
        numbers(set.count * set.heads * a.keyWidth, 3 + keys.size()));
    values.push_back(
        numbers(set.count * set.heads * a.valueWidth, 9 + keys.size()));
    std::string window = set.window ? ", window = " + n(set.window) : "";
    for (bool key : {true, false}) {
      int64_t width = key ? a.keyWidth : a.valueWidth;
      std::vector<int64_t> shape = {set.count};
      std::string dims;
      if (!set.flat) {
        shape.push_back(set.heads);
        dims = n(set.heads) + "x";
      }
      shape.push_back(width);
      dims += n(width) + "xf32";
      (key ? keyShapes : valueShapes).push_back(shape);
      std::string name = (key ? "k" : "v") + index;
      std::string type = "!nn.rows<" + dims + window + ">";
      rows += "    %r" + name + " = nn.rows %" + name + " : tensor<" +
              n(set.count) + "x" + dims + "> -> " + type + "\n";
      std::string &names = key ? keyNames : valueNames;
      names += (names.empty() ? "%r" : ", %r") + name;
      (key ? types : valueTypes) += ", " + type;
    }
  }
  std::string head = "tensor<1x" + n(a.heads) + "x";
  RowKernel kernel(rows + "    %y = nn.attention %q, %p keys(" + keyNames +
                   ") values(" + valueNames + ")" +
                   (a.sink ? " sink(%s)" : "") + " scale = 0.25" +
                   (a.softcap > 0 ? " softcap = 1.5" : "") + " : " + head +
                   n(a.keyWidth) + "xf32>, tensor<1xi32>" + types + valueTypes +
                   (a.sink ? ", tensor<" + n(a.heads) + "xf32>" : "") + " -> " +
                   head + n(a.valueWidth) + "xf32>");
  std::vector<float> out(kTokens * a.heads * a.valueWidth);
  kernel.rows("q", {a.heads, a.keyWidth}, q).rows("p", {}, positions);
  if (a.sink)
    kernel.whole("s", {a.heads}, sink);
  for (size_t i = 0; i < keys.size(); ++i) {
    kernel.whole("k" + n(i), keyShapes[i], keys[i]);
    kernel.whole("v" + n(i), valueShapes[i], values[i]);
  }
  kernel.result("y", {a.heads, a.valueWidth}, out).run(level, kTokens);

  std::vector<double> expected;
  for (int64_t t = 0; t < kTokens; ++t)
    for (int64_t h = 0; h < a.heads; ++h) {
      double total = a.sink ? std::exp(static_cast<double>(sink[h])) : 0;
      std::vector<double> sum(a.valueWidth);
      for (size_t s = 0; s < a.sets.size(); ++s) {
        const RowSet &set = a.sets[s];
        int64_t group = h * set.heads / a.heads;
        for (int64_t row = 0; row < set.count; ++row) {
          if (row > positions[t] ||
              (set.window && row <= positions[t] - set.window))
            continue;
          double score = 0;
          for (int64_t c = 0; c < a.keyWidth; ++c)
            score +=
                static_cast<double>(q[(t * a.heads + h) * a.keyWidth + c]) *
                keys[s][(row * set.heads + group) * a.keyWidth + c];
          score *= 0.25;
          if (a.softcap > 0)
            score = a.softcap * std::tanh(score / a.softcap);
          double weight = std::exp(score);
          total += weight;
          for (int64_t d = 0; d < a.valueWidth; ++d)
            sum[d] += weight *
                      values[s][(row * set.heads + group) * a.valueWidth + d];
        }
      }
      for (double value : sum)
        expected.push_back(total > 0 ? value / total : 0);
    }
  expectNear(out, expected, 3e-6);
}

TEST_P(Sequence, AttentionOfGroupedHeads) {
  checkAttention({4, 16, 16, false, 0, {{19, 2, 0, false}}}, GetParam());
}
TEST_P(Sequence, AttentionWithWindowSinkAndSoftcap) {
  checkAttention({3, 24, 8, true, 1.5, {{19, 3, 5, false}}}, GetParam());
}
TEST_P(Sequence, AttentionOverSeveralRowSets) {
  checkAttention({6,
                  10,
                  12,
                  false,
                  0,
                  {{19, 3, 4, false}, {7, 1, 0, true}, {5, 2, 0, false}}},
                 GetParam());
}
// With the window, the last token sees none of the three rows there are.
TEST_P(Sequence, AttentionToNothingGivesZero) {
  checkAttention({2, 8, 8, false, 0, {{3, 2, 4, false}}}, GetParam());
}

} // namespace
