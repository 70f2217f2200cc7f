// RUN: tombolo-opt %s -split-input-file -verify-diagnostics -allow-unregistered-dialect

// expected-error@+1 {{expects 'mul' and 'add' of at least 0 and 'div' of at least 1, but got 1, 0, 0}}
"test.op"() {size = #plan.size<tokens * 1 + 0 ceildiv 0>} : () -> ()

// -----

// expected-error@+1 {{attribute 'count' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
plan.pack @w.r16 of @w[0] layout "r16" encoding "f32" shape [32, 32]

// -----

// expected-error@+1 {{expects 'layout' to be one of rows, r16, but got 'r17'}}
plan.pack @w.r16 of @w[1] layout "r17" encoding "f32" shape [32, 32]

// -----

// expected-error@+1 {{expects the name of an encoding, but got 'q9'}}
plan.pack @w.r16 of @w[1] layout "r16" encoding "q9" shape [32, 32]

// -----

// expected-error@+1 {{expects positive sizes whose bytes fit 63 bits, but got [32, -32] of 'f32'}}
plan.pack @w.r16 of @w[1] layout "r16" encoding "f32" shape [32, -32]

// -----

// expected-error@+1 {{expects positive sizes whose bytes fit 63 bits}}
plan.pack @w.r16 of @w[1] layout "r16" encoding "f32" shape [4611686018427387904]

// -----

// expected-error@+1 {{expects one count per member, but got 1 for 2}}
plan.state_group @pages window -1 slot 64 per_token 1 members [@k, @v] counts [1] offsets [0]

// -----

// expected-error@+1 {{expects positive counts, but got [0]}}
plan.state_group @pages window -1 slot 64 per_token 1 members [@k] counts [0] offsets []

// -----

// expected-error@+1 {{expects one offset per instance (2), but got 1}}
plan.state_group @pages window -1 slot 64 per_token 1 members [@k] counts [2] offsets [0]

// -----

// expected-error@+1 {{expects offsets within the slot of 64 bytes, but got 64}}
plan.state_group @pages window -1 slot 64 per_token 1 members [@k] counts [1] offsets [64]

// -----

// expected-error@+1 {{attribute 'window' failed to satisfy constraint}}
plan.state_group @pages window -2 slot 64 per_token 1 members [@k] counts [1] offsets [0]

// -----

// expected-error@+1 {{attribute 'members' failed to satisfy constraint}}
plan.state_group @pages window -1 slot 64 per_token 1 members [1] counts [1] offsets [0]

// -----

// expected-error@+1 {{expects one count per member, but got 1 for 2}}
plan.fixed_state @fixed bytes 64 members [@conv, @s] counts [1] offsets [0]

// -----

// expected-error@+1 {{expects positive counts, but got [-1]}}
plan.fixed_state @fixed bytes 64 members [@s] counts [-1] offsets []

// -----

// expected-error@+1 {{expects one offset per instance (2), but got 1}}
plan.fixed_state @fixed bytes 64 members [@s] counts [2] offsets [0]

// -----

// expected-error@+1 {{expects offsets of multiples of 64 within its 128 bytes, but got 128}}
plan.fixed_state @fixed bytes 128 members [@s] counts [1] offsets [128]

// -----

// expected-error@+1 {{expects offsets of multiples of 64 within its 128 bytes, but got 32}}
plan.fixed_state @fixed bytes 128 members [@s] counts [1] offsets [32]

// -----

// expected-error@+1 {{expects offsets of multiples of 64 within its 128 bytes, but got -64}}
plan.fixed_state @fixed bytes 128 members [@s] counts [1] offsets [-64]

// -----

// expected-error@+1 {{attribute 'bytes' failed to satisfy constraint}}
plan.fixed_state @fixed bytes 0 members [@s] counts [1] offsets [0]

// -----

plan.state_group @pages window -1 slot 64 per_token 1 members [@k] counts [1] offsets [0]
plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects '@pages' to be a 'plan.fixed_state' of this module}}
  %0 = plan.input "fixed_state" @pages : memref<?xi8>
}

// -----

plan.fixed_state @fixed bytes 64 members [@s] counts [1] offsets [0]
plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'fixed_state' to be 'memref<?xi8>', but got 'memref<?xi32>'}}
  %0 = plan.input "fixed_state" @fixed : memref<?xi32>
}

// -----

// expected-error@+1 {{attribute 'max_tokens' failed to satisfy constraint}}
plan.program @p max_tokens 0 {
}

// -----

// expected-error@+1 {{expects a body without arguments, but got 1}}
plan.program @p max_tokens 1 {
^bb0(%x: memref<?xf32>):
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{does not stand in a program: expects buffers, weights, inputs, dispatches and taps}}
  %0 = memref.alloc() : memref<4xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{attribute 'rows' failed to satisfy constraint}}
  %0 = plan.buffer rows -1 row_bytes 64 : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{attribute 'row_bytes' failed to satisfy constraint}}
  %0 = plan.buffer rows 1 row_bytes 0 : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects at most 140737488355328 bytes, but got 4294967296 rows of 4294967296}}
  %0 = plan.buffer rows 4294967296 row_bytes 4294967296 : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{attribute 'offset' failed to satisfy constraint}}
  %0 = plan.buffer rows 1 row_bytes 64 offset -4096 : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'offset' to be a multiple of 64, but got 32}}
  %0 = plan.buffer rows 1 row_bytes 64 offset 32 : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'role' to be one of hidden, logits_in, logits_out, but got 'nose'}}
  %0 = plan.buffer role "nose" rows 1 row_bytes 64 : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects a buffer of one or two dimensions, of which only the first is dynamic, but got 'memref<?x?xf32>'}}
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?x?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'row_bytes' to hold a row of 'memref<?x32xf32>', but got 64}}
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?x32xf32>
}

// -----

plan.pack @w.p of @w[2] layout "rows" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects '@nothing' to be a 'plan.pack' of this module}}
  %0 = plan.weight @nothing[99] : memref<?xi8>
}

// -----

plan.pack @w.p of @w[2] layout "rows" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects an index below 2, the size of '@w.p', but got 2}}
  %0 = plan.weight @w.p[2] : memref<?xi8>
}

// -----

plan.pack @w.p of @w[2] layout "rows" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'memref<?xi8>', or f32 of the shape of an f32 pack in rows, but got 'memref<5xf32>' of '@w.p', [4] of 'f32' in 'rows'}}
  %0 = plan.weight @w.p[0] : memref<5xf32>
}

// -----

plan.pack @w.p of @w[2] layout "rows" encoding "f16" shape [4]
plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'memref<?xi8>', or f32 of the shape of an f32 pack in rows}}
  %0 = plan.weight @w.p[0] : memref<4xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'kind' to be one of tokens, positions, rope_table, pool, page_table, fixed_state, but got 'weather'}}
  %0 = plan.input "weather" : memref<?xi32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'pool' to name its source}}
  %0 = plan.input "pool" : memref<?xi8>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'tokens' to have no source}}
  %0 = plan.input "tokens" @t : memref<?xi32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'tokens' to be 'memref<?xi32>', but got 'memref<?xf32>'}}
  %0 = plan.input "tokens" : memref<?xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects 'rope_table' to be 'memref<?x2xnxf32>', but got 'memref<?x3x4xf32>'}}
  %0 = plan.input "rope_table" @t : memref<?x3x4xf32>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects '@t' to be a 'plan.state_group' of this module}}
  %0 = plan.input "pool" @t : memref<?xi8>
}

// -----

plan.program @p max_tokens 1 {
  // expected-error@+1 {{expects '@t' to be a 'nn.rope_table' of this module}}
  %0 = plan.input "rope_table" @t : memref<?x2x4xf32>
}

// -----

func.func @k(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
func.func @f() {
  return
}
plan.pack @w.p of @w[1] layout "r16" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xi8>
  %w = plan.weight @w.p[0] : memref<?xi8>
  // expected-error@+1 {{names no kernel: 'missing'}}
  plan.dispatch @missing grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "x" : memref<?xi8>
}

// -----

func.func @k(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
func.func @f() {
  return
}
plan.pack @w.p of @w[1] layout "r16" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xi8>
  %w = plan.weight @w.p[0] : memref<?xi8>
  // expected-error@+1 {{names no kernel: 'f'}}
  plan.dispatch @f grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "x" : memref<?xi8>
}

// -----

func.func @k(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
func.func @f() {
  return
}
plan.pack @w.p of @w[1] layout "r16" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xi8>
  %w = plan.weight @w.p[0] : memref<?xi8>
  // expected-error@+1 {{expects 'writes' to be positions of 1 buffers, but got 1}}
  plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%0) writes [1] sizes [] barrier true "x" : memref<?xi8>
}

// -----

func.func @k(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
func.func @f() {
  return
}
plan.pack @w.p of @w[1] layout "r16" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xi8>
  %w = plan.weight @w.p[0] : memref<?xi8>
  // expected-error@+1 {{writes buffer 0, a weight}}
  plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%w) writes [0] sizes [] barrier true "x" : memref<?xi8>
}

// -----

func.func @k(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
func.func @f() {
  return
}
plan.pack @w.p of @w[1] layout "r16" encoding "f32" shape [4]
plan.program @p max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xi8>
  %w = plan.weight @w.p[0] : memref<?xi8>
  // expected-error@+1 {{attribute 'sizes' failed to satisfy constraint: array of #plan.size}}
  plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes ["x"] barrier true "x" : memref<?xi8>
}

// -----

func.func @dispatch_c4(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
plan.program @p max_tokens 1 {
  %0 = plan.buffer rows 1 row_bytes 64 : memref<?xi8>
  // expected-error@+1 {{runs on each thread, but writes buffer 0, which is one for all}}
  plan.dispatch @dispatch_c4 grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] each_thread barrier true "x" : memref<?xi8>
}

// -----

func.func @dispatch_c4(%begin: index, %end: index, %x: memref<?xi8>) attributes {plan.kernel} {
  return
}
plan.program @p max_tokens 1 {
  %0 = plan.buffer per_thread rows 1 row_bytes 64 : memref<?xi8>
  // expected-error@+1 {{runs once, but writes buffer 0, which is one of each thread}}
  plan.dispatch @dispatch_c4 grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "x" : memref<?xi8>
}

// -----

plan.program @buffer_c5 max_tokens 1 {
  // expected-error@+1 {{expects the buffer that the host sees as 'hidden' to be one for all threads}}
  %0 = plan.buffer role "hidden" per_thread rows 1 row_bytes 64 : memref<?x16xf32>
}

// -----

plan.program @p max_tokens 1 {
  %0 = plan.input "tokens" : memref<?xi32>
  // expected-error@+1 {{expects a 'plan.buffer' of f32 rows, one for all threads, but got 'memref<?xi32>'}}
  plan.tap %0 hidden 0 : memref<?xi32>
}

// -----

plan.program @tap_c1 max_tokens 1 {
  %0 = plan.buffer per_thread rows 1 row_bytes 64 : memref<?x16xf32, strided<[16, 1]>>
  // expected-error@+1 {{expects a 'plan.buffer' of f32 rows, one for all threads}}
  plan.tap %0 hidden 0 : memref<?x16xf32, strided<[16, 1]>>
}

// -----

func.func @linear_c1_out_rows(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{attribute 'out_rows' failed to satisfy constraint}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 0 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c1_in_columns(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{attribute 'in_columns' failed to satisfy constraint}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = -7 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c1_row_tile(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{attribute 'row_tile' failed to satisfy constraint}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 0 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c2_encoding(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects the name of an encoding, but got 'q9'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "q9", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c2_activations(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects 'activations' to be one of f32, i16, i8, but got 'banana'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "banana", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c3_arguments(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects an epilogue of 1 arguments, but got 2}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32, %more: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c3_type(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects argument 0 of the epilogue to be f32, but got 'f64'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f64):
    %0 = arith.truncf %acc : f64 to f32
    plan.yield %0 : f32
  }
  return
}

// -----

func.func @linear_c3_end(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects an epilogue that ends in 'plan.yield'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    llvm.unreachable
  }
  return
}

// -----

func.func @linear_c4(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects paired matrices of a multiple of 16 rows, but got 12}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 24 : i64, paired = true, row_tile = 1 : i64} {
  ^bb0(%acc: f32, %up: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c5(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects extra 0 to be f32 of one dimension or two, but got 'memref<?xi32>'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) extras(%i : memref<?xi32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32, %more: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c6_y(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 48 times 1 numbers in 'y', but got 'memref<?x32xf32>'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 48 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c6_x(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>, %i: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 64 times 1 numbers in 'x', but got 'memref<?x32xf32>'}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 64 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @group_choices_c1(%t: index, %i: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{attribute 'experts' failed to satisfy constraint}}
  plan.group_choices tokens(%t) ins(%i : memref<?x2xi32>) outs(%o : memref<?xi32>) {choices = 2 : i64, experts = 0 : i64}
  return
}

// -----

func.func @group_choices_c2_ids(%t: index, %i: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 3 i32 in 'ids', but got 'memref<?x2xi32>'}}
  plan.group_choices tokens(%t) ins(%i : memref<?x2xi32>) outs(%o : memref<?xi32>) {choices = 3 : i64, experts = 8 : i64}
  return
}

// -----

func.func @group_choices_c2_order(%t: index, %i: memref<?x2xi32>) {
  // expected-error@+1 {{expects 'memref<?xi32>' as 'order', but got 'memref<?x2xi32>'}}
  plan.group_choices tokens(%t) ins(%i : memref<?x2xi32>) outs(%i : memref<?x2xi32>) {choices = 2 : i64, experts = 8 : i64}
  return
}

// -----

func.func @expert_linear_c2_encoding(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects the name of an encoding, but got 'q9'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %c : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q9", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = false}
  return
}

// -----

func.func @expert_linear_c2_activations(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects 'activations' to be one of f32, i16, i8, but got 'f64'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %c : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) {activations = "f64", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = false}
  return
}

// -----

func.func @expert_linear_c3_ids(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 2 i32 in 'routes', but got 'memref<?xi32>'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %o : memref<?x32xf32>, memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = false}
  return
}

// -----

func.func @expert_linear_c3_order(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects 'memref<?xi32>' as 'routes', but got 'memref<?x2xi32>'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %c : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = true, out_rows = 16 : i64, per_choice = false}
  return
}

// -----

func.func @expert_linear_c4_y(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 24 times 2 numbers in 'y', but got 'memref<?x32xf32>'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %c : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 24 : i64, per_choice = false}
  return
}

// -----

func.func @expert_linear_c4_x(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %o: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 32 times 2 numbers in 'x', but got 'memref<?x32xf32>'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %c : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = true}
  return
}

// -----

func.func @expert_linear_c5(%i: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %c: memref<?x2xi32>, %b: memref<16xf32>) {
  // expected-error@+1 {{expects 'bias' to be f32 of [8, 16], but got 'memref<16xf32>'}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %w, %c : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%x : memref<?x32xf32>) bias(%b : memref<16xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = false}
  return
}

// -----

func.func @quantize_rows_c1(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{attribute 'columns' failed to satisfy constraint}}
  plan.quantize_rows row(%i) ins(%x : memref<?x32xf32>) outs(%r : memref<?xi8>) {columns = 0 : i64, row_tile = 1 : i64}
  return
}

// -----

func.func @quantize_rows_c2(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 64 times 1 numbers in 'x', but got 'memref<?x32xf32>'}}
  plan.quantize_rows row(%i) ins(%x : memref<?x32xf32>) outs(%r : memref<?xi8>) {columns = 64 : i64, row_tile = 1 : i64}
  return
}

// -----

func.func @quantize_rows_c3(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'activations' to be one of i16, i8, but got 'f32'}}
  plan.quantize_rows row(%i) ins(%x : memref<?x32xf32>) outs(%r : memref<?xi8>) {activations = "f32", columns = 32 : i64, row_tile = 1 : i64}
  return
}

// -----

func.func @append_rows_c3(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 9223372036854775807 times 2 numbers in 'x', but got 'memref<?x32xf32>'}}
  plan.append_rows row(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) at(%i, %i, %i) {columns = 9223372036854775807 : i64, heads = 2 : i64, keys = true, storage = "f32"}
  return
}

// -----

func.func @append_rows_c2(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'storage' to be one of f32, f16, bf16, q8_0, but got 'q4_0'}}
  plan.append_rows row(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) at(%i, %i, %i) {columns = 16 : i64, heads = 2 : i64, keys = true, storage = "q4_0"}
  return
}

// -----

func.func @attention_c3_parts(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects bytes for the parts, but got 'memref<?x32xf32>'}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, row_tile = 1 : i64, scale = 2.5e-01 : f32, splits = 2 : i64, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @attention_c4(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects parts of one row, but got a row tile of 4}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%r : memref<?xi8>) at(%i, %i, %i, %i) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, row_tile = 4 : i64, scale = 2.5e-01 : f32, splits = 2 : i64, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @attention_c5(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'products' to be one of f32, bf16x2, bf16, but got 'f16'}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, products = "f16", row_tile = 16 : i64, scale = 2.5e-01 : f32, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @attention_c5_row(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects products in f32 for one row, but got 'bf16'}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, products = "bf16", scale = 2.5e-01 : f32, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @merge_attention_c1(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 2 parts or more, but got 1}}
  plan.merge_attention row(%i) ins(%r : memref<?xi8>) outs(%x : memref<?x32xf32>) {heads = 2 : i64, splits = 1 : i64, value_columns = 16 : i64}
  return
}

// -----

func.func @merge_attention_c2(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 8 times 2 numbers in 'y', but got 'memref<?x32xf32>'}}
  plan.merge_attention row(%i) ins(%r : memref<?xi8>) outs(%x : memref<?x32xf32>) {heads = 2 : i64, splits = 8 : i64, value_columns = 8 : i64}
  return
}

// -----

func.func @attention_c1(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'key_heads' to divide 'heads' (3), but got 2}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 3 : i64, key_columns = 16 : i64, key_heads = 2 : i64, scale = 2.5e-01 : f32, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @attention_c2(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'storage' to be one of f32, f16, bf16, q8_0, but got 'i8'}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 3 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, storage = "i8", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @attention_c3_q(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 16 times 3 numbers in 'q', but got 'memref<?x32xf32>'}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 3 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
  return
}

// -----

func.func @attention_c3_y(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 8 times 2 numbers in 'y', but got 'memref<?x32xf32>'}}
  plan.attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%x : memref<?x32xf32>) at(%i, %i, %i, %i) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, storage = "f32", value_columns = 8 : i64, window = -1 : i64}
  return
}

// -----

func.func @embedding_c3(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 64 times 1 numbers in 'y', but got 'memref<?x32xf32>'}}
  plan.embedding range(%i, %i) ins(%t, %r : memref<?xi32>, memref<?xi8>) outs(%x : memref<?x32xf32>) {columns = 64 : i64, encoding = "q8_0", layout = "r16", table_rows = 64 : i64}
  return
}

// -----

func.func @embedding_c2(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'layout' to be one of rows, r16, but got 'r17'}}
  plan.embedding range(%i, %i) ins(%t, %r : memref<?xi32>, memref<?xi8>) outs(%x : memref<?x32xf32>) {columns = 32 : i64, encoding = "q8_0", layout = "r17", table_rows = 64 : i64}
  return
}

// -----

func.func @row_attention_c1(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects 'q_extra' if and only if there are extra columns, but got 8}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 8 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c2(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects 'storage' to be one of f32, f16, bf16, q8_0, but got 'i8'}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "i8", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c3(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects rows of 16 times 3 numbers in 'q', but got 'memref<?x32xf32>'}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 3 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c4(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects a clock, a window, picks, a pool, a page table and 2 places of each set}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c4_windows(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects a clock, a window, picks, a pool, a page table and 2 places of each set}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1, 4>}
  return
}

// -----

func.func @row_attention_c4_ids(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects ids of each set with picks}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 2>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c4_size(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects rows of 3 i32 in 'ids', but got 'memref<?x2xi32>'}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) ids(%c : memref<?x2xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 3>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c4_none(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects ids of sets with picks only}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) ids(%c : memref<?x2xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c5(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects a positive clock, a window of rows of every token, or -1, and picks of at least 0, but got 4, 8 and 0}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 4>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: 8>}
  return
}

// -----

func.func @index_top_k_c3(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects rows of 2 times 1 numbers in 'a', but got 'memref<?x32xf32>'}}
  plan.index_top_k range(%i, %i) ins(%x, %x : memref<?x32xf32>, memref<?x32xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%c : memref<?x2xi32>) at(%i, %i, %i) {clock = 4 : i64, columns = 16 : i64, heads = 2 : i64, k = 2 : i64, storage = "f16"}
  return
}

// -----

func.func @index_top_k_c4(%i: index, %x: memref<?x32xf32>, %a: memref<?x2xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects rows of 3 i32 in 'ids', but got 'memref<?x2xi32>'}}
  plan.index_top_k range(%i, %i) ins(%x, %a : memref<?x32xf32>, memref<?x2xf32>) pages(%r, %t : memref<?xi8>, memref<?xi32>) outs(%c : memref<?x2xi32>) at(%i, %i, %i) {clock = 4 : i64, columns = 16 : i64, heads = 2 : i64, k = 3 : i64, storage = "f16"}
  return
}

// -----

func.func @gather_windows_c1(%i: index, %x: memref<?x16xf32>, %r: memref<?xi8>) {
  // expected-error@+1 {{expects windows of 2 rows or more, but got 0 and 1}}
  plan.gather_windows range(%i, %i) tokens(%i) ins(%x : memref<?x16xf32>) state(%r : memref<?xi8>) outs(%x : memref<?x16xf32>) at(%i, %i) {before = 0 : i64, columns = 16 : i64, fill = 0.0 : f32, size = 1 : i64}
  return
}

// -----

func.func @gather_windows_c2(%i: index, %x: memref<?x16xf32>, %r: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 16 times 2 numbers in 'y', but got 'memref<?x16xf32>'}}
  plan.gather_windows range(%i, %i) tokens(%i) ins(%x : memref<?x16xf32>) state(%r : memref<?xi8>) outs(%x : memref<?x16xf32>) at(%i, %i) {before = 0 : i64, columns = 16 : i64, fill = 0.0 : f32, size = 2 : i64}
  return
}

// -----

func.func @keep_rows_c3(%i: index, %x: memref<?x16xf32>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects 'memref<?xi8>' as 'state', but got 'memref<?xi32>'}}
  plan.keep_rows row(%i) tokens(%i) ins(%x : memref<?x16xf32>) state(%t : memref<?xi32>) at(%i, %i) {columns = 16 : i64, rows = 7 : i64}
  return
}

// -----

func.func @expert_linear_c3_fixed(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>) {
  // expected-error@+1 {{expects 'routes', or a choice for each of 8 experts, but got 2}}
  plan.expert_linear range(%i, %i) tokens(%i) ins(%x, %r : memref<?x32xf32>, memref<?xi8>) outs(%x : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 16 : i64, many_rows = false, out_rows = 16 : i64, per_choice = true}
  return
}

// -----

// expected-error@+1 {{expects all rows of a clock, but got a window of 8}}
plan.state_group @slow window 8 clock 4 slot 8192 per_token 64 members [@e] counts [1] offsets [0]

// -----

plan.program @decode max_tokens 1 {
  // expected-error@+1 {{expects no clock of 'tokens'}}
  %t = plan.input "tokens" clock 4 : memref<?xi32>
}

// -----

func.func @causal_conv_c1(%i: index, %x: memref<?x32xf32>, %w: memref<32x1xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects 'w' to be f32 of [channels, taps] with 2 taps or more, but got 'memref<32x1xf32>'}}
  plan.causal_conv range(%i, %i) tokens(%i) ins(%x, %w : memref<?x32xf32>, memref<32x1xf32>) state(%s : memref<?xi8>) at(%i) outs(%x : memref<?x32xf32>) {columns = 16 : i64}
  return
}

// -----

func.func @causal_conv_c1_dynamic(%i: index, %x: memref<?x32xf32>, %w: memref<?x4xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects 'w' to be f32 of [channels, taps] with 2 taps or more, but got 'memref<?x4xf32>'}}
  plan.causal_conv range(%i, %i) tokens(%i) ins(%x, %w : memref<?x32xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%x : memref<?x32xf32>) {columns = 16 : i64}
  return
}

// -----

func.func @causal_conv_c2(%i: index, %x: memref<?x16xf32>, %y: memref<?x32xf32>, %w: memref<32x4xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 32 times 1 numbers in 'x', but got 'memref<?x16xf32>'}}
  plan.causal_conv range(%i, %i) tokens(%i) ins(%x, %w : memref<?x16xf32>, memref<32x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x32xf32>) {columns = 16 : i64}
  return
}

// -----

func.func @causal_conv_c2_result(%i: index, %x: memref<?x16xf32>, %y: memref<?x32xf32>, %w: memref<32x4xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 32 times 1 numbers in 'y', but got 'memref<?x16xf32>'}}
  plan.causal_conv range(%i, %i) tokens(%i) ins(%y, %w : memref<?x32xf32>, memref<32x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%x : memref<?x16xf32>) {columns = 16 : i64}
  return
}

// -----

func.func @causal_conv_c3(%i: index, %x: memref<?x32xf32>, %w: memref<32x4xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{attribute 'columns' failed to satisfy constraint}}
  plan.causal_conv range(%i, %i) tokens(%i) ins(%x, %w : memref<?x32xf32>, memref<32x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%x : memref<?x32xf32>) {columns = 0 : i64}
  return
}

// -----

func.func @gated_delta_c1(%i: index, %k: memref<?x24xf32>, %v: memref<?x32xf32>, %d: memref<?x4xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects 'key_heads' to divide 'heads' (4), but got 3}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%k, %k, %v, %d, %d : memref<?x24xf32>, memref<?x24xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%v : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 3 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c1_sizes(%i: index, %k: memref<?x16xf32>, %v: memref<?x32xf32>, %d: memref<?x4xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{attribute 'key_columns' failed to satisfy constraint}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%k, %k, %v, %d, %d : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%v : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 0 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c2_q(%i: index, %q: memref<?x24xf32>, %k: memref<?x16xf32>, %v: memref<?x32xf32>, %d: memref<?x4xf32>, %b: memref<?x4xf32>, %y: memref<?x32xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 8 times 2 numbers in 'q', but got 'memref<?x24xf32>'}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%q, %k, %v, %d, %b : memref<?x24xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c2_k(%i: index, %q: memref<?x16xf32>, %k: memref<?x24xf32>, %v: memref<?x32xf32>, %d: memref<?x4xf32>, %b: memref<?x4xf32>, %y: memref<?x32xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 8 times 2 numbers in 'k', but got 'memref<?x24xf32>'}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%q, %k, %v, %d, %b : memref<?x16xf32>, memref<?x24xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c2_v(%i: index, %q: memref<?x16xf32>, %k: memref<?x16xf32>, %v: memref<?x33xf32>, %d: memref<?x4xf32>, %b: memref<?x4xf32>, %y: memref<?x32xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 8 times 4 numbers in 'v', but got 'memref<?x33xf32>'}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%q, %k, %v, %d, %b : memref<?x16xf32>, memref<?x16xf32>, memref<?x33xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c2_decay(%i: index, %q: memref<?x16xf32>, %k: memref<?x16xf32>, %v: memref<?x32xf32>, %d: memref<?x5xf32>, %b: memref<?x4xf32>, %y: memref<?x32xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 4 times 1 numbers in 'decay', but got 'memref<?x5xf32>'}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%q, %k, %v, %d, %b : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x5xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c2_beta(%i: index, %q: memref<?x16xf32>, %k: memref<?x16xf32>, %v: memref<?x32xf32>, %d: memref<?x4xf32>, %b: memref<?x5xf32>, %y: memref<?x32xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 4 times 1 numbers in 'beta', but got 'memref<?x5xf32>'}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%q, %k, %v, %d, %b : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x5xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @gated_delta_c2_y(%i: index, %q: memref<?x16xf32>, %k: memref<?x16xf32>, %v: memref<?x32xf32>, %d: memref<?x4xf32>, %b: memref<?x4xf32>, %y: memref<?x33xf32>, %s: memref<?xi8>) {
  // expected-error@+1 {{expects rows of 8 times 4 numbers in 'y', but got 'memref<?x33xf32>'}}
  plan.gated_delta range(%i, %i) tokens(%i) ins(%q, %k, %v, %d, %b : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%i) outs(%y : memref<?x33xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
  return
}

// -----

func.func @embedding_c2_integers(%i: index, %y: memref<?x6xi32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects a table of integers to be 'i32' in 'rows', but got 'i64' in 'rows'}}
  plan.embedding range(%i, %i) ins(%t, %r : memref<?xi32>, memref<?xi8>) outs(%y : memref<?x6xi32>) {columns = 6 : i64, encoding = "i64", layout = "rows", table_rows = 64 : i64}
  return
}

// -----

func.func @embedding_c2_integers_layout(%i: index, %y: memref<?x6xi32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects a table of integers to be 'i32' in 'rows', but got 'i32' in 'r16'}}
  plan.embedding range(%i, %i) ins(%t, %r : memref<?xi32>, memref<?xi8>) outs(%y : memref<?x6xi32>) {columns = 6 : i64, encoding = "i32", layout = "r16", table_rows = 64 : i64}
  return
}

// -----

func.func @embedding_c3_integers(%i: index, %y: memref<?x6xf32>, %r: memref<?xi8>, %t: memref<?xi32>) {
  // expected-error@+1 {{expects rows of 6 i32 in 'y', but got 'memref<?x6xf32>'}}
  plan.embedding range(%i, %i) ins(%t, %r : memref<?xi32>, memref<?xi8>) outs(%y : memref<?x6xf32>) {columns = 6 : i64, encoding = "i32", layout = "rows", table_rows = 64 : i64}
  return
}

// -----

func.func @row_attention_c6(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %s: memref<1xf32>) {
  // expected-error@+1 {{expects 'sink' to be f32 of [2], but got 'memref<1xf32>'}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) sink(%s : memref<1xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c4_pools(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %s: memref<1xf32>) {
  // expected-error@+1 {{expects 'memref<?xi8>' as 'pools', but got 'memref<?xi32>'}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%t : memref<?xi32>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c4_tables(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %s: memref<1xf32>) {
  // expected-error@+1 {{expects 'memref<?xi32>' as 'page_tables', but got 'memref<?xi8>'}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%r : memref<?xi8>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
  return
}

// -----

func.func @row_attention_c5_zero(%i: index, %x: memref<?x32xf32>, %r: memref<?xi8>, %t: memref<?xi32>, %s: memref<1xf32>) {
  // expected-error@+1 {{expects a positive clock, a window of rows of every token, or -1, and picks of at least 0, but got 1, 0 and 0}}
  plan.row_attention range(%i, %i) tokens(%i) ins(%x : memref<?x32xf32>) outs(%x : memref<?x32xf32>) pools(%r : memref<?xi8>) tables(%t : memref<?xi32>) at(%i, [%i, %i]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: 0>}
  return
}

// -----

func.func @index_top_k_c5(%i: index, %x: memref<?x32xf32>, %a: memref<?x2xf32>, %t: memref<?xi32>, %c: memref<?x2xi32>) {
  // expected-error@+1 {{expects 'memref<?xi8>' as 'pool', but got 'memref<?xi32>'}}
  plan.index_top_k range(%i, %i) ins(%x, %a : memref<?x32xf32>, memref<?x2xf32>) pages(%t, %t : memref<?xi32>, memref<?xi32>) outs(%c : memref<?x2xi32>) at(%i, %i, %i) {clock = 4 : i64, columns = 16 : i64, heads = 2 : i64, k = 2 : i64, storage = "f16"}
  return
}
