// RUN: tombolo-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got 3 to 1 by 1}}
nn.weight @w : !nn.weight<8, f32> layers = [3 to 1] stored "w.{layer}"

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got 0 to 9 by 0}}
nn.weight @w : !nn.weight<8, f32> layers = [0 to 9 by 0] stored "w.{layer}"

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got 0 to 4000000000 by 1}}
nn.weight @w : !nn.weight<8, f32> layers = [0 to 4000000000] stored "w.{layer}"

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got 1}}
nn.weight @w : !nn.weight<8, f32> layers = [1, 1] stored "w.{layer}"

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, one or more}}
nn.state @s : !nn.rows<8xf32> storage = f32 layers = []

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got -1}}
nn.window_state @s : !nn.rows<8xf32> size = 4 layers = [-1, 2]

// -----

// expected-error@+1 {{expects either a count or 'layers'}}
nn.state @s[2] : !nn.rows<8xf32> storage = f32 layers = [0, 1]

// -----

// expected-error@+1 {{expects either a count or 'layers'}}
nn.recurrent_state @s[2] : tensor<3x8xf32> layers = [0, 1]

// -----

// expected-error@+1 {{expects either 'indices' or 'layers'}}
"nn.weight"() <{sym_name = "w", type = !nn.weight<8, f32>, indices = array<i64: 0>, layers = array<i64: 0>}> ({
  %0 = "nn.stored"() <{name = "w.{layer}"}> : () -> !nn.weight<8, f32>
  "nn.yield"(%0) : (!nn.weight<8, f32>) -> ()
}) : () -> ()

// -----

nn.weight @w : !nn.weight<8, f32> layers = [1, 3] stored "w.{layer}"
func.func @not_a_layer() -> !nn.weight<8, f32> {
  %c2 = arith.constant 2 : index
  // expected-error@+1 {{expects a layer of '@w', but got 2}}
  %0 = nn.get_weight @w[%c2] : !nn.weight<8, f32>
  return %0 : !nn.weight<8, f32>
}

// -----

nn.weight @w : !nn.weight<8, f32> layers = [1, 3] stored "w.{layer}"
func.func @no_index() -> !nn.weight<8, f32> {
  // expected-error@+1 {{expects an index, as '@w' is a family}}
  %0 = nn.get_weight @w : !nn.weight<8, f32>
  return %0 : !nn.weight<8, f32>
}

// -----

func.func @nobody(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{expects '@layer0' to be a function of this module}}
  %0 = nn.layer @layer0[3](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// expected-note@+1 {{the function is here}}
func.func private @layer0(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
func.func @without_an_index(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{expects '@layer0' to be '(index, tensor<?x8xf32>) -> tensor<?x8xf32>', but got '(tensor<?x8xf32>) -> tensor<?x8xf32>'}}
  %0 = nn.layer @layer0[3](%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got 1 to 3 by 9223372036854775807}}
nn.weight @w : !nn.weight<8, f32> layers = [1 to 3 by 9223372036854775807] stored "w.{layer}"

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, but got 0}}
nn.weight @w : !nn.weight<8, f32> layers = [0 to 9, 0 to 9] stored "w.{layer}"

// -----

// expected-error@+1 {{expects layers from 0 to 99999 that ascend, one or more}}
"nn.recurrent_state"() <{sym_name = "s", type = tensor<3x8xf32>, layers = array<i64: 2, 1>}> : () -> ()
