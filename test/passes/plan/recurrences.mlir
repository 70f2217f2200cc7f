// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' | FileCheck %s

// A convolution and a delta rule are kernels of their own, over blocks of channels and of the columns of heads, with what
// lies between them in row kernels. Layers differ in the place of their state.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 80 : i64, layers = 2 : i64}} {
  nn.weight @embed : !nn.weight<32x80, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x80, f32>
    nn.yield %0 : !nn.weight<32x80, f32>
  }
  // CHECK: plan.pack @taps.rows of @taps[2] layout "rows" encoding "f32" shape [80, 4]
  nn.weight @taps[2] : !nn.weight<80x4, bf16> indices = [0, 1] {
    %0 = nn.stored "taps.{layer}" : !nn.weight<80x4, bf16>
    nn.yield %0 : !nn.weight<80x4, bf16>
  }
  // CHECK: plan.fixed_state @fixed bytes 7040 members [@conv, @s] counts [2, 2] offsets [0, 960, 1920, 4480]
  nn.recurrent_state @conv[2] : tensor<3x80xf32>
  nn.recurrent_state @s[2] : tensor<2x8x40xf32>
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x80xf32>) -> tensor<?x80xf32> {
    %w = nn.get_weight @taps[%layer] : !nn.weight<80x4, bf16>
    %c = nn.causal_conv %x, %positions, %w state = @conv[%layer] : tensor<?x80xf32>, tensor<?xi32>, !nn.weight<80x4, bf16> -> tensor<?x80xf32>
    %a = nn.silu %c : tensor<?x80xf32>
    %q = nn.slice %a[:, :8] : tensor<?x80xf32> -> tensor<?x8xf32>
    %k = nn.slice %a[:, 8:16] : tensor<?x80xf32> -> tensor<?x8xf32>
    %d = nn.slice %a[:, 16:18] : tensor<?x80xf32> -> tensor<?x2xf32>
    %qh = nn.rearrange %q, "t (n c) -> t n c" {n = 1 : i64} : tensor<?x8xf32> -> tensor<?x1x8xf32>
    %kh = nn.rearrange %k, "t (n c) -> t n c" {n = 1 : i64} : tensor<?x8xf32> -> tensor<?x1x8xf32>
    %vh = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x80xf32> -> tensor<?x2x40xf32>
    %y = nn.gated_delta %qh, %positions, %kh, %vh, %d, %d state = @s[%layer] : tensor<?x1x8xf32>, tensor<?xi32>, tensor<?x1x8xf32>, tensor<?x2x40xf32>, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x2x40xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x40xf32> -> tensor<?x80xf32>
    return %z : tensor<?x80xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x80xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x80, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x80, f32> -> tensor<?x80xf32>
    %c0 = arith.constant 0 : index
    %y = call @layer0(%c0, %positions, %x) : (index, tensor<?xi32>, tensor<?x80xf32>) -> tensor<?x80xf32>
    %c1 = arith.constant 1 : index
    %z = call @layer0(%c1, %positions, %y) : (index, tensor<?xi32>, tensor<?x80xf32>) -> tensor<?x80xf32>
    return %z : tensor<?x80xf32>
  }
  func.func @logits(%x: tensor<?x80xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x80, f32>
    %y = nn.linear %x, %e : tensor<?x80xf32>, !nn.weight<32x80, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// Two programs of channels; two of columns for each of two heads. Both layers, by one kernel each.
// CHECK-LABEL: plan.program @prefill
// CHECK:         %[[FIXED:.*]] = plan.input "fixed_state" @fixed : memref<?xi8>
// CHECK:         plan.weight @taps.rows[0]
// CHECK:         plan.dispatch @causal_conv grid <one * 2 + 0 ceildiv 1>(%{{.*}}, %{{.*}}, %[[FIXED]], %{{.*}}) writes [2, 3] sizes [#plan.size<one * 0 + 0 ceildiv 1>, #plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "causal_conv 80x4" {flops = 640 : i64, weight_bytes = 3200 : i64}
// CHECK:         "silu+slice"
// CHECK:         plan.dispatch @gated_delta grid <one * 4 + 0 ceildiv 1>({{.*}}, %[[FIXED]], %{{.*}}) writes [4, 5] sizes [#plan.size<one * 1920 + 0 ceildiv 1>, #plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "gated_delta 2/1 8x40" {flops = 4480 : i64, weight_bytes = 5120 : i64}
// CHECK:         plan.weight @taps.rows[1]
// CHECK:         plan.dispatch @causal_conv {{.*}} sizes [#plan.size<one * 960 + 0 ceildiv 1>
// CHECK:         plan.dispatch @gated_delta grid {{.*}} sizes [#plan.size<one * 4480 + 0 ceildiv 1>

// CHECK:       func.func @causal_conv(%[[BEGIN:.*]]: index, %[[END:.*]]: index, %[[X:.*]]: memref<?x80xf32, strided<[80, 1]>>, %[[W:.*]]: memref<80x4xf32>, %[[STATE:.*]]: memref<?xi8>, %[[Y:.*]]: memref<?x80xf32, strided<[80, 1]>>, %[[OFFSET:.*]]: index, %[[TOKENS:.*]]: index) attributes {plan.kernel}
// CHECK-NEXT:    plan.causal_conv range(%[[BEGIN]], %[[END]]) tokens(%[[TOKENS]]) ins(%[[X]], %[[W]] : {{.*}}) state(%[[STATE]] : memref<?xi8>) at(%[[OFFSET]]) outs(%[[Y]] : {{.*}}) {columns = 64 : i64}
// CHECK:       func.func @gated_delta(
// CHECK-NEXT:    plan.gated_delta {{.*}} {columns = 32 : i64, heads = 2 : i64, key_columns = 8 : i64, key_heads = 1 : i64, many_rows = true, value_columns = 40 : i64}

// One token takes the same convolution, and a delta rule that leaves the state where it is.
// CHECK-LABEL: plan.program @decode
// CHECK:         plan.dispatch @causal_conv grid
// CHECK:         plan.dispatch @[[ONE:gated_delta_[0-9]+]] grid {{.*}} "gated_delta 2/1 8x40"
// CHECK:       func.func @[[ONE]](
// CHECK-NEXT:    plan.gated_delta {{.*}} many_rows = false
