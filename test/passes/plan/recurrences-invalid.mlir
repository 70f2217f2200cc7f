// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64' -split-input-file -verify-diagnostics

// A state by two calls of one layer.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<32x4, f32> {
    %0 = nn.stored "w" : !nn.weight<32x4, f32>
    nn.yield %0 : !nn.weight<32x4, f32>
  }
  nn.recurrent_state @conv[2] : tensor<3x32xf32>
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.get_weight @w : !nn.weight<32x4, f32>
    // expected-error@+2 {{expects one 'nn.causal_conv' of a state in a step, but '@conv' [0] has two}}
    // expected-note@+1 {{the first is here}}
    %y = nn.causal_conv %x, %positions, %w state = @conv[%layer] : tensor<?x32xf32>, tensor<?xi32>, !nn.weight<32x4, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    %z = call @layer0(%c, %positions, %y) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// An instance that is not there.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<32x4, f32> {
    %0 = nn.stored "w" : !nn.weight<32x4, f32>
    nn.yield %0 : !nn.weight<32x4, f32>
  }
  nn.recurrent_state @conv[2] : tensor<3x32xf32>
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.get_weight @w : !nn.weight<32x4, f32>
    // expected-error@+1 {{expects an index below 2, the size of '@conv', but '@layer0' is called with 2}}
    %y = nn.causal_conv %x, %positions, %w state = @conv[%layer] : tensor<?x32xf32>, tensor<?xi32>, !nn.weight<32x4, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %two = arith.constant 2 : index
    %y = call @layer0(%two, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Positions that are not those of the step.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<32x4, f32> {
    %0 = nn.stored "w" : !nn.weight<32x4, f32>
    nn.yield %0 : !nn.weight<32x4, f32>
  }
  nn.recurrent_state @conv : tensor<3x32xf32>
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.get_weight @w : !nn.weight<32x4, f32>
    // expected-error@+1 {{expects the positions of the step, the second argument of '@hidden'}}
    %y = nn.causal_conv %x, %positions, %w state = @conv : tensor<?x32xf32>, tensor<?xi32>, !nn.weight<32x4, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %tokens, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
