//===- tombolo-run.cpp - Runs an artifact ---------------------------------===//
//
// `tombolo run` for artifacts, over the C interface and nothing else.
//
//===----------------------------------------------------------------------===//

#include "runtime/include/tombolo/tombolo.h"
#include "tools/tombolo-run/Arguments.h"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace tombolo::run;

namespace {
struct Failure {};
} // namespace

/// Prints the library's message, one line for each problem.
[[noreturn]] static void fail(const std::string &message) {
  for (size_t begin = 0; begin <= message.size();) {
    size_t end = std::min(message.find('\n', begin), message.size());
    std::cerr << "tombolo-run: error: " << message.substr(begin, end - begin)
              << "\n";
    begin = end + 1;
  }
  throw Failure();
}
static void check(tombolo_status status) {
  if (status != TOMBOLO_OK)
    fail(tombolo_error_message());
}

/// The session that Ctrl-C ends the answer of.
static tombolo_session *running = nullptr;
static void onInterrupt(int) {
  if (running)
    tombolo_session_interrupt(running);
}

namespace {
class Runner {
public:
  explicit Runner(const Arguments &arguments);
  /// One answer.
  void answer();
  /// Turns from the terminal until its end.
  void converse();

private:
  std::vector<int32_t> tokenize(const std::string &text, bool addSpecial);
  std::string chatPrompt();
  std::vector<int32_t> promptTokens();
  tombolo_generation generate(const std::vector<int32_t> &prompt);
  void printJson(const std::vector<int32_t> &prompt,
                 const tombolo_generation &result) const;
  void writeTrace() const;

  const Arguments &arguments;
  double loadSeconds = 0;
  std::unique_ptr<tombolo_model, decltype(&tombolo_model_free)> model;
  std::unique_ptr<tombolo_session, decltype(&tombolo_session_free)> session;
  /// Role and content.
  std::vector<std::pair<std::string, std::string>> messages;
};
} // namespace

Runner::Runner(const Arguments &arguments)
    : arguments(arguments), model(nullptr, tombolo_model_free),
      session(nullptr, tombolo_session_free) {
  auto start = std::chrono::steady_clock::now();
  tombolo_model_options options;
  tombolo_model_options_init(&options);
  options.threads = arguments.threads;
  options.target = arguments.target.c_str();
  options.check_weights =
      arguments.checkWeights == "always"  ? TOMBOLO_CHECK_ALWAYS
      : arguments.checkWeights == "never" ? TOMBOLO_CHECK_NEVER
                                          : TOMBOLO_CHECK_AUTO;
  tombolo_model *opened = nullptr;
  check(tombolo_model_open(arguments.model.c_str(), &options, &opened));
  model.reset(opened);
  tombolo_session_options sessionOptions;
  tombolo_session_options_init(&sessionOptions);
  // A context that the user names is the length that frequencies follow.
  sessionOptions.context = sessionOptions.rope_length = arguments.context;
  tombolo_session *created = nullptr;
  check(tombolo_session_create(opened, &sessionOptions, &created));
  session.reset(created);
  if (!arguments.trace.empty())
    check(tombolo_session_trace(created, 1));
  loadSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  if (arguments.system)
    messages.emplace_back("system", *arguments.system);
}

std::vector<int32_t> Runner::tokenize(const std::string &text,
                                      bool addSpecial) {
  int32_t *tokens = nullptr;
  size_t count = 0;
  check(tombolo_tokenize(model.get(), text.data(), text.size(), addSpecial,
                         &tokens, &count));
  std::vector<int32_t> result(tokens, tokens + count);
  tombolo_free(tokens);
  return result;
}

std::string Runner::chatPrompt() {
  if (!tombolo_model_has_chat_template(model.get()))
    fail(arguments.model + ": the model has no chat template; --raw gives it "
                           "the prompt as it is");
  std::vector<tombolo_message> list;
  for (const auto &[role, content] : messages)
    list.push_back({role.c_str(), content.c_str()});
  char *text = nullptr;
  size_t bytes = 0;
  check(tombolo_chat_prompt(model.get(), list.data(), list.size(), &text,
                            &bytes));
  std::string result(text, bytes);
  tombolo_free(text);
  return result;
}

/// All of a file, or of stdin (null).
static std::string readText(const char *path) {
  std::FILE *file = path ? std::fopen(path, "rb") : stdin;
  std::string text;
  char buffer[1 << 16];
  if (file)
    while (size_t count = std::fread(buffer, 1, sizeof buffer, file)) {
      text.append(buffer, count);
      // A device may never end.
      if (text.size() > size_t(1) << 28)
        fail(std::string(path ? path : "stdin") +
             ": expects at most 268435456 bytes, but there are more");
    }
  bool failed = !file || std::ferror(file);
  std::string why = std::strerror(errno);
  if (file && path)
    std::fclose(file);
  if (failed)
    fail(std::string(path ? path : "stdin") + ": cannot be read: " + why);
  return text;
}

std::vector<int32_t> Runner::promptTokens() {
  if (!arguments.ids.empty())
    return arguments.ids;
  std::string prompt;
  if (arguments.prompt) {
    prompt = *arguments.prompt;
  } else if (arguments.file) {
    prompt = readText(arguments.file->c_str());
  } else {
    prompt = readText(nullptr);
  }
  if (arguments.raw)
    return tokenize(prompt, /*addSpecial=*/true);
  messages.emplace_back("user", prompt);
  // The template writes the special ids.
  return tokenize(chatPrompt(), /*addSpecial=*/false);
}

tombolo_generation Runner::generate(const std::vector<int32_t> &prompt) {
  tombolo_generation_options options;
  tombolo_generation_options_init(model.get(), &options);
  options.max_tokens = arguments.maxTokens;
  options.temperature = arguments.temperature.value_or(options.temperature);
  options.top_k = arguments.topK.value_or(options.top_k);
  options.top_p = arguments.topP.value_or(options.top_p);
  options.min_p = arguments.minP.value_or(options.min_p);
  options.repeat_penalty =
      arguments.repeatPenalty.value_or(options.repeat_penalty);
  options.seed = arguments.seed;
  options.ignore_end = arguments.ignoreEnd;
  std::vector<const char *> stop;
  for (const std::string &text : arguments.stop)
    stop.push_back(text.c_str());
  options.stop = stop.data();
  options.stop_count = stop.size();
  // Without a tokenizer the ids are the answer.
  struct State {
    bool ids, first;
  } state = {!tombolo_model_has_tokenizer(model.get()), true};
  auto print = [](void *user, int32_t token, const char *text, size_t bytes) {
    State &state = *static_cast<State *>(user);
    if (state.ids && token >= 0) {
      std::cout << (state.first ? "" : ",") << token;
      state.first = false;
    }
    std::cout.write(text, bytes).flush();
    return 1;
  };
  tombolo_generation result;
  tombolo_generation_init(&result);
  running = session.get();
  tombolo_status status = tombolo_generate(
      session.get(), prompt.data(), prompt.size(), &options,
      arguments.json ? nullptr : static_cast<tombolo_token_callback>(print),
      &state, &result);
  running = nullptr;
  check(status);
  return result;
}

void Runner::printJson(const std::vector<int32_t> &prompt,
                       const tombolo_generation &result) const {
  auto rate = [](size_t count, double seconds) {
    return seconds > 0 ? count / seconds : 0.0;
  };
  static constexpr const char *reasons[] = {"stop", "length", "context",
                                            "caller"};
  nlohmann::ordered_json json = {
      {"input_ids", prompt},
      {"generated_ids",
       std::vector<int32_t>(result.tokens, result.tokens + result.token_count)},
      {"text", std::string(result.text, result.text_bytes)},
      {"prefilled_tokens", result.prefill_tokens},
      {"prefill_tokens_per_second",
       rate(result.prefill_tokens, result.prefill_seconds)},
      {"decode_tokens_per_second",
       rate(result.decode_tokens, result.decode_seconds)},
      {"finish_reason", reasons[result.reason]},
      {"load_seconds", loadSeconds}};
  std::cout << json.dump(2, ' ', false,
                         nlohmann::ordered_json::error_handler_t::replace)
            << "\n";
}

void Runner::writeTrace() const {
  if (!arguments.trace.empty())
    check(tombolo_session_write_trace(session.get(), arguments.trace.c_str()));
}

void Runner::answer() {
  std::vector<int32_t> prompt = promptTokens();
  tombolo_generation result = generate(prompt);
  if (arguments.json)
    printJson(prompt, result);
  else
    std::cout << std::endl;
  tombolo_generation_clear(&result);
  writeTrace();
}

void Runner::converse() {
  std::string line;
  while (std::cout << "> " << std::flush && std::getline(std::cin, line)) {
    if (line.empty())
      continue;
    messages.emplace_back("user", line);
    tombolo_generation result;
    try {
      result = generate(tokenize(chatPrompt(), /*addSpecial=*/false));
    } catch (const Failure &) {
      // It was said why; the next line may be one that can be answered.
      messages.pop_back();
      continue;
    }
    messages.emplace_back("assistant",
                          std::string(result.text, result.text_bytes));
    bool full = result.reason == TOMBOLO_FINISH_CONTEXT;
    tombolo_generation_clear(&result);
    std::cout << std::endl;
    if (full)
      fail("the conversation fills the context; --context gives it more");
  }
  std::cout << std::endl;
  writeTrace();
}

int main(int argc, char **argv) {
  int status = 0;
  std::optional<Arguments> arguments = parseArguments(argc, argv, status);
  if (!arguments)
    return status;
  // No SA_RESTART: at the prompt, Ctrl-C ends the line that is read.
  struct sigaction action = {};
  action.sa_handler = onInterrupt;
  sigaction(SIGINT, &action, nullptr);
  try {
    Runner runner(*arguments);
    bool hasPrompt =
        arguments->prompt || arguments->file || !arguments->ids.empty();
    if (!hasPrompt && !arguments->json && isatty(STDIN_FILENO))
      runner.converse();
    else
      runner.answer();
  } catch (const Failure &) {
    return 1;
  }
  std::cout.flush();
  if (!std::cout || std::fflush(stdout) != 0) {
    std::cerr << "tombolo-run: error: stdout: could not be written\n";
    return 1;
  }
  return 0;
}
