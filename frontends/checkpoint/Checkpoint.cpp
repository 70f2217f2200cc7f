//===- Checkpoint.cpp - A published checkpoint, opened --------------------===//

#include "frontends/checkpoint/Checkpoint.h"
#include "frontends/gguf/Gguf.h"
#include "frontends/safetensors/Safetensors.h"
#include "support/FileName.h"
#include "support/Json.h"
#include "support/Text.h"
#include <algorithm>
#include <filesystem>

namespace fs = std::filesystem;

namespace tombolo {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t maxConfigBytes = uint64_t(1) << 26;
constexpr uint64_t maxTemplateBytes = uint64_t(1) << 24;

/// Weight files of other frameworks, to say what is wrong with them.
constexpr const char *foreignEndings[] = {".bin",  ".pt", ".pth",
                                          ".ckpt", ".h5", ".msgpack"};

bool isFile(const fs::path &path) {
  std::error_code code;
  return fs::exists(path, code) && !fs::is_directory(path, code);
}

/// Python writes infinity in bare letters, which is no JSON. In their place
/// comes what transformers 5 writes, so that there is one spelling to know.
std::string spellInfinity(std::string_view text) {
  constexpr std::string_view bare = "Infinity";
  std::string result;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    // Less than nothing has no such spelling, and stays an error of its own.
    bool isNegative = i > 0 && text[i - 1] == '-';
    if (!inString && !isNegative && text.substr(i).starts_with(bare)) {
      result += R"({"__float__": "Infinity"})";
      i += bare.size() - 1;
      continue;
    }
    result += text[i];
    if (text[i] == '"')
      inString = !inString;
    else if (inString && text[i] == '\\' && i + 1 < text.size())
      result += text[++i];
  }
  return result;
}

/// The JSON object of an optional file; null where there is none.
Result<Json> readObject(const fs::path &path) {
  if (!isFile(path))
    return Json(nullptr);
  Result<Json> value = readJson(path.string(), maxConfigBytes);
  if (!value) {
    auto file = MappedFile::open(path.string());
    if (file && (*file)->text().size() <= maxConfigBytes &&
        (*file)->text().find("Infinity") != std::string_view::npos)
      value = parseJson(spellInfinity((*file)->text()), path.string());
  }
  if (value && !value->is_object())
    return Error(path.string(),
                 "expects an object, but got " + std::string(jsonKind(*value)));
  return value;
}

/// The text of an optional file; empty where there is none.
Result<std::string> readTemplate(const fs::path &path) {
  if (!isFile(path))
    return std::string();
  auto file = MappedFile::open(path.string());
  if (!file)
    return file.takeErrors();
  std::string_view text = (*file)->text();
  if (text.size() > maxTemplateBytes)
    return Error(path.string(), "expects a template of at most " +
                                    std::to_string(maxTemplateBytes) +
                                    " bytes, but got " +
                                    std::to_string(text.size()));
  if (std::optional<size_t> bad = findInvalidUtf8(text))
    return Error(path.string() + ":" + lineColumn(text, *bad),
                 "expects UTF-8, but got byte " +
                     printable(text.substr(*bad, 1)));
  return std::string(text);
}

/// The files beside the weights. Every broken one is reported.
Status readCompanions(const fs::path &folder, Checkpoint &checkpoint) {
  std::vector<Error> errors;
  auto read = [&](const char *name, Json &into) {
    if (Result<Json> value = readObject(folder / name))
      into = std::move(*value);
    else
      for (Error &error : value.takeErrors())
        errors.push_back(std::move(error));
  };
  read("config.json", checkpoint.config);
  read("generation_config.json", checkpoint.generationConfig);
  read("tokenizer_config.json", checkpoint.tokenizerConfig);
  read("special_tokens_map.json", checkpoint.specialTokensMap);
  if (fs::path config = folder / "config.json"; isFile(config))
    checkpoint.configPath = config.string();
  if (fs::path tokenizer = folder / "tokenizer.json"; isFile(tokenizer))
    checkpoint.tokenizerJson = tokenizer.string();

  std::string place = (folder / "chat_template.jinja").string();
  Result<std::string> text = readTemplate(place);
  if (text && text->empty()) {
    place = (folder / "tokenizer_config.json").string();
    text = chatTemplateOf(checkpoint.tokenizerConfig, place);
  }
  if (text && !text->empty())
    checkpoint.chatTemplatePath = std::move(place);
  if (text)
    checkpoint.chatTemplate = std::move(*text);
  else
    errors.push_back(text.error());
  if (!errors.empty())
    return errors;
  return success();
}

Result<Checkpoint> openSafetensors(const std::string &path,
                                   const std::string &weights,
                                   OpenOptions options) {
  Checkpoint checkpoint;
  checkpoint.container = Container::Safetensors;
  checkpoint.path = path;
  if (Status read =
          readSafetensors(weights, checkpoint.weights, options.headerOnlyOk);
      !read)
    return read.takeErrors();
  std::error_code code;
  fs::path folder = fs::is_directory(weights, code)
                        ? fs::path(weights)
                        : fs::path(weights).parent_path();
  if (Status read = readCompanions(folder, checkpoint); !read)
    return read.takeErrors();
  fs::path modelOpt = folder / "hf_quant_config.json";
  Result<Json> quantized = readObject(modelOpt);
  if (!quantized)
    return quantized.takeErrors();
  if (Status joined = joinStorage({checkpoint.config, checkpoint.configPath,
                                   std::move(*quantized), modelOpt.string()},
                                  checkpoint.weights, checkpoint.leftAside);
      !joined)
    return joined.takeErrors();
  return checkpoint;
}

/// A folder without weights: of a config and an index whose files are not
/// there, or of a config alone. Nothing where it has no config.
Result<std::optional<Checkpoint>> openNames(const std::string &path) {
  fs::path folder(path);
  if (!isFile(folder / "config.json"))
    return std::optional<Checkpoint>();
  Result<std::optional<SafetensorsNames>> names = readSafetensorsNames(path);
  if (!names)
    return names.takeErrors();
  Checkpoint checkpoint;
  checkpoint.container = Container::Safetensors;
  checkpoint.path = path;
  checkpoint.namesOnly.emplace();
  if (*names)
    checkpoint.namesOnly = {std::move((*names)->tensors), (*names)->totalBytes};
  if (Status read = readCompanions(folder, checkpoint); !read)
    return read.takeErrors();
  return std::optional(std::move(checkpoint));
}

Result<Checkpoint> openGguf(const std::string &path, const std::string &file,
                            OpenOptions options) {
  Checkpoint checkpoint;
  checkpoint.container = Container::Gguf;
  checkpoint.path = path;
  if (Status read = readGguf(file, checkpoint.weights, checkpoint.metadata,
                             options.headerOnlyOk);
      !read)
    return read.takeErrors();
  if (Status joined = joinGgufStorage(checkpoint.weights, checkpoint.leftAside);
      !joined)
    return joined.takeErrors();
  auto text = checkpoint.metadata.find("tokenizer.chat_template");
  if (text != checkpoint.metadata.end()) {
    if (!text->is_string())
      return Error(file, "metadata key 'tokenizer.chat_template': expects a "
                         "string, but got " +
                             std::string(jsonKind(*text)));
    checkpoint.chatTemplate = text->get<std::string>();
    checkpoint.chatTemplatePath = file;
  }
  return checkpoint;
}

bool isForeign(std::string_view name) {
  return std::any_of(
      std::begin(foreignEndings), std::end(foreignEndings),
      [&](std::string_view ending) { return name.ends_with(ending); });
}

Error foreignFormat(const std::string &path, const std::string &name) {
  return Error(path, "the format of " + quote(name) +
                         " is not supported; convert it to safetensors");
}

Result<Checkpoint> openFolder(const std::string &path, OpenOptions options) {
  fs::path folder(path);
  Result<std::vector<std::string>> all = filesEndingIn(path, "");
  if (!all)
    return all.takeErrors();
  std::vector<std::string> gguf;
  bool hasSafetensors = false, hasIndex = false;
  const std::string *foreign = nullptr;
  for (const std::string &name : *all) {
    if (name == safetensorsIndexName)
      hasIndex = true;
    else if (name.ends_with(".safetensors"))
      hasSafetensors = true;
    else if (name.ends_with(".gguf"))
      gguf.push_back(name);
    else if (!foreign && isForeign(name))
      foreign = &name;
  }
  if (options.namesOnlyOk && gguf.empty() && !hasSafetensors) {
    Result<std::optional<Checkpoint>> names = openNames(path);
    if (!names)
      return names.takeErrors();
    if (*names)
      return std::move(**names);
  }
  // Of both containers, the one that comes with a config is the publication.
  if ((hasSafetensors || hasIndex) &&
      (gguf.empty() || isFile(folder / "config.json")))
    return openSafetensors(path, path, options);
  if (!gguf.empty()) {
    std::optional<NumberedName> part = NumberedName::parse(gguf.front());
    if (gguf.size() == 1 || (part && part->ownsAll(gguf)))
      return openGguf(path, (folder / gguf.front()).string(), options);
    Error error(path, "expects one .gguf file or the parts of one set, but "
                      "the folder has " +
                          std::to_string(gguf.size()) + "; name one of them");
    for (size_t i = 0; i < std::min<size_t>(gguf.size(), 10); ++i)
      error.notes.push_back("there is " + quote(gguf[i]));
    return error;
  }
  if (foreign)
    return foreignFormat(path, *foreign);
  return Error(path, "has no weights: expects a .safetensors file, '" +
                         std::string(safetensorsIndexName) +
                         "' or a .gguf file in the folder");
}

/// The first bytes say what a file is, whatever its name.
enum class FileKind { Safetensors, Gguf, Zip, Pickle, Artifact, Other };

Result<FileKind> kindOf(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  std::string_view text = (*file)->text();
  if (text.starts_with("GGUF"))
    return FileKind::Gguf;
  if (text.starts_with("PK\x03\x04"))
    return FileKind::Zip;
  if (text.starts_with("\x80\x02"))
    return FileKind::Pickle;
  if (text.starts_with(std::string_view("TOMBOLO\0", 8)))
    return FileKind::Artifact;
  if (text.size() > 8 && text[8] == '{')
    return FileKind::Safetensors;
  return FileKind::Other;
}

Result<Checkpoint> openFile(const std::string &path, OpenOptions options) {
  fs::path file(path);
  std::string name = file.filename().string();
  std::string folder = file.parent_path().string();
  if (folder.empty())
    folder = ".";
  if (name == safetensorsIndexName)
    return openSafetensors(path, path, options);
  // Another file of the folder stands for the folder.
  if (name == "config.json")
    return openFolder(folder, options);
  if (name.ends_with(".safetensors"))
    return openSafetensors(path, path, options);
  if (name.ends_with(".gguf"))
    return openGguf(path, path, options);
  Result<FileKind> kind = kindOf(path);
  if (!kind)
    return kind.takeErrors();
  if (isForeign(name) || *kind == FileKind::Zip || *kind == FileKind::Pickle)
    return foreignFormat(path, name);
  if (*kind == FileKind::Artifact)
    return Error(path, "is an artifact, compiled already: expects a checkpoint "
                       "('tombolo run' takes either)");
  if (*kind == FileKind::Gguf)
    return openGguf(path, path, options);
  if (*kind == FileKind::Safetensors)
    return openSafetensors(path, path, options);
  return Error(path, "expects a checkpoint folder, a .safetensors file or a "
                     ".gguf file");
}

} // namespace

Result<std::string> chatTemplateOf(const Json &tokenizerConfig,
                                   const std::string &where) {
  if (!tokenizerConfig.is_object())
    return std::string();
  auto value = tokenizerConfig.find("chat_template");
  if (value == tokenizerConfig.end() || value->is_null())
    return std::string();
  if (value->is_string())
    return value->get<std::string>();
  auto malformed = [&](const std::string &got) {
    return Error(where, "key 'chat_template': expects a string or a list of "
                        "objects with the strings 'name' and 'template', but "
                        "got " +
                            got);
  };
  if (!value->is_array())
    return malformed(std::string(jsonKind(*value)));
  std::string found;
  for (const Json &entry : *value) {
    if (!entry.is_object())
      return malformed(std::string(jsonKind(entry)) + " in the list");
    auto name = entry.find("name"), text = entry.find("template");
    if (name == entry.end() || text == entry.end() || !name->is_string() ||
        !text->is_string())
      return malformed("another object in the list");
    if (name->get_ref<const std::string &>() == "default")
      found = text->get<std::string>();
  }
  return found;
}

std::vector<std::string> Checkpoint::architectures() const {
  std::vector<std::string> names;
  auto add = [&](const Json &value) {
    if (value.is_string())
      names.push_back(value.get<std::string>());
  };
  if (metadata.is_object()) {
    if (auto at = metadata.find("general.architecture"); at != metadata.end())
      add(*at);
    return names;
  }
  if (!config.is_object())
    return names;
  if (auto at = config.find("architectures");
      at != config.end() && at->is_array())
    for (const Json &name : *at)
      add(name);
  if (auto at = config.find("model_type"); at != config.end())
    add(*at);
  return names;
}

Result<Checkpoint> openCheckpoint(const std::string &path,
                                  OpenOptions options) {
  std::error_code code;
  fs::file_status status = fs::status(path, code);
  if (!fs::exists(status))
    return Error(path, code && code != std::errc::no_such_file_or_directory
                           ? "the file cannot be opened: " + code.message()
                           : "expects a file or folder, but there is none");
  return fs::is_directory(status) ? openFolder(path, options)
                                  : openFile(path, options);
}

} // namespace tombolo
