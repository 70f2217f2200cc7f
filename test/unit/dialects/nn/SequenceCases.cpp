//===- SequenceCases.cpp - What sequence ops compute on small inputs
//
// The expected values were worked out in numpy, in 64 bits, from the formulas
// of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "test/unit/dialects/nn/OpCases.h"
#include <cmath>

using namespace tombolo::nn;

const std::vector<OpCase> &tombolo::nn::sequenceCases() {
  static const std::vector<OpCase> cases = {
      {"rope_half",
       R"mlir(
nn.rope_table @table freqs = [1.0, 0.25] scale = 1.5
func.func @f(%x: tensor<?x2x6xf32>, %p: tensor<?xi32>) -> tensor<?x2x6xf32> {
  %r = nn.rope %x, %p table = @table pairs = half : tensor<?x2x6xf32>, tensor<?xi32>
  return %r : tensor<?x2x6xf32>
}
)mlir",
       {floats({3, 2, 6},
               {0.81f,  1.17f,  1.25f,  1.38f,  -0.68f, 2.27f,  -1.87f, 1.29f,
                0.74f,  1.31f,  2.82f,  2.23f,  -1.72f, -2.53f, 1.23f,  -1.52f,
                -0.02f, 1.26f,  -2.47f, -3.16f, 0.39f,  0.07f,  -0.37f, 0.06f,
                -1.29f, -2.27f, -0.25f, -1.46f, -2.47f, 0.76f,  -0.09f, 0.61f,
                -1.48f, -0.99f, -1.5f,  -1.33f}),
        ints({3}, {0, 1, 9})},
       floats(
           {3, 2, 6},
           {1.215f,     1.755f,     1.875f,      2.07f,      -0.68f, 2.27f,
            -2.805f,    1.935f,     1.11f,       1.965f,     2.82f,  2.23f,
            -2.946494f, -3.112942f, -1.174137f,  -3.148018f, -0.02f, 1.26f,
            -2.494081f, -4.618622f, -2.801573f,  -1.070959f, -0.37f, 0.06f,
            1.917581f,  3.842912f,  -0.4557754f, -1.273639f, -2.47f, 0.76f,
            1.037906f,  0.5806599f, 1.967073f,   1.644775f,  -1.5f,  -1.33f})},
      {"rope_adjacent",
       R"mlir(
nn.rope_table @table freqs = [1.0, 0.25] scale = 1.5
func.func @f(%x: tensor<?x2x6xf32>, %p: tensor<?xi32>) -> tensor<?x2x6xf32> {
  %r = nn.rope %x, %p table = @table pairs = adjacent at = 2 : tensor<?x2x6xf32>, tensor<?xi32>
  return %r : tensor<?x2x6xf32>
}
)mlir",
       {floats({3, 2, 6},
               {0.81f,  1.17f,  1.25f,  1.38f,  -0.68f, 2.27f,  -1.87f, 1.29f,
                0.74f,  1.31f,  2.82f,  2.23f,  -1.72f, -2.53f, 1.23f,  -1.52f,
                -0.02f, 1.26f,  -2.47f, -3.16f, 0.39f,  0.07f,  -0.37f, 0.06f,
                -1.29f, -2.27f, -0.25f, -1.46f, -2.47f, 0.76f,  -0.09f, 0.61f,
                -1.48f, -0.99f, -1.5f,  -1.33f}),
        ints({3}, {0, 1, 9})},
       floats(
           {3, 2, 6},
           {0.81f,  1.17f,  1.875f,     2.07f,      -1.02f,      3.405f,
            -1.87f, 1.29f,  1.11f,      1.965f,     4.23f,       3.345f,
            -1.72f, -2.53f, 2.915412f,  0.3206246f, -0.4966609f, 1.823822f,
            -2.47f, -3.16f, 0.2277224f, 0.5489923f, -0.5600128f, -0.05010708f,
            -1.29f, -2.27f, 1.244213f,  1.840831f,  1.44038f,    -3.598879f,
            -0.09f, 0.61f,  2.634705f,  0.4381254f, 2.965647f,   -0.4974584f})},
      {"rope_inverse",
       R"mlir(
nn.rope_table @table freqs = [1.0, 0.25] scale = 1.5
func.func @f(%x: tensor<?x6xf32>, %p: tensor<?xi32>) -> tensor<?x6xf32> {
  %r = nn.rope %x, %p table = @table pairs = half at = 1 inverse = true : tensor<?x6xf32>, tensor<?xi32>
  return %r : tensor<?x6xf32>
}
)mlir",
       {floats({3, 6}, {0.81f, 1.17f, 1.25f, 1.38f, -0.68f, 2.27f, -1.72f,
                        -2.53f, 1.23f, -1.52f, -0.02f, 1.26f, -1.29f, -2.27f,
                        -0.25f, -1.46f, -2.47f, 0.76f}),
        ints({3}, {0, 1, 9})},
       floats({3, 6},
              {0.81f, 1.755f, 1.875f, 2.07f, -1.02f, 2.27f, -1.72f, -3.969001f,
               1.780221f, 1.961493f, -0.4855277f, 1.26f, -1.29f, 2.199859f,
               -2.647196f, 3.398639f, 2.619161f, 0.76f})},
      {"rope_long",
       R"mlir(
nn.rope_table @table freqs = [1.0, 0.25] scale = 1.0 long_freqs = [0.5, 0.125] long_from = 2
func.func @f(%x: tensor<?x2x6xf32>, %p: tensor<?xi32>) -> tensor<?x2x6xf32> {
  %r = nn.rope %x, %p table = @table pairs = half : tensor<?x2x6xf32>, tensor<?xi32>
  return %r : tensor<?x2x6xf32>
}
)mlir",
       {floats({3, 2, 6},
               {0.81f,  1.17f,  1.25f,  1.38f,  -0.68f, 2.27f,  -1.87f, 1.29f,
                0.74f,  1.31f,  2.82f,  2.23f,  -1.72f, -2.53f, 1.23f,  -1.52f,
                -0.02f, 1.26f,  -2.47f, -3.16f, 0.39f,  0.07f,  -0.37f, 0.06f,
                -1.29f, -2.27f, -0.25f, -1.46f, -2.47f, 0.76f,  -0.09f, 0.61f,
                -1.48f, -0.99f, -1.5f,  -1.33f}),
        ints({3}, {0, 1, 9})},
       floats({3, 2, 6},
              {0.81f,       1.17f,       1.25f,      1.38f,      -0.68f,
               2.27f,       -1.87f,      1.29f,      0.74f,      1.31f,
               2.82f,       2.23f,       -2.099135f, -2.320755f, 0.2548146f,
               -1.823568f,  -0.02f,      1.26f,      -2.354605f, -3.144072f,
               -0.8419239f, -0.3245183f, -0.37f,     0.06f,      0.02754406f,
               0.33854f,    1.313713f,   -2.677665f, -2.47f,     0.76f,
               -1.427773f,  1.156263f,   0.3999555f, 0.1235185f, -1.5f,
               -1.33f})},
      {"rope_not_long",
       R"mlir(
nn.rope_table @table freqs = [1.0, 0.25] scale = 1.0 long_freqs = [0.5, 0.125] long_from = 3
func.func @f(%x: tensor<?x2x6xf32>, %p: tensor<?xi32>) -> tensor<?x2x6xf32> {
  %r = nn.rope %x, %p table = @table pairs = half : tensor<?x2x6xf32>, tensor<?xi32>
  return %r : tensor<?x2x6xf32>
}
)mlir",
       {floats({3, 2, 6},
               {0.81f,  1.17f,  1.25f,  1.38f,  -0.68f, 2.27f,  -1.87f, 1.29f,
                0.74f,  1.31f,  2.82f,  2.23f,  -1.72f, -2.53f, 1.23f,  -1.52f,
                -0.02f, 1.26f,  -2.47f, -3.16f, 0.39f,  0.07f,  -0.37f, 0.06f,
                -1.29f, -2.27f, -0.25f, -1.46f, -2.47f, 0.76f,  -0.09f, 0.61f,
                -1.48f, -0.99f, -1.5f,  -1.33f}),
        ints({3}, {0, 1, 9})},
       floats(
           {3, 2, 6},
           {0.81f,      1.17f,      1.25f,       1.38f,       -0.68f, 2.27f,
            -1.87f,     1.29f,      0.74f,       1.31f,       2.82f,  2.23f,
            -1.964329f, -2.075294f, -0.7827582f, -2.098679f,  -0.02f, 1.26f,
            -1.66272f,  -3.079082f, -1.867715f,  -0.7139727f, -0.37f, 0.06f,
            1.278388f,  2.561941f,  -0.3038503f, -0.8490926f, -2.47f, 0.76f,
            0.6919371f, 0.3871065f, 1.311382f,   1.096517f,   -1.5f,  -1.33f})},
      {"attention_grouped",
       R"mlir(
nn.state @k0 : !nn.rows<2x3xf32> storage = f32
nn.state @v0 : !nn.rows<2x2xf32> storage = f32
func.func @f(%q: tensor<?x4x3xf32>, %p: tensor<?xi32>, %k0: tensor<?x2x3xf32>, %v0: tensor<?x2x2xf32>) -> tensor<?x4x2xf32> {
  %krows0 = nn.history %k0, %p state = @k0 : tensor<?x2x3xf32>, tensor<?xi32> -> !nn.rows<2x3xf32>
  %vrows0 = nn.history %v0, %p state = @v0 : tensor<?x2x2xf32>, tensor<?xi32> -> !nn.rows<2x2xf32>
  %r = nn.attention %q, %p keys(%krows0) values(%vrows0) scale = 0.5 : tensor<?x4x3xf32>, tensor<?xi32>, !nn.rows<2x3xf32>, !nn.rows<2x2xf32> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({5, 4, 3},
               {0.29f,  -1.17f, 0.53f,  0.51f,  3.04f,  -2.09f, 1.33f,  -0.13f,
                -0.02f, -2.17f, -0.69f, 1.11f,  -0.12f, 0.12f,  -0.44f, 1.73f,
                -0.03f, -3.3f,  -1.04f, -2.95f, -4.88f, -0.8f,  2.0f,   0.07f,
                -1.76f, -1.41f, 1.7f,   0.24f,  0.07f,  -0.08f, 0.06f,  1.21f,
                0.83f,  0.32f,  -1.56f, 0.77f,  -1.03f, 1.64f,  -1.91f, -0.21f,
                -0.01f, -1.99f, 2.58f,  2.19f,  -0.7f,  1.16f,  0.57f,  -3.92f,
                0.38f,  -0.09f, 0.12f,  -1.62f, -0.4f,  -0.27f, 1.78f,  0.5f,
                -0.01f, 2.29f,  -0.83f, -0.58f}),
        ints({5}, {0, 1, 2, 3, 4}),
        floats({5, 2, 3},
               {-2.73f, 2.35f, 1.45f,  1.38f,  1.0f,   0.17f,  0.32f,  -0.38f,
                -0.31f, 0.08f, 2.27f,  0.83f,  -0.09f, -0.87f, -0.95f, 2.4f,
                0.76f,  0.1f,  -0.52f, -1.66f, -0.1f,  1.31f,  -0.59f, -0.34f,
                -0.33f, 0.16f, -2.39f, -0.35f, -1.28f, 1.33f}),
        floats({5, 2, 2}, {-1.16f, 0.87f,  2.29f, -0.47f, -0.9f, 0.29f,  -0.0f,
                           -1.49f, 0.69f,  3.02f, -0.39f, -0.3f, -1.57f, 0.48f,
                           -1.87f, -1.66f, 1.92f, -1.36f, 1.62f, 2.29f})},
       floats({5, 4, 2}, {-1.16f,      0.87f,       -1.16f,      0.87f,
                          2.29f,       -0.47f,      2.29f,       -0.47f,
                          -1.027374f,  0.5741428f,  -0.9009741f, 0.2921729f,
                          2.159671f,   -0.5280504f, 0.3212043f,  -1.346931f,
                          -0.9520674f, 1.036348f,   -0.3977578f, 1.425604f,
                          0.4250052f,  -1.043533f,  0.6319795f,  -0.5283705f,
                          -0.9052132f, 1.091855f,   -0.2943878f, 1.679932f,
                          0.1664218f,  -0.5412314f, -0.3276785f, -0.8536293f,
                          -0.2138522f, 0.706108f,   -0.4804579f, 0.6766294f,
                          0.08647152f, -0.5723634f, -0.366005f,  -0.6483377f})},
      {"attention_window",
       R"mlir(
nn.state @k0 : !nn.rows<2x3xf32, window = 2> storage = f32
nn.state @v0 : !nn.rows<2x2xf32, window = 2> storage = f32
func.func @f(%q: tensor<?x4x3xf32>, %p: tensor<?xi32>, %k0: tensor<?x2x3xf32>, %v0: tensor<?x2x2xf32>) -> tensor<?x4x2xf32> {
  %krows0 = nn.history %k0, %p state = @k0 window = 2 : tensor<?x2x3xf32>, tensor<?xi32> -> !nn.rows<2x3xf32, window = 2>
  %vrows0 = nn.history %v0, %p state = @v0 window = 2 : tensor<?x2x2xf32>, tensor<?xi32> -> !nn.rows<2x2xf32, window = 2>
  %r = nn.attention %q, %p keys(%krows0) values(%vrows0) scale = 0.5 : tensor<?x4x3xf32>, tensor<?xi32>, !nn.rows<2x3xf32, window = 2>, !nn.rows<2x2xf32, window = 2> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({5, 4, 3},
               {0.29f,  -1.17f, 0.53f,  0.51f,  3.04f,  -2.09f, 1.33f,  -0.13f,
                -0.02f, -2.17f, -0.69f, 1.11f,  -0.12f, 0.12f,  -0.44f, 1.73f,
                -0.03f, -3.3f,  -1.04f, -2.95f, -4.88f, -0.8f,  2.0f,   0.07f,
                -1.76f, -1.41f, 1.7f,   0.24f,  0.07f,  -0.08f, 0.06f,  1.21f,
                0.83f,  0.32f,  -1.56f, 0.77f,  -1.03f, 1.64f,  -1.91f, -0.21f,
                -0.01f, -1.99f, 2.58f,  2.19f,  -0.7f,  1.16f,  0.57f,  -3.92f,
                0.38f,  -0.09f, 0.12f,  -1.62f, -0.4f,  -0.27f, 1.78f,  0.5f,
                -0.01f, 2.29f,  -0.83f, -0.58f}),
        ints({5}, {0, 1, 2, 3, 4}),
        floats({5, 2, 3},
               {0.39f,  0.83f,  2.93f,  -0.3f,  -0.89f, -2.03f, 0.06f, 2.22f,
                1.44f,  -1.41f, -1.28f, -0.76f, 0.44f,  -0.31f, 0.32f, 0.45f,
                -0.45f, -0.06f, 0.31f,  -0.13f, 0.76f,  2.81f,  0.89f, 0.08f,
                -2.53f, 0.58f,  -2.92f, -2.11f, 1.28f,  1.06f}),
        floats({5, 2, 2},
               {-0.22f, -2.57f, -0.56f, -1.02f, 0.96f,  3.39f, 0.33f,
                -1.17f, -1.76f, -0.08f, -0.27f, -1.73f, 0.17f, -1.73f,
                1.67f,  1.59f,  1.63f,  -0.71f, 0.77f,  -0.2f})},
       floats({5, 4, 2},
              {-0.22f,       -2.57f,      -0.22f,      -2.57f,     -0.56f,
               -1.02f,       -0.56f,      -1.02f,      0.4952127f, 1.04243f,
               0.8371315f,   2.76941f,    -0.4487928f, -1.038743f, -0.09311255f,
               -1.098689f,   -0.731331f,  1.232309f,   -0.401258f, 1.653395f,
               -0.09014514f, -1.562135f,  0.04203853f, -1.438764f, -0.8938779f,
               -0.8204671f,  -0.9970537f, -0.7322598f, 1.647885f,  1.552153f,
               1.309185f,    0.9725234f,  0.6250299f,  -1.412102f, 1.534123f,
               -0.7769826f,  1.657787f,   1.565709f,   1.667944f,  1.585911f})},
      {"attention_softcap_and_sink",
       R"mlir(
nn.state @k0 : !nn.rows<4x3xf32> storage = f32
nn.state @v0 : !nn.rows<4x2xf32> storage = f32
func.func @f(%q: tensor<?x4x3xf32>, %p: tensor<?xi32>, %k0: tensor<?x1x3xf32>, %v0: tensor<?x4x2xf32>, %s: tensor<4xf32>) -> tensor<?x4x2xf32> {
  %flat = nn.rearrange %k0, "t 1 c -> t c" : tensor<?x1x3xf32> -> tensor<?x3xf32>
  %all = nn.repeat %flat axis = 1 times = 4 : tensor<?x3xf32> -> tensor<?x4x3xf32>
  %krows0 = nn.history %all, %p state = @k0 : tensor<?x4x3xf32>, tensor<?xi32> -> !nn.rows<4x3xf32>
  %vrows0 = nn.history %v0, %p state = @v0 : tensor<?x4x2xf32>, tensor<?xi32> -> !nn.rows<4x2xf32>
  %r = nn.attention %q, %p keys(%krows0) values(%vrows0) sink(%s) scale = 1.0 softcap = 2.0 : tensor<?x4x3xf32>, tensor<?xi32>, !nn.rows<4x3xf32>, !nn.rows<4x2xf32>, tensor<4xf32> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({5, 4, 3},
               {0.29f,  -1.17f, 0.53f,  0.51f,  3.04f,  -2.09f, 1.33f,  -0.13f,
                -0.02f, -2.17f, -0.69f, 1.11f,  -0.12f, 0.12f,  -0.44f, 1.73f,
                -0.03f, -3.3f,  -1.04f, -2.95f, -4.88f, -0.8f,  2.0f,   0.07f,
                -1.76f, -1.41f, 1.7f,   0.24f,  0.07f,  -0.08f, 0.06f,  1.21f,
                0.83f,  0.32f,  -1.56f, 0.77f,  -1.03f, 1.64f,  -1.91f, -0.21f,
                -0.01f, -1.99f, 2.58f,  2.19f,  -0.7f,  1.16f,  0.57f,  -3.92f,
                0.38f,  -0.09f, 0.12f,  -1.62f, -0.4f,  -0.27f, 1.78f,  0.5f,
                -0.01f, 2.29f,  -0.83f, -0.58f}),
        ints({5}, {0, 1, 2, 3, 4}),
        floats({5, 1, 3},
               {-0.58f, -0.51f, -1.95f, -2.17f, 1.19f, -0.29f, 0.32f, 1.5f,
                -2.6f, -1.18f, 0.26f, 0.59f, -0.57f, 1.54f, 0.32f}),
        floats({5, 4, 2},
               {-1.82f, -1.4f,  1.21f,  0.7f,   -2.85f, 2.02f,  0.9f,   2.02f,
                -0.58f, -0.44f, -1.69f, 3.81f,  -0.26f, 2.38f,  -0.97f, 0.25f,
                -2.51f, -0.57f, 1.48f,  -1.88f, 1.61f,  0.51f,  -1.57f, -0.75f,
                -0.69f, -0.07f, -0.8f,  -1.24f, -0.46f, -1.54f, -1.93f, -0.07f,
                1.32f,  -2.29f, 0.01f,  -0.97f, -1.47f, 1.28f,  -0.78f, 2.25f}),
        floats({4}, {-1.17f, 0.58f, -0.34f, -1.13f})},
       floats({5, 4, 2},
              {-1.167916f,   -0.8983968f, 0.8919965f,    0.516031f,
               -1.211085f,   0.8583833f,  0.5789765f,    1.299481f,
               -1.197212f,   -0.9185011f, 0.922391f,     0.6214016f,
               -2.303239f,   1.91059f,    -0.8057722f,   0.3568026f,
               -0.6704691f,  -0.4702976f, 0.4567903f,    0.09314681f,
               -0.01958389f, 1.652762f,   -0.001084666f, 0.7568105f,
               -1.550591f,   -0.7225534f, 0.7599596f,    0.02641749f,
               1.23217f,     0.5228907f,  -0.3669413f,   0.599461f,
               -0.788576f,   -0.9241505f, -0.4457076f,   1.085556f,
               0.5501059f,   0.6154276f,  -0.7436407f,   0.2317852f})},
      {"attention_one_head_for_all",
       R"mlir(
nn.state @k0 : !nn.rows<3xf32, window = 3> storage = f32
nn.state @v0 : !nn.rows<3xf32, window = 3> storage = f32
func.func @f(%q: tensor<?x4x3xf32>, %p: tensor<?xi32>, %k0: tensor<?x3xf32>, %v0: tensor<?x3xf32>) -> tensor<?x4x3xf32> {
  %krows0 = nn.history %k0, %p state = @k0 window = 3 : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32, window = 3>
  %vrows0 = nn.history %v0, %p state = @v0 window = 3 : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32, window = 3>
  %r = nn.attention %q, %p keys(%krows0) values(%vrows0) scale = 0.25 : tensor<?x4x3xf32>, tensor<?xi32>, !nn.rows<3xf32, window = 3>, !nn.rows<3xf32, window = 3> -> tensor<?x4x3xf32>
  return %r : tensor<?x4x3xf32>
}
)mlir",
       {floats({5, 4, 3},
               {0.29f,  -1.17f, 0.53f,  0.51f,  3.04f,  -2.09f, 1.33f,  -0.13f,
                -0.02f, -2.17f, -0.69f, 1.11f,  -0.12f, 0.12f,  -0.44f, 1.73f,
                -0.03f, -3.3f,  -1.04f, -2.95f, -4.88f, -0.8f,  2.0f,   0.07f,
                -1.76f, -1.41f, 1.7f,   0.24f,  0.07f,  -0.08f, 0.06f,  1.21f,
                0.83f,  0.32f,  -1.56f, 0.77f,  -1.03f, 1.64f,  -1.91f, -0.21f,
                -0.01f, -1.99f, 2.58f,  2.19f,  -0.7f,  1.16f,  0.57f,  -3.92f,
                0.38f,  -0.09f, 0.12f,  -1.62f, -0.4f,  -0.27f, 1.78f,  0.5f,
                -0.01f, 2.29f,  -0.83f, -0.58f}),
        ints({5}, {0, 1, 2, 3, 4}),
        floats({5, 3},
               {0.88f, -0.23f, 0.9f, -0.07f, -1.63f, -0.15f, 0.08f, 1.44f,
                -1.36f, -0.06f, -2.58f, 0.98f, -1.62f, -2.71f, -0.09f}),
        floats({5, 3},
               {1.66f, -2.29f, -1.63f, -1.11f, -1.69f, 0.57f, -1.21f, -1.08f,
                0.87f, -1.13f, 0.65f, -1.46f, -1.82f, -2.75f, 2.79f})},
       floats(
           {5, 4, 3},
           {1.66f,        -2.29f,      -1.63f,      1.66f,        -2.29f,
            -1.63f,       1.66f,       -2.29f,      -1.63f,       1.66f,
            -2.29f,       -1.63f,      0.2044262f,  -1.974713f,   -0.4739486f,
            -0.04190728f, -1.921356f,  -0.2783047f, -0.9113238f,  -1.733035f,
            0.4122067f,   0.6326182f,  -2.067462f,  -0.8140289f,  -0.1634342f,
            -1.833637f,   -0.1587671f, -0.211328f,  -1.681128f,   -0.06743988f,
            -0.06128647f, -1.680188f,  -0.1740695f, -0.06630702f, -1.845093f,
            -0.2323152f,  -1.192301f,  -1.070384f,  0.7061099f,   -1.166753f,
            -0.9678248f,  0.3859719f,  -1.194176f,  -1.052808f,   0.7059492f,
            -1.191296f,   -1.0966f,    0.7220234f,  -1.369549f,   -0.9572681f,
            0.6026135f,   -1.518685f,  -1.526264f,  1.293058f,    -1.277615f,
            -0.8019246f,  0.445759f,   -1.312064f,  -0.6571935f,  0.2254116f})},
      {"attention_two_row_sets",
       R"mlir(
nn.state @k0 : !nn.rows<2x3xf32, window = 2> storage = f32
nn.state @v0 : !nn.rows<2x2xf32, window = 2> storage = f32
nn.state @k1 : !nn.rows<4x3xf32> storage = f32
nn.state @v1 : !nn.rows<4x2xf32> storage = f32
func.func @f(%q: tensor<?x4x3xf32>, %p: tensor<?xi32>, %k0: tensor<?x2x3xf32>, %v0: tensor<?x2x2xf32>, %k1: tensor<?x3xf32>, %v1: tensor<?x4x2xf32>, %s: tensor<4xf32>) -> tensor<?x4x2xf32> {
  %krows0 = nn.history %k0, %p state = @k0 window = 2 : tensor<?x2x3xf32>, tensor<?xi32> -> !nn.rows<2x3xf32, window = 2>
  %vrows0 = nn.history %v0, %p state = @v0 window = 2 : tensor<?x2x2xf32>, tensor<?xi32> -> !nn.rows<2x2xf32, window = 2>
  %all = nn.repeat %k1 axis = 1 times = 4 : tensor<?x3xf32> -> tensor<?x4x3xf32>
  %krows1 = nn.history %all, %p state = @k1 : tensor<?x4x3xf32>, tensor<?xi32> -> !nn.rows<4x3xf32>
  %vrows1 = nn.history %v1, %p state = @v1 : tensor<?x4x2xf32>, tensor<?xi32> -> !nn.rows<4x2xf32>
  %r = nn.attention %q, %p keys(%krows0, %krows1) values(%vrows0, %vrows1) sink(%s) scale = 0.5 : tensor<?x4x3xf32>, tensor<?xi32>, !nn.rows<2x3xf32, window = 2>, !nn.rows<4x3xf32>, !nn.rows<2x2xf32, window = 2>, !nn.rows<4x2xf32>, tensor<4xf32> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({5, 4, 3},
               {0.29f,  -1.17f, 0.53f,  0.51f,  3.04f,  -2.09f, 1.33f,  -0.13f,
                -0.02f, -2.17f, -0.69f, 1.11f,  -0.12f, 0.12f,  -0.44f, 1.73f,
                -0.03f, -3.3f,  -1.04f, -2.95f, -4.88f, -0.8f,  2.0f,   0.07f,
                -1.76f, -1.41f, 1.7f,   0.24f,  0.07f,  -0.08f, 0.06f,  1.21f,
                0.83f,  0.32f,  -1.56f, 0.77f,  -1.03f, 1.64f,  -1.91f, -0.21f,
                -0.01f, -1.99f, 2.58f,  2.19f,  -0.7f,  1.16f,  0.57f,  -3.92f,
                0.38f,  -0.09f, 0.12f,  -1.62f, -0.4f,  -0.27f, 1.78f,  0.5f,
                -0.01f, 2.29f,  -0.83f, -0.58f}),
        ints({5}, {0, 1, 2, 3, 4}),
        floats({5, 2, 3},
               {-0.48f, 0.37f, -0.05f, 0.24f,  0.07f,  2.86f,  -1.56f, -2.34f,
                -1.52f, -2.0f, 1.12f,  1.23f,  -1.44f, -2.09f, -0.53f, 2.09f,
                -4.23f, 0.79f, -1.61f, 1.56f,  -1.62f, -0.43f, -2.26f, -1.47f,
                2.08f,  1.23f, -0.6f,  -1.31f, -2.84f, -0.59f}),
        floats({5, 2, 2},
               {0.91f,  -0.16f, 0.38f,  -0.27f, -1.09f, -1.42f, -0.36f,
                -0.82f, 0.35f,  -0.01f, -2.04f, 0.1f,   -2.01f, -0.92f,
                -0.44f, -3.11f, 0.14f,  0.23f,  -0.24f, -0.64f}),
        floats({5, 3},
               {-0.05f, -0.13f, -0.14f, -1.68f, -0.1f, -0.06f, 1.94f, 2.8f,
                -0.21f, -1.15f, -0.1f, -0.91f, -1.11f, -0.09f, -1.56f}),
        floats({5, 4, 2},
               {-0.56f, -1.46f, -0.4f,  -0.83f, 0.14f,  -1.81f, 0.35f, 0.21f,
                -0.21f, -0.66f, 0.83f,  -2.5f,  0.69f,  0.36f,  0.43f, 0.57f,
                -0.98f, -0.39f, 0.96f,  0.65f,  0.31f,  -2.27f, 0.81f, 1.75f,
                1.51f,  0.35f,  -2.34f, 1.41f,  -0.22f, -3.8f,  0.57f, -2.24f,
                -1.94f, -0.95f, 1.91f,  -0.56f, 0.41f,  2.62f,  2.39f, -0.16f}),
        floats({4}, {-0.36f, -1.89f, -1.04f, 0.64f})},
       floats({5, 4, 2}, {0.03908201f, -0.6578275f, 0.4086463f,   -0.3817451f,
                          0.230408f,   -0.8415544f, 0.266122f,    -0.118059f,
                          -0.247115f,  -0.820809f,  -0.571203f,   -1.145271f,
                          0.458989f,   -0.3801841f, -0.08484028f, -0.3869373f,
                          -0.1944003f, -0.5779225f, 0.205312f,    -0.6259993f,
                          0.0960997f,  -1.490769f,  -1.868128f,   0.1016197f,
                          -1.485735f,  -0.7528977f, -1.133038f,   -0.3500618f,
                          0.3076009f,  -2.265651f,  0.2882109f,   -0.4419236f,
                          -0.4590178f, -0.4347937f, -0.3131145f,  -0.7718821f,
                          0.2595356f,  -2.05843f,   0.2889876f,   -0.313336f})},
      {"rotate_half",
       R"mlir(
func.func @f(%x: tensor<?x1x4xf32>, %a: tensor<?x2x2xf32>) -> tensor<?x1x4xf32> {
  %r = nn.rotate %x, %a pairs = half : tensor<?x1x4xf32>, tensor<?x2x2xf32>
  return %r : tensor<?x1x4xf32>
}
)mlir",
       {floats({1, 1, 4}, {1, 2, 3, 4}), floats({1, 2, 2}, {0.6f, 1, 0.8f, 0})},
       floats({1, 1, 4}, {-1.8f, 2, 2.6f, 4})},
      {"rotate_adjacent_inverse",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>, %a: tensor<?x2x1xf32>) -> tensor<?x4xf32> {
  %r = nn.rotate %x, %a pairs = adjacent at = 1 inverse = true : tensor<?x4xf32>, tensor<?x2x1xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({2, 4}, {9, 1, 2, 8, 7, 5, 5, 6}),
        floats({2, 2, 1}, {0.6f, 0.8f, 0, 1})},
       floats({2, 4}, {9, 2.2f, 0.4f, 8, 7, 5, -5, 6})},
      {"glu",
       R"mlir(
func.func @f(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %r = nn.glu %x activation = "relu" group = 2 : tensor<?x8xf32> -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({1, 8}, {1, -2, 3, 5, 4, 0.5f, -7, 8})},
       floats({1, 4}, {3, 0, -28, 4})},
      {"rows_of_a_tensor",
       R"mlir(
func.func @f(%q: tensor<?x1x1xf32>, %p: tensor<?xi32>, %k: tensor<?x1xf32>, %v: tensor<?x1xf32>) -> tensor<?x1x1xf32> {
  %rk = nn.rows %k : tensor<?x1xf32> -> !nn.rows<1xf32, window = 2>
  %rv = nn.rows %v : tensor<?x1xf32> -> !nn.rows<1xf32, window = 2>
  %o = nn.attention %q, %p keys(%rk) values(%rv) scale = 1.0 : tensor<?x1x1xf32>, tensor<?xi32>, !nn.rows<1xf32, window = 2>, !nn.rows<1xf32, window = 2> -> tensor<?x1x1xf32>
  return %o : tensor<?x1x1xf32>
}
)mlir",
       {floats({3, 1, 1}, {1, 1, 1}), ints({3}, {0, 1, 2}),
        floats({3, 1}, {0, 0, 0}), floats({3, 1}, {3, 5, 8})},
       floats({3, 1, 1}, {3, 4, 6.5f})},
      {"rope_rounds_to_bf16",
       R"mlir(
nn.rope_table @t freqs = [1.0, 0.1] scale = 1.0
func.func @f(%x: tensor<?x4xbf16>, %p: tensor<?xi32>) -> (tensor<?x4xbf16>) {
  %r = nn.rope %x, %p table = @t pairs = half : tensor<?x4xbf16>, tensor<?xi32>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f}), ints({1}, {3})},
       bfloats({1, 4}, {-1.59375f, -3.28125f, -0.53125f, 2.125f})},
      {"rotate_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>, %a: tensor<?x2x2xf32>) -> (tensor<?x4xbf16>) {
  %r = nn.rotate %x, %a pairs = half : tensor<?x4xbf16>, tensor<?x2x2xf32>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f}),
        floats({1, 2, 2}, {0.6f, 0.8f, 0.8f, -0.6f})},
       bfloats({1, 4}, {0.30078125f, -0.2001953125f, 1.6484375f, 3.90625f})},
  };
  return cases;
}
