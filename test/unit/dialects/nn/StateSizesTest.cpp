#include "dialects/nn/IR/StateSizes.h"
#include "test/unit/dialects/nn/NNFixture.h"

using namespace tombolo;
using namespace tombolo::nn;

namespace {
using StateSizesTest = NNFixture;

TEST_F(StateSizesTest, EachKindOfState) {
  auto module = parse(R"(
  nn.state @all[3] : !nn.rows<2x8xf32> storage = f16
  nn.state @near : !nn.rows<32xf32, window = 128> storage = q8_0
  nn.state @far[2] : !nn.rows<8xf32, clock = 4> storage = f32
  nn.window_state @open[2] : !nn.rows<16xbf16> size = 4 before = 4
  )");
  ASSERT_TRUE(module);
  std::vector<StateSize> sizes = stateSizesOf(*module);
  ASSERT_EQ(sizes.size(), 4u);
  EXPECT_EQ(sizes[0].name, "all");
  EXPECT_EQ(sizes[0].bytesAt(10), 3 * 10 * 16 * 2);
  EXPECT_EQ(sizes[0].bytesPerToken(), 3 * 16 * 2);
  // A block of 32 is 34 bytes.
  EXPECT_EQ(sizes[1].bytesAt(100), 100 * 34);
  EXPECT_EQ(sizes[1].bytesAt(1000), 128 * 34);
  EXPECT_EQ(sizes[1].bytesPerToken(), 0);
  // Rows are there once their window is complete.
  EXPECT_EQ(sizes[2].bytesAt(11), 2 * 2 * 32);
  EXPECT_EQ(sizes[2].bytesPerToken(), 2 * 32 / 4.0);
  // 4 rows ahead of the open window, and up to 3 of its own.
  EXPECT_EQ(sizes[3].bytesAt(0), 2 * 7 * 16 * 2);
  EXPECT_EQ(sizes[3].bytesAt(1000), 2 * 7 * 16 * 2);
  EXPECT_EQ(sizes[3].bytesPerToken(), 0);
}

TEST_F(StateSizesTest, WhatCanGoBack) {
  auto module = parse(R"(
  nn.state @all : !nn.rows<8xf32> storage = f16
  nn.state @near : !nn.rows<8xf32, window = 128> storage = f32
  nn.state @far : !nn.rows<8xf32, clock = 4> storage = f32
  nn.window_state @open : !nn.rows<16xf32> size = 4
  )");
  ASSERT_TRUE(module);
  std::vector<bool> truncatable;
  for (auto state : module->getOps<StateOpInterface>())
    truncatable.push_back(state.isTruncatable());
  EXPECT_EQ(truncatable, (std::vector<bool>{true, false, true, false}));
}
} // namespace
