//===- Handles.h - What the C interface's handles hold ----------*- C++ -*-===//

#ifndef RUNTIME_CAPI_HANDLES_H
#define RUNTIME_CAPI_HANDLES_H

#include "runtime/core/ModelText.h"
#include "runtime/core/Session.h"
#include "runtime/include/tombolo/tombolo.h"
#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>

namespace tombolo::capi {

/// A model and its text side: what sessions keep alive.
struct SharedModel {
  std::shared_ptr<const Model> model;
  ModelText text;
  /// NUL-terminated for callers.
  std::string family, level;
};

void setError(const std::vector<Error> &errors);
void setError(const std::string &message);

/// Runs the body of a function of the interface: its failure, or any exception
/// (memory, mostly), becomes the thread's error message.
template <typename Body> tombolo_status guarded(Body &&body) {
  try {
    Status status = body();
    if (status)
      return TOMBOLO_OK;
    setError(status.errors());
  } catch (const std::bad_alloc &) {
    setError("out of memory");
  } catch (const std::exception &exception) {
    setError(exception.what());
  } catch (...) {
    setError("an unknown exception");
  }
  return TOMBOLO_ERROR;
}

/// Writes as much of `defaults` as the caller's header has of the struct, whose
/// `bytes` bytes are at `given`; what only the caller's header has becomes 0.
template <typename Struct>
void initialize(Struct *given, size_t bytes, Struct defaults) {
  if (!given || bytes < sizeof(size_t))
    return;
  defaults.struct_size = bytes;
  std::memset(static_cast<void *>(given), 0, bytes);
  std::memcpy(static_cast<void *>(given), &defaults,
              std::min(bytes, sizeof(Struct)));
}

/// Takes over the fields that the caller's header has into `options`, which
/// holds defaults.
template <typename Options>
Status takeOptions(const Options *given, Options &options) {
  if (!given)
    return success();
  if (given->struct_size < sizeof(size_t))
    return Error("", "expects options filled by their init function, but "
                     "'struct_size' is " +
                         std::to_string(given->struct_size));
  auto *bytes = reinterpret_cast<const unsigned char *>(given);
  for (size_t i = sizeof(Options); i < given->struct_size; ++i)
    if (bytes[i] != 0)
      return Error("", "expects options of at most " +
                           std::to_string(sizeof(Options)) +
                           " bytes, but byte " + std::to_string(i) +
                           " is set: this library is older than the program's "
                           "header");
  std::memcpy(&options, given, std::min(given->struct_size, sizeof(Options)));
  options.struct_size = sizeof(Options);
  return success();
}

/// Gives `text` to a caller, who frees it with tombolo_free.
char *copyText(std::string_view text);
int32_t *copyTokens(std::span<const int32_t> tokens);

inline Error nullArgument(const char *name) {
  return Error("", "expects '" + std::string(name) + "', but got NULL");
}

} // namespace tombolo::capi

struct tombolo_model {
  std::shared_ptr<const tombolo::capi::SharedModel> shared;
};

struct tombolo_session {
  std::shared_ptr<const tombolo::capi::SharedModel> shared;
  std::unique_ptr<tombolo::Session> session;
  std::atomic<bool> interrupted = false;
  std::vector<tombolo::DispatchTime> times;
};

#endif // RUNTIME_CAPI_HANDLES_H
