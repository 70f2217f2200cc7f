//===- Bodies.cpp - What the layers of a checkpoint compute ---------------===//

#include "frontends/twin/Bodies.h"
#include "dialects/nn/IR/NNOps.h"
#include "dialects/nn/transforms/ExpandLayers.h"
#include "frontends/import/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::twin;

static std::string textOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream);
  return text;
}

/// `symbol` without the number that ends `prefix`: `wq` of `layer12.wq`.
static StringRef withoutNumber(StringRef symbol, StringRef prefix) {
  StringRef rest = symbol;
  if (!rest.consume_front(prefix) || rest.empty() || !llvm::isDigit(rest[0]))
    return symbol;
  rest = rest.ltrim("0123456789");
  rest.consume_front(".");
  return rest;
}

/// The function's text without what only says where it stands: the number of
/// its body, and those of the tables it reads, which are written out.
static std::string bodyText(func::FuncOp function, SymbolTable &symbols) {
  std::string text = textOf(function), out, tables;
  for (size_t at = 0; at < text.size();) {
    size_t symbol = text.find('@', at);
    out += text.substr(at, symbol - at);
    if (symbol == std::string::npos)
      break;
    size_t end = text.find_first_not_of(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$",
        symbol + 1);
    end = std::min(end, text.size());
    std::string name = text.substr(symbol + 1, end - symbol - 1);
    if (auto table = symbols.lookup<nn::RopeTableOp>(name)) {
      std::string whole = textOf(table);
      out += "@table" + whole.substr(whole.find(name) + name.size());
    } else {
      out += "@" + withoutNumber(name, "layer").str();
    }
    at = end;
  }
  return out;
}

/// Rows whose weight is what a norm multiplies by.
static void addNorms(ModuleOp module, std::set<std::string> &norms) {
  module.walk([&](Operation *op) {
    Value weight;
    if (auto norm = dyn_cast<nn::RmsNormOp>(op))
      weight = norm.getW();
    else if (auto norm = dyn_cast<nn::LayerNormOp>(op))
      weight = norm.getW();
    if (!weight)
      return;
    if (auto get = weight.getDefiningOp<nn::GetWeightOp>())
      norms.insert(withoutNumber(get.getWeight(), "layer").str());
  });
}

Result<Bodies> tombolo::twin::bodiesOf(const arch::Catalog &catalog,
                                       const arch::Family &family,
                                       const Checkpoint &source,
                                       const nlohmann::ordered_json &config,
                                       const std::vector<CutTensor> &tensors) {
  Checkpoint checkpoint;
  checkpoint.container = source.container;
  checkpoint.path = source.path;
  checkpoint.configPath = source.configPath;
  checkpoint.config = config;
  for (const auto &file : source.weights.files())
    checkpoint.weights.addFile(file);
  for (const CutTensor &cut : tensors) {
    TensorInfo tensor = *cut.source;
    tensor.name = cut.name;
    if (cut.places)
      tensor.shape.front() = *cut.places;
    tensor.bytes =
        encodedBytes(tensor.encoding, elementsOf(tensor.shape).value_or(0))
            .value_or(0);
    tensor.joined = nullptr;
    if (Status added = checkpoint.weights.addTensor(std::move(tensor)); !added)
      return added.takeErrors();
  }
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ImportReport report;
  Result<OwningOpRef<ModuleOp>> module =
      importAs(context, catalog, family, checkpoint, &report);
  if (!module)
    return module.takeErrors();
  if (failed(nn::expandLayers(module->get())))
    return Error(source.path, "internal: the layers' bodies do not expand");
  SymbolTable symbols(module->get());
  std::map<int64_t, std::string> texts;
  Bodies bodies;
  for (int64_t body : report.bodyOfLayer) {
    std::string &text = texts[body];
    if (text.empty())
      text =
          bodyText(symbols.lookup<func::FuncOp>("layer" + std::to_string(body)),
                   symbols);
    bodies.layers.push_back(text);
  }
  addNorms(module->get(), bodies.norms);
  return bodies;
}
