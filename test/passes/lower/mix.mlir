// RUN: tombolo-opt %s -pass-pipeline='builtin.module(func.func(convert-nn-to-linalg,canonicalize,cse))' | FileCheck %s

// CHECK-DAG: #[[FIRST:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-DAG: #[[SECOND:.*]] = affine_map<(d0, d1) -> (d0, 1)>
// CHECK-DAG: #[[ROW0:.*]] = affine_map<(d0, d1) -> (d0, 0, d1)>
// CHECK-DAG: #[[ROW1:.*]] = affine_map<(d0, d1) -> (d0, 1, d1)>
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>

// Each term is read at its place: no sum is cleared, and none is a loop.
// CHECK-LABEL: func.func @few_terms
// CHECK-SAME:    (%[[P:.*]]: tensor<?x2xf32>, %[[X:.*]]: tensor<?x2x64xf32>)
// CHECK-NOT:     linalg.fill
// CHECK:         linalg.generic {indexing_maps = [#[[FIRST]], #[[ROW0]], #[[SECOND]], #[[ROW1]], #[[ID]]], iterator_types = ["parallel", "parallel"]} ins(%[[P]], %[[X]], %[[P]], %[[X]] :
// CHECK-NEXT:    ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32, %[[D:.*]]: f32,
// CHECK-NEXT:      %[[AB:.*]] = arith.mulf %[[A]], %[[B]] : f32
// CHECK-NEXT:      %[[CD:.*]] = arith.mulf %[[C]], %[[D]] fastmath<contract> : f32
// CHECK-NEXT:      %[[SUM:.*]] = arith.addf %[[CD]], %[[AB]] fastmath<contract> : f32
// CHECK-NEXT:      linalg.yield %[[SUM]]
func.func @few_terms(%p: tensor<?x2xf32>, %x: tensor<?x2x64xf32>) -> tensor<?x64xf32> {
  %y = nn.einsum %p, %x "t n, t n d -> t d" : tensor<?x2xf32>, tensor<?x2x64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @no_sum
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK-NOT:     arith.addf
// CHECK:         arith.truncf %{{.*}} : f32 to bf16
func.func @no_sum(%p: tensor<?x4xbf16>, %y: tensor<?x64xbf16>) -> tensor<?x4x64xbf16> {
  %z = nn.einsum %p, %y "t o, t d -> t o d" : tensor<?x4xbf16>, tensor<?x64xbf16> -> tensor<?x4x64xbf16>
  return %z : tensor<?x4x64xbf16>
}

// Two axes of three places each: nine terms are a loop.
// CHECK-LABEL: func.func @many_terms
// CHECK:         linalg.fill
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
// CHECK:         arith.truncf %{{.*}} : f32 to f16
func.func @many_terms(%a: tensor<?x3x3xf16>, %x: tensor<?x3x8xf16>) -> tensor<?x8xf16> {
  %y = nn.einsum %a, %x "t i j, t i d -> t d" : tensor<?x3x3xf16>, tensor<?x3x8xf16> -> tensor<?x8xf16>
  return %y : tensor<?x8xf16>
}

// Columns once, then rows and columns between two tensors.
// CHECK-LABEL: func.func @sinkhorn
// CHECK-SAME:    (%[[X:.*]]: tensor<1x2x2xf32>)
// CHECK-DAG:     %[[LAST:.*]] = arith.constant 20 : index
// CHECK:         %[[COLUMNS:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[X]], %[[X]] :
// CHECK:           %[[SUM:.*]] = arith.addf
// CHECK-NEXT:      %[[ALL:.*]] = arith.addf %[[SUM]], %{{.*}} : f32
// CHECK-NEXT:      arith.divf %{{.*}}, %[[ALL]] : f32
// CHECK:         %[[RESULT:.*]] = scf.for %{{.*}} = %{{.*}} to %[[LAST]] step %{{.*}} iter_args(%[[OLD:.*]] = %[[COLUMNS]])
// CHECK:           %[[ROWS:.*]] = linalg.generic {{.*}} ins(%[[OLD]], %[[OLD]], %[[OLD]] :
// CHECK:           %[[NEW:.*]] = linalg.generic {{.*}} ins(%[[ROWS]], %[[ROWS]], %[[ROWS]] : {{.*}}) outs(%[[OLD]] :
// CHECK:           scf.yield %[[NEW]]
// CHECK:         return %[[RESULT]]
func.func @sinkhorn(%x: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %y = nn.sinkhorn %x iterations = 20 eps = 1.0e-06 : tensor<1x2x2xf32>
  return %y : tensor<1x2x2xf32>
}

// CHECK-LABEL: func.func @sinkhorn_once
// CHECK-NOT:     scf.for
// CHECK:         linalg.generic
// CHECK:         linalg.generic
// CHECK:           arith.truncf
func.func @sinkhorn_once(%x: tensor<?x2x2xbf16>) -> tensor<?x2x2xbf16> {
  %y = nn.sinkhorn %x iterations = 1 eps = 1.0e-06 : tensor<?x2x2xbf16>
  return %y : tensor<?x2x2xbf16>
}

// CHECK-LABEL: func.func @sinkhorn_of_wide_matrices
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]}
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK:         scf.for
// CHECK:           linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK:           linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK:           linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]}
// CHECK:           linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]}
func.func @sinkhorn_of_wide_matrices(%x: tensor<1x9x9xf32>) -> tensor<1x9x9xf32> {
  %y = nn.sinkhorn %x iterations = 3 eps = 1.0e-06 : tensor<1x9x9xf32>
  return %y : tensor<1x9x9xf32>
}
