#include "tools/lib/Eval.h"
#include "runtime/core/ModelText.h"
#include "support/MappedFile.h"
#include "tools/lib/CommandLine.h"
#include "tools/lib/RuntimeEngine.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  ModelArguments model;
  std::string textFile, against, score = "all";
  EvalOptions eval;
  bool json = false;
};
} // namespace

/// The tokens of the text by the model's own tokenizer, without any that it
/// would add; its bos goes into the options where it adds one.
static Result<std::vector<int32_t>>
tokenize(const Model &model, const std::string &path, EvalOptions &options) {
  Result<ModelText> text = ModelText::load(model);
  if (!text)
    return text.takeErrors();
  const text::Tokenizer *tokenizer = text->tokenizer();
  if (!tokenizer)
    return Error(model.artifact().path(),
                 "the model has no tokenizer, which '--text' needs");
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  std::span<const std::byte> content = (*file)->bytes();
  if (tokenizer->addsBos())
    options.bos = tokenizer->bosId();
  return tokenizer->encode(
      {reinterpret_cast<const char *>(content.data()), content.size()},
      /*addSpecial=*/false);
}

static int runEval(Arguments &arguments) {
  arguments.eval.secondHalf = arguments.score == "second-half";
  Result<std::shared_ptr<const Model>> model =
      openModel(arguments.model, /*exact=*/false);
  if (!model)
    return refuse(model.errors());
  Result<std::vector<int32_t>> tokens =
      tokenize(**model, arguments.textFile, arguments.eval);
  if (!tokens)
    return refuse(tokens.errors());

  Result<std::unique_ptr<RuntimeEngine>> engine =
      RuntimeEngine::create(*model, arguments.eval.context);
  if (!engine)
    return refuse(engine.errors());
  std::unique_ptr<RuntimeEngine> against;
  if (!arguments.against.empty()) {
    // Compile options apply to MODEL only.
    ModelArguments other;
    other.model = arguments.against;
    other.threads = arguments.model.threads;
    other.checkWeights = arguments.model.checkWeights;
    other.compile.archFiles = arguments.model.compile.archFiles;
    Result<std::shared_ptr<const Model>> otherModel =
        openModel(other, /*exact=*/true);
    if (!otherModel)
      return refuse(otherModel.errors());
    Result<std::unique_ptr<RuntimeEngine>> made =
        RuntimeEngine::create(*otherModel, arguments.eval.context);
    if (!made)
      return refuse(made.errors());
    against = std::move(*made);
  }

  Progress progress;
  Result<EvalReport> report = evaluate(
      **engine, against.get(), *tokens, arguments.eval,
      [&](int64_t done, int64_t total) {
        progress.update("score", uint64_t(done), uint64_t(total), "windows");
      });
  progress.clear();
  if (!report)
    return refuse(report.errors());
  if (arguments.json)
    printJson(toJson(*report));
  else
    fmt::print("{}", toText(*report));
  return Done;
}

Verb addEval(CLI::App &app) {
  CLI::App *verb =
      app.add_subcommand("eval", "perplexity of a text, and how far a model is "
                                 "from another");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add(*verb, /*withContext=*/false);
  verb->add_option("--text", arguments->textFile, "the text to score")
      ->type_name("FILE")
      ->required();
  verb->add_option("--context", arguments->eval.context, "tokens of a window")
      ->check(wholeNumber(1));
  verb->add_option("--windows", arguments->eval.windows,
                   "windows to score; default: all that are full")
      ->check(wholeNumber(0));
  verb->add_option("--score", arguments->score,
                   "all positions but the first, or second-half");
  verb->add_option("--against", arguments->against,
                   "a model whose distributions the KL divergence is from; a "
                   "checkpoint is compiled exact")
      ->type_name("MODEL2");
  verb->add_flag("--json", arguments->json, "one JSON object");
  return {verb, [arguments] { return runEval(*arguments); },
          [arguments] {
            Status status = arguments->model.check();
            return status ? checkName("--score", arguments->score,
                                      {"all", "second-half"})
                          : std::move(status);
          }};
}

} // namespace tombolo
