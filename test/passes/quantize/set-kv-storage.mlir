// RUN: tombolo-opt %s -nn-set-kv-storage=storage=bf16 | FileCheck %s
// RUN: not tombolo-opt %s -nn-set-kv-storage=storage=q4_0 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not tombolo-opt %s -nn-set-kv-storage=storage=q8_0 2>&1 | FileCheck %s --check-prefix=BLOCKS

// CHECK: nn.state @k[30] : !nn.rows<3x48xf32> storage = bf16
// WRONG: expects 'storage' to be f32, f16, bf16 or q8_0, but got 'q4_0'
// BLOCKS: expects heads of a multiple of 32 for keys and values in 'q8_0', but got 48; use f16 ('--kv f16')
nn.state @k[30] : !nn.rows<3x48xf32> storage = f32
