// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64' | FileCheck %s

// One number for each token: positions as numbers, and what is summed up to one.

// CHECK: %[[POSITIONS:.*]] = plan.input "positions" : memref<?xi32>
// CHECK: %[[Q:.*]] = plan.buffer rows 72 row_bytes 4 : memref<?xf32>
// CHECK: plan.dispatch @rows grid {{.*}}(%[[POSITIONS]], %{{.*}}, %[[Q]]) {{.*}} "cast+einsum+mul"
// CHECK: plan.dispatch @rows_0 grid {{.*}}(%[[Q]], {{.*}} "einsum"
// CHECK-LABEL: func.func @rows(
// CHECK: %[[TILE:.*]] = bufferization.to_tensor {{.*}} : memref<1xi32, {{.*}}> to tensor<1xi32>
// CHECK: nn.cast %[[TILE]] to f32 : tensor<1xi32> -> tensor<1xf32>
// CHECK: nn.mul {{.*}} -> tensor<1xf32>
// CHECK: bufferization.materialize_in_destination {{.*}} : (tensor<1xf32>, memref<1xf32, {{.*}}>)

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 1 : i64}} {
  nn.weight @embed : !nn.weight<32x32, f32> stored "embed"
  nn.weight @w : !nn.weight<32x32, f32> stored "w"
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %p = nn.cast %positions to f32 : tensor<?xi32> -> tensor<?xf32>
    %s = nn.einsum %x, %x "t d, t d -> t" : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?xf32>
    %q = nn.mul %p, %s : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
    %w = nn.get_weight @w : !nn.weight<32x32, f32>
    %h = nn.linear %x, %w : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %r = nn.sigmoid %h : tensor<?x32xf32>
    %y = nn.einsum %q, %r "t, t d -> t d" : tensor<?xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
