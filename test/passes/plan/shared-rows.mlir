// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' | FileCheck %s
// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' | FileCheck %s --check-prefix=KERNELS

// Two layers have keys and values of their own; the third and fourth, of one body, read those of the second and of the first.

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 4 : i64}} {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // CHECK: plan.state_group @pages window -1 slot 65536 per_token 512 members [@layer0.k, @layer0.v] counts [2, 2] offsets [0, 16384, 32768, 49152]
  nn.state @layer0.k[2] : !nn.rows<32xf32> storage = f32
  nn.state @layer0.v[2] : !nn.rows<32xf32> storage = f32
  // Its own layer does not read the rows.
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>) {
    %y = nn.neg %x : tensor<?x32xf32>
    %k = nn.history %x, %positions state = @layer0.k[%layer] : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %v = nn.history %y, %positions state = @layer0.v[%layer] : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    return %y, %k, %v : tensor<?x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>
  }
  func.func private @layer1(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>, %k: !nn.rows<32xf32>, %v: !nn.rows<32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>) {
    %q = nn.rearrange %x, "t (h c) -> t h c" {h = 1 : i64} : tensor<?x32xf32> -> tensor<?x1x32xf32>
    %o = nn.attention %q, %positions keys(%k) values(%v) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<32xf32> -> tensor<?x1x32xf32>
    %y = nn.rearrange %o, "t h c -> t (h c)" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    return %y, %v : tensor<?x32xf32>, !nn.rows<32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x1:3 = call @layer0(%c0, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>)
    %x2:3 = call @layer0(%c1, %positions, %x1#0) : (index, tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>)
    %x3:2 = call @layer1(%c0, %positions, %x2#0, %x2#1, %x2#2) : (index, tensor<?xi32>, tensor<?x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>)
    // Values that the layer before was handed, and handed on.
    %x4:2 = call @layer1(%c1, %positions, %x3#0, %x1#1, %x3#1) : (index, tensor<?xi32>, tensor<?x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>)
    return %x4#0 : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// One attention kernel; what differs is where the rows lie.
// CHECK-LABEL: plan.program @prefill
// CHECK-DAG:     %[[POOL:.*]] = plan.input "pool" @pages
// CHECK-DAG:     %[[PAGES:.*]] = plan.input "page_table" @pages
// CHECK:         plan.dispatch @rows {{.*}} sizes [#plan.size<one * 0 + 0 ceildiv 1>, {{.*}}, #plan.size<one * 32768 + 0 ceildiv 1>, #plan.size<one * 65536 + 0 ceildiv 1>] {{.*}} "neg+history"
// CHECK:         plan.dispatch @rows {{.*}} sizes [#plan.size<one * 16384 + 0 ceildiv 1>, {{.*}}, #plan.size<one * 49152 + 0 ceildiv 1>, #plan.size<one * 65536 + 0 ceildiv 1>] {{.*}} "neg+history"
// CHECK:         plan.dispatch @attention grid {{.*}}, %[[POOL]], %[[PAGES]]) writes [1] sizes [#plan.size<one * 16384 + 0 ceildiv 1>, #plan.size<one * 65536 + 0 ceildiv 1>, {{.*}}, #plan.size<one * 49152 + 0 ceildiv 1>] barrier true
// CHECK:         plan.dispatch @attention grid {{.*}}, %[[POOL]], %[[PAGES]]) writes [1] sizes [#plan.size<one * 0 + 0 ceildiv 1>, #plan.size<one * 65536 + 0 ceildiv 1>, {{.*}}, #plan.size<one * 49152 + 0 ceildiv 1>] barrier true

// Stored as those read them who do.
// KERNELS-LABEL: func.func @rows(
// KERNELS:         plan.append_rows {{.*}}keys = true
// KERNELS-NEXT:    plan.append_rows {{.*}}keys = false
