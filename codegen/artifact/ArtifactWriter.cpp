#include "codegen/artifact/ArtifactWriter.h"
#include "codegen/artifact/Format.h"
#include "codegen/artifact/IndexChecks.h"
#include "codegen/artifact/OutputFile.h"
#include <set>

using namespace tombolo;
using namespace tombolo::artifact;

Status artifact::verifyCode(std::span<const std::byte> blob,
                            std::span<const std::unique_ptr<KernelT>> kernels) {
  if (blob.empty())
    return Error("", "expects code, but the blob is empty");
  std::set<std::string_view> names;
  for (const std::unique_ptr<KernelT> &kernel : kernels) {
    if (!names.insert(kernel->name).second)
      return Error("", "kernel '" + kernel->name + "' stands twice");
    if (kernel->entry < 0 || uint64_t(kernel->entry) >= blob.size())
      return Error("", "kernel '" + kernel->name +
                           "': expects an entry inside the code of " +
                           std::to_string(blob.size()) + " bytes, but got " +
                           std::to_string(kernel->entry));
    if (kernel->scratch_bytes < 0)
      return Error("", "kernel '" + kernel->name +
                           "': expects scratch of at least 0 bytes, but got " +
                           std::to_string(kernel->scratch_bytes));
  }
  return success();
}

/// Kernels of every executable against the segments they say they lie in.
static Status verifyExecutables(const std::string &path, const IndexT &index,
                                std::span<const SegmentBytes> segments) {
  for (const std::unique_ptr<TargetT> &target : index.targets)
    for (const std::unique_ptr<ExecutableT> &executable : target->executables) {
      std::string name =
          "target '" + target->name + "', '" + executable->level + "': ";
      if (executable->code_segment < 0 ||
          size_t(executable->code_segment) >= segments.size())
        return Error(path, name + "expects one of " +
                               std::to_string(segments.size()) +
                               " segments as code, but got " +
                               std::to_string(executable->code_segment));
      Status status = verifyCode(segments[executable->code_segment].bytes,
                                 executable->kernels);
      if (!status)
        return Error(path, name + status.error().str());
    }
  return success();
}

static Status writeWeights(OutputFile &file, const std::string &path,
                           IndexT &index, const TensorBytes &weights) {
  auto segment = std::make_unique<SegmentT>();
  segment->name = "weights";
  segment->offset = file.position();
  segment->chunk_bytes = kChunkBytes;
  ChunkHasher hasher;
  static constexpr std::byte zeros[kPageBytes] = {};
  auto write = [&](std::span<const std::byte> bytes) -> Status {
    hasher.update(bytes);
    return file.write(bytes);
  };
  for (size_t i = 0; i != index.tensors.size(); ++i) {
    TensorT &tensor = *index.tensors[i];
    // What decides about the alignment.
    std::vector<std::byte> first;
    bool placed = false;
    auto place = [&]() -> Status {
      placed = true;
      uint64_t alignment = tensorAlignment(first.size());
      TOMBOLO_CHECK(write({zeros, size_t(alignUp(file.position(), alignment) -
                                         file.position())}));
      tensor.offset = file.position();
      return write(first);
    };
    TOMBOLO_CHECK(weights(i, [&](std::span<const std::byte> bytes) -> Status {
      if (placed)
        return write(bytes);
      first.insert(first.end(), bytes.begin(), bytes.end());
      return first.size() < kPageBytes ? success() : place();
    }));
    if (!placed)
      TOMBOLO_CHECK(place());
    uint64_t bytes = file.position() - uint64_t(tensor.offset);
    if (tensor.bytes != 0 && uint64_t(tensor.bytes) != bytes)
      return Error(path, "tensor '" + tensor.name + "': expects " +
                             std::to_string(tensor.bytes) + " bytes, but got " +
                             std::to_string(bytes));
    tensor.bytes = int64_t(bytes);
  }
  segment->bytes = file.position() - segment->offset;
  segment->chunk_hashes = hasher.finish();
  index.segments.push_back(std::move(segment));
  return file.pad(kPageBytes);
}

Status artifact::writeArtifact(const std::string &path, IndexT index,
                               std::span<const SegmentBytes> segments,
                               const TensorBytes &weights) {
  TOMBOLO_CHECK(verifyExecutables(path, index, segments));
  Result<std::unique_ptr<OutputFile>> created = OutputFile::create(path);
  if (!created)
    return created.takeErrors();
  OutputFile &file = **created;

  // The header is known last: its page stays zero, which no reader takes for
  // an artifact, until all else is written.
  TOMBOLO_CHECK(file.write(std::vector<std::byte>(kPageBytes)));
  index.segments.clear();
  for (const SegmentBytes &segment : segments) {
    auto entry = std::make_unique<SegmentT>();
    entry->name = segment.name;
    entry->offset = file.position();
    entry->bytes = segment.bytes.size();
    entry->hash = hashBytes(segment.bytes);
    index.segments.push_back(std::move(entry));
    TOMBOLO_CHECK(file.write(segment.bytes));
    TOMBOLO_CHECK(file.pad(kPageBytes));
  }
  if (!index.tensors.empty())
    TOMBOLO_CHECK(writeWeights(file, path, index, weights));

  flatbuffers::FlatBufferBuilder builder(1 << 16);
  FinishIndexBuffer(builder, CreateIndex(builder, &index));
  std::span<const std::byte> packed(
      reinterpret_cast<const std::byte *>(builder.GetBufferPointer()),
      builder.GetSize());
  Header header;
  header.indexOffset = file.position();
  header.indexBytes = packed.size();
  header.indexHash = hashBytes(packed);
  header.fileBytes = header.indexOffset + packed.size();
  Result<const Index *> checked = readIndex(packed, header.indexOffset, path);
  if (!checked)
    return checked.takeErrors();
  TOMBOLO_CHECK(file.write(packed));
  TOMBOLO_CHECK(file.writeAt(0, encodeHeader(header)));
  return file.commit();
}
