#include "runtime/core/Artifact.h"
#include "codegen/artifact/Artifact_generated.h"
#include "codegen/artifact/Format.h"
#include <algorithm>
#include <set>

using namespace tombolo;

Result<std::shared_ptr<const Artifact>>
Artifact::open(const std::string &path, const ArtifactOptions &options) {
  Result<std::shared_ptr<MappedFile>> mapped = MappedFile::open(path);
  if (!mapped)
    return mapped.takeErrors();
  std::span<const std::byte> bytes = (*mapped)->bytes();
  Result<artifact::Header> header = artifact::decodeHeader(
      bytes.first(std::min<size_t>(bytes.size(), artifact::kPageBytes)),
      bytes.size(), path);
  if (!header)
    return header.takeErrors();
  std::span<const std::byte> stored = bytes.subspan(header->indexOffset);
  std::vector<std::byte> indexBytes(stored.begin(), stored.end());
  if (artifact::hashBytes(indexBytes) != header->indexHash)
    return Error(path, "the index does not have the hash that the header "
                       "names; the file was altered or damaged");
  Result<const artifact::Index *> index =
      artifact::readIndex(indexBytes, header->indexOffset, path);
  if (!index)
    return index.takeErrors();
  std::shared_ptr<const Artifact> result(
      new Artifact(std::move(*mapped), std::move(indexBytes), *index));
  if (Status status = result->checkSegments(options); !status)
    return status.takeErrors();
  return result;
}

std::span<const std::byte> Artifact::segment(size_t i) const {
  const artifact::Segment &segment = *root->segments()->Get(i);
  return file->bytes().subspan(segment.offset(), segment.bytes());
}

std::span<const std::byte> Artifact::segmentNamed(std::string_view name) const {
  if (root->segments())
    for (size_t i = 0; i != root->segments()->size(); ++i)
      if (root->segments()->Get(i)->name()->string_view() == name)
        return segment(i);
  return {};
}

std::span<const std::byte> Artifact::tensor(size_t i) const {
  const artifact::Tensor &tensor = *root->tensors()->Get(i);
  return file->bytes().subspan(tensor.offset(), tensor.bytes());
}

Status Artifact::checkHashes(const artifact::Segment &segment) const {
  std::span<const std::byte> bytes =
      file->bytes().subspan(segment.offset(), segment.bytes());
  auto damaged = [&](uint64_t begin, uint64_t end) {
    return Error(path(), "segment '" + segment.name()->str() + "': bytes " +
                             std::to_string(begin) + " to " +
                             std::to_string(end) +
                             " of the file do not have the hash that the "
                             "index names; the file was altered or damaged");
  };
  if (segment.chunk_bytes() == 0) {
    if (artifact::hashBytes(bytes) != segment.hash())
      return damaged(segment.offset(), segment.offset() + segment.bytes());
    return success();
  }
  uint64_t chunk = segment.chunk_bytes();
  for (uint64_t begin = 0, i = 0; begin < bytes.size(); begin += chunk, ++i) {
    uint64_t count = std::min<uint64_t>(chunk, bytes.size() - begin);
    if (artifact::hashBytes(bytes.subspan(begin, count)) !=
        segment.chunk_hashes()->Get(i))
      return damaged(segment.offset() + begin,
                     segment.offset() + begin + count);
  }
  return success();
}

Status Artifact::checkSegments(const ArtifactOptions &options) const {
  if (!root->segments())
    return success();
  std::set<size_t> code;
  if (root->targets())
    for (const artifact::Target *target : *root->targets())
      for (const artifact::Executable *executable : *target->executables())
        code.insert(executable->code_segment());
  uint64_t dataBytes = 0;
  for (size_t i = 0; i != root->segments()->size(); ++i)
    if (!code.count(i))
      dataBytes += root->segments()->Get(i)->bytes();
  bool checkData = options.checkWeights == CheckWeights::Always ||
                   (options.checkWeights == CheckWeights::Auto &&
                    dataBytes <= options.autoBytes);
  for (size_t i = 0; i != root->segments()->size(); ++i) {
    const artifact::Segment &segment = *root->segments()->Get(i);
    if (code.count(i) || checkData)
      if (Status status = checkHashes(segment); !status)
        return status;
    uint64_t end = segment.offset() + segment.bytes();
    std::span<const std::byte> padding = file->bytes().subspan(
        end, artifact::alignUp(end, artifact::kPageBytes) - end);
    if (std::any_of(padding.begin(), padding.end(),
                    [](std::byte byte) { return byte != std::byte(0); }))
      return Error(path(), "expects zeros between segment '" +
                               segment.name()->str() +
                               "' and the next page; the file was altered or "
                               "damaged");
  }
  return success();
}

Status tombolo::verifyIntegrity(const std::string &path) {
  ArtifactOptions options;
  options.checkWeights = CheckWeights::Always;
  auto artifact = Artifact::open(path, options);
  if (!artifact)
    return artifact.takeErrors();
  return success();
}
