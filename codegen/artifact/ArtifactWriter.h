//===- ArtifactWriter.h - Writes .tbo files ---------------------*- C++ -*-===//

#ifndef CODEGEN_ARTIFACT_ARTIFACTWRITER_H
#define CODEGEN_ARTIFACT_ARTIFACTWRITER_H

#include "codegen/artifact/Artifact_generated.h"
#include "support/Result.h"
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tombolo::artifact {

/// A segment whose bytes are at hand: code of an executable, the nn module.
struct SegmentBytes {
  std::string name;
  std::span<const std::byte> bytes;
};

/// Takes the next bytes of a tensor; fails where they can not be written.
using ByteSink = std::function<Status(std::span<const std::byte> bytes)>;
/// Hands what tensor `tensor` of IndexT::tensors stores to `write`, in as many
/// pieces as it likes.
using TensorBytes = std::function<Status(size_t tensor, const ByteSink &write)>;

/// Writes `index` and what it speaks of to `path`, whole or not at all.
///
/// Segment i of the file is `segments[i]` (ExecutableT::code_segment indexes
/// them); where the index has tensors, one more segment "weights" follows.
/// The writer fills IndexT::segments and TensorT::offset and ::bytes; a
/// TensorT::bytes other than 0 must be what `weights` gives. Tensors are asked
/// for one at a time, in order. The same arguments give the same bytes.
///
/// What the loader would refuse is not written: kernels are checked with
/// `verifyCode`, and the finished index with the loader's own checks.
Status writeArtifact(const std::string &path, IndexT index,
                     std::span<const SegmentBytes> segments,
                     const TensorBytes &weights);

/// Checks that the blob is not empty and that every kernel's entry lies in it.
Status verifyCode(std::span<const std::byte> blob,
                  std::span<const std::unique_ptr<KernelT>> kernels);

} // namespace tombolo::artifact

#endif // CODEGEN_ARTIFACT_ARTIFACTWRITER_H
