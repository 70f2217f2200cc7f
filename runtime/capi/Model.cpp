#include "codegen/artifact/Artifact_generated.h"
#include "runtime/capi/Handles.h"

using namespace tombolo;
using namespace tombolo::capi;

void tombolo_model_options_init_sized(tombolo_model_options *options,
                                      size_t bytes) {
  initialize(options, bytes, {});
}

/// The caller's scheduler as an executor.
static Result<std::shared_ptr<Executor>>
foreignExecutor(const tombolo_model_options &options) {
  if (options.threads < 1 || options.threads > kMaxThreads)
    return Error("", "expects 1 to " + std::to_string(kMaxThreads) +
                         " threads for the caller's executor, but got " +
                         std::to_string(options.threads));
  return createForeignExecutor(
      options.threads, [call = options.executor, user = options.executor_user](
                           int threads, const std::function<void(int)> &task) {
        auto run = [](void *data, int thread) {
          (*static_cast<const std::function<void(int)> *>(data))(thread);
        };
        call(user, threads, run, const_cast<std::function<void(int)> *>(&task));
      });
}

static Result<ModelOptions> modelOptions(const tombolo_model_options *given) {
  tombolo_model_options options;
  tombolo_model_options_init(&options);
  if (Status status = takeOptions(given, options); !status)
    return status.takeErrors();
  ModelOptions result;
  switch (int(options.check_weights)) {
  case TOMBOLO_CHECK_AUTO:
    result.artifact.checkWeights = CheckWeights::Auto;
    break;
  case TOMBOLO_CHECK_ALWAYS:
    result.artifact.checkWeights = CheckWeights::Always;
    break;
  case TOMBOLO_CHECK_NEVER:
    result.artifact.checkWeights = CheckWeights::Never;
    break;
  default:
    return Error("", "expects 'check_weights' between 0 and 2, but got " +
                         std::to_string(int(options.check_weights)));
  }
  result.threads = options.threads;
  if (options.target)
    result.target = options.target;
  if (options.executor) {
    Result<std::shared_ptr<Executor>> executor = foreignExecutor(options);
    if (!executor)
      return executor.takeErrors();
    result.executor = std::move(*executor);
  }
  return result;
}

tombolo_status tombolo_model_open(const char *path,
                                  const tombolo_model_options *options,
                                  tombolo_model **model) {
  return guarded([&]() -> Status {
    if (!path || !model)
      return nullArgument(path ? "model" : "path");
    *model = nullptr;
    Result<ModelOptions> wanted = modelOptions(options);
    if (!wanted)
      return wanted.takeErrors();
    Result<std::shared_ptr<const Model>> opened = Model::open(path, *wanted);
    if (!opened)
      return opened.takeErrors();
    Result<ModelText> text = ModelText::load(**opened);
    if (!text)
      return text.takeErrors();
    auto shared = std::make_shared<SharedModel>();
    shared->model = std::move(*opened);
    shared->text = std::move(*text);
    if (const auto *family = shared->model->index().model()->family())
      shared->family = family->str();
    shared->level = shared->model->executable().level()->str();
    *model = new tombolo_model{std::move(shared)};
    return success();
  });
}

void tombolo_model_free(tombolo_model *model) { delete model; }

int64_t tombolo_model_vocab_size(const tombolo_model *model) {
  return model->shared->model->vocabSize();
}
int64_t tombolo_model_hidden_size(const tombolo_model *model) {
  return model->shared->model->hiddenSize();
}
int64_t tombolo_model_layers(const tombolo_model *model) {
  return model->shared->model->index().model()->layers();
}
int64_t tombolo_model_context(const tombolo_model *model) {
  return model->shared->model->maxContext();
}
int64_t tombolo_model_weight_bytes(const tombolo_model *model) {
  return model->shared->model->weightBytes();
}
const char *tombolo_model_family(const tombolo_model *model) {
  return model->shared->family.c_str();
}
const char *tombolo_model_level(const tombolo_model *model) {
  return model->shared->level.c_str();
}
int tombolo_model_threads(const tombolo_model *model) {
  return model->shared->model->executor().threads();
}
int tombolo_model_has_tokenizer(const tombolo_model *model) {
  return model->shared->text.tokenizer() != nullptr;
}
int tombolo_model_has_chat_template(const tombolo_model *model) {
  return !model->shared->text.chatTemplate().empty();
}
