//===- OutlineEntry.cpp - An entry of calls only --------------------------===//

#include "passes/plan/OutlineEntry.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tombolo;

static bool staysInEntry(Operation &op) {
  if (isa<func::CallOp, func::ReturnOp>(op))
    return true;
  return op.hasTrait<OpTrait::ConstantLike>() &&
         op.getResult(0).getType().isIndex();
}

static func::FuncOp outline(ArrayRef<Operation *> run, StringRef name) {
  SetVector<Value> inputs, outputs;
  DenseSet<Operation *> inside(run.begin(), run.end());
  for (Operation *op : run) {
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() || !inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !inside.contains(user); }))
        outputs.insert(result);
  }
  OpBuilder b(run.front());
  Location loc = run.front()->getLoc();
  SmallVector<Type> inputTypes, outputTypes;
  for (Value value : inputs)
    inputTypes.push_back(value.getType());
  for (Value value : outputs)
    outputTypes.push_back(value.getType());
  auto call =
      func::CallOp::create(b, loc, name, outputTypes, inputs.getArrayRef());
  b.setInsertionPointToEnd(run.front()->getParentOfType<ModuleOp>().getBody());
  auto function = func::FuncOp::create(
      b, loc, name, b.getFunctionType(inputTypes, outputTypes));
  function.setPrivate();
  Block *block = function.addEntryBlock();
  b.setInsertionPointToEnd(block);
  IRMapping mapping;
  mapping.map(inputs.getArrayRef(), block->getArguments());
  for (Operation *op : run)
    b.clone(*op, mapping);
  SmallVector<Value> returned;
  for (Value value : outputs)
    returned.push_back(mapping.lookup(value));
  func::ReturnOp::create(b, loc, returned);
  for (auto [index, value] : llvm::enumerate(outputs)) {
    Value made = value;
    made.replaceAllUsesWith(call.getResult(index));
  }
  for (Operation *op : llvm::reverse(run))
    op->erase();
  return function;
}

SmallVector<func::FuncOp> plan::outlineEntry(func::FuncOp entry,
                                             SymbolTable &symbols) {
  SmallVector<SmallVector<Operation *>> runs(1);
  for (Operation &op : entry.getBody().front()) {
    if (!staysInEntry(op))
      runs.back().push_back(&op);
    else if (!runs.back().empty() && !op.hasTrait<OpTrait::ConstantLike>())
      runs.emplace_back();
  }
  SmallVector<func::FuncOp> made;
  for (auto &run : runs) {
    if (run.empty())
      continue;
    std::string name =
        (entry.getSymName() + ".part" + Twine(made.size())).str();
    func::FuncOp function = outline(run, name);
    symbols.insert(function);
    made.push_back(function);
  }
  return made;
}
