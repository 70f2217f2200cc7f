//===- PackedColumnsTest.cpp - AWQ and GPTQ -------------------------------===//

#include "test/unit/frontends/storage/StoredFixture.h"

using namespace tombolo;
using testing::ElementsAre;

namespace {

/// Codes of 4 bits in words, the first in the lowest bits.
std::string words(const std::vector<int> &codes) {
  std::string bytes;
  for (size_t i = 0; i < codes.size(); i += 2)
    bytes += char(codes[i + 1] << 4 | codes[i]);
  return bytes;
}

/// A matrix of 8 columns and 4 rows: code i of row r is (i + r) % 16; rows 0
/// and 1 have scale column + 1, the others twice that; zeros are 1 and 3.
class Awq : public Stored {
protected:
  Awq() {
    // Where a column is in its word.
    const int places[8] = {0, 4, 1, 5, 2, 6, 3, 7};
    std::vector<int> codes(32), zeros(16);
    std::vector<float> scales(16);
    for (int row = 0; row < 4; ++row)
      for (int column = 0; column < 8; ++column)
        codes[8 * row + places[column]] = column + row;
    for (int column = 0; column < 8; ++column) {
      zeros[places[column]] = column % 2;
      zeros[8 + places[column]] = 3;
      scales[column] = float(column + 1);
      scales[8 + column] = float(2 * column + 2);
    }
    add("a.qweight", Encoding::I32, {4, 1}, words(codes));
    add("a.qzeros", Encoding::I32, {2, 1}, words(zeros));
    add("a.scales", Encoding::F16, {2, 8}, bytesOfHalves(scales));
  }
};
constexpr const char *groupsOf2 = "\"bits\": 4, \"group_size\": 2";

TEST_F(Awq, IsTransposedAndInItsOwnOrder) {
  ASSERT_TRUE(join("awq", groupsOf2).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x2.z"));
  EXPECT_EQ(weights.find("a.weight")->shape, (std::vector<int64_t>{8, 4}));
  std::vector<float> expected;
  for (int column = 0; column < 8; ++column)
    for (int row = 0; row < 4; ++row)
      expected.push_back(row < 2 ? (column + row - column % 2) * (column + 1.0f)
                                 : (column + row - 3) * (2 * column + 2.0f));
  EXPECT_EQ(numbers("a.weight"), expected);
}

TEST_F(Awq, MayHaveOneGroup) {
  replace("a.qzeros", Encoding::I32, {1, 1});
  replace("a.scales", Encoding::F16, {1, 8});
  ASSERT_TRUE(join("awq", "\"group_size\": -1").ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x4.z"));
}

TEST_F(Awq, GroupsMayBeLargerThanTheMatrix) {
  replace("a.qzeros", Encoding::I32, {1, 1});
  replace("a.scales", Encoding::F16, {1, 8});
  ASSERT_TRUE(join("awq", "\"group_size\": 9223372036854775807").ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x4.z"));
}

TEST_F(Awq, RefusesAMatrixWithoutRows) {
  replace("a.qweight", Encoding::I32, {0, 1});
  EXPECT_EQ(failure("awq", "\"group_size\": -1"),
            "f: tensor 'a.qweight': expects sizes that are multiples of 8, but "
            "got [0, 1]");
}

TEST_F(Awq, RefusesCompanionsThatDoNotFit) {
  const std::string head = "f: tensor 'a.qweight': expects ";
  replace("a.qzeros", Encoding::I32, {2, 2});
  EXPECT_EQ(failure("awq", groupsOf2),
            "f: tensor 'a.qzeros': expects shape [2, 1] for 'a.qweight' of [4, "
            "1], but got [2, 2]");
  replace("a.qzeros", Encoding::I16, {2, 1});
  EXPECT_EQ(failure("awq", groupsOf2),
            "f: tensor 'a.qzeros': expects i32, but got i16");
  remove("a.qzeros");
  EXPECT_EQ(failure("awq", groupsOf2),
            head + "tensor 'a.qzeros' beside it, but no file has it");
  replace("a.scales", Encoding::F16, {2, 4});
  add("a.qzeros", Encoding::I32, {2, 1});
  EXPECT_EQ(failure("awq", groupsOf2),
            "f: tensor 'a.scales': expects shape [2, 8] for 'a.qweight' of [4, "
            "1], but got [2, 4]");
  replace("a.scales", Encoding::I32, {2, 8});
  EXPECT_EQ(failure("awq", groupsOf2),
            "f: tensor 'a.scales': expects f16, bf16 or f32, but got i32");
  replace("a.scales", Encoding::F16, {2, 8});
  replace("a.qweight", Encoding::I32, {4, 1, 1});
  EXPECT_EQ(failure("awq", groupsOf2),
            head + "i32 of two dimensions, but got i32 of [4, 1, 1]");
  replace("a.qweight", Encoding::I32, {0, 1});
  EXPECT_EQ(failure("awq", groupsOf2),
            head + "sizes that are multiples of 8, but got [0, 1]");
  remove("a.qweight");
  EXPECT_EQ(failure("awq", groupsOf2),
            "f: tensor 'a.qzeros': stands beside no tensor that is quantized\n"
            "f: tensor 'a.scales': stands beside no tensor that is quantized");
}

TEST_F(Awq, RefusesGroupsOfPartsOfBytes) {
  replace("a.qweight", Encoding::I32, {3, 1});
  replace("a.qzeros", Encoding::I32, {3, 1});
  replace("a.scales", Encoding::F16, {3, 8});
  EXPECT_EQ(failure("awq", "\"group_size\": 1"),
            "f: tensor 'a.qweight': expects groups that fill whole bytes, but "
            "got 'group_size' 1 for 3 rows");
}

/// A matrix of 8 columns and 8 rows in two groups of 4: the code of a row and
/// column is (row + column) % 16, zeros are the column, scales 1 and 2.
class Gptq : public Stored {
protected:
  Gptq() {
    std::vector<int> codes, zeros;
    for (int column = 0; column < 8; ++column)
      for (int row = 0; row < 8; ++row)
        codes.push_back((row + column) % 16);
    for (int group = 0; group < 2; ++group)
      for (int column = 0; column < 8; ++column)
        zeros.push_back((column + 15) % 16); // less one
    std::vector<float> scales(16, 1);
    std::fill(scales.begin() + 8, scales.end(), 2.0f);
    add("a.qweight", Encoding::I32, {1, 8}, words(codes));
    add("a.qzeros", Encoding::I32, {2, 1}, words(zeros));
    add("a.scales", Encoding::F16, {2, 8}, bytesOfHalves(scales));
  }
  void order(const std::vector<int32_t> &groups) {
    add("a.g_idx", Encoding::I32, {int64_t(groups.size())}, bytesOfAll(groups));
  }
  /// (row + column - column) * scale of the row's group.
  static std::vector<float> expected(const std::vector<int32_t> &groups) {
    std::vector<float> numbers;
    for (int column = 0; column < 8; ++column)
      for (int row = 0; row < 8; ++row)
        numbers.push_back(float(row * (groups[row] + 1)));
    return numbers;
  }
};
constexpr const char *groupsOf4 = "\"bits\": 4, \"group_size\": 4";
constexpr const char *actOrder =
    "\"bits\": 4, \"group_size\": 4, \"desc_act\": true";

TEST_F(Gptq, IsTransposedWithZerosLessOne) {
  order({0, 0, 0, 0, 1, 1, 1, 1});
  ASSERT_TRUE(join("gptq", groupsOf4).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x4.z"));
  EXPECT_EQ(numbers("a.weight"), expected({0, 0, 0, 0, 1, 1, 1, 1}));
}

TEST_F(Gptq, NeedsNoOrderAndMayKeepZerosAsTheyAre) {
  ASSERT_TRUE(join("gptq", std::string(groupsOf4) +
                               ", \"checkpoint_format\": \"gptq_v2\"")
                  .ok());
  std::vector<float> values = numbers("a.weight");
  EXPECT_EQ(values[0], 0.0f - 15);    // row 0, column 0, zero 15
  EXPECT_EQ(values[8 + 5], 2.0f * 6); // row 5, column 1, zero 0
}

TEST_F(Gptq, OfAnyOrderIsDecoded) {
  std::vector<int32_t> groups{1, 0, 0, 1, 0, 1, 1, 0};
  order(groups);
  ASSERT_TRUE(join("gptq", actOrder).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f32"));
  EXPECT_EQ(numbers("a.weight"), expected(groups));
}

TEST_F(Gptq, MayHaveCodesOf8And2Bits) {
  add("b.qweight", Encoding::I32, {1, 4},
      bytesOfAll<uint8_t>(
          {1, 2, 3, 4, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 255}));
  add("b.qzeros", Encoding::I32, {1, 1}, std::string("\x00\x09\x00\xff", 4));
  add("b.scales", Encoding::F16, {1, 4}, bytesOfHalves({1, 2, 1, 1}));
  for (const char *name : {"a.qweight", "a.qzeros", "a.scales"})
    remove(name);
  ASSERT_TRUE(join("gptq", "\"bits\": 8, \"group_size\": -1").ok());
  EXPECT_THAT(names(), ElementsAre("b.weight i8.f16x4.z"));
  // 255 and one more is zero.
  EXPECT_THAT(numbers("b.weight"), ElementsAre(0, 1, 2, 3, 0, 20, 40, 60, -1,
                                               -1, -1, -1, 0, 0, 0, 255));

  weights = WeightSource();
  add("c.qweight", Encoding::I32, {1, 16}, std::string(64, '\xe4'));
  add("c.qzeros", Encoding::I32, {1, 1}, std::string(4, '\0'));
  add("c.scales", Encoding::F16, {1, 16});
  ASSERT_TRUE(join("gptq", "\"bits\": 2, \"group_size\": 16").ok());
  EXPECT_THAT(names(), ElementsAre("c.weight i2.f16x16.z"));
}

TEST_F(Gptq, RefusesAnOrderThatDoesNotFit) {
  order({0, 1, 0, 0, 1, 1, 1, 1});
  ASSERT_TRUE(join("gptq", groupsOf4).ok());
  EXPECT_EQ(readFailure("a.weight"),
            "f: tensor 'a.g_idx': element 1: expects group 0, since 'desc_act' "
            "is false, but got 1");
}

TEST_F(Gptq, RefusesGroupsThatAreNotThere) {
  order({0, 1, 0, 0, 1, 1, 2, 1});
  ASSERT_TRUE(join("gptq", actOrder).ok());
  EXPECT_EQ(readFailure("a.weight"), "f: tensor 'a.g_idx': element 6: expects "
                                     "a group below 2, but got 2");
}

TEST_F(Gptq, RefusesCompanionsThatDoNotFit) {
  EXPECT_EQ(failure("gptq", actOrder),
            "f: tensor 'a.qweight': expects tensor 'a.g_idx' beside it, but no "
            "file has it");
  order({0, 0});
  EXPECT_EQ(failure("gptq", groupsOf4),
            "f: tensor 'a.g_idx': expects shape [8] for 'a.qweight' of [1, 8], "
            "but got [2]");
  replace("a.g_idx", Encoding::I64, {8});
  EXPECT_EQ(failure("gptq", groupsOf4),
            "f: tensor 'a.g_idx': expects i32, but got i64");
  remove("a.g_idx");
  EXPECT_EQ(failure("gptq", "\"bits\": 4, \"group_size\": 8"),
            "f: tensor 'a.qzeros': expects shape [1, 1] for 'a.qweight' of [1, "
            "8], but got [2, 1]\n"
            "f: tensor 'a.scales': expects shape [1, 8] for 'a.qweight' of [1, "
            "8], but got [2, 8]");
}

TEST_F(Gptq, BiasesOfZerosMayBeLeftAside) {
  add("a.bias", Encoding::F16, {8});
  add("b.bias", Encoding::F16, {8});
  ASSERT_TRUE(join("gptq", groupsOf4).ok());
  EXPECT_EQ(weights.find("a.bias")->idle,
            "a bias of zeros that the quantizer added");
  EXPECT_EQ(weights.find("b.bias")->idle, "");
}

TEST_F(Gptq, BiasesOfNumbersMayNot) {
  add("a.bias", Encoding::F16, {1}, bytesOfHalves({1}));
  ASSERT_TRUE(join("gptq", groupsOf4).ok());
  EXPECT_EQ(weights.find("a.bias")->idle, "");
}

} // namespace
