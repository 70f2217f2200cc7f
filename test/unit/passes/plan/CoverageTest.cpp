// What a target would do with each op, also where it cannot have all.

#include "passes/plan/Coverage.h"
#include "test/unit/dialects/nn/NNFixture.h"
#include <gmock/gmock.h>

using namespace tombolo;
using namespace tombolo::plan;

namespace {

/// Has a strategy for products of at least 16 rows.
class WideTarget : public PlanTarget {
public:
  std::string name() const override { return "wide"; }
  LinearChoice linear(int64_t outRows, int64_t, Encoding encoding,
                      bool) const override {
    LinearChoice choice{"packed", encoding, "f32"};
    choice.strategy = outRows >= 16;
    return choice;
  }
  LinearChoice embedding(int64_t, int64_t, Encoding encoding) const override {
    return {"packed", encoding, "f32"};
  }
  AttentionChoice attention(int64_t, int64_t, bool) const override {
    return {};
  }
  int64_t attentionPartBytes(int64_t, int64_t) const override { return 0; }
  int64_t sharedRowHeads() const override { return 1; }
  int64_t convolutionColumns() const override { return 1; }
  int64_t deltaColumns() const override { return 1; }
  int64_t rowPadding() const override { return 1; }
  int64_t recordBytes(int64_t, const LinearChoice &) const override {
    return 0;
  }
};

class CoverageTest : public nn::NNFixture {
protected:
  Coverage coverage;
  void SetUp() override {
    auto module = parse(R"(
  nn.weight @embed : !nn.weight<100x8, bf16> {
    %0 = nn.stored "embed" : !nn.weight<100x8, bf16>
    nn.yield %0 : !nn.weight<100x8, bf16>
  }
  nn.weight @layer0.up[2] : !nn.weight<16x8, bf16> indices = [0, 1] {
    %0 = nn.stored "up.{layer}" : !nn.weight<16x8, bf16>
    nn.yield %0 : !nn.weight<16x8, bf16>
  }
  nn.weight @layer0.down[2] : !nn.weight<8x16, bf16> indices = [0, 1] {
    %0 = nn.stored "down.{layer}" : !nn.weight<8x16, bf16>
    nn.yield %0 : !nn.weight<8x16, bf16>
  }
  func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    %u = nn.get_weight @layer0.up[%layer] : !nn.weight<16x8, bf16>
    %y = nn.linear %x, %u : tensor<?x8xf32>, !nn.weight<16x8, bf16> -> tensor<?x16xf32>
    %h = nn.cast %y to bf16 : tensor<?x16xf32> -> tensor<?x16xbf16>
    %g = nn.silu %h : tensor<?x16xbf16>
    %f = nn.cast %g to f32 : tensor<?x16xbf16> -> tensor<?x16xf32>
    %d = nn.get_weight @layer0.down[%layer] : !nn.weight<8x16, bf16>
    %z = nn.linear %f, %d : tensor<?x16xf32>, !nn.weight<8x16, bf16> -> tensor<?x8xf32>
    return %z : tensor<?x8xf32>
  }
  func.func @hidden(%ids: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %e = nn.get_weight @embed : !nn.weight<100x8, bf16>
    %x = nn.embedding %ids, %e : tensor<?xi32>, !nn.weight<100x8, bf16> -> tensor<?x8xf32>
    %y = call @layer0(%c0, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
    %z = call @layer0(%c1, %y) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = nn.relu %z : tensor<?x8xf32>
    return %r : tensor<?x8xf32>
  }
  )");
    ASSERT_TRUE(module);
    coverage = coverageOf(*module, WideTarget());
  }
  const OpCoverage &of(const std::string &op) {
    for (const OpCoverage &one : coverage.ops)
      if (one.op == op)
        return one;
    ADD_FAILURE() << op;
    return coverage.ops.front();
  }
};

/// Each layer runs its body.
TEST_F(CoverageTest, CountsEachCall) {
  EXPECT_EQ(of("linear").tuned, 2);
  EXPECT_EQ(of("linear").general, 2);
  EXPECT_EQ(of("linear").none, 0);
  EXPECT_EQ(of("embedding").tuned, 1);
  EXPECT_EQ(of("relu").general, 1);
}

TEST_F(CoverageTest, SaysWhyThereIsNothing) {
  EXPECT_EQ(of("silu").none, 2);
  EXPECT_EQ(of("silu").general, 0);
  EXPECT_THAT(of("silu").reason, testing::HasSubstr("expects f32 activations"));
  EXPECT_EQ(of("linear").reason, "");
}

/// With a strategy as the target packs it, else as rows of f32.
TEST_F(CoverageTest, WeighsThePackedWeights) {
  EXPECT_EQ(coverage.weightBytes,
            100u * 8 * 2 + 2 * 16 * 8 * 2 + 2 * 16 * 8 * 4);
}
} // namespace
