//===- Method.cpp - What a checkpoint says of its storage -----------------===//

#include "frontends/storage/Method.h"
#include "support/Json.h"
#include "support/Spelling.h"
#include "support/Text.h"
#include <algorithm>
#include <initializer_list>
#include <span>

namespace tombolo::storage {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Method::Kind;

/// The keys of one object, all of which somebody must know.
class Keys {
public:
  Keys(const Json &object, std::string path, const std::string &where)
      : object(object), path(std::move(path)), where(where) {}

  /// Null where it is absent or null.
  const Json *find(const char *name) {
    known.push_back(name);
    auto at = object.find(name);
    return at == object.end() || at->is_null() ? nullptr : &*at;
  }
  /// Keys that change nothing of how weights are stored.
  void ignore(std::initializer_list<const char *> names) {
    known.insert(known.end(), names.begin(), names.end());
  }

  void fail(const char *name, const std::string &expected) {
    const Json &value = object[name];
    errors.emplace_back(where, "key " + quote(path + "." + name) +
                                   ": expects " + expected + ", but got " +
                                   shown(value));
  }

  bool boolean(const char *name, bool missing) {
    const Json *value = find(name);
    if (!value)
      return missing;
    if (!value->is_boolean())
      fail(name, "a bool");
    return value->is_boolean() && value->get<bool>();
  }
  int64_t integer(const char *name, int64_t missing) {
    const Json *value = find(name);
    if (!value)
      return missing;
    if (!value->is_number_integer())
      fail(name, "an integer");
    return value->is_number_integer() ? value->get<int64_t>() : missing;
  }
  /// One of `choices`, the first where it is absent.
  std::string choice(const char *name,
                     std::initializer_list<const char *> choices) {
    const Json *value = find(name);
    if (!value)
      return *choices.begin();
    for (const char *text : choices)
      if (value->is_string() && value->get_ref<const std::string &>() == text)
        return text;
    std::string all;
    for (const char *text : choices)
      all += (all.empty()                    ? ""
              : text == *(choices.end() - 1) ? " or "
                                             : ", ") +
             quote(text);
    fail(name, all);
    return *choices.begin();
  }
  /// Absent, or empty.
  void nothing(const char *name, const std::string &meaning) {
    const Json *value = find(name);
    if (value && !(value->is_structured() && value->empty()) &&
        !(value->is_boolean() && !value->get<bool>()))
      fail(name, "nothing (" + meaning + ")");
  }
  std::optional<BlockSize> block(const char *name) {
    const Json *value = find(name);
    if (!value)
      return std::nullopt;
    if (!value->is_array() || value->size() != 2 ||
        !std::all_of(value->begin(), value->end(), [](const Json &size) {
          return size.is_number_integer() && size.get<int64_t>() > 0 &&
                 size.get<int64_t>() < 1 << 24;
        })) {
      fail(name, "two positive integers");
      return std::nullopt;
    }
    return BlockSize{(*value)[0].get<int64_t>(), (*value)[1].get<int64_t>()};
  }

  std::vector<Error> finish() {
    for (const auto &item : object.items())
      if (std::find(known.begin(), known.end(), item.key()) == known.end())
        errors.emplace_back(where,
                            "key " + quote(path + "." + item.key()) + " = " +
                                shown(item.value()) +
                                " is not known to the reader of this storage");
    return std::move(errors);
  }

private:
  static std::string shown(const Json &json) {
    return printable(json.dump(-1, ' ', false, Json::error_handler_t::replace),
                     60);
  }

  const Json &object;
  std::string path;
  const std::string &where;
  std::vector<std::string> known{"quant_method"};
  std::vector<Error> errors;
};

void readFp8(Keys &keys, Method &method) {
  keys.choice("fmt", {"e4m3", "float8_e4m3fn"});
  keys.choice("activation_scheme", {"dynamic", "static"});
  keys.choice("scale_fmt", {"float", "ue8m0"});
  method.block = keys.block("weight_block_size");
  keys.ignore({"modules_to_not_convert", "ignored_layers", "dequantize"});
}

void readFbgemm(Keys &keys, Method &) {
  keys.ignore({"activation_scale_ub", "modules_to_not_convert"});
}

void readMxfp4(Keys &keys, Method &) {
  keys.ignore({"modules_to_not_convert", "dequantize"});
}

/// The size of a group: -1 (all) or positive.
void readGroupSize(Keys &keys, Method &method, const char *name) {
  int64_t size = keys.integer(name, method.groupSize);
  if (size == -1 || size > 0)
    method.groupSize = size;
  else
    keys.fail(name, "-1 or a positive integer");
}

void readAwq(Keys &keys, Method &method) {
  method.groupSize = 128;
  for (const char *name : {"bits", "w_bit"})
    if (keys.integer(name, 4) != 4)
      keys.fail(name, "4");
  for (const char *name : {"group_size", "q_group_size"})
    readGroupSize(keys, method, name);
  keys.boolean("zero_point", true);
  keys.choice("version", {"gemm", "GEMM"});
  keys.ignore({"modules_to_not_convert", "backend", "do_fuse",
               "fuse_max_seq_len", "modules_to_fuse", "exllama_config"});
}

void readGptq(Keys &keys, Method &method) {
  method.bits = keys.integer("bits", 4);
  if (method.bits != 2 && method.bits != 4 && method.bits != 8)
    keys.fail("bits", "2, 4 or 8");
  method.groupSize = 128;
  readGroupSize(keys, method, "group_size");
  method.descAct = keys.boolean("desc_act", false);
  method.zerosLessOne =
      keys.choice("checkpoint_format", {"gptq", "gptq_v2"}) == "gptq";
  keys.choice("pack_dtype", {"int32"});
  keys.choice("format", {"gptq"});
  keys.nothing("is_marlin_format", "that order of codes is not read");
  keys.ignore({"sym",
               "static_groups",
               "true_sequential",
               "damp_percent",
               "damp_auto_increment",
               "model_name_or_path",
               "model_file_base_name",
               "dataset",
               "tokenizer",
               "model_seqlen",
               "block_name_to_quantize",
               "module_name_preceding_first_block",
               "batch_size",
               "pad_token_id",
               "use_cuda_fp16",
               "use_exllama",
               "disable_exllama",
               "max_input_length",
               "exllama_config",
               "cache_block_outputs",
               "modules_in_block_to_quantize",
               "meta",
               "lm_head",
               "dynamic",
               "backend",
               "hyb_act",
               "mse",
               "quantizer",
               "act_group_aware"});
}

void readWeightArguments(const Json &group, const std::string &path,
                         Method &method, const std::string &where,
                         std::vector<Error> &errors) {
  Keys keys(group, path, where);
  int64_t bits = keys.integer("num_bits", 8);
  std::string type = keys.choice("type", {"int", "float"});
  if (bits != 4 && bits != 8)
    keys.fail("num_bits", "4 or 8");
  else if (type == "int" &&
           std::find(method.packedBits.begin(), method.packedBits.end(),
                     bits) == method.packedBits.end())
    method.packedBits.push_back(bits);
  keys.choice("strategy",
              {"tensor", "channel", "group", "block", "tensor_group"});
  if (std::optional<BlockSize> block = keys.block("block_structure"))
    method.block = block;
  keys.choice("actorder", {"static", "weight", "group", "dynamic"});
  if (keys.boolean("dynamic", false))
    keys.fail("dynamic", "false for weights");
  keys.integer("group_size", -1);
  keys.boolean("symmetric", true);
  keys.ignore({"observer", "observer_kwargs", "scale_dtype", "zp_dtype"});
  for (Error &error : keys.finish())
    errors.push_back(std::move(error));
}

constexpr const char *compressedFormats[] = {
    "pack-quantized",      "int-quantized",   "float-quantized",
    "naive-quantized",     "mixed-precision", "nvfp4-pack-quantized",
    "mxfp4-pack-quantized"};

void checkFormat(Keys &keys) {
  keys.choice("format",
              {compressedFormats[0], compressedFormats[1], compressedFormats[2],
               compressedFormats[3], compressedFormats[4], compressedFormats[5],
               compressedFormats[6]});
}

void readCompressed(Keys &keys, Method &method, std::vector<Error> &errors) {
  checkFormat(keys);
  keys.choice("quantization_status", {"compressed"});
  keys.nothing("transform_config", "rotated weights are not read");
  if (const Json *sparsity = keys.find("sparsity_config")) {
    auto format =
        sparsity->is_object() ? sparsity->find("format") : sparsity->end();
    if (!sparsity->is_object() ||
        (!sparsity->empty() &&
         (format == sparsity->end() || *format != "dense")))
      keys.fail("sparsity_config", "none, or the format 'dense'");
  }
  keys.ignore(
      {"ignore", "kv_cache_scheme", "global_compression_ratio", "version"});
  const Json *groups = keys.find("config_groups");
  if (!groups || !groups->is_object()) {
    if (groups)
      keys.fail("config_groups", "an object");
    return;
  }
  for (const auto &[name, group] : groups->items()) {
    std::string path = "quantization_config.config_groups." + name;
    if (!group.is_object()) {
      keys.fail("config_groups", "an object of objects");
      continue;
    }
    Keys inner(group, path, method.where);
    if (group.contains("format"))
      checkFormat(inner);
    inner.ignore({"targets", "input_activations", "output_activations"});
    const Json *weights = inner.find("weights");
    if (weights && weights->is_object())
      readWeightArguments(*weights, path + ".weights", method, method.where,
                          errors);
    else if (weights)
      inner.fail("weights", "an object");
    for (Error &error : inner.finish())
      errors.push_back(std::move(error));
  }
}

/// What ModelOpt calls its encodings: FP8 with one scale, or one a row, and
/// NVFP4, whatever the activations are to be. Which a matrix has, its tensors
/// show.
void readModelOptAlgorithm(Keys &keys) {
  std::string algorithm =
      keys.choice("quant_algo", {"FP8", "FP8_PER_CHANNEL_PER_TOKEN", "NVFP4",
                                 "W4A16_NVFP4", "MIXED_PRECISION"});
  if (keys.integer("group_size", 16) != 16 && algorithm.ends_with("NVFP4"))
    keys.fail("group_size", "16");
}

void readModelOpt(Keys &keys, Method &method, const std::string &path,
                  std::vector<Error> &errors) {
  readModelOptAlgorithm(keys);
  keys.ignore({"kv_cache_scheme", "kv_cache_quant_algo", "ignore",
               "exclude_modules", "config_groups", "producer",
               "quant_library"});
  const Json *layers = keys.find("quantized_layers");
  if (!layers || !layers->is_object()) {
    if (layers)
      keys.fail("quantized_layers", "an object");
    return;
  }
  for (const auto &[name, layer] : layers->items()) {
    if (!layer.is_object()) {
      keys.fail("quantized_layers", "an object of objects");
      break;
    }
    Keys inner(layer, path + ".quantized_layers." + name, method.where);
    readModelOptAlgorithm(inner);
    for (Error &error : inner.finish())
      errors.push_back(std::move(error));
  }
}

constexpr std::pair<const char *, Kind> methods[] = {
    {"awq", Kind::Awq},
    {"compressed-tensors", Kind::CompressedTensors},
    {"fbgemm_fp8", Kind::FbgemmFp8},
    {"fp8", Kind::Fp8},
    {"gptq", Kind::Gptq},
    {"modelopt", Kind::ModelOpt},
    {"mxfp4", Kind::Mxfp4}};

Error refusedBitsandbytes(const std::string &where) {
  return Error(where,
               "key 'quantization_config': the storage of bitsandbytes is not "
               "read: its scales run over flattened matrices, across rows; "
               "take the checkpoint that it was made from, or one in FP8, AWQ, "
               "GPTQ or GGUF");
}

/// The object, of the top level or of the text model.
const Json *findConfig(const Json &config) {
  if (!config.is_object())
    return nullptr;
  for (const Json *object :
       {&config,
        config.contains("text_config") ? &config["text_config"] : nullptr}) {
    if (!object || !object->is_object())
      continue;
    auto at = object->find("quantization_config");
    if (at != object->end() && !at->is_null())
      return &*at;
  }
  return nullptr;
}

/// hf_quant_config.json: `quantization`, and who made it.
Result<Method> readModelOptFile(const Json &file, const std::string &where) {
  Method method;
  method.where = where;
  method.kind = Kind::ModelOpt;
  std::vector<Error> errors;
  for (const auto &[key, value] : file.items())
    if (key == "producer") {
      auto name = value.is_object() ? value.find("name") : value.end();
      if (!value.is_object() || name == value.end() || *name != "modelopt")
        errors.emplace_back(where,
                            "key 'producer': expects the name 'modelopt', but "
                            "got " +
                                printable(value.dump(), 60));
    } else if (key != "quantization") {
      errors.emplace_back(where, "key " + quote(key) + " = " +
                                     printable(value.dump(), 60) +
                                     " is not known to the reader of this "
                                     "storage");
    }
  auto quantization = file.find("quantization");
  if (quantization == file.end() || !quantization->is_object()) {
    errors.emplace_back(where,
                        "key 'quantization': expects an object, but got " +
                            (quantization == file.end()
                                 ? std::string("none")
                                 : std::string(jsonKind(*quantization))));
    return errors;
  }
  Keys keys(*quantization, "quantization", where);
  readModelOpt(keys, method, "quantization", errors);
  for (Error &error : keys.finish())
    errors.push_back(std::move(error));
  if (!errors.empty())
    return errors;
  return method;
}

} // namespace

Result<Method> readMethod(const StorageConfig &files) {
  const Json &config = files.config;
  const std::string &where = files.where;
  Method method;
  method.where = where;
  const Json *found = findConfig(config);
  if (!found && files.modelOpt.is_object())
    return readModelOptFile(files.modelOpt, files.modelOptWhere);
  if (!found)
    return method;
  if (!found->is_object())
    return Error(where,
                 "key 'quantization_config': expects an object, but got " +
                     std::string(jsonKind(*found)));
  auto name = found->find("quant_method");
  // As the first versions of ModelOpt wrote it.
  if (auto library = found->find("quant_library");
      name == found->end() && library != found->end() && *library == "modelopt")
    name = library;
  if (name == found->end() || name->is_null()) {
    for (const char *key : {"load_in_4bit", "load_in_8bit"})
      if (auto at = found->find(key); at != found->end() && *at == true)
        return refusedBitsandbytes(where);
  }
  if (name == found->end() || !name->is_string())
    return Error(
        where,
        "key 'quantization_config.quant_method': expects the "
        "name of a method, but got " +
            std::string(name == found->end() ? "none" : jsonKind(*name)));
  const std::string &text = name->get_ref<const std::string &>();
  if (text.starts_with("bitsandbytes"))
    return refusedBitsandbytes(where);
  auto known = std::find_if(std::begin(methods), std::end(methods),
                            [&](const auto &one) { return text == one.first; });
  if (known == std::end(methods)) {
    std::string all;
    for (const auto &[one, kind] : methods)
      all += (all.empty() ? "" : ", ") + std::string(one);
    return Error(where, "key 'quantization_config.quant_method': expects one "
                        "of " +
                            all + ", but got " + quote(text));
  }
  method.kind = known->second;

  Keys keys(*found, "quantization_config", where);
  std::vector<Error> errors;
  switch (method.kind) {
  case Kind::None:
    break;
  case Kind::Fp8:
    readFp8(keys, method);
    if (auto experts = config.find("expert_dtype");
        experts != config.end() && !experts->is_null()) {
      method.fp4Experts = *experts == "fp4";
      if (!method.fp4Experts && *experts != "fp8")
        errors.emplace_back(where, "key 'expert_dtype': expects 'fp4' or "
                                   "'fp8', but got " +
                                       printable(experts->dump(), 60));
    }
    break;
  case Kind::FbgemmFp8:
    readFbgemm(keys, method);
    break;
  case Kind::Mxfp4:
    readMxfp4(keys, method);
    break;
  case Kind::Awq:
    readAwq(keys, method);
    break;
  case Kind::Gptq:
    readGptq(keys, method);
    break;
  case Kind::CompressedTensors:
    readCompressed(keys, method, errors);
    break;
  case Kind::ModelOpt:
    readModelOpt(keys, method, "quantization_config", errors);
    break;
  }
  for (Error &error : keys.finish())
    errors.push_back(std::move(error));
  if (!errors.empty())
    return errors;
  return method;
}

} // namespace tombolo::storage
