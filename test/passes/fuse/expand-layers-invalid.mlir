// RUN: tombolo-opt %s -nn-expand-layers -split-input-file -verify-diagnostics

nn.weight @layer.w : !nn.weight<8, f32> layers = [1] stored "w.{layer}"
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{reads '@layer.w', which layer 0 does not have}}
  %w = nn.get_weight @layer.w[%layer] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = nn.layer @layer0[0](%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

nn.weight @layer.w : !nn.weight<8, f32> layers = [0, 1] stored "w.{layer}"
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{expects the layer of '@layer0', its first argument}}
  %w = nn.get_weight @layer.w[%c0] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @again(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{calls itself, by way of '@again'}}
  %0 = call @again(%layer, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @again(%layer, %x) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @layer0(index, tensor<?x8xf32>) -> tensor<?x8xf32>
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{expects '@layer0' to be a function with one block}}
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
