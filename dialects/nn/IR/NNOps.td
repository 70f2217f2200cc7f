//===- NNOps.td - Ops of the nn dialect ------------------------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNOPS
#define DIALECTS_NN_IR_NNOPS

include "dialects/nn/IR/NNModuleOps.td"
include "dialects/nn/IR/NNRowOps.td"
include "dialects/nn/IR/NNExpertOps.td"
include "dialects/nn/IR/NNShapeOps.td"
include "dialects/nn/IR/NNElementwiseOps.td"
include "dialects/nn/IR/NNSequenceOps.td"
include "dialects/nn/IR/NNWindowOps.td"
include "dialects/nn/IR/NNSparseOps.td"
include "dialects/nn/IR/NNMixOps.td"
include "dialects/nn/IR/NNRecurrenceOps.td"
include "dialects/nn/IR/NNFusedOps.td"
include "dialects/nn/IR/NNKernelOps.td"

#endif // DIALECTS_NN_IR_NNOPS
