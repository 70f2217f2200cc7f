#include "runtime/core/Program.h"
#include "codegen/artifact/Artifact_generated.h"
#include "runtime/core/Model.h"
#include <algorithm>

using namespace tombolo;

static void *bufferOf(const artifact::Arg &arg, const Model &model,
                      const Bindings &bindings, size_t thread) {
  switch (arg.kind()) {
  case artifact::ArgKind_Thread:
    return bindings.threads[thread] + arg.offset();
  case artifact::ArgKind_Arena:
    return bindings.arena + arg.offset();
  case artifact::ArgKind_Weight:
    // Kernels take one kind of pointer; the mapping itself can't be written.
    return const_cast<std::byte *>(
               model.artifact().tensor(arg.index()).data()) +
           arg.offset();
  case artifact::ArgKind_Tokens:
    return bindings.tokens;
  case artifact::ArgKind_Positions:
    return bindings.positions;
  case artifact::ArgKind_RopeTable:
    return bindings.ropeTables[arg.index()];
  case artifact::ArgKind_StatePool:
    return bindings.pools[arg.index()] + arg.offset();
  case artifact::ArgKind_PageTable:
    return bindings.pageTables[arg.index()];
  case artifact::ArgKind_FixedState:
    return bindings.fixedState + arg.offset();
  }
  return nullptr;
}

BoundProgram::BoundProgram(const Model &model, const artifact::Program &program,
                           const char *name, const Bindings &bindings)
    : program(&program), name(name), arena(bindings.arena) {
  buffers.resize(std::max<size_t>(bindings.threads.size(), 1));
  uint32_t args = 0;
  for (const artifact::Dispatch *dispatch : *program.dispatches()) {
    dispatches.push_back({model.kernel(dispatch->kernel()), args,
                          uint32_t(sizeExpressions.size()),
                          dispatch->each_thread()});
    if (dispatch->args()) {
      args += dispatch->args()->size();
      for (size_t thread = 0; thread != buffers.size(); ++thread)
        for (const artifact::Arg *arg : *dispatch->args())
          buffers[thread].push_back(bufferOf(*arg, model, bindings, thread));
    }
    if (dispatch->sizes())
      for (const artifact::Size *size : *dispatch->sizes())
        sizeExpressions.push_back(size);
    if (dispatch->barrier())
      phaseEnds.push_back(dispatches.size());
  }
  if (phaseEnds.empty() || phaseEnds.back() != int(dispatches.size()))
    phaseEnds.push_back(dispatches.size());
  sizes.resize(sizeExpressions.size());
  grids.resize(dispatches.size());
}

int64_t BoundProgram::maxTokens() const { return program->max_tokens(); }

void BoundProgram::runRange(int begin, int end, int thread, int threads,
                            std::byte *scratch) const {
  // Kernels do not write the list.
  auto **own =
      const_cast<void **>(buffers[buffers.size() == 1 ? 0 : thread].data());
  for (int i = begin; i != end; ++i) {
    const Dispatch &dispatch = dispatches[i];
    int64_t first = dispatch.eachThread ? 0 : grids[i] * thread / threads;
    int64_t last =
        dispatch.eachThread ? grids[i] : grids[i] * (thread + 1) / threads;
    if (first != last)
      dispatch.kernel(own + dispatch.firstBuffer,
                      sizes.data() + dispatch.firstSize, first, last, scratch);
  }
}

double TimeSpent::inKernels() const {
  double seconds = 0;
  for (const OfThread &thread : threads)
    seconds += thread.inKernels;
  return seconds;
}

void BoundProgram::runTaps(int dispatch, const Observer &observer) const {
  if (!observer.tap || !program->taps())
    return;
  for (const artifact::Tap *tap : *program->taps())
    if (tap->dispatch() == dispatch)
      observer.tap({tap->hidden(),
                    reinterpret_cast<const float *>(arena + tap->offset()),
                    tap->row_stride()});
}

void BoundProgram::run(Executor &executor, const StepSizes &step,
                       std::span<std::byte *const> scratch,
                       const Observer &observer) {
  for (size_t i = 0; i != sizes.size(); ++i)
    sizes[i] = evaluate(*sizeExpressions[i], step);
  for (size_t i = 0; i != grids.size(); ++i)
    grids[i] = evaluate(*program->dispatches()->Get(i)->grid(), step);
  int threads = executor.threads();
  if (!observer.stopsAtDispatches()) {
    auto phaseOf = [&](int phase, int thread) {
      runRange(phase == 0 ? 0 : phaseEnds[phase - 1], phaseEnds[phase], thread,
               threads, scratch[thread]);
    };
    if (!observer.spent) {
      executor.run(phaseEnds.size(), phaseOf);
      return;
    }
    TimeSpent &spent = *observer.spent;
    spent.threads.resize(threads);
    double begin = observer.clock();
    executor.run(phaseEnds.size(), [&](int phase, int thread) {
      double entered = observer.clock();
      phaseOf(phase, thread);
      spent.threads[thread].inKernels += observer.clock() - entered;
    });
    spent.inPrograms += observer.clock() - begin;
    return;
  }
  runTaps(-1, observer);
  for (int i = 0; i != int(dispatches.size()); ++i) {
    double begin = observer.times ? observer.clock() : 0;
    executor.run(1, [&](int, int thread) {
      runRange(i, i + 1, thread, threads, scratch[thread]);
    });
    if (observer.times) {
      const flatbuffers::String *op = program->dispatches()->Get(i)->op();
      observer.times->push_back({name, i, op ? op->c_str() : "", step.tokens,
                                 begin, observer.clock(), step.firstPosition});
    }
    runTaps(i, observer);
  }
}
