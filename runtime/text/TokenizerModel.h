//===- TokenizerModel.h - All that a tokenizer needs, as data ---*- C++ -*-===//
//
// What a checkpoint's tokenizer says, whatever file said it: plain vectors
// and strings that an artifact stores and a Tokenizer is built from. Importers
// (frontends/tokenizer) write it, nothing else knows the original formats.
//
//===----------------------------------------------------------------------===//

#ifndef RUNTIME_TEXT_TOKENIZERMODEL_H
#define RUNTIME_TEXT_TOKENIZERMODEL_H

#include "support/Result.h"
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo::text {

enum class ModelKind : uint8_t {
  /// Byte pair encoding by a list of merges, lowest rank first. Byte-level
  /// vocabularies (GPT-2) and those of code points (Llama 2 as a
  /// tokenizer.json) differ in their steps only.
  Bpe,
  /// SentencePiece's encoding as GGUF stores it: two neighbours merge when
  /// their concatenation is a piece, the highest score first.
  ScoredBpe,
  /// The segmentation of the highest sum of scores.
  Unigram,
};

enum class PieceType : uint8_t {
  Normal = 1,
  Unknown,
  Control,
  UserDefined,
  Unused, ///< also an id that no piece has (its text is empty)
  Byte,   ///< `<0xHH>`
};

/// What a Split or Replace looks for.
struct Pattern {
  /// A PCRE2 pattern (UTF and UCP); otherwise the text itself.
  bool isRegex = false;
  std::string text;
};

struct NormalizerStep {
  enum class Kind : uint8_t {
    NFC,
    NFD,
    NFKC,
    NFKD,
    Lowercase,
    Strip,      ///< white space at the left and/or right end
    Replace,    ///< every match of `pattern` by `content`
    Prepend,    ///< `content` before a text that is not empty
    Append,     ///< `content` after a text that is not empty
    Precompiled ///< SentencePiece's compiled map, `content` its bytes
  };
  Kind kind;
  Pattern pattern = {};
  std::string content = {};
  bool left = false, right = false;
};

/// What becomes of the matches of a Split.
enum class SplitBehavior : uint8_t {
  Removed,
  Isolated,           ///< each match a piece
  MergedWithPrevious, ///< a match ends the piece before it
  MergedWithNext,     ///< a match begins the piece after it
  Contiguous          ///< adjacent matches are one piece
};

struct PreTokenizerStep {
  enum class Kind : uint8_t {
    Split,
    PrefixSpace, ///< a space before each piece that has none
    ByteLevel,   ///< each byte becomes its GPT-2 code point
    Metaspace    ///< spaces become `content`, which begins pieces
  };
  enum class Prepend : uint8_t { Always, First, Never };
  Kind kind;
  Pattern pattern = {};
  SplitBehavior behavior = SplitBehavior::Isolated;
  bool invert = false; ///< the gaps are the matches
  std::string content = {};
  Prepend prepend = Prepend::Never;
  bool split = false; ///< Metaspace: cut before each `content`
};

struct DecoderStep {
  enum class Kind : uint8_t {
    ByteLevel,    ///< code points back to bytes, all tokens joined
    ByteFallback, ///< runs of `<0xHH>` tokens to the text they spell
    Fuse,         ///< all tokens joined
    Metaspace,    ///< `pattern.text` to a space; nothing in the first token
    Replace,
    Strip,     ///< up to `start` and `stop` times `content` off the ends
    JoinSpaces ///< a space between tokens
  };
  Kind kind;
  Pattern pattern = {};
  std::string content = {};
  bool dropInFirst = false; ///< Metaspace
  uint32_t start = 0, stop = 0;
};

/// A token that is found in the text before anything else happens to it.
struct AddedToken {
  int32_t id = -1;
  std::string content;
  bool lstrip = false, rstrip = false; ///< takes the white space beside it
  bool singleWord = false;             ///< not inside a word
  bool normalized = false;             ///< looked for after normalization
  bool special = false;                ///< left out of decoded text on request
  /// Not in the model's own vocabulary: found in a text as this or not at all,
  /// never as a piece of a word.
  bool addedOnly = false;
};

/// A special token as chat templates know it: `bos_token`, `unk_token`, ...;
/// those called `additional_special_tokens` are a list to them.
struct SpecialToken {
  std::string name, text;
};

/// Ids are dense: 0 <= id < size(). Special ids are -1 where there is none.
struct TokenizerModel {
  ModelKind kind = ModelKind::Bpe;

  // Vocabulary: piece `id` is blob[offsets[id], offsets[id + 1]).
  std::string blob;
  std::vector<uint32_t> offsets = {0};
  std::vector<PieceType> types;
  std::vector<double> scores; ///< ScoredBpe and Unigram; else empty
  /// Bpe: pairs (left, right) by rank.
  std::vector<std::pair<int32_t, int32_t>> merges;
  std::vector<AddedToken> addedTokens;

  std::vector<NormalizerStep> normalizer;
  std::vector<PreTokenizerStep> preTokenizer;
  std::vector<DecoderStep> decoder;
  /// What encode(text, addSpecial = true) puts before and after the text.
  std::vector<int32_t> prefixIds, suffixIds;

  bool byteFallback = false; ///< unknown characters become Byte pieces
  bool fuseUnknown = false;  ///< adjacent unknown characters are one token
  bool ignoreMerges = false; ///< a piece that is in the vocabulary stays whole
  /// Without an unknown id, an unknown character is an error here and is
  /// left out otherwise.
  bool unknownIsError = false;

  int32_t unknownId = -1, bosId = -1, eosId = -1, padId = -1;
  /// What ends a generated text: sorted, no duplicates. May hold ids that a
  /// model's config names and this vocabulary lacks, since a model may have
  /// more ids. Those that the model lacks too never come: they are left out
  /// where an artifact is written or loaded.
  std::vector<int32_t> endIds;

  std::vector<SpecialToken> specialTokens;

  int32_t size() const { return static_cast<int32_t>(offsets.size()) - 1; }
  std::string_view piece(int32_t id) const {
    return std::string_view(blob).substr(offsets[id],
                                         offsets[id + 1] - offsets[id]);
  }
  void addPiece(std::string_view text, PieceType type) {
    blob += text;
    offsets.push_back(static_cast<uint32_t>(blob.size()));
    types.push_back(type);
  }
};

/// Limits that every model keeps; real ones are far inside.
inline constexpr size_t kMaxPieces = size_t(1) << 24;
inline constexpr size_t kMaxBlobBytes = size_t(1) << 30;
/// Of an added token, and of the pieces of ScoredBpe and Unigram: the search
/// for them takes up to this many steps at each character.
inline constexpr size_t kMaxSearchedPieceBytes = 1024;

/// Whether all sizes agree and all ids, types and texts are in range.
Status validate(const TokenizerModel &model);

/// The model as bytes: a magic number and version, the fields in order with
/// variable-length integers, an XXH3 of all of it. Deterministic.
std::string serialize(const TokenizerModel &model);

/// Takes any bytes: what is not exactly a valid model is an error that names
/// `where`.
Result<TokenizerModel> deserialize(std::span<const std::byte> bytes,
                                   std::string_view where);

} // namespace tombolo::text

#endif // RUNTIME_TEXT_TOKENIZERMODEL_H
