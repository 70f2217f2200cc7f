//===- Rows.cpp - Rows that functions hand on -----------------------------===//

#include "passes/plan/Rows.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/plan/Graph.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

SeenRows plan::seenRows(Value rows) {
  SeenRows seen;
  if (auto pick = rows.getDefiningOp<nn::PickOp>()) {
    seen.ids = pick.getIds();
    rows = pick.getRows();
  }
  if (isa<BlockArgument>(rows) || rows.getDefiningOp<nn::HistoryOp>())
    seen.rows = rows;
  return seen;
}

static func::FuncOp calleeOf(func::CallOp call) {
  return SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
}

static SmallVector<func::CallOp> callsOf(func::FuncOp function) {
  SmallVector<func::CallOp> calls;
  for (auto caller :
       function->getParentOfType<ModuleOp>().getOps<func::FuncOp>())
    for (auto call : caller.getOps<func::CallOp>())
      if (call.getCallee() == function.getSymName())
        calls.push_back(call);
  return calls;
}

SmallVector<nn::HistoryOp> plan::historiesOf(Value rows) {
  SmallVector<nn::HistoryOp> histories;
  DenseSet<Value> known;
  SmallVector<Value> open{rows};
  auto visit = [&](Value value) {
    if (known.insert(value).second)
      open.push_back(value);
  };
  while (!open.empty()) {
    Value value = open.pop_back_val();
    if (auto history = value.getDefiningOp<nn::HistoryOp>()) {
      histories.push_back(history);
    } else if (auto call = value.getDefiningOp<func::CallOp>()) {
      unsigned number = cast<OpResult>(value).getResultNumber();
      if (func::FuncOp callee = calleeOf(call))
        visit(callee.getBody().front().getTerminator()->getOperand(number));
    } else if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto function =
          dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
      if (!function)
        continue;
      for (func::CallOp call : callsOf(function))
        visit(call.getOperand(argument.getArgNumber()));
    }
  }
  return histories;
}

FailureOr<Encoding> plan::storageOf(Value rows, Operation *op) {
  std::optional<Encoding> storage;
  for (nn::HistoryOp history : historiesOf(rows)) {
    auto state = SymbolTable::lookupNearestSymbolFrom<nn::StateOp>(
        history, history.getStateAttr());
    if (storage.value_or(state.getStorageEncoding()) !=
        state.getStorageEncoding())
      return op->emitError("expects rows of one storage");
    storage = state.getStorageEncoding();
  }
  assert(storage && "rows that functions hand on are those of histories");
  return *storage;
}

SmallVector<RowUse> plan::usesOf(Value rows) {
  SmallVector<RowUse> uses;
  DenseSet<Value> known;
  SmallVector<Value> open{rows};
  auto visit = [&](Value value) {
    if (known.insert(value).second)
      open.push_back(value);
  };
  auto add = [&](RowUse use) {
    if (!llvm::is_contained(uses, use))
      uses.push_back(use);
  };
  while (!open.empty()) {
    Value value = open.pop_back_val();
    for (OpOperand &operand : value.getUses()) {
      Operation *user = operand.getOwner();
      if (auto pick = dyn_cast<nn::PickOp>(user)) {
        visit(pick.getResult());
      } else if (auto attention = dyn_cast<nn::AttentionOp>(user)) {
        if (sharesRows(attention)) {
          add(RowUse::Shared);
          continue;
        }
        if (llvm::is_contained(attention.getK(), value))
          add(RowUse::Keys);
        if (llvm::is_contained(attention.getV(), value))
          add(RowUse::Values);
      } else if (isa<nn::AbsorbedAttentionOp, nn::IndexScoresOp>(user)) {
        add(RowUse::Shared);
      } else if (auto call = dyn_cast<func::CallOp>(user)) {
        if (func::FuncOp callee = calleeOf(call))
          visit(callee.getArgument(operand.getOperandNumber()));
      } else if (isa<func::ReturnOp>(user)) {
        for (func::CallOp call :
             callsOf(cast<func::FuncOp>(user->getParentOp())))
          visit(call.getResult(operand.getOperandNumber()));
      }
    }
  }
  return uses;
}
