//===- ExpertCases.cpp - What routing to experts computes on small inputs -===//
//
// The expected values were worked out outside of the interpreter, in 64 bits,
// from the formulas of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "test/unit/dialects/nn/OpCases.h"
#include <cmath>

using namespace tombolo::nn;

const std::vector<OpCase> &tombolo::nn::expertCases() {
  static const std::vector<OpCase> cases = {
      {"expert_linear",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>, %w: tensor<3x2x3xf32>, %i: tensor<?x2xi32>, %b: tensor<3x2xf32>) -> tensor<?x2x2xf32> {
  %r = nn.expert_linear %x, %w, %i, %b : tensor<?x3xf32>, tensor<3x2x3xf32>, tensor<?x2xi32>, tensor<3x2xf32> -> tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir",
       {floats({2, 3}, {-1.1f, -2.1f, 0.9f, -2.6f, 0.2f, -0.8f}),
        floats({3, 2, 3},
               {-2.7f, 0.0f, -2.8f, -0.4f, -2.6f, -2.5f, -0.5f, 2.0f, -2.3f,
                -1.7f, 0.8f, 2.7f, 0.5f, -0.6f, 2.9f, -2.7f, 2.2f, -1.3f}),
        ints({2, 2}, {2, 0, -1, 1}),
        floats({3, 2}, {-2.1f, -2.3f, -1.1f, 1.9f, -1.9f, 0.5f})},
       floats({2, 2, 2},
              {1.42f, -2.32f, -1.65f, 1.35f, 0.0f, 0.0f, 2.44f, 4.32f})},
      {"expert_linear_of_each_choice",
       R"mlir(
func.func @f(%x: tensor<?x2x3xf32>, %w: tensor<3x2x3xf32>, %i: tensor<?x2xi32>) -> tensor<?x2x2xf32> {
  %r = nn.expert_linear %x, %w, %i : tensor<?x2x3xf32>, tensor<3x2x3xf32>, tensor<?x2xi32> -> tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir",
       {floats({2, 2, 3}, {0.8f, -0.8f, 0.3f, -2.6f, -2.6f, -1.8f, 1.1f, -0.4f,
                           -1.1f, 0.5f, -0.3f, -1.2f}),
        floats({3, 2, 3},
               {-2.7f, 0.0f, -2.8f, -0.4f, -2.6f, -2.5f, -0.5f, 2.0f, -2.3f,
                -1.7f, 0.8f, 2.7f, 0.5f, -0.6f, 2.9f, -2.7f, 2.2f, -1.3f}),
        ints({2, 2}, {2, 0, -1, 1})},
       floats({2, 2, 2},
              {1.75f, -4.31f, 12.06f, 12.3f, 0.0f, 0.0f, 1.91f, -4.33f})},
      // Equal scores, fewer than k above -inf, and NaN.
      {"top_k",
       R"mlir(
func.func @f(%s: tensor<?x4xf32>) -> tensor<?x3xi32> {
  %r = nn.top_k %s k = 3 : tensor<?x4xf32> -> tensor<?x3xi32>
  return %r : tensor<?x3xi32>
}
)mlir",
       {floats({4, 4},
               {1.0f, 3.0f, -2.0f, 2.0f, 5.0f, 5.0f, 1.0f, 5.0f, -INFINITY,
                0.5f, -INFINITY, -INFINITY, NAN, 1.0f, 2.0f, -7.0f})},
       ints({4, 3}, {1, 3, 0, 0, 1, 3, 1, -1, -1, 2, 1, 3})},
      {"top_k_of_all",
       R"mlir(
func.func @f(%s: tensor<?x2x2xf32>) -> tensor<?x2x2xi32> {
  %r = nn.top_k %s k = 5 : tensor<?x2x2xf32> -> tensor<?x2x2xi32>
  return %r : tensor<?x2x2xi32>
}
)mlir",
       {floats({1, 2, 2}, {1.0f, 3.0f, 2.0f, -1.0f})},
       ints({1, 2, 2}, {1, 0, 0, 1})},
      // Sums 5, 6, 6 and -inf; -1, 2, NaN (as -inf) and 2.
      {"keep_groups",
       R"mlir(
func.func @f(%s: tensor<?x12xf32>) -> tensor<?x12xf32> {
  %r = nn.keep_groups %s groups = 4 keep = 2 by = 2 : tensor<?x12xf32>
  return %r : tensor<?x12xf32>
}
)mlir",
       {floats({2, 12},
               {1.0f, 4.0f, 0.0f,      3.0f,      3.0f,  3.0f, -9.0f, 0.0f,
                6.0f, 7.0f, -INFINITY, -INFINITY, -1.0f, 0.0f, -1.0f, 1.0f,
                1.0f, 0.0f, NAN,       NAN,       9.0f,  2.0f, 0.0f,  -4.0f})},
       floats({2, 12},
              {-INFINITY, -INFINITY, -INFINITY, 3.0f,      3.0f,      3.0f,
               -9.0f,     0.0f,      6.0f,      -INFINITY, -INFINITY, -INFINITY,
               -INFINITY, -INFINITY, -INFINITY, 1.0f,      1.0f,      0.0f,
               -INFINITY, -INFINITY, -INFINITY, 2.0f,      0.0f,      -4.0f})},
      // Of equal groups the first stays; by the largest score alone.
      {"keep_groups_of_equal_scores",
       R"mlir(
func.func @f(%s: tensor<?x4xbf16>) -> tensor<?x4xbf16> {
  %r = nn.keep_groups %s groups = 2 keep = 1 by = 1 : tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {2.0f, -1.0f, 0.5f, 2.0f})},
       bfloats({1, 4}, {2.0f, -1.0f, -INFINITY, -INFINITY})},
  };
  return cases;
}
