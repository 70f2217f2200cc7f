#include "dialects/nn/IR/WeightSizes.h"
#include "test/unit/dialects/nn/NNFixture.h"

using namespace tombolo;
using namespace tombolo::nn;

namespace {
using WeightSizesTest = NNFixture;

TEST_F(WeightSizesTest, WhatATokenReads) {
  auto module = parse(R"(
  nn.weight @embed : !nn.weight<100x8, bf16> {
    %0 = nn.stored "embed" : !nn.weight<100x8, bf16>
    nn.yield %0 : !nn.weight<100x8, bf16>
  }
  nn.weight @table[3] : !nn.weight<100x2, i64> indices = [0, 1, 2] {
    %0 = nn.stored "table.{layer}" : !nn.weight<100x2, i64>
    nn.yield %0 : !nn.weight<100x2, i64>
  }
  nn.weight @up[3] : !nn.weight<16x4x8, f32> indices = [0, 1, 2] {
    %0 = nn.stored "up.{layer}" : !nn.weight<16x4x8, f32>
    nn.yield %0 : !nn.weight<16x4x8, f32>
  }
  nn.weight @head : !nn.weight<100x8, bf16> {
    %0 = nn.stored "head" : !nn.weight<100x8, bf16>
    nn.yield %0 : !nn.weight<100x8, bf16>
  }
  func.func @hidden(%ids: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x2x4xf32> {
    %c0 = arith.constant 0 : index
    %e = nn.get_weight @embed : !nn.weight<100x8, bf16>
    %x = nn.embedding %ids, %e : tensor<?xi32>, !nn.weight<100x8, bf16> -> tensor<?x8xf32>
    %t = nn.get_weight @table[%c0] : !nn.weight<100x2, i64>
    %chosen = nn.embedding %ids, %t : tensor<?xi32>, !nn.weight<100x2, i64> -> tensor<?x2xi32>
    %w = nn.get_weight @up[%c0] : !nn.weight<16x4x8, f32>
    %y = nn.expert_linear %x, %w, %chosen : tensor<?x8xf32>, !nn.weight<16x4x8, f32>, tensor<?x2xi32> -> tensor<?x2x4xf32>
    return %y : tensor<?x2x4xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x100xf32> {
    %h = nn.get_weight @head : !nn.weight<100x8, bf16>
    %y = nn.linear %x, %h : tensor<?x8xf32>, !nn.weight<100x8, bf16> -> tensor<?x100xf32>
    return %y : tensor<?x100xf32>
  }
  )");
  ASSERT_TRUE(module);
  WeightSizes sizes = weightSizesOf(*module);
  // Integers are no parameters.
  EXPECT_EQ(sizes.parameters, 100 * 8 + 3 * 16 * 4 * 8 + 100 * 8);
  EXPECT_EQ(sizes.bytes, 1600 + 3 * 1600 + 3 * 2048 + 1600);
  // A row of each table, 2 of 16 matrices in each of 3 layers, all of the head.
  EXPECT_EQ(sizes.activeParameters, 8 + 3 * 2 * 32 + 800);
  EXPECT_EQ(sizes.activeBytes, 16 + 3 * 16 + 3 * 256 + 1600);
}

/// Tied heads are read whole, whatever else reads them.
TEST_F(WeightSizesTest, ATableThatIsTheHeadToo) {
  auto module = parse(R"(
  nn.weight @embed : !nn.weight<100x8, bf16> {
    %0 = nn.stored "embed" : !nn.weight<100x8, bf16>
    nn.yield %0 : !nn.weight<100x8, bf16>
  }
  func.func @hidden(%ids: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x100xf32> {
    %e = nn.get_weight @embed : !nn.weight<100x8, bf16>
    %x = nn.embedding %ids, %e : tensor<?xi32>, !nn.weight<100x8, bf16> -> tensor<?x8xf32>
    %h = nn.get_weight @embed : !nn.weight<100x8, bf16>
    %y = nn.linear %x, %h : tensor<?x8xf32>, !nn.weight<100x8, bf16> -> tensor<?x100xf32>
    return %y : tensor<?x100xf32>
  }
  )");
  ASSERT_TRUE(module);
  EXPECT_EQ(weightSizesOf(*module).activeBytes, 1600);
}
} // namespace
