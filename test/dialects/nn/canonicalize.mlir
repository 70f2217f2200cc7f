// RUN: tombolo-opt %s -canonicalize -cse -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @slice_of_everything
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @slice_of_everything(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.slice %x[:, 0:8] : tensor<?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @slice_of_slice
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4x16xf32>)
func.func @slice_of_slice(%x: tensor<?x4x16xf32>) -> tensor<?x2xf32> {
  // CHECK-NEXT: %[[S:.*]] = nn.slice %[[X]][:, 3, 5:14:6] : tensor<?x4x16xf32> -> tensor<?x2xf32>
  // CHECK-NEXT: return %[[S]]
  %0 = nn.slice %x[:, 3, 1:15:2] : tensor<?x4x16xf32> -> tensor<?x7xf32>
  %1 = nn.slice %0[:, 2::3] : tensor<?x7xf32> -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @slice_index_of_slice
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4x16xf32>)
func.func @slice_index_of_slice(%x: tensor<?x4x16xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: nn.slice %[[X]][:, :4, 7] : tensor<?x4x16xf32> -> tensor<?x4xf32>
  %0 = nn.slice %x[:, 0:4, 3::2] : tensor<?x4x16xf32> -> tensor<?x4x7xf32>
  %1 = nn.slice %0[:, :, 2] : tensor<?x4x7xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @rearrange_identity
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @rearrange_identity(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.rearrange %x, "t (a b) -> t (a b)" {a = 2 : i64} : tensor<?x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// A transposition of equal sizes has equal types, but it moves.
// CHECK-LABEL: func.func @rearrange_transposes
func.func @rearrange_transposes(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // CHECK-NEXT: nn.rearrange
  %0 = nn.rearrange %x, "a b -> b a" : tensor<8x8xf32> -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// CHECK-LABEL: func.func @rearrange_there_and_back
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @rearrange_there_and_back(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.rearrange %x, "... (n c) -> ... n c" {n = 2 : i64} : tensor<?x8xf32> -> tensor<?x2x4xf32>
  %1 = nn.rearrange %0, "... n c -> ... (n c)" : tensor<?x2x4xf32> -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @rearrange_of_rearrange
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @rearrange_of_rearrange(%x: tensor<?x8xf32>) -> tensor<?x4x2xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.rearrange %[[X]], "a0 (a1 a2) -> a0 a2 a1" {a1 = 2 : i64, a2 = 4 : i64} : tensor<?x8xf32> -> tensor<?x4x2xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x8xf32> -> tensor<?x2x4xf32>
  %1 = nn.rearrange %0, "t n c -> t c n" : tensor<?x2x4xf32> -> tensor<?x4x2xf32>
  return %1 : tensor<?x4x2xf32>
}

// 6 as 3 * 2 and then as 3 * 2 the other way needs the shape in between.
// CHECK-LABEL: func.func @rearrange_needs_both
func.func @rearrange_needs_both(%x: tensor<6xf32>) -> tensor<6xf32> {
  // CHECK-COUNT-2: nn.rearrange
  %0 = nn.rearrange %x, "(a b) -> (b a)" {a = 3 : i64} : tensor<6xf32> -> tensor<6xf32>
  %1 = nn.rearrange %0, "(a b) -> (b a)" {a = 3 : i64} : tensor<6xf32> -> tensor<6xf32>
  return %1 : tensor<6xf32>
}

// CHECK-LABEL: func.func @neutral_numbers
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @neutral_numbers(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %ones = arith.constant dense<1.0> : tensor<8xf32>
  %0 = nn.add %x, %zero : tensor<?x8xf32>, f32 -> tensor<?x8xf32>
  %1 = nn.sub %0, %zero : tensor<?x8xf32>, f32 -> tensor<?x8xf32>
  %2 = nn.mul %1, %one : tensor<?x8xf32>, f32 -> tensor<?x8xf32>
  %3 = nn.div %2, %ones : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %4 = nn.mul %one, %3 : f32, tensor<?x8xf32> -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// One is neutral, but the sum is a larger tensor.
// CHECK-LABEL: func.func @mul_one_that_broadcasts
func.func @mul_one_that_broadcasts(%x: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: nn.mul
  %ones = arith.constant dense<1.0> : tensor<4x8xf32>
  %0 = nn.mul %x, %ones : tensor<8xf32>, tensor<4x8xf32> -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @zero_minus_is_not_neutral
func.func @zero_minus_is_not_neutral(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: nn.sub
  %zero = arith.constant 0.0 : f32
  %0 = nn.sub %zero, %x : f32, tensor<8xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @elementwise_twice
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @elementwise_twice(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.relu %[[X]]
  // CHECK-NEXT: return %[[R]]
  %0 = nn.neg %x : tensor<?x8xf32>
  %1 = nn.neg %0 : tensor<?x8xf32>
  %2 = nn.relu %1 : tensor<?x8xf32>
  %3 = nn.relu %2 : tensor<?x8xf32>
  %4 = nn.max %3, %3 : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %5 = nn.min %4, %4 : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  %6 = nn.clamp %5 low = 0xFF800000 high = 0x7F800000 : tensor<?x8xf32>
  %7 = nn.cast %6 to f32 : tensor<?x8xf32> -> tensor<?x8xf32>
  %8 = nn.concat %7 axis = 1 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %8 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @axes_from_the_front
func.func @axes_from_the_front(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x1xf32>, tensor<?x8x2xf32>, tensor<?x16xf32>) {
  // CHECK-NEXT: nn.softmax %{{.*}} axis = 1
  // CHECK-NEXT: nn.sum %{{.*}} axis = 1
  // CHECK-NEXT: nn.repeat %{{.*}} axis = 2 times = 2
  // CHECK-NEXT: nn.concat %{{.*}}, %{{.*}} axis = 1
  // CHECK-NEXT: return
  %0 = nn.softmax %x : tensor<?x8xf32> -> tensor<?x8xf32>
  %1 = nn.sum %x axis = -1 : tensor<?x8xf32> -> tensor<?x1xf32>
  %2 = nn.repeat %x axis = -1 times = 2 : tensor<?x8xf32> -> tensor<?x8x2xf32>
  %3 = nn.concat %x, %x : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x16xf32>
  return %0, %1, %2, %3 : tensor<?x8xf32>, tensor<?x1xf32>, tensor<?x8x2xf32>, tensor<?x16xf32>
}

// -----

// Weights that are read twice are read once; states are written as often as the text says.
nn.weight @w : !nn.weight<4, f32> {
  // CHECK: nn.weight @w : !nn.weight<4, f32> stored "w"
  %0 = nn.stored "w" : !nn.weight<4, f32>
  %1 = nn.decode %0 : !nn.weight<4, f32> -> !nn.weight<4, f32>
  nn.yield %1 : !nn.weight<4, f32>
}
nn.state @s : !nn.rows<4xf32> storage = f32
// CHECK-LABEL: func.func @effects
func.func @effects(%x: tensor<?x4xf32>, %p: tensor<?xi32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: nn.get_weight
  // CHECK-NEXT: nn.mul
  // CHECK-NEXT: nn.mul
  // CHECK-NEXT: nn.history
  // CHECK-NEXT: nn.history
  // CHECK-NEXT: return
  %0 = nn.get_weight @w : !nn.weight<4, f32>
  %1 = nn.get_weight @w : !nn.weight<4, f32>
  %2 = nn.mul %x, %0 : tensor<?x4xf32>, !nn.weight<4, f32> -> tensor<?x4xf32>
  %3 = nn.mul %2, %1 : tensor<?x4xf32>, !nn.weight<4, f32> -> tensor<?x4xf32>
  %4 = nn.history %3, %p state = @s : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  %5 = nn.history %3, %p state = @s : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32>
  return %3 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @keep_all_groups
// CHECK-SAME:    (%[[X:.*]]: tensor<?x8xf32>)
func.func @keep_all_groups(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = nn.keep_groups %x groups = 2 keep = 2 by = 1 : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @keep_some_groups
func.func @keep_some_groups(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: nn.keep_groups
  %0 = nn.keep_groups %x groups = 2 keep = 1 by = 1 : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
