// RUN: tombolo-opt %s -nn-check -split-input-file -verify-diagnostics -allow-unregistered-dialect

// expected-error@+1 {{expects the attribute 'nn.model'}}
module {
}

// -----

// expected-error@+1 {{expects functions '@hidden' and '@logits'}}
module attributes {nn.model = {family = "test"}} {
}

// -----

module attributes {nn.model = {family = "test"}} {
  // expected-error@+1 {{expects (tokens, positions), each tensor<?xi32>, -> f32 rows, but got}}
  func.func @hidden(%tokens: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

// An op of no known dialect.
module attributes {nn.model = {family = "test"}} {
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    // expected-error@+1 {{is no op of the model level}}
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  // expected-error@+1 {{expects a body of one block, but '@layer0' has 0}}
  func.func private @layer0(%x: tensor<?x8xf32>) -> tensor<?x8xf32>
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  // expected-error@+1 {{expects a body of one block, but '@layer0' has 2}}
  func.func private @layer0(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    cf.br ^next
  ^next:
    return %x : tensor<?x8xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  nn.window_state @w[2] : !nn.rows<8xf32> size = 4
  func.func private @layer0(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    // expected-note@+1 {{the first is here}}
    %0 = nn.windows %x, %p state = @w[%layer] size = 4 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
    // expected-error@+1 {{expects one 'nn.windows' of a state in a step, but '@w' has two}}
    %1 = nn.windows %x, %p state = @w[%layer] size = 4 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
    return %x : tensor<?x8xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  nn.recurrent_state @s[2] : tensor<3x8xf32>
  func.func private @layer0(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x8xf32> {
    // expected-note@+1 {{the first is here}}
    %0 = nn.causal_conv %x, %p, %w state = @s[%layer] : tensor<?x8xf32>, tensor<?xi32>, tensor<8x4xf32> -> tensor<?x8xf32>
    // expected-error@+1 {{expects one 'nn.causal_conv' of a state in a step, but '@s' has two}}
    %1 = nn.causal_conv %0, %p, %w state = @s[%layer] : tensor<?x8xf32>, tensor<?xi32>, tensor<8x4xf32> -> tensor<?x8xf32>
    return %1 : tensor<?x8xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  nn.recurrent_state @s : tensor<2x4x4xf32>
  func.func private @layer0(%p: tensor<?xi32>, %x: tensor<?x2x4xf32>, %d: tensor<?x2xf32>) -> tensor<?x2x4xf32> {
    // expected-note@+1 {{the first is here}}
    %0 = nn.gated_delta %x, %p, %x, %x, %d, %d state = @s : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x4xf32>, tensor<?x2x4xf32>, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x2x4xf32>
    // expected-error@+1 {{expects one 'nn.gated_delta' of a state in a step, but '@s' has two}}
    %1 = nn.gated_delta %0, %p, %x, %x, %d, %d state = @s : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x4xf32>, tensor<?x2x4xf32>, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x2x4xf32>
    return %1 : tensor<?x2x4xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  nn.state @k[2] : !nn.rows<8xf32> storage = f32
  func.func private @layer0(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    // expected-note@+1 {{the first is here}}
    %0 = nn.history %x, %p state = @k[%layer] : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32>
    // expected-error@+1 {{expects one 'nn.history' of a state in a step, but '@k' has two}}
    %1 = nn.history %x, %p state = @k[%layer] : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32>
    return %x : tensor<?x8xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  nn.state @k[2] : !nn.rows<8xf32> storage = f32
  func.func private @layer0(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    %a = arith.constant 1 : index
    %b = arith.constant 1 : index
    // expected-note@+1 {{the first is here}}
    %0 = nn.history %x, %p state = @k[%a] : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32>
    // expected-error@+1 {{expects one 'nn.history' of a state in a step, but '@k' has two}}
    %1 = nn.history %x, %p state = @k[%b] : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32>
    return %x : tensor<?x8xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

module attributes {nn.model = {family = "test"}} {
  // expected-error@+1 {{expects (tokens, positions), each tensor<?xi32>, -> f32 rows, but got}}
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<4xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}
