#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace tombolo::test;

namespace {

class Experts : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Experts, testing::ValuesIn(levels()),
                         levelName);

std::string n(int64_t value) { return std::to_string(value); }

/// Scores with equals, -inf and NaN among them.
std::vector<float> scores(size_t count, unsigned seed) {
  std::vector<float> values = numbers(count, seed, 4);
  for (size_t i = 0; i < count; ++i) {
    values[i] = std::round(values[i]);
    if (i % 11 == 3)
      values[i] = -INFINITY;
    if (i % 13 == 5)
      values[i] = NAN;
  }
  return values;
}

/// Places by score, the largest first, then by place; NaN as -inf.
std::vector<int32_t> sorted(const float *row, int64_t count) {
  std::vector<int32_t> places(count);
  std::iota(places.begin(), places.end(), 0);
  auto value = [&](int32_t i) {
    return std::isnan(row[i]) ? -INFINITY : row[i];
  };
  std::sort(places.begin(), places.end(), [&](int32_t a, int32_t b) {
    return value(a) != value(b) ? value(a) > value(b) : a < b;
  });
  return places;
}

TEST_P(Experts, TopK) {
  constexpr int64_t tokens = 5;
  for (auto [size, k] : {std::pair<int64_t, int64_t>{64, 8},
                         {12, 3},
                         {7, 9},
                         {1, 1},
                         {40, 40}}) {
    int64_t chosen = std::min(size, k);
    std::vector<float> s = scores(tokens * size, unsigned(size));
    // A row of which nothing can be chosen.
    std::fill_n(s.begin(), size, -INFINITY);
    std::vector<int32_t> ids(tokens * chosen, -9);
    RowKernel("    %ids = nn.top_k %s k = " + n(k) + " : tensor<1x" + n(size) +
              "xf32> -> tensor<1x" + n(chosen) + "xi32>")
        .rows("s", {size}, s)
        .result("ids", {chosen}, ids)
        .run(GetParam(), tokens);
    for (int64_t t = 0; t < tokens; ++t) {
      const float *row = &s[t * size];
      std::vector<int32_t> expected = sorted(row, size);
      for (int64_t j = 0; j < chosen; ++j) {
        int32_t id = expected[j];
        if (std::isnan(row[id]) || row[id] == -INFINITY)
          id = -1;
        ASSERT_EQ(ids[t * chosen + j], id)
            << size << " scores, row " << t << ", choice " << j;
      }
    }
  }
}

TEST_P(Experts, KeepGroups) {
  constexpr int64_t tokens = 6;
  struct Case {
    int64_t size, groups, keep, by;
  };
  for (Case c : {Case{32, 8, 4, 2}, {12, 4, 1, 3}, {12, 3, 2, 1}}) {
    int64_t each = c.size / c.groups;
    std::vector<float> s = scores(tokens * c.size, unsigned(c.size + c.by)),
                       kept(s.size());
    RowKernel("    %kept = nn.keep_groups %s groups = " + n(c.groups) +
              " keep = " + n(c.keep) + " by = " + n(c.by) + " : tensor<1x" +
              n(c.size) + "xf32>")
        .rows("s", {c.size}, s)
        .result("kept", {c.size}, kept)
        .run(GetParam(), tokens);
    for (int64_t t = 0; t < tokens; ++t) {
      const float *row = &s[t * c.size];
      std::vector<float> sums;
      for (int64_t g = 0; g < c.groups; ++g) {
        std::vector<int32_t> best = sorted(row + g * each, each);
        float sum = 0;
        for (int64_t i = 0; i < c.by; ++i) {
          float score = row[g * each + best[i]];
          sum += std::isnan(score) ? -INFINITY : score;
        }
        sums.push_back(sum);
      }
      std::vector<int32_t> order = sorted(sums.data(), c.groups);
      for (int64_t i = 0; i < c.groups; ++i)
        for (int64_t e = order[i] * each; e < (order[i] + 1) * each; ++e) {
          float got = kept[t * c.size + e];
          if (i >= c.keep)
            ASSERT_EQ(got, -INFINITY);
          else if (std::isnan(row[e]))
            ASSERT_TRUE(std::isnan(got));
          else
            ASSERT_EQ(got, row[e]);
        }
    }
  }
}

TEST_P(Experts, ExpertLinear) {
  constexpr int64_t tokens = 4, experts = 5, choices = 2, in = 24, out = 10;
  for (bool perChoice : {false, true})
    for (bool bias : {false, true}) {
      int64_t rows = perChoice ? choices : 1;
      auto x = numbers(tokens * rows * in, 1),
           w = numbers(experts * out * in, 2), b = numbers(experts * out, 3);
      std::vector<int32_t> ids = {4, 0, -1, 2, 2, 2, 3, -1};
      std::vector<float> y(tokens * choices * out);
      std::string xt = "tensor<1x" + (perChoice ? n(choices) + "x" : "") +
                       n(in) + "xf32>",
                  wt = "tensor<" + n(experts) + "x" + n(out) + "x" + n(in) +
                       "xf32>",
                  bt = "tensor<" + n(experts) + "x" + n(out) + "xf32>";
      std::vector<int64_t> shape = {in};
      if (perChoice)
        shape.insert(shape.begin(), choices);
      RowKernel("    %y = nn.expert_linear %x, %w, %i" +
                std::string(bias ? ", %b" : "") + " : " + xt + ", " + wt +
                ", tensor<1x2xi32>" + (bias ? ", " + bt : "") +
                " -> tensor<1x2x" + n(out) + "xf32>")
          .rows("x", shape, x)
          .rows("i", {choices}, ids)
          .whole("w", {experts, out, in}, w)
          .whole("b", {experts, out}, b)
          .result("y", {choices, out}, y)
          .run(GetParam(), tokens);
      std::vector<double> expected;
      for (int64_t p = 0; p < tokens * choices; ++p)
        for (int64_t o = 0; o < out; ++o) {
          int32_t e = ids[p];
          double sum = bias && e >= 0 ? b[e * out + o] : 0;
          for (int64_t i = 0; i < in && e >= 0; ++i)
            sum += double(x[(perChoice ? p : p / choices) * in + i]) *
                   w[(e * out + o) * in + i];
          expected.push_back(sum);
        }
      expectNear(y, expected, 2e-6, 10);
    }
}

} // namespace
