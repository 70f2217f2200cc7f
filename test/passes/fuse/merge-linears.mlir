// RUN: tombolo-opt %s -nn-merge-linears -split-input-file | FileCheck %s
// A read that several products share is no other case.
// RUN: tombolo-opt %s -cse -nn-merge-linears -split-input-file | FileCheck %s

// CHECK-LABEL: nn.weight @layer0.wq.wk[2] : !nn.weight<48x32, f16>
// CHECK:         nn.concat %{{.*}}, %{{.*}} axis = 0
// CHECK-LABEL: nn.weight @layer0.bq.bk[2] : !nn.weight<48, f32>
nn.weight @layer0.wq[2] : !nn.weight<32x32, f16> indices = [0, 1] {
  %0 = nn.stored "q.{layer}" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @layer0.wk[2] : !nn.weight<16x32, f16> indices = [0, 1] {
  %0 = nn.stored "k.{layer}" : !nn.weight<16x32, f16>
  nn.yield %0 : !nn.weight<16x32, f16>
}
nn.weight @layer0.bq[2] : !nn.weight<32, f32> indices = [0, 1] {
  %0 = nn.stored "bq.{layer}" : !nn.weight<32, f32>
  nn.yield %0 : !nn.weight<32, f32>
}
nn.weight @layer0.bk[2] : !nn.weight<16, f32> indices = [0, 1] {
  %0 = nn.stored "bk.{layer}" : !nn.weight<16, f32>
  nn.yield %0 : !nn.weight<16, f32>
}
// CHECK-LABEL: func.func @with_biases
// CHECK-SAME:    (%[[LAYER:.*]]: index, %[[X:.*]]: tensor<?x32xf32>)
func.func @with_biases(%layer: index, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>) {
  // CHECK: %[[W:.*]] = nn.get_weight @layer0.wq.wk[%[[LAYER]]]
  // CHECK: %[[B:.*]] = nn.get_weight @layer0.bq.bk[%[[LAYER]]]
  // CHECK: %[[Y:.*]] = nn.linear %[[X]], %[[W]], %[[B]]
  // CHECK: %[[Q:.*]] = nn.slice %[[Y]][:, :32]
  // CHECK: %[[K:.*]] = nn.slice %[[Y]][:, 32:48]
  // CHECK: return %[[Q]], %[[K]]
  %wq = nn.get_weight @layer0.wq[%layer] : !nn.weight<32x32, f16>
  %bq = nn.get_weight @layer0.bq[%layer] : !nn.weight<32, f32>
  %q = nn.linear %x, %wq, %bq : tensor<?x32xf32>, !nn.weight<32x32, f16>, !nn.weight<32, f32> -> tensor<?x32xf32>
  %wk = nn.get_weight @layer0.wk[%layer] : !nn.weight<16x32, f16>
  %bk = nn.get_weight @layer0.bk[%layer] : !nn.weight<16, f32>
  %k = nn.linear %x, %wk, %bk : tensor<?x32xf32>, !nn.weight<16x32, f16>, !nn.weight<16, f32> -> tensor<?x16xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x16xf32>
}

// -----

nn.weight @wq : !nn.weight<32x256, f16> {
  %0 = nn.stored "q" : !nn.weight<32x256, f16>
  nn.yield %0 : !nn.weight<32x256, f16>
}
nn.weight @wv : !nn.weight<32x256, q6_k> {
  %0 = nn.stored "v" : !nn.weight<32x256, q6_k>
  nn.yield %0 : !nn.weight<32x256, q6_k>
}
// CHECK-LABEL: func.func @encodings_differ
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @encodings_differ(%x: tensor<?x256xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %wq = nn.get_weight @wq : !nn.weight<32x256, f16>
  %q = nn.linear %x, %wq : tensor<?x256xf32>, !nn.weight<32x256, f16> -> tensor<?x32xf32>
  %wv = nn.get_weight @wv : !nn.weight<32x256, q6_k>
  %v = nn.linear %x, %wv : tensor<?x256xf32>, !nn.weight<32x256, q6_k> -> tensor<?x32xf32>
  return %q, %v : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @embed : !nn.weight<32x32, f16> {
  %0 = nn.stored "embed" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @other : !nn.weight<32x32, f16> {
  %0 = nn.stored "other" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// A tied head is the embedding's table too: merged, it would be stored twice.
// CHECK-LABEL: func.func @tied_head
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @tied_head(%ids: tensor<?xi32>, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>) {
  %table = nn.get_weight @embed : !nn.weight<32x32, f16>
  %e = nn.embedding %ids, %table : tensor<?xi32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %head = nn.get_weight @embed : !nn.weight<32x32, f16>
  %a = nn.linear %x, %head : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %w = nn.get_weight @other : !nn.weight<32x32, f16>
  %b = nn.linear %x, %w : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %e, %a, %b : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @gate : !nn.weight<32x32, f16> {
  %0 = nn.stored "gate" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @up : !nn.weight<32x32, f16> {
  %0 = nn.stored "up" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// Names without a dot are joined whole.
// CHECK-LABEL: nn.weight @gate.up :
// CHECK-LABEL: func.func @names
func.func @names(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  // CHECK: nn.get_weight @gate.up
  %a = nn.get_weight @gate : !nn.weight<32x32, f16>
  %q = nn.linear %x, %a : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %b = nn.get_weight @up : !nn.weight<32x32, f16>
  %k = nn.linear %x, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @wq : !nn.weight<32x32, f16> {
  %0 = nn.stored "wq" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @wk : !nn.weight<32x32, f16> {
  %0 = nn.stored "wk" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @bq : !nn.weight<32, f32> {
  %0 = nn.stored "bq" : !nn.weight<32, f32>
  nn.yield %0 : !nn.weight<32, f32>
}
// One has a bias and the other none.
// CHECK-LABEL: func.func @one_bias
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @one_bias(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %a = nn.get_weight @wq : !nn.weight<32x32, f16>
  %c = nn.get_weight @bq : !nn.weight<32, f32>
  %q = nn.linear %x, %a, %c : tensor<?x32xf32>, !nn.weight<32x32, f16>, !nn.weight<32, f32> -> tensor<?x32xf32>
  %b = nn.get_weight @wk : !nn.weight<32x32, f16>
  %k = nn.linear %x, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @wq : !nn.weight<32x32, f16> {
  %0 = nn.stored "wq" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @wk : !nn.weight<32x32, f16> {
  %0 = nn.stored "wk" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// They multiply different rows.
// CHECK-LABEL: func.func @rows_differ
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @rows_differ(%x: tensor<?x32xf32>, %y: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %a = nn.get_weight @wq : !nn.weight<32x32, f16>
  %q = nn.linear %x, %a : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %b = nn.get_weight @wk : !nn.weight<32x32, f16>
  %k = nn.linear %y, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @wq : !nn.weight<32x32, f16> {
  %0 = nn.stored "wq" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// One matrix can not stand in a joined one twice.
// CHECK-LABEL: func.func @one_matrix_twice
// CHECK:         nn.linear
// CHECK-NOT:     nn.slice
func.func @one_matrix_twice(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %a = nn.get_weight @wq : !nn.weight<32x32, f16>
  %q = nn.linear %x, %a : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %b = nn.get_weight @wq : !nn.weight<32x32, f16>
  %k = nn.linear %x, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @wq[2] : !nn.weight<32x32, f16> indices = [0, 1] {
  %0 = nn.stored "wq.{layer}" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @wk[2] : !nn.weight<32x32, f16> indices = [0, 1] {
  %0 = nn.stored "wk.{layer}" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// They are of different layers.
// CHECK-LABEL: func.func @index_differs
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @index_differs(%i: index, %j: index, %x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %a = nn.get_weight @wq[%i] : !nn.weight<32x32, f16>
  %q = nn.linear %x, %a : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %b = nn.get_weight @wk[%j] : !nn.weight<32x32, f16>
  %k = nn.linear %x, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x32xf32>
}

// -----

nn.weight @wq : !nn.weight<32x32, f16> {
  %0 = nn.stored "wq" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @wk : !nn.weight<32x32, f16> {
  %0 = nn.stored "wk" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// Only one of them runs.
// CHECK-LABEL: func.func @different_blocks
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @different_blocks(%x: tensor<?x32xf32>, %c: i1) -> tensor<?x32xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  %a = nn.get_weight @wq : !nn.weight<32x32, f16>
  %q = nn.linear %x, %a : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %q : tensor<?x32xf32>
^b:
  %b = nn.get_weight @wk : !nn.weight<32x32, f16>
  %k = nn.linear %x, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  return %k : tensor<?x32xf32>
}

// -----

nn.weight @wq : !nn.weight<32x32, f16> {
  %0 = nn.stored "wq" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
nn.weight @wk : !nn.weight<32x32, f16> {
  %0 = nn.stored "wk" : !nn.weight<32x32, f16>
  nn.yield %0 : !nn.weight<32x32, f16>
}
// A product with gate and up rows: a target pairs them as it stores.
// CHECK-LABEL: func.func @gated
// CHECK-COUNT-2: nn.linear
// CHECK-NOT:     nn.slice
func.func @gated(%x: tensor<?x32xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>) {
  %a = nn.get_weight @wq : !nn.weight<32x32, f16>
  %q = nn.linear %x, %a : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %b = nn.get_weight @wk : !nn.weight<32x32, f16>
  %g = nn.linear %x, %b : tensor<?x32xf32>, !nn.weight<32x32, f16> -> tensor<?x32xf32>
  %k = nn.glu %g activation = "silu" group = 16 : tensor<?x32xf32> -> tensor<?x16xf32>
  return %q, %k : tensor<?x32xf32>, tensor<?x16xf32>
}
