// RUN: tombolo-opt %s | tombolo-opt | FileCheck %s
// RUN: tombolo-opt %s -mlir-print-op-generic | tombolo-opt | FileCheck %s

// CHECK: nn.weight @layer.norm : !nn.weight<8, f32> layers = [0 to 3] stored "norm.{layer}"
nn.weight @layer.norm : !nn.weight<8, f32> layers = [0, 1, 2, 3] stored "norm.{layer}"
// A pair stays a pair; runs of three or more are short.
// CHECK: nn.weight @layer.some : !nn.weight<8, f32> layers = [0, 1, 4 to 8 by 2] attributes {note = "kept"} stored "some.{layer}"
nn.weight @layer.some : !nn.weight<8, f32> layers = [0, 1, 4 to 8 by 2] attributes {note = "kept"} stored "some.{layer}"
// CHECK: nn.state @layer0.k : !nn.rows<8xf32> storage = f16 layers = [2 to 60 by 2]
nn.state @layer0.k : !nn.rows<8xf32> storage = f16 layers = [2 to 60 by 2]
// CHECK: nn.window_state @layer0.open : !nn.rows<8xf32> size = 4 before = 4 layers = [3]
nn.window_state @layer0.open : !nn.rows<8xf32> size = 4 before = 4 layers = [3]
// CHECK: nn.recurrent_state @layer0.s : tensor<3x8xf32> layers = [0, 2]
nn.recurrent_state @layer0.s : tensor<3x8xf32> layers = [0, 2]

func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = nn.get_weight @layer.norm[%layer] : !nn.weight<8, f32>
  %0 = nn.rms_norm %x, %w eps = 1.0e-6 : tensor<?x8xf32>, !nn.weight<8, f32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: nn.layer @layer0[3](%{{.*}}) {nn.tap = 4 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %0 = nn.layer @layer0[3](%x) {nn.tap = 4 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
