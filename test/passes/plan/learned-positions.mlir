// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 chunk=64})' | FileCheck %s

// A table of learned positions is an embedding whose ids are the positions of the step.
// CHECK-LABEL: plan.program @prefill
// CHECK: %[[P:.*]] = plan.input "positions"
// CHECK: %[[T:.*]] = plan.weight @positional.r16[0]
// CHECK: plan.dispatch @embedding_0 {{.*}}(%[[P]], %[[T]], %{{.*}})
module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 32 : i64, layers = 0 : i64}} {
  nn.weight @embed : !nn.weight<48x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<48x32, f32>
    nn.yield %0 : !nn.weight<48x32, f32>
  }
  nn.weight @positional : !nn.weight<64x32, f32> {
    %0 = nn.stored "positional" : !nn.weight<64x32, f32>
    nn.yield %0 : !nn.weight<64x32, f32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<48x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<48x32, f32> -> tensor<?x32xf32>
    %t = nn.get_weight @positional : !nn.weight<64x32, f32>
    %p = nn.embedding %positions, %t : tensor<?xi32>, !nn.weight<64x32, f32> -> tensor<?x32xf32>
    %y = nn.add %x, %p : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x48xf32> {
    %e = nn.get_weight @embed : !nn.weight<48x32, f32>
    %l = nn.linear %x, %e : tensor<?x32xf32>, !nn.weight<48x32, f32> -> tensor<?x48xf32>
    return %l : tensor<?x48xf32>
  }
}
