//===- Result.h - A value or an error about the user's input ----*- C++ -*-===//
//
// What comes from a user's file is never an assertion and never an exception
// that crosses a library boundary: it is an Error, which says what was
// expected, what came, and where.
//
//===----------------------------------------------------------------------===//

#ifndef SUPPORT_RESULT_H
#define SUPPORT_RESULT_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tombolo {

/// One thing wrong with the user's input. Printed as
/// `tombolo: error: WHERE: MESSAGE` and one `tombolo: note: ...` per note.
struct Error {
  /// The file, with `:LINE:COLUMN` where there is one; may be empty.
  std::string where;
  /// `tensor 'x': expects an offset that is a multiple of 32, but got 4100`:
  /// lower case, names in single quotes, no full stop.
  std::string message;
  std::vector<std::string> notes;

  Error() = default;
  Error(std::string where, std::string message)
      : where(std::move(where)), message(std::move(message)) {}

  Error &&note(std::string text) && {
    notes.push_back(std::move(text));
    return std::move(*this);
  }
  /// `WHERE: MESSAGE` without the notes.
  std::string str() const {
    return where.empty() ? message : where + ": " + message;
  }
};

/// A value of type T, or the errors that stood in its way (at least one).
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : state(std::move(value)) {}
  Result(Error error) : state(std::vector<Error>{std::move(error)}) {}
  Result(std::vector<Error> errors) : state(std::move(errors)) {
    assert(!std::get<1>(state).empty() && "a failure has an error");
  }

  bool ok() const { return state.index() == 0; }
  explicit operator bool() const { return ok(); }

  T &operator*() { return std::get<0>(state); }
  const T &operator*() const { return std::get<0>(state); }
  T *operator->() { return &std::get<0>(state); }
  const T *operator->() const { return &std::get<0>(state); }

  const std::vector<Error> &errors() const { return std::get<1>(state); }
  const Error &error() const { return errors().front(); }
  std::vector<Error> takeErrors() { return std::move(std::get<1>(state)); }

private:
  std::variant<T, std::vector<Error>> state;
};

/// Success without a value.
struct Ok {};
using Status = Result<Ok>;
inline Status success() { return Status(Ok{}); }

} // namespace tombolo

#endif // SUPPORT_RESULT_H
