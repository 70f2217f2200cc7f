// RUN: tombolo-opt %s -split-input-file -verify-diagnostics -allow-unregistered-dialect

// expected-error@+1 {{expects 'mul' and 'add' of at least 0 and 'div' of at least 1, but got 1, 0, 0}}
"test.op"() {size = #plan.size<tokens * 1 + 0 ceildiv 0>} : () -> ()

// -----

// expected-error@+1 {{expects the name of an encoding, but got 'q9'}}
plan.pack @w.r16 of @w[1] layout "r16" encoding "q9" shape [32, 32]

// -----

// expected-error@+1 {{expects at least one weight, but got 0}}
plan.pack @w.r16 of @w[0] layout "r16" encoding "f32" shape [32, 32]

// -----

// expected-error@+1 {{expects one count per member, but got 1 for 2}}
plan.state_group @pages window -1 slot 64 per_token 1 members [@k, @v] counts [1] offsets [0]

// -----

// expected-error@+1 {{expects one offset per instance (2), but got 1}}
plan.state_group @pages window -1 slot 64 per_token 1 members [@k] counts [2] offsets [0]

// -----

plan.program @decode max_tokens 1 {
  // expected-error@+1 {{expects 'kind' to be one of tokens, positions, rope_table, pool, page_table, but got 'weather'}}
  %0 = plan.input "weather" : memref<?xi32>
}

// -----

plan.program @decode max_tokens 1 {
  // expected-error@+1 {{expects 'pool' to name its source}}
  %0 = plan.input "pool" : memref<?xi8>
}

// -----

func.func @epilogue_arguments(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>) {
  // expected-error@+1 {{expects an epilogue of 1 arguments, but got 2}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 32 : i64, paired = false, row_tile = 1 : i64} {
  ^bb0(%acc: f32, %more: f32):
    plan.yield %acc : f32
  }
  return
}

// -----

func.func @paired_rows(%b: index, %e: index, %t: index, %x: memref<?x32xf32>, %w: memref<?xi8>, %y: memref<?x32xf32>) {
  // expected-error@+1 {{expects paired matrices of a multiple of 16 rows, but got 12}}
  plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x32xf32>) attributes {activations = "f32", encoding = "f32", in_columns = 32 : i64, many_rows = false, out_rows = 24 : i64, paired = true, row_tile = 1 : i64} {
  ^bb0(%gate: f32, %up: f32):
    plan.yield %gate : f32
  }
  return
}
