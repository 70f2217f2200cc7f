// The least precision that the plan lets products have becomes the instructions of a level that has them.
// RUN: tombolo-opt %s -cpu-lower-strategies='level=sapphirerapids' | FileCheck %s --check-prefix=TILES
// RUN: tombolo-opt %s -cpu-lower-strategies='level=znver4' | FileCheck %s --check-prefix=DOTS
// RUN: tombolo-opt %s -cpu-lower-strategies='level=x86-64-v4' | FileCheck %s --check-prefix=FLOATS

// TILES-LABEL:  func.func @one_term
// TILES:        tdpbf16ps
// DOTS-LABEL:   func.func @one_term
// DOTS-NOT:     math.fma
// DOTS:         dpbf16ps
// FLOATS-LABEL: func.func @one_term
// FLOATS-NOT:   bf16
// FLOATS:       math.fma
func.func @one_term(%begin: index, %end: index, %q: memref<?x32xf32, strided<[32, 1]>>, %pool: memref<?xi8>, %pages: memref<?xi32>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %first: index, %k: index, %v: index, %slot: index) attributes {plan.kernel} {
  plan.attention range(%begin, %end) tokens(%tokens) ins(%q : memref<?x32xf32, strided<[32, 1]>>) pages(%pool, %pages : memref<?xi8>, memref<?xi32>) outs(%y : memref<?x32xf32, strided<[32, 1]>>) at(%first, %k, %v, %slot) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, products = "bf16", row_tile = 16 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  return
}

// Two terms are as fast in f32 where tiles are missing.
// TILES-LABEL: func.func @two_terms
// TILES:       tdpbf16ps
// DOTS-LABEL:  func.func @two_terms
// DOTS-NOT:    dpbf16ps
// DOTS:        math.fma
func.func @two_terms(%begin: index, %end: index, %q: memref<?x32xf32, strided<[32, 1]>>, %pool: memref<?xi8>, %pages: memref<?xi32>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %first: index, %k: index, %v: index, %slot: index) attributes {plan.kernel} {
  plan.attention range(%begin, %end) tokens(%tokens) ins(%q : memref<?x32xf32, strided<[32, 1]>>) pages(%pool, %pages : memref<?xi8>, memref<?xi32>) outs(%y : memref<?x32xf32, strided<[32, 1]>>) at(%first, %k, %v, %slot) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, products = "bf16x2", row_tile = 16 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  return
}

// TILES-LABEL: func.func @floats
// TILES-NOT:   bf16
// TILES:       math.fma
func.func @floats(%begin: index, %end: index, %q: memref<?x32xf32, strided<[32, 1]>>, %pool: memref<?xi8>, %pages: memref<?xi32>, %y: memref<?x32xf32, strided<[32, 1]>>, %tokens: index, %first: index, %k: index, %v: index, %slot: index) attributes {plan.kernel} {
  plan.attention range(%begin, %end) tokens(%tokens) ins(%q : memref<?x32xf32, strided<[32, 1]>>) pages(%pool, %pages : memref<?xi8>, memref<?xi32>) outs(%y : memref<?x32xf32, strided<[32, 1]>>) at(%first, %k, %v, %slot) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, row_tile = 16 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
  return
}
