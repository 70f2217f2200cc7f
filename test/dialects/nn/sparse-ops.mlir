// RUN: tombolo-opt %s | tombolo-opt | FileCheck %s
// RUN: tombolo-opt %s --mlir-print-op-generic | tombolo-opt | FileCheck %s
// RUN: tombolo-opt %s --emit-bytecode | tombolo-opt | FileCheck %s

// CHECK: nn.window_state @layer0.gate[2] : !nn.rows<8xf32> size = 4 before = 4
nn.window_state @layer0.gate[2] : !nn.rows<8xf32> size = 4 before = 4
// CHECK: nn.window_state @alone : !nn.rows<2x8xbf16> size = 128{{$}}
nn.window_state @alone : !nn.rows<2x8xbf16> size = 128
// CHECK: nn.state @layer0.entry[2] : !nn.rows<8xf32, clock = 4> storage = f16
nn.state @layer0.entry[2] : !nn.rows<8xf32, clock = 4> storage = f16
// CHECK: nn.state @some : !nn.rows<8xf32, window = 64, clock = 4> storage = f32
nn.state @some : !nn.rows<8xf32, window = 64, clock = 4> storage = f32
nn.weight @routes : !nn.weight<16x2, i64> {
  %0 = nn.stored "tid2eid" : !nn.weight<16x2, i64>
  nn.yield %0 : !nn.weight<16x2, i64>
}

// CHECK-LABEL: func.func @windows
func.func @windows(%layer: index, %p: tensor<?xi32>, %x: tensor<?x8xf32>, %y: tensor<?x2x8xbf16>, %q: tensor<?x2x8xf32>, %a: tensor<?x2xf32>) -> tensor<?x2x8xf32> {
  // CHECK: nn.windows %{{.*}}, %{{.*}} state = @layer0.gate[%{{.*}}] size = 4 before = 4 fill = 0xFF800000 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x8x8xf32>
  %w = nn.windows %x, %p state = @layer0.gate[%layer] size = 4 before = 4 fill = 0xFF800000 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x8x8xf32>
  // CHECK: nn.windows %{{.*}}, %{{.*}} state = @alone size = 128 : tensor<?x2x8xbf16>, tensor<?xi32> -> tensor<?x128x2x8xbf16>
  %v = nn.windows %y, %p state = @alone size = 128 : tensor<?x2x8xbf16>, tensor<?xi32> -> tensor<?x128x2x8xbf16>
  // CHECK: %[[STARTS:.*]] = nn.window_positions %{{.*}} size = 4 : tensor<?xi32> -> tensor<?xi32>
  %starts = nn.window_positions %p size = 4 : tensor<?xi32> -> tensor<?xi32>
  %s = nn.sum %w axis = 1 : tensor<?x8x8xf32> -> tensor<?x1x8xf32>
  %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x8xf32> -> tensor<?x8xf32>
  // CHECK: %[[FAR:.*]] = nn.history %{{.*}}, %[[STARTS]] state = @layer0.entry[%{{.*}}] clock = 4 : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32, clock = 4>
  %far = nn.history %e, %starts state = @layer0.entry[%layer] clock = 4 : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32, clock = 4>
  // CHECK: nn.history %{{.*}}, %[[STARTS]] state = @some window = 64 clock = 4 : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32, window = 64, clock = 4>
  %some = nn.history %e, %starts state = @some window = 64 clock = 4 : tensor<?x8xf32>, tensor<?xi32> -> !nn.rows<8xf32, window = 64, clock = 4>
  // CHECK: %[[SCORES:.*]] = nn.index_scores %{{.*}}, %{{.*}}, %[[FAR]], %{{.*}} : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32, clock = 4>, tensor<?x2xf32> -> tensor<?x?xf32>
  %scores = nn.index_scores %q, %p, %far, %a : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32, clock = 4>, tensor<?x2xf32> -> tensor<?x?xf32>
  // CHECK: %[[IDS:.*]] = nn.top_k %[[SCORES]] k = 3 : tensor<?x?xf32> -> tensor<?x3xi32>
  %ids = nn.top_k %scores k = 3 : tensor<?x?xf32> -> tensor<?x3xi32>
  // CHECK: %[[SEEN:.*]] = nn.pick %[[FAR]], %[[IDS]] : !nn.rows<8xf32, clock = 4>, tensor<?x3xi32> -> !nn.rows<8xf32, clock = 4, picks = 3>
  %seen = nn.pick %far, %ids : !nn.rows<8xf32, clock = 4>, tensor<?x3xi32> -> !nn.rows<8xf32, clock = 4, picks = 3>
  // CHECK: nn.attention %{{.*}}, %{{.*}} keys(%[[SEEN]]) values(%[[SEEN]]) scale = 1.000000e+00
  %o = nn.attention %q, %p keys(%seen) values(%seen) scale = 1.0 : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32, clock = 4, picks = 3>, !nn.rows<8xf32, clock = 4, picks = 3> -> tensor<?x2x8xf32>
  return %o : tensor<?x2x8xf32>
}

// CHECK-LABEL: func.func @latent
func.func @latent(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>, %up: !nn.weight<2x4x6, bf16>, %down: !nn.weight<2x5x6, bf16>) -> tensor<?x2x5xf32> {
  // CHECK: nn.latent_attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} scale = 2.500000e-01 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, !nn.weight<2x4x6, bf16>, !nn.weight<2x5x6, bf16> -> tensor<?x2x5xf32>
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %down scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, !nn.weight<2x4x6, bf16>, !nn.weight<2x5x6, bf16> -> tensor<?x2x5xf32>
  return %o : tensor<?x2x5xf32>
}

// CHECK-LABEL: func.func @absorbed
func.func @absorbed(%q: tensor<?x2x6xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>) -> tensor<?x2x6xf32> {
  // CHECK: nn.absorbed_attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} scale = 2.500000e-01 : tensor<?x2x6xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32> -> tensor<?x2x6xf32>
  %o = nn.absorbed_attention %q, %p, %qp, %l, %k scale = 0.25 : tensor<?x2x6xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32> -> tensor<?x2x6xf32>
  return %o : tensor<?x2x6xf32>
}

// CHECK-LABEL: func.func @products
func.func @products(%ids: tensor<?xi32>, %x: tensor<?x2x4xf32>, %w: !nn.weight<2x3x4, bf16>, %a: tensor<?x2xbf16>, %m: tensor<?x4x4xbf16>) {
  // CHECK: nn.grouped_linear %{{.*}}, %{{.*}} : tensor<?x2x4xf32>, !nn.weight<2x3x4, bf16> -> tensor<?x2x3xf32>
  %0 = nn.grouped_linear %x, %w : tensor<?x2x4xf32>, !nn.weight<2x3x4, bf16> -> tensor<?x2x3xf32>
  // CHECK: nn.einsum %{{.*}}, %{{.*}} "t n, t n d -> t d" : tensor<?x2xbf16>, tensor<?x2x4xf32> -> tensor<?x4xf32>
  %1 = nn.einsum %a, %x "t n, t n d -> t d" : tensor<?x2xbf16>, tensor<?x2x4xf32> -> tensor<?x4xf32>
  // CHECK: nn.sinkhorn %{{.*}} iterations = 20 eps = 9.99999997E-7 : tensor<?x4x4xbf16>
  %2 = nn.sinkhorn %m iterations = 20 eps = 1.0e-06 : tensor<?x4x4xbf16>
  %routes = nn.get_weight @routes : !nn.weight<16x2, i64>
  // CHECK: nn.embedding %{{.*}}, %{{.*}} : tensor<?xi32>, !nn.weight<16x2, i64> -> tensor<?x2xi32>
  %3 = nn.embedding %ids, %routes : tensor<?xi32>, !nn.weight<16x2, i64> -> tensor<?x2xi32>
  return
}
