// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' | FileCheck %s
// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64' | FileCheck %s --check-prefix=ALONE
// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64 disable=cpu-linear-r16' | FileCheck %s --check-prefix=GENERAL
// Levels of one target share the plan:
// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v2 chunk=64' -o %t.v2
// RUN: tombolo-opt %s -plan-build='target=cpu:znver4 chunk=64' -o %t.znver4
// RUN: tombolo-opt %s -plan-build='target=cpu:neoverse-n1 chunk=64' -o %t.neoverse-n1
// RUN: cmp %t.v2 %t.znver4
// RUN: cmp %t.v2 %t.neoverse-n1
// ALONE-NOT: plan.arena_bytes
// ALONE: layout "r16"
// ALONE: plan.program @prefill
// GENERAL-NOT: layout "r16"
// GENERAL: plan.program @prefill

// One layer body serves both layers; prefill and decode share their row kernels.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 2 : i64}} {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // CHECK: plan.pack @embed.r16 of @embed[1] layout "r16" encoding "f32" shape [32, 32]
  nn.weight @layer0.norm[2] : !nn.weight<32, bf16> indices = [0, 1] {
    %0 = nn.stored "norm.{layer}" : !nn.weight<32, bf16>
    nn.yield %0 : !nn.weight<32, bf16>
  }
  // CHECK: plan.pack @layer0.norm.rows of @layer0.norm[2] layout "rows" encoding "f32" shape [32]
  nn.weight @layer0.wk[2] : !nn.weight<16x32, q4_0> indices = [0, 1] {
    %0 = nn.stored "wk.{layer}" : !nn.weight<16x32, q4_0>
    nn.yield %0 : !nn.weight<16x32, q4_0>
  }
  // CHECK: plan.pack @layer0.wk.r16 of @layer0.wk[2] layout "r16" encoding "q4_0"
  nn.weight @layer0.wo[2] : !nn.weight<32x16, f32> indices = [0, 1] {
    %0 = nn.stored "wo.{layer}" : !nn.weight<32x16, f32>
    nn.yield %0 : !nn.weight<32x16, f32>
  }
  // Two instances of keys and two of values, one slot. 128 rows of 16 f16 each.
  // CHECK: plan.state_group @pages window -1 slot 16384 per_token 128 members [@layer0.k, @layer0.v] counts [2, 2] offsets [0, 4096, 8192, 12288]
  nn.state @layer0.k[2] : !nn.rows<1x16xf32> storage = f16
  nn.state @layer0.v[2] : !nn.rows<1x16xf32> storage = f16
  nn.rope_table @rope0 freqs = [1.0, 0.1] scale = 1.0

  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %n = nn.get_weight @layer0.norm[%layer] : !nn.weight<32, bf16>
    %h = nn.rms_norm %x, %n eps = 1.0e-05 : tensor<?x32xf32>, !nn.weight<32, bf16>
    %wk = nn.get_weight @layer0.wk[%layer] : !nn.weight<16x32, q4_0>
    %k = nn.linear %h, %wk : tensor<?x32xf32>, !nn.weight<16x32, q4_0> -> tensor<?x16xf32>
    %kh = nn.rearrange %k, "... (n c) -> ... n c" {n = 1 : i64} : tensor<?x16xf32> -> tensor<?x1x16xf32>
    %q = nn.rope %kh, %positions table = @rope0 pairs = half : tensor<?x1x16xf32>, tensor<?xi32>
    %ks = nn.history %q, %positions state = @layer0.k[%layer] : tensor<?x1x16xf32>, tensor<?xi32> -> !nn.rows<1x16xf32>
    %vs = nn.history %kh, %positions state = @layer0.v[%layer] : tensor<?x1x16xf32>, tensor<?xi32> -> !nn.rows<1x16xf32>
    %o = nn.attention %q, %positions keys(%ks) values(%vs) scale = 0.25 : tensor<?x1x16xf32>, tensor<?xi32>, !nn.rows<1x16xf32>, !nn.rows<1x16xf32> -> tensor<?x1x16xf32>
    %m = nn.rearrange %o, "... n c -> ... (n c)" : tensor<?x1x16xf32> -> tensor<?x16xf32>
    %wo = nn.get_weight @layer0.wo[%layer] : !nn.weight<32x16, f32>
    %y = nn.linear %m, %wo : tensor<?x16xf32>, !nn.weight<32x16, f32> -> tensor<?x32xf32>
    %r = nn.add %x, %y : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    return %r : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c0 = arith.constant 0 : index
    %x1 = call @layer0(%c0, %positions, %x) {nn.tap = 1 : i64} : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    %c1 = arith.constant 1 : index
    %x2 = call @layer0(%c1, %positions, %x1) {nn.tap = 2 : i64} : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %x2 : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %y = nn.linear %x, %e : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// CHECK-LABEL: plan.program @prefill max_tokens 64
// CHECK:         %[[E:.*]] = plan.buffer rows 72 row_bytes 128 offset
// CHECK:         plan.dispatch @embedding grid <tokens * 1 + 0 ceildiv 1>
// CHECK:         plan.tap %[[E]] hidden 0
// CHECK:         plan.weight @layer0.norm.rows[0]
// CHECK:         plan.dispatch @[[NORM:rows.*]] grid <tokens * 1 + 0 ceildiv 1>
// CHECK:         plan.dispatch @[[K:linear.*]] grid
// CHECK-SAME:      "linear 16x32 q4_0"
// CHECK:         plan.dispatch @[[ROPE:rows.*]] grid
// CHECK-SAME:      "rope+history"
// CHECK:         plan.dispatch @attention grid
// A row seen is a key and a value of 16 columns in f16.
// CHECK-SAME:      "attention 1/1x16" {row_bytes = 64 : i64, row_flops = 64 : i64}
// The residual is added as the product is stored: no dispatch of its own.
// CHECK:         plan.dispatch @[[O:linear.*]] grid
// CHECK-NEXT:    plan.tap %{{.*}} hidden 1
// The second layer runs the same kernels on its own weights.
// CHECK:         plan.weight @layer0.norm.rows[1]
// CHECK:         plan.dispatch @[[NORM]] grid
// CHECK:         plan.dispatch @[[K]] grid
// CHECK:         plan.dispatch @[[ROPE]] grid
// CHECK:         plan.dispatch @[[O]] grid
// CHECK-NEXT:    plan.tap %{{.*}} hidden 2

// CHECK:       func.func @[[NORM]](
// CHECK:         scf.for %[[ROW:.*]] =
// CHECK:           memref.subview %{{.*}}[%[[ROW]], 0] [1, 32] [1, 1]
// CHECK:           nn.rms_norm
// CHECK:           bufferization.materialize_in_destination

// CHECK:       func.func @[[O]](
// CHECK:         plan.linear
// CHECK:         ^bb0(%[[ACC:.*]]: f32, %[[RESIDUAL:.*]]: f32):
// CHECK:           %[[SUM:.*]] = arith.addf %[[RESIDUAL]], %[[ACC]]
// CHECK:           plan.yield %[[SUM]]

// CHECK:       plan.program @decode max_tokens 1
// CHECK:         plan.dispatch @[[NORM]] grid
// CHECK:       plan.program @logits max_tokens 32
// CHECK:         plan.buffer role "logits_in"
// CHECK:       plan.program @logits_one max_tokens 1
