// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' | FileCheck %s

// Windows of 4 tokens with the 4 rows before them become entries; a query sees those that it wants most, and the last 8 tokens.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 1 : i64}} {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @sink : !nn.weight<2, f32> {
    %0 = nn.stored "sink" : !nn.weight<2, f32>
    nn.yield %0 : !nn.weight<2, f32>
  }
  nn.weight @out : !nn.weight<2x16x32, f32> {
    %0 = nn.stored "out" : !nn.weight<2x16x32, f32>
    nn.yield %0 : !nn.weight<2x16x32, f32>
  }
  nn.rope_table @rope freqs = [1.0, 0.1] scale = 1.0
  // Rows of tokens, and rows of windows, live apart.
  // CHECK-DAG: plan.state_group @pages.window8 window 8 slot 16384 per_token 128 members [@near] counts [1] offsets [0]
  // CHECK-DAG: plan.state_group @pages.clock4 window -1 clock 4 slot 16384 per_token 128 members [@far] counts [1] offsets [0]
  // CHECK-DAG: plan.fixed_state @fixed bytes 896 members [@open] counts [1] offsets [0]
  nn.state @near : !nn.rows<32xf32, window = 8> storage = f32
  nn.window_state @open : !nn.rows<32xf32> size = 4 before = 4
  nn.state @far : !nn.rows<32xf32, clock = 4> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %near = nn.history %x, %positions state = @near window = 8 : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32, window = 8>
    %w = nn.windows %x, %positions state = @open size = 4 before = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x8x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x8x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    %r = nn.rope %e, %starts table = @rope pairs = half : tensor<?x32xf32>, tensor<?xi32>
    %far = nn.history %r, %starts state = @far clock = 4 : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32, clock = 4>
    %q = nn.repeat %x axis = 1 times = 2 : tensor<?x32xf32> -> tensor<?x2x32xf32>
    %a = nn.slice %x[:, :2] : tensor<?x32xf32> -> tensor<?x2xf32>
    %scores = nn.index_scores %q, %positions, %far, %a : tensor<?x2x32xf32>, tensor<?xi32>, !nn.rows<32xf32, clock = 4>, tensor<?x2xf32> -> tensor<?x?xf32>
    %ids = nn.top_k %scores k = 3 : tensor<?x?xf32> -> tensor<?x3xi32>
    %some = nn.pick %far, %ids : !nn.rows<32xf32, clock = 4>, tensor<?x3xi32> -> !nn.rows<32xf32, clock = 4, picks = 3>
    %sink = nn.get_weight @sink : !nn.weight<2, f32>
    %o = nn.attention %q, %positions keys(%near, %some) values(%near, %some) sink(%sink) scale = 1.0 : tensor<?x2x32xf32>, tensor<?xi32>, !nn.rows<32xf32, window = 8>, !nn.rows<32xf32, clock = 4, picks = 3>, !nn.rows<32xf32, window = 8>, !nn.rows<32xf32, clock = 4, picks = 3>, !nn.weight<2, f32> -> tensor<?x2x32xf32>
    %wo = nn.get_weight @out : !nn.weight<2x16x32, f32>
    %g = nn.grouped_linear %o, %wo : tensor<?x2x32xf32>, !nn.weight<2x16x32, f32> -> tensor<?x2x16xf32>
    %y = nn.rearrange %g, "t g c -> t (g c)" : tensor<?x2x16xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c0 = arith.constant 0 : index
    %y = call @layer0(%c0, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %y = nn.linear %x, %e : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// Rows of windows are as many as the most tokens can complete, and turn by the positions at which windows begin.
// CHECK-LABEL: plan.program @prefill
// CHECK:         %[[ROPE:.*]] = plan.input "rope_table" @rope clock 4
// CHECK:         "history+repeat+slice"
// CHECK:         %[[GATHERED:.*]] = plan.buffer clock 4 rows 18 row_bytes 1024
// CHECK:         plan.dispatch @windows grid <tokens * 8 + 24 ceildiv 4>({{.*}}, %[[GATHERED]])
// CHECK-SAME:      barrier true "windows of 4 tokens"
// Rows are kept once windows were gathered, and entries made beside that.
// CHECK:         plan.dispatch @{{.*}} grid <tokens * 1 + 0 ceildiv 1>
// CHECK-SAME:      barrier false "keep"
// CHECK:         plan.dispatch @{{.*}} grid <tokens * 1 + 0 ceildiv 4>({{.*}}%[[GATHERED]]{{.*}}%[[ROPE]]
// CHECK-SAME:      barrier true "sum+rope+history of 4 tokens"
// CHECK:         plan.dispatch @index_top_k grid <tokens * 1 + 0 ceildiv 1>
// CHECK-SAME:      barrier true "index_top_k 2x32 3"
// CHECK:         plan.dispatch @row_attention grid <tokens * 1 + 0 ceildiv 1>
// CHECK-SAME:      barrier true "row_attention 2x32"
// CHECK:         plan.dispatch @grouped_linear grid <one * 2 + 0 ceildiv 1>
// CHECK-SAME:      barrier true "grouped_linear 2 16x32 f32"
