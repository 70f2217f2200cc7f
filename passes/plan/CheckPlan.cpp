//===- CheckPlan.cpp - The contract of the plan level ---------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/plan/Liveness.h"
#include "passes/plan/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace tombolo::plan {
#define GEN_PASS_DEF_CHECKPLANPASS
#include "passes/plan/Passes.h.inc"
} // namespace tombolo::plan

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

namespace {

/// What the host reads or writes in a program.
struct ProgramContract {
  StringLiteral name;
  SmallVector<StringLiteral> roles;
};

struct CheckPlanPass : tombolo::plan::impl::CheckPlanPassBase<CheckPlanPass> {
  void runOnOperation() override {
    if (failed(checkModule(getOperation())))
      signalPassFailure();
  }

  LogicalResult checkModule(ModuleOp module);
  LogicalResult check(PackOp pack);
  LogicalResult check(StateGroupOp group);
  LogicalResult check(FixedStateOp fixed);
  LogicalResult check(func::FuncOp kernel);
  LogicalResult check(ProgramOp program);
  LogicalResult check(BufferOp buffer, ProgramOp program);
  LogicalResult check(InputOp input);
  LogicalResult check(DispatchOp dispatch);
  LogicalResult checkOverlaps(ProgramOp program);

  std::optional<SymbolTable> symbols;
  int64_t arena = 0, thread = 0;
  /// The largest buffer of each role.
  llvm::MapVector<StringRef, BufferOp> roles;
};

} // namespace

/// The bytes that `buffer` takes, [first, last), once it is checked.
static std::pair<int64_t, int64_t> extentOf(BufferOp buffer) {
  int64_t offset = *buffer.getOffset();
  return {offset, offset + placedBytes(buffer)};
}

static bool overlap(BufferOp a, BufferOp b) {
  if (a.getPerThread() != b.getPerThread())
    return false;
  auto [firstA, lastA] = extentOf(a);
  auto [firstB, lastB] = extentOf(b);
  return firstA < lastB && firstB < lastA;
}

static LogicalResult failOverlap(BufferOp buffer, BufferOp other) {
  InFlightDiagnostic error = buffer.emitOpError(
      "expects a place of its own while it is alive, but shares bytes with "
      "another buffer");
  error.attachNote(other.getLoc()) << "the other is here";
  return error;
}

LogicalResult CheckPlanPass::check(PackOp pack) {
  auto weight = symbols->lookup<nn::WeightOp>(pack.getSource());
  if (!weight)
    return pack.emitOpError("expects '@")
           << pack.getSource() << "' to be an 'nn.weight' of this module";
  nn::WeightType type = weight.getType();
  EncodingInfo stored = infoOf(type.getEncoding());
  if (static_cast<int64_t>(pack.getCount()) !=
          static_cast<int64_t>(weight.getCount()) ||
      pack.getShape() != type.getShape() ||
      (pack.getEncoding() != "f32" &&
       (pack.getEncoding() != "i32" || !stored.isInteger) &&
       pack.getEncoding() != StringRef(stored.name)))
    return pack.emitOpError("expects the weights of '@")
           << pack.getSource() << "', " << weight.getCount() << " of " << type
           << ", as they are or in f32" << (stored.isInteger ? " or i32" : "")
           << ", but got " << pack.getCount() << " of [" << pack.getShape()
           << "] of '" << pack.getEncoding() << "'";
  return mlir::success();
}

LogicalResult CheckPlanPass::check(StateGroupOp group) {
  ArrayRef<int64_t> offsets = group.getOffsets();
  for (auto [name, count] :
       llvm::zip(group.getMembers().getAsRange<FlatSymbolRefAttr>(),
                 group.getCounts())) {
    auto state = symbols->lookup<nn::StateOp>(name.getValue());
    if (!state || state.getStateCount() != count)
      return group.emitOpError("expects '")
             << name << "' to be an 'nn.state' of " << count
             << " instances of this module";
    if (state.getTokensPerRow() != static_cast<int64_t>(group.getClock()))
      return group.emitOpError("expects '")
             << name << "' to have a row for each " << group.getClock()
             << " tokens, but it has one for " << state.getTokensPerRow();
    int64_t rowBytes = state.getRowBytes(),
            slot = static_cast<int64_t>(group.getSlotBytes());
    for (int64_t offset : offsets.take_front(count))
      if (rowBytes > (slot - offset) / nn::StateOp::kPageRows)
        return group.emitOpError("expects a slot that holds a page of '")
               << name << "' (" << nn::StateOp::kPageRows << " rows of "
               << rowBytes << " bytes) at " << offset << ", but has " << slot
               << " bytes";
    offsets = offsets.drop_front(count);
  }
  return mlir::success();
}

LogicalResult CheckPlanPass::check(FixedStateOp fixed) {
  ArrayRef<int64_t> offsets = fixed.getOffsets();
  SmallVector<std::pair<int64_t, int64_t>> taken; // first, last byte + 1
  for (auto [name, count] :
       llvm::zip(fixed.getMembers().getAsRange<FlatSymbolRefAttr>(),
                 fixed.getCounts())) {
    auto state = dyn_cast_if_present<nn::StateOpInterface>(
        symbols->lookup(name.getValue()));
    int64_t bytes = state ? state.getFixedBytes() : 0;
    if (bytes == 0 || state.getStateCount() != count)
      return fixed.emitOpError("expects '")
             << name << "' to be " << count
             << " states of one size of this module";
    int64_t all = static_cast<int64_t>(fixed.getBytes());
    for (int64_t offset : offsets.take_front(count)) {
      if (bytes > all - offset)
        return fixed.emitOpError("expects room for the ")
               << bytes << " bytes of '" << name << "' at " << offset
               << ", but has " << all << " bytes";
      taken.emplace_back(offset, offset + bytes);
    }
    offsets = offsets.drop_front(count);
  }
  llvm::sort(taken);
  for (size_t i = 1; i < taken.size(); ++i)
    if (taken[i].first < taken[i - 1].second)
      return fixed.emitOpError("expects a place for each state, but those at ")
             << taken[i - 1].first << " and " << taken[i].first
             << " share bytes";
  return mlir::success();
}

LogicalResult CheckPlanPass::check(func::FuncOp kernel) {
  if (!kernel->hasAttr(kKernelAttr))
    return kernel.emitError("expects kernels only, but got function '")
           << kernel.getSymName() << "'";
  // begin, end, then what dispatches bind.
  ArrayRef<Type> inputs = kernel.getFunctionType().getInputs();
  if (kernel.isExternal() || kernel.getNumResults() != 0 || inputs.size() < 2 ||
      !inputs[0].isIndex() || !inputs[1].isIndex())
    return kernel.emitError("expects kernel '")
           << kernel.getSymName()
           << "' to have a body, to take a range (index, index) first and to "
              "return nothing, but got "
           << kernel.getFunctionType();
  return mlir::success();
}

LogicalResult CheckPlanPass::check(BufferOp buffer, ProgramOp program) {
  int64_t bytes = placedBytes(buffer);
  int64_t all = buffer.getPerThread() ? thread : arena;
  if (!buffer.getOffset() || bytes > all ||
      static_cast<int64_t>(*buffer.getOffset()) > all - bytes)
    return buffer.emitOpError("expects a place inside the ")
           << (buffer.getPerThread() ? "memory of a thread of " : "arena of ")
           << all << " bytes";
  int64_t clock = buffer.getClock();
  if (static_cast<int64_t>(buffer.getRows()) <
      (static_cast<int64_t>(program.getMaxTokens()) + clock - 1) / clock) {
    InFlightDiagnostic error = buffer.emitOpError("expects a row for each");
    if (clock != 1)
      error << " window of " << clock;
    return error << " of " << program.getMaxTokens() << " tokens, but has "
                 << buffer.getRows();
  }
  if (!buffer.getRole())
    return mlir::success();
  MemRefType type = buffer.getType();
  if (type.getRank() != 2 || !type.getElementType().isF32())
    return buffer.emitOpError("expects rows of f32 for role '")
           << *buffer.getRole() << "', but got " << type;
  BufferOp &known = roles[*buffer.getRole()];
  if (known &&
      (known.getOffset() != buffer.getOffset() || known.getType() != type ||
       known.getRowBytes() != buffer.getRowBytes())) {
    InFlightDiagnostic error =
        buffer.emitOpError("expects the place and type that role '")
        << *buffer.getRole() << "' has in other programs";
    error.attachNote(known.getLoc()) << "as here";
    return error;
  }
  if (!known || known.getRows() < buffer.getRows())
    known = buffer;
  return mlir::success();
}

LogicalResult CheckPlanPass::check(InputOp input) {
  if (input.getKind() != "rope_table")
    return mlir::success();
  auto table = symbols->lookup<nn::RopeTableOp>(*input.getSource());
  int64_t pairs = table.getFreqs().size();
  if (input.getType().getDimSize(2) != pairs)
    return input.emitOpError("expects a table of the ")
           << pairs << " frequencies of '@" << *input.getSource()
           << "', but got " << input.getType();
  return mlir::success();
}

LogicalResult CheckPlanPass::check(DispatchOp dispatch) {
  auto kernel = symbols->lookup<func::FuncOp>(dispatch.getKernel());
  if (!kernel)
    return dispatch.emitOpError("names no kernel: '")
           << dispatch.getKernel() << "'";
  // Buffers, sizes, and scratch once it is lowered.
  ArrayRef<Type> inputs = kernel.getFunctionType().getInputs().drop_front(2);
  size_t buffers = dispatch.getBuffers().size();
  size_t sizes = dispatch.getSizes().size();
  size_t scratch = kernel->hasAttr(kScratchAttr);
  if (inputs.size() != buffers + sizes + scratch)
    return dispatch.emitOpError("expects as many arguments as kernel '")
           << dispatch.getKernel() << "' has (" << inputs.size()
           << "), but got " << buffers + sizes + scratch;
  for (size_t i = 0; i < buffers; ++i)
    if (inputs[i] != dispatch.getBuffers()[i].getType())
      return dispatch.emitOpError("expects buffer ")
             << i << " to be " << inputs[i] << ", but got "
             << dispatch.getBuffers()[i].getType();
  for (size_t i = 0; i < sizes; ++i)
    if (!inputs[buffers + i].isIndex())
      return dispatch.emitOpError("expects kernel '")
             << dispatch.getKernel() << "' to take size " << i
             << " as index, but it is " << inputs[buffers + i];
  // With fewer programs rows would stay as they are.
  WalkResult attention = kernel.walk([&](AttentionOp op) {
    if (op.getPrograms() == dispatch.getGrid())
      return WalkResult::advance();
    dispatch.emitOpError("expects the grid of the 'plan.attention' in '")
        << dispatch.getKernel() << "', " << op.getPrograms() << ", but got "
        << dispatch.getGrid();
    return WalkResult::interrupt();
  });
  return failure(attention.wasInterrupted());
}

/// Places that are shared one after the other only. Roles are alive throughout.
LogicalResult CheckPlanPass::checkOverlaps(ProgramOp program) {
  SmallVector<LiveBuffer> buffers = liveBuffers(program);
  for (auto [index, live] : llvm::enumerate(buffers)) {
    for (auto &[role, other] : roles)
      if (overlap(live.buffer, other))
        return failOverlap(live.buffer, other);
    for (LiveBuffer &other : MutableArrayRef(buffers).take_front(index))
      if (live.meets(other) && overlap(live.buffer, other.buffer))
        return failOverlap(live.buffer, other.buffer);
  }
  return mlir::success();
}

LogicalResult CheckPlanPass::check(ProgramOp program) {
  bool dispatched = false;
  for (Operation &op : program.getBody().front()) {
    LogicalResult result = mlir::success();
    if (auto buffer = dyn_cast<BufferOp>(op))
      result = check(buffer, program);
    else if (auto input = dyn_cast<InputOp>(op))
      result = check(input);
    else if (auto dispatch = dyn_cast<DispatchOp>(op))
      result = check(dispatch);
    else if (isa<TapOp>(op) && !dispatched)
      result = op.emitOpError("expects a dispatch before it");
    if (failed(result))
      return failure();
    dispatched |= isa<DispatchOp>(op);
  }
  return mlir::success();
}

LogicalResult CheckPlanPass::checkModule(ModuleOp module) {
  symbols.emplace(module);
  roles.clear();
  auto bytes = module->getAttrOfType<IntegerAttr>("plan.arena_bytes");
  if (!bytes || !bytes.getType().isSignlessInteger(64) || bytes.getInt() < 0)
    return module.emitError("expects 'plan.arena_bytes', an i64 that is not "
                            "negative: memory is not planned");
  arena = bytes.getInt();
  bytes = module->getAttrOfType<IntegerAttr>("plan.thread_bytes");
  if (!bytes || !bytes.getType().isSignlessInteger(64) || bytes.getInt() < 0)
    return module.emitError("expects 'plan.thread_bytes', an i64 that is not "
                            "negative: memory is not planned");
  thread = bytes.getInt();
  if (!module->getAttrOfType<StringAttr>("plan.target"))
    return module.emitError("expects 'plan.target', the name of a target");
  const ProgramContract contracts[] = {
      {"prefill", {"hidden"}},
      {"decode", {"hidden"}},
      {"logits", {"logits_in", "logits_out"}},
      {"logits_one", {"logits_in", "logits_out"}}};
  for (const ProgramContract &contract : contracts)
    if (!symbols->lookup<ProgramOp>(contract.name))
      return module.emitError("expects a program '") << contract.name << "'";
  for (auto kernel : module.getOps<func::FuncOp>())
    if (failed(check(kernel)))
      return failure();
  for (auto pack : module.getOps<PackOp>())
    if (failed(check(pack)))
      return failure();
  for (auto group : module.getOps<StateGroupOp>())
    if (failed(check(group)))
      return failure();
  FixedStateOp first;
  for (auto fixed : module.getOps<FixedStateOp>()) {
    if (first) {
      InFlightDiagnostic error =
          fixed.emitOpError("expects to be the only one of its module");
      error.attachNote(first.getLoc()) << "the first is here";
      return error;
    }
    first = fixed;
    if (failed(check(fixed)))
      return failure();
  }
  for (auto program : module.getOps<ProgramOp>())
    if (failed(check(program)))
      return failure();
  for (const ProgramContract &contract : contracts) {
    auto program = symbols->lookup<ProgramOp>(contract.name);
    for (StringRef role : contract.roles)
      if (llvm::none_of(
              program.getBody().getOps<BufferOp>(),
              [&](BufferOp buffer) { return buffer.getRole() == role; }))
        return program.emitOpError("expects a buffer with the role '")
               << role << "'";
  }
  for (auto [index, one] : llvm::enumerate(roles))
    for (auto &[role, other] : llvm::drop_end(roles, roles.size() - index))
      if (overlap(one.second, other))
        return failOverlap(one.second, other);
  for (auto program : module.getOps<ProgramOp>())
    if (failed(checkOverlaps(program)))
      return failure();
  return mlir::success();
}
