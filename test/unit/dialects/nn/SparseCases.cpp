//===- SparseCases.cpp - What windows, sparse and latent attention compute
//
// The expected values were worked out in numpy, in 64 bits, from the formulas
// of the ops' descriptions; those of latent attention from its absorbed form.
//
//===----------------------------------------------------------------------===//

#include "test/unit/dialects/nn/OpCases.h"
#include <cmath>

using namespace tombolo::nn;

const std::vector<OpCase> &tombolo::nn::sparseCases() {
  static const std::vector<OpCase> cases = {
      {"windows_overlap",
       R"mlir(
nn.window_state @s : !nn.rows<2xf32> size = 3 before = 2
func.func @f(%x: tensor<?x2xf32>, %p: tensor<?xi32>) -> tensor<?x5x2xf32> {
  %r = nn.windows %x, %p state = @s size = 3 before = 2 fill = 0xFF800000 : tensor<?x2xf32>, tensor<?xi32> -> tensor<?x5x2xf32>
  return %r : tensor<?x5x2xf32>
}
)mlir",
       {floats({7, 2}, {0.0f, 0.39f, -0.36f, -1.16f, -0.59f, -1.29f, 0.08f,
                        1.74f, -0.64f, -0.81f, 0.64f, 0.46f, 0.14f, -1.21f}),
        ints({7}, {0, 1, 2, 3, 4, 5, 6})},
       floats({2, 5, 2}, {-INFINITY, -INFINITY, -INFINITY, -INFINITY, 0.0f,
                          0.39f,     -0.36f,    -1.16f,    -0.59f,    -1.29f,
                          -0.36f,    -1.16f,    -0.59f,    -1.29f,    0.08f,
                          1.74f,     -0.64f,    -0.81f,    0.64f,     0.46f})},
      {"windows_none_complete",
       R"mlir(
nn.window_state @s : !nn.rows<2xf32> size = 4
func.func @f(%x: tensor<?x2xf32>, %p: tensor<?xi32>) -> tensor<?x4x2xf32> {
  %r = nn.windows %x, %p state = @s size = 4 : tensor<?x2xf32>, tensor<?xi32> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({2, 2}, {-0.04f, 0.9f, -1.75f, -0.59f}), ints({2}, {0, 1})},
       floats({0, 4, 2}, {})},
      {"window_positions",
       R"mlir(
func.func @f(%p: tensor<?xi32>) -> tensor<?xi32> {
  %r = nn.window_positions %p size = 4 : tensor<?xi32> -> tensor<?xi32>
  return %r : tensor<?xi32>
}
)mlir",
       {ints({12}, {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})},
       ints({3}, {0, 4, 8})},
      {"attention_clock_window_picks",
       R"mlir(
nn.state @near : !nn.rows<3xf32, window = 3> storage = f32
nn.window_state @open : !nn.rows<3xf32> size = 2
nn.state @far : !nn.rows<3xf32, clock = 2> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %p: tensor<?xi32>, %kv: tensor<?x3xf32>, %x: tensor<?x3xf32>, %ids: tensor<?x2xi32>) -> tensor<?x2x3xf32> {
  %near = nn.history %kv, %p state = @near window = 3 : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32, window = 3>
  %w = nn.windows %x, %p state = @open size = 2 : tensor<?x3xf32>, tensor<?xi32> -> tensor<?x2x3xf32>
  %s = nn.sum %w axis = 1 : tensor<?x2x3xf32> -> tensor<?x1x3xf32>
  %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x3xf32> -> tensor<?x3xf32>
  %wp = nn.window_positions %p size = 2 : tensor<?xi32> -> tensor<?xi32>
  %far = nn.history %e, %wp state = @far clock = 2 : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32, clock = 2>
  %picked = nn.pick %far, %ids : !nn.rows<3xf32, clock = 2>, tensor<?x2xi32> -> !nn.rows<3xf32, clock = 2, picks = 2>
  %r = nn.attention %q, %p keys(%near, %picked) values(%near, %picked) scale = 0.5 : tensor<?x2x3xf32>, tensor<?xi32>, !nn.rows<3xf32, window = 3>, !nn.rows<3xf32, clock = 2, picks = 2>, !nn.rows<3xf32, window = 3>, !nn.rows<3xf32, clock = 2, picks = 2> -> tensor<?x2x3xf32>
  return %r : tensor<?x2x3xf32>
}
)mlir",
       {floats({9, 2, 3},
               {-2.47f, -1.68f, -2.39f, -0.31f, -1.65f, 0.35f,  0.2f,   -0.24f,
                -3.27f, -0.7f,  -0.06f, 0.15f,  -1.99f, -0.62f, -1.27f, -1.05f,
                1.38f,  -1.05f, -0.04f, 1.15f,  -0.76f, -0.15f, 0.14f,  0.08f,
                -1.59f, 0.1f,   1.77f,  -2.01f, 1.12f,  0.16f,  -0.83f, 2.6f,
                0.99f,  -1.56f, 0.1f,   0.75f,  -0.25f, 0.89f,  -0.09f, 0.87f,
                1.87f,  -0.88f, 0.26f,  -0.6f,  0.17f,  -1.54f, -0.75f, -0.26f,
                1.17f,  1.49f,  -1.72f, -1.03f, 0.84f,  -2.59f}),
        ints({9}, {0, 1, 2, 3, 4, 5, 6, 7, 8}),
        floats({9, 3}, {-0.6f,  -0.13f, 1.63f,  0.9f,   -0.43f, -0.48f, -0.33f,
                        1.98f,  -0.56f, -0.39f, 0.46f,  -0.16f, -0.26f, -1.45f,
                        -0.01f, -0.58f, 1.52f,  0.85f,  -0.03f, 0.87f,  -0.44f,
                        1.37f,  -0.01f, 0.76f,  -1.68f, 0.45f,  -2.19f}),
        floats({9, 3}, {0.68f, -1.34f, -0.1f, 0.05f,  -1.37f, 0.34f, -1.12f,
                        1.26f, 0.25f,  0.12f, -0.77f, -0.15f, -2.6f, -1.47f,
                        0.47f, -2.77f, 1.1f,  -2.27f, 0.98f,  -1.1f, 1.01f,
                        0.17f, -2.0f,  1.62f, 1.87f,  -0.09f, -0.36f}),
        ints({9, 2},
             {-1, -1, 0, -1, 0, 0, 1, 0, 0, -1, 2, 7, 2, 1, 3, 1, -1, 3})},
       floats({9, 2, 3},
              {-0.6f,       -0.13f,       1.63f,      -0.6f,       -0.13f,
               1.63f,       0.824718f,    -1.061857f, -0.2396698f, 0.1437017f,
               -0.9456296f, 0.7224442f,   0.154178f,  -0.2523926f, 0.1262112f,
               -0.2380113f, 1.579483f,    -0.387776f, -0.2810057f, 1.048606f,
               -0.3465566f, -0.1066214f,  0.1575674f, -0.1875146f, -0.1606736f,
               -0.2598132f, -0.1437682f,  -0.323851f, 1.170397f,   -0.3847212f,
               -1.167325f,  1.138722f,    0.3964139f, -4.747653f,  -0.256877f,
               -1.525501f,  -1.706093f,   0.4996015f, -0.2796392f, -0.5122931f,
               0.9246903f,  0.08233097f,  0.6809506f, -1.331222f,  1.541999f,
               -0.161906f,  -0.03386004f, 0.6979541f, -0.5797092f, 0.5248724f,
               -1.062578f,  -1.586307f,   0.4690417f, -2.091465f})},
      {"attention_window_of_a_clock",
       R"mlir(
nn.window_state @open : !nn.rows<3xf32> size = 2
nn.state @far : !nn.rows<3xf32, window = 5, clock = 2> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %p: tensor<?xi32>, %x: tensor<?x3xf32>) -> tensor<?x2x3xf32> {
  %w = nn.windows %x, %p state = @open size = 2 : tensor<?x3xf32>, tensor<?xi32> -> tensor<?x2x3xf32>
  %s = nn.sum %w axis = 1 : tensor<?x2x3xf32> -> tensor<?x1x3xf32>
  %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x3xf32> -> tensor<?x3xf32>
  %wp = nn.window_positions %p size = 2 : tensor<?xi32> -> tensor<?xi32>
  %far = nn.history %e, %wp state = @far window = 5 clock = 2 : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32, window = 5, clock = 2>
  %r = nn.attention %q, %p keys(%far) values(%far) scale = 0.5 : tensor<?x2x3xf32>, tensor<?xi32>, !nn.rows<3xf32, window = 5, clock = 2>, !nn.rows<3xf32, window = 5, clock = 2> -> tensor<?x2x3xf32>
  return %r : tensor<?x2x3xf32>
}
)mlir",
       {floats({9, 2, 3},
               {-2.47f, -1.68f, -2.39f, -0.31f, -1.65f, 0.35f,  0.2f,   -0.24f,
                -3.27f, -0.7f,  -0.06f, 0.15f,  -1.99f, -0.62f, -1.27f, -1.05f,
                1.38f,  -1.05f, -0.04f, 1.15f,  -0.76f, -0.15f, 0.14f,  0.08f,
                -1.59f, 0.1f,   1.77f,  -2.01f, 1.12f,  0.16f,  -0.83f, 2.6f,
                0.99f,  -1.56f, 0.1f,   0.75f,  -0.25f, 0.89f,  -0.09f, 0.87f,
                1.87f,  -0.88f, 0.26f,  -0.6f,  0.17f,  -1.54f, -0.75f, -0.26f,
                1.17f,  1.49f,  -1.72f, -1.03f, 0.84f,  -2.59f}),
        ints({9}, {0, 1, 2, 3, 4, 5, 6, 7, 8}),
        floats({9, 3}, {0.68f, -1.34f, -0.1f, 0.05f,  -1.37f, 0.34f, -1.12f,
                        1.26f, 0.25f,  0.12f, -0.77f, -0.15f, -2.6f, -1.47f,
                        0.47f, -2.77f, 1.1f,  -2.27f, 0.98f,  -1.1f, 1.01f,
                        0.17f, -2.0f,  1.62f, 1.87f,  -0.09f, -0.36f})},
       floats({9, 2, 3},
              {0.0f,        0.0f,        0.0f,         0.0f,        0.0f,
               0.0f,        0.73f,       -2.71f,       0.24f,       0.73f,
               -2.71f,      0.24f,       0.73f,        -2.71f,      0.24f,
               0.73f,       -2.71f,      0.24f,        -0.7802999f, 0.08361828f,
               0.1177792f,  -0.2840722f, -0.8342596f,  0.1579364f,  -0.6609106f,
               -0.1372175f, 0.1274408f,  -0.9502385f,  0.3979557f,  0.1040269f,
               -2.918722f,  0.1124025f,  -0.734227f,   -5.082462f,  -0.3134135f,
               -1.674983f,  -3.455689f,  0.006729313f, -0.9676911f, -1.584058f,
               0.3750596f,  -0.1539382f, 0.4018537f,   -2.786742f,  2.121674f,
               -5.303327f,  -0.3979168f, -1.754699f,   -4.612732f,  -0.6870769f,
               -1.285476f,  -5.369767f,  -0.3700974f,  -1.799842f})},
      {"index_scores",
       R"mlir(
nn.state @k : !nn.rows<3xf32> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %p: tensor<?xi32>, %k: tensor<?x3xf32>, %a: tensor<?x2xf32>) -> tensor<?x?xf32> {
  %rows = nn.history %k, %p state = @k : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32>
  %r = nn.index_scores %q, %p, %rows, %a : tensor<?x2x3xf32>, tensor<?xi32>, !nn.rows<3xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}
)mlir",
       {floats({4, 2, 3},
               {-0.21f, -1.27f, 1.43f,  -0.71f, -0.07f, -1.03f, -0.81f, -1.66f,
                1.63f,  -0.2f,  1.26f,  0.02f,  -0.9f,  -0.42f, -0.73f, 0.01f,
                -0.49f, -0.39f, -1.79f, -1.05f, 2.15f,  -0.87f, -1.37f, 0.44f}),
        ints({4}, {0, 1, 2, 3}),
        floats({4, 3}, {1.83f, -1.89f, -0.27f, -0.82f, -2.29f, 0.96f, -0.03f,
                        0.09f, -0.98f, 0.59f, -0.7f, -0.19f}),
        floats({4, 2},
               {-1.44f, -1.58f, 1.74f, -0.66f, 0.38f, -0.04f, -0.57f, -0.66f})},
       floats({4, 4},
              {-2.347056f, -INFINITY, -INFINITY, -INFINITY, 2.1141f, 10.4929f,
               -INFINITY, -INFINITY, -0.041988f, 0.35004f, 0.254236f, -INFINITY,
               -0.579744f, -6.203937f, 0.0f, -0.238986f})},
      {"latent_attention",
       R"mlir(
nn.state @latent : !nn.rows<4xf32> storage = f32
nn.state @key : !nn.rows<2xf32> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %qp: tensor<?x2x2xf32>, %p: tensor<?xi32>, %l: tensor<?x4xf32>, %k: tensor<?x2xf32>, %uk: tensor<2x3x4xf32>, %uv: tensor<2x2x4xf32>) -> tensor<?x2x2xf32> {
  %lr = nn.history %l, %p state = @latent : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  %kr = nn.history %k, %p state = @key : tensor<?x2xf32>, tensor<?xi32> -> !nn.rows<2xf32>
  %r = nn.latent_attention %q, %p, %qp, %lr, %kr, %uk, %uv scale = 0.4 : tensor<?x2x3xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<4xf32>, !nn.rows<2xf32>, tensor<2x3x4xf32>, tensor<2x2x4xf32> -> tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir",
       {floats({4, 2, 3},
               {0.82f,  -0.39f, -0.2f,  0.03f,  1.53f, 0.88f, 0.5f,  -0.73f,
                -1.8f,  1.23f,  1.26f,  -0.18f, 0.7f,  1.02f, 1.08f, 1.2f,
                -0.59f, 1.97f,  -1.62f, 1.12f,  0.64f, 1.14f, 2.44f, 1.93f}),
        floats({4, 2, 2},
               {-1.49f, -2.2f, 1.06f, -1.32f, -0.02f, 1.09f, -2.14f, -2.74f,
                0.34f, 0.06f, -0.32f, 0.05f, -1.12f, -1.97f, -0.22f, -1.26f}),
        ints({4}, {0, 1, 2, 3}),
        floats({4, 4},
               {-2.14f, 0.66f, -0.08f, 0.53f, -1.29f, -0.86f, -1.3f, -1.15f,
                0.25f, -1.02f, 0.46f, 0.44f, 2.63f, -1.81f, 1.15f, -0.12f}),
        floats({4, 2},
               {-0.02f, -1.88f, -0.6f, 0.97f, -0.11f, 0.11f, -0.38f, 1.5f}),
        floats({2, 3, 4}, {-0.03f, -2.86f, -0.9f,  -2.56f, -4.23f, -0.69f,
                           1.73f,  0.06f,  -1.52f, -1.22f, 1.47f,  0.2f,
                           0.06f,  -0.07f, 0.05f,  1.05f,  0.72f,  0.28f,
                           -1.36f, 0.66f,  -0.89f, 1.42f,  -1.65f, -0.18f}),
        floats({2, 2, 4},
               {-0.01f, -1.72f, 2.24f, 1.9f, -0.6f, 1.0f, 0.49f, -3.4f, 0.33f,
                -0.08f, 0.11f, -1.4f, -0.35f, -0.23f, 1.54f, 0.43f})},
       floats({4, 2, 2},
              {-0.286f, 0.1028f, -1.5098f, 0.7019f, -3.59393f, 3.176806f,
               -1.389405f, 0.5847583f, -1.773084f, 1.532702f, -0.9490935f,
               0.1728086f, -0.2850245f, 0.1021833f, -1.158914f, 0.3730782f})},
      {"latent_attention_picked",
       R"mlir(
nn.state @latent : !nn.rows<4xf32> storage = f32
nn.state @key : !nn.rows<2xf32> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %qp: tensor<?x2x2xf32>, %p: tensor<?xi32>, %l: tensor<?x4xf32>, %k: tensor<?x2xf32>, %uk: tensor<2x3x4xf32>, %uv: tensor<2x2x4xf32>, %ids: tensor<?x2xi32>) -> tensor<?x2x2xf32> {
  %lr = nn.history %l, %p state = @latent : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  %kr = nn.history %k, %p state = @key : tensor<?x2xf32>, tensor<?xi32> -> !nn.rows<2xf32>
  %lp = nn.pick %lr, %ids : !nn.rows<4xf32>, tensor<?x2xi32> -> !nn.rows<4xf32, picks = 2>
  %kp = nn.pick %kr, %ids : !nn.rows<2xf32>, tensor<?x2xi32> -> !nn.rows<2xf32, picks = 2>
  %r = nn.latent_attention %q, %p, %qp, %lp, %kp, %uk, %uv scale = 0.4 : tensor<?x2x3xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<4xf32, picks = 2>, !nn.rows<2xf32, picks = 2>, tensor<2x3x4xf32>, tensor<2x2x4xf32> -> tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir",
       {floats({4, 2, 3},
               {0.82f,  -0.39f, -0.2f,  0.03f,  1.53f, 0.88f, 0.5f,  -0.73f,
                -1.8f,  1.23f,  1.26f,  -0.18f, 0.7f,  1.02f, 1.08f, 1.2f,
                -0.59f, 1.97f,  -1.62f, 1.12f,  0.64f, 1.14f, 2.44f, 1.93f}),
        floats({4, 2, 2},
               {-1.49f, -2.2f, 1.06f, -1.32f, -0.02f, 1.09f, -2.14f, -2.74f,
                0.34f, 0.06f, -0.32f, 0.05f, -1.12f, -1.97f, -0.22f, -1.26f}),
        ints({4}, {0, 1, 2, 3}),
        floats({4, 4},
               {-2.14f, 0.66f, -0.08f, 0.53f, -1.29f, -0.86f, -1.3f, -1.15f,
                0.25f, -1.02f, 0.46f, 0.44f, 2.63f, -1.81f, 1.15f, -0.12f}),
        floats({4, 2},
               {-0.02f, -1.88f, -0.6f, 0.97f, -0.11f, 0.11f, -0.38f, 1.5f}),
        floats({2, 3, 4}, {-0.03f, -2.86f, -0.9f,  -2.56f, -4.23f, -0.69f,
                           1.73f,  0.06f,  -1.52f, -1.22f, 1.47f,  0.2f,
                           0.06f,  -0.07f, 0.05f,  1.05f,  0.72f,  0.28f,
                           -1.36f, 0.66f,  -0.89f, 1.42f,  -1.65f, -0.18f}),
        floats({2, 2, 4},
               {-0.01f, -1.72f, 2.24f, 1.9f, -0.6f, 1.0f, 0.49f, -3.4f, 0.33f,
                -0.08f, 0.11f, -1.4f, -0.35f, -0.23f, 1.54f, 0.43f}),
        ints({4, 2}, {0, -1, 1, 2, 0, 2, 3, 1})},
       floats({4, 2, 2},
              {-0.286f, 0.1028f, -1.5098f, 0.7019f, -3.6049f, 3.187f, 1.1101f,
               -1.8472f, 0.05942305f, -0.1222209f, -1.493566f, 0.7069203f,
               -3.508045f, 3.126963f, 1.110344f, -1.843405f})},
      {"absorbed_attention",
       R"mlir(
nn.state @latent : !nn.rows<3xf32> storage = f32
nn.state @key : !nn.rows<2xf32> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %qp: tensor<?x2x2xf32>, %p: tensor<?xi32>, %l: tensor<?x3xf32>, %k: tensor<?x2xf32>) -> tensor<?x2x3xf32> {
  %lr = nn.history %l, %p state = @latent : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32>
  %kr = nn.history %k, %p state = @key : tensor<?x2xf32>, tensor<?xi32> -> !nn.rows<2xf32>
  %r = nn.absorbed_attention %q, %p, %qp, %lr, %kr scale = 0.4 : tensor<?x2x3xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<3xf32>, !nn.rows<2xf32> -> tensor<?x2x3xf32>
  return %r : tensor<?x2x3xf32>
}
)mlir",
       {floats({4, 2, 3},
               {-0.26f, 0.51f,  -0.23f, -0.32f, -0.93f, -0.21f, 1.11f, 0.42f,
                1.04f,  0.25f,  0.39f,  0.19f,  -1.67f, 0.86f,  0.51f, 0.5f,
                -1.69f, -1.74f, -0.89f, -0.47f, 0.31f,  -0.05f, 0.52f, -0.64f}),
        floats({4, 2, 2},
               {0.31f, 0.39f, -0.66f, 1.72f, 0.56f, 1.2f, -0.62f, -0.74f,
                -0.34f, -0.11f, 0.63f, 0.25f, -0.45f, -0.96f, -0.52f, 1.22f}),
        ints({4}, {0, 1, 2, 3}),
        floats({4, 3}, {-0.81f, 0.24f, 0.43f, -1.49f, 0.05f, 1.31f, -2.01f,
                        -0.32f, -0.11f, -0.82f, 0.5f, -0.06f}),
        floats({4, 2},
               {-1.46f, 0.83f, 0.67f, 0.95f, 1.44f, 0.36f, 0.12f, -1.3f})},
       floats({4, 2, 3},
              {-0.81f,     0.24f,      0.43f,      -0.81f,       0.24f,
               0.43f,      -1.243882f, 0.1187683f, 0.991494f,    -1.051807f,
               0.1724363f, 0.7429266f, -1.463688f, -0.01650732f, 0.5880152f,
               -1.688911f, -0.147553f, 0.2450395f, -1.248054f,   0.149737f,
               0.3176898f, -1.20724f,  0.1192976f, 0.460945f})},
      {"absorbed_attention_picked",
       R"mlir(
nn.state @latent : !nn.rows<3xf32> storage = f32
nn.state @key : !nn.rows<2xf32> storage = f32
func.func @f(%q: tensor<?x2x3xf32>, %qp: tensor<?x2x2xf32>, %p: tensor<?xi32>, %l: tensor<?x3xf32>, %k: tensor<?x2xf32>, %ids: tensor<?x2xi32>) -> tensor<?x2x3xf32> {
  %lr = nn.history %l, %p state = @latent : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32>
  %kr = nn.history %k, %p state = @key : tensor<?x2xf32>, tensor<?xi32> -> !nn.rows<2xf32>
  %lp = nn.pick %lr, %ids : !nn.rows<3xf32>, tensor<?x2xi32> -> !nn.rows<3xf32, picks = 2>
  %kp = nn.pick %kr, %ids : !nn.rows<2xf32>, tensor<?x2xi32> -> !nn.rows<2xf32, picks = 2>
  %r = nn.absorbed_attention %q, %p, %qp, %lp, %kp scale = 0.4 : tensor<?x2x3xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<3xf32, picks = 2>, !nn.rows<2xf32, picks = 2> -> tensor<?x2x3xf32>
  return %r : tensor<?x2x3xf32>
}
)mlir",
       {floats({4, 2, 3},
               {-0.26f, 0.51f,  -0.23f, -0.32f, -0.93f, -0.21f, 1.11f, 0.42f,
                1.04f,  0.25f,  0.39f,  0.19f,  -1.67f, 0.86f,  0.51f, 0.5f,
                -1.69f, -1.74f, -0.89f, -0.47f, 0.31f,  -0.05f, 0.52f, -0.64f}),
        floats({4, 2, 2},
               {0.31f, 0.39f, -0.66f, 1.72f, 0.56f, 1.2f, -0.62f, -0.74f,
                -0.34f, -0.11f, 0.63f, 0.25f, -0.45f, -0.96f, -0.52f, 1.22f}),
        ints({4}, {0, 1, 2, 3}),
        floats({4, 3}, {-0.81f, 0.24f, 0.43f, -1.49f, 0.05f, 1.31f, -2.01f,
                        -0.32f, -0.11f, -0.82f, 0.5f, -0.06f}),
        floats({4, 2},
               {-1.46f, 0.83f, 0.67f, 0.95f, 1.44f, 0.36f, 0.12f, -1.3f}),
        ints({4, 2}, {0, -1, 1, 0, 2, 0, 1, 3})},
       floats({4, 2, 3},
              {-0.81f,     0.24f,       0.43f,       -0.81f,       0.24f,
               0.43f,      -1.243882f,  0.1187683f,  0.991494f,    -1.051807f,
               0.1724363f, 0.7429266f,  -1.447475f,  -0.05748841f, 0.1431362f,
               -1.731845f, -0.1901945f, 0.01516961f, -1.077693f,   0.3269227f,
               0.4669243f, -1.245287f,  0.2143593f,  0.8096173f})},
      {"grouped_linear",
       R"mlir(
func.func @f(%x: tensor<?x2x3xf32>, %w: tensor<2x4x3xf32>) -> tensor<?x2x4xf32> {
  %r = nn.grouped_linear %x, %w : tensor<?x2x3xf32>, tensor<2x4x3xf32> -> tensor<?x2x4xf32>
  return %r : tensor<?x2x4xf32>
}
)mlir",
       {floats({3, 2, 3}, {-0.01f, 1.99f, -0.72f, -0.51f, -2.36f, 2.04f, 1.25f,
                           1.19f, 0.87f, 0.14f, 0.28f, -0.33f, -0.26f, 0.07f,
                           1.97f, 0.72f, -0.08f, -0.75f}),
        floats({2, 4, 3}, {-0.83f, 2.08f,  0.66f,  0.09f, -0.45f, -1.44f,
                           -0.09f, 1.14f,  -0.51f, -0.3f, -0.29f, 0.14f,
                           -2.07f, -0.31f, -1.11f, 1.15f, -1.0f,  0.75f,
                           1.98f,  -0.41f, -0.78f, 0.25f, -0.0f,  -1.29f})},
       floats({3, 2, 4},
              {3.6723f,  0.1404f,  2.6367f,  -0.6749f, -0.4771f, 3.3035f,
               -1.6334f, -2.7591f, 2.0119f,  -1.6758f, 0.8004f,  -0.5983f,
               -0.0103f, -0.3665f, 0.4198f,  0.4607f,  1.6616f,  -2.8917f,
               -0.9015f, 0.3335f,  -0.6331f, 0.3455f,  2.0434f,  1.1475f})},
      {"einsum_gather",
       R"mlir(
func.func @f(%a: tensor<?x2xf32>, %b: tensor<?x2x4xf32>) -> tensor<?x4xf32> {
  %r = nn.einsum %a, %b "t n, t n d -> t d" : tensor<?x2xf32>, tensor<?x2x4xf32> -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({3, 2}, {0.6f, 2.62f, -0.34f, -0.26f, -1.36f, 0.41f}),
        floats({3, 2, 4},
               {-1.62f, -1.44f, 1.66f,  -1.18f, 1.41f, 1.98f, 0.34f,  0.72f,
                2.54f,  -0.26f, -0.77f, -1.76f, 0.05f, 1.92f, 1.25f,  -1.22f,
                -1.11f, -0.66f, 0.38f,  -0.27f, 0.28f, 0.39f, -0.39f, -0.05f})},
       floats({3, 4},
              {2.7222f, 4.3236f, 1.8868f, 1.1784f, -0.8766f, -0.4108f, -0.0632f,
               0.9156f, 1.6244f, 1.0575f, -0.6767f, 0.3467f})},
      {"einsum_transposed",
       R"mlir(
func.func @f(%a: tensor<?x3x2xf32>, %b: tensor<?x3x4xf32>) -> tensor<?x4x2xf32> {
  %r = nn.einsum %a, %b "t i o, t i d -> t d o" : tensor<?x3x2xf32>, tensor<?x3x4xf32> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {0.27f, -0.11f, 0.65f, 2.43f, 0.77f, 0.07f, -2.19f,
                           0.5f, -2.53f, -1.83f, 1.11f, 0.92f}),
        floats({2, 3, 4}, {-0.19f, -2.22f, -0.48f, -0.88f, 0.83f,  2.94f,
                           0.28f,  -1.01f, -1.52f, -0.07f, -0.23f, -1.5f,
                           0.15f,  -1.5f,  1.45f,  1.38f,  1.41f,  -0.62f,
                           0.67f,  -0.17f, -0.51f, -0.44f, -1.69f, -1.88f})},
       floats({2, 4, 2},
              {-0.6822f, 1.9314f, 1.2577f, 7.3835f, -0.1247f, 0.7171f, -2.0491f,
               -2.4625f, -4.4619f, -2.9745f, 4.3652f, -0.0202f, -6.7465f,
               -2.0559f, -4.6789f, -0.7285f})},
      {"einsum_outer_and_sums",
       R"mlir(
func.func @f(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %r = nn.einsum %a, %b "i k, j m -> j i" : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<4x2xf32>
  return %r : tensor<4x2xf32>
}
)mlir",
       {floats({2, 3}, {1.03f, -0.25f, 0.28f, 1.3f, -2.25f, -1.02f}),
        floats({4, 3}, {0.23f, 0.51f, -0.49f, 1.34f, 0.27f, -1.58f, -1.21f,
                        1.05f, 0.6f, -2.47f, 1.75f, 0.78f})},
       floats({4, 2}, {0.265f, -0.4925f, 0.0318f, -0.0591f, 0.4664f, -0.8668f,
                       0.0636f, -0.1182f})},
      {"sinkhorn",
       R"mlir(
func.func @f(%x: tensor<?x3x3xf32>) -> tensor<?x3x3xf32> {
  %r = nn.sinkhorn %x iterations = 3 eps = 1.0e-03 : tensor<?x3x3xf32>
  return %r : tensor<?x3x3xf32>
}
)mlir",
       {floats({2, 3, 3},
               {1.44f, 0.48f, 0.4f, 1.23f, 2.64f, 0.28f, 1.69f, 0.75f, 0.26f,
                1.77f, 0.48f, 1.08f, 1.35f, 1.17f, 0.44f, 1.14f, 0.6f, 0.56f})},
       floats({2, 3, 3},
              {0.3630654f, 0.1610512f, 0.4713551f, 0.2040717f, 0.5828839f,
               0.2171209f, 0.4318694f, 0.2550512f, 0.310531f, 0.3613746f,
               0.1822974f, 0.4556174f, 0.3039609f, 0.4900323f, 0.2047051f,
               0.3336643f, 0.3266714f, 0.3386766f})},
      {"sinkhorn_once",
       R"mlir(
func.func @f(%x: tensor<?x2x2xf32>) -> tensor<?x2x2xf32> {
  %r = nn.sinkhorn %x iterations = 1 eps = 1.0 : tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir",
       {floats({1, 2, 2}, {1.0f, 2.0f, 3.0f, 5.0f})},
       floats({1, 2, 2}, {0.2f, 0.25f, 0.6f, 0.625f})},
      {"einsum_rounds_to_bf16",
       R"mlir(
func.func @f(%a: tensor<?x3xbf16>, %b: tensor<?x3xbf16>) -> tensor<?xbf16> {
  %r = nn.einsum %a, %b "t n, t n -> t" : tensor<?x3xbf16>, tensor<?x3xbf16> -> tensor<?xbf16>
  return %r : tensor<?xbf16>
}
)mlir",
       {bfloats({1, 3}, {1.0f, 1.0f, 1.0f}),
        bfloats({1, 3}, {256.0f, 1.0f, 1.0f})},
       bfloats({1}, {258.0f})},
  };
  return cases;
}
