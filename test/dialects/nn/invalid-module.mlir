// RUN: tombolo-opt %s -split-input-file -verify-diagnostics

// A type's shape must fill the blocks of its encoding (C2).
// expected-error@+1 {{expects the innermost size to be a multiple of 32, the block of 'q8_0', but got 48}}
func.func private @weight_type_c2(!nn.weight<4x48, q8_0>)

// -----

// expected-error@+1 {{expects the innermost size to be a multiple of 64, the block of 'i4.f16x64.z', but got 96}}
func.func private @weight_type_c2_grouped(!nn.weight<4x96, i4.f16x64.z>)

// -----

// expected-error@+1 {{expects the name of an encoding, but got 'i4.f16x64.y'}}
func.func private @weight_type_encoding(!nn.weight<4x64, i4.f16x64.y>)

// -----

// expected-error@+1 {{expects positive sizes whose product fits 63 bits, but got [0, 4]}}
func.func private @weight_type_c1(!nn.weight<0x4, f32>)

// -----

// expected-error@+1 {{expects positive sizes whose product fits 63 bits, but got [4294967296, 4294967296]}}
func.func private @weight_type_c1_elements(!nn.weight<4294967296x4294967296, f32>)

// -----

// expected-error@+1 {{expects bytes that fit 63 bits, but got shape [4294967296, 1073741824] of 'f64'}}
func.func private @weight_type_c1_bytes(!nn.weight<4294967296x1073741824, f64>)

// -----

// expected-error@+1 {{expects the name of an encoding, but got 'q4_7'}}
func.func private @weight_type_encoding(!nn.weight<4x32, q4_7>)

// -----

// expected-error@+1 {{expects positive sizes whose product fits 61 bits, but got [0]}}
func.func private @rows_type_c1(!nn.rows<0xf32>)

// -----

// expected-error@+1 {{expects rows of f32, f16 or bf16, but got 'f64'}}
func.func private @rows_type_c2(!nn.rows<4xf64>)

// -----

// expected-error@+1 {{expects a window of at least 1, but got 0}}
func.func private @rows_type_c3(!nn.rows<4xf32, window = 0>)

// -----

nn.weight @weight_c1 : !nn.weight<4, f32> {
  %0 = nn.stored "a" : !nn.weight<4, f32>
  // expected-error@+1 {{'nn.cast' op does not work on stored weights, but stands in the region of 'nn.weight'}}
  %1 = nn.cast %0 to f32 : !nn.weight<4, f32> -> tensor<4xf32>
  nn.yield %0 : !nn.weight<4, f32>
}

// -----

nn.weight @weight_c1_tensor : !nn.weight<4, f32> {
  %0 = nn.stored "a" : !nn.weight<4, f32>
  // expected-error@+1 {{'arith.constant' op does not work on stored weights, but stands in the region of 'nn.weight'}}
  %1 = arith.constant dense<1.0> : tensor<4xf32>
  nn.yield %0 : !nn.weight<4, f32>
}

// -----

nn.weight @weight_c2 : !nn.weight<8, f32> {
  %0 = nn.stored "a" : !nn.weight<4, f32>
  // expected-error@+1 {{expects a value of the weight's type '!nn.weight<8, f32>', but got '!nn.weight<4, f32>'}}
  nn.yield %0 : !nn.weight<4, f32>
}

// -----

// expected-error@+1 {{expects indices that are not negative, one or more}}
nn.weight @weight_c3[1] : !nn.weight<4, f32> indices = [-1] {
  %0 = nn.stored "a" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

// -----

// expected-error@+1 {{expects as many indices as weights (2), but got 1}}
nn.weight @weight_count[2] : !nn.weight<4, f32> indices = [0] {
}

// -----

nn.weight @stored_c1 : !nn.weight<4, f32> {
  // expected-error@+1 {{expects a name without '{layer}' in a weight without indices, but got 'a.{layer}'}}
  %0 = nn.stored "a.{layer}" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

// -----

nn.weight @stored_c2 : !nn.weight<f32> {
  // expected-error@+1 {{expects a dimension to stack along, as 'a.{expert}' says '{expert}', but got '!nn.weight<f32>'}}
  %0 = nn.stored "a.{expert}" : !nn.weight<f32>
  nn.yield %0 : !nn.weight<f32>
}

// -----

nn.weight @stored_name : !nn.weight<4, f32> {
  // expected-error@+1 {{expects the name of a tensor, but it is empty}}
  %0 = nn.stored "" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

// -----

func.func @get_weight_c1() {
  // expected-error@+1 {{expects '@w' to be an 'nn.weight' of this module}}
  %0 = nn.get_weight @w : !nn.weight<4, f32>
  return
}

// -----

// expected-note@+1 {{the weight is declared here}}
nn.weight @w[2] : !nn.weight<4, f32> indices = [0, 1] {
  %0 = nn.stored "a.{layer}" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

func.func @get_weight_c1_type(%i: index) {
  // expected-error@+1 {{expects the type of '@w', '!nn.weight<4, f32>', but got '!nn.weight<8, f32>'}}
  %0 = nn.get_weight @w[%i] : !nn.weight<8, f32>
  return
}

// -----

nn.weight @w[2] : !nn.weight<4, f32> indices = [0, 1] {
  %0 = nn.stored "a.{layer}" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

func.func @get_weight_c2() {
  // expected-error@+1 {{expects an index, as '@w' is a family}}
  %0 = nn.get_weight @w : !nn.weight<4, f32>
  return
}

// -----

nn.weight @w : !nn.weight<4, f32> {
  %0 = nn.stored "a" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

func.func @get_weight_c2_single(%i: index) {
  // expected-error@+1 {{expects no index, as '@w' is not a family}}
  %0 = nn.get_weight @w[%i] : !nn.weight<4, f32>
  return
}

// -----

nn.weight @w[2] : !nn.weight<4, f32> indices = [0, 1] {
  %0 = nn.stored "a.{layer}" : !nn.weight<4, f32>
  nn.yield %0 : !nn.weight<4, f32>
}

func.func @get_weight_c3() {
  %i = arith.constant 2 : index
  // expected-error@+1 {{expects an index below 2, the size of '@w', but got 2}}
  %0 = nn.get_weight @w[%i] : !nn.weight<4, f32>
  return
}

// -----

// expected-error@+1 {{expects storage f32, f16, bf16 or q8_0, but got 'q4_0'}}
nn.state @state_c1 : !nn.rows<32xf32> storage = q4_0

// -----

// expected-error@+1 {{expects rows of a multiple of 32 for storage 'q8_0', but got rows of 48}}
nn.state @state_c3 : !nn.rows<2x48xf32> storage = q8_0

// -----

// expected-error@+1 {{expects one state or more, but got 0}}
nn.state @state_c2[0] : !nn.rows<32xf32> storage = f32

// -----

// expected-error@+1 {{expects the name of an encoding, but got 'f33'}}
nn.state @state_encoding : !nn.rows<32xf32> storage = f33

// -----

// expected-note@+1 {{'positions' comes from here}}
func.func @history_c1(%x: tensor<3x4xf32>, %p: tensor<2xi32>) {
  // expected-error@+1 {{'nn.history' op expects 'positions' to have one element per row of 'x' [3, 4], but got shape [2]}}
  %0 = nn.history %x, %p state = @s : tensor<3x4xf32>, tensor<2xi32> -> !nn.rows<4xf32>
  return
}

// -----

func.func @history_c2(%x: tensor<?x4xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects '@s' to be an 'nn.state' of this module}}
  %0 = nn.history %x, %p state = @s : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  return
}

// -----

// expected-note@+1 {{the state is declared here}}
nn.state @s : !nn.rows<4xf32, window = 2> storage = f32
func.func @history_c2_type(%x: tensor<?x4xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects the type of '@s', '!nn.rows<4xf32, window = 2>', but got '!nn.rows<4xf32>'}}
  %0 = nn.history %x, %p state = @s : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  return
}

// -----

nn.state @s[2] : !nn.rows<4xf32> storage = f32
func.func @history_c3(%x: tensor<?x4xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects an index, as '@s' is a family}}
  %0 = nn.history %x, %p state = @s : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  return
}

// -----

func.func @rope_c1(%x: tensor<4xf32>, %p: tensor<4xi32>) {
  // expected-error@+1 {{expects 'x' to have two dimensions or more, but got shape [4]}}
  %0 = nn.rope %x, %p table = @t pairs = half : tensor<4xf32>, tensor<4xi32>
  return
}

// -----

func.func @rope_c2(%x: tensor<?x4xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects '@t' to be an 'nn.rope_table' of this module}}
  %0 = nn.rope %x, %p table = @t pairs = half : tensor<?x4xf32>, tensor<?xi32>
  return
}

// -----

nn.rope_table @t freqs = [1.0, 0.5] scale = 1.0
func.func @rope_c3(%x: tensor<?x4xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects the 4 channels from 1 on to be within a row of 'x' of 4}}
  %0 = nn.rope %x, %p table = @t pairs = half at = 1 : tensor<?x4xf32>, tensor<?xi32>
  return
}

// -----

// expected-error@+1 {{expects finite frequencies, one or more}}
nn.rope_table @rope_table_c1 freqs = [] scale = 1.0

// -----

// expected-error@+1 {{expects as many finite long frequencies as short ones (1), but got 2}}
nn.rope_table @rope_table_c1_long freqs = [1.0] scale = 1.0 long_freqs = [1.0, 0.5] long_from = 4

// -----

// expected-error@+1 {{expects '@w' to be one weight of shape [1]}}
nn.rope_table @rope_table_c2 freqs = [1.0] scale = 1.0 divisors = @w

// -----

// expected-error@+1 {{expects 'long_from' if and only if there are long frequencies or divisors}}
nn.rope_table @rope_table_c3 freqs = [1.0] scale = 1.0 long_from = 4

// -----

// expected-error@+1 {{attribute 'scale' failed to satisfy constraint: 64-bit float attribute whose value is finite}}
nn.rope_table @rope_table_c4 freqs = [1.0] scale = 0x7FF0000000000000

// -----

// expected-error@+1 {{expects 'nn.model' to be a dictionary on a module}}
module attributes {nn.model = "llama"} {}

// -----

// expected-error@+1 {{expects 'family' of 'nn.model' to be a string, but got 3 : i64}}
module attributes {nn.model = {family = 3 : i64}} {}

// -----

// expected-error@+1 {{expects 'context' of 'nn.model' to be an i64 that is not negative, but got -1 : i64}}
module attributes {nn.model = {context = -1 : i64}} {}

// -----

// expected-error@+1 {{has the unknown attribute 'nn.modle'}}
module attributes {nn.modle = {}} {}

// -----

func.func private @callee(tensor<4xf32>) -> tensor<4xf32>
func.func @tap(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects 'nn.tap' to be an i64 that is not negative, on a call}}
  %0 = call @callee(%x) {nn.tap = "one"} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func private @callee(tensor<4xf32>) -> tensor<8xf32>
func.func @tap_types(%x: tensor<4xf32>) {
  // expected-error@+1 {{expects a call with 'nn.tap' to have a result, a tensor of floats, and an operand of the type of the first}}
  %0 = call @callee(%x) {nn.tap = 1 : i64} : (tensor<4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func private @index(%i: index) -> index {
  return %i : index
}
func.func @tap_of_an_index(%i: index) -> index {
  // expected-error@+1 {{expects a call with 'nn.tap' to have a result, a tensor of floats, and an operand of the type of the first}}
  %0 = call @index(%i) {nn.tap = 1 : i64} : (index) -> index
  return %0 : index
}
