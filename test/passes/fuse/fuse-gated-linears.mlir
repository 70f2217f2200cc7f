// RUN: tombolo-opt %s -nn-fuse-gated-linears -split-input-file | FileCheck %s
// A read that several products share is no other case.
// RUN: tombolo-opt %s -cse -nn-fuse-gated-linears -split-input-file | FileCheck %s
// RUN: tombolo-opt %s -nn-fuse-gated-linears -split-input-file -mlir-print-debuginfo | FileCheck %s --check-prefix=LOC

// The product stands where both stood: nn.linear, nn.linear, nn.silu, nn.mul.
// LOC-LABEL: func.func @silu_gate
// LOC:         nn.glu {{.*}} loc(#[[GLU:loc[0-9]*]])
// LOC:       #[[GLU]] = loc(fused[#loc{{[0-9]*}}, #loc{{[0-9]*}}, #loc{{[0-9]*}}, #loc{{[0-9]*}}])

// CHECK-LABEL: nn.weight @layer0.gate.up[2] : !nn.weight<64x32, q8_0>
// CHECK:         %[[GATE:.*]] = nn.stored "blk.{layer}.ffn_gate.weight"
// CHECK:         %[[UP:.*]] = nn.stored "blk.{layer}.ffn_up.weight"
// CHECK:         nn.interleave %[[GATE]], %[[UP]] rows = 16
nn.weight @layer0.gate[2] : !nn.weight<32x32, q8_0> indices = [0, 1] {
  %0 = nn.stored "blk.{layer}.ffn_gate.weight" : !nn.weight<32x32, q8_0>
  nn.yield %0 : !nn.weight<32x32, q8_0>
}
nn.weight @layer0.up[2] : !nn.weight<32x32, q8_0> indices = [0, 1] {
  %0 = nn.stored "blk.{layer}.ffn_up.weight" : !nn.weight<32x32, q8_0>
  nn.yield %0 : !nn.weight<32x32, q8_0>
}
// CHECK-LABEL: func.func @silu_gate
// CHECK-SAME:    (%[[LAYER:.*]]: index, %[[X:.*]]: tensor<?x32xf32>)
func.func @silu_gate(%layer: index, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  // CHECK: %[[W:.*]] = nn.get_weight @layer0.gate.up[%[[LAYER]]]
  // CHECK: %[[Y:.*]] = nn.linear %[[X]], %[[W]]
  // CHECK: %[[R:.*]] = nn.glu %[[Y]] activation = "silu" group = 16
  // CHECK: return %[[R]]
  %wg = nn.get_weight @layer0.gate[%layer] : !nn.weight<32x32, q8_0>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, q8_0> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @layer0.up[%layer] : !nn.weight<32x32, q8_0>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, q8_0> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, q8_0> {
  %0 = nn.stored "gate" : !nn.weight<32x32, q8_0>
  nn.yield %0 : !nn.weight<32x32, q8_0>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// Rows of two encodings can not alternate.
// CHECK-LABEL: func.func @encodings_differ
// CHECK-NOT:     nn.glu
func.func @encodings_differ(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, q8_0>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, q8_0> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<24x32, f32> {
  %0 = nn.stored "gate" : !nn.weight<24x32, f32>
  nn.yield %0 : !nn.weight<24x32, f32>
}
nn.weight @up : !nn.weight<24x32, f32> {
  %0 = nn.stored "up" : !nn.weight<24x32, f32>
  nn.yield %0 : !nn.weight<24x32, f32>
}
// CHECK-LABEL: func.func @no_multiple_of_16
// CHECK-NOT:     nn.glu
func.func @no_multiple_of_16(%x: tensor<?x32xf32>) -> tensor<?x24xf32> {
  %wg = nn.get_weight @gate : !nn.weight<24x32, f32>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<24x32, f32> -> tensor<?x24xf32>
  %a = nn.gelu_tanh %g : tensor<?x24xf32>
  %wu = nn.get_weight @up : !nn.weight<24x32, f32>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<24x32, f32> -> tensor<?x24xf32>
  %r = nn.mul %a, %u : tensor<?x24xf32>, tensor<?x24xf32> -> tensor<?x24xf32>
  return %r : tensor<?x24xf32>
}

// -----

nn.weight @gate : !nn.weight<16x32, f32> {
  %0 = nn.stored "gate" : !nn.weight<16x32, f32>
  nn.yield %0 : !nn.weight<16x32, f32>
}
nn.weight @up : !nn.weight<16x32, f32> {
  %0 = nn.stored "up" : !nn.weight<16x32, f32>
  nn.yield %0 : !nn.weight<16x32, f32>
}
// CHECK-LABEL: func.func @up_has_two_users
// CHECK-NOT:     nn.glu
func.func @up_has_two_users(%x: tensor<?x32xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>) {
  %wg = nn.get_weight @gate : !nn.weight<16x32, f32>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<16x32, f32> -> tensor<?x16xf32>
  %a = nn.silu %g : tensor<?x16xf32>
  %wu = nn.get_weight @up : !nn.weight<16x32, f32>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<16x32, f32> -> tensor<?x16xf32>
  %r = nn.mul %a, %u : tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x16xf32>
  return %r, %u : tensor<?x16xf32>, tensor<?x16xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// CHECK-LABEL: func.func @up_on_the_left
// CHECK:         nn.glu %{{.*}} activation = "silu" group = 16
func.func @up_on_the_left(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %u, %a : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// CHECK-LABEL: func.func @gelu
// CHECK:         nn.glu %{{.*}} activation = "gelu" group = 16
func.func @gelu(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.gelu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @b : !nn.weight<32, f32> {
  %0 = nn.stored "b" : !nn.weight<32, f32>
  nn.yield %0 : !nn.weight<32, f32>
}
// A bias would have to alternate too.
// CHECK-LABEL: func.func @gate_has_a_bias
// CHECK-NOT:     nn.glu
func.func @gate_has_a_bias(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %c = nn.get_weight @b : !nn.weight<32, f32>
  %g = nn.linear %x, %wg, %c : tensor<?x32xf32>, !nn.weight<32x32, f16>, !nn.weight<32, f32> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// The activation is needed by itself.
// CHECK-LABEL: func.func @activation_has_two_users
// CHECK-NOT:     nn.glu
func.func @activation_has_two_users(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r, %a : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// They multiply different rows.
// CHECK-LABEL: func.func @rows_differ
// CHECK-NOT:     nn.glu
func.func @rows_differ(%x: tensor<?x32xf32>, %y: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %y, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// One matrix can not alternate with itself.
// CHECK-LABEL: func.func @one_matrix
// CHECK-NOT:     nn.glu
func.func @one_matrix(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @gate : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// No activation that nn.glu knows.
// CHECK-LABEL: func.func @no_gate
// CHECK-NOT:     nn.glu
func.func @no_gate(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.sigmoid %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  return %r : tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// The gate's matrix is read once more.
// CHECK-LABEL: func.func @matrix_has_two_users
// CHECK-NOT:     nn.glu
func.func @matrix_has_two_users(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %wg = nn.get_weight @gate : !nn.weight<32x32, f16>
  %g = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %a = nn.silu %g : tensor<?x32xf32>
  %wu = nn.get_weight @up : !nn.weight<32x32, f16>
  %u = nn.linear %x, %wu : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %r = nn.mul %a, %u : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
  %z = nn.linear %x, %wg : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %r, %z : tensor<?x32xf32>, tensor<?x32xf32>
}
