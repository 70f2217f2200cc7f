// RUN: tombolo-opt %s -pass-pipeline='builtin.module(tombolo-plan{target=cpu:x86-64-v3 chunk=64})' -split-input-file -verify-diagnostics

// Rows of windows are no rows of tokens.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    // expected-error@+1 {{expects rows of one clock, but got those of 1 and of 4 tokens}}
    %y = nn.add %x, %e : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Nor does a layer return them.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    // expected-error@+1 {{expects rows of tokens, but got those of windows of 4, which is not in this version}}
    return %e : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Products are of tokens.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %m = nn.get_weight @embed : !nn.weight<32x32, f32>
    // expected-error@+1 {{expects rows of tokens, but got those of windows of 4, which is not in this version}}
    %y = nn.linear %e, %m : tensor<?x32xf32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Windows of windows are not.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  nn.window_state @again : !nn.rows<32xf32> size = 2
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    // expected-error@+1 {{expects rows of tokens; windows of windows are not in this version}}
    %v = nn.windows %e, %starts state = @again size = 2 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x2x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Rows of tokens are not kept as those of windows.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @far : !nn.rows<32xf32, clock = 4> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects rows of its clock, of 4 tokens, but got those of 1}}
    %r = nn.history %x, %positions state = @far clock = 4 : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32, clock = 4>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Of a clock all rows are kept.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  // expected-error@+1 {{expects all rows of a clock to plan it; windows of them are not in this version}}
  nn.state @far : !nn.rows<32xf32, window = 8, clock = 4> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    %r = nn.history %e, %starts state = @far window = 8 clock = 4 : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32, window = 8, clock = 4>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Scores of all rows are never there.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @near : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x?xf32>) {
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %q = nn.rearrange %x, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    %a = nn.slice %x[:, :1] : tensor<?x32xf32> -> tensor<?x1xf32>
    // expected-error@+1 {{expects its scores to be read by 'nn.top_k' only to plan it, but 'func.return' does}}
    %scores = nn.index_scores %q, %positions, %k, %a : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, tensor<?x1xf32> -> tensor<?x?xf32>
    return %x, %scores : tensor<?x32xf32>, tensor<?x?xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y:2 = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x?xf32>)
    return %y#0 : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// A soft cap over rows that are key and value.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @near : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %q = nn.rearrange %x, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    // expected-error@+1 {{expects no soft cap over rows that are key and value; it is not in this version}}
    %o = nn.attention %q, %positions keys(%k) values(%k) scale = 1.0 softcap = 2.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<32xf32> -> tensor<?x1x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Rows that are keys in one attention, and key and value in another.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @near : !nn.rows<32xf32> storage = f32
  nn.state @values : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    // expected-error@+1 {{expects a history to be either keys or values, or both at once for all heads}}
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %v = nn.history %x, %positions state = @values : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %q = nn.rearrange %x, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    %o = nn.attention %q, %positions keys(%k) values(%k) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<32xf32> -> tensor<?x1x32xf32>
    %o1 = nn.attention %q, %positions keys(%k) values(%v) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<32xf32> -> tensor<?x1x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Latent attention has one compiled form.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.state @near : !nn.rows<32xf32> storage = f32
  nn.state @pe : !nn.rows<32xf32> storage = f32
  nn.weight @w : !nn.weight<1x32x32, f32> {
    %0 = nn.stored "w" : !nn.weight<1x32x32, f32>
    nn.yield %0 : !nn.weight<1x32x32, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %pe = nn.history %x, %positions state = @pe : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %q = nn.rearrange %x, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    %w = nn.get_weight @w : !nn.weight<1x32x32, f32>
    // expected-error@+1 {{expects latent attention in its absorbed form; 'nn-absorb-latents' makes it so, of matrices that are stored}}
    %o = nn.latent_attention %q, %positions, %q, %k, %pe, %w, %w scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, tensor<?x1x32xf32>, !nn.rows<32xf32>, !nn.rows<32xf32>, !nn.weight<1x32x32, f32>, !nn.weight<1x32x32, f32> -> tensor<?x1x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Queries are of tokens.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  nn.state @near : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    %q = nn.rearrange %e, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    // expected-error@+1 {{expects rows of tokens, but got those of windows of 4, which is not in this version}}
    %o = nn.attention %q, %starts keys(%k) values(%k) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<32xf32> -> tensor<?x1x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// So are those that choose rows.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  nn.state @near : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    %q = nn.rearrange %e, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    %a = nn.slice %e[:, :1] : tensor<?x32xf32> -> tensor<?x1xf32>
    // expected-error@+1 {{expects rows of tokens, but got those of windows of 4, which is not in this version}}
    %scores = nn.index_scores %q, %starts, %k, %a : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, tensor<?x1xf32> -> tensor<?x?xf32>
    %ids = nn.top_k %scores k = 2 : tensor<?x?xf32> -> tensor<?x2xi32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Keys and values apart have a row for each token.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.window_state @open : !nn.rows<32xf32> size = 4
  nn.state @far : !nn.rows<32xf32, clock = 4> storage = f32
  nn.state @values : !nn.rows<32xf32, clock = 4> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %w = nn.windows %x, %positions state = @open size = 4 : tensor<?x32xf32>, tensor<?xi32> -> tensor<?x4x32xf32>
    %s = nn.sum %w axis = 1 : tensor<?x4x32xf32> -> tensor<?x1x32xf32>
    %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x32xf32> -> tensor<?x32xf32>
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    %far = nn.history %e, %starts state = @far clock = 4 : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32, clock = 4>
    %v = nn.history %e, %starts state = @values clock = 4 : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32, clock = 4>
    %q = nn.rearrange %x, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    // expected-error@+1 {{expects one set of all keys, a row for each token, or sets of rows of one head that are key and value; others are not in this version}}
    %o = nn.attention %q, %positions keys(%far) values(%v) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32, clock = 4>, !nn.rows<32xf32, clock = 4> -> tensor<?x1x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Taps that are a part of a weight.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.recurrent_state @c : tensor<3x32xf32>
  nn.weight @taps : !nn.weight<64x4, f32> {
    %0 = nn.stored "taps" : !nn.weight<64x4, f32>
    nn.yield %0 : !nn.weight<64x4, f32>
  }
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %t = nn.get_weight @taps : !nn.weight<64x4, f32>
    // expected-error@+1 {{expects a part of a weight that 'nn.causal_conv' reads to be taken in the region of an nn.weight}}
    %p = nn.slice %t[:32, :] : !nn.weight<64x4, f32> -> !nn.weight<32x4, f32>
    %y = nn.causal_conv %x, %positions, %p state = @c : tensor<?x32xf32>, tensor<?xi32>, !nn.weight<32x4, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// A state that keeps nothing.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  // expected-error@+1 {{expects a state that keeps something to plan it}}
  nn.window_state @none : !nn.rows<32xf32> size = 1
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x) : (index, tensor<?xi32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}

// -----

// Ids that may name a row twice.
module {
  nn.weight @embed : !nn.weight<32x32, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x32, f32>
    nn.yield %0 : !nn.weight<32x32, f32>
  }
  nn.weight @table : !nn.weight<32x2, i32> {
    %0 = nn.stored "table" : !nn.weight<32x2, i32>
    nn.yield %0 : !nn.weight<32x2, i32>
  }
  nn.state @near : !nn.rows<32xf32> storage = f32
  func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x32xf32>, %ids: tensor<?x2xi32>) -> tensor<?x32xf32> {
    %k = nn.history %x, %positions state = @near : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
    %q = nn.rearrange %x, "t c -> t 1 c" : tensor<?x32xf32> -> tensor<?x1x32xf32>
    // expected-error@+1 {{expects ids from 'nn.top_k' to plan it, but '@layer0' is called with others}}
    %p = nn.pick %k, %ids : !nn.rows<32xf32>, tensor<?x2xi32> -> !nn.rows<32xf32, picks = 2>
    %o = nn.attention %q, %positions keys(%p) values(%p) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32, picks = 2>, !nn.rows<32xf32, picks = 2> -> tensor<?x1x32xf32>
    return %x : tensor<?x32xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x32, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x32, f32> -> tensor<?x32xf32>
    %t = nn.get_weight @table : !nn.weight<32x2, i32>
    %ids = nn.embedding %tokens, %t : tensor<?xi32>, !nn.weight<32x2, i32> -> tensor<?x2xi32>
    %c = arith.constant 0 : index
    %y = call @layer0(%c, %positions, %x, %ids) : (index, tensor<?xi32>, tensor<?x32xf32>, tensor<?x2xi32>) -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
  func.func @logits(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
    %y = nn.neg %x : tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
