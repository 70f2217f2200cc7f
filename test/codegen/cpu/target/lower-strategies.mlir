// RUN: tombolo-opt %s -cpu-lower-strategies='level=x86-64-v3' -split-input-file | FileCheck %s
// RUN: not tombolo-opt %s -cpu-lower-strategies='level=no-such-cpu' -split-input-file 2>&1 | FileCheck %s --check-prefix=LEVEL

// LEVEL: error: {{.*}}no-such-cpu

// The epilogue is cloned on vectors of 16 columns; the residual is read at the row, the bias at the column only.
// CHECK-LABEL: func.func @epilogue
// CHECK:         math.fma
// CHECK-NOT:     plan.linear
// CHECK:         %[[B:.*]] = vector.load %{{.*}}[%[[COLUMN:.*]]] : memref<32xf32>, vector<16xf32>
// CHECK:         %[[R:.*]] = vector.load %{{.*}}[%{{.*}}] : memref<?xf32>, vector<16xf32>
// CHECK:         %[[S:.*]] = arith.addf %{{.*}}, %[[B]] : vector<16xf32>
// CHECK:         %[[T:.*]] = arith.addf %[[S]], %[[R]] : vector<16xf32>
// CHECK:         vector.store %[[T]]
func.func @epilogue(%begin: index, %end: index, %x: memref<?x48xf32, strided<[48, 1]>>, %w: memref<?xi8>, %y: memref<?x32xf32, strided<[32, 1]>>, %bias: memref<32xf32>, %residual: memref<?x32xf32, strided<[32, 1]>>, %tokens: index) attributes {plan.kernel} {
  plan.linear range(%begin, %end) tokens(%tokens) ins(%x, %w : memref<?x48xf32, strided<[48, 1]>>, memref<?xi8>) outs(%y : memref<?x32xf32, strided<[32, 1]>>) extras(%bias, %residual : memref<32xf32>, memref<?x32xf32, strided<[32, 1]>>) attributes {activations = "f32", encoding = "f32", in_columns = 48 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32, %b: f32, %r: f32):
    %0 = arith.addf %acc, %b : f32
    %1 = arith.addf %0, %r : f32
    plan.yield %1 : f32
  }
  return
}

// -----

// Attention keeps its scores in scratch, which becomes the last argument.
// CHECK-LABEL: func.func @attention
// CHECK-SAME:    %{{[a-z0-9]+}}: memref<?xi8>)
// CHECK-SAME:    plan.scratch_bytes =
// CHECK-NOT:     plan.attention
func.func @attention(%begin: index, %end: index, %q: memref<?x32xf32, strided<[32, 1]>>, %pool: memref<?xi8>, %pages: memref<?xi32>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %first: index, %k: index, %v: index, %slot: index) attributes {plan.kernel} {
  plan.attention range(%begin, %end) tokens(%tokens) ins(%q : memref<?x32xf32, strided<[32, 1]>>) pages(%pool, %pages : memref<?xi8>, memref<?xi32>) outs(%y : memref<?x32xf32, strided<[32, 1]>>) at(%first, %k, %v, %slot) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

// The last values of a channel stay in registers from row to row; those at the end go back to where they came from.
// CHECK-LABEL: func.func @causal_conv
// CHECK:         %[[STATE:.*]] = vector.load %{{.*}}[%{{.*}}] : memref<?xi8>, vector<64xi8>
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>)
// CHECK:         vector.store {{.*}} : memref<?xi8>, vector<64xi8>
// CHECK-NOT:     plan.causal_conv
func.func @causal_conv(%begin: index, %end: index, %x: memref<?x32xf32, strided<[32, 1]>>, %w: memref<32x2xf32>, %state: memref<?xi8>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %offset: index) attributes {plan.kernel} {
  plan.causal_conv range(%begin, %end) tokens(%tokens) ins(%x, %w : memref<?x32xf32, strided<[32, 1]>>, memref<32x2xf32>) state(%state : memref<?xi8>) at(%offset) outs(%y : memref<?x32xf32, strided<[32, 1]>>) {columns = 32 : i64}
  return
}

// -----

// Of many rows the state of a program is kept together, in scratch.
// CHECK-LABEL: func.func @gated_delta
// CHECK-SAME:    %{{[a-z0-9]+}}: memref<?xi8>)
// CHECK-SAME:    plan.scratch_bytes = 256 : i64
// CHECK:         math.exp
// CHECK-NOT:     plan.gated_delta
func.func @gated_delta(%begin: index, %end: index, %k: memref<?x16xf32, strided<[16, 1]>>, %v: memref<?x32xf32, strided<[32, 1]>>, %d: memref<?x4xf32, strided<[16, 1]>>, %state: memref<?xi8>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %offset: index) attributes {plan.kernel} {
  plan.gated_delta range(%begin, %end) tokens(%tokens) ins(%k, %k, %v, %d, %d : memref<?x16xf32, strided<[16, 1]>>, memref<?x16xf32, strided<[16, 1]>>, memref<?x32xf32, strided<[32, 1]>>, memref<?x4xf32, strided<[16, 1]>>, memref<?x4xf32, strided<[16, 1]>>) state(%state : memref<?xi8>) at(%offset) outs(%y : memref<?x32xf32, strided<[32, 1]>>) {columns = 32 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// CHECK-LABEL: func.func @selective_scan
// CHECK-SAME:    %{{[a-z0-9]+}}: memref<?xi8>)
// CHECK-SAME:    plan.scratch_bytes = 256 : i64
// CHECK:         math.exp
// CHECK-NOT:     plan.gated_delta
func.func @selective_scan(%begin: index, %end: index, %k: memref<?x16xf32, strided<[16, 1]>>, %v: memref<?x32xf32, strided<[32, 1]>>, %d: memref<?x4xf32, strided<[16, 1]>>, %state: memref<?xi8>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %offset: index) attributes {plan.kernel} {
  plan.gated_delta range(%begin, %end) tokens(%tokens) ins(%k, %k, %v, %d : memref<?x16xf32, strided<[16, 1]>>, memref<?x16xf32, strided<[16, 1]>>, memref<?x32xf32, strided<[32, 1]>>, memref<?x4xf32, strided<[16, 1]>>) state(%state : memref<?xi8>) at(%offset) outs(%y : memref<?x32xf32, strided<[32, 1]>>) {columns = 32 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}
