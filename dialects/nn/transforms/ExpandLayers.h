//===- ExpandLayers.h - Weights and states for each layer body --*- C++ -*-===//

#ifndef DIALECTS_NN_TRANSFORMS_EXPANDLAYERS_H
#define DIALECTS_NN_TRANSFORMS_EXPANDLAYERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace tombolo::nn {

/// Takes a module out of the form that models are imported in. The function of
/// every `nn.layer` gets what it calls inlined, and families of weights and
/// states of its own, whose elements are the layers that it runs for; the
/// `nn.layer`s become calls that count these elements. After it no `nn.layer`
/// and no family with `layers` is left that anything reads; a module without
/// either stays as it is.
///
/// Fails, with diagnostics, where a function calls itself, where a layer is run
/// inside of a layer, where a function of layers is called otherwise or does
/// something else with its first argument than to read such a family, where
/// another function reads one, or a function what some layer does not have.
mlir::LogicalResult expandLayers(mlir::ModuleOp module);

/// Puts copies of the operations of `callee`, which has one block that ends in
/// `func.return`, where `call` is; `onCopy` sees each.
void inlineCall(mlir::func::CallOp call, mlir::func::FuncOp callee,
                llvm::function_ref<void(mlir::Operation *)> onCopy);

/// Makes equal constants, and equal reads of weights, one: the first.
void mergeReads(mlir::Block &block);

} // namespace tombolo::nn

#endif // DIALECTS_NN_TRANSFORMS_EXPANDLAYERS_H
