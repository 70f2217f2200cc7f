#include "test/unit/runtime/tiny/TinyModel.h"
#include <cmath>
#include <cstring>
#include <fstream>

using namespace tombolo;
using namespace tombolo::artifact;
using namespace tombolo::tiny;

namespace {
enum KernelNumber { Embed, Append, Mix, Logits, Recur };

/// Rows of f32 in the arena; all have the same stride.
constexpr int64_t kStride = 16, kOutStride = kVocab + 8;
constexpr int64_t kRowBytes = kStride * 4;
constexpr int64_t kRowsA = 0, kRowsB = kChunk * kRowBytes;
constexpr int64_t kLogitsIn = 2 * kChunk * kRowBytes, kLogitsRows = 8;
constexpr int64_t kLogitsOut = kLogitsIn + kLogitsRows * kRowBytes;
/// A row in each thread's own memory.
constexpr int64_t kOwnRow = 64, kThreadBytes = kOwnRow + kRowBytes;
constexpr int64_t kArenaBytes = kLogitsOut + kLogitsRows * kOutStride * 4;
/// One state's page.
constexpr int64_t kStateBytes = 128 * kHidden * 4;

/// The state of the recurrence.
constexpr int64_t kFixedOffset = 64, kFixedBytes = kFixedOffset + kHidden * 4;

/// Which group a layer's state is in, where in its slots, and its window.
struct LayerState {
  int group;
  int64_t offset, window;
};
constexpr LayerState kStates[kLayers] = {
    {0, 0, -1}, {1, 0, kWindow}, {0, kStateBytes, -1}};
} // namespace

static Size constant(int64_t value) { return Size(Symbol_One, value, 0, 1); }

static std::unique_ptr<DispatchT> dispatch(int kernel, const char *op,
                                           Size grid, std::vector<Arg> args,
                                           std::vector<Size> sizes) {
  auto result = std::make_unique<DispatchT>();
  result->kernel = kernel;
  result->op = op;
  result->grid = std::make_unique<Size>(grid);
  result->args = std::move(args);
  result->sizes = std::move(sizes);
  return result;
}

static std::unique_ptr<TapT> tap(int hidden, int dispatch, int64_t offset) {
  auto result = std::make_unique<TapT>();
  result->hidden = hidden;
  result->dispatch = dispatch;
  result->offset = offset;
  result->row_stride = kStride;
  return result;
}

static std::unique_ptr<ProgramT> makeStep(const char *name, int64_t tokens) {
  auto program = std::make_unique<ProgramT>();
  program->name = name;
  program->max_tokens = tokens;
  Size rows(Symbol_Tokens, 1, 0, 1), first(Symbol_FirstPosition, 1, 0, 1);
  program->dispatches.push_back(
      dispatch(Embed, "embedding", rows,
               {Arg(ArgKind_Tokens, 0, 0), Arg(ArgKind_Weight, 0, 0),
                Arg(ArgKind_Arena, 0, kRowsA)},
               {constant(kHidden), constant(kStride)}));
  program->taps.push_back(tap(0, 0, kRowsA));
  int64_t input = kRowsA, output = kRowsB;
  Arg read(ArgKind_Arena, 0, input);
  if (tokens == 1) {
    // Once more, by each thread for itself.
    read = Arg(ArgKind_Thread, 0, kOwnRow);
    program->dispatches.push_back(
        dispatch(Embed, "embedding", rows,
                 {Arg(ArgKind_Tokens, 0, 0), Arg(ArgKind_Weight, 0, 0), read},
                 {constant(kHidden), constant(kStride)}));
    program->dispatches.back()->each_thread = true;
    program->dispatches.back()->barrier = false;
  }
  for (int layer = 0; layer != kLayers; ++layer) {
    const LayerState &state = kStates[layer];
    Size slotBytes = constant((state.group == 0 ? 2 : 1) * kStateBytes);
    program->dispatches.push_back(
        dispatch(Append, "history", rows,
                 {read, Arg(ArgKind_StatePool, state.group, state.offset),
                  Arg(ArgKind_PageTable, state.group, 0)},
                 {constant(kHidden), constant(kStride), first, slotBytes}));
    program->dispatches.push_back(dispatch(
        Mix, "mix", rows,
        {read, Arg(ArgKind_StatePool, state.group, state.offset),
         Arg(ArgKind_PageTable, state.group, 0), Arg(ArgKind_RopeTable, 0, 0),
         Arg(ArgKind_Positions, 0, 0), Arg(ArgKind_Arena, 0, output)},
        {constant(kHidden), constant(kStride), first, slotBytes,
         constant(state.window)}));
    program->taps.push_back(
        tap(layer + 1, program->dispatches.size() - 1, output));
    std::swap(input, output);
    read = Arg(ArgKind_Arena, 0, input);
  }
  return program;
}

static std::unique_ptr<ProgramT> makeLogits(const char *name, int64_t rows) {
  auto program = std::make_unique<ProgramT>();
  program->name = name;
  program->max_tokens = rows;
  program->dispatches.push_back(
      dispatch(Logits, "linear head", constant(kVocab),
               {Arg(ArgKind_Arena, 0, kLogitsIn), Arg(ArgKind_Weight, 1, 64),
                Arg(ArgKind_Arena, 0, kLogitsOut)},
               {constant(kHidden), constant(kStride), constant(kOutStride),
                Size(Symbol_Tokens, 1, 0, 1)}));
  program->dispatches.back()->barrier = false;
  return program;
}

static std::unique_ptr<RowBufferT> rowBuffer(int64_t offset, int64_t stride,
                                             int64_t columns, int64_t rows) {
  auto buffer = std::make_unique<RowBufferT>();
  buffer->offset = offset;
  buffer->row_stride = stride;
  buffer->columns = columns;
  buffer->rows = rows;
  return buffer;
}

/// Adds kernel `number` of `code` to the executable.
static void addKernel(ExecutableT &executable, KernelNumber number,
                      const std::vector<std::byte> &code) {
  static constexpr const char *names[] = {
      "tiny_embed", "tiny_append", "tiny_mix", "tiny_logits", "tiny_recur"};
  auto kernel = std::make_unique<KernelT>();
  kernel->name = names[number];
  uint64_t entry;
  std::memcpy(&entry, code.data() + number * sizeof(entry), sizeof(entry));
  kernel->entry = entry;
  kernel->scratch_bytes = number == Mix ? kHidden * 4 : 0;
  executable.kernels.push_back(std::move(kernel));
}

static std::unique_ptr<ExecutableT>
makeExecutable(const std::string &level, std::vector<std::string> features,
               const std::vector<std::byte> &code) {
  auto executable = std::make_unique<ExecutableT>();
  executable->level = level;
#if defined(__aarch64__)
  executable->triple = "aarch64-unknown-linux-gnu";
#else
  executable->triple = "x86_64-unknown-linux-gnu";
#endif
  executable->features = std::move(features);
  executable->code_segment = 0;
  for (KernelNumber number : {Embed, Append, Mix, Logits})
    addKernel(*executable, number, code);
  return executable;
}

static std::vector<std::byte> readKernels() {
  std::ifstream file(TINY_KERNELS, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  auto *bytes = reinterpret_cast<const std::byte *>(text.data());
  return {bytes, bytes + text.size()};
}

/// `count` numbers in [-1, 1), the same on every machine, behind `skip` bytes.
static std::vector<std::byte> numbers(size_t count, uint64_t seed,
                                      size_t skip) {
  std::vector<std::byte> bytes(skip + count * 4);
  for (size_t i = 0; i != count; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    float value = int32_t(seed >> 40) / float(1 << 23) - 1.0f;
    std::memcpy(bytes.data() + skip + i * 4, &value, 4);
  }
  return bytes;
}

TinyModel tiny::makeTinyModel() {
  TinyModel model;
  model.code = readKernels();
  IndexT &index = model.index;
  index.model = std::make_unique<ModelT>();
  index.model->family = "tiny";
  index.model->name = "Tiny";
  index.model->vocab_size = kVocab;
  index.model->hidden_size = kHidden;
  index.model->layers = kLayers;
  index.model->context = kContext;
  index.model->parameters = 2 * kVocab * kHidden;

  auto plan = std::make_unique<PlanT>();
  plan->arena_bytes = kArenaBytes;
  plan->thread_bytes = kThreadBytes;
  plan->prefill = makeStep("prefill", kChunk);
  plan->decode = makeStep("decode", 1);
  plan->logits = makeLogits("logits", kLogitsRows);
  plan->logits_one = makeLogits("logits_one", 1);
  // Three layers: rows end in the second buffer.
  plan->hidden = rowBuffer(kRowsB, kStride, kHidden, kChunk);
  plan->logits_in = rowBuffer(kLogitsIn, kStride, kHidden, kLogitsRows);
  plan->logits_out = rowBuffer(kLogitsOut, kOutStride, kVocab, kLogitsRows);

  auto target = std::make_unique<TargetT>();
  target->name = "cpu";
  target->plan = std::move(plan);
  target->executables.push_back(
      makeExecutable("of-the-future", {"avx1024"}, model.code));
  target->executables.push_back(makeExecutable("baseline", {}, model.code));
  index.targets.push_back(std::move(target));

  for (int64_t window : {int64_t(-1), kWindow}) {
    auto group = std::make_unique<StateGroupT>();
    group->window = window;
    group->slot_bytes = (window < 0 ? 2 : 1) * kStateBytes;
    group->bytes_per_token = group->slot_bytes / 128;
    index.state_groups.push_back(std::move(group));
  }
  auto rope = std::make_unique<RopeTableT>();
  for (int i = 0; i != kHidden / 2; ++i) {
    rope->freqs.push_back(std::pow(100.0, -i / 8.0));
    rope->long_freqs.push_back(std::pow(1000.0, -i / 8.0));
  }
  rope->long_from = kLongFrom;
  rope->scale = 1.0;
  index.rope_tables.push_back(std::move(rope));

  // The head begins 64 bytes into its tensor, where its argument points.
  model.weights = {numbers(kVocab * kHidden, 1, 0),
                   numbers(kVocab * kHidden, 2, 64)};
  static constexpr const char *names[] = {"embedding", "head"};
  for (int i = 0; i != 2; ++i) {
    auto tensor = std::make_unique<TensorT>();
    tensor->name = names[i];
    tensor->encoding = "f32";
    tensor->layout = "rows";
    tensor->shape = {kVocab, kHidden};
    index.tensors.push_back(std::move(tensor));
  }
  index.provenance = std::make_unique<ProvenanceT>();
  index.provenance->compiler = "by hand";
  return model;
}

void tiny::addRecurrence(TinyModel &model) {
  model.index.fixed_state_bytes = kFixedBytes;
  TargetT &target = *model.index.targets[0];
  for (auto &executable : target.executables)
    addKernel(*executable, Recur, model.code);
  for (ProgramT *program :
       {target.plan->prefill.get(), target.plan->decode.get()}) {
    program->dispatches.push_back(
        dispatch(Recur, "recurrence", constant(kHidden),
                 {Arg(ArgKind_Arena, 0, kRowsB), Arg(ArgKind_FixedState, 0, 0)},
                 {constant(kHidden), constant(kStride), constant(kFixedOffset),
                  Size(Symbol_Tokens, 1, 0, 1)}));
    program->taps.back()->dispatch = program->dispatches.size() - 1;
  }
}

Status TinyModel::write(const std::string &path) const {
  SegmentBytes segments[] = {{"code", code}};
  return writeArtifact(path, index, segments,
                       [&](size_t tensor, const ByteSink &write) {
                         return write(weights[tensor]);
                       });
}

static std::vector<float> floatsOf(const std::vector<std::byte> &bytes,
                                   size_t skip) {
  std::vector<float> values((bytes.size() - skip) / 4);
  std::memcpy(values.data(), bytes.data() + skip, values.size() * 4);
  return values;
}

TinyReference::TinyReference(const TinyModel &model)
    : embedding(floatsOf(model.weights[0], 0)),
      head(floatsOf(model.weights[1], 64)),
      freqs(model.index.rope_tables[0]->freqs),
      longFreqs(model.index.rope_tables[0]->long_freqs),
      recurs(model.index.fixed_state_bytes != 0) {}

std::vector<std::vector<float>>
TinyReference::hidden(std::span<const int32_t> tokens, int64_t length) const {
  const std::vector<double> &f = length > kLongFrom ? longFreqs : freqs;
  int64_t count = tokens.size(), half = kHidden / 2;
  std::vector<std::vector<float>> result(1);
  for (int32_t token : tokens)
    result[0].insert(result[0].end(), embedding.begin() + token * kHidden,
                     embedding.begin() + (token + 1) * kHidden);
  for (const LayerState &state : kStates) {
    const std::vector<float> &x = result.back();
    std::vector<float> y(x.size());
    for (int64_t t = 0; t != count; ++t) {
      double total = 0, sum[kHidden] = {};
      for (int64_t p = 0; p <= t; ++p) {
        if (state.window > 0 && t - p >= state.window)
          continue;
        double weight = 1.0 / (1 + t - p);
        total += weight;
        for (int64_t i = 0; i != kHidden; ++i)
          sum[i] += weight * x[p * kHidden + i];
      }
      for (int64_t i = 0; i != half; ++i) {
        double a = x[t * kHidden + i], b = x[t * kHidden + half + i];
        double c = std::cos(t * f[i]), s = std::sin(t * f[i]);
        y[t * kHidden + i] = 0.75 * (a * c - b * s) + sum[i] / total;
        y[t * kHidden + half + i] =
            0.75 * (a * s + b * c) + sum[half + i] / total;
      }
    }
    result.push_back(std::move(y));
  }
  if (recurs)
    for (int64_t i = kHidden; i < count * kHidden; ++i)
      result.back()[i] += 0.5f * result.back()[i - kHidden];
  return result;
}

std::vector<float> TinyReference::logits(std::span<const int32_t> tokens,
                                         int64_t length) const {
  std::vector<float> last = hidden(tokens, length).back();
  std::vector<float> result(tokens.size() * kVocab);
  for (size_t t = 0; t != tokens.size(); ++t)
    for (int64_t v = 0; v != kVocab; ++v) {
      double sum = 0;
      for (int64_t i = 0; i != kHidden; ++i)
        sum += double(last[t * kHidden + i]) * head[v * kHidden + i];
      result[t * kVocab + v] = sum;
    }
  return result;
}
