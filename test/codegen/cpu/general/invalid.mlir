// RUN: tombolo-opt %s -split-input-file -verify-diagnostics -pass-pipeline='builtin.module(cpu-general{stack-bytes=128})'

// Exponentials of a row, the largest, and the sum.
// expected-error@+1 {{expects temporaries of at most 128 bytes, but they take 384}}
func.func @too_many_temporaries(%x: memref<1x64xf32>, %y: memref<1x64xf32>) {
  %t = bufferization.to_tensor %x restrict : memref<1x64xf32> to tensor<1x64xf32>
  %0 = nn.softmax %t : tensor<1x64xf32> -> tensor<1x64xf32>
  bufferization.materialize_in_destination %0 in restrict writable %y : (tensor<1x64xf32>, memref<1x64xf32>) -> ()
  return
}

// -----

func.func @temporary_of_unknown_size(%x: memref<?x8xf32>, %y: memref<?x8xf32>) {
  %t = bufferization.to_tensor %x restrict : memref<?x8xf32> to tensor<?x8xf32>
  // expected-error@+2 {{failed to bufferize op}}
  // expected-error@+1 {{expects temporaries of a static size in a kernel, but got 'memref<?xf32>'}}
  %0 = nn.rms_norm %t eps = 1.0e-5 : tensor<?x8xf32>
  bufferization.materialize_in_destination %0 in restrict writable %y : (tensor<?x8xf32>, memref<?x8xf32>) -> ()
  return
}

// -----

func.func @left_over(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@+1 {{expects to be lowered to loops over memory by now}}
  return %x : tensor<1x8xf32>
}
