#include "test/unit/codegen/cpu/general/KernelRunner.h"

using namespace tombolo::test;

namespace {

class Movement : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Movement, testing::ValuesIn(levels()),
                         levelName);

constexpr int64_t kTokens = 3;

TEST_P(Movement, Slices) {
  auto in = numbers(kTokens * 4 * 30, 1);
  std::vector<float> range(kTokens * 4 * 11), odd(kTokens * 4 * 15),
      one(kTokens * 30);
  RowKernel("    %a = nn.slice %x[:, :, 3:14] : tensor<1x4x30xf32> -> "
            "tensor<1x4x11xf32>\n"
            "    %b = nn.slice %x[:, :, 1::2] : tensor<1x4x30xf32> -> "
            "tensor<1x4x15xf32>\n"
            "    %c = nn.slice %x[:, 2, :] : tensor<1x4x30xf32> -> "
            "tensor<1x30xf32>")
      .rows("x", {4, 30}, in)
      .result("a", {4, 11}, range)
      .result("b", {4, 15}, odd)
      .result("c", {30}, one)
      .run(GetParam(), kTokens);
  for (int64_t row = 0; row < kTokens * 4; ++row) {
    for (int64_t i = 0; i < 11; ++i)
      ASSERT_EQ(range[row * 11 + i], in[row * 30 + 3 + i]);
    for (int64_t i = 0; i < 15; ++i)
      ASSERT_EQ(odd[row * 15 + i], in[row * 30 + 1 + 2 * i]);
  }
  for (int64_t t = 0; t < kTokens; ++t)
    for (int64_t i = 0; i < 30; ++i)
      ASSERT_EQ(one[t * 30 + i], in[(t * 4 + 2) * 30 + i]);
}

TEST_P(Movement, ConcatAndRepeat) {
  auto a = numbers(kTokens * 8, 2), b = numbers(kTokens * 5, 3);
  std::vector<float> joined(kTokens * 13), copies(kTokens * 2 * 8);
  RowKernel("    %n = nn.neg %b : tensor<1x5xf32>\n"
            "    %j = nn.concat %a, %n axis = 1 : tensor<1x8xf32>, "
            "tensor<1x5xf32> -> tensor<1x13xf32>\n"
            "    %r = nn.repeat %a axis = 1 times = 2 : tensor<1x8xf32> -> "
            "tensor<1x2x8xf32>")
      .rows("a", {8}, a)
      .rows("b", {5}, b)
      .result("j", {13}, joined)
      .result("r", {2, 8}, copies)
      .run(GetParam(), kTokens);
  for (int64_t t = 0; t < kTokens; ++t) {
    for (int64_t i = 0; i < 13; ++i)
      ASSERT_EQ(joined[t * 13 + i], i < 8 ? a[t * 8 + i] : -b[t * 5 + i - 8]);
    for (int64_t i = 0; i < 16; ++i)
      ASSERT_EQ(copies[t * 16 + i], a[t * 8 + i % 8]);
  }
}

TEST_P(Movement, Rearrange) {
  auto in = numbers(kTokens * 48, 4);
  std::vector<float> heads(in.size()), turned(in.size()), ones(in.size());
  RowKernel("    %h = nn.rearrange %x, \"... (n c) -> ... n c\" {n = 3 : i64} "
            ": tensor<1x48xf32> -> tensor<1x3x16xf32>\n"
            "    %t = nn.rearrange %x, \"t (n r two) -> t (n two r)\" "
            "{n = 3 : i64, two = 2 : i64} : tensor<1x48xf32> -> "
            "tensor<1x48xf32>\n"
            "    %o = nn.rearrange %h, \"t n c -> t c 1 n\" : "
            "tensor<1x3x16xf32> -> tensor<1x16x1x3xf32>")
      .rows("x", {48}, in)
      .result("h", {3, 16}, heads)
      .result("t", {48}, turned)
      .result("o", {16, 1, 3}, ones)
      .run(GetParam(), kTokens);
  EXPECT_EQ(heads, in);
  for (int64_t t = 0; t < kTokens; ++t)
    for (int64_t n = 0; n < 3; ++n)
      for (int64_t c = 0; c < 16; ++c) {
        ASSERT_EQ(turned[t * 48 + n * 16 + c % 2 * 8 + c / 2],
                  in[t * 48 + n * 16 + c]);
        ASSERT_EQ(ones[t * 48 + c * 3 + n], in[t * 48 + n * 16 + c]);
      }
}

TEST_P(Movement, TakeAndEmbedding) {
  auto x = numbers(kTokens * 10, 5), table = numbers(7 * 24, 6),
       factors = numbers(10, 7);
  std::vector<int32_t> ids = {3, 0, 9, -1, 5, 5}, tokens = {6, 0, 3};
  std::vector<float> taken(6), chosen(6), rows(kTokens * 24);
  RowKernel("    %y = nn.take %x, %i : tensor<1x10xf32>, tensor<1x2xi32> -> "
            "tensor<1x2xf32>\n"
            "    %z = nn.take %f, %i : tensor<10xf32>, tensor<1x2xi32> -> "
            "tensor<1x2xf32>\n"
            "    %e = nn.embedding %t, %table : tensor<1xi32>, "
            "tensor<7x24xf32> -> tensor<1x24xf32>")
      .rows("x", {10}, x)
      .rows("i", {2}, ids)
      .rows("t", {}, tokens)
      .whole("f", {10}, factors)
      .whole("table", {7, 24}, table)
      .result("y", {2}, taken)
      .result("z", {2}, chosen)
      .result("e", {24}, rows)
      .run(GetParam(), kTokens);
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(taken[i], ids[i] < 0 ? 0 : x[i / 2 * 10 + ids[i]]);
    EXPECT_EQ(chosen[i], ids[i] < 0 ? 0 : factors[ids[i]]);
  }
  for (int64_t t = 0; t < kTokens; ++t)
    for (int64_t i = 0; i < 24; ++i)
      EXPECT_EQ(rows[t * 24 + i], table[tokens[t] * 24 + i]);
}

} // namespace
