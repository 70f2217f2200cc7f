// RUN: tombolo-opt %s -pass-pipeline='builtin.module(func.func(cpu-fuse-rows))' | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#one = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @one_reader
// CHECK-COUNT-1: linalg.generic
// CHECK:           math.exp
// CHECK:           arith.mulf
// CHECK-NOT:     linalg.generic
func.func @one_reader(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<1x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x64xf32>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<1x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %y : tensor<1x64xf32>, tensor<1x64xf32>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %a = arith.mulf %in, %in1 : f32
    linalg.yield %a : f32
  } -> tensor<1x64xf32>
  return %1 : tensor<1x64xf32>
}

// The first of several readers gives the value to the others.
// CHECK-LABEL: func.func @several_readers
// CHECK:         %[[BOTH:.*]]:2 = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%arg0, %arg1 :
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[BOTH]]#0, %[[BOTH]]#1
func.func @several_readers(%x: tensor<1x64xf32>, %y: tensor<1x64xf32>, %zero: tensor<1xf32>) -> (tensor<1x64xf32>, tensor<1xf32>) {
  %e = tensor.empty() : tensor<1x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<1x64xf32>, tensor<1x64xf32>) outs(%e : tensor<1x64xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %a = arith.addf %in, %in1 : f32
    linalg.yield %a : f32
  } -> tensor<1x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<1x64xf32>) outs(%zero : tensor<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.mulf %in, %in : f32
    %b = arith.addf %a, %out : f32
    linalg.yield %b : f32
  } -> tensor<1xf32>
  return %0, %1 : tensor<1x64xf32>, tensor<1xf32>
}

// Each exponential would be taken 64 times.
// CHECK-LABEL: func.func @not_what_would_be_repeated
// CHECK-COUNT-2: linalg.generic
func.func @not_what_would_be_repeated(%x: tensor<64xf32>, %y: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %e = tensor.empty() : tensor<64xf32>
  %0 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<64xf32>
  %f = tensor.empty() : tensor<64x64xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1)>, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %y : tensor<64xf32>, tensor<64x64xf32>) outs(%f : tensor<64x64xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %a = arith.mulf %in, %in1 : f32
    linalg.yield %a : f32
  } -> tensor<64x64xf32>
  return %1 : tensor<64x64xf32>
}

// Each exponential would be taken a second time for its column's sum.
// CHECK-LABEL: func.func @not_into_one_of_two_places
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT:     linalg.generic
func.func @not_into_one_of_two_places(%x: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %e = tensor.empty() : tensor<2x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x64xf32>) outs(%e : tensor<2x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<2x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (0, d1)>, affine_map<(d0, d1) -> (1, d1)>, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %0, %0 : tensor<2x64xf32>, tensor<2x64xf32>, tensor<2x64xf32>) outs(%e : tensor<2x64xf32>) {
  ^bb0(%in: f32, %in1: f32, %in2: f32, %out: f32):
    %a = arith.addf %in1, %in2 : f32
    %b = arith.divf %in, %a : f32
    linalg.yield %b : f32
  } -> tensor<2x64xf32>
  return %1 : tensor<2x64xf32>
}

// The weights of four streams are read in four places, each outside of the vectors.
// CHECK-LABEL: func.func @into_all_places
// CHECK-COUNT-1: linalg.generic
// CHECK-COUNT-2:   math.exp
// CHECK-NOT:     linalg.generic
func.func @into_all_places(%p: tensor<1x2xf32>, %x: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %e = tensor.empty() : tensor<1x2xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<1x2xf32>) outs(%e : tensor<1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<1x2xf32>
  %f = tensor.empty() : tensor<1x64xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, 1)>, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %0, %x : tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x64xf32>) outs(%f : tensor<1x64xf32>) {
  ^bb0(%in: f32, %in1: f32, %in2: f32, %out: f32):
    %a = arith.mulf %in, %in2 : f32
    %b = arith.mulf %in1, %a : f32
    linalg.yield %b : f32
  } -> tensor<1x64xf32>
  return %1 : tensor<1x64xf32>
}

// 128 KiB that two read are made by both.
// CHECK-LABEL: func.func @large_ones_are_made_again
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
// CHECK:           math.exp
// CHECK:         %[[Y:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK:           math.exp
// CHECK-NOT:     linalg.generic
// CHECK:         return %{{.*}}, %[[Y]]
func.func @large_ones_are_made_again(%x: tensor<1x32768xf32>, %zero: tensor<1xf32>) -> (tensor<1xf32>, tensor<1x32768xf32>) {
  %e = tensor.empty() : tensor<1x32768xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x32768xf32>) outs(%e : tensor<1x32768xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<1x32768xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<1x32768xf32>) outs(%zero : tensor<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %b = arith.addf %in, %out : f32
    linalg.yield %b : f32
  } -> tensor<1xf32>
  %2 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %1 : tensor<1x32768xf32>, tensor<1xf32>) outs(%e : tensor<1x32768xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %b = arith.divf %in, %in1 : f32
    linalg.yield %b : f32
  } -> tensor<1x32768xf32>
  return %1, %2 : tensor<1xf32>, tensor<1x32768xf32>
}

// What leaves the kernel is kept anyway.
// CHECK-LABEL: func.func @large_ones_that_leave_are_made_once
// CHECK:         %[[BOTH:.*]]:2 = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[BOTH]]#1, %[[BOTH]]#0
func.func @large_ones_that_leave_are_made_once(%x: tensor<1x32768xf32>, %zero: tensor<1xf32>) -> (tensor<1xf32>, tensor<1x32768xf32>) {
  %e = tensor.empty() : tensor<1x32768xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x32768xf32>) outs(%e : tensor<1x32768xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  } -> tensor<1x32768xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<1x32768xf32>) outs(%zero : tensor<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %b = arith.addf %in, %out : f32
    linalg.yield %b : f32
  } -> tensor<1xf32>
  return %1, %0 : tensor<1xf32>, tensor<1x32768xf32>
}
