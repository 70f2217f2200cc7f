//===- ByteReader.h - Numbers and strings of a GGUF file --------*- C++ -*-===//

#ifndef FRONTENDS_GGUF_BYTEREADER_H
#define FRONTENDS_GGUF_BYTEREADER_H

#include "support/MappedFile.h"
#include "support/Text.h"
#include <cstdint>
#include <cstring>
#include <functional>

namespace tombolo::gguf {

/// A string's limit, the format's own.
inline constexpr uint64_t maxStringBytes = uint64_t(1) << 30;

/// Reads one field after the other. After a failure every read gives zero and
/// leaves the first error, so that a caller may check once a few fields.
class ByteReader {
public:
  explicit ByteReader(const MappedFile &file)
      : path(file.path()), text(file.text()) {}

  size_t offset() const { return at; }
  size_t left() const { return text.size() - at; }
  bool ok() const { return !failure; }
  Error takeError() { return std::move(*failure); }

  /// Names what is being read, for messages; called only where one is made.
  template <typename Describe> void reading(Describe describe) {
    subject = std::move(describe);
  }

  template <typename T> T number(const char *field) {
    T value{};
    if (const char *bytes = take(sizeof(T), field))
      std::memcpy(&value, bytes, sizeof(T));
    return value;
  }

  /// A length and as many bytes, which are UTF-8; a view of the file.
  std::string_view string(const char *field) {
    uint64_t length = number<uint64_t>(field);
    if (failure)
      return {};
    if (length > maxStringBytes) {
      fail(std::string(field) + ": expects a string of at most " +
           std::to_string(maxStringBytes) + " bytes, but got " +
           std::to_string(length));
      return {};
    }
    const char *bytes = take(length, field);
    if (!bytes)
      return {};
    std::string_view value(bytes, length);
    if (std::optional<size_t> bad = findInvalidUtf8(value)) {
      fail(std::string(field) + ": expects UTF-8, but got byte " +
           printable(value.substr(*bad, 1)) + " at byte " +
           std::to_string(at - length + *bad));
      return {};
    }
    return value;
  }

  /// Fails about what is being read; keeps the first failure.
  void fail(const std::string &message) {
    if (failure)
      return;
    std::string of = subject ? subject() : "";
    failure = Error(path, of.empty() ? message : of + ": " + message);
  }

private:
  const char *take(uint64_t count, const char *field) {
    if (failure)
      return nullptr;
    if (count > left()) {
      fail(std::string(field) + ": expects " + std::to_string(count) +
           " bytes at byte " + std::to_string(at) +
           ", but the file ends at byte " + std::to_string(text.size()));
      return nullptr;
    }
    const char *bytes = text.data() + at;
    at += count;
    return bytes;
  }

  const std::string &path;
  std::string_view text;
  size_t at = 0;
  std::function<std::string()> subject;
  std::optional<Error> failure;
};

} // namespace tombolo::gguf

#endif // FRONTENDS_GGUF_BYTEREADER_H
