// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64' | FileCheck %s
// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64 disable=cpu-linear-r16' | FileCheck %s --check-prefix=GENERAL

// Two residual streams that are mixed, and experts by the token's number.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 2 : i64}} {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @fn : !nn.weight<6x64, f32> {
    %0 = nn.stored "fn" : !nn.weight<6x64, f32>
    nn.yield %0 : !nn.weight<6x64, f32>
  }
  // Parts of a weight are no packs of their own.
  // CHECK:     plan.pack @base.rows of @base[1] layout "rows" encoding "f32" shape [6]
  // CHECK-NOT: plan.pack @base
  nn.weight @base : !nn.weight<6, bf16> {
    %0 = nn.stored "base" : !nn.weight<6, bf16>
    nn.yield %0 : !nn.weight<6, bf16>
  }
  nn.weight @router : !nn.weight<8x32, f32> {
    %0 = nn.stored "router" : !nn.weight<8x32, f32>
    nn.yield %0 : !nn.weight<8x32, f32>
  }
  // Integers are rows of i32, with strategies and without.
  // CHECK:   plan.pack @routes.rows of @routes[2] layout "rows" encoding "i32" shape [32, 3]
  // GENERAL: plan.pack @routes.rows of @routes[2] layout "rows" encoding "i32" shape [32, 3]
  nn.weight @routes[2] : !nn.weight<32x3, i64> indices = [0, 1] {
    %0 = nn.stored "routes.{layer}" : !nn.weight<32x3, i64>
    nn.yield %0 : !nn.weight<32x3, i64>
  }
  nn.weight @down : !nn.weight<8x32x32, bf16> {
    %0 = nn.stored "down" : !nn.weight<8x32x32, bf16>
    nn.yield %0 : !nn.weight<8x32x32, bf16>
  }
  func.func private @layer0(%layer: index, %streams: tensor<?x2x32xf32>, %tokens: tensor<?xi32>) -> tensor<?x2x32xf32> {
    %flat = nn.rearrange %streams, "t n d -> t (n d)" : tensor<?x2x32xf32> -> tensor<?x64xf32>
    %fn = nn.get_weight @fn : !nn.weight<6x64, f32>
    %mixes = nn.linear %flat, %fn : tensor<?x64xf32>, !nn.weight<6x64, f32> -> tensor<?x6xf32>
    %base = nn.get_weight @base : !nn.weight<6, bf16>
    %b0 = nn.slice %base[:2] : !nn.weight<6, bf16> -> !nn.weight<2, bf16>
    %b1 = nn.slice %base[2:6] : !nn.weight<6, bf16> -> !nn.weight<4, bf16>
    %m0 = nn.slice %mixes[:, :2] : tensor<?x6xf32> -> tensor<?x2xf32>
    %m1 = nn.slice %mixes[:, 2:6] : tensor<?x6xf32> -> tensor<?x4xf32>
    %pre = nn.add %m0, %b0 : tensor<?x2xf32>, !nn.weight<2, bf16> -> tensor<?x2xf32>
    %square = nn.add %m1, %b1 : tensor<?x4xf32>, !nn.weight<4, bf16> -> tensor<?x4xf32>
    %matrix = nn.rearrange %square, "t (i o) -> t i o" {i = 2 : i64} : tensor<?x4xf32> -> tensor<?x2x2xf32>
    %mix = nn.sinkhorn %matrix iterations = 20 eps = 1.0e-06 : tensor<?x2x2xf32>
    %x = nn.einsum %pre, %streams "t n, t n d -> t d" : tensor<?x2xf32>, tensor<?x2x32xf32> -> tensor<?x32xf32>
    %router = nn.get_weight @router : !nn.weight<8x32, f32>
    %scores = nn.linear %x, %router : tensor<?x32xf32>, !nn.weight<8x32, f32> -> tensor<?x8xf32>
    %routes = nn.get_weight @routes[%layer] : !nn.weight<32x3, i64>
    %ids = nn.embedding %tokens, %routes : tensor<?xi32>, !nn.weight<32x3, i64> -> tensor<?x3xi32>
    %chosen = nn.take %scores, %ids : tensor<?x8xf32>, tensor<?x3xi32> -> tensor<?x3xf32>
    %down = nn.get_weight @down : !nn.weight<8x32x32, bf16>
    %each = nn.expert_linear %x, %down, %ids : tensor<?x32xf32>, !nn.weight<8x32x32, bf16>, tensor<?x3xi32> -> tensor<?x3x32xf32>
    %y = nn.einsum %chosen, %each "t k, t k d -> t d" : tensor<?x3xf32>, tensor<?x3x32xf32> -> tensor<?x32xf32>
    %spread = nn.einsum %pre, %y "t o, t d -> t o d" : tensor<?x2xf32>, tensor<?x32xf32> -> tensor<?x2x32xf32>
    %mixed = nn.einsum %mix, %streams "t i o, t i d -> t o d" : tensor<?x2x2xf32>, tensor<?x2x32xf32> -> tensor<?x2x32xf32>
    %result = nn.add %spread, %mixed : tensor<?x2x32xf32>, tensor<?x2x32xf32> -> tensor<?x2x32xf32>
    return %result : tensor<?x2x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x2x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %r = nn.repeat %x axis = 1 times = 2 : tensor<?x32xf32> -> tensor<?x2x32xf32>
    %c0 = arith.constant 0 : index
    %y = call @layer0(%c0, %r, %tokens) : (index, tensor<?x2x32xf32>, tensor<?xi32>) -> tensor<?x2x32xf32>
    %c1 = arith.constant 1 : index
    %z = call @layer0(%c1, %y, %tokens) : (index, tensor<?x2x32xf32>, tensor<?xi32>) -> tensor<?x2x32xf32>
    return %z : tensor<?x2x32xf32>
  }
  func.func @logits(%x: tensor<?x2x32xf32>) -> tensor<?x32xf32> {
    %first = nn.slice %x[:, 0, :] : tensor<?x2x32xf32> -> tensor<?x32xf32>
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %y = nn.linear %first, %e : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// CHECK-LABEL: plan.program @prefill
// CHECK-DAG:     %[[TOKENS:.*]] = plan.input "tokens"
// CHECK-DAG:     %[[IDS:.*]] = plan.buffer {{.*}} : memref<?x3xi32, strided<[16, 1]>>
// CHECK:         plan.dispatch @embedding{{.*}}(%[[TOKENS]], %{{.*}}, %[[IDS]]) writes [2]
// CHECK:         plan.weight @routes.rows[1]

// The streams, their weights and the mixing matrix are rows of one kernel.
// CHECK:       func.func @rows
// CHECK:         %[[WHOLE:.*]] = bufferization.to_tensor {{.*}} : memref<6xf32> to tensor<6xf32>
// CHECK:         nn.slice %[[WHOLE]][:2] : tensor<6xf32> -> tensor<2xf32>
// CHECK:         nn.slice %[[WHOLE]][2:6] : tensor<6xf32> -> tensor<4xf32>
// CHECK:         nn.sinkhorn %{{.*}} iterations = 20 {{.*}} : tensor<1x2x2xf32>
// CHECK:         nn.einsum %{{.*}}, %{{.*}} "t n, t n d -> t d" : tensor<1x2xf32>, tensor<1x2x32xf32> -> tensor<1x32xf32>
// CHECK:       plan.embedding {{.*}} : memref<?xi32>, memref<?xi8>) outs(%{{.*}} : memref<?x3xi32, strided<[16, 1]>>) {columns = 3 : i64, encoding = "i32", layout = "rows", table_rows = 32 : i64}
// CHECK:       nn.take %{{.*}} : tensor<1x8xf32>, tensor<1x3xi32> -> tensor<1x3xf32>
// CHECK:         nn.einsum {{.*}} "t o, t d -> t o d"
// CHECK:         nn.einsum {{.*}} "t i o, t i d -> t o d"
// CHECK:         nn.add
