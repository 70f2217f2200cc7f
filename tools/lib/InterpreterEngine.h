//===- InterpreterEngine.h - The reference behind Engine --------*- C++ -*-===//

#ifndef TOOLS_LIB_INTERPRETERENGINE_H
#define TOOLS_LIB_INTERPRETERENGINE_H

#include "tools/lib/Engine.h"
#include <memory>

namespace tombolo {

/// The nn module of a checkpoint in the reference interpreter.
class InterpreterEngine : public Engine {
public:
  static Result<std::unique_ptr<InterpreterEngine>>
  create(const std::string &source, const std::vector<std::string> &archFiles);
  ~InterpreterEngine() override;

  std::string name() const override { return "interpreter"; }
  int64_t vocabSize() const override;
  int64_t context() const override;
  int64_t layers() const override;
  Status restart(int64_t promptTokens) override;
  Status feed(const Feed &feed) override;

private:
  struct Impl;
  explicit InterpreterEngine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace tombolo

#endif // TOOLS_LIB_INTERPRETERENGINE_H
