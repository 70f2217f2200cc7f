// What 16-bit and 8-bit activations let products be, and tiles that hold 48 rows of queries or more.
// RUN: tombolo-opt %s -plan-build='target=cpu:sapphirerapids chunk=64' | FileCheck %s --check-prefixes=CHECK,I16
// RUN: tombolo-opt %s -plan-build='target=cpu:sapphirerapids chunk=64 activations=i8' | FileCheck %s --check-prefixes=CHECK,I8
// RUN: tombolo-opt %s -plan-build='target=cpu:sapphirerapids chunk=64 activations=f32' | FileCheck %s --check-prefixes=CHECK,F32
// RUN: tombolo-opt %s -plan-build='target=cpu:sapphirerapids chunk=64 activations=i8 disable=cpu-attention-bf16' | FileCheck %s --check-prefixes=CHECK,F32
// Levels without such products share the plan:
// RUN: tombolo-opt %s -plan-build='target=cpu:sapphirerapids chunk=64 activations=i8' -o %t.tiles
// RUN: tombolo-opt %s -plan-build='target=cpu:x86-64-v2 chunk=64 activations=i8' -o %t.none
// RUN: cmp %t.tiles %t.none

module attributes {nn.model = {family = "test", context = 64 : i64, vocab_size = 32 : i64, hidden_size = 64 : i64, layers = 1 : i64}} {
  nn.weight @embed : !nn.weight<32x64, f32> {
    %0 = nn.stored "embed" : !nn.weight<32x64, f32>
    nn.yield %0 : !nn.weight<32x64, f32>
  }
  nn.state @k : !nn.rows<2x16xf32> storage = f16
  nn.state @v : !nn.rows<2x16xf32> storage = f16

  // CHECK:      plan.program @prefill
  // Tiles of two key heads: ceil((tokens + tile - 1) * 2 / tile).
  // CHECK:      plan.dispatch @attention grid <tokens * 2 + 62 ceildiv 32>
  // I16:        plan.attention {{.*}}products = "bf16x2", row_tile = 32 : i64
  // I8:         plan.attention {{.*}}products = "bf16", row_tile = 32 : i64
  // F32:        plan.attention {{.*}}key_heads = 2 : i64, row_tile = 32 : i64
  // One row is f32.
  // CHECK:      plan.program @decode
  // CHECK:      plan.dispatch @attention{{.*}} grid <tokens * 16 + 0 ceildiv 1>
  // CHECK:      plan.attention {{.*}}key_heads = 2 : i64, scale = {{.*}}splits = 8 : i64
  func.func @hidden(%tokens: tensor<?xi32>, %positions: tensor<?xi32>) -> tensor<?x64xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x64, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<32x64, f32> -> tensor<?x64xf32>
    %q = nn.rearrange %x, "... (n c) -> ... n c" {n = 4 : i64} : tensor<?x64xf32> -> tensor<?x4x16xf32>
    %k = nn.slice %q[:, :2, :] : tensor<?x4x16xf32> -> tensor<?x2x16xf32>
    %ks = nn.history %k, %positions state = @k : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %vs = nn.history %k, %positions state = @v : tensor<?x2x16xf32>, tensor<?xi32> -> !nn.rows<2x16xf32>
    %o = nn.attention %q, %positions keys(%ks) values(%vs) scale = 0.25 : tensor<?x4x16xf32>, tensor<?xi32>, !nn.rows<2x16xf32>, !nn.rows<2x16xf32> -> tensor<?x4x16xf32>
    %m = nn.rearrange %o, "... n c -> ... (n c)" : tensor<?x4x16xf32> -> tensor<?x64xf32>
    return %m : tensor<?x64xf32>
  }
  func.func @logits(%x: tensor<?x64xf32>) -> tensor<?x32xf32> {
    %e = nn.get_weight @embed : !nn.weight<32x64, f32>
    %y = nn.linear %x, %e : tensor<?x64xf32>, !nn.weight<32x64, f32> -> tensor<?x32xf32>
    return %y : tensor<?x32xf32>
  }
}
