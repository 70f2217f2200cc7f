// RUN: tombolo-opt %s | tombolo-opt | FileCheck %s
// RUN: tombolo-opt %s --mlir-print-op-generic | tombolo-opt | FileCheck %s
// RUN: tombolo-opt %s --emit-bytecode | tombolo-opt | FileCheck %s

// CHECK: module attributes {nn.model = {context = 64 : i64, family = "llama"}}
module attributes {nn.model = {family = "llama", context = 64 : i64}} {

// One tensor as it is stored is written in one line.
// CHECK: nn.weight @embed : !nn.weight<32x64, q8_0> stored "token_embd.weight"
nn.weight @embed : !nn.weight<32x64, q8_0> {
  %0 = nn.stored "token_embd.weight" : !nn.weight<32x64, q8_0>
  nn.yield %0 : !nn.weight<32x64, q8_0>
}
// CHECK: nn.weight @short[2] : !nn.weight<8, f16> indices = [0, 4] attributes {note = "kept"} stored "short.{layer}"
nn.weight @short[2] : !nn.weight<8, f16> indices = [0, 4] attributes {note = "kept"} stored "short.{layer}"

// CHECK: nn.weight @grouped : !nn.weight<4x64, f4e2m1.f8e4m3x16.f32x64> {
// CHECK: nn.slice %{{.*}}[::2, :] : !nn.weight<8x64, f4e2m1.f8e4m3x16.f32x64> -> !nn.weight<4x64, f4e2m1.f8e4m3x16.f32x64>
nn.weight @grouped : !nn.weight<4x64, f4e2m1.f8e4m3x16.f32x64> {
  %0 = nn.stored "w" : !nn.weight<8x64, f4e2m1.f8e4m3x16.f32x64>
  %1 = nn.slice %0[::2, :] : !nn.weight<8x64, f4e2m1.f8e4m3x16.f32x64> -> !nn.weight<4x64, f4e2m1.f8e4m3x16.f32x64>
  nn.yield %1 : !nn.weight<4x64, f4e2m1.f8e4m3x16.f32x64>
}

// CHECK: nn.weight @layer0.wq[2] : !nn.weight<64x64, q4_1> indices = [0, 3] {
// CHECK: nn.rearrange %{{.*}}, "(n r two) ... -> (n two r) ..." {n = 2 : i64, two = 2 : i64} : !nn.weight<64x64, q4_1> -> !nn.weight<64x64, q4_1>
nn.weight @layer0.wq[2] : !nn.weight<64x64, q4_1> indices = [0, 3] {
  %0 = nn.stored "blk.{layer}.attn_q.weight" : !nn.weight<64x64, q4_1>
  %1 = nn.rearrange %0, "(n r two) ... -> (n two r) ..." {n = 2 : i64, two = 2 : i64} : !nn.weight<64x64, q4_1> -> !nn.weight<64x64, q4_1>
  nn.yield %1 : !nn.weight<64x64, q4_1>
}

// CHECK: nn.weight @norm : !nn.weight<64, f32> attributes {note = "kept"} {
// CHECK: nn.decode %{{.*}} : !nn.weight<64, bf16> -> !nn.weight<64, f32>
// CHECK: nn.add %{{.*}}, %{{.*}} : !nn.weight<64, f32>, f32 -> !nn.weight<64, f32>
nn.weight @norm : !nn.weight<64, f32> attributes {note = "kept"} {
  %0 = nn.stored "norm.weight" : !nn.weight<64, bf16>
  %1 = nn.decode %0 : !nn.weight<64, bf16> -> !nn.weight<64, f32>
  %one = arith.constant 1.0 : f32
  %2 = nn.add %1, %one : !nn.weight<64, f32>, f32 -> !nn.weight<64, f32>
  nn.yield %2 : !nn.weight<64, f32>
}

// CHECK: nn.interleave %{{.*}}, %{{.*}} rows = 2 : !nn.weight<4x32, q8_0>, !nn.weight<4x32, q8_0> -> !nn.weight<8x32, q8_0>
// CHECK: nn.concat %{{.*}}, %{{.*}} axis = 0 : !nn.weight<8x32, q8_0>, !nn.weight<4x32, q8_0> -> !nn.weight<12x32, q8_0>
// CHECK: nn.slice %{{.*}}[1::2, :32] : !nn.weight<12x32, q8_0> -> !nn.weight<6x32, q8_0>
nn.weight @moved : !nn.weight<6x32, q8_0> {
  %0 = nn.stored "a" : !nn.weight<4x32, q8_0>
  %1 = nn.stored "b" : !nn.weight<4x32, q8_0>
  %2 = nn.interleave %0, %1 rows = 2 : !nn.weight<4x32, q8_0>, !nn.weight<4x32, q8_0> -> !nn.weight<8x32, q8_0>
  %3 = nn.concat %2, %0 axis = 0 : !nn.weight<8x32, q8_0>, !nn.weight<4x32, q8_0> -> !nn.weight<12x32, q8_0>
  %4 = nn.slice %3[1::2, 0:32] : !nn.weight<12x32, q8_0> -> !nn.weight<6x32, q8_0>
  nn.yield %4 : !nn.weight<6x32, q8_0>
}

// CHECK: nn.weight @scalar : !nn.weight<f32>
nn.weight @scalar : !nn.weight<f32> {
  %0 = nn.stored "scale" : !nn.weight<f32>
  nn.yield %0 : !nn.weight<f32>
}
nn.weight @norm8 : !nn.weight<8, f16> {
  %0 = nn.stored "norm8" : !nn.weight<8, f16>
  nn.yield %0 : !nn.weight<8, f16>
}
nn.weight @divisors : !nn.weight<16, f32> {
  %0 = nn.stored "rope_freqs.weight" : !nn.weight<16, f32>
  nn.yield %0 : !nn.weight<16, f32>
}

// CHECK: nn.state @layer0.k[2] : !nn.rows<2x32xf32, window = 16> storage = f16
nn.state @layer0.k[2] : !nn.rows<2x32xf32, window = 16> storage = f16
// CHECK: nn.state @shared : !nn.rows<32xbf16> storage = bf16
nn.state @shared : !nn.rows<32xbf16> storage = bf16

// CHECK: nn.rope_table @rope0 freqs = [1.000000e+00, 0.31622776601683794] scale = 1.19
nn.rope_table @rope0 freqs = [1.0, 0.31622776601683794] scale = 1.19
  long_freqs = [0.5, 0.1] long_from = 32
// CHECK: nn.rope_table @rope1 {{.*}} divisors = @divisors
nn.rope_table @rope1 freqs = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0] scale = 1.0
  divisors = @divisors

// CHECK-LABEL: func.func private @layer0
func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  // CHECK: nn.get_weight @layer0.wq[%{{.*}}] : !nn.weight<64x64, q4_1>
  %wq = nn.get_weight @layer0.wq[%layer] : !nn.weight<64x64, q4_1>
  // CHECK: nn.get_weight @norm : !nn.weight<64, f32>
  %norm = nn.get_weight @norm : !nn.weight<64, f32>
  // CHECK: nn.rms_norm %{{.*}}, %{{.*}} eps = 9.99999974E-6 : tensor<?x64xf32>, !nn.weight<64, f32>
  %n = nn.rms_norm %x, %norm eps = 1.0e-05 : tensor<?x64xf32>, !nn.weight<64, f32>
  // CHECK: nn.linear %{{.*}}, %{{.*}} : tensor<?x64xf32>, !nn.weight<64x64, q4_1> -> tensor<?x64xf32>
  %q = nn.linear %n, %wq : tensor<?x64xf32>, !nn.weight<64x64, q4_1> -> tensor<?x64xf32>
  // CHECK: nn.rearrange %{{.*}}, "... (n c) -> ... n c" {n = 2 : i64} : tensor<?x64xf32> -> tensor<?x2x32xf32>
  %h = nn.rearrange %q, "... (n c) -> ... n c" {n = 2 : i64} : tensor<?x64xf32> -> tensor<?x2x32xf32>
  // CHECK: nn.rope %{{.*}}, %{{.*}} table = @rope0 pairs = half : tensor<?x2x32xf32>, tensor<?xi32>
  %r = nn.rope %h, %positions table = @rope0 pairs = half : tensor<?x2x32xf32>, tensor<?xi32>
  // CHECK: nn.rope %{{.*}}, %{{.*}} table = @rope0 pairs = adjacent at = 28 inverse = true : tensor<?x2x32xf32>, tensor<?xi32>
  %r2 = nn.rope %r, %positions table = @rope0 pairs = adjacent at = 28 inverse = true : tensor<?x2x32xf32>, tensor<?xi32>
  // CHECK: nn.history %{{.*}}, %{{.*}} state = @layer0.k[%{{.*}}] window = 16 : tensor<?x2x32xf32>, tensor<?xi32> -> !nn.rows<2x32xf32, window = 16>
  %k = nn.history %r2, %positions state = @layer0.k[%layer] window = 16 : tensor<?x2x32xf32>, tensor<?xi32> -> !nn.rows<2x32xf32, window = 16>
  // CHECK: nn.attention %{{.*}}, %{{.*}} keys(%[[K:.*]]) values(%[[K]]) scale = 1.250000e-01 : tensor<?x2x32xf32>, tensor<?xi32>, !nn.rows<2x32xf32, window = 16>, !nn.rows<2x32xf32, window = 16> -> tensor<?x2x32xf32>
  %o = nn.attention %r, %positions keys(%k) values(%k) scale = 0.125 : tensor<?x2x32xf32>, tensor<?xi32>, !nn.rows<2x32xf32, window = 16>, !nn.rows<2x32xf32, window = 16> -> tensor<?x2x32xf32>
  %m = nn.rearrange %o, "... n c -> ... (n c)" : tensor<?x2x32xf32> -> tensor<?x64xf32>
  return %m : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @hidden
func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x64xf32> {
  %embed = nn.get_weight @embed : !nn.weight<32x64, q8_0>
  // CHECK: nn.embedding %{{.*}}, %{{.*}} : tensor<?xi32>, !nn.weight<32x64, q8_0> -> tensor<?x64xf32>
  %x = nn.embedding %tokens, %embed : tensor<?xi32>, !nn.weight<32x64, q8_0> -> tensor<?x64xf32>
  %c0 = arith.constant 0 : index
  // CHECK: call @layer0({{.*}}) {nn.tap = 1 : i64}
  %y = call @layer0(%c0, %positions, %x) {nn.tap = 1 : i64} : (index, tensor<?xi32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @row_ops
func.func @row_ops(%x: tensor<?x64xbf16>, %w: tensor<64xf32>, %ids: tensor<?x2xi32>, %b: tensor<8xf32>, %wo: tensor<8x64xf16>) {
  // CHECK: nn.layer_norm %{{.*}}, %{{.*}} bias(%{{.*}}) eps = 9.99999997E-7 : tensor<?x64xbf16>, tensor<64xf32>, tensor<64xf32>
  %0 = nn.layer_norm %x, %w bias(%w) eps = 1.0e-06 : tensor<?x64xbf16>, tensor<64xf32>, tensor<64xf32>
  // CHECK: nn.layer_norm %{{.*}} bias(%{{.*}}) eps = 9.99999997E-7 : tensor<?x64xbf16>, tensor<64xf32>
  %1 = nn.layer_norm %x bias(%w) eps = 1.0e-06 : tensor<?x64xbf16>, tensor<64xf32>
  // CHECK: nn.layer_norm %{{.*}} eps = 9.99999997E-7 : tensor<?x64xbf16>
  %2 = nn.layer_norm %x eps = 1.0e-06 : tensor<?x64xbf16>
  // CHECK: nn.rms_norm %{{.*}} eps = 9.99999997E-7 : tensor<?x64xbf16>
  %3 = nn.rms_norm %x eps = 1.0e-06 : tensor<?x64xbf16>
  // CHECK: nn.l2_norm %{{.*}} eps = 9.99999997E-7 : tensor<?x64xbf16>
  %4 = nn.l2_norm %x eps = 1.0e-06 : tensor<?x64xbf16>
  // CHECK: nn.linear %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xbf16>, tensor<8x64xf16>, tensor<8xf32> -> tensor<?x8xbf16>
  %5 = nn.linear %x, %wo, %b : tensor<?x64xbf16>, tensor<8x64xf16>, tensor<8xf32> -> tensor<?x8xbf16>
  // CHECK: nn.softmax %{{.*}} : tensor<?x8xbf16> -> tensor<?x8xf32>
  %6 = nn.softmax %5 : tensor<?x8xbf16> -> tensor<?x8xf32>
  // CHECK: nn.softmax %{{.*}} axis = 1 : tensor<?x8xbf16> -> tensor<?x8xf32>
  %7 = nn.softmax %5 axis = 1 : tensor<?x8xbf16> -> tensor<?x8xf32>
  // CHECK: nn.sum %{{.*}} axis = 1 : tensor<?x8xf32> -> tensor<?x1xf32>
  %8 = nn.sum %6 axis = 1 : tensor<?x8xf32> -> tensor<?x1xf32>
  // CHECK: nn.take %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  %9 = nn.take %6, %ids : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  // CHECK: nn.take %{{.*}}, %{{.*}} : tensor<8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  %10 = nn.take %b, %ids : tensor<8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  return
}

// CHECK-LABEL: func.func @expert_ops
func.func @expert_ops(%x: tensor<?x64xf32>, %s: tensor<?x8xbf16>, %w: !nn.weight<8x32x64, q4_0>, %v: tensor<8x16x32xf32>, %b: !nn.weight<8x16, f32>) {
  // CHECK: nn.keep_groups %{{.*}} groups = 4 keep = 2 by = 2 : tensor<?x8xbf16>
  %0 = nn.keep_groups %s groups = 4 keep = 2 by = 2 : tensor<?x8xbf16>
  // CHECK: nn.top_k %{{.*}} k = 2 : tensor<?x8xbf16> -> tensor<?x2xi32>
  %1 = nn.top_k %0 k = 2 : tensor<?x8xbf16> -> tensor<?x2xi32>
  // CHECK: nn.top_k %{{.*}} k = 9 : tensor<?x8xbf16> -> tensor<?x8xi32>
  %2 = nn.top_k %s k = 9 : tensor<?x8xbf16> -> tensor<?x8xi32>
  // CHECK: nn.expert_linear %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32>, !nn.weight<8x32x64, q4_0>, tensor<?x2xi32> -> tensor<?x2x32xf32>
  %3 = nn.expert_linear %x, %w, %1 : tensor<?x64xf32>, !nn.weight<8x32x64, q4_0>, tensor<?x2xi32> -> tensor<?x2x32xf32>
  // CHECK: nn.expert_linear %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x2x32xf32>, tensor<8x16x32xf32>, tensor<?x2xi32>, !nn.weight<8x16, f32> -> tensor<?x2x16xf32>
  %4 = nn.expert_linear %3, %v, %1, %b : tensor<?x2x32xf32>, tensor<8x16x32xf32>, tensor<?x2xi32>, !nn.weight<8x16, f32> -> tensor<?x2x16xf32>
  return
}

// CHECK-LABEL: func.func @shape_ops
func.func @shape_ops(%x: tensor<?x64xf32>) {
  // CHECK: nn.slice %{{.*}}[:, 3] : tensor<?x64xf32> -> tensor<?xf32>
  %0 = nn.slice %x[:, 3] : tensor<?x64xf32> -> tensor<?xf32>
  // CHECK: nn.slice %{{.*}}[:, 4:9:2] : tensor<?x64xf32> -> tensor<?x3xf32>
  %1 = nn.slice %x[:, 4:9:2] : tensor<?x64xf32> -> tensor<?x3xf32>
  // CHECK: nn.concat %{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<?x3xf32> -> tensor<?x67xf32>
  %2 = nn.concat %x, %1 : tensor<?x64xf32>, tensor<?x3xf32> -> tensor<?x67xf32>
  // CHECK: nn.repeat %{{.*}} axis = 1 times = 4 : tensor<?x64xf32> -> tensor<?x4x64xf32>
  %3 = nn.repeat %x axis = 1 times = 4 : tensor<?x64xf32> -> tensor<?x4x64xf32>
  // CHECK: nn.rearrange %{{.*}}, "t (a b) -> t b a 1" {a = 8 : i64} attributes {note = 1 : i64} : tensor<?x64xf32> -> tensor<?x8x8x1xf32>
  %4 = nn.rearrange %x, "t (a b) -> t b a 1" {a = 8 : i64} attributes {note = 1 : i64} : tensor<?x64xf32> -> tensor<?x8x8x1xf32>
  return
}

// CHECK-LABEL: func.func @elementwise_ops
func.func @elementwise_ops(%x: tensor<?x4x8xbf16>, %y: tensor<8xf32>, %z: tensor<f32>, %p: tensor<?xi32>) {
  %c = arith.constant 2.0 : f32
  %s = nn.get_weight @norm8 : !nn.weight<8, f16>
  // CHECK: nn.neg %{{.*}} : tensor<?x4x8xbf16>
  %0 = nn.neg %x : tensor<?x4x8xbf16>
  // CHECK: nn.silu %{{.*}} : tensor<?x4x8xbf16>
  %1 = nn.silu %x : tensor<?x4x8xbf16>
  // CHECK: nn.gelu %{{.*}} : tensor<?x4x8xbf16>
  %2 = nn.gelu %x : tensor<?x4x8xbf16>
  // CHECK: nn.gelu_tanh %{{.*}} : tensor<?x4x8xbf16>
  %3 = nn.gelu_tanh %x : tensor<?x4x8xbf16>
  // CHECK: nn.sigmoid %{{.*}} : tensor<?x4x8xbf16>
  %4 = nn.sigmoid %x : tensor<?x4x8xbf16>
  // CHECK: nn.softplus %{{.*}} : tensor<?x4x8xbf16>
  %5 = nn.softplus %x : tensor<?x4x8xbf16>
  // CHECK: nn.relu %{{.*}} : tensor<?x4x8xbf16>
  %6 = nn.relu %x : tensor<?x4x8xbf16>
  // CHECK: nn.tanh %{{.*}} : tensor<?x4x8xbf16>
  %7 = nn.tanh %x : tensor<?x4x8xbf16>
  // CHECK: nn.exp %{{.*}} : tensor<?x4x8xbf16>
  %8 = nn.exp %x : tensor<?x4x8xbf16>
  // CHECK: nn.sqrt %{{.*}} : tensor<?x4x8xbf16>
  %9 = nn.sqrt %x : tensor<?x4x8xbf16>
  // CHECK: nn.add %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  %10 = nn.add %x, %y : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.sub %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  %11 = nn.sub %x, %y : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.mul %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  %12 = nn.mul %x, %y : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.div %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  %13 = nn.div %x, %y : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.min %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  %14 = nn.min %x, %y : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.max %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  %15 = nn.max %x, %y : tensor<?x4x8xbf16>, tensor<8xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.mul %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, f32 -> tensor<?x4x8xbf16>
  %16 = nn.mul %x, %c : tensor<?x4x8xbf16>, f32 -> tensor<?x4x8xbf16>
  // CHECK: nn.mul %{{.*}}, %{{.*}} : f32, tensor<f32> -> tensor<f32>
  %17 = nn.mul %c, %z : f32, tensor<f32> -> tensor<f32>
  // CHECK: nn.mul %{{.*}}, %{{.*}} : tensor<?x4x8xbf16>, !nn.weight<8, f16> -> tensor<?x4x8xbf16>
  %18 = nn.mul %x, %s : tensor<?x4x8xbf16>, !nn.weight<8, f16> -> tensor<?x4x8xbf16>
  // CHECK: nn.clamp %{{.*}} low = 0xFF800000 high = 7.000000e+00 : tensor<?x4x8xbf16>
  %19 = nn.clamp %x low = 0xFF800000 high = 7.0 : tensor<?x4x8xbf16>
  // CHECK: nn.cast %{{.*}} to f32 : tensor<?x4x8xbf16> -> tensor<?x4x8xf32>
  %20 = nn.cast %x to f32 : tensor<?x4x8xbf16> -> tensor<?x4x8xf32>
  // CHECK: nn.cast %{{.*}} to f32 : tensor<?xi32> -> tensor<?xf32>
  %21 = nn.cast %p to f32 : tensor<?xi32> -> tensor<?xf32>
  // CHECK: nn.cast %{{.*}} to f16 : !nn.weight<8, f16> -> tensor<8xf16>
  %22 = nn.cast %s to f16 : !nn.weight<8, f16> -> tensor<8xf16>
  return
}
}

// --- Recurrences -----------------------------------------------------------------------------------
// CHECK: nn.recurrent_state @layer0.conv[3] : tensor<3x64xf32>
nn.recurrent_state @layer0.conv[3] : tensor<3x64xf32>
// CHECK: nn.recurrent_state @delta : tensor<4x16x8xf32>
nn.recurrent_state @delta : tensor<4x16x8xf32>

// CHECK-LABEL: func.func @causal_conv
func.func @causal_conv(%x: tensor<?x64xf32>, %p: tensor<?xi32>, %w: !nn.weight<64x4, bf16>, %i: index) -> tensor<?x64xf32> {
  // CHECK: nn.causal_conv %{{.*}}, %{{.*}}, %{{.*}} state = @layer0.conv[%{{.*}}] : tensor<?x64xf32>, tensor<?xi32>, !nn.weight<64x4, bf16> -> tensor<?x64xf32>
  %y = nn.causal_conv %x, %p, %w state = @layer0.conv[%i] : tensor<?x64xf32>, tensor<?xi32>, !nn.weight<64x4, bf16> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @gated_delta
func.func @gated_delta(%q: tensor<?x2x16xf32>, %p: tensor<?xi32>, %v: tensor<?x4x8xf32>, %d: tensor<?x4xf32>) -> tensor<?x4x8xf32> {
  // CHECK: nn.gated_delta %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} state = @delta : tensor<?x2x16xf32>
  %y = nn.gated_delta %q, %p, %q, %v, %d, %d state = @delta : tensor<?x2x16xf32>, tensor<?xi32>, tensor<?x2x16xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  // CHECK: nn.gated_delta %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{[^,]*}} state = @delta : tensor<?x2x16xf32>, tensor<?xi32>, tensor<?x2x16xf32>, tensor<?x4x8xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  %z = nn.gated_delta %q, %p, %q, %y, %d state = @delta : tensor<?x2x16xf32>, tensor<?xi32>, tensor<?x2x16xf32>, tensor<?x4x8xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
  return %z : tensor<?x4x8xf32>
}
