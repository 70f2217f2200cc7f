// RUN: tombolo-opt %s -nn-set-kv-storage=storage=bf16 | FileCheck %s
// RUN: not tombolo-opt %s -nn-set-kv-storage=storage=q4_0 2>&1 | FileCheck %s --check-prefix=WRONG

// CHECK: nn.state @k[30] : !nn.rows<3x64xf32> storage = bf16
// WRONG: expects 'storage' to be f32, f16 or bf16, but got 'q4_0'
nn.state @k[30] : !nn.rows<3x64xf32> storage = f32
