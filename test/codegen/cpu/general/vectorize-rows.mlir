// RUN: tombolo-opt %s -pass-pipeline='builtin.module(func.func(cpu-vectorize-rows{vector-bytes=64},canonicalize,cse))' | FileCheck %s
// RUN: tombolo-opt %s -pass-pipeline='builtin.module(func.func(cpu-vectorize-rows{vector-bytes=16},canonicalize,cse))' | FileCheck %s --check-prefix=NARROW

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// 72 elements: four vectors of 16, one of 8.
// CHECK-LABEL:  func.func @tail_by_shorter_vectors
// CHECK-DAG:      %[[C64:.*]] = arith.constant 64 : index
// CHECK:          scf.for %{{.*}} = %{{.*}} to %[[C64]] step
// CHECK:            vector.load {{.*}} vector<16xf32>
// CHECK:            vector.store {{.*}} vector<16xf32>
// CHECK:          vector.load %{{.*}}[%{{.*}}, %[[C64]]] {{.*}} vector<8xf32>
// CHECK:          math.exp %{{.*}} : vector<8xf32>
// CHECK:          vector.store {{.*}} vector<8xf32>
// CHECK-NOT:      vector.load
// NARROW-LABEL: func.func @tail_by_shorter_vectors
// NARROW:         vector.load {{.*}} vector<4xf32>
// NARROW-NOT:     vector.load
func.func @tail_by_shorter_vectors(%x: memref<1x72xf32>, %y: memref<1x72xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<1x72xf32>) outs(%y : memref<1x72xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.exp %in : f32
    linalg.yield %a : f32
  }
  return
}

// NARROW-LABEL: func.func @sum_of_a_row
// CHECK-LABEL: func.func @sum_of_a_row
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK:         %[[P:.*]]:4 = scf.for {{.*}} iter_args(%{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]])
// CHECK:         %[[A:.*]] = arith.addf %[[P]]#0, %[[P]]#2
// CHECK:         %[[B:.*]] = arith.addf %[[P]]#1, %[[P]]#3
// CHECK:         %[[C:.*]] = arith.addf %[[A]], %[[B]]
// CHECK:         %[[R:.*]] = vector.reduction <add>, %[[C]] fastmath<reassoc> : vector<16xf32> into f32
// CHECK:         %[[OLD:.*]] = memref.load %arg1
// CHECK:         %[[NEW:.*]] = arith.addf %[[OLD]], %[[R]]
// CHECK:         memref.store %[[NEW]], %arg1
func.func @sum_of_a_row(%x: memref<1x576xf32>, %s: memref<1xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<1x576xf32>) outs(%s : memref<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  }
  return
}

// The largest of a row: a NaN is neutral for maxnum.
// CHECK-LABEL: func.func @largest_of_a_row
// CHECK-DAG:     arith.constant dense<0xFFC00000> : vector<16xf32>
// CHECK:         arith.maxnumf {{.*}} : vector<16xf32>
// CHECK:         vector.reduction <maxnumf>, %{{[^ ]*}} : vector<16xf32> into f32
func.func @largest_of_a_row(%x: memref<1x24xf32>, %s: memref<1xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<1x24xf32>) outs(%s : memref<1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.maxnumf %in, %out : f32
    linalg.yield %a : f32
  }
  return
}

// A sum down the columns runs in vectors across them.
// CHECK-LABEL: func.func @sum_of_columns
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (vector<16xf32>)
// CHECK:           vector.load %arg0{{.*}} vector<16xf32>
// CHECK-NOT:     vector.reduction
func.func @sum_of_columns(%x: memref<8x16xf32>, %s: memref<16xf32>) {
  linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1)>], iterator_types = ["reduction", "parallel"]} ins(%x : memref<8x16xf32>) outs(%s : memref<16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  }
  return
}

// Four rows by four columns at once (two by four with 16 registers); single rows
// where some are left.
// CHECK-LABEL:  func.func @product_in_blocks
// CHECK:          scf.for
// CHECK:            scf.for {{.*}} -> (vector<16xf32>{{(, vector<16xf32>){15}\)}}
// CHECK-COUNT-8:      vector.load
// CHECK-NOT:          vector.load
// CHECK:              scf.yield
// CHECK:          scf.for
// CHECK:            scf.for {{.*}} -> (vector<16xf32>{{(, vector<16xf32>){3}\)}}
// CHECK-COUNT-5:      vector.load
// CHECK-NOT:          vector.load
// CHECK:              scf.yield
// NARROW-LABEL: func.func @product_in_blocks
// NARROW:         scf.for {{.*}} -> (vector<4xf32>{{(, vector<4xf32>){7}\)}}
// NARROW:         scf.for {{.*}} -> (vector<4xf32>{{(, vector<4xf32>){3}\)}}
func.func @product_in_blocks(%x: memref<?x64xf32>, %w: memref<4x64xf32>, %y: memref<?x4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(t, o, i) -> (t, i)>, affine_map<(t, o, i) -> (o, i)>, affine_map<(t, o, i) -> (t, o)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : memref<?x64xf32>, memref<4x64xf32>) outs(%y : memref<?x4xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %a = arith.mulf %in, %in1 fastmath<contract> : f32
    %b = arith.addf %a, %out fastmath<contract> : f32
    linalg.yield %b : f32
  }
  return
}

// Every second element: lane by lane.
// CHECK-LABEL:    func.func @strided
// CHECK-COUNT-16:   memref.load
// CHECK:            vector.from_elements
// CHECK:            vector.store {{.*}} vector<16xf32>
func.func @strided(%x: memref<1x16xf32, strided<[32, 2]>>, %y: memref<1x16xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<1x16xf32, strided<[32, 2]>>) outs(%y : memref<1x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  return
}

// A row that is looked up is read in vectors.
// CHECK-LABEL: func.func @looked_up
// CHECK:         %[[ROW:.*]] = arith.index_cast
// CHECK:         vector.load %arg1[%[[ROW]], %{{.*}}] {{.*}} vector<16xf32>
func.func @looked_up(%ids: memref<1xi32>, %table: memref<8x64xf32>, %y: memref<1x64xf32>) {
  linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%ids : memref<1xi32>) outs(%y : memref<1x64xf32>) {
  ^bb0(%id: i32, %out: f32):
    %row = arith.index_cast %id : i32 to index
    %column = linalg.index 1 : index
    %v = memref.load %table[%row, %column] : memref<8x64xf32>
    linalg.yield %v : f32
  }
  return
}

// CHECK-LABEL: func.func @body_with_a_region
// CHECK:         scf.for
// CHECK:           memref.load
// CHECK:           scf.if
// CHECK:           memref.store
func.func @body_with_a_region(%x: memref<1x16xf32>, %y: memref<1x16xf32>, %c: i1) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<1x16xf32>) outs(%y : memref<1x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = scf.if %c -> f32 {
      %a = math.exp %in : f32
      scf.yield %a : f32
    } else {
      scf.yield %in : f32
    }
    linalg.yield %r : f32
  }
  return
}

// CHECK-LABEL: func.func @copy
// CHECK:         vector.load %arg0
// CHECK:         vector.store %{{.*}}, %arg1
// CHECK-NOT:     memref.copy
func.func @copy(%x: memref<16xf32>, %y: memref<16xf32>) {
  memref.copy %x, %y : memref<16xf32> to memref<16xf32>
  return
}

// Most of what is loaded is the same for all rows of the result: four of them at once.
// CHECK-LABEL: func.func @shared_rows
// CHECK:         scf.for
// CHECK:           %[[SUM:.*]] = arith.addf
// CHECK-NOT:       vector.load
// CHECK-COUNT-3:   vector.store %[[SUM]], {{.*}} vector<16xf32>
// CHECK:           vector.store %[[SUM]], {{.*}} vector<16xf32>
// CHECK:         }
// The fifth.
// CHECK:         scf.for
// CHECK:           vector.store
// CHECK-NOT:       vector.store
func.func @shared_rows(%x: memref<256xf32>, %y: memref<256xf32>, %z: memref<5x256xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d1)>, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %y : memref<256xf32>, memref<256xf32>) outs(%z : memref<5x256xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %a = arith.addf %in, %in1 : f32
    linalg.yield %a : f32
  }
  return
}

// A few vectors are no loop.
// CHECK-LABEL: func.func @few_vectors
// CHECK-NOT:     scf.for
// CHECK-COUNT-4: vector.store {{.*}} vector<4xf32>
// CHECK-NOT:     vector.store
func.func @few_vectors(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4x4xf32>) outs(%y : memref<4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %in : f32
    linalg.yield %a : f32
  }
  return
}
