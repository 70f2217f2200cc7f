// RUN: tombolo-opt %s -nn-absorb-latents | FileCheck %s

// The matrix of the keys is turned, once for all that read it, in its own encoding where that has plain numbers.
// CHECK-LABEL: nn.weight @layer0.w_uk.t[2] : !nn.weight<2x6x4, bf16> indices = [0, 1]
// CHECK-NEXT:    %[[UP:.*]] = nn.stored "up.{layer}" : !nn.weight<2x9x6, bf16>
// CHECK-NEXT:    %[[UK:.*]] = nn.slice %[[UP]][:, :4
// CHECK-NEXT:    %[[TURNED:.*]] = nn.rearrange %[[UK]], "h n r -> h r n" : !nn.weight<2x4x6, bf16> -> !nn.weight<2x6x4, bf16>
// CHECK-NEXT:    nn.yield %[[TURNED]]
// CHECK-NOT:   nn.weight @layer0.w_uk[
nn.weight @layer0.w_uk[2] : !nn.weight<2x4x6, bf16> indices = [0, 1] {
  %0 = nn.stored "up.{layer}" : !nn.weight<2x9x6, bf16>
  %1 = nn.slice %0[:, :4, :] : !nn.weight<2x9x6, bf16> -> !nn.weight<2x4x6, bf16>
  nn.yield %1 : !nn.weight<2x4x6, bf16>
}
nn.weight @layer0.w_uv[2] : !nn.weight<2x5x6, bf16> indices = [0, 1] {
  %0 = nn.stored "up.{layer}" : !nn.weight<2x9x6, bf16>
  %1 = nn.slice %0[:, 4:, :] : !nn.weight<2x9x6, bf16> -> !nn.weight<2x5x6, bf16>
  nn.yield %1 : !nn.weight<2x5x6, bf16>
}
// A weight that something else reads stays. Blocks lie along the rows that are turned: their numbers are decoded.
// CHECK-LABEL: nn.weight @blocks : !nn.weight<2x4x32, q8_0>
// CHECK-LABEL: nn.weight @blocks.t : !nn.weight<2x32x4, f32>
// CHECK:         %[[NUMBERS:.*]] = nn.decode %{{.*}} : !nn.weight<2x4x32, q8_0> -> !nn.weight<2x4x32, f32>
// CHECK-NEXT:    nn.rearrange %[[NUMBERS]], "h n r -> h r n"
nn.weight @blocks : !nn.weight<2x4x32, q8_0> {
  %0 = nn.stored "blocks" : !nn.weight<2x4x32, q8_0>
  nn.yield %0 : !nn.weight<2x4x32, q8_0>
}

// CHECK-LABEL: func.func @latent
// CHECK-SAME:    (%[[LAYER:.*]]: index, %[[Q:.*]]: tensor<?x2x4xf32>, %[[P:.*]]: tensor<?xi32>, %[[PE:.*]]: tensor<?x2x2xf32>, %[[L:.*]]: !nn.rows<6xf32>, %[[K:.*]]: !nn.rows<2xf32>)
func.func @latent(%layer: index, %q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %pe: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>) -> tensor<?x2x5xf32> {
  // CHECK-DAG: %[[T:.*]] = nn.get_weight @layer0.w_uk.t[%[[LAYER]]] : !nn.weight<2x6x4, bf16>
  // CHECK-DAG: %[[V:.*]] = nn.get_weight @layer0.w_uv[%[[LAYER]]] : !nn.weight<2x5x6, bf16>
  // CHECK:     %[[IN:.*]] = nn.grouped_linear %[[Q]], %[[T]]
  // CHECK:     %[[SEEN:.*]] = nn.absorbed_attention %[[IN]], %[[P]], %[[PE]], %[[L]], %[[K]] scale = 2.500000e-01
  // CHECK:     %[[OUT:.*]] = nn.grouped_linear %[[SEEN]], %[[V]]
  // CHECK:     return %[[OUT]]
  %uk = nn.get_weight @layer0.w_uk[%layer] : !nn.weight<2x4x6, bf16>
  %uv = nn.get_weight @layer0.w_uv[%layer] : !nn.weight<2x5x6, bf16>
  %o = nn.latent_attention %q, %p, %pe, %l, %k, %uk, %uv scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, !nn.weight<2x4x6, bf16>, !nn.weight<2x5x6, bf16> -> tensor<?x2x5xf32>
  return %o : tensor<?x2x5xf32>
}

// CHECK-LABEL: func.func @blocks_of_numbers
func.func @blocks_of_numbers(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %pe: tensor<?x2x2xf32>, %l: !nn.rows<32xf32>, %k: !nn.rows<2xf32>) -> tensor<?x2x4xf32> {
  // CHECK-DAG: nn.get_weight @blocks.t
  // CHECK-DAG: nn.get_weight @blocks :
  %w = nn.get_weight @blocks : !nn.weight<2x4x32, q8_0>
  %o = nn.latent_attention %q, %p, %pe, %l, %k, %w, %w scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<32xf32>, !nn.rows<2xf32>, !nn.weight<2x4x32, q8_0>, !nn.weight<2x4x32, q8_0> -> tensor<?x2x4xf32>
  return %o : tensor<?x2x4xf32>
}

// Matrices that are computed have no turned form.
// CHECK-LABEL: func.func @computed
// CHECK:         nn.latent_attention
func.func @computed(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %pe: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>, %w: tensor<2x4x6xf32>) -> tensor<?x2x4xf32> {
  %o = nn.latent_attention %q, %p, %pe, %l, %k, %w, %w scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32> -> tensor<?x2x4xf32>
  return %o : tensor<?x2x4xf32>
}
