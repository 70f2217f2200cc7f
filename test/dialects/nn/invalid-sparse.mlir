// RUN: tombolo-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{expects a clock of at least 1, but got 0}}
func.func @rows_c3_clock(%x: !nn.rows<8xf32, clock = 0>) { return }

// -----

// expected-error@+1 {{expects picks of at least 1, but got 0}}
func.func @rows_c3_picks(%x: !nn.rows<8xf32, picks = 0>) { return }

// -----

// expected-error@+1 {{expects 'window', 'clock' and 'picks', each at most once, but got 'clock'}}
func.func @rows_twice(%x: !nn.rows<8xf32, clock = 2, clock = 2>) { return }

// -----

// expected-error@+1 {{expects 'window', 'clock' and 'picks', each at most once, but got 'stride'}}
func.func @rows_unknown(%x: !nn.rows<8xf32, stride = 2>) { return }

// -----

// expected-error@+1 {{expects rows without 'picks', which belong to a query, but got '!nn.rows<8xf32, picks = 2>'}}
nn.state @state_c4 : !nn.rows<8xf32, picks = 2> storage = f32

// -----

// expected-error@+1 {{expects one state or more, but got 0}}
nn.window_state @window_state_c1[0] : !nn.rows<8xf32> size = 4

// -----

// expected-error@+1 {{expects a row for each token, without window, clock and picks, but got '!nn.rows<8xf32, clock = 4>'}}
nn.window_state @window_state_c2 : !nn.rows<8xf32, clock = 4> size = 4

// -----

// expected-error@+1 {{attribute 'size' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
nn.window_state @window_state_c3 : !nn.rows<8xf32> size = 0

// -----

// expected-error@+1 {{expects a state whose bytes fit 61 bits, but got windows of 9223372036854775807 tokens and 4 before, of '!nn.rows<8xf32>'}}
nn.window_state @window_state_c3_bytes : !nn.rows<8xf32> size = 9223372036854775807 before = 4

// -----

// expected-note@+1 {{'positions' comes from here}}
func.func @windows_c1(%x: tensor<3x8xf32>, %p: tensor<2xi32>) {
  // expected-error@+1 {{expects 'positions' to have one element per row of 'x' [3, 8], but got shape [2]}}
  %0 = nn.windows %x, %p state = @s size = 4 : tensor<3x8xf32>, tensor<2xi32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @windows_c2(%x: tensor<?x8xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects '@s' to be an 'nn.window_state' of this module}}
  %0 = nn.windows %x, %p state = @s size = 4 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
  return
}

// -----

// expected-note@+1 {{the state is declared here}}
nn.window_state @s : !nn.rows<8xf32> size = 4 before = 1
func.func @windows_c2_type(%x: tensor<?x8xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects a state of the rows of 'x', with the same 'size' and 'before', but '@s' is of '!nn.rows<8xf32>', size 4, before 1}}
  %0 = nn.windows %x, %p state = @s size = 4 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
  return
}

// -----

nn.window_state @s[2] : !nn.rows<8xf32> size = 4
func.func @windows_c3(%x: tensor<?x8xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects an index, as '@s' is a family}}
  %0 = nn.windows %x, %p state = @s size = 4 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
  return
}

// -----

nn.window_state @s : !nn.rows<8xf32> size = 4
func.func @windows_c4(%x: tensor<?x8xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{attribute 'fill' failed to satisfy constraint: 32-bit float attribute whose value is not NaN}}
  %0 = nn.windows %x, %p state = @s size = 4 fill = 0x7FC00000 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @windows_size(%x: tensor<?x8xf32>, %p: tensor<?xi32>) {
  // expected-error@+1 {{expects 'size' to be positive and 'before' not to be negative, but got 9223372036854775807 and 1}}
  %0 = nn.windows %x, %p state = @s size = 9223372036854775807 before = 1 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @window_positions_c1(%p: tensor<?xi32>) {
  // expected-error@+1 {{attribute 'size' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = nn.window_positions %p size = 0 : tensor<?xi32> -> tensor<?xi32>
  return
}

// -----

// expected-note@+1 {{'ids' comes from here}}
func.func @pick_c1(%rows: !nn.rows<8xf32>, %ids: tensor<?xi32>) {
  // expected-error@+1 {{expects 'ids' to be [T, k], but got shape [?]}}
  %0 = nn.pick %rows, %ids : !nn.rows<8xf32>, tensor<?xi32> -> !nn.rows<8xf32, picks = 2>
  return
}

// -----

// expected-note@+1 {{'rows' comes from here}}
func.func @pick_c2(%rows: !nn.rows<8xf32, picks = 3>, %ids: tensor<?x2xi32>) {
  // expected-error@+1 {{expects rows that are not picked yet, but they have picks = 3}}
  %0 = nn.pick %rows, %ids : !nn.rows<8xf32, picks = 3>, tensor<?x2xi32> -> !nn.rows<8xf32, picks = 2>
  return
}

// -----

// expected-note@+1 {{'q' comes from here}}
func.func @index_scores_c1(%q: tensor<?x8xf32>, %p: tensor<?xi32>, %rows: !nn.rows<8xf32>, %a: tensor<?x2xf32>) {
  // expected-error@+1 {{expects 'q' to be [T, heads, channels], but got shape [?, 8]}}
  %0 = nn.index_scores %q, %p, %rows, %a : tensor<?x8xf32>, tensor<?xi32>, !nn.rows<8xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
  return
}

// -----

// expected-note@+1 {{'rows' comes from here}}
func.func @index_scores_c2(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %rows: !nn.rows<2x8xf32>, %a: tensor<?x2xf32>) {
  // expected-error@+1 {{expects rows of 'rows' to have one dimension, but got [2, 8]}}
  %0 = nn.index_scores %q, %p, %rows, %a : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<2x8xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
  return
}

// -----

// expected-note@+1 {{'rows' comes from here}}
func.func @index_scores_c2_channels(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %rows: !nn.rows<4xf32>, %a: tensor<?x2xf32>) {
  // expected-error@+1 {{expects rows of as many channels as 'q' (8), but got 4}}
  %0 = nn.index_scores %q, %p, %rows, %a : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<4xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
  return
}

// -----

// expected-note@+1 {{'rows' comes from here}}
func.func @index_scores_c2_window(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %rows: !nn.rows<8xf32, window = 4>, %a: tensor<?x2xf32>) {
  // expected-error@+1 {{expects all rows so far, without window and picks}}
  %0 = nn.index_scores %q, %p, %rows, %a : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32, window = 4>, tensor<?x2xf32> -> tensor<?x?xf32>
  return
}

// -----

// expected-note@+1 {{'a' comes from here}}
func.func @index_scores_c3(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %rows: !nn.rows<8xf32>, %a: tensor<?x3xf32>) {
  // expected-error@+1 {{expects 'a' to have a factor for each head of 'q' [?, 2, 8], but got shape [?, 3]}}
  %0 = nn.index_scores %q, %p, %rows, %a : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32>, tensor<?x3xf32> -> tensor<?x?xf32>
  return
}

// -----

// expected-note@+1 {{'k' comes from here}}
func.func @attention_c2_clocks(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %k: !nn.rows<8xf32, clock = 4>, %v: !nn.rows<8xf32>) {
  // expected-error@+1 {{expects keys and their values to be seen alike, with one window, clock and picks}}
  %0 = nn.attention %q, %p keys(%k) values(%v) scale = 1.0 : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32, clock = 4>, !nn.rows<8xf32> -> tensor<?x2x8xf32>
  return
}

// -----

func.func @attention_c2_ids(%q: tensor<?x2x8xf32>, %p: tensor<?xi32>, %r: !nn.rows<8xf32>, %i: tensor<?x2xi32>, %j: tensor<?x2xi32>) {
  // expected-note@+1 {{'k' comes from here}}
  %k = nn.pick %r, %i : !nn.rows<8xf32>, tensor<?x2xi32> -> !nn.rows<8xf32, picks = 2>
  %v = nn.pick %r, %j : !nn.rows<8xf32>, tensor<?x2xi32> -> !nn.rows<8xf32, picks = 2>
  // expected-error@+1 {{expects keys and their values to be picked by the same ids}}
  %0 = nn.attention %q, %p keys(%k) values(%v) scale = 1.0 : tensor<?x2x8xf32>, tensor<?xi32>, !nn.rows<8xf32, picks = 2>, !nn.rows<8xf32, picks = 2> -> tensor<?x2x8xf32>
  return
}

// -----

// expected-note@+1 {{'q_pe' comes from here}}
func.func @latent_c1(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x3x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>, %up: tensor<2x4x6xf32>) {
  // expected-error@+1 {{expects 'q_pe' to have as many heads as 'q_nope' (2), but got 3}}
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %up scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x3x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32> -> tensor<?x2x4xf32>
  return
}

// -----

// expected-note@+1 {{'latent' comes from here}}
func.func @latent_c2_alike(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32, window = 8>, %k: !nn.rows<2xf32>, %up: tensor<2x4x6xf32>) {
  // expected-error@+1 {{expects 'latent' and 'k_pe' to be seen alike, with one window, clock and picks}}
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %up scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32, window = 8>, !nn.rows<2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32> -> tensor<?x2x4xf32>
  return
}

// -----

// expected-note@+1 {{'k_pe' comes from here}}
func.func @latent_c2_channels(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<3xf32>, %up: tensor<2x4x6xf32>) {
  // expected-error@+1 {{expects 'k_pe' to have as many channels as 'q_pe' (2), but got 3}}
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %up scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<3xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32> -> tensor<?x2x4xf32>
  return
}

// -----

// expected-note@+1 {{'w_uk' comes from here}}
func.func @latent_c3_up(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>, %up: tensor<2x5x6xf32>) {
  // expected-error@+1 {{expects 'w_uk' to be [2, 4, 6], but got [2, 5, 6]}}
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %up scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, tensor<2x5x6xf32>, tensor<2x5x6xf32> -> tensor<?x2x5xf32>
  return
}

// -----

// expected-note@+1 {{'w_uv' comes from here}}
func.func @latent_c3_down(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>, %up: tensor<2x4x6xf32>, %down: tensor<2x5x7xf32>) {
  // expected-error@+1 {{expects 'w_uv' to be [2, d, 6], but got [2, 5, 7]}}
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %down scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, tensor<2x4x6xf32>, tensor<2x5x7xf32> -> tensor<?x2x5xf32>
  return
}

// -----

// expected-note@+1 {{'q_pe' comes from here}}
func.func @absorbed_c1(%q: tensor<?x2x6xf32>, %p: tensor<?xi32>, %qp: tensor<?x3x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>) {
  // expected-error@+1 {{expects 'q_pe' to have as many heads as 'q' (2), but got 3}}
  %o = nn.absorbed_attention %q, %p, %qp, %l, %k scale = 0.25 : tensor<?x2x6xf32>, tensor<?xi32>, tensor<?x3x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32> -> tensor<?x2x6xf32>
  return
}

// -----

// expected-note@+1 {{'latent' comes from here}}
func.func @absorbed_c2(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>) {
  // expected-error@+1 {{expects 'latent' to have as many channels as 'q' (4), but got 6}}
  %o = nn.absorbed_attention %q, %p, %qp, %l, %k scale = 0.25 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32> -> tensor<?x2x4xf32>
  return
}

// -----

// expected-note@+1 {{'latent' comes from here}}
func.func @absorbed_c2_alike(%q: tensor<?x2x6xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32, window = 8>, %k: !nn.rows<2xf32>) {
  // expected-error@+1 {{expects 'latent' and 'k_pe' to be seen alike, with one window, clock and picks}}
  %o = nn.absorbed_attention %q, %p, %qp, %l, %k scale = 0.25 : tensor<?x2x6xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32, window = 8>, !nn.rows<2xf32> -> tensor<?x2x6xf32>
  return
}

// -----

func.func @absorbed_c3(%q: tensor<?x2x6xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>) {
  // expected-error@+1 {{attribute 'scale' failed to satisfy constraint: 32-bit float attribute whose value is finite}}
  %o = nn.absorbed_attention %q, %p, %qp, %l, %k scale = 0x7F800000 : tensor<?x2x6xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32> -> tensor<?x2x6xf32>
  return
}

// -----

func.func @latent_c4(%q: tensor<?x2x4xf32>, %p: tensor<?xi32>, %qp: tensor<?x2x2xf32>, %l: !nn.rows<6xf32>, %k: !nn.rows<2xf32>, %up: tensor<2x4x6xf32>) {
  // expected-error@+1 {{attribute 'scale' failed to satisfy constraint: 32-bit float attribute whose value is finite}}
  %o = nn.latent_attention %q, %p, %qp, %l, %k, %up, %up scale = 0x7F800000 : tensor<?x2x4xf32>, tensor<?xi32>, tensor<?x2x2xf32>, !nn.rows<6xf32>, !nn.rows<2xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32> -> tensor<?x2x4xf32>
  return
}

// -----

// expected-note@+1 {{'x' comes from here}}
func.func @grouped_linear_c1(%x: tensor<?x4xf32>, %w: tensor<2x3x4xf32>) {
  // expected-error@+1 {{expects 'x' to be [.., groups, inputs], but got shape [?, 4]}}
  %0 = nn.grouped_linear %x, %w : tensor<?x4xf32>, tensor<2x3x4xf32> -> tensor<?x3xf32>
  return
}

// -----

// expected-note@+1 {{'w' comes from here}}
func.func @grouped_linear_c2(%x: tensor<?x2x4xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error@+1 {{expects 'w' to be [2, outputs, 4] for groups of 'x', but got [3, 3, 4]}}
  %0 = nn.grouped_linear %x, %w : tensor<?x2x4xf32>, tensor<3x3x4xf32> -> tensor<?x2x3xf32>
  return
}

// -----

func.func @einsum_c1(%a: tensor<?x2xf32>, %b: tensor<?x2xf32>) {
  // expected-error@+1 {{pattern 't n -> t' expects the form 'axes, axes -> axes'}}
  %0 = nn.einsum %a, %b "t n -> t" : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?xf32>
  return
}

// -----

func.func @einsum_c2(%a: tensor<?x2xf32>, %b: tensor<?x3xf32>) {
  // expected-error@+1 {{pattern 't n, t n -> t' has axis 'n' in two sizes, for shapes [?, 2] and [?, 3]}}
  %0 = nn.einsum %a, %b "t n, t n -> t" : tensor<?x2xf32>, tensor<?x3xf32> -> tensor<?xf32>
  return
}

// -----

func.func @einsum_c3(%a: tensor<?x2xf32>, %b: tensor<?x2xf32>) {
  // expected-error@+1 {{pattern 't n, t n -> t d' has the axis 'd' in the result only}}
  %0 = nn.einsum %a, %b "t n, t n -> t d" : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @einsum_c4(%a: tensor<?x2xf32>, %b: tensor<?x2xf32>) {
  // expected-error@+1 {{pattern 't n, t n -> n' moves or sums the dynamic axis 't'}}
  %0 = nn.einsum %a, %b "t n, t n -> n" : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<2xf32>
  return
}

// -----

// expected-note@+1 {{'x' comes from here}}
func.func @sinkhorn_c1(%x: tensor<?x2x3xf32>) {
  // expected-error@+1 {{expects 'x' to end in square matrices, but got shape [?, 2, 3]}}
  %0 = nn.sinkhorn %x iterations = 2 eps = 1.0e-06 : tensor<?x2x3xf32>
  return
}

// -----

func.func @sinkhorn_c2(%x: tensor<?x2x2xf32>) {
  // expected-error@+1 {{attribute 'iterations' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0 = nn.sinkhorn %x iterations = 0 eps = 1.0e-06 : tensor<?x2x2xf32>
  return
}
