// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 chunk=64})' -split-input-file -verify-diagnostics

// Operations that the interpreter runs and no target compiles yet are refused by name, and nothing else is said.
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
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %w = nn.get_weight @w : !nn.weight<32x4, f32>
    // expected-error@+1 {{'nn.causal_conv' is not compiled in this version; the interpreter runs it ('tombolo verify --engine interpreter')}}
    %y = nn.causal_conv %x, %positions, %w state = @conv : tensor<?x32xf32>, tensor<?xi32>, !nn.weight<32x4, f32> -> tensor<?x32xf32>
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
  nn.recurrent_state @s[1] : tensor<2x16x16xf32>
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x32xf32> -> tensor<?x2x16xf32>
    %d = nn.slice %x[:, :2] : tensor<?x32xf32> -> tensor<?x2xf32>
    // expected-error@+1 {{'nn.gated_delta' is not compiled in this version; the interpreter runs it ('tombolo verify --engine interpreter')}}
    %y = nn.gated_delta %h, %positions, %h, %h, %d, %d state = @s[%layer] : tensor<?x2x16xf32>, tensor<?xi32>, tensor<?x2x16xf32>, tensor<?x2x16xf32>, tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x2x16xf32>
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
