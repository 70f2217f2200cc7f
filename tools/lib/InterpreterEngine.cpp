#include "tools/lib/InterpreterEngine.h"
#include "dialects/nn/reference/Interpreter.h"
#include "frontends/import/Import.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/MLIRContext.h"
#include <algorithm>

namespace tombolo {

/// Rows whose logits are computed at once.
static constexpr int64_t logitsRows = 64;

struct InterpreterEngine::Impl {
  Checkpoint checkpoint;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<nn::Interpreter> interpreter;

  /// An entry of the module's `nn.model`.
  int64_t fact(llvm::StringRef name) const {
    auto facts = module.get()->getAttrOfType<mlir::DictionaryAttr>("nn.model");
    auto value =
        facts ? facts.getAs<mlir::IntegerAttr>(name) : mlir::IntegerAttr();
    return value ? value.getInt() : 0;
  }
};

InterpreterEngine::InterpreterEngine(std::unique_ptr<Impl> impl)
    : impl(std::move(impl)) {}
InterpreterEngine::~InterpreterEngine() = default;

Result<std::unique_ptr<InterpreterEngine>>
InterpreterEngine::create(const std::string &source,
                          const std::vector<std::string> &archFiles) {
  Result<Checkpoint> checkpoint = openCheckpoint(source);
  if (!checkpoint)
    return checkpoint.takeErrors();
  auto impl = std::make_unique<Impl>();
  impl->checkpoint = std::move(*checkpoint);
  ImportOptions options;
  options.archFiles = archFiles;
  Result<mlir::OwningOpRef<mlir::ModuleOp>> module =
      importModel(impl->context, impl->checkpoint, options);
  if (!module)
    return module.takeErrors();
  impl->module = std::move(*module);
  impl->interpreter = std::make_unique<nn::Interpreter>(
      impl->module.get(), impl->checkpoint.weights);
  return std::unique_ptr<InterpreterEngine>(
      new InterpreterEngine(std::move(impl)));
}

int64_t InterpreterEngine::vocabSize() const {
  return impl->fact("vocab_size");
}
int64_t InterpreterEngine::context() const { return impl->fact("context"); }
int64_t InterpreterEngine::layers() const { return impl->fact("layers"); }

Status InterpreterEngine::restart(int64_t) {
  // The first feed is the whole prompt, whose length the interpreter takes.
  impl->interpreter->restart();
  return success();
}

/// The rows [begin, end) of a tensor.
static nn::Tensor rowsOf(const nn::Tensor &tensor, int64_t begin, int64_t end) {
  int64_t size = tensor.elements() / tensor.shape.front();
  std::vector<int64_t> shape = tensor.shape;
  shape.front() = end - begin;
  return nn::Tensor(std::move(shape),
                    std::vector<float>(tensor.floats.begin() + begin * size,
                                       tensor.floats.begin() + end * size));
}

static std::span<const float> rowOf(const nn::Tensor &tensor, int64_t row) {
  int64_t size = tensor.elements() / tensor.shape.front();
  return {tensor.floats.data() + row * size, size_t(size)};
}

Status InterpreterEngine::feed(const Feed &feed) {
  if (feed.tokens.empty())
    return success();
  Result<nn::HiddenAndTaps> step = impl->interpreter->feed(feed.tokens);
  if (!step)
    return step.takeErrors();
  int64_t count = int64_t(feed.tokens.size());
  if (feed.onHidden)
    for (const auto &[layer, rows] : step->taps)
      for (int64_t row = 0; row < count; ++row)
        feed.onHidden(layer, row, rowOf(rows, row));
  if (!feed.onLogits)
    return success();
  for (int64_t begin = feed.firstLogitsRow; begin < count;
       begin += logitsRows) {
    int64_t end = std::min(begin + logitsRows, count);
    Result<nn::Tensor> logits =
        impl->interpreter->logits(rowsOf(step->hidden, begin, end));
    if (!logits)
      return logits.takeErrors();
    for (int64_t row = begin; row < end; ++row)
      if (Status status = feed.onLogits(row, rowOf(*logits, row - begin));
          !status)
        return status;
  }
  return success();
}

} // namespace tombolo
