// RUN: tombolo-opt %s -plan-check -split-input-file -verify-diagnostics

// A plan that keeps the contract.
module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.weight @w : !nn.weight<16x32, f16> {
    %0 = nn.stored "w" : !nn.weight<16x32, f16>
    nn.yield %0 : !nn.weight<16x32, f16>
  }
  plan.pack @w.r16 of @w[1] layout "r16" encoding "f16" shape [16, 32]
  nn.state @s[2] : !nn.rows<1x16xf32> storage = f32
  plan.state_group @pages window -1 slot 16384 per_token 128 members [@s] counts [2] offsets [0, 8192]
  nn.rope_table @rope freqs = [1.0, 0.1] scale = 1.0
  func.func @k(%begin: index, %end: index, %w: memref<?xi8>, %t: memref<?x2x2xf32>, %p: memref<?xi8>, %x: memref<?x16xf32, strided<[16, 1]>>, %n: index) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    %w = plan.weight @w.r16[0] : memref<?xi8>
    %t = plan.input "rope_table" @rope : memref<?x2x2xf32>
    %p = plan.input "pool" @pages : memref<?xi8>
    %a = plan.buffer rows 1 row_bytes 64 offset 192 : memref<?x16xf32, strided<[16, 1]>>
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%w, %t, %p, %a) writes [3] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "a" : memref<?xi8>, memref<?x2x2xf32>, memref<?xi8>, memref<?x16xf32, strided<[16, 1]>>
    plan.tap %a hidden 0 : memref<?x16xf32, strided<[16, 1]>>
    // %a is not needed any more: its place is free.
    %b = plan.buffer rows 1 row_bytes 64 offset 192 : memref<?x16xf32, strided<[16, 1]>>
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%w, %t, %p, %r0) writes [3] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "b" : memref<?xi8>, memref<?x2x2xf32>, memref<?xi8>, memref<?x16xf32, strided<[16, 1]>>
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%w, %t, %p, %b) writes [3] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "c" : memref<?xi8>, memref<?x2x2xf32>, memref<?xi8>, memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

// expected-error@+1 {{expects 'plan.arena_bytes', an i64 that is not negative: memory is not planned}}
module {
}

// -----

// expected-error@+1 {{expects 'plan.arena_bytes', an i64 that is not negative}}
module attributes {plan.arena_bytes = -64 : i64} {
}

// -----

// expected-error@+1 {{expects 'plan.thread_bytes', an i64 that is not negative: memory is not planned}}
module attributes {plan.arena_bytes = 64 : i64} {
}

// -----

// expected-error@+1 {{expects 'plan.target', the name of a target}}
module attributes {plan.arena_bytes = 0 : i64, plan.thread_bytes = 0 : i64, plan.target = 7 : i64} {
}

// -----

// expected-error@+1 {{expects a program 'prefill'}}
module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  // expected-error@+1 {{expects kernels only, but got function 'f'}}
  func.func private @f()
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  // expected-error@+1 {{expects kernel 'k' to have a body, to take a range (index, index) first and to return nothing}}
  func.func private @k(index, index) attributes {plan.kernel}
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  // expected-error@+1 {{expects kernel 'k' to have a body, to take a range (index, index) first and to return nothing}}
  func.func @k() attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  // expected-error@+1 {{expects kernel 'k' to have a body, to take a range (index, index) first and to return nothing}}
  func.func @k(%b: index, %e: f32) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  // expected-error@+1 {{expects '@w' to be an 'nn.weight' of this module}}
  plan.pack @w.r16 of @w[1] layout "r16" encoding "f16" shape [16, 32]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.weight @w : !nn.weight<16x32, f16> {
    %0 = nn.stored "w" : !nn.weight<16x32, f16>
    nn.yield %0 : !nn.weight<16x32, f16>
  }
  // expected-error@+1 {{expects the weights of '@w', 1 of '!nn.weight<16x32, f16>', as they are or in f32, but got}}
  plan.pack @w.r16 of @w[2] layout "r16" encoding "f16" shape [16, 32]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.weight @w : !nn.weight<16x32, f16> {
    %0 = nn.stored "w" : !nn.weight<16x32, f16>
    nn.yield %0 : !nn.weight<16x32, f16>
  }
  // expected-error@+1 {{expects the weights of '@w', 1 of '!nn.weight<16x32, f16>', as they are or in f32, but got}}
  plan.pack @w.r16 of @w[1] layout "r16" encoding "f16" shape [32, 32]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.weight @w : !nn.weight<16x32, f16> {
    %0 = nn.stored "w" : !nn.weight<16x32, f16>
    nn.yield %0 : !nn.weight<16x32, f16>
  }
  // expected-error@+1 {{expects the weights of '@w', 1 of '!nn.weight<16x32, f16>', as they are or in f32, but got}}
  plan.pack @w.r16 of @w[1] layout "r16" encoding "q8_0" shape [16, 32]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.weight @routes : !nn.weight<16x6, i64> {
    %0 = nn.stored "routes" : !nn.weight<16x6, i64>
    nn.yield %0 : !nn.weight<16x6, i64>
  }
  plan.pack @routes.rows of @routes[1] layout "rows" encoding "i32" shape [16, 6]
  // expected-error@+1 {{expects the weights of '@routes', 1 of '!nn.weight<16x6, i64>', as they are or in f32 or i32, but got 1 of [16, 6] of 'i16'}}
  plan.pack @routes.short of @routes[1] layout "rows" encoding "i16" shape [16, 6]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.state @s[2] : !nn.rows<1x16xf32> storage = f32
  // expected-error@+1 {{expects '@s' to be an 'nn.state' of 1 instances of this module}}
  plan.state_group @pages window -1 slot 16384 per_token 128 members [@s] counts [1] offsets [0]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.state @s[2] : !nn.rows<1x16xf32> storage = f32
  // expected-error@+1 {{expects a slot that holds a page of '@s' (128 rows of 64 bytes) at 8256, but has 16384 bytes}}
  plan.state_group @pages window -1 slot 16384 per_token 128 members [@s] counts [2] offsets [0, 8256]
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // Of other memory than what lies in the arena.
    %0 = plan.buffer per_thread rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place inside the memory of a thread of 128 bytes}}
    %1 = plan.buffer per_thread rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place inside the arena of 512 bytes}}
    %0 = plan.buffer rows 1 row_bytes 64 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place inside the arena of 512 bytes}}
    %0 = plan.buffer rows 1 row_bytes 64 offset 512 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place inside the arena of 512 bytes}}
    %0 = plan.buffer rows 3 row_bytes 64 offset 384 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place inside the arena of 512 bytes}}
    %0 = plan.buffer rows 1099511627776 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 2 {
    // expected-error@+1 {{expects a row for each of 2 tokens, but has 1}}
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects rows of f32 for role 'hidden', but got 'memref<?xf32>'}}
    %0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?xf32>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    // expected-note@+1 {{as here}}
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    // expected-error@+1 {{expects the place and type that role 'hidden' has in other programs}}
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 192 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

// The last layer left no buffer to read.
module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  // expected-error@+1 {{expects a buffer with the role 'hidden'}}
  plan.program @decode max_tokens 1 {
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    // expected-note@+1 {{the other is here}}
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place of its own while it is alive, but shares bytes with another buffer}}
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  func.func @k(%begin: index, %end: index, %x: memref<?x16xf32, strided<[16, 1]>>, %y: memref<?x16xf32, strided<[16, 1]>>) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-note@+1 {{the other is here}}
    %a = plan.buffer rows 1 row_bytes 64 offset 192 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place of its own while it is alive}}
    %b = plan.buffer rows 1 row_bytes 64 offset 192 : memref<?x16xf32, strided<[16, 1]>>
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%a, %b) writes [1] sizes [] barrier true "k" : memref<?x16xf32, strided<[16, 1]>>, memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

// What the host reads is alive throughout, in every program.
module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  func.func @k(%begin: index, %end: index, %x: memref<?x16xf32, strided<[16, 1]>>, %y: memref<?x16xf32, strided<[16, 1]>>) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a place of its own while it is alive}}
    %a = plan.buffer rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%a, %r0) writes [1] sizes [] barrier true "k" : memref<?x16xf32, strided<[16, 1]>>, memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    // expected-note@+1 {{the other is here}}
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.rope_table @rope freqs = [1.0, 0.1] scale = 1.0
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a table of the 2 frequencies of '@rope', but got 'memref<?x2x3xf32>'}}
    %t = plan.input "rope_table" @rope : memref<?x2x3xf32>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  func.func @k(%begin: index, %end: index, %x: memref<?x8xf32>) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects buffer 0 to be 'memref<?x8xf32>', but got}}
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%r0) writes [0] sizes [] barrier true "x" : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  func.func @k(%begin: index, %end: index, %x: memref<?x16xf32, strided<[16, 1]>>) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects as many arguments as kernel 'k' has (1), but got 2}}
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%r0) writes [0] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "x" : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  func.func @k(%begin: index, %end: index, %x: memref<?x16xf32, strided<[16, 1]>>, %s: f32) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects kernel 'k' to take size 0 as index, but it is 'f32'}}
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%r0) writes [0] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "x" : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    // expected-error@+1 {{expects a dispatch before it}}
    plan.tap %r0 hidden 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}

// -----

// Programs of a grid that is not the kernel's would leave rows out.
module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 0 : i64, plan.target = "cpu"} {
  nn.state @s : !nn.rows<1x16xf32> storage = f32
  plan.state_group @pages window -1 slot 16384 per_token 128 members [@s] counts [1] offsets [0]
  func.func @k(%begin: index, %end: index, %q: memref<?x32xf32, strided<[32, 1]>>, %p: memref<?xi8>, %t: memref<?xi32>, %n: index, %o: index) attributes {plan.kernel} {
    plan.attention range(%begin, %end) tokens(%n) ins(%q : memref<?x32xf32, strided<[32, 1]>>) pages(%p, %t : memref<?xi8>, memref<?xi32>) outs(%q : memref<?x32xf32, strided<[32, 1]>>) at(%n, %o, %o, %o) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, row_tile = 16 : i64, scale = 2.5e-01 : f32, storage = "f32", value_columns = 16 : i64, window = -1 : i64}
    return
  }
  plan.program @prefill max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
    %q = plan.buffer rows 1 row_bytes 128 offset 192 : memref<?x32xf32, strided<[32, 1]>>
    %p = plan.input "pool" @pages : memref<?xi8>
    %t = plan.input "page_table" @pages : memref<?xi32>
    // expected-error@+1 {{expects the grid of the 'plan.attention' in 'k', #plan.size<tokens * 1 + 15 ceildiv 16>, but got #plan.size<tokens * 1 + 0 ceildiv 16>}}
    plan.dispatch @k grid <tokens * 1 + 0 ceildiv 16> (%q, %p, %t) writes [0] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>, #plan.size<one * 0 + 0 ceildiv 1>] barrier true "a" : memref<?x32xf32, strided<[32, 1]>>, memref<?xi8>, memref<?xi32>
  }
  plan.program @decode max_tokens 1 {
    %r0 = plan.buffer role "hidden" rows 1 row_bytes 64 offset 0 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
  plan.program @logits_one max_tokens 1 {
    %r0 = plan.buffer role "logits_in" rows 1 row_bytes 64 offset 64 : memref<?x16xf32, strided<[16, 1]>>
    %r1 = plan.buffer role "logits_out" rows 1 row_bytes 64 offset 128 : memref<?x16xf32, strided<[16, 1]>>
  }
}
