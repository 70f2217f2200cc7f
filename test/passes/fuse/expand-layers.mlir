// RUN: tombolo-opt %s -nn-expand-layers -split-input-file | FileCheck %s

// Weights that one function reads keep their order; their elements are the
// layers in the order of the calls. A name that is taken gets a number.
// CHECK-NOT:   layers =
// CHECK:       nn.weight @layer0.wq[2] : !nn.weight<8x8, f32> indices = [0, 3] stored "q.{layer}"
// CHECK-NEXT:  nn.weight @layer0.norm[2] : !nn.weight<8, f32> indices = [0, 3] stored "norm.{layer}"
// CHECK-NEXT:  nn.state @layer0.k[2] : !nn.rows<8xf32> storage = f32
// CHECK-NEXT:  nn.weight @layer1.wq[1] : !nn.weight<8x8, f32> indices = [2] stored "q.{layer}"
// CHECK-NEXT:  nn.weight @layer1.norm[1] : !nn.weight<8, bf16> indices = [2] stored "norm.{layer}"
// CHECK-NEXT:  nn.state @layer1.k[1] : !nn.rows<8xf32> storage = f32
nn.weight @layer.wq : !nn.weight<8x8, f32> layers = [0, 2, 3] stored "q.{layer}"
nn.weight @layer.norm : !nn.weight<8, f32> layers = [0, 3] stored "norm.{layer}"
nn.weight @layer_1.norm : !nn.weight<8, bf16> layers = [2] stored "norm.{layer}"
nn.state @keep.k : !nn.rows<8xf32> storage = f32 layers = [0, 2, 3]
// CHECK-NOT:   func.func private @keep
func.func private @keep(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>) -> (tensor<?x8xf32>, !nn.rows<8xf32>) {
  %w = nn.get_weight @layer.wq[%layer] : !nn.weight<8x8, f32>
  %q = nn.linear %x, %w : tensor<?x8xf32>, !nn.weight<8x8, f32> -> tensor<?x8xf32>
  %k = nn.history %q, %p state = @keep.k[%layer] : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32>
  return %q, %k : tensor<?x8xf32>, !nn.rows<8xf32>
}
// CHECK-LABEL: func.func private @layer0(
// CHECK-SAME:    %[[E:.*]]: index, %[[P:.*]]: tensor<?xi32>, %[[X:.*]]: tensor<?x8xf32>)
// CHECK:         %[[N:.*]] = nn.get_weight @layer0.norm[%[[E]]]
// CHECK:         %[[H:.*]] = nn.rms_norm %[[X]], %[[N]]
// CHECK:         %[[W:.*]] = nn.get_weight @layer0.wq[%[[E]]]
// CHECK:         %[[Q:.*]] = nn.linear %[[H]], %[[W]]
// CHECK:         nn.history %[[Q]], %[[P]] state = @layer0.k[%[[E]]]
// CHECK-NEXT:    return %[[Q]]
func.func private @layer0(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %n = nn.get_weight @layer.norm[%layer] : !nn.weight<8, f32>
  %h = nn.rms_norm %x, %n eps = 1.0e-6 : tensor<?x8xf32>, !nn.weight<8, f32>
  %y:2 = call @keep(%layer, %p, %h) : (index, tensor<?xi32>, tensor<?x8xf32>) -> (tensor<?x8xf32>, !nn.rows<8xf32>)
  return %y#0 : tensor<?x8xf32>
}
// CHECK-LABEL: func.func private @layer1(
// CHECK:         nn.get_weight @layer1.norm
func.func private @layer1(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %n = nn.get_weight @layer_1.norm[%layer] : !nn.weight<8, bf16>
  %h = nn.rms_norm %x, %n eps = 1.0e-6 : tensor<?x8xf32>, !nn.weight<8, bf16>
  %y:2 = call @keep(%layer, %p, %h) : (index, tensor<?xi32>, tensor<?x8xf32>) -> (tensor<?x8xf32>, !nn.rows<8xf32>)
  return %y#0 : tensor<?x8xf32>
}
// CHECK-LABEL: func.func @hidden(
// CHECK-SAME:    %[[P:.*]]: tensor<?xi32>, %[[X:.*]]: tensor<?x8xf32>)
// CHECK:         %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT:    %[[A:.*]] = call @layer0(%[[C0]], %[[P]], %[[X]]) {nn.tap = 1 : i64} : (index, tensor<?xi32>, tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK-NEXT:    %[[B:.*]] = call @layer1(%[[C0]], %[[P]], %[[A]]) {nn.tap = 2 : i64}
// CHECK-NEXT:    %[[C1:.*]] = arith.constant 1 : index
// CHECK-NEXT:    %[[C:.*]] = call @layer0(%[[C1]], %[[P]], %[[B]]) {nn.tap = 3 : i64}
// CHECK-NEXT:    return %[[C]]
func.func @hidden(%p: tensor<?xi32>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[0](%p, %x) {nn.tap = 1 : i64} : (tensor<?xi32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = nn.layer @layer1[2](%p, %0) {nn.tap = 2 : i64} : (tensor<?xi32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = nn.layer @layer0[3](%p, %1) {nn.tap = 3 : i64} : (tensor<?xi32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

// A function that calls another; equal reads become one,
// and names that are taken get a number.
// CHECK:       nn.weight @layer0.w : !nn.weight<8, f32> stored "taken"
// CHECK-NEXT:  nn.weight @layer0.w1[2] : !nn.weight<8, f32> indices = [1, 0] stored "w.{layer}"
nn.weight @layer0.w : !nn.weight<8, f32> stored "taken"
nn.weight @layer.w : !nn.weight<8, f32> layers = [0, 1] stored "w.{layer}"
func.func private @inner(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = nn.get_weight @layer.w[%layer] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func private @outer(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @inner(%layer, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @inner(%layer, %0) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
// CHECK-LABEL: func.func private @layer0(
// CHECK-COUNT-1: nn.get_weight
// CHECK-NOT:     nn.get_weight
// CHECK-NOT:     call
// CHECK:         nn.mul
// CHECK-NEXT:    nn.mul
// CHECK-NEXT:    nn.silu
// CHECK-NEXT:    return
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @outer(%layer, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = nn.silu %0 : tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
// CHECK-LABEL: func.func @hidden(
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = nn.layer @layer0[0](%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// A module without nn.layer stays as it is.
// CHECK:      nn.weight @layer0.w[2] : !nn.weight<8, f32> indices = [0, 1]
// CHECK:      call @layer0(
nn.weight @layer0.w[2] : !nn.weight<8, f32> indices = [0, 1] stored "w.{layer}"
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = nn.get_weight @layer0.w[%layer] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c1 = arith.constant 1 : index
  %0 = call @layer0(%c1, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Nor does it lose what nothing reads, or what has an attribute of that name.
// CHECK:      nn.weight @w : !nn.weight<8, f32> layers = [0 to 3] stored "w.{layer}"
// CHECK:      func.func @hidden({{.*}}) -> {{.*}} attributes {layers = 3 : i64}
nn.weight @w : !nn.weight<8, f32> layers = [0 to 3] stored "w.{layer}"
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {layers = 3 : i64} {
  return %x : tensor<?x8xf32>
}

// -----

// A shared function that another shared one calls goes with it.
// CHECK-NOT: @inner
// CHECK-NOT: @outer
nn.weight @layer.w : !nn.weight<8, f32> layers = [0] stored "w.{layer}"
func.func private @inner(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = nn.get_weight @layer.w[%layer] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func private @outer(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @inner(%layer, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
// CHECK: func.func private @layer0({{.*}} attributes {layers = "mine"}
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {layers = "mine"} {
  %0 = call @outer(%layer, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @inner(%layer, %0) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
// CHECK: call @layer0
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[0](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
