//===- Storage.cpp - Logical tensors of quantized checkpoints -------------===//

#include "frontends/storage/Storage.h"
#include "frontends/storage/Joiner.h"
#include "support/Text.h"
#include <algorithm>

namespace tombolo {
namespace {

using namespace storage;
using Kind = Method::Kind;

/// What the tensors of a method are called and who reads them.
struct MethodReaders {
  Kind kind;
  std::vector<Reader> readers;
  /// Endings of tensors that stand beside others; one that no reader took is
  /// left over.
  std::vector<std::string_view> companions;
};

const MethodReaders &readersOf(Kind kind) {
  static const MethodReaders all[] = {
      {Kind::None, {}, {}},
      {Kind::Fp8,
       {readFp8, readFp4Experts},
       {"_scale_inv", ".weight_scale", ".scale"}},
      {Kind::FbgemmFp8, {readFp8}, {".weight_scale"}},
      {Kind::Mxfp4, {readMxfp4}, {"_scales"}},
      {Kind::Awq, {readAwq}, {".qzeros", ".scales"}},
      {Kind::Gptq, {readGptq}, {".qzeros", ".scales", ".g_idx"}},
      {Kind::CompressedTensors,
       {readPacked, readFp8, readInt8},
       {".weight_scale", ".weight_shape", ".weight_zero_point", ".weight_g_idx",
        ".weight_global_scale"}},
      {Kind::ModelOpt,
       {readFp8, readModelOptFp4},
       {".weight_scale", ".weight_scale_2"}},
  };
  return *std::find_if(std::begin(all), std::end(all),
                       [&](const auto &one) { return one.kind == kind; });
}

/// Scales of activations and caches, which are kept in their own precision
/// here.
constexpr std::string_view activationEndings[] = {
    ".input_scale",     ".input_scale_ub",   ".input_global_scale",
    ".output_scale",    ".input_zero_point", ".output_zero_point",
    ".k_scale",         ".v_scale",          ".q_scale",
    ".activation_scale"};

/// Tensors that only a method's reader understands.
constexpr std::string_view quantizedEndings[] = {
    ".qweight", ".weight_packed", ".weight_scale_inv",
    ".quant_state.bitsandbytes__nf4", ".quant_state.bitsandbytes__fp4"};

template <typename Range>
bool endsInOne(const std::string &name, const Range &endings) {
  return std::any_of(std::begin(endings), std::end(endings),
                     [&](std::string_view end) { return name.ends_with(end); });
}

/// Quantizers give every linear a bias, of zeros where the model has none.
bool isIdleBias(const WeightSource &stored, const TensorInfo &tensor) {
  std::optional<std::string> stem = without(tensor.name, ".bias");
  if (!stem || !stored.find(*stem + ".qweight"))
    return false;
  Result<TensorBytes> read = stored.read(tensor);
  // Where only headers are there, nothing contradicts it.
  return !read ||
         std::all_of(read->bytes.begin(), read->bytes.end(),
                     [](std::byte byte) { return byte == std::byte(); });
}

/// As many errors as somebody may want to read.
std::vector<Error> firstOf(std::vector<Error> errors) {
  constexpr size_t limit = 10;
  if (errors.size() > limit) {
    size_t more = errors.size() - limit;
    errors.resize(limit);
    errors.back().notes.push_back("and " + std::to_string(more) +
                                  " more errors of this kind");
  }
  return errors;
}

/// Replaces the tensors that `readers` know by the logical ones.
Status joinAll(const Method &method, const MethodReaders &readers,
               WeightSource &weights, std::vector<LeftAsideTensor> &leftAside) {
  Joiner joiner(method, weights);
  const std::vector<TensorInfo> &tensors = weights.tensors();
  joiner.parts.reserve(tensors.size());
  for (const TensorInfo &tensor : tensors)
    for (Reader reader : readers.readers)
      if (reader(joiner, tensor))
        break;
  // What stands alone follows from an error that has been said.
  const bool reportsAlone = joiner.errors.empty();
  WeightSource logical;
  for (const auto &file : weights.files())
    logical.addFile(file);
  for (const TensorInfo &tensor : tensors) {
    if (auto joined = joiner.joined.find(&tensor);
        joined != joiner.joined.end()) {
      if (Status added = logical.addTensor(std::move(joined->second)); !added)
        joiner.errors.push_back(added.error());
      continue;
    }
    if (joiner.parts.contains(&tensor))
      continue;
    if (endsInOne(tensor.name, activationEndings)) {
      leftAside.push_back({tensor.name, "activations are not quantized"});
      continue;
    }
    if (reportsAlone && endsInOne(tensor.name, readers.companions)) {
      joiner.fail(tensor, "stands beside no tensor that is quantized");
      continue;
    }
    TensorInfo copy = tensor;
    if (isIdleBias(weights, tensor))
      copy.idle = "a bias of zeros that the quantizer added";
    if (Status added = logical.addTensor(std::move(copy)); !added)
      joiner.errors.push_back(added.error());
  }
  if (!joiner.errors.empty())
    return firstOf(std::move(joiner.errors));
  weights = std::move(logical);
  return success();
}

} // namespace

Status joinStorage(const StorageConfig &config, WeightSource &weights,
                   std::vector<LeftAsideTensor> &leftAside) {
  Result<Method> method = readMethod(config);
  if (!method)
    return method.takeErrors();
  const std::vector<TensorInfo> &tensors = weights.tensors();
  auto pathOf = [&](const TensorInfo &tensor) {
    return weights.files()[tensor.file]->path();
  };
  if (method->kind == Kind::None) {
    for (const TensorInfo &tensor : tensors)
      if (endsInOne(tensor.name, quantizedEndings))
        return Error(pathOf(tensor),
                     "tensor " + quote(tensor.name) +
                         ": expects 'quantization_config' in config.json to "
                         "say how it is stored, but there is none");
    return success();
  }

  return joinAll(*method, readersOf(method->kind), weights, leftAside);
}

Status joinGgufStorage(WeightSource &weights,
                       std::vector<LeftAsideTensor> &leftAside) {
  const std::vector<TensorInfo> &tensors = weights.tensors();
  if (std::none_of(tensors.begin(), tensors.end(), [](const TensorInfo &one) {
        return one.encoding == Encoding::NVFP4;
      }))
    return success();
  return joinAll({}, {Kind::None, {readNvfp4Blocks}, {}}, weights, leftAside);
}

} // namespace tombolo
