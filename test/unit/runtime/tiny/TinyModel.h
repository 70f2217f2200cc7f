//===- TinyModel.h - An artifact made by hand -------------------*- C++ -*-===//
//
// A language model small enough to write down: an embedding, three layers that
// mix a row with the rows before it (two that see all of them, one with a
// window), and a head. Its kernels are Kernels.c, its plan uses every kind of
// argument, size and program of the schema, and `TinyReference` computes the
// same in plain loops.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_RUNTIME_TINY_TINYMODEL_H
#define TEST_UNIT_RUNTIME_TINY_TINYMODEL_H

#include "codegen/artifact/ArtifactWriter.h"
#include <span>
#include <string>
#include <vector>

namespace tombolo::tiny {

inline constexpr int64_t kVocab = 272, kHidden = 16, kLayers = 3;
inline constexpr int64_t kContext = 1000, kChunk = 32, kWindow = 200;
inline constexpr int64_t kLongFrom = 500;

/// The tiny model's bytes, to change before they are written.
struct TinyModel {
  artifact::IndexT index;
  std::vector<std::byte> code;
  /// Stored bytes of each tensor of the index.
  std::vector<std::vector<std::byte>> weights;

  Status write(const std::string &path) const;
};

TinyModel makeTinyModel();

/// Lets `model` end in a recurrence: each of its last rows is the sum of those
/// so far, halved for every token behind them. The state is of one size.
void addRecurrence(TinyModel &model);

/// Hidden rows and logits of the tiny model, without chunks, pages or threads.
class TinyReference {
public:
  explicit TinyReference(const TinyModel &model);
  /// hidden.0 ... hidden.kLayers [tokens][kHidden], rope chosen by `length`.
  std::vector<std::vector<float>> hidden(std::span<const int32_t> tokens,
                                         int64_t length) const;
  /// Logits behind every token, [tokens][kVocab].
  std::vector<float> logits(std::span<const int32_t> tokens,
                            int64_t length) const;

private:
  std::vector<float> embedding, head;
  std::vector<double> freqs, longFreqs;
  bool recurs;
};

} // namespace tombolo::tiny

#endif // TEST_UNIT_RUNTIME_TINY_TINYMODEL_H
