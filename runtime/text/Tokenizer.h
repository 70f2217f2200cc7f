//===- Tokenizer.h - Text to ids and back -----------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_TOKENIZER_H
#define RUNTIME_TEXT_TOKENIZER_H

#include "runtime/text/TokenizerModel.h"
#include <memory>

namespace tombolo::text {

/// Whether this build has them (TOMBOLO_TEXT); without, there are token ids
/// only, and Tokenizer::create fails.
bool hasTokenizers();

/// A tokenizer built from a model. All const members may be called from
/// several threads at once.
class Tokenizer {
public:
  /// Checks the model (validate) and compiles its patterns.
  static Result<Tokenizer> create(TokenizerModel model);

  Tokenizer(Tokenizer &&) noexcept;
  Tokenizer &operator=(Tokenizer &&) noexcept;
  ~Tokenizer();

  /// The ids of `text`. Ill-formed UTF-8 is read as U+FFFD, one for each
  /// maximal ill-formed part. Added tokens are found wherever they stand in
  /// the text. With `addSpecial` the ids that the model puts around every
  /// text come with it (a bos, mostly); text from a chat template already has
  /// them. Fails on texts beyond 1 GiB, on ill-formed ones beyond a third of
  /// that, on a pattern of the model that
  /// goes beyond its limits, and on unknown characters where the model has no
  /// token for them.
  Result<std::vector<int32_t>> encode(std::string_view text,
                                      bool addSpecial) const;

  /// The text of `ids`; ids outside of the vocabulary are passed over.
  std::string decode(std::span<const int32_t> ids, bool skipSpecial) const;

  /// Decodes ids as they come. Incomplete characters are held back; all that
  /// push and finish return is together what decode returns for all ids.
  class Stream {
  public:
    Stream(Stream &&) noexcept;
    Stream &operator=(Stream &&) noexcept;
    ~Stream();
    /// What is certain of the text after `id` that was not before.
    std::string push(int32_t id);
    /// What was held back.
    std::string finish();

  private:
    friend class Tokenizer;
    struct State;
    explicit Stream(std::unique_ptr<State> state);
    std::unique_ptr<State> state;
  };
  /// The tokenizer must outlive the stream.
  Stream stream(bool skipSpecial) const;

  /// The token's text as the vocabulary has it (`Ġthe`, `▁the`, `<0x0A>`);
  /// empty for ids that have none.
  std::string_view tokenText(int32_t id) const;
  /// The id of exactly this token, or -1.
  int32_t tokenId(std::string_view text) const;

  int32_t size() const;
  int32_t bosId() const; ///< -1: none
  int32_t eosId() const; ///< -1: none
  /// Sorted; what ends a generated text.
  const std::vector<int32_t> &endIds() const;
  bool isEnd(int32_t id) const;
  /// Whether `encode(text, true)` begins with the bos.
  bool addsBos() const;

  const TokenizerModel &model() const;

private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_TOKENIZER_H
