// RUN: tombolo-opt %s -split-input-file -pass-pipeline='builtin.module(cpu-general{vector-bytes=64})' | FileCheck %s

func.func private @quantize(memref<?x576xf32>, index)

// A residual is added up, kept, and normalized in two loops over the row, each
// result in its place, before another op reads it there.
// CHECK-LABEL: func.func @add_and_norm
// CHECK-SAME:    (%{{.*}}: index, %{{.*}}: index, %[[X:.*]]: memref<?x576xf32>, %[[Y:.*]]: memref<?x576xf32>, %[[W:.*]]: memref<576xf32>, %[[H:.*]]: memref<?x576xf32>, %[[N:.*]]: memref<?x576xf32>)
// CHECK-SAME:    cpu.stack_bytes = 64
// CHECK:         scf.for
// CHECK-DAG:       %[[XR:.*]] = memref.subview %[[X]]
// CHECK-DAG:       %[[YR:.*]] = memref.subview %[[Y]]
// CHECK-DAG:       %[[HR:.*]] = memref.subview %[[H]]
// CHECK-DAG:       %[[NR:.*]] = memref.subview %[[N]]
// CHECK:           scf.for
// CHECK:             vector.load %[[XR]]
// CHECK:             vector.load %[[YR]]
// CHECK:             vector.store %{{.*}}, %[[HR]]
// CHECK:           %[[SUM:.*]] = vector.reduction <add>
// The root is taken once a row.
// CHECK:           math.sqrt %{{.*}} : f32
// CHECK:           %[[SCALE:.*]] = vector.broadcast
// CHECK:           scf.for
// CHECK-DAG:         %[[V:.*]] = vector.load %[[HR]]
// CHECK-DAG:         vector.load %[[W]]
// CHECK:             arith.mulf %[[V]], %[[SCALE]]
// CHECK:             vector.store %{{.*}}, %[[NR]]
// CHECK:           call @quantize
func.func @add_and_norm(%begin: index, %end: index, %x: memref<?x576xf32>, %y: memref<?x576xf32>, %w: memref<576xf32>, %h: memref<?x576xf32>, %n: memref<?x576xf32>) {
  %c1 = arith.constant 1 : index
  %wt = bufferization.to_tensor %w restrict : memref<576xf32> to tensor<576xf32>
  scf.for %r = %begin to %end step %c1 {
    %xs = memref.subview %x[%r, 0] [1, 576] [1, 1] : memref<?x576xf32> to memref<1x576xf32, strided<[576, 1], offset: ?>>
    %xt = bufferization.to_tensor %xs restrict : memref<1x576xf32, strided<[576, 1], offset: ?>> to tensor<1x576xf32>
    %ys = memref.subview %y[%r, 0] [1, 576] [1, 1] : memref<?x576xf32> to memref<1x576xf32, strided<[576, 1], offset: ?>>
    %yt = bufferization.to_tensor %ys restrict : memref<1x576xf32, strided<[576, 1], offset: ?>> to tensor<1x576xf32>
    %s = nn.add %xt, %yt : tensor<1x576xf32>, tensor<1x576xf32> -> tensor<1x576xf32>
    %hs = memref.subview %h[%r, 0] [1, 576] [1, 1] : memref<?x576xf32> to memref<1x576xf32, strided<[576, 1], offset: ?>>
    bufferization.materialize_in_destination %s in restrict writable %hs : (tensor<1x576xf32>, memref<1x576xf32, strided<[576, 1], offset: ?>>) -> ()
    %o = nn.rms_norm %s, %wt eps = 1.0e-5 : tensor<1x576xf32>, tensor<576xf32>
    %ns = memref.subview %n[%r, 0] [1, 576] [1, 1] : memref<?x576xf32> to memref<1x576xf32, strided<[576, 1], offset: ?>>
    bufferization.materialize_in_destination %o in restrict writable %ns : (tensor<1x576xf32>, memref<1x576xf32, strided<[576, 1], offset: ?>>) -> ()
    func.call @quantize(%n, %r) : (memref<?x576xf32>, index) -> ()
  }
  return
}

// -----

// Both halves are made in the row of the result, seen as heads.
// CHECK-LABEL: func.func @rotate_heads
// CHECK-NOT:     alloca
// CHECK:         vector.load
// CHECK:         arith.subf
// CHECK:         vector.store
// CHECK:         arith.addf
// CHECK:         vector.store
// CHECK-NOT:     vector.store
func.func @rotate_heads(%begin: index, %end: index, %x: memref<?x576xf32, strided<[640, 1]>>, %a: memref<?x2x32xf32>, %out: memref<?x576xf32, strided<[640, 1]>>) {
  %c1 = arith.constant 1 : index
  scf.for %r = %begin to %end step %c1 {
    %xs = memref.subview %x[%r, 0] [1, 576] [1, 1] : memref<?x576xf32, strided<[640, 1]>> to memref<1x576xf32, strided<[640, 1], offset: ?>>
    %xt = bufferization.to_tensor %xs restrict : memref<1x576xf32, strided<[640, 1], offset: ?>> to tensor<1x576xf32>
    %heads = tensor.expand_shape %xt [[0], [1, 2]] output_shape [1, 9, 64] : tensor<1x576xf32> into tensor<1x9x64xf32>
    %as = memref.subview %a[%r, 0, 0] [1, 2, 32] [1, 1, 1] : memref<?x2x32xf32> to memref<1x2x32xf32, strided<[64, 32, 1], offset: ?>>
    %at = bufferization.to_tensor %as restrict : memref<1x2x32xf32, strided<[64, 32, 1], offset: ?>> to tensor<1x2x32xf32>
    %q = nn.rotate %heads, %at pairs = half : tensor<1x9x64xf32>, tensor<1x2x32xf32>
    %flat = tensor.collapse_shape %q [[0], [1, 2]] : tensor<1x9x64xf32> into tensor<1x576xf32>
    %os = memref.subview %out[%r, 0] [1, 576] [1, 1] : memref<?x576xf32, strided<[640, 1]>> to memref<1x576xf32, strided<[640, 1], offset: ?>>
    bufferization.materialize_in_destination %flat in restrict writable %os : (tensor<1x576xf32>, memref<1x576xf32, strided<[640, 1], offset: ?>>) -> ()
  }
  return
}
