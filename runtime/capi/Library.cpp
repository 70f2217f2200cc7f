#include "codegen/artifact/Format.h"
#include "runtime/capi/Handles.h"
#include <cstdlib>
#include <new>

using namespace tombolo;

static thread_local std::string lastError;

void capi::setError(const std::vector<Error> &errors) {
  lastError.clear();
  for (const Error &error : errors) {
    lastError += (lastError.empty() ? "" : "\n") + error.str();
    for (const std::string &note : error.notes)
      lastError += "\n" + note;
  }
}

void capi::setError(const std::string &message) { lastError = message; }

static void *allocate(size_t bytes) {
  void *memory = std::malloc(std::max<size_t>(bytes, 1));
  if (!memory)
    throw std::bad_alloc();
  return memory;
}

char *capi::copyText(std::string_view text) {
  auto *copy = static_cast<char *>(allocate(text.size() + 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

int32_t *capi::copyTokens(std::span<const int32_t> tokens) {
  auto *copy = static_cast<int32_t *>(allocate(tokens.size_bytes()));
  std::copy(tokens.begin(), tokens.end(), copy);
  return copy;
}

const char *tombolo_version(void) { return TOMBOLO_VERSION; }

uint32_t tombolo_format_version(void) { return artifact::kSchemaVersion; }

const char *tombolo_error_message(void) { return lastError.c_str(); }

void tombolo_free(void *memory) { std::free(memory); }

tombolo_status tombolo_verify_integrity(const char *path) {
  return capi::guarded([&]() -> Status {
    if (!path)
      return capi::nullArgument("path");
    return verifyIntegrity(path);
  });
}
