//===- SpellingTest.cpp - The name that was probably meant ----------------===//

#include "support/Spelling.h"
#include <gtest/gtest.h>
#include <vector>

using namespace tombolo;

namespace {

TEST(Spelling, CountsEdits) {
  EXPECT_EQ(editDistance("", "", 5), 0u);
  EXPECT_EQ(editDistance("abc", "abc", 5), 0u);
  EXPECT_EQ(editDistance("abc", "abd", 5), 1u);
  EXPECT_EQ(editDistance("abc", "ab", 5), 1u);
  EXPECT_EQ(editDistance("abc", "acb", 5), 1u);
  EXPECT_EQ(editDistance("kitten", "sitting", 5), 3u);
  EXPECT_EQ(editDistance("", "abc", 5), 3u);
  EXPECT_EQ(editDistance("abc", "xyz", 1), 2u);
  EXPECT_EQ(editDistance("a", "abcdefgh", 3), 4u);
}

TEST(Spelling, FindsTheNearestName) {
  std::vector<std::string> names{"rms_norm", "layer_norm", "rope", "silu"};
  EXPECT_EQ(nearest("rmsnorm", names), "rms_norm");
  EXPECT_EQ(nearest("layer_nrom", names), "layer_norm");
  EXPECT_EQ(nearest("rop", names), "rope");
  EXPECT_EQ(nearest("silu", names), "silu");
  EXPECT_EQ(nearest("attention", names), std::nullopt);
  EXPECT_EQ(nearest("x", std::vector<std::string>{}), std::nullopt);
}

TEST(Spelling, TakesTheFirstOfEquals) {
  std::vector<std::string_view> names{"cat", "car"};
  EXPECT_EQ(nearest("cab", names), "cat");
}

} // namespace
