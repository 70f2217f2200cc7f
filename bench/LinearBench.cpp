#include "bench/KernelBench.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/Linear.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/packing/PackR16.h"
#include "test/unit/codegen/cpu/Reference.h"
#include "test/unit/codegen/cpu/RunCode.h"

using namespace tombolo;
using namespace tombolo::bench;
using namespace tombolo::test;

/// More than caches hold: a model's decode finds no weight in them.
static constexpr size_t kWeightBytes = size_t(192) << 20;

namespace {
/// A product ready to run, with copies of its weights side by side.
struct Product {
  LinearSpec spec;
  int64_t rows;
  std::unique_ptr<MappedCode> code;
  std::vector<std::byte> weights, records, scratch;
  uint64_t matrixBytes;
  std::vector<float> x, y;
  Limits limits;
  /// Of the result, against sums in f64.
  double error = 0;

  Product(const LinearSpec &spec, int64_t rows);
  Status compile();
  void fill();
  size_t copies() const { return weights.size() / matrixBytes; }
  void run(size_t copy);

private:
  double errorOf(std::span<const std::byte> raw) const;
};
} // namespace

static int64_t roundUp(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

Product::Product(const LinearSpec &spec, int64_t rows)
    : spec(spec), rows(rows) {}

Status Product::compile() {
  KernelModule kernels;
  int64_t stride = rowStride(spec.inColumns);
  int64_t outStride = rowStride(roundUp(spec.outRows, 32));
  int64_t planes = planesOf(spec.activations);
  int64_t scratchBytes = linearScratchBytes(level(), spec);
  kernels.add("linear",
              {planes ? kernels.bytes() : kernels.floats(), kernels.bytes(),
               kernels.floats(), kernels.index()},
              scratchBytes,
              [&](OpBuilder &b, Location loc,
                  llvm::ArrayRef<mlir::BlockArgument> args) {
                LinearOperands in;
                in.begin = args[0];
                in.end = args[1];
                in.activations = args[2];
                in.weights = args[3];
                in.output = args[4];
                in.rows = args[5];
                in.activationStride = b.getIndexAttr(stride);
                in.outputStride = b.getIndexAttr(outStride);
                if (args.size() > 6)
                  in.scratch = args[6];
                buildLinear(b, loc, level(), spec, in);
              });
  if (planes)
    kernels.add("quantize", {kernels.floats(), kernels.bytes()}, 0,
                [&](OpBuilder &b, Location loc,
                    llvm::ArrayRef<mlir::BlockArgument> args) {
                  buildQuantizeRows(b, loc, spec.inColumns, spec.rowTile,
                                    Isa(level()).recordForm(planes), args[2],
                                    b.getIndexAttr(stride), args[3], args[0],
                                    args[1]);
                });
  Result<CodeBlob> blob = kernels.emit(level());
  if (!blob)
    return blob.takeErrors();
  code = std::make_unique<MappedCode>(std::move(*blob));
  scratch.resize(scratchBytes + 64);
  return success();
}

void Product::fill() {
  matrixBytes =
      *packedBytes(spec.encoding, roundUp(spec.outRows, 16), spec.inColumns);
  std::vector<std::byte> raw =
      randomWeights(spec.encoding, spec.outRows * spec.inColumns, 1);
  // Many rows use a weight so often that where it comes from does not matter.
  size_t copies =
      rows > 1 ? 1 : std::max<size_t>(1, kWeightBytes / matrixBytes);
  weights.resize(matrixBytes * copies);
  std::span<std::byte> first = std::span(weights).first(matrixBytes);
  (void)packR16(spec.encoding, spec.outRows, spec.inColumns, raw, first,
                *r16GroupBytes(spec.encoding, spec.inColumns))
      .ok();
  for (size_t copy = 1; copy < copies; ++copy)
    std::memcpy(weights.data() + copy * matrixBytes, weights.data(),
                matrixBytes);
  int64_t capacity = roundUp(rows, kRowPadding);
  x = randomFloats(capacity * rowStride(spec.inColumns), 2);
  y.resize(capacity * rowStride(roundUp(spec.outRows, 32)));
  if (planesOf(spec.activations)) {
    records.resize(capacity * recordBytes(spec.inColumns, 2) + 64);
    code->run(1, {x.data(), records.data()}, {}, 0, rows);
  }
  run(0);
  error = errorOf(raw);
}

double Product::errorOf(std::span<const std::byte> raw) const {
  // Enough for an average.
  int64_t someRows = std::min<int64_t>(rows, 4);
  int64_t someColumns = std::min<int64_t>(spec.outRows, 256);
  std::vector<float> values(someColumns * spec.inColumns);
  size_t bytes = *encodedBytes(spec.encoding, values.size());
  if (!decode(spec.encoding, raw.first(bytes), values))
    return NAN;
  RelativeError error;
  for (int64_t t = 0; t < someRows; ++t)
    for (int64_t n = 0; n < someColumns; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < spec.inColumns; ++k)
        sum += double(x[t * rowStride(spec.inColumns) + k]) *
               values[n * spec.inColumns + k];
      error.add(y[t * rowStride(roundUp(spec.outRows, 32)) + n], sum);
    }
  return error.value();
}

void Product::run(size_t copy) {
  void *buffers[] = {planesOf(spec.activations)
                         ? static_cast<void *>(records.data())
                         : static_cast<void *>(x.data()),
                     weights.data() + copy * matrixBytes, y.data()};
  int64_t sizes[] = {rows};
  auto aligned = (reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64;
  code->function(0)(buffers, sizes, 0, linearUnits(spec),
                    reinterpret_cast<void *>(aligned));
}

static void runLinear(benchmark::State &state, const std::string &name,
                      const LinearSpec &spec, int64_t rows) {
  Status status = success();
  Product &product = keptFor<Product>(name, [&] {
    auto made = std::make_unique<Product>(spec, rows);
    status = made->compile();
    if (status)
      made->fill();
    made->limits = measureLimits();
    return made;
  });
  if (!product.code) {
    state.SkipWithError(status ? "no code" : status.error().str().c_str());
    return;
  }
  // Two planes of bytes are two products of bytes.
  int64_t planes = planesOf(spec.activations);
  const Limits &limits = product.limits;
  measure(
      state,
      {2.0 * double(rows) * double(spec.outRows) * double(spec.inColumns),
       double(product.matrixBytes),
       planes ? limits.int8Operations / double(planes) : limits.f32Operations},
      limits, int64_t(product.copies()),
      [&](int64_t copy) { product.run(size_t(copy)); });
  state.counters["error"] = product.error;
}

void tombolo::bench::registerLinear() {
  // SmolLM2-135M's and Llama-3.2-1B's.
  constexpr std::pair<int64_t, int64_t> shapes[] = {
      {576, 1536}, {3072, 576}, {2048, 2048}, {2048, 8192}};
  std::vector<Encoding> encodings{Encoding::F16, Encoding::BF16};
  encodings.insert(encodings.end(), std::begin(kInterleaved),
                   std::end(kInterleaved));
  for (Encoding encoding : encodings)
    for (auto [form, formName] : {std::pair(ActivationForm::I16, "i16"),
                                  {ActivationForm::I8, "i8"},
                                  {ActivationForm::F32, "f32"}})
      for (auto [out, in] : shapes)
        for (int64_t rows : {1, 4, 8, 32, 256}) {
          LinearSpec spec{out, in, encoding, form};
          spec.manyRows = rows > 1;
          spec.maxRows = spec.manyRows ? 256 : 1;
          if (spec.manyRows && form != ActivationForm::F32)
            spec.rowTile = rowTileOf(form);
          if (!checkLinear(spec))
            continue;
          std::string name =
              std::string("linear/") + infoOf(encoding).name.data() + "/" +
              formName + "/" + std::to_string(out) + "x" + std::to_string(in) +
              "/rows:" + std::to_string(rows);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [=](benchmark::State &state) {
                                         runLinear(state, name, spec, rows);
                                       })
              ->Unit(benchmark::kMicrosecond);
        }
}
