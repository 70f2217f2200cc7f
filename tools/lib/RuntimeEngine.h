//===- RuntimeEngine.h - Compiled code behind Engine ------------*- C++ -*-===//

#ifndef TOOLS_LIB_RUNTIMEENGINE_H
#define TOOLS_LIB_RUNTIMEENGINE_H

#include "runtime/core/Session.h"
#include "tools/lib/Engine.h"

namespace tombolo {

class RuntimeEngine : public Engine {
public:
  /// `context` 0: the model's or 4096, the smaller.
  static Result<std::unique_ptr<RuntimeEngine>>
  create(std::shared_ptr<const Model> model, int64_t context = 0);

  std::string name() const override;
  int64_t vocabSize() const override { return model->vocabSize(); }
  int64_t context() const override { return session->context(); }
  int64_t layers() const override;
  Status restart(int64_t promptTokens) override;
  Status feed(const Feed &feed) override;
  Status skip(int64_t count) override { return session->skip(count); }
  ModelCosts costs() const override;
  Status traceOps(bool on) override;
  std::vector<OpTime> takeOpTimes() override;
  EngineTimes takeTimes() override;

private:
  RuntimeEngine(std::shared_ptr<const Model> model, int64_t wantedContext)
      : model(std::move(model)), wantedContext(wantedContext) {}
  Status feedChunk(const Feed &feed, int64_t begin, int64_t count);

  std::shared_ptr<const Model> model;
  int64_t wantedContext, ropeLength = 0;
  std::unique_ptr<Session> session;
  bool tracing = false;
  std::vector<DispatchTime> times;
  TimeSpent spent;
};

} // namespace tombolo

#endif // TOOLS_LIB_RUNTIMEENGINE_H
