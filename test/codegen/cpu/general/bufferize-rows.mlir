// RUN: tombolo-opt %s -split-input-file -pass-pipeline='builtin.module(func.func(cpu-bufferize-rows,canonicalize))' | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#id3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Made where it is stored, although the place is named after it.
// CHECK-LABEL: func.func @in_its_destination
// CHECK-NOT:     cpu.stack_bytes
// CHECK-NOT:     alloca
// CHECK:         %[[VIEW:.*]] = memref.subview %arg1
// CHECK:         linalg.generic {{.*}} outs(%[[VIEW]] :
// CHECK-NOT:     memref.copy
func.func @in_its_destination(%x: memref<1x64xf32>, %y: memref<?x64xf32>, %r: index) {
  %t = bufferization.to_tensor %x restrict : memref<1x64xf32> to tensor<1x64xf32>
  %e = tensor.empty() : tensor<1x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<1x64xf32>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<1x64xf32>
  %v = memref.subview %y[%r, 0] [1, 64] [1, 1] : memref<?x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
  bufferization.materialize_in_destination %0 in restrict writable %v : (tensor<1x64xf32>, memref<1x64xf32, strided<[64, 1], offset: ?>>) -> ()
  return
}

// -----

#id3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// CHECK-LABEL: func.func @in_its_destination_of_another_shape
// CHECK-NOT:     alloca
// CHECK:         %[[VIEW:.*]] = memref.expand_shape %arg1
// CHECK:         linalg.generic {{.*}} outs(%[[VIEW]] :
// CHECK-NOT:     memref.copy
func.func @in_its_destination_of_another_shape(%x: memref<1x4x16xf32>, %y: memref<1x64xf32>) {
  %t = bufferization.to_tensor %x restrict : memref<1x4x16xf32> to tensor<1x4x16xf32>
  %e = tensor.empty() : tensor<1x4x16xf32>
  %0 = linalg.generic {indexing_maps = [#id3, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%t : tensor<1x4x16xf32>) outs(%e : tensor<1x4x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<1x4x16xf32>
  %flat = tensor.collapse_shape %0 [[0], [1, 2]] : tensor<1x4x16xf32> into tensor<1x64xf32>
  bufferization.materialize_in_destination %flat in restrict writable %y : (tensor<1x64xf32>, memref<1x64xf32>) -> ()
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @temporaries_stand_at_the_entry
// CHECK-SAME:    cpu.stack_bytes = 256
// CHECK:         memref.alloca() {alignment = 64 : i64} : memref<1x64xf32>
// CHECK:         scf.for
func.func @temporaries_stand_at_the_entry(%n: index, %x: memref<1x64xf32>, %y: memref<1x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %t = bufferization.to_tensor %x restrict : memref<1x64xf32> to tensor<1x64xf32>
    %e = tensor.empty() : tensor<1x64xf32>
    %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%t : tensor<1x64xf32>) outs(%e : tensor<1x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      %a = math.exp %in : f32
      linalg.yield %a : f32
    } -> tensor<1x64xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 63 - d1)>, #id], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<1x64xf32>) outs(%e : tensor<1x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x64xf32>
    bufferization.materialize_in_destination %1 in restrict writable %y : (tensor<1x64xf32>, memref<1x64xf32>) -> ()
  }
  return
}
