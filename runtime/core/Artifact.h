//===- Artifact.h - A .tbo file, mapped and checked -------------*- C++ -*-===//

#ifndef RUNTIME_CORE_ARTIFACT_H
#define RUNTIME_CORE_ARTIFACT_H

#include "support/MappedFile.h"
#include "support/Result.h"
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo::artifact {
struct Index;
struct Segment;
} // namespace tombolo::artifact

namespace tombolo {

/// Whether the hashes of weights (and of everything that is not code or index,
/// whose hashes are always checked) are checked at load. Auto: where they are
/// ArtifactOptions::autoBytes or less.
enum class CheckWeights { Auto, Always, Never };

struct ArtifactOptions {
  CheckWeights checkWeights = CheckWeights::Auto;
  uint64_t autoBytes = uint64_t(1) << 30;
};

/// An artifact whose header, index, padding and code are what the writer wrote,
/// and whose index names nothing outside of the file.
class Artifact {
public:
  static Result<std::shared_ptr<const Artifact>>
  open(const std::string &path, const ArtifactOptions &options = {});

  const std::string &path() const { return file->path(); }
  const artifact::Index &index() const { return *root; }
  /// Bytes of segment `i` of the index.
  std::span<const std::byte> segment(size_t i) const;
  /// Empty where there is no segment of that name.
  std::span<const std::byte> segmentNamed(std::string_view name) const;
  std::span<const std::byte> tensor(size_t i) const;

private:
  Artifact(std::shared_ptr<MappedFile> file, std::vector<std::byte> indexBytes,
           const artifact::Index *root)
      : file(std::move(file)), indexBytes(std::move(indexBytes)), root(root) {}
  Status checkSegments(const ArtifactOptions &options) const;
  Status checkHashes(const artifact::Segment &segment) const;

  std::shared_ptr<MappedFile> file;
  /// A copy: what was checked stays as it was, whoever writes to the file.
  std::vector<std::byte> indexBytes;
  const artifact::Index *root;
};

/// Checks every byte of an artifact: the whole of `verify --integrity`.
Status verifyIntegrity(const std::string &path);

} // namespace tombolo

#endif // RUNTIME_CORE_ARTIFACT_H
