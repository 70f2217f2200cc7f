//===- Coverage.cpp - What a target would do with each op -----------------===//

#include "passes/plan/Coverage.h"
#include "dialects/nn/IR/NNOps.h"
#include "passes/plan/CheckInput.h"
#include "passes/plan/Graph.h"
#include "support/WeightSource.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include <set>
#include <tuple>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

/// How often each function runs in a step.
static llvm::StringMap<int64_t> callsOf(ModuleOp module) {
  llvm::StringMap<int64_t> calls;
  calls["hidden"] = calls["logits"] = 1;
  if (auto hidden = module.lookupSymbol<func::FuncOp>("hidden"))
    hidden.walk([&](func::CallOp call) { ++calls[call.getCallee()]; });
  return calls;
}

/// The matrix, stack or table of an op that the target has a choice for.
static Value chosenWeight(Operation *op) {
  if (auto linear = dyn_cast<nn::LinearOp>(op))
    return linear.getW();
  if (auto product = dyn_cast<nn::ExpertLinearOp>(op))
    return product.getW();
  if (auto product = dyn_cast<nn::GroupedLinearOp>(op))
    return product.getW();
  if (auto embedding = dyn_cast<nn::EmbeddingOp>(op))
    return embedding.getTable();
  return {};
}

Coverage plan::coverageOf(ModuleOp module, const PlanTarget &target) {
  Coverage coverage;
  llvm::MapVector<StringRef, OpCoverage> kinds;
  // A weight is packed once for each form that is read.
  std::set<std::tuple<std::string, std::string, Encoding>> packs;
  llvm::StringMap<int64_t> calls = callsOf(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    int64_t times = calls.lookup(function.getSymName());
    if (function.getBody().empty())
      continue;
    for (Operation &op : function.getBody().front()) {
      if (isNoWork(&op) || isa<func::CallOp, func::ReturnOp>(op))
        continue;
      Holding held = holdingOf(&op, target, /*manyRows=*/false);
      std::string reason = whyNotCompiled(&op);
      OpCoverage &kind = kinds[op.getName().stripDialect()];
      (!reason.empty() ? kind.none
       : held.strategy ? kind.tuned
                       : kind.general) += times;
      if (kind.reason.empty())
        kind.reason = reason;
      for (Value operand : op.getOperands()) {
        auto get = operand.getDefiningOp<nn::GetWeightOp>();
        if (!get)
          continue;
        std::string name = get.getWeight().str();
        if (!reason.empty())
          packs.emplace(name, "stored", get.getType().getEncoding());
        else if (operand == chosenWeight(&op) && held.strategy)
          packs.emplace(name, held.choice.layout, held.choice.encoding);
        else
          packs.emplace(name, "rows", Encoding::F32);
      }
    }
  }
  for (auto &[name, kind] : kinds) {
    kind.op = name.str();
    coverage.ops.push_back(std::move(kind));
  }
  SymbolTable symbols(module);
  for (const auto &[name, layout, encoding] : packs)
    if (auto weight = symbols.lookup<nn::WeightOp>(name)) {
      int64_t elements = elementsOf(weight.getType().getShape()).value_or(0);
      coverage.weightBytes +=
          encodedBytes(encoding, elements).value_or(0) * weight.getCount();
    }
  return coverage;
}
