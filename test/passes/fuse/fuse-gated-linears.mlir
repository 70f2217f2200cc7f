// RUN: tombolo-opt %s -nn-fuse-gated-linears -split-input-file | FileCheck %s

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
