// RUN: tombolo-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{expects one state or more, but got 0}}
nn.recurrent_state @recurrent_state_c1[0] : tensor<4xf32>

// -----

// expected-error@+1 {{expects a static tensor of f32 whose bytes fit 61 bits, but got 'tensor<4xf16>'}}
nn.recurrent_state @recurrent_state_c2_type : tensor<4xf16>

// -----

// expected-error@+1 {{expects a static tensor of f32 whose bytes fit 61 bits, but got 'tensor<1152921504606846976xf32>'}}
nn.recurrent_state @recurrent_state_c2_bytes : tensor<1152921504606846976xf32>

// -----

// expected-error@+1 {{expects a static tensor of f32 whose bytes fit 61 bits, but got 'tensor<?x4xf32>'}}
nn.recurrent_state @recurrent_state_c2_dynamic : tensor<?x4xf32>

// -----

nn.recurrent_state @s : tensor<2x4xf32>
func.func @causal_conv_c1(%x: tensor<?x2x4xf32>, %p: tensor<?xi32>, %w: tensor<4x3xf32>) {
  // expected-error@+1 {{expects 'x' to be [T, channels], but got shape [?, 2, 4]}}
  %y = nn.causal_conv %x, %p, %w state = @s : tensor<?x2x4xf32>, tensor<?xi32>, tensor<4x3xf32> -> tensor<?x2x4xf32>
  return
}

// -----

nn.recurrent_state @s : tensor<2x4xf32>
// expected-note@+1 {{'w' comes from here}}
func.func @causal_conv_c2(%x: tensor<?x4xf32>, %p: tensor<?xi32>, %w: tensor<4x1xf32>) {
  // expected-error@+1 {{expects 'w' to be [4, taps] with 2 taps or more, but got [4, 1]}}
  %y = nn.causal_conv %x, %p, %w state = @s : tensor<?x4xf32>, tensor<?xi32>, tensor<4x1xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @causal_conv_c3(%x: tensor<?x4xf32>, %p: tensor<?xi32>, %w: tensor<4x3xf32>) {
  // expected-error@+1 {{expects '@s' to be an 'nn.recurrent_state' of this module}}
  %y = nn.causal_conv %x, %p, %w state = @s : tensor<?x4xf32>, tensor<?xi32>, tensor<4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

// expected-note@+1 {{the state is declared here}}
nn.recurrent_state @s : tensor<3x4xf32>
func.func @causal_conv_c3_shape(%x: tensor<?x4xf32>, %p: tensor<?xi32>, %w: tensor<4x3xf32>) {
  // expected-error@+1 {{expects a state of [2, 4], but '@s' is 'tensor<3x4xf32>'}}
  %y = nn.causal_conv %x, %p, %w state = @s : tensor<?x4xf32>, tensor<?xi32>, tensor<4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

nn.recurrent_state @s[2] : tensor<2x4xf32>
func.func @causal_conv_c4(%x: tensor<?x4xf32>, %p: tensor<?xi32>, %w: tensor<4x3xf32>) {
  // expected-error@+1 {{expects an index, as '@s' is a family}}
  %y = nn.causal_conv %x, %p, %w state = @s : tensor<?x4xf32>, tensor<?xi32>, tensor<4x3xf32> -> tensor<?x4xf32>
  return
}

// -----

nn.recurrent_state @s : tensor<4x8x8xf32>
func.func @gated_delta_c1(%q: tensor<?x8xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'q' to be [T, heads, channels], but got shape [?, 8]}}
  %y = nn.gated_delta %q, %p, %q, %v, %d, %d state = @s : tensor<?x8xf32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  return
}

// -----

nn.recurrent_state @s : tensor<4x8x8xf32>
// expected-note@+1 {{'k' comes from here}}
func.func @gated_delta_c1_keys(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x4xf32>, %k: tensor<?x4x8xf32>) {
  // expected-error@+1 {{expects 'k' to have the shape of 'q', [?, 2, 8], but got [?, 4, 8]}}
  %y = nn.gated_delta %q, %p, %k, %v, %d, %d state = @s : tensor<?x2x8xf32>, tensor<?xi32>, tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  return
}

// -----

nn.recurrent_state @s : tensor<4x8x8xf32>
// expected-note@+1 {{'v' comes from here}}
func.func @gated_delta_c2(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %v: tensor<?x3x8xf32>, %d: tensor<?x3xf32>) {
  // expected-error@+1 {{expects 'v' to be [T, heads, channels] with a multiple of the heads of 'q' (2), but got shape [?, 3, 8]}}
  %y = nn.gated_delta %q, %p, %q, %v, %d, %d state = @s : tensor<?x2x8xf32>, tensor<?xi32>, tensor<?x2x8xf32>, tensor<?x3x8xf32>, tensor<?x3xf32>, tensor<?x3xf32> -> tensor<?x3x8xf32>
  return
}

// -----

nn.recurrent_state @s : tensor<4x8x8xf32>
// expected-note@+1 {{'beta' comes from here}}
func.func @gated_delta_c3(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x4xf32>, %b: tensor<?x2xf32>) {
  // expected-error@+1 {{expects 'beta' to have one number for each token and head of 'v', [?, 4], but got [?, 2]}}
  %y = nn.gated_delta %q, %p, %q, %v, %d, %b state = @s : tensor<?x2x8xf32>, tensor<?xi32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x2xf32> -> tensor<?x4x8xf32>
  return
}

// -----

nn.recurrent_state @s : tensor<4x8x8xf32>
// expected-note@+1 {{'decay' comes from here}}
func.func @gated_delta_c3_decay(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x2xf32>) {
  // expected-error@+1 {{expects 'decay' to have one number for each token and head of 'v', [?, 4], but got [?, 2]}}
  %y = nn.gated_delta %q, %p, %q, %v, %d state = @s : tensor<?x2x8xf32>, tensor<?xi32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>, tensor<?x2xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{the state is declared here}}
nn.recurrent_state @s : tensor<4x8xf32>
func.func @gated_delta_c4(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x4xf32>) {
  // expected-error@+1 {{expects a state of [4, 8, 8], but '@s' is 'tensor<4x8xf32>'}}
  %y = nn.gated_delta %q, %p, %q, %v, %d, %d state = @s : tensor<?x2x8xf32>, tensor<?xi32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  return
}

// -----

nn.recurrent_state @s[2] : tensor<4x8x8xf32>
func.func @gated_delta_c5(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x4xf32>) {
  %i = arith.constant 2 : index
  // expected-error@+1 {{expects an index below 2, the size of '@s', but got 2}}
  %y = nn.gated_delta %q, %p, %q, %v, %d, %d state = @s[%i] : tensor<?x2x8xf32>, tensor<?xi32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  return
}
