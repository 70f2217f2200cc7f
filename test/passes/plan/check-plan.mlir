// RUN: tombolo-opt %s -plan-check -split-input-file -verify-diagnostics

// expected-error@+1 {{expects 'plan.arena_bytes': memory is not planned}}
module {
}

// -----

// expected-error@+1 {{expects a program 'prefill'}}
module attributes {plan.arena_bytes = 0 : i64} {
}

// -----

module attributes {plan.arena_bytes = 64 : i64} {
  plan.program @prefill max_tokens 1 {
    // expected-error@+1 {{expects a place inside the arena of 64 bytes}}
    %0 = plan.buffer rows 2 row_bytes 64 offset 0 : memref<?x16xf32>
  }
  plan.program @decode max_tokens 1 {
  }
  plan.program @logits max_tokens 1 {
  }
  plan.program @logits_one max_tokens 1 {
  }
}

// -----

module attributes {plan.arena_bytes = 64 : i64} {
  plan.program @prefill max_tokens 1 {
    %0 = plan.buffer rows 1 row_bytes 64 offset 0 : memref<?x16xf32>
    // expected-error@+1 {{names no kernel: 'missing'}}
    plan.dispatch @missing grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "x" : memref<?x16xf32>
  }
  plan.program @decode max_tokens 1 {
  }
  plan.program @logits max_tokens 1 {
  }
  plan.program @logits_one max_tokens 1 {
  }
}

// -----

module attributes {plan.arena_bytes = 64 : i64} {
  func.func @k(%begin: index, %end: index, %x: memref<?x8xf32>) attributes {plan.kernel} {
    return
  }
  plan.program @prefill max_tokens 1 {
    %0 = plan.buffer rows 1 row_bytes 64 offset 0 : memref<?x16xf32>
    // expected-error@+1 {{expects buffer 0 to be 'memref<?x8xf32>', but got 'memref<?x16xf32>'}}
    plan.dispatch @k grid <one * 1 + 0 ceildiv 1> (%0) writes [0] sizes [] barrier true "x" : memref<?x16xf32>
  }
  plan.program @decode max_tokens 1 {
  }
  plan.program @logits max_tokens 1 {
  }
  plan.program @logits_one max_tokens 1 {
  }
}
