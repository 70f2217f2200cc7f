// RUN: tombolo-opt %s -split-input-file -verify-diagnostics

// expected-note@+1 {{'w' comes from here}}
func.func @linear_c1(%x: tensor<?x6xf32>, %w: !nn.weight<8x4, bf16>) {
  // expected-error@+1 {{'nn.linear' op expects 'w' to be [outputs, 6] for rows of 'x', but got [8, 4]}}
  %0 = nn.linear %x, %w : tensor<?x6xf32>, !nn.weight<8x4, bf16> -> tensor<?x8xf32>
  return
}

// -----

// expected-note@+1 {{'bias' comes from here}}
func.func @linear_c2(%x: tensor<?x4xf32>, %w: !nn.weight<8x4, bf16>, %b: tensor<4xf32>) {
  // expected-error@+1 {{expects 'bias' to have one element per row of 'w' (8), but got 4}}
  %0 = nn.linear %x, %w, %b : tensor<?x4xf32>, !nn.weight<8x4, bf16>, tensor<4xf32> -> tensor<?x8xf32>
  return
}

// -----

// expected-note@+1 {{'bias' comes from here}}
func.func @linear_c2_rank(%x: tensor<?x4xf32>, %w: !nn.weight<8x4, bf16>, %b: tensor<1x8xf32>) {
  // expected-error@+1 {{expects 'bias' to have one dimension, but got shape [1, 8]}}
  %0 = nn.linear %x, %w, %b : tensor<?x4xf32>, !nn.weight<8x4, bf16>, tensor<1x8xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @linear_result(%x: tensor<?x4xf32>, %w: !nn.weight<8x4, bf16>) {
  // expected-error@+1 {{expects a result of type 'tensor<?x8xf32>', but got 'tensor<?x4xf32>'}}
  %0 = nn.linear %x, %w : tensor<?x4xf32>, !nn.weight<8x4, bf16> -> tensor<?x4xf32>
  return
}

// -----

func.func @linear_row(%x: tensor<?xf32>, %w: !nn.weight<8x4, bf16>) {
  // expected-error@+1 {{operand #0 must be tensor of f32, f16 or bf16 with a static innermost dimension, but got 'tensor<?xf32>'}}
  %0 = nn.linear %x, %w : tensor<?xf32>, !nn.weight<8x4, bf16> -> tensor<?x8xf32>
  return
}

// -----

func.func @only_tokens_are_dynamic(%x: tensor<4x?x4xf32>) {
  // expected-error@+1 {{operand #0 must be weight, or tensor of f32, f16 or bf16, but got 'tensor<4x?x4xf32>'}}
  %0 = nn.silu %x : tensor<4x?x4xf32>
  return
}

// -----

// expected-note@+1 {{'table' comes from here}}
func.func @embedding_c1(%i: tensor<?xi32>, %t: tensor<8xf32>) {
  // expected-error@+1 {{expects 'table' to have two static dimensions, but got shape [8]}}
  %0 = nn.embedding %i, %t : tensor<?xi32>, tensor<8xf32> -> tensor<?x8xf32>
  return
}

// -----

// expected-note@+1 {{'w' comes from here}}
func.func @rms_norm_c1(%x: tensor<4x64xf32>, %w: tensor<32xf32>) {
  // expected-error@+1 {{expects 'w' to have one element per element of a row of 'x' (64), but got 32}}
  %0 = nn.rms_norm %x, %w eps = 1.0e-05 : tensor<4x64xf32>, tensor<32xf32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<4x64xf32>) {
  // expected-error@+1 {{attribute 'eps' failed to satisfy constraint: 32-bit float attribute whose value is positive and finite}}
  %0 = nn.rms_norm %x eps = 0.0 : tensor<4x64xf32>
  return
}

// -----

// expected-note@+1 {{'bias' comes from here}}
func.func @layer_norm_c1(%x: tensor<4x64xf32>, %w: tensor<32xf32>) {
  // expected-error@+1 {{expects 'bias' to have one element per element of a row of 'x' (64), but got 32}}
  %0 = nn.layer_norm %x bias(%w) eps = 1.0e-05 : tensor<4x64xf32>, tensor<32xf32>
  return
}

// -----

func.func @softmax_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'axis' to be one of 2 axes, but got 2}}
  %0 = nn.softmax %x axis = 2 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @softmax_c1_dynamic(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'axis' to be static, but axis 0 of [?, 4] is dynamic}}
  %0 = nn.softmax %x axis = -2 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @sum_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'axis' to be one of 2 axes, but got -3}}
  %0 = nn.sum %x axis = -3 : tensor<?x4xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @take_c1(%x: tensor<3x4xf32>, %i: tensor<2x1xi32>) {
  // expected-error@+1 {{expects 'ids' [T, k] with 'x' [T, E] or [E], but got [2, 1] and [3, 4]}}
  %0 = nn.take %x, %i : tensor<3x4xf32>, tensor<2x1xi32> -> tensor<2x1xf32>
  return
}

// -----

func.func @take_c2(%x: !nn.weight<3x4, f32>, %i: tensor<3x1xi32>) {
  // expected-error@+1 {{expects 'ids' [T, k] with 'x' [T, E] or [E], but got [3, 1] and [3, 4]}}
  %0 = nn.take %x, %i : !nn.weight<3x4, f32>, tensor<3x1xi32> -> tensor<3x1xf32>
  return
}

// -----

func.func @expert_linear_c1_ids(%x: tensor<?x4xf32>, %w: !nn.weight<3x2x4, f32>, %i: tensor<?xi32>) {
  // expected-error@+1 {{expects 'ids' [T, k] with 'x' [T, I] or [T, k, I], but got [?] and [?, 4]}}
  %0 = nn.expert_linear %x, %w, %i : tensor<?x4xf32>, !nn.weight<3x2x4, f32>, tensor<?xi32> -> tensor<?x2xf32>
  return
}

// -----

func.func @expert_linear_c1_rows(%x: tensor<?x3x4xf32>, %w: !nn.weight<3x2x4, f32>, %i: tensor<?x2xi32>) {
  // expected-error@+1 {{expects 'ids' [T, k] with 'x' [T, I] or [T, k, I], but got [?, 2] and [?, 3, 4]}}
  %0 = nn.expert_linear %x, %w, %i : tensor<?x3x4xf32>, !nn.weight<3x2x4, f32>, tensor<?x2xi32> -> tensor<?x2x2xf32>
  return
}

// -----

// expected-note@+1 {{'w' comes from here}}
func.func @expert_linear_c2(%x: tensor<?x4xf32>, %w: !nn.weight<2x4, f32>, %i: tensor<?x2xi32>) {
  // expected-error@+1 {{expects 'w' to be [experts, outputs, 4] for rows of 'x', but got [2, 4]}}
  %0 = nn.expert_linear %x, %w, %i : tensor<?x4xf32>, !nn.weight<2x4, f32>, tensor<?x2xi32> -> tensor<?x2x2xf32>
  return
}

// -----

// expected-note@+1 {{'bias' comes from here}}
func.func @expert_linear_c3(%x: tensor<?x4xf32>, %w: !nn.weight<3x2x4, f32>, %i: tensor<?x2xi32>, %b: !nn.weight<2, f32>) {
  // expected-error@+1 {{expects 'bias' to have one element per row of 'w', [3, 2], but got [2]}}
  %0 = nn.expert_linear %x, %w, %i, %b : tensor<?x4xf32>, !nn.weight<3x2x4, f32>, tensor<?x2xi32>, !nn.weight<2, f32> -> tensor<?x2x2xf32>
  return
}

// -----

func.func @expert_linear_result(%x: tensor<?x4xf32>, %w: !nn.weight<3x2x4, f32>, %i: tensor<?x2xi32>) {
  // expected-error@+1 {{expects a result of type 'tensor<?x2x2xf32>', but got 'tensor<?x2x4xf32>'}}
  %0 = nn.expert_linear %x, %w, %i : tensor<?x4xf32>, !nn.weight<3x2x4, f32>, tensor<?x2xi32> -> tensor<?x2x4xf32>
  return
}

// -----

func.func @top_k_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'k' to be positive, but got 0}}
  %0 = nn.top_k %x k = 0 : tensor<?x4xf32> -> tensor<?x4xi32>
  return
}

// -----

func.func @top_k_c2(%x: tensor<?x2147483648xf32>) {
  // expected-error@+1 {{expects at most 2147483647 scores in a row, but got 2147483648}}
  %0 = nn.top_k %x k = 1 : tensor<?x2147483648xf32> -> tensor<?x1xi32>
  return
}

// -----

func.func @keep_groups_c1(%x: tensor<?x2x4xf32>) {
  // expected-error@+1 {{expects 'scores' [T, E], but got [?, 2, 4]}}
  %0 = nn.keep_groups %x groups = 2 keep = 1 by = 1 : tensor<?x2x4xf32>
  return
}

// -----

func.func @keep_groups_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'groups' to divide the 4 scores of a row, but got 3}}
  %0 = nn.keep_groups %x groups = 3 keep = 1 by = 1 : tensor<?x4xf32>
  return
}

// -----

func.func @keep_groups_c3(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'keep' to be from 1 to 2, but got 3}}
  %0 = nn.keep_groups %x groups = 2 keep = 3 by = 1 : tensor<?x4xf32>
  return
}

// -----

func.func @keep_groups_c4(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'by' to be from 1 to 2, the scores of a group, but got 3}}
  %0 = nn.keep_groups %x groups = 2 keep = 1 by = 3 : tensor<?x4xf32>
  return
}

// -----

func.func @slice_c1_count(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects a range for each axis of [?, 4], but got 1}}
  %0 = nn.slice %x[:] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @slice_c1_range(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects a range within axis 1 of 4, but got 2:5:1}}
  %0 = nn.slice %x[:, 2:5] : tensor<?x4xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @slice_c1_empty(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects a range within axis 1 of 4, but got 2:2:1}}
  %0 = nn.slice %x[:, 2:2] : tensor<?x4xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @slice_c1_index(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects a range within axis 1 of 4, but got 4:5:0}}
  %0 = nn.slice %x[:, 4] : tensor<?x4xf32> -> tensor<?xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects the dynamic axis 0 to be taken whole}}
  %0 = nn.slice %x[1:, :] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @slice_c3(%x: !nn.weight<4x64, q8_0>) {
  // expected-error@+1 {{cuts the blocks of 32 of 'q8_0' ('nn.decode' gives numbers that can be cut)}}
  %0 = nn.slice %x[:, 16:48] : !nn.weight<4x64, q8_0> -> !nn.weight<4x32, q8_0>
  return
}

// -----

// expected-note@+1 {{'parts' comes from here}}
func.func @concat_c1(%x: tensor<?x4xf32>, %y: tensor<?x4xf16>) {
  // expected-error@+1 {{expects parts of one encoding or element type}}
  %0 = nn.concat %x, %y : tensor<?x4xf32>, tensor<?x4xf16> -> tensor<?x8xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'axis' to be static, but axis 0 of [?, 4] is dynamic}}
  %0 = nn.concat %x, %x axis = 0 : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

// expected-note@+1 {{'parts' comes from here}}
func.func @concat_c3(%x: tensor<?x4xf32>, %y: tensor<3x4xf32>) {
  // expected-error@+1 {{expects parts that agree but for axis 1, but got [?, 4] and [3, 4]}}
  %0 = nn.concat %x, %y : tensor<?x4xf32>, tensor<3x4xf32> -> tensor<?x8xf32>
  return
}

// -----

func.func @repeat_c1(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects the dynamic axis to stay first, but 'axis' is 0}}
  %0 = nn.repeat %x axis = 0 times = 2 : tensor<?x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @repeat_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{attribute 'times' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = nn.repeat %x axis = 1 times = 0 : tensor<?x4xf32> -> tensor<?x0x4xf32>
  return
}

// -----

func.func @rearrange_c1(%x: tensor<?x6xf32>) {
  // expected-error@+1 {{pattern 't (a b) -> t a b' splits an axis of 6 by sizes of product 4}}
  %0 = nn.rearrange %x, "t (a b) -> t a b" {a = 4 : i64} : tensor<?x6xf32> -> tensor<?x4x1xf32>
  return
}

// -----

func.func @rearrange_c2(%x: tensor<?x6xf32>) {
  // expected-error@+1 {{pattern 't c -> c t' moves or merges the dynamic axis 't'}}
  %0 = nn.rearrange %x, "t c -> c t" : tensor<?x6xf32> -> tensor<?x6xf32>
  return
}

// -----

func.func @rearrange_c3(%x: !nn.weight<64x64, q8_0>) {
  // expected-error@+1 {{moves parts of the blocks of 32 of 'q8_0' ('nn.decode' gives numbers that can be moved)}}
  %0 = nn.rearrange %x, "a b -> b a" : !nn.weight<64x64, q8_0> -> !nn.weight<64x64, q8_0>
  return
}

// -----

func.func @rearrange_c3_part(%x: !nn.weight<64x64, q8_0>) {
  // expected-error@+1 {{moves parts of the blocks of 32 of 'q8_0'}}
  %0 = nn.rearrange %x, "a (b c) -> b a c" {c = 16 : i64} : !nn.weight<64x64, q8_0> -> !nn.weight<4x64x32, q8_0>
  return
}

// -----

func.func @unary_c1(%x: !nn.weight<4x64, q8_0>) {
  // expected-error@+1 {{expects a weight to be f32 ('nn.decode' makes it so), but got 'q8_0'}}
  %0 = nn.exp %x : !nn.weight<4x64, q8_0>
  return
}

// -----

func.func @binary_c1(%x: f32) {
  // expected-error@+1 {{expects a tensor or a weight among its operands}}
  %0 = nn.add %x, %x : f32, f32 -> tensor<f32>
  return
}

// -----

func.func @binary_c2(%x: tensor<?x4xf32>, %y: tensor<3xf32>) {
  // expected-error@+1 {{expects shapes that broadcast, but got [?, 4] and [3]}}
  %0 = nn.mul %x, %y : tensor<?x4xf32>, tensor<3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @binary_c2_dynamic(%x: tensor<?x4xf32>, %y: tensor<3x4xf32>) {
  // expected-error@+1 {{expects shapes that broadcast, but got [?, 4] and [3, 4]}}
  %0 = nn.mul %x, %y : tensor<?x4xf32>, tensor<3x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @binary_c3(%x: !nn.weight<4, f16>, %y: f32) {
  // expected-error@+1 {{expects a weight to be f32 ('nn.decode' makes it so), but got 'f16'}}
  %0 = nn.add %x, %y : !nn.weight<4, f16>, f32 -> !nn.weight<4, f32>
  return
}

// -----

func.func @clamp_c2(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects 'low' to be at most 'high', but got 2.000000e+00 : f32 and 1.000000e+00 : f32}}
  %0 = nn.clamp %x low = 2.0 high = 1.0 : tensor<?x4xf32>
  return
}

// -----

func.func @cast_to(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{attribute 'to' failed to satisfy constraint: type attribute of f32, f16 or bf16}}
  %0 = nn.cast %x to f64 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @decode_c1(%x: !nn.weight<4, c64>) {
  // expected-error@+1 {{expects numbers that f32 can hold, but got 'c64'}}
  %0 = nn.decode %x : !nn.weight<4, c64> -> !nn.weight<4, f32>
  return
}

// -----

func.func @interleave_c1(%x: !nn.weight<4x32, f16>, %y: !nn.weight<2x32, f16>) {
  // expected-error@+1 {{expects two weights or more, of one type with a dimension}}
  %0 = nn.interleave %x, %y rows = 2 : !nn.weight<4x32, f16>, !nn.weight<2x32, f16> -> !nn.weight<6x32, f16>
  return
}

// -----

func.func @interleave_c2(%x: !nn.weight<4x32, f16>) {
  // expected-error@+1 {{expects 'rows' to divide the rows of a part (4), but got 3}}
  %0 = nn.interleave %x, %x rows = 3 : !nn.weight<4x32, f16>, !nn.weight<4x32, f16> -> !nn.weight<8x32, f16>
  return
}

// -----

func.func @attention_c1(%q: tensor<?x32xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects 'q' to be [T, heads, channels], but got shape [?, 32]}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 : tensor<?x32xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32> -> tensor<?x32xf32>
  return
}

// -----

// expected-note@+1 {{'positions' comes from here}}
func.func @attention_c1_positions(%q: tensor<3x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects 'positions' to have one element per row of 'q' [3, 4, 8], but got shape [?]}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 : tensor<3x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32> -> tensor<3x4x8xf32>
  return
}

// -----

func.func @attention_c2_count(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32>, %k1: !nn.rows<2x8xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects one set of keys or more and as many of values, but got 2 and 1}}
  %0 = nn.attention %q, %p keys(%k0, %k1) values(%v0) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{'k' comes from here}}
func.func @attention_c2_windows(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32, window = 4>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects keys and their values to have one window}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32, window = 4>, !nn.rows<2x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{'k' comes from here}}
func.func @attention_c3_rank(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<1x2x8xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects rows of 'k' to have one or two dimensions, but got [1, 2, 8]}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<1x2x8xf32>, !nn.rows<2x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{'k' comes from here}}
func.func @attention_c3_channels(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x4xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects keys of as many channels as 'q' (8), but got 4}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x4xf32>, !nn.rows<2x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{'v' comes from here}}
func.func @attention_c3_values(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32>, %k1: !nn.rows<2x8xf32>, %v0: !nn.rows<2x8xf32>, %v1: !nn.rows<2x4xf32>) {
  // expected-error@+1 {{expects all values to have as many channels (8), but got 4}}
  %0 = nn.attention %q, %p keys(%k0, %k1) values(%v0, %v1) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32>, !nn.rows<2x4xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{'k' comes from here}}
func.func @attention_c4(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<3x8xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{expects the heads of 'k' to divide those of 'q' (4), but got 3}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<3x8xf32>, !nn.rows<2x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{'sink' comes from here}}
func.func @attention_c5(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32>, %v0: !nn.rows<2x8xf32>, %s: tensor<2xf32>) {
  // expected-error@+1 {{expects 'sink' to have one element per head of 'q' (4), but got 2}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) sink(%s) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32>, tensor<2xf32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @attention_c6(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k0: !nn.rows<2x8xf32>, %v0: !nn.rows<2x8xf32>) {
  // expected-error@+1 {{attribute 'softcap' failed to satisfy constraint: 32-bit float attribute whose value is positive and finite}}
  %0 = nn.attention %q, %p keys(%k0) values(%v0) scale = 1.0 softcap = -1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<2x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @tensors_are_not_empty(%x: tensor<0x4xf32>) {
  // expected-error@+1 {{operand #0 must be weight, or tensor of f32, f16 or bf16, but got 'tensor<0x4xf32>'}}
  %0 = nn.silu %x : tensor<0x4xf32>
  return
}

// -----

// expected-note@+1 {{'v' comes from here}}
func.func @attention_c7(%q: tensor<?x4x8xf32>, %p: tensor<?xi32>, %k: !nn.rows<2x8xf32>, %v: !nn.rows<8xf32>) {
  // expected-error@+1 {{expects keys and their values to have as many heads, but got 2 and 1}}
  %0 = nn.attention %q, %p keys(%k) values(%v) scale = 1.0 : tensor<?x4x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, !nn.rows<8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @glu_c1(%x: tensor<?x32xf32>) {
  // expected-error@+1 {{expects 'activation' to be silu, gelu, gelu_tanh or relu, but got 'exp'}}
  %0 = nn.glu %x activation = "exp" group = 16 : tensor<?x32xf32> -> tensor<?x16xf32>
  return
}

// -----

func.func @glu_c2(%x: tensor<?x48xf32>) {
  // expected-error@+1 {{expects rows of a multiple of 2 * 'group' (16) values, but got 48}}
  %0 = nn.glu %x activation = "silu" group = 16 : tensor<?x48xf32> -> tensor<?x24xf32>
  return
}

// -----

func.func @glu_c2_overflow(%x: tensor<?x4xf32>) {
  // expected-error@+1 {{expects rows of a multiple of 2 * 'group' (9223372036854775807) values, but got 4}}
  %0 = nn.glu %x activation = "silu" group = 9223372036854775807 : tensor<?x4xf32> -> tensor<?x2xf32>
  return
}

// -----

func.func @glu_rows(%x: tensor<f32>) {
  // expected-error@+1 {{operand #0 must be tensor of f32, f16 or bf16 with a static innermost dimension}}
  %0 = "nn.glu"(%x) <{activation = "silu", group = 1 : i64}> : (tensor<f32>) -> tensor<f32>
  return
}

// -----

// expected-error@+1 {{expects an '!nn.weight' type, but got 'f32'}}
nn.weight @short : f32 stored "short"
