// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 activations=f32 chunk=64})' -split-input-file -verify-diagnostics

// Keys lie otherwise than values: nobody reads rows as both.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @k : !nn.rows<1x32xf32> storage = f32
  nn.state @v : !nn.rows<1x32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<1x32xf32>, !nn.rows<1x32xf32>) {
    %q = nn.rearrange %x, "t (h c) -> t h c" {h = 1 : i64} : tensor<?x32xf32> -> tensor<?x1x32xf32>
    // expected-error@+1 {{expects a history to be either keys or values, or both at once for all heads}}
    %k = nn.history %q, %positions state = @k : tensor<?x1x32xf32>, tensor<?xi32> -> !nn.rows<1x32xf32>
    %v = nn.history %q, %positions state = @v : tensor<?x1x32xf32>, tensor<?xi32> -> !nn.rows<1x32xf32>
    %o = nn.attention %q, %positions keys(%k) values(%v) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<1x32xf32>, !nn.rows<1x32xf32> -> tensor<?x1x32xf32>
    %y = nn.rearrange %o, "t h c -> t (h c)" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    return %y, %k, %v : tensor<?x32xf32>, !nn.rows<1x32xf32>, !nn.rows<1x32xf32>
  }
  func.func private @layer1(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>, %k: !nn.rows<1x32xf32>, %v: !nn.rows<1x32xf32>) -> tensor<?x32xf32> {
    %q = nn.rearrange %x, "t (h c) -> t h c" {h = 1 : i64} : tensor<?x32xf32> -> tensor<?x1x32xf32>
    %o = nn.attention %q, %positions keys(%v) values(%k) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<1x32xf32>, !nn.rows<1x32xf32> -> tensor<?x1x32xf32>
    %y = nn.rearrange %o, "t h c -> t (h c)" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c0 = arith.constant 0 : index
    %x1:3 = call @layer0(%c0, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<1x32xf32>, !nn.rows<1x32xf32>)
    %x2 = call @layer1(%c0, %positions, %x1#0, %x1#1, %x1#2) : (index, tensor<?xi32>, tensor<?x32xf32>, !nn.rows<1x32xf32>, !nn.rows<1x32xf32>) -> tensor<?x32xf32>
    return %x2 : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// One kernel reads one storage, whichever layer calls it.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @a : !nn.rows<32xf32> storage = f32
  nn.state @b : !nn.rows<32xf32> storage = f16
  func.func private @layer0(%positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>) {
    %k = nn.history %x, %positions state = @a : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %y = nn.neg %x : tensor<?x32xf32>
    return %y, %k : tensor<?x32xf32>, !nn.rows<32xf32>
  }
  func.func private @layer1(%positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>) {
    %k = nn.history %x, %positions state = @b : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %y = nn.neg %x : tensor<?x32xf32>
    return %y, %k : tensor<?x32xf32>, !nn.rows<32xf32>
  }
  func.func private @layer2(%positions: tensor<?xi32>, %x: tensor<?x32xf32>, %k: !nn.rows<32xf32>) -> tensor<?x32xf32> {
    %q = nn.rearrange %x, "t (h c) -> t h c" {h = 1 : i64} : tensor<?x32xf32> -> tensor<?x1x32xf32>
    // expected-error@+1 {{expects rows of one storage}}
    %o = nn.attention %q, %positions keys(%k) values(%k) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<32xf32> -> tensor<?x1x32xf32>
    %y = nn.rearrange %o, "t h c -> t (h c)" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %a:2 = call @layer0(%positions, %x) : (tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>)
    %b:2 = call @layer1(%positions, %a#0) : (tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32>)
    %y = call @layer2(%positions, %b#0, %a#1) : (tensor<?xi32>, tensor<?x32xf32>, !nn.rows<32xf32>) -> tensor<?x32xf32>
    %z = call @layer2(%positions, %y, %b#1) : (tensor<?xi32>, tensor<?x32xf32>, !nn.rows<32xf32>) -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// What is handed on are all rows of a history, not those that ids name.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @a : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32, picks = 3>) {
    %k = nn.history %x, %positions state = @a : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %q = nn.repeat %x axis = 1 times = 2 : tensor<?x32xf32> -> tensor<?x2x32xf32>
    %a = nn.slice %x[:, :2] : tensor<?x32xf32> -> tensor<?x2xf32>
    %scores = nn.index_scores %q, %positions, %k, %a : tensor<?x2x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
    %ids = nn.top_k %scores k = 3 : tensor<?x?xf32> -> tensor<?x3xi32>
    %some = nn.pick %k, %ids : !nn.rows<32xf32>, tensor<?x3xi32> -> !nn.rows<32xf32, picks = 3>
    // expected-error@+1 {{expects rows of f32 with a dynamic number of tokens to plan it, but result 1 is '!nn.rows<32xf32, picks = 3>'}}
    return %x, %some : tensor<?x32xf32>, !nn.rows<32xf32, picks = 3>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %a:2 = call @layer0(%positions, %x) : (tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, !nn.rows<32xf32, picks = 3>)
    return %a#0 : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
