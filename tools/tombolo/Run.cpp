#include "runtime/core/Trace.h"
#include "tools/lib/Chat.h"
#include "tools/lib/CommandLine.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace tombolo {

namespace {
struct Arguments {
  ModelArguments model;
  std::optional<std::string> prompt;
  std::string file, system, trace;
  std::optional<std::string> ids;
  std::vector<std::string> stop;
  std::optional<float> temperature, topP, minP, repeatPenalty;
  std::optional<int32_t> topK;
  uint64_t seed = 0;
  int64_t maxTokens = -1;
  bool raw = false, ignoreEos = false, conversation = false, json = false;
};
} // namespace

static std::atomic<bool> interrupted{false};

namespace {
/// While it lives, Ctrl-C sets `interrupted` and nothing more.
class CatchInterrupt {
public:
  CatchInterrupt() {
    interrupted = false;
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = true; };
    sigaction(SIGINT, &action, &before);
  }
  ~CatchInterrupt() { sigaction(SIGINT, &before, nullptr); }
  CatchInterrupt(const CatchInterrupt &) = delete;
  CatchInterrupt &operator=(const CatchInterrupt &) = delete;

private:
  struct sigaction before;
};
} // namespace

static void applyOptions(const Arguments &arguments,
                         GenerationOptions &options) {
  SamplingOptions &sampling = options.sampling;
  sampling.temperature = arguments.temperature.value_or(sampling.temperature);
  sampling.topP = arguments.topP.value_or(sampling.topP);
  sampling.topK = arguments.topK.value_or(sampling.topK);
  sampling.minP = arguments.minP.value_or(sampling.minP);
  sampling.repeatPenalty =
      arguments.repeatPenalty.value_or(sampling.repeatPenalty);
  sampling.seed = arguments.seed;
  options.maxTokens = arguments.maxTokens;
  options.stop = arguments.stop;
  if (arguments.ignoreEos)
    options.endTokens.clear();
}

/// Text to stdout as it comes, but for JSON.
static TokenCallback printer(const Arguments &arguments) {
  bool json = arguments.json;
  return [json](int32_t, std::string_view text) {
    if (!json && !text.empty()) {
      std::cout << text << std::flush;
    }
    return !interrupted;
  };
}

static Result<Turn> answerOnce(const Arguments &arguments, Chat &chat) {
  if (arguments.ids) {
    Result<std::vector<int32_t>> ids = parseIds(*arguments.ids);
    if (!ids)
      return ids.takeErrors();
    return chat.complete(std::move(*ids), printer(arguments));
  }
  // Without a prompt: stdin.
  Result<std::string> text = arguments.prompt
                                 ? Result<std::string>(*arguments.prompt)
                                 : readText(arguments.file);
  if (!text)
    return text.takeErrors();
  if (!arguments.raw)
    return chat.say(*text, printer(arguments));
  Result<std::vector<int32_t>> ids = chat.encodeRaw(*text);
  if (!ids)
    return ids.takeErrors();
  return chat.complete(std::move(*ids), printer(arguments));
}

/// Lines from stdin are turns, until it ends.
static int converse(const Arguments &arguments, Chat &chat,
                    nlohmann::ordered_json &json) {
  bool terminal = isatty(STDIN_FILENO) && !arguments.json;
  chat.session().setInterrupt(&interrupted);
  json["turns"] = nlohmann::ordered_json::array();
  for (std::string line;;) {
    if (terminal)
      std::cout << "> " << std::flush;
    if (!std::getline(std::cin, line))
      break;
    if (line.empty())
      continue;
    CatchInterrupt guard;
    Result<Turn> turn = chat.say(line, printer(arguments));
    if (!turn) {
      // An answer that was ended before its first token.
      if (interrupted && turn.error().message == Session::kInterrupted) {
        std::cout << "\n";
        continue;
      }
      if (!terminal)
        return refuse(turn.errors());
      // The next line may be one that can be answered.
      printErrors(turn.errors());
      continue;
    }
    if (arguments.json)
      json["turns"].push_back(toJson(*turn));
    else
      std::cout << "\n" << std::flush;
    if (turn->generation.reason == FinishReason::Context) {
      printError("the context is full: a larger '--context' holds more");
      return Refused;
    }
  }
  if (terminal)
    std::cout << "\n";
  return Done;
}

static int runRun(const Arguments &arguments) {
  auto start = std::chrono::steady_clock::now();
  Result<std::shared_ptr<const Model>> model =
      openModel(arguments.model, /*exact=*/false);
  if (!model)
    return refuse(model.errors());
  SessionOptions options;
  options.context = arguments.model.context;
  // A context that is asked for decides frequencies that depend on length.
  options.ropeLength = arguments.model.context;
  Result<std::unique_ptr<Chat>> opened = Chat::open(*model, options);
  if (!opened)
    return refuse(opened.errors());
  Chat &chat = **opened;
  applyOptions(arguments, chat.options());
  if (Status status = chat.options().sampling.check(); !status)
    return refuse(status.errors());
  if (!arguments.system.empty())
    chat.setSystem(arguments.system);
  std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;

  std::vector<DispatchTime> times;
  if (!arguments.trace.empty())
    chat.session().setTrace(&times);
  bool given = arguments.prompt || !arguments.file.empty() || arguments.ids;
  nlohmann::ordered_json json;
  int status = Done;
  if (arguments.conversation || (!given && isatty(STDIN_FILENO))) {
    status = converse(arguments, chat, json);
  } else {
    Result<Turn> turn = answerOnce(arguments, chat);
    if (!turn)
      return refuse(turn.errors());
    json = toJson(*turn);
    if (!arguments.json && !chat.text().tokenizer())
      std::cout << fmt::format("{}", fmt::join(turn->generation.tokens, ","));
    if (!arguments.json)
      std::cout << "\n";
  }
  json["load_seconds"] = load.count();
  if (arguments.json)
    printJson(json);
  if (!arguments.trace.empty()) {
    chat.session().setTrace(nullptr);
    if (Status written = writeChromeTrace(arguments.trace, times); !written)
      return refuse(written.errors());
  }
  return status;
}

static void addSampling(CLI::App &verb, Arguments &arguments) {
  auto option = [&](const char *name, auto &value, const char *help) {
    return verb.add_option(name, value, help)->group("Sampling");
  };
  option("--temperature", arguments.temperature,
         "0: the likeliest token; default: the checkpoint's, else 0");
  option("--top-p", arguments.topP, "the likeliest tokens that reach P");
  option("--top-k", arguments.topK, "the K likeliest tokens");
  option("--min-p", arguments.minP,
         "tokens at least P times as probable as the likeliest");
  option("--repeat-penalty", arguments.repeatPenalty,
         "divides logits of tokens that are there already");
  option("--seed", arguments.seed, "of the random numbers; default: 0");
}

Verb addRun(CLI::App &app) {
  CLI::App *verb = app.add_subcommand(
      "run", "an answer to a prompt, or a conversation without one");
  auto shared = std::make_shared<Arguments>();
  Arguments &arguments = *shared;
  arguments.model.add(*verb, /*withContext=*/true);
  CLI::Option *prompt =
      verb->add_option("-p,--prompt", arguments.prompt, "the prompt");
  CLI::Option *file =
      verb->add_option("-f,--file", arguments.file, "a file with the prompt")
          ->type_name("FILE");
  CLI::Option *ids =
      verb->add_option("--ids", arguments.ids, "the prompt as token ids: 1,2,3")
          ->type_name("IDS");
  prompt->excludes(file)->excludes(ids);
  file->excludes(ids);
  verb->add_option("-n", arguments.maxTokens,
                   "tokens to generate at most; default: to the end token or "
                   "the context's end")
      ->check(wholeNumber(1));
  CLI::Option *raw =
      verb->add_flag("--raw", arguments.raw,
                     "continue the prompt as it is, without the chat template");
  verb->add_option("--system", arguments.system, "the system's message")
      ->excludes(raw)
      ->excludes(ids);
  verb->add_option("--stop", arguments.stop, "a text that ends the answer")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  verb->add_flag("--ignore-eos", arguments.ignoreEos,
                 "go on behind end tokens");
  verb->add_flag("--conversation", arguments.conversation,
                 "lines of stdin are turns, also where it is no terminal")
      ->excludes(prompt)
      ->excludes(file)
      ->excludes(ids)
      ->excludes(raw);
  verb->add_option("--trace", arguments.trace,
                   "write what each operation took, for trace viewers")
      ->type_name("FILE");
  verb->add_flag("--json", arguments.json, "one JSON object");
  addSampling(*verb, arguments);
  return {verb, [shared] { return runRun(*shared); },
          [shared] { return shared->model.check(); }};
}

} // namespace tombolo
