//===- Regex.cpp ----------------------------------------------------------===//

#include "runtime/text/Regex.h"
#include "runtime/text/Unicode.h"
#include <algorithm>
#include <chrono>
#include <ctime>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace tombolo::text {

static constexpr size_t kMaxPatternBytes = 1 << 16;
static constexpr uint32_t kHeapLimitKiB = 512 * 1024;
/// One call looks for matches that begin in a window of this many bytes:
/// PCRE2's limits hold for each beginning, and only between calls is the time
/// looked at.
static constexpr size_t kWindowBytes = 256;

struct RegexScratch::State {
  std::chrono::nanoseconds deadline;
  pcre2_match_data *data = nullptr;
  pcre2_match_context *context = nullptr;
  pcre2_jit_stack *stack = nullptr;
  unsigned calls = 0;
};

/// Of this thread only: a busy machine is no reason to give up.
static std::chrono::nanoseconds processorTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

RegexScratch::RegexScratch(size_t bytes) : state(std::make_unique<State>()) {
  state->deadline = processorTime() + std::chrono::seconds(2) +
                    std::chrono::microseconds(10 * bytes);
  state->data = pcre2_match_data_create(1, nullptr);
  state->context = pcre2_match_context_create(nullptr);
  if (!state->context)
    return;
  pcre2_set_heap_limit(state->context, kHeapLimitKiB);
  // A null stack leaves PCRE2 with its own 32 KiB.
  state->stack = pcre2_jit_stack_create(32 * 1024, 1024 * 1024, nullptr);
  if (state->stack)
    pcre2_jit_stack_assign(state->context, nullptr, state->stack);
}

RegexScratch::~RegexScratch() {
  pcre2_match_data_free(state->data);
  pcre2_match_context_free(state->context);
  pcre2_jit_stack_free(state->stack);
}

struct Regex::Code {
  pcre2_code *code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

Regex::Regex(std::unique_ptr<Code> code) : code(std::move(code)) {}
Regex::Regex(Regex &&) noexcept = default;
Regex &Regex::operator=(Regex &&) noexcept = default;
Regex::~Regex() = default;

static std::string message(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char *>(text);
}

Result<Regex> Regex::compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes)
    return Error("", "expects a pattern of at most " +
                         std::to_string(kMaxPatternBytes) + " bytes, but got " +
                         std::to_string(pattern.size()));
  auto compiled = std::make_unique<Code>();
  pcre2_compile_context *context = pcre2_compile_context_create(nullptr);
  if (!context)
    return Error("", "out of memory for a pattern");
  // The file's author is not the machine's: no dependence on PCRE2's build.
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
  int code = 0;
  PCRE2_SIZE offset = 0;
  compiled->code = pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
      &code, &offset, context);
  pcre2_compile_context_free(context);
  if (!compiled->code)
    return Error("", "pattern '" + std::string(pattern) + "': " +
                         message(code) + " at byte " + std::to_string(offset));
  // Without machine code the interpreter runs it: slower, same matches.
  pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);
  return Regex(std::move(compiled));
}

Status Regex::findAll(std::string_view text, RegexScratch &scratch,
                      std::vector<Range> &matches) const {
  RegexScratch::State &state = *scratch.state;
  if (!state.data || !state.context)
    return Error("", "out of memory for matching a pattern");
  // A run of n characters takes up to about 2 n steps of an honest pattern.
  pcre2_set_match_limit(state.context,
                        static_cast<uint32_t>(std::min<size_t>(
                            100'000 + 8 * text.size(), UINT32_MAX)));
  auto subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t start = 0;
  size_t lastEnd = SIZE_MAX;
  while (start <= text.size()) {
    size_t limit = std::min(start + kWindowBytes, text.size());
    while (limit < text.size() &&
           (static_cast<uint8_t>(text[limit]) & 0xc0) == 0x80)
      ++limit;
    if (++state.calls % 16 == 0 && processorTime() > state.deadline)
      return Error("", "matching a pattern of the tokenizer takes too long");
    pcre2_set_offset_limit(state.context, limit);
    int code = pcre2_match(this->code->code, subject, text.size(), start,
                           PCRE2_NO_UTF_CHECK, state.data, state.context);
    if (code == PCRE2_ERROR_JIT_STACKLIMIT)
      code = pcre2_match(this->code->code, subject, text.size(), start,
                         PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, state.data,
                         state.context);
    if (code == PCRE2_ERROR_NOMATCH) {
      if (limit == text.size())
        break;
      start = limit + utf8Length(text[limit]);
      continue;
    }
    if (code < 0)
      return Error("", "matching a pattern of the tokenizer: " + message(code));
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(state.data);
    size_t begin = bounds[0], end = bounds[1];
    // `\K` can put the beginning of a match anywhere.
    if (begin < start || end < begin)
      return Error("", "a pattern of the tokenizer matches backwards");
    if (begin == end && end == lastEnd) {
      if (end == text.size())
        break;
      start = end + utf8Length(text[end]);
      continue;
    }
    matches.push_back(
        {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
    lastEnd = start = end;
  }
  return success();
}

} // namespace tombolo::text
