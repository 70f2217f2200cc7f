// RUN: tombolo-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(func.func(convert-nn-to-linalg))'

func.func @weight_operand(%x: tensor<1x32xf32>, %w: !nn.weight<32x32, q8_0>) -> tensor<1x32xf32> {
  // expected-error@+1 {{expects weights to be tensors here}}
  %y = nn.linear %x, %w : tensor<1x32xf32>, !nn.weight<32x32, q8_0> -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// -----

nn.rope_table @angles freqs = [1.0, 0.5] scale = 1.0
func.func @rope(%x: tensor<1x4xf32>, %p: tensor<1xi32>) -> tensor<1x4xf32> {
  // expected-error@+1 {{expects angles as a table here (nn.rotate)}}
  %y = nn.rope %x, %p table = @angles pairs = half : tensor<1x4xf32>, tensor<1xi32>
  return %y : tensor<1x4xf32>
}

// -----

nn.state @k : !nn.rows<4xf32> storage = f32
func.func @history(%x: tensor<1x4xf32>, %p: tensor<1xi32>) {
  // expected-error@+1 {{expects rows of a tensor here (nn.rows)}}
  %y = nn.history %x, %p state = @k : tensor<1x4xf32>, tensor<1xi32> -> !nn.rows<4xf32>
  return
}

// -----

func.func @rows_of_elsewhere(%q: tensor<1x1x4xf32>, %p: tensor<1xi32>, %k: !nn.rows<4xf32>) -> tensor<1x1x4xf32> {
  // expected-error@+2 {{expects rows of tensors here (nn.rows)}}
  // expected-error@+1 {{failed to legalize operation 'nn.attention'}}
  %y = nn.attention %q, %p keys(%k) values(%k) scale = 1.0 : tensor<1x1x4xf32>, tensor<1xi32>, !nn.rows<4xf32>, !nn.rows<4xf32> -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}
