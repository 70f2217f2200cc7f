// RUN: tombolo-opt %s -pass-pipeline='builtin.module(func.func(convert-nn-to-linalg))' | FileCheck %s

// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1, d2) -> (d0, 0, d2)>
// CHECK-DAG: #[[LAST:.*]] = affine_map<(d0, d1, d2) -> (d2)>

// CHECK-LABEL: func.func @silu
// CHECK-SAME:    (%[[X:.*]]: tensor<?x64xf32>)
func.func @silu(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  // CHECK:      %[[T:.*]] = tensor.dim %[[X]]
  // CHECK:      %[[EMPTY:.*]] = tensor.empty(%[[T]]) : tensor<?x64xf32>
  // CHECK:      %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x64xf32>) outs(%[[EMPTY]] : tensor<?x64xf32>)
  // CHECK:        %[[NEG:.*]] = arith.negf %[[IN:.*]] : f32
  // CHECK:        %[[EXP:.*]] = math.exp %[[NEG]]
  // CHECK:        %[[SUM:.*]] = arith.addf %{{.*}}, %[[EXP]]
  // CHECK:        arith.divf %[[IN]], %[[SUM]]
  // CHECK:      return %[[Y]]
  %y = nn.silu %x : tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Computed in f32, rounded once.
// CHECK-LABEL: func.func @bf16_is_computed_in_f32
func.func @bf16_is_computed_in_f32(%x: tensor<4x64xbf16>) -> tensor<4x64xbf16> {
  // CHECK: %[[WIDE:.*]] = arith.extf %{{.*}} : bf16 to f32
  // CHECK: %[[R:.*]] = math.sqrt %[[WIDE]] : f32
  // CHECK: arith.truncf %[[R]] : f32 to bf16
  %y = nn.sqrt %x : tensor<4x64xbf16>
  return %y : tensor<4x64xbf16>
}

// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // CHECK: arith.negf
  %0 = nn.neg %x : tensor<1x8xf32>
  // CHECK: math.erf
  %1 = nn.gelu %0 : tensor<1x8xf32>
  // CHECK: math.exp
  // CHECK: arith.divf
  %2 = nn.gelu_tanh %1 : tensor<1x8xf32>
  // CHECK: math.exp
  // CHECK: arith.divf
  %3 = nn.sigmoid %2 : tensor<1x8xf32>
  // CHECK: math.absf
  // CHECK: math.log1p
  // CHECK: arith.addf
  %4 = nn.softplus %3 : tensor<1x8xf32>
  // CHECK: arith.maximumf
  %5 = nn.relu %4 : tensor<1x8xf32>
  // CHECK: math.tanh
  %6 = nn.tanh %5 : tensor<1x8xf32>
  // CHECK: math.exp
  %7 = nn.exp %6 : tensor<1x8xf32>
  // CHECK: arith.maximumf
  // CHECK: arith.minimumf
  %8 = nn.clamp %7 low = -1.0 high = 1.0 : tensor<1x8xf32>
  return %8 : tensor<1x8xf32>
}

// CHECK-LABEL: func.func @operands_broadcast
func.func @operands_broadcast(%x: tensor<?x4x64xf32>, %y: tensor<64xf32>, %z: tensor<?x1x64xf32>, %c: f32) -> tensor<?x4x64xf32> {
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[LAST]], #{{.*}}]
  %0 = nn.add %x, %y : tensor<?x4x64xf32>, tensor<64xf32> -> tensor<?x4x64xf32>
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[ROW]], #{{.*}}]
  %1 = nn.mul %0, %z : tensor<?x4x64xf32>, tensor<?x1x64xf32> -> tensor<?x4x64xf32>
  // The number is used where it is.
  // CHECK: linalg.generic {{.*}} ins(%{{[^,]*}} : tensor<?x4x64xf32>)
  // CHECK: arith.divf %{{.*}}, %arg3
  %2 = nn.div %1, %c : tensor<?x4x64xf32>, f32 -> tensor<?x4x64xf32>
  return %2 : tensor<?x4x64xf32>
}

// CHECK-LABEL: func.func @rms_norm
// CHECK-SAME:    (%[[X:.*]]: tensor<1x64xf32>, %[[W:.*]]: tensor<64xf32>)
func.func @rms_norm(%x: tensor<1x64xf32>, %w: tensor<64xf32>) -> tensor<1x64xf32> {
  // CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<1xf32>
  // CHECK: %[[SQUARES:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[X]] : {{.*}}) outs(%[[ZERO]] :
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[X]], %[[SQUARES]], %[[W]] :
  // CHECK:   math.sqrt
  %y = nn.rms_norm %x, %w eps = 1.0e-5 : tensor<1x64xf32>, tensor<64xf32>
  return %y : tensor<1x64xf32>
}

// CHECK-LABEL: func.func @layer_norm
func.func @layer_norm(%x: tensor<1x64xf32>, %w: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<1x64xf32> {
  // CHECK: iterator_types = ["parallel", "reduction"]
  // CHECK: arith.divf
  // CHECK: iterator_types = ["parallel", "reduction"]
  // CHECK: arith.subf
  // CHECK: iterator_types = ["parallel", "parallel"]
  %y = nn.layer_norm %x, %w bias(%b) eps = 1.0e-5 : tensor<1x64xf32>, tensor<64xf32>, tensor<64xf32>
  return %y : tensor<1x64xf32>
}

// CHECK-LABEL: func.func @l2_norm
func.func @l2_norm(%x: tensor<1x4x64xf32>) -> tensor<1x4x64xf32> {
  // CHECK: iterator_types = ["parallel", "parallel", "reduction"]
  // CHECK: iterator_types = ["parallel", "parallel", "parallel"]
  %y = nn.l2_norm %x eps = 1.0e-6 : tensor<1x4x64xf32>
  return %y : tensor<1x4x64xf32>
}

// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<?x8x4xbf16>) -> tensor<?x8x4xf32> {
  // CHECK: iterator_types = ["parallel", "reduction", "parallel"]
  // CHECK: arith.maxnumf
  // CHECK: math.exp
  // CHECK: iterator_types = ["parallel", "reduction", "parallel"]
  // CHECK: arith.addf
  // CHECK: -> tensor<?x8x4xf32>
  %y = nn.softmax %x axis = 1 : tensor<?x8x4xbf16> -> tensor<?x8x4xf32>
  return %y : tensor<?x8x4xf32>
}

// CHECK-LABEL: func.func @sum
func.func @sum(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  // CHECK: iterator_types = ["parallel", "reduction"]
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x1xf32>)
  %y = nn.sum %x axis = -1 : tensor<?x8xf32> -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @linear_adds_its_bias_in_place
// CHECK-SAME:    (%[[X:.*]]: tensor<?x64xf32>, %[[W:.*]]: tensor<8x64xf32>, %[[B:.*]]: tensor<8xf32>)
func.func @linear_adds_its_bias_in_place(%x: tensor<?x64xf32>, %w: tensor<8x64xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  // CHECK: %[[P:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[X]], %[[W]] :
  // CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[B]] : tensor<8xf32>) outs(%[[P]] : tensor<?x8xf32>)
  // CHECK: return %[[Y]]
  %y = nn.linear %x, %w, %b : tensor<?x64xf32>, tensor<8x64xf32>, tensor<8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @embedding
func.func @embedding(%ids: tensor<?xi32>, %table: tensor<32x8xf16>) -> tensor<?x8xf16> {
  // An id outside of the table reads its first or last row.
  // CHECK: arith.maxsi
  // CHECK: arith.minsi
  // CHECK: tensor.extract
  %y = nn.embedding %ids, %table : tensor<?xi32>, tensor<32x8xf16> -> tensor<?x8xf16>
  return %y : tensor<?x8xf16>
}

// CHECK-LABEL: func.func @take
func.func @take(%x: tensor<?x8xf32>, %ids: tensor<?x2xi32>) -> tensor<?x2xf32> {
  // CHECK: tensor.extract
  // CHECK: arith.select
  %y = nn.take %x, %ids : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @top_k
func.func @top_k(%s: tensor<?x8xf32>) -> tensor<?x2xi32> {
  // Each score is compared with all of its row; then each place of the result looks for its rank.
  // CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%arg0 :
  // CHECK: arith.cmpf uno
  // CHECK: %[[R:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[S]], %[[S]] :
  // CHECK: %[[C:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[R]], %[[S]] :
  // CHECK: linalg.generic {{.*}} ins(%[[C]] : tensor<?x2xf32>)
  // CHECK: arith.fptosi
  %y = nn.top_k %s k = 2 : tensor<?x8xf32> -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// CHECK-LABEL: func.func @keep_groups
func.func @keep_groups(%s: tensor<?x8xf16>) -> tensor<?x8xf16> {
  // CHECK: tensor.expand_shape %arg0 {{.*}} : tensor<?x8xf16> into tensor<?x4x2xf16>
  // CHECK: tensor.collapse_shape {{.*}} : tensor<?x4x2xf16> into tensor<?x8xf16>
  %y = nn.keep_groups %s groups = 4 keep = 2 by = 1 : tensor<?x8xf16>
  return %y : tensor<?x8xf16>
}

// CHECK-LABEL: func.func @expert_linear
func.func @expert_linear(%x: tensor<?x16xf32>, %w: tensor<4x8x16xf32>, %ids: tensor<?x2xi32>, %b: tensor<4x8xf32>) -> tensor<?x2x8xf32> {
  // Only the chosen matrix is read, and whatever the id, nothing outside of the stack.
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%arg0, %arg2 :
  // CHECK: arith.maxsi
  // CHECK: arith.minsi
  // CHECK: tensor.extract %arg1
  // CHECK: linalg.generic
  // CHECK: tensor.extract %arg3
  // CHECK: arith.select
  %y = nn.expert_linear %x, %w, %ids, %b : tensor<?x16xf32>, tensor<4x8x16xf32>, tensor<?x2xi32>, tensor<4x8xf32> -> tensor<?x2x8xf32>
  return %y : tensor<?x2x8xf32>
}

// A step that only the first place is taken with.
// CHECK-LABEL: func.func @slice_large_step
func.func @slice_large_step(%x: tensor<?x4xf32>) -> tensor<?x1xf32> {
  // CHECK: tensor.extract_slice %arg0[0, 0] [%{{.*}}, 1] [1, 9223372036854775807]
  %0 = nn.slice %x[:, 0:4:9223372036854775807] : tensor<?x4xf32> -> tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @slice
func.func @slice(%x: tensor<?x4x30xf32>) -> (tensor<?x4x15xf32>, tensor<?x30xf32>) {
  // CHECK: tensor.extract_slice %arg0[0, 0, 1] [%{{.*}}, 4, 15] [1, 1, 2]
  %0 = nn.slice %x[:, :, 1::2] : tensor<?x4x30xf32> -> tensor<?x4x15xf32>
  // CHECK: tensor.extract_slice %arg0[0, 2, 0] [%{{.*}}, 1, 30] [1, 1, 1] : tensor<?x4x30xf32> to tensor<?x30xf32>
  %1 = nn.slice %x[:, 2, :] : tensor<?x4x30xf32> -> tensor<?x30xf32>
  return %0, %1 : tensor<?x4x15xf32>, tensor<?x30xf32>
}

// CHECK-LABEL: func.func @concat
func.func @concat(%a: tensor<?x8xf32>, %b: tensor<?x4xf32>) -> tensor<?x12xf32> {
  // CHECK: %[[FIRST:.*]] = tensor.insert_slice %arg0 into %{{.*}}[0, 0] [%{{.*}}, 8] [1, 1]
  // CHECK: tensor.insert_slice %arg1 into %[[FIRST]][0, 8] [%{{.*}}, 4] [1, 1]
  %c = nn.concat %a, %b axis = 1 : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<?x12xf32>
  return %c : tensor<?x12xf32>
}

// CHECK-LABEL: func.func @repeat
func.func @repeat(%x: tensor<?x64xf32>) -> tensor<?x4x64xf32> {
  // CHECK: linalg.generic {{.*}} ins(%arg0 : tensor<?x64xf32>) outs(%{{.*}} : tensor<?x4x64xf32>)
  %r = nn.repeat %x axis = 1 times = 4 : tensor<?x64xf32> -> tensor<?x4x64xf32>
  return %r : tensor<?x4x64xf32>
}

// CHECK-LABEL: func.func @rearrange_that_only_splits
func.func @rearrange_that_only_splits(%x: tensor<?x48xf32>) -> tensor<?x3x16xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: tensor.expand_shape %arg0 {{\[\[}}0], [1, 2]]
  // CHECK-NOT: linalg.generic
  %h = nn.rearrange %x, "... (n c) -> ... n c" {n = 3 : i64} : tensor<?x48xf32> -> tensor<?x3x16xf32>
  return %h : tensor<?x3x16xf32>
}

// CHECK-LABEL: func.func @rearrange_that_moves
func.func @rearrange_that_moves(%x: tensor<?x48xf32>) -> tensor<?x48xf32> {
  // CHECK: %[[SPLIT:.*]] = tensor.expand_shape %arg0
  // CHECK: %[[MOVED:.*]] = linalg.generic {{.*}} ins(%[[SPLIT]] : tensor<?x3x8x2xf32>) outs(%{{.*}} : tensor<?x3x2x8xf32>)
  // CHECK: tensor.collapse_shape %[[MOVED]] {{\[\[}}0], [1, 2, 3]]
  %t = nn.rearrange %x, "t (n r two) -> t (n two r)" {n = 3 : i64, two = 2 : i64} : tensor<?x48xf32> -> tensor<?x48xf32>
  return %t : tensor<?x48xf32>
}

// CHECK-LABEL: func.func @cast
func.func @cast(%i: tensor<?xi32>, %x: tensor<?xbf16>) -> (tensor<?xf32>, tensor<?xf16>) {
  // CHECK: arith.sitofp %{{.*}} : i32 to f32
  %0 = nn.cast %i to f32 : tensor<?xi32> -> tensor<?xf32>
  // CHECK: arith.extf %{{.*}} : bf16 to f32
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %1 = nn.cast %x to f16 : tensor<?xbf16> -> tensor<?xf16>
  return %0, %1 : tensor<?xf32>, tensor<?xf16>
}

// CHECK-LABEL: func.func @glu
func.func @glu(%x: tensor<?x64xf32>) -> tensor<?x32xf32> {
  // CHECK: %[[TURNS:.*]] = tensor.expand_shape %arg0 {{.*}} into tensor<?x2x2x16xf32>
  // CHECK: linalg.generic {{.*}} ins(%[[TURNS]], %[[TURNS]] :
  // CHECK: tensor.collapse_shape
  %h = nn.glu %x activation = "silu" group = 16 : tensor<?x64xf32> -> tensor<?x32xf32>
  return %h : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @rotate
// CHECK-SAME:    (%[[X:.*]]: tensor<?x2x24xf32>, %[[A:.*]]: tensor<?x2x8xf32>)
func.func @rotate(%x: tensor<?x2x24xf32>, %angles: tensor<?x2x8xf32>) -> tensor<?x2x24xf32> {
  // CHECK: %[[P:.*]] = tensor.extract_slice %[[X]][0, 0, 4] [%{{.*}}, 2, 8]
  // CHECK: %[[Q:.*]] = tensor.extract_slice %[[X]][0, 0, 12] [%{{.*}}, 2, 8]
  // CHECK: linalg.generic {{.*}} ins(%[[P]], %[[Q]], %[[A]], %[[A]] :
  // CHECK:   arith.subf
  // CHECK: linalg.generic {{.*}} ins(%[[Q]], %[[P]], %[[A]], %[[A]] :
  // CHECK:   arith.addf
  // What does not turn is copied.
  // CHECK: tensor.extract_slice %[[X]][0, 0, 0] [%{{.*}}, 2, 4]
  // CHECK: tensor.extract_slice %[[X]][0, 0, 20] [%{{.*}}, 2, 4]
  %y = nn.rotate %x, %angles pairs = half at = 4 : tensor<?x2x24xf32>, tensor<?x2x8xf32>
  return %y : tensor<?x2x24xf32>
}

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x4x16xf32>, %p: tensor<?xi32>, %k: tensor<?x2x16xf32>, %v: tensor<?x2x8xf32>, %s: tensor<4xf32>) -> tensor<?x4x8xf32> {
  %rk = nn.rows %k : tensor<?x2x16xf32> -> !nn.rows<2x16xf32, window = 8>
  %rv = nn.rows %v : tensor<?x2x8xf32> -> !nn.rows<2x8xf32, window = 8>
  // CHECK-NOT: nn.rows
  // Scores of each query with each row,
  // CHECK: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]
  // hidden where the row is later than the query, or too early,
  // CHECK: linalg.index 2
  // CHECK: arith.cmpi sle
  // CHECK: arith.cmpi sgt
  // CHECK: arith.select
  // the largest of them and the sink,
  // CHECK: arith.maxnumf
  // their exponentials' sum, and the sum over values.
  // CHECK: math.exp
  // CHECK: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]
  %y = nn.attention %q, %p keys(%rk) values(%rv) sink(%s) scale = 0.25 : tensor<?x4x16xf32>, tensor<?xi32>, !nn.rows<2x16xf32, window = 8>, !nn.rows<2x8xf32, window = 8>, tensor<4xf32> -> tensor<?x4x8xf32>
  return %y : tensor<?x4x8xf32>
}
