#include "codegen/target/KernelCache.h"
#include "codegen/artifact/Format.h"
#include "support/PrivateFolder.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace tombolo {

namespace fs = std::filesystem;

namespace {
/// In front of the code, in this machine's byte order: entries never leave it.
struct EntryHeader {
  char magic[8] = {'T', 'B', 'K', 'E', 'R', 'N', 'L', '1'};
  uint64_t bytes = 0, alignment = 0, entry = 0, scratchBytes = 0;
  /// Of what stands before it, and of the code.
  uint64_t headerHash = 0, codeHash = 0;

  uint64_t hashOfHeader() const {
    return artifact::hashBytes({reinterpret_cast<const std::byte *>(this),
                                offsetof(EntryHeader, headerHash)});
  }
};
} // namespace

Result<KernelCache> KernelCache::open(const std::string &folder,
                                      const std::string &program) {
  if (Status status = preparePrivateFolder(folder); !status)
    return status.takeErrors();
  std::error_code error;
  std::string own = folder + "/" + program;
  if (!fs::exists(own, error))
    for (const fs::directory_entry &older :
         fs::directory_iterator(folder, error)) {
      std::error_code ignored;
      fs::remove_all(older.path(), ignored);
    }
  if (Status status = preparePrivateFolder(own); !status)
    return status.takeErrors();
  return KernelCache(std::move(own));
}

std::optional<KernelCode> KernelCache::find(const std::string &key) const {
  std::ifstream file(folder + "/" + key, std::ios::binary);
  EntryHeader header;
  const EntryHeader expected;
  if (!file.read(reinterpret_cast<char *>(&header), sizeof header) ||
      std::memcmp(header.magic, expected.magic, sizeof header.magic) != 0 ||
      header.headerHash != header.hashOfHeader())
    return std::nullopt;
  KernelCode code;
  code.bytes.resize(header.bytes);
  if (!file.read(reinterpret_cast<char *>(code.bytes.data()),
                 std::streamsize(header.bytes)) ||
      file.peek() != std::ifstream::traits_type::eof() ||
      header.codeHash != artifact::hashBytes(code.bytes))
    return std::nullopt;
  code.alignment = header.alignment;
  code.entry = header.entry;
  code.scratchBytes = int64_t(header.scratchBytes);
  return code;
}

void KernelCache::keep(const std::string &key, const KernelCode &code) const {
  EntryHeader header;
  header.bytes = code.bytes.size();
  header.alignment = code.alignment;
  header.entry = code.entry;
  header.scratchBytes = uint64_t(code.scratchBytes);
  header.codeHash = artifact::hashBytes(code.bytes);
  header.headerHash = header.hashOfHeader();
  // Another process may write the same entry: a whole file takes its place.
  std::error_code error;
  std::string path = folder + "/" + key;
  std::string temporary = path + ".tmp-" + std::to_string(getpid());
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char *>(&header), sizeof header);
    file.write(reinterpret_cast<const char *>(code.bytes.data()),
               std::streamsize(code.bytes.size()));
    if (!file.flush()) {
      file.close();
      fs::remove(temporary, error);
      return;
    }
  }
  fs::rename(temporary, path, error);
  if (error)
    fs::remove(temporary, error);
}

} // namespace tombolo
