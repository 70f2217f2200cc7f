#include "bench/KernelBench.h"
#include "codegen/cpu/kernels/Attention.h"
#include "codegen/cpu/kernels/MatrixAttention.h"
#include "test/unit/codegen/cpu/Reference.h"
#include "test/unit/codegen/cpu/RunCode.h"

using namespace tombolo;
using namespace tombolo::bench;
using namespace tombolo::test;

/// More than caches hold, as the states of a model's many layers are.
static constexpr int64_t kStateBytes = int64_t(192) << 20;

namespace {
/// Attention of one layer, ready to run over the states of as many layers as
/// fill the memory above.
struct Layer {
  AttentionSpec spec;
  int64_t before, rows;
  std::unique_ptr<MappedCode> code;
  std::vector<uint16_t> pool;
  std::vector<int32_t> table;
  std::vector<float> query, output;
  std::vector<std::byte> scratch;
  int64_t slotBytes, layerBytes, layers;
  Limits limits;

  Status compile();
  void fill();
  void run(int64_t layer);
};
} // namespace

Status Layer::compile() {
  KernelModule kernels;
  int64_t keyBytes = pageBytes(spec.kvHeads, spec.keyColumns, spec.storage);
  slotBytes =
      keyBytes + pageBytes(spec.kvHeads, spec.valueColumns, spec.storage);
  int64_t scratchBytes = attentionScratchBytes(level(), spec);
  kernels.add("attention",
              {kernels.floats(), kernels.floats(), kernels.bytes(),
               kernels.buffer(32), kernels.index(), kernels.index()},
              scratchBytes,
              [&](OpBuilder &b, Location loc,
                  llvm::ArrayRef<mlir::BlockArgument> args) {
                AttentionOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.query = args[2];
                in.output = args[3];
                in.keys = {args[4], args[5], b.getIndexAttr(0),
                           b.getIndexAttr(slotBytes)};
                in.values = {args[4], args[5], b.getIndexAttr(keyBytes),
                             b.getIndexAttr(slotBytes)};
                in.rows = args[6];
                in.firstPosition = args[7];
                if (args.size() > 8)
                  in.scratch = args[8];
                in.queryOffset = b.getIndexAttr(0);
                in.queryStride = b.getIndexAttr(spec.heads * spec.keyColumns);
                in.outputStride =
                    b.getIndexAttr(spec.heads * spec.valueColumns);
                buildAttention(b, loc, level(), spec, in);
              });
  Result<CodeBlob> blob = kernels.emit(level());
  if (!blob)
    return blob.takeErrors();
  code = std::make_unique<MappedCode>(std::move(*blob));
  scratch.resize(scratchBytes + 64);
  return success();
}

void Layer::fill() {
  int64_t pages = (before + rows + 127) / 128;
  layerBytes = slotBytes * pages;
  layers = rows > 1 ? 1 : std::max<int64_t>(1, kStateBytes / layerBytes);
  // Small numbers in f16, tiny ones in bf16 and f32.
  pool.resize(layerBytes * layers / 2);
  uint32_t random = 1;
  for (uint16_t &word : pool) {
    random = random * 1664525 + 1013904223;
    word = ((random >> 16) & 0x83ff) | 0x2400;
  }
  for (int64_t page = 0; page < pages; ++page)
    table.push_back(int32_t(page));
  query = randomFloats(rows * spec.heads * spec.keyColumns, 1);
  output.resize(rows * spec.heads * spec.valueColumns);
}

void Layer::run(int64_t layer) {
  void *buffers[] = {query.data(), output.data(),
                     reinterpret_cast<std::byte *>(pool.data()) +
                         layer * layerBytes,
                     table.data()};
  int64_t sizes[] = {rows, before};
  int64_t programs = attentionPrograms(spec, rows);
  auto aligned = (reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64;
  code->function(0)(buffers, sizes, 0, programs,
                    reinterpret_cast<void *>(aligned));
}

/// Rows that a token at `position` sees.
static int64_t seenBy(const AttentionSpec &spec, int64_t position) {
  return spec.window ? std::min(spec.window, position + 1) : position + 1;
}

static void runAttention(benchmark::State &state, const std::string &name,
                         const AttentionSpec &spec, int64_t before,
                         int64_t rows) {
  Status status = success();
  Layer &layer = keptFor<Layer>(name, [&] {
    auto made = std::make_unique<Layer>();
    made->spec = spec;
    made->before = before;
    made->rows = rows;
    status = made->compile();
    if (status)
      made->fill();
    made->limits = measureLimits();
    return made;
  });
  if (!layer.code) {
    state.SkipWithError(status ? "no code" : status.error().str().c_str());
    return;
  }
  double columns = double(spec.keyColumns + spec.valueColumns);
  double pairs = 0;
  for (int64_t row = 0; row < rows; ++row)
    pairs += double(seenBy(spec, before + row));
  double operations = 2 * pairs * double(spec.heads) * columns;
  double limit = layer.limits.f32Operations;
  if (hasMatrixAttention(level(), spec)) {
    limit = layer.limits.bf16Operations;
    // Two terms are three products; of what is stored in bf16, two.
    if (spec.products == AttentionProducts::Bf16x2)
      limit /= spec.storage == Encoding::BF16 ? 2 : 3;
  }
  double element = double(*encodedBytes(spec.storage, 1));
  measure(state,
          {operations,
           double(seenBy(spec, before) + rows - 1) * double(spec.kvHeads) *
               columns * element,
           limit},
          layer.limits, layer.layers, [&](int64_t copy) { layer.run(copy); });
}

static void registerOne(const AttentionSpec &spec, int64_t before, int64_t rows,
                        const char *products) {
  std::string name =
      std::string("attention/") + infoOf(spec.storage).name.data() + products +
      "/" + std::to_string(spec.heads) + "x" + std::to_string(spec.keyColumns) +
      "/" + std::to_string(spec.kvHeads) + "/before:" + std::to_string(before) +
      "/rows:" + std::to_string(rows);
  if (spec.window)
    name += "/window:" + std::to_string(spec.window);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) {
    runAttention(state, name, spec, before, rows);
  })->Unit(benchmark::kMicrosecond);
}

void tombolo::bench::registerAttention() {
  struct Shape {
    int64_t heads, kvHeads, columns;
  };
  // SmolLM2-135M's, Llama-3.2-1B's and Llama-3.1-8B's.
  constexpr Shape shapes[] = {{9, 3, 64}, {32, 8, 64}, {32, 8, 128}};
  // A window costs the same behind any number of tokens.
  for (int64_t before : {4096, 32768})
    registerOne({32, 8, 64, 64, Encoding::F16, 1 / 8.0, /*window=*/1024},
                before, 1, "");
  for (Encoding storage :
       {Encoding::F16, Encoding::BF16, Encoding::F32, Encoding::Q8_0})
    for (Shape shape : shapes)
      for (int64_t rows : {1, 256})
        for (int64_t before : {0, 512, 4096, 32768}) {
          if (rows == 1 && before == 0)
            continue;
          AttentionSpec spec{
              shape.heads,   shape.kvHeads,
              shape.columns, shape.columns,
              storage,       1 / std::sqrt(double(shape.columns))};
          if (rows == 1) {
            registerOne(spec, before, rows, "");
            continue;
          }
          // On levels without products in bf16, f32.
          for (auto [products, name] : {std::pair(AttentionProducts::F32, ""),
                                        {AttentionProducts::Bf16x2, ",bf16x2"},
                                        {AttentionProducts::Bf16, ",bf16"}}) {
            spec.products = products;
            spec.rowTile = attentionRowTile(shape.heads / shape.kvHeads);
            registerOne(spec, before, rows, name);
          }
        }
}
