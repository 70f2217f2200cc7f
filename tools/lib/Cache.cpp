#include "tools/lib/Cache.h"
#include "support/ContentKey.h"
#include "support/PrivateFolder.h"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/file.h>
#include <unistd.h>

namespace tombolo {

namespace fs = std::filesystem;

Result<std::string> cacheFolder() {
  if (const char *folder = std::getenv("TOMBOLO_CACHE"); folder && *folder)
    return std::string(folder);
  if (const char *folder = std::getenv("XDG_CACHE_HOME"); folder && *folder)
    return std::string(folder) + "/tombolo";
  if (const char *home = std::getenv("HOME"); home && *home)
    return std::string(home) + "/.cache/tombolo";
  return Error("", "expects TOMBOLO_CACHE or HOME to be set, to know where "
                   "compiled models are kept");
}

bool isArtifact(const std::string &path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    return false;
  char magic[8] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return std::memcmp(magic, "TOMBOLO\0", 8) == 0;
}

/// The files that a checkpoint consists of: the folder's, or for a file those
/// beside it that readers look at (shards, config, tokenizer).
static Result<std::vector<fs::path>> sourceFiles(const fs::path &source) {
  std::error_code error;
  fs::path folder =
      fs::is_directory(source, error) ? source : source.parent_path();
  std::vector<fs::path> files;
  for (const fs::directory_entry &entry :
       fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (!entry.is_regular_file(ignored))
      continue;
    // A GGUF file stands for itself, but for the parts of a split set.
    bool related = folder == source || entry.path() == source;
    if (!related && source.extension() == entry.path().extension())
      related = source.filename().string().find("-of-") != std::string::npos;
    if (!related && source.extension() == ".safetensors")
      related = entry.path().extension() == ".json" ||
                entry.path().extension() == ".jinja" ||
                entry.path().extension() == ".model";
    if (related)
      files.push_back(entry.path());
  }
  if (error)
    return Error(folder.string(), "cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

/// What the machine's compiled code depends on: this program and this CPU.
static std::string machineKey() {
  ContentKey key;
  key.addProgram();
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line) && !line.empty();)
    for (const char *field : {"model name", "flags", "Features", "CPU part"})
      if (line.starts_with(field))
        key.add(line);
  return key.shortText();
}

Result<std::string> cachedArtifactPath(const std::string &folder,
                                       const std::string &source,
                                       const CompileOptions &options) {
  std::error_code error;
  fs::path path = fs::canonical(source, error);
  if (error)
    return Error(source, "cannot be opened: " + error.message());
  Result<std::vector<fs::path>> files = sourceFiles(path);
  if (!files)
    return files.takeErrors();
  ContentKey key;
  for (const fs::path &file : *files)
    key.addFile(file.string());
  for (const std::string &file : options.archFiles)
    key.addFile(file);
  for (const std::string &text :
       {options.target, options.compute, options.weights, options.quantize})
    key.add(text);
  for (uint64_t number : {uint64_t(options.activations), uint64_t(options.kv),
                          uint64_t(options.chunk)})
    key.add(number);
  for (const std::string &name : options.disabled)
    key.add(name);
  std::string stem = path.stem().string();
  for (char &letter : stem)
    if (!std::isalnum(static_cast<unsigned char>(letter)) &&
        !std::strchr("-_.", letter))
      letter = '_';
  stem.resize(std::min<size_t>(stem.size(), 60));
  return fmt::format("{}/{}-{}-{}.tbo", folder, stem, key.shortText(),
                     machineKey());
}

namespace {
/// Held while an entry is made.
class FileLock {
public:
  explicit FileLock(const std::string &path)
      : handle(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    while (handle >= 0 && flock(handle, LOCK_EX) != 0 && errno == EINTR)
      ;
  }
  ~FileLock() {
    if (handle >= 0)
      close(handle);
  }
  FileLock(const FileLock &) = delete;
  FileLock &operator=(const FileLock &) = delete;
  bool held() const { return handle >= 0; }

private:
  int handle;
};
} // namespace

/// Removes the entries that older programs made of the same source and options.
static void removeOlder(const fs::path &entry) {
  std::string name = entry.filename().string();
  std::string prefix = name.substr(0, name.rfind('-') + 1);
  std::error_code error;
  for (const fs::directory_entry &other :
       fs::directory_iterator(entry.parent_path(), error)) {
    std::string otherName = other.path().filename().string();
    if (otherName.starts_with(prefix) && otherName.ends_with(".tbo") &&
        otherName != name) {
      std::error_code ignored;
      fs::remove(other.path(), ignored);
    }
  }
}

Result<std::string> resolveModel(const std::string &model,
                                 const CompileOptions &options,
                                 const CompileFunction &compile,
                                 const ProgressCallback &progress) {
  if (isArtifact(model))
    return model;
  Result<std::string> base = cacheFolder();
  if (!base)
    return base.takeErrors();
  std::string folder = *base + "/compiled";
  Result<std::string> path = cachedArtifactPath(folder, model, options);
  if (!path)
    return path.takeErrors();
  if (Status status = preparePrivateFolder(folder); !status)
    return status.takeErrors();
  if (isArtifact(*path))
    return *path;
  FileLock lock(folder + "/." + fs::path(*path).stem().string() + ".lock");
  if (!lock.held())
    return Error(folder,
                 std::string("cannot be locked: ") + std::strerror(errno));
  if (isArtifact(*path))
    return *path;
  if (Status status = compile(model, options, *path, progress); !status)
    return status.takeErrors();
  removeOlder(*path);
  return *path;
}

} // namespace tombolo
