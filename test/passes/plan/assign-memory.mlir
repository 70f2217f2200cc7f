// RUN: tombolo-opt %s -plan-assign-memory | FileCheck %s

// The role comes first, at one place in both programs. %a and %c are never
// alive together and share theirs; %b meets both.
// CHECK: plan.arena_bytes = 256 : i64
func.func @copy(%begin: index, %end: index, %x: memref<?xf32>, %y: memref<?xf32>) attributes {plan.kernel} {
  return
}
// CHECK-LABEL: plan.program @decode
plan.program @decode max_tokens 1 {
  // CHECK: plan.buffer role "hidden" rows 1 row_bytes 100 offset 0
  %h = plan.buffer role "hidden" rows 1 row_bytes 100 : memref<?xf32>
  // CHECK: plan.buffer rows 1 row_bytes 64 offset [[A:128]]
  %a = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: plan.buffer rows 1 row_bytes 64 offset 192
  %b = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: plan.buffer rows 1 row_bytes 64 offset [[A]]
  %c = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  plan.dispatch @copy grid <one * 1 + 0 ceildiv 1> (%a, %b) writes [1] sizes [] barrier true "1" : memref<?xf32>, memref<?xf32>
  plan.dispatch @copy grid <one * 1 + 0 ceildiv 1> (%b, %c) writes [1] sizes [] barrier true "2" : memref<?xf32>, memref<?xf32>
  plan.dispatch @copy grid <one * 1 + 0 ceildiv 1> (%c, %h) writes [1] sizes [] barrier true "3" : memref<?xf32>, memref<?xf32>
}
// Without a barrier between them both dispatches are one moment.
// CHECK-LABEL: plan.program @prefill
plan.program @prefill max_tokens 1 {
  // CHECK: plan.buffer role "hidden" rows 1 row_bytes 64 offset 0
  %h = plan.buffer role "hidden" rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: offset 128
  %a = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: offset 192
  %b = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  plan.dispatch @copy grid <one * 1 + 0 ceildiv 1> (%a, %h) writes [1] sizes [] barrier false "1" : memref<?xf32>, memref<?xf32>
  plan.dispatch @copy grid <one * 1 + 0 ceildiv 1> (%b, %h) writes [1] sizes [] barrier true "2" : memref<?xf32>, memref<?xf32>
}
