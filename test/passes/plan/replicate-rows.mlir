// RUN: tombolo-opt %s -plan-replicate-rows | FileCheck %s
// RUN: tombolo-opt %s -plan-replicate-rows -plan-assign-memory | FileCheck %s --check-prefix=PLACED

// PLACED: plan.thread_bytes = 128 : i64
func.func @copy(%begin: index, %end: index, %x: memref<?xf32>, %y: memref<?xf32>) attributes {plan.kernel} {
  return
}
func.func @append(%begin: index, %end: index, %x: memref<?xf32>, %pool: memref<?xi8>) attributes {plan.kernel} {
  return
}
plan.state_group @pages window -1 slot 64 per_token 4 members [] counts [] offsets []

// Each thread makes %h for itself; the product behind it waits for nobody.
// CHECK-LABEL: plan.program @norm_and_product
plan.program @norm_and_product max_tokens 1 {
  // CHECK: %[[X:.*]] = plan.buffer role "logits_in"
  %x = plan.buffer role "logits_in" rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: %[[H:.*]] = plan.buffer per_thread rows 1
  // PLACED: plan.buffer per_thread rows 1 row_bytes 64 offset 0
  %h = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: plan.buffer rows 1
  // PLACED: plan.buffer rows 1 row_bytes 64 offset 1088
  %y = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: plan.dispatch @copy {{.*}}(%[[X]], %[[H]]) {{.*}} each_thread barrier false "norm"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "norm" : memref<?xf32>, memref<?xf32>
  // CHECK: plan.dispatch @copy {{.*}} sizes [] barrier true "product"
  plan.dispatch @copy grid <one * 4 + 0 ceildiv 1> (%h, %y) writes [1] sizes [] barrier true "product" : memref<?xf32>, memref<?xf32>
}

// One after the other, in memory that both have in turn; alive in one group, they don't share it.
// CHECK-LABEL: plan.program @two_in_a_row
plan.program @two_in_a_row max_tokens 1 {
  %x = plan.buffer role "logits_in" rows 1 row_bytes 64 : memref<?xf32>
  // PLACED-LABEL: plan.program @two_in_a_row
  // PLACED: plan.buffer per_thread rows 1 row_bytes 64 offset 0
  %h = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // PLACED: plan.buffer per_thread rows 1 row_bytes 64 offset 64
  %i = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  %y = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: each_thread barrier false "first"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "first" : memref<?xf32>, memref<?xf32>
  // CHECK: each_thread barrier false "second"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%h, %i) writes [1] sizes [] barrier true "second" : memref<?xf32>, memref<?xf32>
  plan.dispatch @copy grid <one * 4 + 0 ceildiv 1> (%i, %y) writes [1] sizes [] barrier true "product" : memref<?xf32>, memref<?xf32>
}

// What is read is written next: a slow thread must have read it.
// CHECK-LABEL: plan.program @written_next
plan.program @written_next max_tokens 1 {
  %x = plan.buffer role "logits_in" rows 1 row_bytes 64 : memref<?xf32>
  %h = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: each_thread barrier true "norm"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "norm" : memref<?xf32>, memref<?xf32>
  plan.dispatch @copy grid <one * 4 + 0 ceildiv 1> (%h, %x) writes [1] sizes [] barrier true "product" : memref<?xf32>, memref<?xf32>
}

// CHECK-LABEL: plan.program @has_a_role
plan.program @has_a_role max_tokens 1 {
  %x = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  %h = plan.buffer role "hidden" rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: sizes [] barrier true "norm"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "norm" : memref<?xf32>, memref<?xf32>
}

// CHECK-LABEL: plan.program @is_tapped
plan.program @is_tapped max_tokens 1 {
  %x = plan.buffer rows 1 row_bytes 64 : memref<?x16xf32, strided<[16, 1]>>
  %h = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: sizes [] barrier true "norm"
  plan.dispatch @copy_rows grid <tokens * 1 + 0 ceildiv 1> (%h, %x) writes [1] sizes [] barrier true "norm" : memref<?xf32>, memref<?x16xf32, strided<[16, 1]>>
  plan.tap %x hidden 1 : memref<?x16xf32, strided<[16, 1]>>
}
func.func @copy_rows(%begin: index, %end: index, %x: memref<?xf32>, %y: memref<?x16xf32, strided<[16, 1]>>) attributes {plan.kernel} {
  return
}

// CHECK-LABEL: plan.program @has_two_writers
plan.program @has_two_writers max_tokens 1 {
  %x = plan.buffer role "logits_in" rows 1 row_bytes 64 : memref<?xf32>
  %h = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: sizes [] barrier true "norm"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "norm" : memref<?xf32>, memref<?xf32>
  plan.dispatch @copy grid <one * 4 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "product" : memref<?xf32>, memref<?xf32>
}

// CHECK-LABEL: plan.program @writes_states
plan.program @writes_states max_tokens 1 {
  %x = plan.buffer role "logits_in" rows 1 row_bytes 64 : memref<?xf32>
  %p = plan.input "pool" @pages : memref<?xi8>
  // CHECK: sizes [] barrier true "append"
  plan.dispatch @append grid <tokens * 1 + 0 ceildiv 1> (%x, %p) writes [1] sizes [] barrier true "append" : memref<?xf32>, memref<?xi8>
}

// CHECK-LABEL: plan.program @has_several_programs
plan.program @has_several_programs max_tokens 1 {
  %x = plan.buffer role "logits_in" rows 1 row_bytes 64 : memref<?xf32>
  %h = plan.buffer rows 1 row_bytes 64 : memref<?xf32>
  // CHECK: sizes [] barrier true "parts"
  plan.dispatch @copy grid <tokens * 8 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "parts" : memref<?xf32>, memref<?xf32>
}

// CHECK-LABEL: plan.program @has_many_tokens
plan.program @has_many_tokens max_tokens 16 {
  %x = plan.buffer role "logits_in" rows 16 row_bytes 64 : memref<?xf32>
  %h = plan.buffer rows 16 row_bytes 64 : memref<?xf32>
  // CHECK: sizes [] barrier true "norm"
  plan.dispatch @copy grid <tokens * 1 + 0 ceildiv 1> (%x, %h) writes [1] sizes [] barrier true "norm" : memref<?xf32>, memref<?xf32>
}
