// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 chunk=64})' -split-input-file | FileCheck %s

// What is folded stores one number for each of the product's.

module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @gate : !nn.weight<1x32, f32> {
    %0 = nn.stored "gate" : !nn.weight<1x32, f32>
    nn.yield %0 : !nn.weight<1x32, f32>
  }
  // A gate of one number per token: the sigmoid is folded, and the product that
  // spreads it over a row is a kernel of rows.
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %w = nn.get_weight @gate : !nn.weight<1x32, f32>
    %g = nn.linear %x, %w : tensor<?x32xf32>, !nn.weight<1x32, f32> -> tensor<?x1xf32>
    %s = nn.sigmoid %g : tensor<?x1xf32>
    %y = nn.mul %s, %x : tensor<?x1xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  // A number is cloned into the epilogue.
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %y = nn.linear %x, %e : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 2.0 : f32
    %z = nn.mul %y, %c : tensor<?x32xf32>, f32 -> tensor<?x32xf32>
    return %z : tensor<?x32xf32>
  }
}
// CHECK-LABEL: plan.program @prefill
// CHECK:         plan.dispatch @linear
// CHECK-SAME:      "linear 1x32 f32"
// CHECK:         plan.dispatch @rows
// CHECK-SAME:      "mul"
// CHECK:       func.func @linear(
// CHECK:         plan.linear
// CHECK-NEXT:    ^bb0(%{{.*}}: f32):
// CHECK-NOT:       plan.linear
// CHECK:           arith.divf
// CHECK:           plan.yield
// CHECK:       func.func @rows(
// CHECK:         nn.mul %{{.*}}, %{{.*}} : tensor<1x1xf32>, tensor<1x32xf32> -> tensor<1x32xf32>
// CHECK:       plan.program @logits
// CHECK:       func.func @linear_{{.*}}(
// CHECK:         ^bb0(%[[ACC:.*]]: f32):
// CHECK:           %[[C:.*]] = arith.constant 2.0
// CHECK:           %[[R:.*]] = arith.mulf %[[ACC]], %[[C]]
// CHECK:           plan.yield %[[R]]

// -----

// A last call that hands on its argument: what it got is the result.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  func.func private @layer0(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %y = call @layer0(%x) : (tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
// CHECK-LABEL: plan.program @prefill
// CHECK:         %[[H:.*]] = plan.buffer role "hidden"
// CHECK:         plan.dispatch @embedding grid <tokens * 1 + 0 ceildiv 1>(%{{.*}}, %{{.*}}, %[[H]])
// CHECK:       plan.program @logits max_tokens
// CHECK:         plan.buffer role "logits_in"
// CHECK:         plan.buffer role "logits_out"
