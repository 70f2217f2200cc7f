// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v3 chunk=64' | FileCheck %s

// All states of one size lie in one memory, each from a multiple of 64 bytes on: those of recurrences, and open windows.

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // CHECK: plan.fixed_state @fixed bytes 1408 members [@conv, @s, @open] counts [1, 2, 1] offsets [0, 448, 704, 960]
  // CHECK-NEXT: nn.recurrent_state @conv
  // CHECK: plan.state_group @pages window -1 slot 16384 per_token 128 members [@k] counts [1] offsets [0]
  nn.recurrent_state @conv : tensor<3x33xf32>
  nn.state @k : !nn.rows<32xf32> storage = f32
  nn.recurrent_state @s[2] : tensor<2x5x6xf32>
  nn.window_state @open : !nn.rows<16xf32> size = 4 before = 4
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
