//===- ModuleFile.cpp - Modules as files between phases -------------------===//

#include "compiler/ModuleFile.h"
#include "codegen/artifact/Format.h"
#include "codegen/artifact/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;

static constexpr llvm::StringLiteral kPhaseAttr = "tombolo.phase";
static constexpr llvm::StringLiteral kOptionsAttr = "tombolo.options";
static constexpr llvm::StringLiteral kSourceAttr = "tombolo.source";
static constexpr llvm::StringLiteral kFilesAttr = "tombolo.source_files";

llvm::ArrayRef<StringRef> tombolo::phaseNames() {
  static const StringRef names[] = {"import", "fuse", "quantize", "plan",
                                    "lower"};
  return names;
}

std::optional<size_t> tombolo::phaseNumber(StringRef name) {
  for (auto [number, known] : llvm::enumerate(phaseNames()))
    if (known == name)
      return number;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Phases and options
//===----------------------------------------------------------------------===//

/// The phase that fixes an option; later ones only read it.
static size_t fixedBy(StringRef option) {
  StringRef phase =
      option == "disabled" ? "fuse"
      : option == "kv"     ? "quantize"
      : option == "target" || option == "activations" || option == "chunk"
          ? "plan"
          : "lower";
  return *phaseNumber(phase);
}

void tombolo::recordPhase(ModuleOp module, StringRef phase,
                          const CompileOptions &options) {
  Builder builder(module.getContext());
  size_t number = *phaseNumber(phase);
  NamedAttrList fixed;
  for (auto &[key, value] : options.resolved())
    if (fixedBy(key) <= number)
      fixed.append(key, builder.getStringAttr(value));
  module->setAttr(kPhaseAttr, builder.getStringAttr(phase));
  if (!fixed.empty())
    module->setAttr(kOptionsAttr, fixed.getDictionary(builder.getContext()));
}

Result<size_t> tombolo::takePhase(ModuleOp module, const std::string &path,
                                  CompileOptions &options) {
  auto name = module->getAttrOfType<StringAttr>(kPhaseAttr);
  // What `tombolo import` of an earlier version wrote.
  if (!name)
    return *phaseNumber("import");
  std::optional<size_t> number = phaseNumber(name.getValue());
  if (!number)
    return Error(path, "'tombolo.phase' names no phase: '" +
                           name.getValue().str() + "'");
  auto fixed = module->getAttrOfType<DictionaryAttr>(kOptionsAttr);
  auto asked = options.resolved();
  auto defaults = CompileOptions().resolved();
  for (size_t i = 0; i < asked.size(); ++i) {
    const auto &[key, value] = asked[i];
    if (fixedBy(key) > *number)
      continue;
    auto was = fixed ? fixed.getAs<StringAttr>(key) : StringAttr();
    if (!was)
      return Error(path, "expects 'tombolo.options' to say which '" + key +
                             "' the module was made with");
    if (value != was.getValue() && value != defaults[i].second)
      return Error(path, "came through phase '" + name.getValue().str() +
                             "' with " + key + " '" + was.getValue().str() +
                             "', which '" + value +
                             "' comes too late to change");
    if (Status status = options.set(key, was.getValue().str()); !status)
      return Error(path, status.error().message);
  }
  return *number;
}

//===----------------------------------------------------------------------===//
// The checkpoint
//===----------------------------------------------------------------------===//

uint64_t tombolo::headerHash(const MappedFile &file) {
  return artifact::hashBytes(
      file.bytes().first(std::min<size_t>(file.bytes().size(), 1 << 20)));
}

static std::string hex(uint64_t value) {
  return llvm::utohexstr(value, /*LowerCase=*/true, /*Width=*/16);
}

void tombolo::nameCheckpoint(ModuleOp module, const Checkpoint &checkpoint,
                             const std::string &source,
                             const std::string &path) {
  llvm::SmallString<256> absolute(source), folder(path == "-" ? "" : path);
  llvm::sys::fs::make_absolute(absolute);
  llvm::sys::path::remove_dots(absolute, true);
  llvm::sys::fs::make_absolute(folder);
  if (path != "-")
    llvm::sys::path::remove_filename(folder);
  llvm::sys::path::remove_dots(folder, true);
  std::string below = folder.str().str();
  if (below.empty() || below.back() != '/')
    below += '/';
  StringRef named = absolute;
  named.consume_front(below);

  Builder builder(module.getContext());
  SmallVector<Attribute> files;
  for (const auto &file : checkpoint.weights.files())
    files.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr(
             "file",
             builder.getStringAttr(llvm::sys::path::filename(file->path()))),
         builder.getNamedAttr("bytes",
                              builder.getI64IntegerAttr(file->bytes().size())),
         builder.getNamedAttr("header",
                              builder.getStringAttr(hex(headerHash(*file))))}));
  module->setAttr(kSourceAttr, builder.getStringAttr(named));
  module->setAttr(kFilesAttr, builder.getArrayAttr(files));
}

void tombolo::forgetCheckpoint(ModuleOp module) {
  module->removeAttr(kSourceAttr);
  module->removeAttr(kFilesAttr);
}

Result<Checkpoint> tombolo::openNamedCheckpoint(ModuleOp module,
                                                const std::string &path,
                                                const std::string &instead) {
  auto named = module->getAttrOfType<StringAttr>(kSourceAttr);
  if (!named && instead.empty())
    return Error(path, "expects the attribute 'tombolo.source' that names the "
                       "checkpoint; make the module with 'tombolo import', or "
                       "give '--source'");
  llvm::SmallString<256> source(instead.empty() ? named.getValue()
                                                : StringRef(instead));
  if (instead.empty() && llvm::sys::path::is_relative(source)) {
    llvm::SmallString<256> base(path);
    llvm::sys::path::remove_filename(base);
    llvm::sys::path::append(base, named.getValue());
    source = base;
  }
  Result<Checkpoint> opened = openCheckpoint(source.str().str());
  if (!opened) {
    std::vector<Error> errors = opened.takeErrors();
    if (instead.empty())
      errors.back().notes.push_back(path + " names this checkpoint; give "
                                           "'--source' if it is elsewhere");
    return errors;
  }
  auto files = module->getAttrOfType<ArrayAttr>(kFilesAttr);
  if (!files)
    return opened;
  const auto &found = opened->weights.files();
  auto differs = [&](const std::string &what) {
    return Error(source.str().str(), what + ": not the checkpoint that '" +
                                         path +
                                         "' was made from; import it again");
  };
  if (files.size() != found.size())
    return differs("expects " + std::to_string(files.size()) +
                   " files, but got " + std::to_string(found.size()));
  for (auto [attr, file] : llvm::zip(files, found)) {
    auto entry = dyn_cast<DictionaryAttr>(attr);
    auto bytes = entry ? entry.getAs<IntegerAttr>("bytes") : IntegerAttr();
    auto header = entry ? entry.getAs<StringAttr>("header") : StringAttr();
    std::string name = llvm::sys::path::filename(file->path()).str();
    if (!bytes || !header)
      return Error(path, "expects 'tombolo.source_files' to give 'bytes' and "
                         "'header' of each file");
    if (uint64_t(bytes.getInt()) != file->bytes().size())
      return differs("expects '" + name + "' to have " +
                     std::to_string(bytes.getInt()) + " bytes, but got " +
                     std::to_string(file->bytes().size()));
    if (header.getValue() != hex(headerHash(*file)))
      return differs("'" + name + "' has another header");
  }
  return opened;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Pipes and devices take the text as it comes.
static Status writeThrough(const std::string &path, StringRef text) {
  std::error_code failed;
  llvm::raw_fd_ostream file(path, failed, llvm::sys::fs::CD_OpenExisting);
  if (!failed) {
    file << text;
    file.close();
    failed = file.error();
    file.clear_error();
  }
  if (failed)
    return Error(path, "could not be written: " + failed.message());
  return tombolo::success();
}

Status tombolo::writeModule(ModuleOp module, const std::string &path) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  text += '\n';
  llvm::sys::fs::file_status status;
  if (path == "-")
    return writeThrough("/dev/stdout", text);
  if (!llvm::sys::fs::status(path, status) &&
      !llvm::sys::fs::is_regular_file(status))
    return llvm::sys::fs::is_directory(status)
               ? Status(Error(path, "is a folder; expects a file to write"))
               : writeThrough(path, text);
  Result<std::unique_ptr<artifact::OutputFile>> file =
      artifact::OutputFile::create(path);
  if (!file)
    return file.takeErrors();
  if (Status status = (*file)->write(
          std::as_bytes(std::span<const char>(text.data(), text.size())));
      !status)
    return status;
  return (*file)->commit();
}
