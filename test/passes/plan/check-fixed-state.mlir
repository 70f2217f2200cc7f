// RUN: tombolo-opt %s -plan-check -split-input-file -verify-diagnostics

// Places of states of one size that keep the contract.
module attributes {plan.arena_bytes = 512 : i64, plan.thread_bytes = 128 : i64, plan.target = "cpu"} {
  nn.recurrent_state @s[2] : tensor<3x16xf32>
  nn.window_state @w : !nn.rows<16xf32> size = 4
  plan.fixed_state @fixed bytes 576 members [@s, @w] counts [2, 1] offsets [384, 0, 192]
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
  // Those that tokens take rows of are not of one size.
  nn.state @s : !nn.rows<16xf32> storage = f32
  // expected-error@+1 {{expects '@s' to be 1 states of one size of this module}}
  plan.fixed_state @fixed bytes 8192 members [@s] counts [1] offsets [0]
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
  // expected-error@+1 {{expects '@s' to be 1 states of one size of this module}}
  plan.fixed_state @fixed bytes 8192 members [@s] counts [1] offsets [0]
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
  nn.recurrent_state @s[3] : tensor<3x16xf32>
  // expected-error@+1 {{expects '@s' to be 2 states of one size of this module}}
  plan.fixed_state @fixed bytes 8192 members [@s] counts [2] offsets [0, 192]
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
  nn.recurrent_state @s[2] : tensor<3x16xf32>
  // expected-error@+1 {{expects room for the 192 bytes of '@s' at 192, but has 383 bytes}}
  plan.fixed_state @fixed bytes 383 members [@s] counts [2] offsets [0, 192]
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
  nn.recurrent_state @s[2] : tensor<3x16xf32>
  nn.window_state @w : !nn.rows<16xf32> size = 4
  // expected-error@+1 {{expects a place for each state, but those at 192 and 320 share bytes}}
  plan.fixed_state @fixed bytes 1024 members [@s, @w] counts [2, 1] offsets [320, 0, 192]
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
  nn.recurrent_state @s : tensor<3x16xf32>
  // expected-note@+1 {{the first is here}}
  plan.fixed_state @fixed bytes 192 members [@s] counts [1] offsets [0]
  // expected-error@+1 {{expects to be the only one of its module}}
  plan.fixed_state @more bytes 192 members [@s] counts [1] offsets [0]
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
