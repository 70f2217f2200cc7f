//===- Session.h - A sequence of tokens and its states ----------*- C++ -*-===//

#ifndef RUNTIME_CORE_SESSION_H
#define RUNTIME_CORE_SESSION_H

#include "runtime/core/Model.h"
#include "runtime/core/SessionLayout.h"
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace tombolo {

struct SessionOptions {
  /// Tokens of the longest sequence; 0: the model's or 4096, the smaller.
  int64_t context = 0;
  /// Length by which rope tables choose their frequencies; 0: that of the
  /// first tokens a sequence is fed.
  int64_t ropeLength = 0;
  /// What memory may be used; 0: what the system has, UINT64_MAX: no check.
  uint64_t availableMemory = 0;
};

/// Called with the index of a token among those fed, and the logits behind it.
using LogitsSink =
    std::function<Status(size_t token, std::span<const float> logits)>;

/// Feeds tokens to a model and keeps what it remembers of them. One caller at a
/// time; sessions of one model are independent of each other.
class Session {
public:
  static Result<std::unique_ptr<Session>>
  create(std::shared_ptr<const Model> model,
         const SessionOptions &options = {});
  static SessionMemory memoryFor(const Model &model, int64_t context);
  /// The context that `options` mean for `model`.
  static Result<int64_t> contextFor(const Model &model,
                                    const SessionOptions &options);

  const Model &model() const { return *owner; }
  int64_t context() const { return limit; }
  /// The tokens of the sequence so far; the next gets position tokens().size().
  const std::vector<int32_t> &tokens() const { return history; }

  /// Continues the sequence: in chunks through the prefill program, a single
  /// token through the decode program. Ids outside the vocabulary and tokens
  /// beyond the context are refused before anything runs.
  Status feed(std::span<const int32_t> tokens);
  /// The same, and calls `sink` with the logits behind each token from
  /// `tokens[firstRow]` on.
  Status feed(std::span<const int32_t> tokens, size_t firstRow,
              const LogitsSink &sink);
  /// Logits behind the last token; valid until the next call.
  Result<std::span<const float>> logits();

  /// Continues the sequence by `count` tokens of id 0 without computing them:
  /// their states are arbitrary numbers. For measuring what a step costs behind
  /// a long sequence; what is computed behind them means nothing.
  Status skip(int64_t count);

  /// Makes the sequence equal to `tokens` by keeping what it has in common with
  /// them, at most all but the last, and as much of it as the states can go
  /// back to, and feeding the rest. Gives the number of tokens fed. Tokens that
  /// are refused leave the sequence as it is. States that cannot be cut back
  /// are copied before the last token, so that the next call can go on from
  /// there.
  Result<size_t> resume(std::span<const int32_t> tokens);

  /// Forgets all tokens but the first `count`. Fails where a window's rows are
  /// already given back, and where states that each token replaces are not
  /// those of a `resume`; the sequence stays as it is then.
  Status truncate(size_t count);
  /// A session of its own with a copy of this one's states.
  Result<std::unique_ptr<Session>> fork() const;
  /// Pages in use, summed over state groups.
  int64_t usedPages() const;

  /// Calls `tap` with the rows of each hidden.N that a step computes.
  void setTap(std::function<void(const TapRows &)> tap);
  /// Adds the times of all dispatches to `times`, until it is called with null.
  void setTrace(std::vector<DispatchTime> *times);
  /// Adds where the time of steps goes to `spent`, until it is called with
  /// null.
  void setTimeSpent(TimeSpent *spent);
  /// Where `*flag` becomes true, `feed` fails after the chunk it is in, with
  /// the message kInterrupted.
  void setInterrupt(const std::atomic<bool> *flag) { interrupt = flag; }
  static constexpr const char *kInterrupted = "interrupted";

private:
  enum ProgramKind { Prefill, Decode, Logits, LogitsOne };

  Session(std::shared_ptr<const Model> model, const SessionOptions &options,
          int64_t context, SessionBuffers buffers)
      : owner(std::move(model)), options(options), limit(context),
        buffers(std::move(buffers)) {}
  /// Whether `tokens` can follow `kept` tokens.
  Status check(std::span<const int32_t> tokens, size_t kept) const;
  /// The most of the first `count` tokens that the states can go back to.
  size_t reachable(size_t count) const;
  /// As the public `feed`, and keeps a copy of the fixed states before the
  /// token at position `keepAt`, if it is not 0.
  Status feed(std::span<const int32_t> tokens, size_t firstRow,
              const LogitsSink &sink, size_t keepAt);
  void bindPrograms();
  void chooseFrequencies(int64_t length);
  void fillRopeTables(int64_t first, int64_t count);
  void step(std::span<const int32_t> tokens);
  void keepHidden(int64_t firstRow, int64_t count);
  /// Runs a logits program on `hidden` rows [first, first + count).
  std::span<const float> runLogits(int64_t first, int64_t count);
  std::span<const float> logitsRow(int64_t row) const;

  std::shared_ptr<const Model> owner;
  SessionOptions options;
  int64_t limit;

  SessionBuffers buffers;
  std::array<BoundProgram, 4> programs;
  /// Frequencies of each rope table for this sequence.
  std::vector<const double *> frequencies;

  std::vector<int32_t> history;
  /// Rows of hidden kept for logits, after the last step.
  std::vector<float> hidden;
  int64_t hiddenRows = 0;

  Observer observer;
  const std::atomic<bool> *interrupt = nullptr;
};

} // namespace tombolo

#endif // RUNTIME_CORE_SESSION_H
