// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 chunk=64})' -split-input-file -verify-diagnostics

// Each token has two rows of its own: the grid goes over tokens.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<16x16, f32> {
    %0 = nn.stored "w" : !nn.weight<16x16, f32>
    nn.yield %0 : !nn.weight<16x16, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    %w = nn.get_weight @w : !nn.weight<16x16, f32>
    // expected-error@+1 {{expects one row per token, [T, 16], but got 'tensor<?x2x16xf32>'}}
    %y = nn.linear %h, %w : tensor<?x2x16xf32>, !nn.weight<16x16, f32> -> tensor<?x2x16xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x16xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<32x32, bf16> {
    %0 = nn.stored "w" : !nn.weight<32x32, bf16>
    nn.yield %0 : !nn.weight<32x32, bf16>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %c = nn.get_weight @w : !nn.weight<32x32, bf16>
    // expected-error@+1 {{expects what is done to weights to stand in the region of an nn.weight}}
    %d = nn.decode %c : !nn.weight<32x32, bf16> -> !nn.weight<32x32, f32>
    %y = nn.linear %x, %d : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<32, bf16> {
    %0 = nn.stored "w" : !nn.weight<32, bf16>
    nn.yield %0 : !nn.weight<32, bf16>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.get_weight @w : !nn.weight<32, bf16>
    // expected-error@+1 {{expects rows of f32 with a dynamic number of tokens to plan it, but its result is 'tensor<32xf32>'}}
    %y = nn.cast %w to f32 : !nn.weight<32, bf16> -> tensor<32xf32>
    %z = nn.mul %x, %y : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// A product of two activations.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects constants to be f32 or index to plan them, but got 'tensor<32x32xf32>'}}
    %w = arith.constant dense<1.0> : tensor<32x32xf32>
    %y = nn.linear %x, %w : tensor<?x32xf32>, tensor<32x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Nobody would write the buffer of the constant.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w : !nn.weight<32x32, f32> {
    %0 = nn.stored "w" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.get_weight @w : !nn.weight<32x32, f32>
    %y = nn.linear %x, %w : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    // expected-error@+1 {{expects constants to be f32 or index to plan them, but got 'tensor<32xf32>'}}
    %c = arith.constant dense<2.0> : tensor<32xf32>
    %z = nn.mul %y, %c : tensor<?x32xf32>, tensor<32xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects f32 activations to plan it, but its result is 'tensor<?x32xbf16>'}}
    %b = nn.cast %x to bf16 : tensor<?x32xf32> -> tensor<?x32xbf16>
    %y = nn.cast %b to f32 : tensor<?x32xbf16> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects rows of at most 2147483647 numbers to plan it, but its result is 'tensor<?x1073741824x32xf32>'}}
    %r = nn.repeat %x axis = 1 times = 1073741824 : tensor<?x32xf32> -> tensor<?x1073741824x32xf32>
    %s = nn.slice %r[:, 0, :] : tensor<?x1073741824x32xf32> -> tensor<?x32xf32>
    return %s : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @inner(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects calls in '@hidden' only, of functions that call nothing}}
    %y = call @inner(%x) : (tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // expected-error@+1 {{expects a body of one block to plan it, but 'layer0' has 0}}
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32>
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @k[2] : !nn.rows<2x16xf32> storage = f32
  nn.state @v[2] : !nn.rows<2x16xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    // expected-error@+1 {{expects an index below 2, the size of '@k', but '@layer0' is called with 5}}
    %ks = nn.history %h, %positions state = @k[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %vs = nn.history %h, %positions state = @v[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %y = nn.attention %h, %positions keys(%ks) values(%vs) scale = 0.25 : tensor<?x2x16xf32>, tensor<?xi32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32> -> tensor<?x2x16xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x16xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 5 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @w[2] : !nn.weight<32, f32> indices = [0, 1] {
    %0 = nn.stored "w" : !nn.weight<32, f32>
    nn.yield %0 : !nn.weight<32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects an index below 2, the size of '@w', but '@layer0' is called with -1}}
    %w = nn.get_weight @w[%layer] : !nn.weight<32, f32>
    %y = nn.mul %x, %w : tensor<?x32xf32>, !nn.weight<32, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant -1 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// The same instance by two calls of one layer.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @k[2] : !nn.rows<2x16xf32> storage = f32
  nn.state @v[2] : !nn.rows<2x16xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    // expected-error@+2 {{expects one 'nn.history' of a state in a step, but '@k' [0] has two}}
    // expected-note@+1 {{the first is here}}
    %ks = nn.history %h, %positions state = @k[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %vs = nn.history %h, %positions state = @v[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %y = nn.attention %h, %positions keys(%ks) values(%vs) scale = 0.25 : tensor<?x2x16xf32>, tensor<?xi32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32> -> tensor<?x2x16xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x16xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
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

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.rope_table @rope freqs = [1.0, 0.1] scale = 1.0
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects the positions of the step, the second argument of '@hidden'}}
    %y = nn.rope %x, %positions table = @rope pairs = half : tensor<?x32xf32>, tensor<?xi32>
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

// -----

// A history that nothing reads has no layout.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @k[2] : !nn.rows<2x16xf32> storage = f32
  nn.state @v[2] : !nn.rows<2x16xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    // expected-error@+1 {{expects a history to be either keys or values}}
    %ks = nn.history %h, %positions state = @k[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @k[2] : !nn.rows<2x16xf32> storage = f32
  nn.state @v[2] : !nn.rows<2x16xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    %ks = nn.history %h, %positions state = @k[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %vs = nn.history %h, %positions state = @v[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    // expected-error@+1 {{expects one set of all keys, a row for each token, or sets of rows of one head that are key and value; others are not in this version}}
    %y = nn.attention %h, %positions keys(%ks, %ks) values(%vs, %vs) scale = 0.25 : tensor<?x2x16xf32>, tensor<?xi32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32> -> tensor<?x2x16xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x16xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @k[2] : !nn.rows<2x16xf32> storage = f32
  nn.state @v[2] : !nn.rows<2x16xf32> storage = f16
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    %ks = nn.history %h, %positions state = @k[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %vs = nn.history %h, %positions state = @v[%layer] : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    // expected-error@+1 {{expects keys and values of one window and storage}}
    %y = nn.attention %h, %positions keys(%ks) values(%vs) scale = 0.25 : tensor<?x2x16xf32>, tensor<?xi32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32> -> tensor<?x2x16xf32>
    %z = nn.rearrange %y, "t n c -> t (n c)" : tensor<?x2x16xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  // expected-error@+1 {{expects to return what a kernel makes, but returns its argument}}
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  // expected-error@+1 {{expects rows of f32 and one result, but got '(tensor<?x32xf32>) -> ()'}}
  func.func @logits(%x: tensor<?x32xf32>) {
    return
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  // expected-error@+1 {{expects tokens and positions (tensor<?xi32>), one result and a body of one block, but got}}
  func.func @hidden(%tokens: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    // expected-error@+1 {{expects calls of layers, but got '@nn.logits'}}
    %y = call @logits(%x) : (tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // expected-error@+1 {{expects a family of at most 65536 states, but got 65537}}
  nn.state @k[65537] : !nn.rows<2x16xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // expected-error@+1 {{expects states whose pages fit 1099511627776 bytes, but those of 9223372036854775804 bytes a token do not}}
  nn.state @k : !nn.rows<2305843009213693951xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// expected-error@+1 {{expects a function '@hidden'}}
module {
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%x: tensor<?x32xf32>, %c: f32) -> tensor<?x32xf32> {
    %y = nn.mul %x, %c : tensor<?x32xf32>, f32 -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects rows of f32 with a dynamic number of tokens to plan it, but result 1 is 'f32'}}
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 2.0 : f32
    %y = call @layer0(%x, %c) : (tensor<?x32xf32>, f32) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %x: tensor<?x32xf32>) -> tensor<?x2x32xf32> {
    %ids = nn.top_k %x k = 2 : tensor<?x32xf32> -> tensor<?x2xi32>
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    // expected-error@+1 {{expects one id per token, but got 'tensor<?x2xi32>': tables of several ids are not in this version}}
    %y = nn.embedding %ids, %e : tensor<?x2xi32>, !nn.weight<32x32, f32> -> tensor<?x2x32xf32>
    return %y : tensor<?x2x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x2x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %x) : (index, tensor<?x32xf32>) -> tensor<?x2x32xf32>
    return %y : tensor<?x2x32xf32>
  }
  func.func @logits(%x: tensor<?x2x32xf32>) -> tensor<?x2x32xf32> {
    %y = nn.neg %x : tensor<?x2x32xf32>
    return %y : tensor<?x2x32xf32>
  }
}

// -----

// Row kernels read a part of a weight where it lies; a packed matrix has none.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.get_weight @embed : !nn.weight<32x32, f32>
    %p = nn.slice %w[:16, :] : !nn.weight<32x32, f32> -> !nn.weight<16x32, f32>
    // expected-error@+1 {{expects a part of a weight that 'nn.linear' reads to be taken in the region of an nn.weight}}
    %q = nn.slice %p[:8, :] : !nn.weight<16x32, f32> -> !nn.weight<8x32, f32>
    %y = nn.linear %x, %q : tensor<?x32xf32>, !nn.weight<8x32, f32> -> tensor<?x8xf32>
    %z = nn.concat %y, %y, %y, %y axis = 1 : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
