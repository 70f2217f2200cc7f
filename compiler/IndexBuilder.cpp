//===- IndexBuilder.cpp - A plan as an artifact's index -------------------===//

#include "compiler/IndexBuilder.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/IR/SymbolTable.h"
#include "support/Integers.h"
#include "llvm/ADT/StringMap.h"
#include <cstring>
#include <map>
#include <set>

using namespace mlir;
using namespace tombolo;

namespace {

class IndexBuilder {
public:
  IndexBuilder(ModuleOp module, const std::vector<TargetCode> &levels,
               const nn::WeightEvaluator &weights)
      : module(module), levels(levels), weights(weights) {}

  Result<BuiltIndex> build();

private:
  Status addExecutables(artifact::TargetT &target);
  void addModel();
  void addStates();
  Status addRopeTables();
  void addTensors();
  Result<std::unique_ptr<artifact::PlanT>> plan();
  Result<std::unique_ptr<artifact::ProgramT>> program(plan::ProgramOp op);
  Result<artifact::Arg> argument(Value buffer);
  static std::unique_ptr<artifact::RowBufferT> rowBuffer(plan::BufferOp buffer);
  static artifact::Size size(plan::SizeAttr attr) {
    return {static_cast<artifact::Symbol>(attr.getSymbol()), attr.getMul(),
            attr.getAdd(), attr.getDiv()};
  }

  ModuleOp module;
  const std::vector<TargetCode> &levels;
  const nn::WeightEvaluator &weights;
  BuiltIndex built;
  llvm::StringMap<int> kernels, groups, firstTensor;
  /// By name and clock.
  std::map<std::pair<std::string, int64_t>, int> ropeTables;
  std::map<std::string, plan::BufferOp> roles;
};

} // namespace

void IndexBuilder::addModel() {
  auto facts = module->getAttrOfType<DictionaryAttr>(nn::NNDialect::kModelAttr);
  auto model = std::make_unique<artifact::ModelT>();
  auto number = [&](StringRef key) {
    auto attr = facts ? facts.getAs<IntegerAttr>(key) : IntegerAttr();
    return attr ? attr.getInt() : 0;
  };
  if (auto family = facts ? facts.getAs<StringAttr>("family") : StringAttr())
    model->family = family.str();
  if (auto name = facts ? facts.getAs<StringAttr>("name") : StringAttr())
    model->name = name.str();
  model->vocab_size = number("vocab_size");
  model->hidden_size = number("hidden_size");
  model->layers = number("layers");
  model->context = number("context");
  for (auto weight : module.getOps<nn::WeightOp>())
    model->parameters += weight.getType().getNumElements() * weight.getCount();
  built.index.model = std::move(model);
}

void IndexBuilder::addStates() {
  for (auto group : module.getOps<plan::StateGroupOp>()) {
    groups[group.getSymName()] = built.index.state_groups.size();
    auto made = std::make_unique<artifact::StateGroupT>();
    made->window = group.getWindow();
    made->page_rows = nn::StateOp::kPageRows;
    made->slot_bytes = group.getSlotBytes();
    made->bytes_per_token = group.getBytesPerToken();
    made->clock = group.getClock();
    built.index.state_groups.push_back(std::move(made));
  }
  for (auto fixed : module.getOps<plan::FixedStateOp>())
    built.index.fixed_state_bytes = fixed.getBytes();
}

Status IndexBuilder::addRopeTables() {
  // The clocks that programs ask each table for.
  std::map<std::string, std::set<int64_t>> clocks;
  module.walk([&](plan::InputOp input) {
    if (input.getKind() == "rope_table")
      clocks[input.getSource()->str()].insert(input.getClock());
  });
  for (auto table : module.getOps<nn::RopeTableOp>()) {
    auto made = std::make_unique<artifact::RopeTableT>();
    auto divided = [&](ArrayRef<double> freqs, FlatSymbolRefAttr divisors,
                       std::vector<double> &out) -> Status {
      out.assign(freqs.begin(), freqs.end());
      if (!divisors)
        return tombolo::success();
      Result<std::vector<float>> values =
          weights.evaluateF32(divisors.getValue(), 0);
      if (!values)
        return values.takeErrors();
      for (size_t i = 0; i < out.size(); ++i)
        out[i] /= (*values)[i];
      return tombolo::success();
    };
    if (Status status = divided(table.getFrequencies(), table.getDivisorsAttr(),
                                made->freqs);
        !status)
      return status;
    if (table.getLongFrom()) {
      SmallVector<double> freqs = table.getLongFrequencies();
      if (freqs.empty())
        freqs = table.getFrequencies();
      FlatSymbolRefAttr divisors = table.getLongDivisorsAttr()
                                       ? table.getLongDivisorsAttr()
                                       : table.getDivisorsAttr();
      if (Status status = divided(freqs, divisors, made->long_freqs); !status)
        return status;
      made->long_from = *table.getLongFrom();
    }
    made->scale = table.getScale().convertToDouble();
    std::string name = table.getSymName().str();
    for (int64_t clock : clocks[name]) {
      ropeTables[{name, clock}] = built.index.rope_tables.size();
      made->clock = clock;
      built.index.rope_tables.push_back(
          std::make_unique<artifact::RopeTableT>(*made));
    }
  }
  return tombolo::success();
}

void IndexBuilder::addTensors() {
  for (auto pack : module.getOps<plan::PackOp>()) {
    firstTensor[pack.getSymName()] = built.tensors.size();
    for (int64_t i = 0; i < static_cast<int64_t>(pack.getCount()); ++i) {
      PlannedTensor tensor{pack.getSource().str(),
                           i,
                           pack.getLayout().str(),
                           *encodingNamed(pack.getEncoding()),
                           {pack.getShape().begin(), pack.getShape().end()}};
      auto made = std::make_unique<artifact::TensorT>();
      made->name = tensor.source;
      made->encoding = pack.getEncoding().str();
      made->layout = tensor.layout;
      made->shape = tensor.shape;
      made->index = i;
      built.tensors.push_back(std::move(tensor));
      built.index.tensors.push_back(std::move(made));
    }
  }
}

Result<artifact::Arg> IndexBuilder::argument(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto buffer = dyn_cast<plan::BufferOp>(op))
    return artifact::Arg(buffer.getPerThread() ? artifact::ArgKind_Thread
                                               : artifact::ArgKind_Arena,
                         0, static_cast<int64_t>(*buffer.getOffset()));
  if (auto weight = dyn_cast<plan::WeightOp>(op))
    return artifact::Arg(artifact::ArgKind_Weight,
                         firstTensor.lookup(weight.getPack()) +
                             static_cast<int>(weight.getIndex()),
                         0);
  auto input = cast<plan::InputOp>(op);
  StringRef source = input.getSource().value_or("");
  if (input.getKind() == "tokens")
    return artifact::Arg(artifact::ArgKind_Tokens, 0, 0);
  if (input.getKind() == "positions")
    return artifact::Arg(artifact::ArgKind_Positions, 0, 0);
  if (input.getKind() == "rope_table")
    return artifact::Arg(
        artifact::ArgKind_RopeTable,
        ropeTables.at({source.str(), static_cast<int64_t>(input.getClock())}),
        0);
  if (input.getKind() == "pool")
    return artifact::Arg(artifact::ArgKind_StatePool, groups.lookup(source), 0);
  if (input.getKind() == "page_table")
    return artifact::Arg(artifact::ArgKind_PageTable, groups.lookup(source), 0);
  if (input.getKind() == "fixed_state")
    return artifact::Arg(artifact::ArgKind_FixedState, 0, 0);
  return Error("", "internal: unknown input '" + input.getKind().str() +
                       "' in a plan");
}

Result<std::unique_ptr<artifact::ProgramT>>
IndexBuilder::program(plan::ProgramOp op) {
  auto made = std::make_unique<artifact::ProgramT>();
  made->name = op.getSymName().str();
  made->max_tokens = op.getMaxTokens();
  for (Operation &inner : op.getBody().front()) {
    if (auto buffer = dyn_cast<plan::BufferOp>(inner)) {
      if (buffer.getRole()) {
        plan::BufferOp &known = roles[buffer.getRole()->str()];
        if (!known || known.getRows() < buffer.getRows())
          known = buffer;
      }
    } else if (auto tap = dyn_cast<plan::TapOp>(inner)) {
      auto buffer = tap.getBuffer().getDefiningOp<plan::BufferOp>();
      auto entry = std::make_unique<artifact::TapT>();
      entry->hidden = tap.getHidden();
      entry->dispatch = int64_t(made->dispatches.size()) - 1;
      entry->offset = *buffer.getOffset();
      entry->row_stride = buffer.getRowBytes() / 4;
      made->taps.push_back(std::move(entry));
    } else if (auto dispatch = dyn_cast<plan::DispatchOp>(inner)) {
      auto entry = std::make_unique<artifact::DispatchT>();
      auto kernel = kernels.find(dispatch.getKernel());
      if (kernel == kernels.end())
        return Error("", "internal: kernel '" + dispatch.getKernel().str() +
                             "' has no code");
      entry->kernel = kernel->second;
      entry->grid = std::make_unique<artifact::Size>(size(dispatch.getGrid()));
      for (Value buffer : dispatch.getBuffers()) {
        Result<artifact::Arg> arg = argument(buffer);
        if (!arg)
          return arg.takeErrors();
        entry->args.push_back(*arg);
      }
      for (Attribute attr : dispatch.getSizes())
        entry->sizes.push_back(size(cast<plan::SizeAttr>(attr)));
      entry->each_thread = dispatch.getEachThread();
      entry->barrier = dispatch.getBarrier();
      entry->op = dispatch.getLabel().str();
      entry->bytes = dispatch.getWeightBytes();
      entry->flops = dispatch.getFlops();
      entry->integer_flops = dispatch.getIntegerFlops();
      entry->row_bytes = dispatch.getRowBytes();
      entry->row_flops = dispatch.getRowFlops();
      entry->window = dispatch.getWindow();
      made->dispatches.push_back(std::move(entry));
    }
  }
  return made;
}

std::unique_ptr<artifact::RowBufferT>
IndexBuilder::rowBuffer(plan::BufferOp buffer) {
  auto made = std::make_unique<artifact::RowBufferT>();
  auto type = cast<MemRefType>(buffer.getType());
  made->offset = *buffer.getOffset();
  made->row_stride = buffer.getRowBytes() / 4;
  made->columns = type.getShape().back();
  made->rows = buffer.getRows();
  return made;
}

Result<std::unique_ptr<artifact::PlanT>> IndexBuilder::plan() {
  auto made = std::make_unique<artifact::PlanT>();
  made->arena_bytes =
      module->getAttrOfType<IntegerAttr>("plan.arena_bytes").getInt();
  made->thread_bytes =
      module->getAttrOfType<IntegerAttr>("plan.thread_bytes").getInt();
  std::pair<const char *, std::unique_ptr<artifact::ProgramT> *> programs[] = {
      {"prefill", &made->prefill},
      {"decode", &made->decode},
      {"logits", &made->logits},
      {"logits_one", &made->logits_one}};
  for (auto [name, place] : programs) {
    auto found = program(module.lookupSymbol<plan::ProgramOp>(name));
    if (!found)
      return found.takeErrors();
    *place = std::move(*found);
  }
  for (const char *role : {"hidden", "logits_in", "logits_out"})
    if (!roles.count(role))
      return Error("", std::string("internal: no buffer has the role '") +
                           role + "'");
  made->hidden = rowBuffer(roles["hidden"]);
  made->logits_in = rowBuffer(roles["logits_in"]);
  made->logits_out = rowBuffer(roles["logits_out"]);
  return made;
}

Status IndexBuilder::addExecutables(artifact::TargetT &target) {
  for (const TargetCode &code : levels) {
    auto executable = std::make_unique<artifact::ExecutableT>();
    executable->level = code.level;
    executable->triple = code.triple;
    executable->features = code.features;
    executable->code_segment = target.executables.size();
    for (const TargetCode::Kernel &kernel : code.kernels) {
      int number = executable->kernels.size();
      // Dispatches name a kernel by its number, on whatever level they run.
      if (kernels.try_emplace(kernel.name, number).first->second != number)
        return Error("", "internal: level '" + code.level +
                             "' has other kernels than '" +
                             levels.front().level + "'");
      auto made = std::make_unique<artifact::KernelT>();
      made->name = kernel.name;
      made->entry = kernel.entry;
      made->scratch_bytes = kernel.scratchBytes;
      executable->kernels.push_back(std::move(made));
    }
    target.executables.push_back(std::move(executable));
  }
  return tombolo::success();
}

Result<BuiltIndex> IndexBuilder::build() {
  auto target = std::make_unique<artifact::TargetT>();
  target->name = module->getAttrOfType<StringAttr>("plan.target").str();
  if (Status status = addExecutables(*target); !status)
    return status.takeErrors();
  addModel();
  addStates();
  if (Status status = addRopeTables(); !status)
    return status.takeErrors();
  addTensors();
  auto planned = plan();
  if (!planned)
    return planned.takeErrors();
  target->plan = std::move(*planned);
  built.index.targets.push_back(std::move(target));
  return std::move(built);
}

Result<BuiltIndex> tombolo::buildIndex(ModuleOp module,
                                       const std::vector<TargetCode> &levels,
                                       const nn::WeightEvaluator &weights) {
  return IndexBuilder(module, levels, weights).build();
}

/// Hands `stored` to `write` in the target's layout.
static Status packStored(const PlannedTensor &tensor,
                         const std::vector<int64_t> &shape,
                         const Target &target, const nn::StoredTensor &stored,
                         const artifact::ByteSink &write) {
  std::vector<float> values;
  std::vector<int32_t> integers;
  std::span<const std::byte> rows = stored.bytes;
  if (tensor.encoding == Encoding::I32 && stored.encoding != tensor.encoding) {
    integers.resize(stored.elements());
    if (Status status = decodeIntegers(stored.encoding, stored.bytes, integers);
        !status)
      return Error("weight '" + tensor.source + "' [" +
                       std::to_string(tensor.index) + "]",
                   status.error().message);
    rows = std::as_bytes(std::span<const int32_t>(integers));
  } else if (stored.encoding != tensor.encoding) {
    // The planner asks for f32 where the target has no layout for the storage.
    Result<std::vector<float>> decoded = stored.toFloats();
    if (!decoded)
      return decoded.takeErrors();
    values = std::move(*decoded);
    rows = std::as_bytes(std::span<const float>(values));
  }
  if (tensor.layout == "rows")
    return write(rows);
  std::vector<std::byte> packed;
  if (Status status =
          target.pack(tensor.layout, tensor.encoding, shape, rows, packed);
      !status)
    return status;
  return write(packed);
}

Status tombolo::packTensor(const PlannedTensor &tensor, const Target &target,
                           const nn::WeightEvaluator &weights,
                           const artifact::ByteSink &write) {
  size_t size = 0;
  auto counted = [&](std::span<const std::byte> bytes) -> Status {
    size += bytes.size();
    return write(bytes);
  };
  std::vector<int64_t> shape = tensor.shape;
  bool isStack = shape.size() == 3;
  int64_t parts = isStack ? std::exchange(shape.front(), 1) : 1;
  for (int64_t part = 0; part < parts; ++part) {
    Result<nn::StoredTensor> stored =
        isStack ? weights.evaluateElement(tensor.source, tensor.index, part)
                : weights.evaluate(tensor.source, tensor.index);
    if (!stored)
      return stored.takeErrors();
    if (Status status = packStored(tensor, shape, target, *stored, counted);
        !status)
      return status;
  }
  if (tensor.layout != "rows")
    return tombolo::success();
  // Kernels may load a whole vector at the last element of any row.
  constexpr size_t kVectorBytes = 64;
  size_t needed = size + (tensor.shape.size() > 1 ? kVectorBytes - 4 : 0);
  size_t whole = (needed + kVectorBytes - 1) / kVectorBytes * kVectorBytes;
  return write(std::vector<std::byte>(whole - size));
}
