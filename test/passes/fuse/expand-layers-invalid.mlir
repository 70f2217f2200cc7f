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

// -----

func.func private @f0(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.silu %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func private @f1(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f0(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // expected-error@+1 {{makes '@layer0' longer than 65536 operations}}
  %1 = call @f0(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f2(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f1(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f1(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f3(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f2(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f2(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f4(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f3(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f3(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f5(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f4(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f4(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f6(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f5(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f5(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f7(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f6(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f6(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f8(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f7(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f7(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f9(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f8(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f8(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f10(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f9(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f9(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f11(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f10(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f10(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f12(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f11(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f11(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f13(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f12(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f12(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f14(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f13(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f13(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f15(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f14(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f14(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @f16(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f15(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = call @f15(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @f16(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

nn.weight @layer.w : !nn.weight<8, f32> layers = [0, 1] stored "w.{layer}"
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = nn.get_weight @layer.w[%layer] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{reads '@layer.w' by the layer, but 'nn.layer' does not run '@hidden'}}
  %w = nn.get_weight @layer.w[%c0] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  %1 = nn.layer @layer0[1](%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// A family by element means another number.
nn.weight @fam[2] : !nn.weight<8, f32> indices = [0, 1] stored "w.{layer}"
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{expects the layer of '@layer0' to index weights and states with 'layers'}}
  %w = nn.get_weight @fam[%layer] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> (index, tensor<?x8xf32>) {
  // expected-error@+1 {{expects the layer of '@layer0' to index weights and states with 'layers'}}
  return %layer, %x : index, tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0:2 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> (index, tensor<?x8xf32>)
  return %0#1 : tensor<?x8xf32>
}

// -----

nn.weight @layer.w : !nn.weight<8, f32> layers = [0, 1] stored "w.{layer}"
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %yes = arith.constant true
  %0 = scf.if %yes -> tensor<?x8xf32> {
    // expected-error@+1 {{expects the layer of '@layer0', its first argument}}
    %w = nn.get_weight @layer.w[%layer] : !nn.weight<8, f32>
    %1 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
    scf.yield %1 : tensor<?x8xf32>
  } else {
    scf.yield %x : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{names '@layer0', which 'nn.layer' runs}}
  %1 = call @layer0(%c0, %0) : (index, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{runs a layer inside of a layer, '@layer0'}}
  %0 = nn.layer @layer0[2](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @layer1(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func private @shared(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{runs a layer inside of a layer, '@layer0'}}
  %0 = nn.layer @layer1[2](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = call @shared(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

func.func private @endless(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  llvm.unreachable
}
func.func private @layer0(%layer: index, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{expects '@endless' to be a function with one block}}
  %0 = call @endless(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = nn.layer @layer0[1](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Without nn.layer nothing says which elements a family has.
nn.weight @layer.w : !nn.weight<8, f32> layers = [0, 1] stored "w.{layer}"
func.func @hidden(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{reads '@layer.w' by the layer, but 'nn.layer' does not run '@hidden'}}
  %w = nn.get_weight @layer.w[%c0] : !nn.weight<8, f32>
  %0 = nn.mul %x, %w : tensor<?x8xf32>, !nn.weight<8, f32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
