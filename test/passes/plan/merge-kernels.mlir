// RUN: tombolo-opt %s -plan-merge-kernels | FileCheck %s

// CHECK-LABEL: func.func @first(
// CHECK-NOT:   func.func @same(
// CHECK-LABEL: func.func @other_constant(
func.func @first(%begin: index, %end: index, %x: memref<?xf32>) attributes {plan.kernel} {
  %c1 = arith.constant 1.0 : f32
  memref.store %c1, %x[%begin] : memref<?xf32>
  return
}
func.func @same(%begin: index, %end: index, %y: memref<?xf32>) attributes {plan.kernel} {
  %c1 = arith.constant 1.0 : f32
  memref.store %c1, %y[%begin] : memref<?xf32>
  return
}
func.func @other_constant(%begin: index, %end: index, %x: memref<?xf32>) attributes {plan.kernel} {
  %c2 = arith.constant 2.0 : f32
  memref.store %c2, %x[%begin] : memref<?xf32>
  return
}
// CHECK-LABEL: plan.program @decode
// CHECK:         plan.dispatch @first grid
// CHECK:         plan.dispatch @first grid
// CHECK:         plan.dispatch @other_constant grid
plan.program @decode max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  plan.dispatch @first grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "a" : memref<?xf32>
  plan.dispatch @same grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "b" : memref<?xf32>
  plan.dispatch @other_constant grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "c" : memref<?xf32>
}
