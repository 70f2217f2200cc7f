//===- Compiler.cpp - From a checkpoint to an artifact --------------------===//

#include "compiler/Compiler.h"
#include "codegen/artifact/ArtifactWriter.h"
#include "codegen/artifact/Format.h"
#include "compiler/CachedKernels.h"
#include "compiler/Diagnostics.h"
#include "compiler/IndexBuilder.h"
#include "compiler/Instrumentation.h"
#include "compiler/ModuleFile.h"
#include "compiler/Pipelines.h"
#include "compiler/TextBuilder.h"
#include "frontends/import/Import.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "support/ContentKey.h"
#include "support/Spelling.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <tuple>

using namespace mlir;
using namespace tombolo;

namespace {

/// One run of the compiler.
class Compilation {
public:
  Compilation(const std::string &source, const CompileOptions &options,
              const std::string &output, const ProgressCallback &progress)
      : source(source), options(options), output(output), progress(progress) {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
    // Dumps and timings are of one pass at a time.
    if (!options.dumpAfter.empty() || options.timing)
      context.disableMultithreading();
  }

  Status run();
  Status importOnly();
  Status open();
  Status checkNames();

private:
  Status check();
  Status checkOutput();
  Status import(const OpenOptions &open = {});
  Status importFrom(const std::string &modulePath);
  template <typename Build>
  Status phase(StringRef name, ModuleOp module, Build build);
  Status lower(ModuleOp module, const Target &level);
  Result<std::vector<TargetCode>> generateCode();
  Status writeHere();
  Status writeArtifact();
  void report(const std::string &what, uint64_t done = 0, uint64_t total = 0) {
    if (progress)
      progress(what, done, total);
  }

  const std::string source;
  CompileOptions options;
  const std::string output;
  const ProgressCallback &progress;
  MLIRContext context;
  std::optional<Checkpoint> checkpoint;
  /// Levels of one target, which share everything up to the plan.
  std::vector<std::unique_ptr<Target>> levels;
  OwningOpRef<ModuleOp> module;
  /// Number of the phase that `module` came through.
  size_t done = 0;
  /// Bytecode of the nn module before fusion; empty where compiling began
  /// behind it.
  std::string unfused;
  std::shared_ptr<int> dumps = std::make_shared<int>(0);
};

} // namespace

static Error notYet(const std::string &what, const std::string &use) {
  return Error("", what + " is not in this version; use " + use);
}

Status Compilation::check() {
  if (options.compute != "f32")
    return notYet("'--compute " + options.compute + "'", "f32");
  if (options.weights != "embed")
    return notYet("'--weights " + options.weights + "'", "embed");
  if (!options.quantize.empty())
    return notYet("'--quantize " + options.quantize + "'",
                  "the checkpoint as it is");
  if (options.chunk < 2 || options.chunk > 4096)
    return Error("", "expects a chunk of 2 to 4096 tokens, but got " +
                         std::to_string(options.chunk));
  if (!options.dumpAfter.empty() &&
      !llvm::sys::fs::is_directory(options.dumpDir))
    return Error(options.dumpDir, "expects a folder to dump into");
  return tombolo::success();
}

Status Compilation::open() {
  Result<std::vector<std::unique_ptr<Target>>> made = levelsOf(options);
  if (!made)
    return made.takeErrors();
  levels = std::move(*made);
  return tombolo::success();
}

/// `names` that are not among `known`, each with the nearest.
static Status checkNames(const char *option, ArrayRef<std::string> names,
                         const std::vector<std::string> &known) {
  std::vector<Error> errors;
  for (const std::string &name : names) {
    if (llvm::is_contained(known, name))
      continue;
    Error error("", std::string("'") + option + " " + name +
                        "': expects one of " + llvm::join(known, ", "));
    if (std::optional<std::string> close = nearest(name, known))
      error.notes.push_back("did you mean '" + *close + "'?");
    errors.push_back(std::move(error));
  }
  if (errors.empty())
    return tombolo::success();
  return errors;
}

/// With the target of the options, whose levels have the same names.
Status Compilation::checkNames() {
  const Target &target = *levels.front();
  if (!options.stopAfter.empty() && !phaseNumber(options.stopAfter))
    return Error("", "phase '" + options.stopAfter +
                         "' is not one to stop after; these are " +
                         llvm::join(phaseNames(), ", "));
  if (options.disabled.empty() && options.dumpAfter.empty())
    return tombolo::success();
  PassManager fuse(&context), all(&context);
  buildFusePipeline(fuse);
  buildFusePipeline(all);
  buildQuantizePipeline(all, "f32");
  buildPlanPipeline(all, target, options.chunk);
  buildLowerPipeline(all, target);
  std::vector<std::string> optional = passNames(fuse);
  llvm::erase(optional, "nn-check");
  llvm::erase(optional, "nn-expand-layers");
  for (const std::string &strategy : target.strategies())
    optional.push_back(strategy);
  if (Status status = ::checkNames("--disable", options.disabled, optional);
      !status)
    return status;
  return ::checkNames("--dump-after", options.dumpAfter, passNames(all));
}

/// `open`: whether headers without weights will do.
Status Compilation::import(const OpenOptions &open) {
  report("import");
  if (llvm::StringRef(source).ends_with(".mlir"))
    return importFrom(source);
  Result<Checkpoint> opened = openCheckpoint(source, open);
  if (!opened)
    return opened.takeErrors();
  checkpoint.emplace(std::move(*opened));
  ImportOptions importOptions;
  importOptions.archFiles = options.archFiles;
  auto imported = importModel(context, *checkpoint, importOptions);
  if (!imported)
    return imported.takeErrors();
  module = std::move(*imported);
  recordPhase(*module, "import", options);
  llvm::raw_string_ostream stream(unfused);
  if (failed(writeBytecodeToFile(*module, stream)))
    return Error("", "internal: the nn module has no bytecode");
  return tombolo::success();
}

/// An output that is a file of the source would destroy it.
Status Compilation::checkOutput() {
  std::vector<std::string> inputs = {source, checkpoint->configPath,
                                     checkpoint->tokenizerJson};
  for (const auto &file : checkpoint->weights.files())
    inputs.push_back(file->path());
  for (const std::string &input : inputs)
    if (!input.empty() && llvm::sys::fs::equivalent(input, output))
      return Error(output, "is a file of the source: expects another output");
  return tombolo::success();
}

Status Compilation::importFrom(const std::string &modulePath) {
  DiagnosticErrors diagnostics(&context);
  module = parseSourceFile<ModuleOp>(modulePath, &context);
  if (!module)
    return diagnostics.take(modulePath);
  Result<Checkpoint> opened =
      openNamedCheckpoint(*module, modulePath, options.checkpoint);
  if (!opened)
    return opened.takeErrors();
  checkpoint.emplace(std::move(*opened));
  forgetCheckpoint(*module);
  Result<size_t> number = takePhase(*module, modulePath, options);
  if (!number)
    return number.takeErrors();
  done = *number;
  // Those of a module that was altered by hand are no better than a user's.
  if (Status status = check(); !status)
    return Error(modulePath, status.error().message);
  if (std::optional<size_t> last = phaseNumber(options.stopAfter);
      last && *last < done)
    return Error(modulePath, "came through phase '" + phaseNames()[done].str() +
                                 "' already; '--stop-after " +
                                 options.stopAfter + "' is behind it");
  PassManager pm(&context);
  if (done >= *phaseNumber("plan"))
    pm.addPass(plan::createCheckPlanPass());
  else
    pm.addPass(nn::createCheckModelPass());
  if (failed(pm.run(*module)))
    return diagnostics.take(modulePath);
  if (done == *phaseNumber("import")) {
    llvm::raw_string_ostream stream(unfused);
    if (failed(writeBytecodeToFile(*module, stream)))
      return Error("", "internal: the nn module has no bytecode");
  }
  return tombolo::success();
}

template <typename Build>
Status Compilation::phase(StringRef name, ModuleOp module, Build build) {
  report(name.str());
  DiagnosticErrors diagnostics(&context);
  PassManager pm(&context);
  if (options.timing)
    pm.enableTiming();
  if (!options.dumpAfter.empty())
    pm.addInstrumentation(
        createDumpAfter(options.dumpAfter, options.dumpDir, dumps));
  build(pm);
  // A dump that could not be written is an error of no pass.
  if (failed(pm.run(module)) || diagnostics.any())
    return diagnostics.take(name.str());
  recordPhase(module, name, options);
  return tombolo::success();
}

Status Compilation::lower(ModuleOp module, const Target &level) {
  return phase("lower", module,
               [&](PassManager &pm) { buildLowerPipeline(pm, level); });
}

/// Code of the plan for each level, best first.
Result<std::vector<TargetCode>> Compilation::generateCode() {
  // Dumps and timings are of work that is done.
  std::optional<KernelCache> cache;
  if (!options.kernelCache.empty() && options.dumpAfter.empty() &&
      !options.timing) {
    // One that can't be used, or that others could write to, is not needed.
    if (Result<KernelCache> opened = KernelCache::open(
            options.kernelCache, ContentKey().addProgram().text()))
      cache = std::move(*opened);
  }
  std::vector<TargetCode> codes;
  for (const std::unique_ptr<Target> &level : levels) {
    OwningOpRef<ModuleOp> lowered = module->clone();
    CachedKernels kernels(*lowered, *level, cache ? &*cache : nullptr);
    if (done < *phaseNumber("lower"))
      if (Status status = lower(*lowered, *level); !status)
        return status.takeErrors();
    report("codegen");
    DiagnosticErrors diagnostics(&context);
    Result<std::vector<KernelCode>> made = level->emit(*lowered);
    if (!made)
      return made.takeErrors();
    codes.push_back(level->emptyCode());
    codes.back().append(kernels.join(std::move(*made)));
  }
  llvm::sort(codes, [](const TargetCode &x, const TargetCode &y) {
    return std::tie(x.rank, x.level) > std::tie(y.rank, y.level);
  });
  return codes;
}

Status Compilation::writeHere() {
  nameCheckpoint(*module, *checkpoint, checkpoint->path, output);
  return writeModule(*module, output);
}

Status Compilation::writeArtifact() {
  // First what can be refused without long work.
  auto facts =
      (*module)->getAttrOfType<DictionaryAttr>(nn::NNDialect::kModelAttr);
  auto vocabSize = facts ? facts.getAs<IntegerAttr>("vocab_size") : nullptr;
  Result<TokenizerDefaults> defaults = tokenizerDefaults(*module);
  if (!defaults)
    return defaults.takeErrors();
  auto text = buildText(*checkpoint, vocabSize ? vocabSize.getInt() : 0,
                        std::move(*defaults));
  if (!text)
    return text.takeErrors();
  Result<std::vector<TargetCode>> codes = generateCode();
  if (!codes)
    return codes.takeErrors();
  nn::WeightEvaluator weights(*module, checkpoint->weights);
  Result<BuiltIndex> built = buildIndex(*module, *codes, weights);
  if (!built)
    return built.takeErrors();
  built->index.text = std::move(*text);
  auto provenance = std::make_unique<artifact::ProvenanceT>();
  provenance->compiler = "tombolo " TOMBOLO_VERSION;
  for (const auto &file : checkpoint->weights.files()) {
    auto entry = std::make_unique<artifact::SourceT>();
    entry->file = llvm::sys::path::filename(file->path()).str();
    entry->bytes = file->bytes().size();
    // Sizes and the rest are checked by `verify --source`, weight by weight.
    entry->hash = headerHash(*file);
    provenance->sources.push_back(std::move(entry));
  }
  for (auto &[key, value] : options.resolved()) {
    auto option = std::make_unique<artifact::OptionT>();
    option->key = key;
    option->value = value;
    provenance->options.push_back(std::move(option));
  }
  built->index.provenance = std::move(provenance);

  uint64_t total = 0, done = 0;
  for (const TensorInfo &tensor : checkpoint->weights.tensors())
    total += tensor.bytes;
  std::vector<artifact::SegmentBytes> segments;
  for (const TargetCode &code : *codes)
    segments.push_back({"code:" + code.level, code.bytes});
  if (!unfused.empty())
    segments.push_back(
        {"module", std::as_bytes(std::span<const char>(unfused))});
  return artifact::writeArtifact(
      output, std::move(built->index), segments,
      [&](size_t tensor, const artifact::ByteSink &write) -> Status {
        return packTensor(built->tensors[tensor], *levels.front(), weights,
                          [&](std::span<const std::byte> bytes) -> Status {
                            done += bytes.size();
                            report("write", std::min(done, total), total);
                            return write(bytes);
                          });
      });
}

Status Compilation::run() {
  if (Status status = check(); !status)
    return status;
  if (Status status = import(); !status)
    return status;
  if (Status status = checkOutput(); !status)
    return status;
  // Behind the import: a module brings options of its own.
  if (Status status = open(); !status)
    return status;
  if (Status status = checkNames(); !status)
    return status;
  std::optional<size_t> last = phaseNumber(options.stopAfter);
  size_t lowerNumber = *phaseNumber("lower");
  if (levels.size() > 1 && (last == lowerNumber || done == lowerNumber))
    return Error("", "a lowered module is of one level: expects one in "
                     "'--target', but got '" +
                         options.target + "'");
  FusePipelineOptions fuse;
  fuse.disabled = options.disabled;
  std::function<void(PassManager &)> pipelines[] = {
      nullptr, // import
      [&](PassManager &pm) { buildFusePipeline(pm, fuse); },
      [&](PassManager &pm) { buildQuantizePipeline(pm, options.value("kv")); },
      [&](PassManager &pm) {
        buildPlanPipeline(pm, *levels.front(), options.chunk);
      },
  };
  for (size_t next = done + 1; next < lowerNumber; ++next) {
    if (last && next > *last)
      break;
    if (Status status = phase(phaseNames()[next], *module, pipelines[next]);
        !status)
      return status;
  }
  if (!last)
    return writeArtifact();
  if (last == lowerNumber && done < lowerNumber)
    if (Status status = lower(*module, *levels.front()); !status)
      return status;
  return writeHere();
}

Status Compilation::importOnly() {
  OpenOptions open;
  open.headerOnlyOk = true;
  if (Status status = import(open); !status)
    return status;
  if (Status status = checkOutput(); !status)
    return status;
  return writeHere();
}

Status tombolo::compile(const std::string &source,
                        const CompileOptions &options,
                        const std::string &output,
                        const ProgressCallback &progress) {
  return Compilation(source, options, output, progress).run();
}

Status tombolo::checkNames(const CompileOptions &options) {
  // Later targets are refused where something is compiled.
  llvm::SmallVector<StringRef> targets, known;
  StringRef(options.target).split(targets, ',');
  llvm::copy_if(targets, std::back_inserter(known), [](StringRef spec) {
    return !llvm::is_contained(laterTargets(), spec.split(':').first);
  });
  if (known.empty())
    return tombolo::success();
  CompileOptions now = options;
  now.target = llvm::join(known, ",");
  now.activations = Activations::Auto;
  Compilation compilation("", now, "", {});
  if (Status status = compilation.open(); !status)
    return status;
  return compilation.checkNames();
}

Status tombolo::importModule(const std::string &source,
                             const CompileOptions &options,
                             const std::string &output) {
  return Compilation(source, options, output, {}).importOnly();
}

std::vector<std::string> tombolo::targetsToCome() { return laterTargets(); }

std::vector<TargetDescription> tombolo::targets() {
  std::vector<TargetDescription> found;
  for (const TargetEntry &entry : targetEntries()) {
    found.push_back({entry.name, entry.summary, entry.state, {}});
    for (TargetLevel &level : entry.levels())
      found.back().levels.push_back(
          {std::move(level.name), std::move(level.instructions),
           std::move(level.evidence), std::move(level.features)});
  }
  return found;
}
