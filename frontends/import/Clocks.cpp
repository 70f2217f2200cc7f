//===- Clocks.cpp - Which tokens a value has a row for --------------------===//

#include "frontends/import/Elaborator.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace tombolo;
using arch::Loc;
using arch::OpCall;

static std::string rowFor(int64_t clock) {
  return clock == 1
             ? "a row for each token"
             : "a row for each window of " + std::to_string(clock) + " tokens";
}

/// Tokens that a row of `value` stands for; nothing where it has no rows along
/// the sequence, as weights and numbers.
std::optional<int64_t> Elaborator::clockOf(mlir::Value value) const {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  if (!tensor || tensor.getRank() == 0 || !tensor.isDynamicDim(0))
    return std::nullopt;
  for (const Body &body : llvm::reverse(bodies))
    if (auto known = body.clocks.find(value); known != body.clocks.end())
      return known->second;
  return 1;
}

std::optional<int64_t> Elaborator::clockOf(const arch::Value &value) const {
  auto result = std::dynamic_pointer_cast<const OpValue>(value.asTensor());
  return result ? clockOf(result->value) : std::nullopt;
}

/// Positions of the rows of a clock; null, and reported, in `logits`.
mlir::Value Elaborator::positionsOf(int64_t clock, const OpCall &call) {
  Body &body = bodies.back();
  if (!body.positions) {
    evaluator.error(call.loc,
                    call.name + ": there are no positions in 'logits'");
    return {};
  }
  if (clock == 1)
    return body.positions;
  mlir::Value &positions = body.windowPositions[clock];
  if (!positions) {
    positions = nn::WindowPositionsOp::create(
        body.builder, location(call.loc),
        RankedTensorType::get({ShapedType::kDynamic},
                              IntegerType::get(&mlirContext, 32)),
        body.positions, clock);
    body.clocks[positions] = clock;
  }
  return positions;
}

/// The clock of operands that must share it; nothing where none has one.
bool Elaborator::joinClocks(const Loc &loc, StringRef name,
                            const Operands &operands, const OpCall *call,
                            std::optional<int64_t> &clock) {
  bool agree = true;
  for (const auto &group : operands)
    for (mlir::Value operand : group)
      if (std::optional<int64_t> own = clockOf(operand)) {
        agree &= own == clock.value_or(*own);
        clock = clock.value_or(*own);
      }
  if (agree)
    return true;
  Error &error = evaluator.error(
      loc, (name + ": expects operands with rows for the same tokens").str());
  auto note = [&](const std::string &what, int64_t of) {
    error.notes.push_back(what + " has " + rowFor(of));
  };
  for (size_t i = 0; call && i < call->operands.size(); ++i) {
    std::string what = i < call->written.size() && call->written[i] &&
                               call->written[i]->kind == arch::Expr::Kind::Name
                           ? "'" + call->written[i]->text + "'"
                       : call->decl ? "'" + call->decl->operands[i].name + "'"
                                    : "operand " + std::to_string(i + 1);
    const arch::List *list = call->operands[i].asList();
    for (const arch::Value &item : list ? *list : arch::List{call->operands[i]})
      if (std::optional<int64_t> own = clockOf(item))
        note(what, *own);
  }
  return false;
}
