// RUN: tombolo-opt %s -split-input-file -verify-diagnostics | FileCheck %s
// RUN: tombolo-opt %s -split-input-file -verify-diagnostics -mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @rotate
// GENERIC:     "nn.rotate"
func.func @rotate(%q: tensor<?x9x64xf32>, %a: tensor<?x2x32xf32>, %b: tensor<?x2x16xf32>) {
  // CHECK: nn.rotate %{{.*}}, %{{.*}} pairs = half : tensor<?x9x64xf32>, tensor<?x2x32xf32>
  %r = nn.rotate %q, %a pairs = half : tensor<?x9x64xf32>, tensor<?x2x32xf32>
  // CHECK: nn.rotate %{{.*}}, %{{.*}} pairs = adjacent at = 32 inverse = true
  %s = nn.rotate %q, %b pairs = adjacent at = 32 inverse = true : tensor<?x9x64xf32>, tensor<?x2x16xf32>
  return
}

// CHECK-LABEL: func.func @rows
// GENERIC:     "nn.rows"
func.func @rows(%x: tensor<?x3x64xf32>) {
  // CHECK: nn.rows %{{.*}} : tensor<?x3x64xf32> -> !nn.rows<3x64xf32, window = 16>
  %k = nn.rows %x : tensor<?x3x64xf32> -> !nn.rows<3x64xf32, window = 16>
  return
}

// -----

func.func @rotate_c1_rank(%q: tensor<8xf32>, %a: tensor<1x2x4xf32>) {
  // expected-error@+1 {{expects 'x' to have two dimensions or more, but got 'tensor<8xf32>'}}
  %r = nn.rotate %q, %a pairs = half : tensor<8xf32>, tensor<1x2x4xf32>
  return
}

// -----

func.func @rotate_c1_tokens(%q: tensor<3x8xf32>, %a: tensor<4x2x4xf32>) {
  // expected-error@+1 {{expects angles for each token of 'x', but got 'tensor<4x2x4xf32>' for 'tensor<3x8xf32>'}}
  %r = nn.rotate %q, %a pairs = half : tensor<3x8xf32>, tensor<4x2x4xf32>
  return
}

// -----

// A number of tokens and an unknown one may differ.
func.func @rotate_c1_static_and_dynamic(%q: tensor<?x8xf32>, %a: tensor<1x2x4xf32>) {
  // expected-error@+1 {{expects angles for each token of 'x', but got 'tensor<1x2x4xf32>' for 'tensor<?x8xf32>'}}
  %r = nn.rotate %q, %a pairs = half : tensor<?x8xf32>, tensor<1x2x4xf32>
  return
}

// -----

func.func @rotate_c2(%q: tensor<3x8xf32>, %a: tensor<3x1x4xf32>) {
  // expected-error@+1 {{expects a row of cosines and a row of sines in 'angles', but got 'tensor<3x1x4xf32>'}}
  %r = nn.rotate %q, %a pairs = half : tensor<3x8xf32>, tensor<3x1x4xf32>
  return
}

// -----

func.func @rotate_c3(%q: tensor<3x8xf32>, %a: tensor<3x2x4xf32>) {
  // expected-error@+1 {{expects the channels that turn within rows of 8, but got 4 pairs at 1}}
  %r = nn.rotate %q, %a pairs = half at = 1 : tensor<3x8xf32>, tensor<3x2x4xf32>
  return
}

// -----

func.func @rows_c1(%x: tensor<?x3x64xf32>) {
  // expected-error@+1 {{expects a tensor of rows of '!nn.rows<64xf32>', but got 'tensor<?x3x64xf32>'}}
  %k = nn.rows %x : tensor<?x3x64xf32> -> !nn.rows<64xf32>
  return
}

// -----

func.func @rows_c2(%x: tensor<?x64xf16>) {
  // expected-error@+1 {{expects rows of the element type of 'x', 'f16', but got 'f32'}}
  %k = nn.rows %x : tensor<?x64xf16> -> !nn.rows<64xf32>
  return
}
