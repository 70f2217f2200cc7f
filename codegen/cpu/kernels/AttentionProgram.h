//===- AttentionProgram.h - What kernels of attention share -----*- C++ -*-===//
//
// A program attends from a group of query rows: those of a tile of tokens in
// all heads that share one head of keys and values, token after token. Both
// kernels keep the group's softmax in scratch, of each row its largest score,
// the sum of its weights and the weighted sum of values, and move it on a page
// at a time. They differ in how they multiply.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_ATTENTIONPROGRAM_H
#define CODEGEN_CPU_KERNELS_ATTENTIONPROGRAM_H

#include "codegen/cpu/kernels/Attention.h"

namespace tombolo {

/// A score that no visible position has.
inline constexpr double kHiddenScore = -1e30;

/// Areas of scratch, one after the other, each of whole cache lines.
class AttentionScratch {
public:
  int64_t take(int64_t size) {
    int64_t at = bytes;
    bytes += (size + 63) / 64 * 64;
    return at;
  }
  /// The softmax of `rows` rows.
  void takeSoftmax(const AttentionSpec &spec, int64_t rows);

  int64_t bytes = 0;
  /// Byte offsets; maxima and sums take 16 lanes of a row.
  int64_t maxima = 0, sums = 0, outputs = 0;
  int64_t outputColumns = 0;
};

/// The first lanes of a vector.
Value narrowed(Emitter &e, Value vector, int64_t lanes);

class AttentionProgram {
protected:
  AttentionProgram(OpBuilder &b, Location loc, const AttentionSpec &spec,
                   const AttentionOperands &operands)
      : e(b, loc), spec(spec), in(operands), shared(spec.heads / spec.kvHeads) {
  }

  /// Of the tiles of `tileRows` tokens, the part that [begin, end) of the
  /// programs takes: sets kvHead.
  void forEachTile(int64_t tileRows, llvm::function_ref<void(Value)> body);

  Value zero() { return e.index(int64_t(0)); }
  Value divide(Value x, Value y);
  Value remainder(Value x, Value y);

  /// The query head that number `g` of the group is.
  Value headOf(Value g);
  /// Its token; behind the last one stand more of the last.
  Value rowOf(Value g);
  Value positionOf(Value g) { return e.add(in.firstPosition, rowOf(g)); }
  Value firstVisible(Value g) { return firstVisibleFrom(positionOf(g)); }
  Value firstVisibleFrom(Value position);
  /// The rows that `g` sees of the page that begins at position `first`; none
  /// where the first is behind the last.
  std::pair<Value, Value> visibleRows(Value g, Value first);

  /// `index` and the fifteen after it, as words.
  Value lanesFrom(Value index);
  /// Rows [from, from + count) of a page, as words in all lanes.
  struct Visible {
    Value from, count;
  };
  Visible visibleOf(std::pair<Value, Value> rows);
  Value isVisible(Value positions, const Visible &visible);

  int64_t storedBytes() const { return storedElementBytes(spec.storage); }
  bool isScaled() const { return spec.storage == Encoding::Q8_0; }
  /// The part of the key-value head in the page of position `first`.
  Value headPart(const Pages &pages, int64_t columns, Value first);
  /// Without the scale, where there is one.
  Value loadStored(Value memory, Value offset, int64_t lanes);
  /// The scales of rows `at` and on of keys, of columns 32 * number and on.
  Value keyScale(Value keys, Value number, Value at);
  /// The scale of a row's values around `column`.
  Value valueScale(Value values, Value row, Value column, int64_t lanes);

  Value areaAt(int64_t area, Value g, int64_t rowBytes) {
    return e.add(e.mul(g, rowBytes), area);
  }
  void forEachRow(Value rows, llvm::function_ref<void(Value)> body) {
    e.loop(zero(), rows, 1, body);
  }
  /// A piece of the query of `g`, scaled so that scores are powers of two (with
  /// a soft cap: as they are).
  Value loadQuery(Value g, Piece piece);
  /// The empty softmax of `g`.
  void startSoftmax(const AttentionScratch &scratch, Value g);
  /// Bends a score where there is a soft cap.
  Value cap(Value score);
  /// Takes the largest scores of a page, lane by lane, to those before. Returns
  /// what earlier sums and outputs are multiplied by, and the new maximum.
  std::pair<Value, Value> raiseMaximum(const AttentionScratch &scratch, Value g,
                                       Value pageMaximum);
  Value weightOf(Value score, Value maximum);
  /// Divides the weighted values by the sum of the weights.
  void finish(const AttentionScratch &scratch, Value g);

  Emitter e;
  const AttentionSpec spec;
  const AttentionOperands &in;
  int64_t shared; ///< query heads of one key-value head
  Value kvHead, firstRow;
  Value split; ///< with parts: which

private:
  Value wordsOf(Value index);
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_ATTENTIONPROGRAM_H
