//===- ArchFuzzer.cpp - Text as a description -----------------------------===//
//
// Parses, checks and formats the input; where it is a family, reads a small
// checkpoint's config by it, binds the tensors and evaluates the formulas with
// tensors that are nothing.
//
//===----------------------------------------------------------------------===//

#include "frontends/arch/Config.h"
#include "frontends/arch/Formatter.h"
#include "frontends/arch/WeightBinder.h"
#include "support/Text.h"
#include <cstdlib>
#include <fstream>

using namespace tombolo;
using namespace tombolo::arch;

namespace {

struct Nothing : Tensor {
  std::string describe() const override { return "a tensor"; }
};

/// Every operation gives a tensor.
struct NoTensors : TensorDomain {
  Value make() { return Value::of(std::make_shared<Nothing>()); }
  Value tensorNamed(Evaluator &evaluator, const std::string &,
                    const Loc &loc) override {
    return evaluator.fail(loc, "expects a tensor, but got a string");
  }
  Value call(Evaluator &, const OpCall &) override { return make(); }
  Value slice(Evaluator &, const Loc &, const Value &,
              const std::vector<Subscript> &) override {
    return make();
  }
  Value weight(Evaluator &, const RowDecl &, const Loc &) override {
    return make();
  }
};

const Checkpoint &smallCheckpoint() {
  static const Checkpoint checkpoint = [] {
    Checkpoint made;
    made.container = Container::Safetensors;
    made.path = "model";
    made.configPath = "model/config.json";
    made.config = {{"vocab_size", 8},
                   {"hidden_size", 4},
                   {"num_hidden_layers", 2},
                   {"num_attention_heads", 2},
                   {"max_position_embeddings", 16}};
    std::string path = "/tmp/arch-fuzzer-empty";
    std::ofstream(path).close();
    uint32_t file = made.weights.addFile(*MappedFile::open(path));
    auto add = [&](const std::string &name, std::vector<int64_t> shape) {
      uint64_t elements = 1;
      for (int64_t size : shape)
        elements *= size;
      (void)made.weights.addTensor(
          {name, Encoding::F32, std::move(shape), file, 0, 4 * elements});
    };
    add("e", {8, 4});
    add("n", {4});
    for (const char *layer : {"l.0.", "l.1."}) {
      add(std::string(layer) + "w", {8, 4});
      add(std::string(layer) + "n", {4});
    }
    return made;
  }();
  return checkpoint;
}

void requireText(const std::vector<Error> &errors) {
  for (const Error &error : errors)
    if (!isUtf8(error.str()) || error.message.empty())
      std::abort();
}

void evaluateAll(const Family &family, const Prelude &prelude) {
  Diagnostics diagnostics;
  Evaluator evaluator(family, prelude, smallCheckpoint(), diagnostics);
  Config config(evaluator);
  evaluator.config = &config;
  WeightBinder binder(evaluator);
  config.readAll();
  binder.bind();
  NoTensors domain;
  evaluator.domain = &domain;
  (void)evaluator.call(*family.function("hidden"), {domain.make()});
  (void)evaluator.call(*family.function("logits"), {domain.make()});
  config.reportUnread();
  requireText(diagnostics.errors());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Catalog catalog = *loadCatalog({});
  std::string text(reinterpret_cast<const char *>(data), size);
  Result<std::string> once = format("f", text);
  if (once) {
    Result<std::string> twice = format("f", *once);
    if (!twice || *twice != *once)
      std::abort();
  } else {
    requireText(once.errors());
  }
  Result<std::shared_ptr<const Family>> family =
      readFamily("f", text, *catalog.prelude);
  if (!family) {
    requireText(family.errors());
    return 0;
  }
  // Formatting does not change what is said.
  if (!once || !readFamily("f", *once, *catalog.prelude))
    std::abort();
  evaluateAll(**family, *catalog.prelude);
  return 0;
}
