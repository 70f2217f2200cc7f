// RUN: tombolo-opt %s -nn-check -split-input-file -verify-diagnostics -allow-unregistered-dialect

// expected-error@+1 {{expects the attribute 'nn.model'}}
module {
}

// -----

// expected-error@+1 {{expects functions '@hidden' and '@logits'}}
module attributes {nn.model = {family = "test"}} {
}

// -----

module attributes {nn.model = {family = "test"}} {
  // expected-error@+1 {{expects (tokens, positions) -> f32 rows, but got}}
  func.func @hidden(%tokens: tensor<?xi32>) -> tensor<?x8xf32> {
    %0 = "test.rows"() : () -> tensor<?x8xf32>
    return %0 : tensor<?x8xf32>
  }
  func.func @logits(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}
