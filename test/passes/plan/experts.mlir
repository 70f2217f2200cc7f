// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=i16 chunk=64})' | FileCheck %s
// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64 disable=cpu-linear-r16' | FileCheck %s --check-prefix=GENERAL

// Of many tokens the choices are sorted by expert once, for both products; one token reads its ids.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 1 : i64}} {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @router : !nn.weight<8x32, f32> {
    %0 = nn.stored "router" : !nn.weight<8x32, f32>
    nn.yield %0 : !nn.weight<8x32, f32>
  }
  // CHECK: plan.pack @up.r16 of @up[1] layout "r16" encoding "q4_0" shape [8, 64, 32]
  // GENERAL: plan.pack @up.rows of @up[1] layout "rows" encoding "f32" shape [8, 64, 32]
  nn.weight @up : !nn.weight<8x64x32, q4_0> {
    %0 = nn.stored "up.{expert}" : !nn.weight<8x64x32, q4_0>
    nn.yield %0 : !nn.weight<8x64x32, q4_0>
  }
  nn.weight @bias : !nn.weight<8x64, bf16> {
    %0 = nn.stored "bias" : !nn.weight<8x64, bf16>
    nn.yield %0 : !nn.weight<8x64, bf16>
  }
  nn.weight @down : !nn.weight<8x32x64, bf16> {
    %0 = nn.stored "down" : !nn.weight<8x32x64, bf16>
    nn.yield %0 : !nn.weight<8x32x64, bf16>
  }
  func.func private @layer0(%layer: index, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %r = nn.get_weight @router : !nn.weight<8x32, f32>
    %s = nn.linear %x, %r : tensor<?x32xf32>, !nn.weight<8x32, f32> -> tensor<?x8xf32>
    %ids = nn.top_k %s k = 2 : tensor<?x8xf32> -> tensor<?x2xi32>
    %wu = nn.get_weight @up : !nn.weight<8x64x32, q4_0>
    %b = nn.get_weight @bias : !nn.weight<8x64, bf16>
    %u = nn.expert_linear %x, %wu, %ids, %b : tensor<?x32xf32>, !nn.weight<8x64x32, q4_0>, tensor<?x2xi32>, !nn.weight<8x64, bf16> -> tensor<?x2x64xf32>
    %a = nn.silu %u : tensor<?x2x64xf32>
    %wd = nn.get_weight @down : !nn.weight<8x32x64, bf16>
    %d = nn.expert_linear %a, %wd, %ids : tensor<?x2x64xf32>, !nn.weight<8x32x64, bf16>, tensor<?x2xi32> -> tensor<?x2x32xf32>
    %sum = nn.sum %d axis = 1 : tensor<?x2x32xf32> -> tensor<?x1x32xf32>
    %y = nn.rearrange %sum, "t 1 d -> t d" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c0 = arith.constant 0 : index
    %y = call @layer0(%c0, %x) : (index, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %y = nn.linear %x, %e : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// 10 beginnings and 2 choices of each of 72 rows.
// CHECK-LABEL: plan.program @prefill
// CHECK:         plan.dispatch @[[CHOOSE:rows.*]] grid
// CHECK-SAME:      "top_k"
// CHECK:         %[[ORDER:.*]] = plan.buffer rows 72 row_bytes 12 {{.*}} : memref<?xi32>
// CHECK:         plan.dispatch @group{{.*}} grid <one * 1 + 0 ceildiv 1>(%{{.*}}, %[[ORDER]]) writes [1]
// CHECK-SAME:      "group choices"
// 9 programs: of each expert, and of no expert.
// CHECK:         plan.dispatch @expert_linear{{.*}} grid <one * 9 + 0 ceildiv 1>(%{{.*}}, %{{.*}}, %[[ORDER]], %{{.*}}, %{{.*}}) writes [3]
// CHECK-SAME:      "expert_linear 2 of 8 64x32 q4_0" {flops = 8192 : i64, integer_flops, weight_bytes = 9216 : i64}
// CHECK:         plan.dispatch @expert_linear{{.*}} grid <one * 9 + 0 ceildiv 1>(%{{.*}}, %{{.*}}, %[[ORDER]], %{{.*}}) writes [3]
// CHECK-SAME:      "expert_linear 2 of 8 32x64 bf16"

// CHECK:       func.func @group
// CHECK:         scf.for
// CHECK:           plan.group_choices {{.*}} {choices = 2 : i64, experts = 8 : i64}
// CHECK:       func.func @expert_linear
// CHECK:         plan.expert_linear {{.*}} bias({{.*}} : memref<8x64xf32>) {activations = "i16", choices = 2 : i64, columns = 256 : i64, encoding = "q4_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = true, out_rows = 64 : i64, per_choice = false}
// CHECK:         plan.expert_linear {{.*}} {activations = "f32", {{.*}}, encoding = "bf16", {{.*}}, per_choice = true}

// CHECK-LABEL: plan.program @decode
// CHECK-NOT:     @group
// CHECK:         plan.dispatch @expert_linear{{.*}} grid <one * 2 + 0 ceildiv 1>
// CHECK-SAME:      {flops = 8192 : i64, integer_flops, weight_bytes = 2304 : i64}

// Without a strategy the experts are read row by row, in f32.
// GENERAL-NOT: plan.expert_linear
// GENERAL:     nn.expert_linear %{{.*}} : tensor<1x32xf32>, tensor<8x64x32xf32>, tensor<1x2xi32>, tensor<8x64xf32> -> tensor<1x2x64xf32>
