// RUN: tombolo-opt %s | tombolo-opt | FileCheck %s
// RUN: tombolo-opt %s -mlir-print-op-generic | tombolo-opt | FileCheck %s

// The examples of the operations' descriptions.

// CHECK: plan.pack @w.r16 of @w[30] layout "r16" encoding "q4_1" shape [576, 576]
plan.pack @w.r16 of @w[30] layout "r16" encoding "q4_1" shape [576, 576]
// CHECK: plan.pack @norm.rows of @norm[1] layout "rows" encoding "f32" shape [576]
plan.pack @norm.rows of @norm[1] layout "rows" encoding "f32" shape [576]
// CHECK: plan.state_group @pages window -1 slot 8192 per_token 64 members [@k, @v] counts [1, 1] offsets [0, 4096]
plan.state_group @pages window -1 slot 8192 per_token 64 members [@k, @v] counts [1, 1] offsets [0, 4096]
// CHECK: plan.state_group @slow window -1 clock 4 slot 8192 per_token 64 members [@e] counts [1] offsets [0]
plan.state_group @slow window -1 clock 4 slot 8192 per_token 64 members [@e] counts [1] offsets [0]
// CHECK: plan.fixed_state @fixed bytes 8192 members [@conv, @s] counts [1, 2] offsets [0, 1024, 4608]
plan.fixed_state @fixed bytes 8192 members [@conv, @s] counts [1, 2] offsets [0, 1024, 4608]
nn.rope_table @rope freqs = [1.0, 0.1] scale = 1.0

// CHECK-LABEL: func.func @kernel
func.func @kernel(%b: index, %e: index, %x: memref<?x32xf32>, %y: memref<?x16xf32>, %r: memref<?xi8>, %ids: memref<?xi32>, %t: index, %chosen: memref<?x2xi32>, %b2: memref<8x16xf32>, %sink: memref<2xf32>, %taps: memref<32x4xf32>, %d: memref<?x4xf32>) attributes {plan.kernel} {
  // CHECK: plan.linear range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}}, %{{.*}} : memref<?x32xf32>, memref<?xi8>) outs(%{{.*}} : memref<?x16xf32>) extras(%{{.*}} : memref<?x16xf32>)
  plan.linear range(%b, %e) tokens(%t) ins(%x, %r : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x16xf32>) extras(%y : memref<?x16xf32>) attributes {activations = "f32", encoding = "q8_0", in_columns = 32 : i64, many_rows = true, out_rows = 16 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32, %residual: f32):
    %0 = arith.addf %acc, %residual : f32
    // CHECK: plan.yield %{{.*}} : f32
    plan.yield %0 : f32
  }
  // CHECK: plan.group_choices tokens(%{{.*}}) ins(%{{.*}} : memref<?x2xi32>) outs(%{{.*}} : memref<?xi32>)
  plan.group_choices tokens(%t) ins(%chosen : memref<?x2xi32>) outs(%ids : memref<?xi32>) {choices = 2 : i64, experts = 8 : i64}
  // CHECK: plan.expert_linear range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}}, %{{.*}}, %{{.*}} : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%{{.*}} : memref<?x32xf32>)
  plan.expert_linear range(%b, %e) tokens(%t) ins(%x, %r, %chosen : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = false}
  // CHECK: plan.expert_linear {{.*}} outs(%{{.*}} : memref<?x32xf32>) bias(%{{.*}} : memref<8x16xf32>) {{.*}}many_rows = true
  plan.expert_linear range(%b, %e) tokens(%t) ins(%x, %r, %ids : memref<?x32xf32>, memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) bias(%b2 : memref<8x16xf32>) {activations = "i16", choices = 2 : i64, columns = 32 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 16 : i64, many_rows = true, out_rows = 16 : i64, per_choice = true}
  // CHECK: plan.expert_linear range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}}, %{{.*}} : memref<?x32xf32>, memref<?xi8>) outs(%{{.*}} : memref<?x32xf32>)
  plan.expert_linear range(%b, %e) tokens(%t) ins(%x, %r : memref<?x32xf32>, memref<?xi8>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 2 : i64, in_columns = 16 : i64, many_rows = true, out_rows = 16 : i64, per_choice = true}
  // CHECK: plan.quantize_rows row(%{{.*}}) ins(%{{.*}} : memref<?x32xf32>) outs(%{{.*}} : memref<?xi8>)
  plan.quantize_rows row(%b) ins(%x : memref<?x32xf32>) outs(%r : memref<?xi8>) {columns = 32 : i64, row_tile = 1 : i64}
  // CHECK: plan.append_rows row(%{{.*}}) ins(%{{.*}} : memref<?x32xf32>) pages(%{{.*}}, %{{.*}} : memref<?xi8>, memref<?xi32>) at(%{{.*}}, %{{.*}}, %{{.*}})
  plan.append_rows row(%b) ins(%x : memref<?x32xf32>) pages(%r, %ids : memref<?xi8>, memref<?xi32>) at(%t, %t, %t) {columns = 16 : i64, heads = 2 : i64, keys = true, storage = "f16"}
  // CHECK: plan.attention range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}} : memref<?x32xf32>) pages(%{{.*}}, %{{.*}} : memref<?xi8>, memref<?xi32>) outs(%{{.*}} : memref<?x32xf32>) at(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
  plan.attention range(%b, %e) tokens(%t) ins(%x : memref<?x32xf32>) pages(%r, %ids : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%t, %t, %t, %t) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  // CHECK: plan.attention {{.*}} outs(%{{.*}} : memref<?xi8>) {{.*}}splits = 8 : i64
  plan.attention range(%b, %e) tokens(%t) ins(%x : memref<?x32xf32>) pages(%r, %ids : memref<?xi8>, memref<?xi32>) outs(%r : memref<?xi8>) at(%t, %t, %t, %t) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, splits = 8 : i64, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  // CHECK: plan.attention {{.*}}products = "bf16x2", row_tile = 16 : i64
  plan.attention range(%b, %e) tokens(%t) ins(%x : memref<?x32xf32>) pages(%r, %ids : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%t, %t, %t, %t) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, products = "bf16x2", row_tile = 16 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  // CHECK: plan.merge_attention row(%{{.*}}) ins(%{{.*}} : memref<?xi8>) outs(%{{.*}} : memref<?x32xf32>)
  plan.merge_attention row(%b) ins(%r : memref<?xi8>) outs(%x : memref<?x32xf32>) {heads = 2 : i64, splits = 8 : i64, value_columns = 16 : i64}
  // CHECK: plan.row_attention range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}} : memref<?x32xf32>) outs(%{{.*}} : memref<?x32xf32>) pools(%{{.*}} : memref<?xi8>) tables(%{{.*}} : memref<?xi32>) at(%{{.*}}, [%{{.*}}, %{{.*}}])
  plan.row_attention range(%b, %e) tokens(%t) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%ids : memref<?xi32>) at(%t, [%t, %t]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  // CHECK: plan.row_attention {{.*}} extra(%{{.*}} : memref<?x16xf32>) {{.*}} sink(%{{.*}} : memref<2xf32>) pools(%{{.*}}, %{{.*}} : memref<?xi8>, memref<?xi8>) tables(%{{.*}}, %{{.*}} : memref<?xi32>, memref<?xi32>) ids(%{{.*}} : memref<?x2xi32>)
  plan.row_attention range(%b, %e) tokens(%t) ins(%x : memref<?x32xf32>) extra(%y : memref<?x16xf32>) outs(%x : memref<?x32xf32>) sink(%sink : memref<2xf32>) pools(%r, %r : memref<?xi8>, memref<?xi8>) tables(%ids, %ids : memref<?xi32>, memref<?xi32>) ids(%chosen : memref<?x2xi32>) at(%t, [%t, %t, %t, %t, %t, %t]) {block_heads = 16 : i64, clocks = array<i64: 1, 4>, columns = 16 : i64, extra_columns = 8 : i64, heads = 2 : i64, picks = array<i64: 0, 2>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: 8, -1>}
  // CHECK: plan.index_top_k range(%{{.*}}, %{{.*}}) ins(%{{.*}}, %{{.*}} : memref<?x32xf32>, memref<?x16xf32>) pages(%{{.*}}, %{{.*}} : memref<?xi8>, memref<?xi32>) outs(%{{.*}} : memref<?x2xi32>) at(%{{.*}}, %{{.*}}, %{{.*}})
  plan.index_top_k range(%b, %e) ins(%x, %y : memref<?x32xf32>, memref<?x16xf32>) pages(%r, %ids : memref<?xi8>, memref<?xi32>) outs(%chosen : memref<?x2xi32>) at(%t, %t, %t) {clock = 4 : i64, columns = 2 : i64, heads = 16 : i64, k = 2 : i64, storage = "f16"}
  // CHECK: plan.gather_windows range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}} : memref<?x16xf32>) state(%{{.*}} : memref<?xi8>) outs(%{{.*}} : memref<?x32xf32>) at(%{{.*}}, %{{.*}})
  plan.gather_windows range(%b, %e) tokens(%t) ins(%y : memref<?x16xf32>) state(%r : memref<?xi8>) outs(%x : memref<?x32xf32>) at(%t, %t) {before = 0 : i64, columns = 16 : i64, fill = 0.0 : f32, size = 2 : i64}
  // CHECK: plan.keep_rows row(%{{.*}}) tokens(%{{.*}}) ins(%{{.*}} : memref<?x16xf32>) state(%{{.*}} : memref<?xi8>) at(%{{.*}}, %{{.*}})
  plan.keep_rows row(%b) tokens(%t) ins(%y : memref<?x16xf32>) state(%r : memref<?xi8>) at(%t, %t) {columns = 16 : i64, rows = 1 : i64}
  // CHECK: plan.embedding range(%{{.*}}, %{{.*}}) ins(%{{.*}}, %{{.*}} : memref<?xi32>, memref<?xi8>) outs(%{{.*}} : memref<?x32xf32>)
  plan.embedding range(%b, %e) ins(%ids, %r : memref<?xi32>, memref<?xi8>) outs(%x : memref<?x32xf32>) {columns = 32 : i64, encoding = "q8_0", layout = "r16", table_rows = 64 : i64}
  // CHECK: plan.causal_conv range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}}, %{{.*}} : memref<?x32xf32>, memref<32x4xf32>) state(%{{.*}} : memref<?xi8>) at(%{{.*}}) outs(%{{.*}} : memref<?x32xf32>) {columns = 16 : i64}
  plan.causal_conv range(%b, %e) tokens(%t) ins(%x, %taps : memref<?x32xf32>, memref<32x4xf32>) state(%r : memref<?xi8>) at(%t) outs(%x : memref<?x32xf32>) {columns = 16 : i64}
  // CHECK: plan.gated_delta range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}} : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%{{.*}} : memref<?xi8>) at(%{{.*}}) outs(%{{.*}} : memref<?x32xf32>)
  plan.gated_delta range(%b, %e) tokens(%t) ins(%y, %y, %x, %d, %d : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%r : memref<?xi8>) at(%t) outs(%x : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  // CHECK: plan.gated_delta range(%{{.*}}, %{{.*}}) tokens(%{{.*}}) ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{[^,]*}} : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>) state(
  plan.gated_delta range(%b, %e) tokens(%t) ins(%y, %y, %x, %d : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>) state(%r : memref<?xi8>) at(%t) outs(%x : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  // CHECK: plan.embedding {{.*}} outs(%{{.*}} : memref<?x2xi32>) {columns = 2 : i64, encoding = "i32"
  plan.embedding range(%b, %e) ins(%ids, %r : memref<?xi32>, memref<?xi8>) outs(%chosen : memref<?x2xi32>) {columns = 2 : i64, encoding = "i32", layout = "rows", table_rows = 64 : i64}
  return
}

// CHECK-LABEL: plan.program @decode max_tokens 1
plan.program @decode max_tokens 1 {
  // CHECK: plan.buffer role "hidden" rows 1 row_bytes 128 offset 0 : memref<?x32xf32, strided<[32, 1]>>
  %x = plan.buffer role "hidden" rows 1 row_bytes 128 offset 0 : memref<?x32xf32, strided<[32, 1]>>
  // CHECK: plan.weight @w.r16[3] : memref<?xi8>
  %w = plan.weight @w.r16[3] : memref<?xi8>
  // CHECK: plan.weight @norm.rows[0] : memref<576xf32>
  %n = plan.weight @norm.rows[0] : memref<576xf32>
  // CHECK: plan.input "tokens" : memref<?xi32>
  %t = plan.input "tokens" : memref<?xi32>
  // CHECK: plan.input "rope_table" @rope : memref<?x2x2xf32>
  %r = plan.input "rope_table" @rope : memref<?x2x2xf32>
  // CHECK: plan.input "rope_table" @rope clock 4 : memref<?x2x2xf32>
  %slow = plan.input "rope_table" @rope clock 4 : memref<?x2x2xf32>
  // CHECK: plan.buffer clock 4 rows 1 row_bytes 128 offset 128 : memref<?x32xf32, strided<[32, 1]>>
  %windows = plan.buffer clock 4 rows 1 row_bytes 128 offset 128 : memref<?x32xf32, strided<[32, 1]>>
  // CHECK: plan.input "pool" @pages : memref<?xi8>
  %p = plan.input "pool" @pages : memref<?xi8>
  // CHECK: plan.input "fixed_state" @fixed : memref<?xi8>
  %f = plan.input "fixed_state" @fixed : memref<?xi8>
  // CHECK: plan.dispatch @kernel grid <tokens * 3 + 0 ceildiv 2>(%{{.*}}, %{{.*}}) writes [0] sizes [#plan.size<one * 4 + 0 ceildiv 1>] barrier true "label"
  plan.dispatch @kernel grid <tokens * 3 + 0 ceildiv 2>(%x, %p) writes [0] sizes [#plan.size<one * 4 + 0 ceildiv 1>] barrier true "label" : memref<?x32xf32, strided<[32, 1]>>, memref<?xi8>
  // CHECK: plan.buffer per_thread rows 1 row_bytes 128 offset 0 : memref<?x32xf32, strided<[32, 1]>>
  %o = plan.buffer per_thread rows 1 row_bytes 128 offset 0 : memref<?x32xf32, strided<[32, 1]>>
  // CHECK: plan.dispatch @kernel {{.*}} writes [0] sizes [] each_thread barrier false "own"
  plan.dispatch @kernel grid <tokens * 1 + 0 ceildiv 1>(%o, %p) writes [0] sizes [] each_thread barrier false "own" : memref<?x32xf32, strided<[32, 1]>>, memref<?xi8>
  // CHECK: plan.tap %{{.*}} hidden 1
  plan.tap %x hidden 1 : memref<?x32xf32, strided<[32, 1]>>
}
