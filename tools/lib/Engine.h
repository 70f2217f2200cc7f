//===- Engine.h - What runs a model for the checks --------------*- C++ -*-===//
//
// The reference interpreter and the compiled code behind one interface, so that
// verify, eval and bench are written once and tested without either.
//
//===----------------------------------------------------------------------===//

#ifndef TOOLS_LIB_ENGINE_H
#define TOOLS_LIB_ENGINE_H

#include "support/Result.h"
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tombolo {

/// Time spent in one operation of the model since it was last asked for.
struct OpTime {
  std::string op;
  int64_t calls = 0;
  double seconds = 0;
  /// Bytes of weights and states read, and floating-point operations done; 0
  /// where unknown.
  double bytes = 0, operations = 0;
  /// Where it was measured repeatedly: the seconds of each time, whose median
  /// `seconds` is.
  std::vector<double> samples;
};

/// Where the time of feeds went since it was last asked for.
struct EngineTimes {
  /// Seconds of the threads together in kernels, and of wall time in programs
  /// of kernels; `threads` is 0 where the engine does not know.
  double inKernels = 0, inPrograms = 0;
  int threads = 0;
};

/// Operations by the unit that multiplies.
struct Operations {
  double integer = 0, floating = 0;
  double all() const { return integer + floating; }
};

/// What a model costs, for rates and fractions of the machine's limits.
struct ModelCosts {
  /// Operations of a prompt token, and those that only its last row needs.
  Operations perToken, perLogitsRow;
  /// Bytes of weights read, and of fixed states moved, per decoded token.
  double bytesPerDecode = 0;
  /// Bytes of states for each token that is in the window (-1: of all).
  struct States {
    int64_t window;
    double bytesPerToken;
  };
  std::vector<States> states;

  /// Bytes that a token behind `context` others reads.
  double decodeBytes(double context) const;
};

class Engine {
public:
  /// One row of logits, or of layer N's output (`hidden.N`), of the row'th
  /// token of a feed.
  using LogitsSink =
      std::function<Status(int64_t row, std::span<const float> values)>;
  using HiddenSink = std::function<void(int64_t layer, int64_t row,
                                        std::span<const float> values)>;

  struct Feed {
    std::span<const int32_t> tokens;
    /// Logits are computed for rows from here on; tokens.size(): for none.
    int64_t firstLogitsRow = 0;
    LogitsSink onLogits;
    HiddenSink onHidden;
  };

  virtual ~Engine() = default;

  /// "interpreter" or a target's name.
  virtual std::string name() const = 0;
  virtual int64_t vocabSize() const = 0;
  /// Longest sequence.
  virtual int64_t context() const = 0;
  /// Number of the last `hidden.N`.
  virtual int64_t layers() const = 0;

  /// Forgets the sequence. `promptTokens` is the full length of the next
  /// prompt, which decides frequencies that depend on length.
  virtual Status restart(int64_t promptTokens) = 0;
  /// Goes on with the sequence.
  virtual Status feed(const Feed &feed) = 0;
  /// Goes on by `count` tokens without computing them; what follows has the
  /// cost of what it would be, and no meaning.
  virtual Status skip(int64_t count);

  virtual ModelCosts costs() const { return {}; }
  /// Times each operation from now on, which costs some speed.
  virtual Status traceOps(bool) { return success(); }
  /// By operation, since the last call.
  virtual std::vector<OpTime> takeOpTimes() { return {}; }
  /// Since the last call, without the feeds of which operations were timed.
  virtual EngineTimes takeTimes() { return {}; }
};

/// Checks ids against an engine's vocabulary: `what` names them in the error.
Status checkIds(const Engine &engine, std::span<const int32_t> ids,
                const std::string &what);

} // namespace tombolo

#endif // TOOLS_LIB_ENGINE_H
