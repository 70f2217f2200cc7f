// Rows as DeepSeek-V4 composes them: means over the rows of a window with
// learned weights, and routes to experts.

#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace tombolo::test;

namespace {

class Composed : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Composed, testing::ValuesIn(levels()),
                         levelName);

constexpr int64_t kTokens = 3;

std::string n(int64_t value) { return std::to_string(value); }
std::string tensor(std::initializer_list<int64_t> shape) {
  std::string text = "tensor<1x";
  for (int64_t size : shape)
    text += n(size) + "x";
  return text + "f32>";
}
std::string whole(int64_t rows, int64_t columns) {
  return "tensor<" + n(rows) + "x" + n(columns) + "xf32>";
}

/// Of each channel the mean of `values`, weighed by the softmax of `gates`,
/// both [rows, columns] for each token; what is masked has a gate of -inf.
std::vector<double> weighed(const std::vector<double> &gates,
                            const std::vector<double> &values, int64_t rows,
                            int64_t columns) {
  std::vector<double> result;
  for (size_t at = 0; at < gates.size(); at += rows * columns)
    for (int64_t c = 0; c < columns; ++c) {
      double sum = 0, mean = 0, largest = -INFINITY;
      for (int64_t r = 0; r < rows; ++r)
        largest = std::max(largest, gates[at + r * columns + c]);
      for (int64_t r = 0; r < rows; ++r) {
        double weight = std::exp(gates[at + r * columns + c] - largest);
        sum += weight;
        mean += weight * values[at + r * columns + c];
      }
      result.push_back(mean / sum);
    }
  return result;
}

// At real widths the window is 128 rows of 512: what its softmax leaves on the
// way would be more than a kernel may keep.
TEST_P(Composed, MeansOfWindows) {
  for (auto [rows, columns] : {std::pair<int64_t, int64_t>{128, 48},
                               {128, 512},
                               {8, 512},
                               {4, 7},
                               {3, 1}}) {
    size_t count = kTokens * rows * columns;
    auto gate = numbers(count, 1, 4), value = numbers(count, 2),
         place = numbers(rows * columns, 3);
    std::vector<float> mean(kTokens * columns);
    std::string t = tensor({rows, columns});
    RowKernel("    %b = nn.add %g, %p : " + t + ", " + whole(rows, columns) +
              " -> " + t + "\n    %s = nn.softmax %b axis = 1 : " + t + " -> " +
              t + "\n    %w = nn.mul %s, %v : " + t + ", " + t + " -> " + t +
              "\n    %m = nn.sum %w axis = 1 : " + t + " -> " +
              tensor({1, columns}) +
              "\n    %y = nn.rearrange %m, \"m 1 c -> m c\" : " +
              tensor({1, columns}) + " -> " + tensor({columns}))
        .rows("g", {rows, columns}, gate)
        .rows("v", {rows, columns}, value)
        .whole("p", {rows, columns}, place)
        .result("y", {columns}, mean)
        .run(GetParam(), kTokens);
    std::vector<double> gates, values(value.begin(), value.end());
    for (size_t i = 0; i < count; ++i)
      gates.push_back(double(gate[i]) + place[i % place.size()]);
    SCOPED_TRACE(t);
    expectNear(mean, weighed(gates, values, rows, columns), 1e-5);
  }
}

// Windows of two halves that overlap: the first half of the channels of the
// rows before, which at the beginning are none, and the second of these.
TEST_P(Composed, MeansOfOverlappingWindows) {
  constexpr int64_t rows = 4;
  for (int64_t columns : {48, 32, 512, 5}) {
    int64_t wide = 2 * columns;
    size_t count = kTokens * 2 * rows * wide;
    auto gate = numbers(count, 4, 4), value = numbers(count, 5),
         place = numbers(rows * wide, 6), scale = numbers(columns, 7);
    std::fill_n(gate.begin(), rows * wide, -INFINITY); // no rows before
    std::vector<float> entry(kTokens * columns);
    std::string in = tensor({2 * rows, wide}), half = tensor({rows, columns}),
                all = tensor({2 * rows, columns}), c = n(columns), w = n(wide);
    auto slice = [&](const std::string &to, const std::string &from,
                     const std::string &at, const std::string &type,
                     const std::string &result) {
      return "    %" + to + " = nn.slice %" + from + "[" + at + "] : " + type +
             " -> " + result + "\n";
    };
    auto concat = [&](const std::string &to, const std::string &a,
                      const std::string &b) {
      return "    %" + to + " = nn.concat %" + a + ", %" + b +
             " axis = 1 : " + half + ", " + half + " -> " + all + "\n";
    };
    auto binary = [&](const std::string &to, const std::string &op,
                      const std::string &b, const std::string &type,
                      const std::string &other) {
      return "    %" + to + " = nn." + op + b + " : " + type + ", " + other +
             " -> " + type + "\n";
    };
    std::string body =
        slice("v0", "v", ":, :4, :" + c, in, half) +
        slice("v1", "v", ":, 4:8, " + c + ":" + w, in, half) +
        concat("vs", "v0", "v1") + slice("g0", "g", ":, :4, :" + c, in, half) +
        slice("p0", "p", ":4, :" + c, whole(rows, wide), whole(rows, columns)) +
        binary("b0", "add", " %g0, %p0", half, whole(rows, columns)) +
        slice("g1", "g", ":, 4:8, " + c + ":" + w, in, half) +
        slice("p1", "p", ":4, " + c + ":" + w, whole(rows, wide),
              whole(rows, columns)) +
        binary("b1", "add", " %g1, %p1", half, whole(rows, columns)) +
        concat("gs", "b0", "b1") + "    %s = nn.softmax %gs axis = 1 : " + all +
        " -> " + all + "\n" + binary("w", "mul", " %s, %vs", all, all) +
        "    %m = nn.sum %w axis = 1 : " + all + " -> " + tensor({1, columns}) +
        "\n    %f = nn.rearrange %m, \"m 1 c -> m c\" : " +
        tensor({1, columns}) + " -> " + tensor({columns}) +
        "\n    %e = nn.rms_norm %f, %scale eps = 1.0e-3 : " +
        tensor({columns}) + ", tensor<" + c + "xf32>\n";
    RowKernel(body)
        .rows("g", {2 * rows, wide}, gate)
        .rows("v", {2 * rows, wide}, value)
        .whole("p", {rows, wide}, place)
        .whole("scale", {columns}, scale)
        .result("e", {columns}, entry)
        .run(GetParam(), kTokens);
    std::vector<double> gates, values;
    for (int64_t t = 0; t < kTokens; ++t)
      for (int64_t r = 0; r < 2 * rows; ++r)
        for (int64_t j = 0; j < columns; ++j) {
          int64_t channel = r < rows ? j : columns + j;
          size_t at = (t * 2 * rows + r) * wide + channel;
          gates.push_back(double(gate[at]) + place[r % rows * wide + channel]);
          values.push_back(value[at]);
        }
    std::vector<double> means = weighed(gates, values, 2 * rows, columns),
                        expected;
    for (int64_t t = 0; t < kTokens; ++t) {
      const double *row = &means[t * columns];
      double squares = 0;
      for (int64_t j = 0; j < columns; ++j)
        squares += row[j] * row[j];
      for (int64_t j = 0; j < columns; ++j)
        expected.push_back(row[j] * scale[j] /
                           std::sqrt(squares / double(columns) + 1e-3));
    }
    SCOPED_TRACE(columns);
    expectNear(entry, expected, 1e-5);
  }
}

// Scores, ids by them or by the token's number, and the normalized weights.
TEST_P(Composed, RoutesToExperts) {
  for (auto [experts, chosen] :
       {std::pair<int64_t, int64_t>{8, 2}, {256, 6}, {7, 3}}) {
    auto logits = numbers(kTokens * experts, 8, 6),
         bias = numbers(experts, 9, 0.5f);
    std::vector<int32_t> hashed(kTokens * chosen), ids(hashed.size());
    for (size_t i = 0; i < hashed.size(); ++i)
      hashed[i] = int32_t(i * 5 % experts);
    std::vector<float> byScore(hashed.size()), byHash(hashed.size());
    std::string e = tensor({experts}), k = tensor({chosen}),
                i = "tensor<1x" + n(chosen) + "xi32>";
    auto weights = [&](const std::string &to, const std::string &from) {
      return "    %t" + to + " = nn.take %s, %" + from + " : " + e + ", " + i +
             " -> " + k + "\n    %u" + to + " = nn.sum %t" + to +
             " axis = -1 : " + k + " -> tensor<1x1xf32>\n    %v" + to +
             " = nn.add %u" + to +
             ", %eps : tensor<1x1xf32>, f32 -> tensor<1x1xf32>\n    %w" + to +
             " = nn.div %t" + to + ", %v" + to + " : " + k +
             ", tensor<1x1xf32> -> " + k + "\n    %" + to + " = nn.mul %w" +
             to + ", %factor : " + k + ", f32 -> " + k + "\n";
    };
    RowKernel("    %eps = arith.constant 1.0e-20 : f32\n"
              "    %factor = arith.constant 1.5 : f32\n"
              "    %p = nn.softplus %x : " +
              e + "\n    %s = nn.sqrt %p : " + e +
              "\n    %o = nn.add %s, %b : " + e + ", tensor<" + n(experts) +
              "xf32> -> " + e + "\n    %i = nn.top_k %o k = " + n(chosen) +
              " : " + e + " -> " + i + "\n" + weights("a", "i") +
              weights("c", "h"))
        .rows("x", {experts}, logits)
        .rows("h", {chosen}, hashed)
        .whole("b", {experts}, bias)
        .result("i", {chosen}, ids)
        .result("a", {chosen}, byScore)
        .result("c", {chosen}, byHash)
        .run(GetParam(), kTokens);
    std::vector<double> expectedA, expectedC;
    for (int64_t t = 0; t < kTokens; ++t) {
      std::vector<double> scores;
      for (int64_t j = 0; j < experts; ++j)
        scores.push_back(
            std::sqrt(std::log1p(std::exp(double(logits[t * experts + j])))));
      std::vector<int32_t> order(experts);
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](int32_t x, int32_t y) {
        return scores[x] + bias[x] > scores[y] + bias[y];
      });
      auto add = [&](std::vector<double> &to, const int32_t *at) {
        double sum = 1e-20;
        for (int64_t j = 0; j < chosen; ++j)
          sum += scores[at[j]];
        for (int64_t j = 0; j < chosen; ++j)
          to.push_back(1.5 * scores[at[j]] / sum);
      };
      for (int64_t j = 0; j < chosen; ++j)
        ASSERT_EQ(ids[t * chosen + j], order[j]) << experts << " row " << t;
      add(expectedA, order.data());
      add(expectedC, &hashed[t * chosen]);
    }
    expectNear(byScore, expectedA);
    expectNear(byHash, expectedC);
  }
}

// The experts' activation with its limits, and their weighted sum.
TEST_P(Composed, WeighsExperts) {
  for (auto [choices, width] :
       {std::pair<int64_t, int64_t>{2, 48}, {6, 100}, {9, 40}}) {
    size_t count = kTokens * choices * width;
    auto gate = numbers(count, 10, 5), up = numbers(count, 11, 5),
         weight = numbers(kTokens * choices, 12),
         shared = numbers(kTokens * width, 13);
    std::vector<float> active(count), sum(kTokens * width);
    std::string t = tensor({choices, width}), r = tensor({width}),
                k = tensor({choices}), k1 = tensor({choices, 1});
    RowKernel(
        "    %c = arith.constant 2.0 : f32\n    %m = nn.min %g, %c : " + t +
        ", f32 -> " + t + "\n    %s = nn.silu %m : " + t +
        "\n    %l = nn.clamp %u low = -2.0 high = 2.0 : " + t +
        "\n    %h = nn.mul %s, %l : " + t + ", " + t + " -> " + t +
        "\n    %p1 = nn.rearrange %p, \"t k -> t k 1\" : " + k + " -> " + k1 +
        "\n    %d = nn.mul %h, %p1 : " + t + ", " + k1 + " -> " + t +
        "\n    %a = nn.sum %d axis = 1 : " + t + " -> " + tensor({1, width}) +
        "\n    %b = nn.rearrange %a, \"t 1 d -> t d\" : " + tensor({1, width}) +
        " -> " + r + "\n    %y = nn.add %b, %e : " + r + ", " + r + " -> " + r)
        .rows("g", {choices, width}, gate)
        .rows("u", {choices, width}, up)
        .rows("p", {choices}, weight)
        .rows("e", {width}, shared)
        .result("h", {choices, width}, active)
        .result("y", {width}, sum)
        .run(GetParam(), kTokens);
    std::vector<double> expectedActive, expectedSum;
    for (size_t i = 0; i < count; ++i) {
      double x = std::min(gate[i], 2.0f);
      expectedActive.push_back(x / (1 + std::exp(-x)) *
                               std::clamp(up[i], -2.0f, 2.0f));
    }
    for (int64_t row = 0; row < kTokens; ++row)
      for (int64_t j = 0; j < width; ++j) {
        double value = shared[row * width + j];
        for (int64_t i = 0; i < choices; ++i)
          value += expectedActive[(row * choices + i) * width + j] *
                   weight[row * choices + i];
        expectedSum.push_back(value);
      }
    expectNear(active, expectedActive);
    expectNear(sum, expectedSum, 4e-6);
  }
}

} // namespace
