//===- Segmenter.h - Words to ids -------------------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_SEGMENTER_H
#define RUNTIME_TEXT_SEGMENTER_H

#include "runtime/text/PieceIndex.h"
#include <array>
#include <memory>

namespace tombolo::text {

/// A model's way to cut a word (a piece of the pre-tokenized text) into
/// pieces of the vocabulary, in O(n log n) time.
class Segmenter {
public:
  Segmenter(const TokenizerModel &model, const PieceIndex &index);
  virtual ~Segmenter();

  /// Appends the ids of `word`, which is not empty.
  virtual Status run(std::string_view word,
                     std::vector<int32_t> &ids) const = 0;

  /// `model` and `index` must outlive the result.
  static Result<std::unique_ptr<Segmenter>> create(const TokenizerModel &model,
                                                   const PieceIndex &index);

protected:
  /// Appends the byte pieces of `text`; false when one of them is missing.
  bool appendBytes(std::string_view text, std::vector<int32_t> &ids) const;

  const TokenizerModel &model;
  const PieceIndex &index;
  std::array<int32_t, 256> byteIds;
};

std::unique_ptr<Segmenter> createUnigram(const TokenizerModel &model,
                                         const PieceIndex &index);
Result<std::unique_ptr<Segmenter>> createBpe(const TokenizerModel &model,
                                             const PieceIndex &index);
std::unique_ptr<Segmenter> createScoredBpe(const TokenizerModel &model,
                                           const PieceIndex &index);

/// The byte of a piece spelled `<0xHH>`, or -1.
int byteOfPiece(std::string_view text);

} // namespace tombolo::text

#endif // RUNTIME_TEXT_SEGMENTER_H
