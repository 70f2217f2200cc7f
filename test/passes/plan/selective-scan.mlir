// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' | FileCheck %s

// Without beta, a gated delta is a selective scan: the same kernel op, with one operand and a product less.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 80 : i64, layers = 1 : i64}} {
  nn.weight @embed : !nn.weight<32x80, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x80, f32>
    nn.yield %0 : !nn.weight<32x80, f32>
  }
  // CHECK: plan.fixed_state @fixed bytes 2560 members [@s] counts [1] offsets [0]
  nn.recurrent_state @s[1] : tensor<2x8x40xf32>
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x80xf32>) -> tensor<?x80xf32> {
    %a = nn.silu %x : tensor<?x80xf32>
    %q = nn.slice %a[:, :8] : tensor<?x80xf32> -> tensor<?x8xf32>
    %d = nn.slice %a[:, 16:18] : tensor<?x80xf32> -> tensor<?x2xf32>
    %qh = nn.rearrange %q, "t (n c) -> t n c" {n = 1 : i64} : tensor<?x8xf32> -> tensor<?x1x8xf32>
    %vh = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x80xf32> -> tensor<?x2x40xf32>
    %y = nn.gated_delta %qh, %positions, %qh, %vh, %d state = @s[%layer] : tensor<?x1x8xf32>, tensor<?xi32>, tensor<?x1x8xf32>, tensor<?x2x40xf32>, tensor<?x2xf32> -> tensor<?x2x40xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x40xf32> -> tensor<?x80xf32>
    return %z : tensor<?x80xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x80xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x80, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x80, f32> -> tensor<?x80xf32>
    %c0 = arith.constant 0 : index
    %y = call @layer0(%c0, %positions, %x) : (index, tensor<?xi32>, tensor<?x80xf32>) -> tensor<?x80xf32>
    return %y : tensor<?x80xf32>
  }
  func.func @logits(%x: tensor<?x80xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x80, f32>
    %y = nn.linear %x, %e : tensor<?x80xf32>, !nn.weight<32x80, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// CHECK-LABEL: plan.program @prefill
// CHECK:         plan.dispatch @gated_delta grid <one * 4 + 0 ceildiv 1>({{.*}}) writes [3, 4] {{.*}} "selective_scan 2/1 8x40" {flops = 3200 : i64, weight_bytes = 5120 : i64}
// CHECK:       func.func @gated_delta(
// CHECK-NEXT:    plan.gated_delta {{.*}} ins(%{{[^:]*}} : memref<{{[^:]*}}) state({{.*}} {columns = 32 : i64, heads = 2 : i64, key_columns = 8 : i64, key_heads = 1 : i64, many_rows = true, value_columns = 40 : i64}
// CHECK-LABEL: plan.program @decode
// CHECK:         "selective_scan 2/1 8x40"
