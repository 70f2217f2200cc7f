//===- Compiler.cpp - From a checkpoint to an artifact --------------------===//

#include "compiler/Compiler.h"
#include "codegen/artifact/ArtifactWriter.h"
#include "codegen/artifact/Format.h"
#include "compiler/Diagnostics.h"
#include "compiler/IndexBuilder.h"
#include "compiler/Instrumentation.h"
#include "compiler/Pipelines.h"
#include "compiler/TextBuilder.h"
#include "frontends/import/Import.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;

static constexpr const char *kPhases[] = {"import", "fuse",  "quantize",
                                          "plan",   "lower", "codegen"};
/// The checkpoint a module came from, relative to the module's file.
static constexpr llvm::StringLiteral kSourceAttr = "tombolo.source";

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
  Result<std::string> importText();

private:
  Status check();
  Status open();
  Status import();
  Status importFrom(const std::string &modulePath);
  template <typename Build> Status phase(const char *name, Build build);
  Status writeModule();
  Status writeArtifact();
  bool stopsAfter(llvm::StringRef name) const {
    return options.stopAfter == name;
  }
  void report(const std::string &what, uint64_t done = 0, uint64_t total = 0) {
    if (progress)
      progress(what, done, total);
  }

  const std::string source;
  const CompileOptions &options;
  const std::string output;
  const ProgressCallback &progress;
  MLIRContext context;
  std::optional<Checkpoint> checkpoint;
  std::unique_ptr<Target> target;
  OwningOpRef<ModuleOp> module;
  std::string unfused; ///< bytecode of the nn module before fusion
  std::shared_ptr<int> dumps = std::make_shared<int>(0);
};

} // namespace

static std::string nameOf(KvType kv, const std::string &activations) {
  switch (kv) {
  case KvType::F32:
    return "f32";
  case KvType::F16:
    return "f16";
  case KvType::BF16:
    return "bf16";
  case KvType::Q8_0:
    return "q8_0";
  case KvType::Auto:
    break;
  }
  return activations == "f32" ? "f32" : "f16";
}

static std::string nameOf(Activations activations) {
  switch (activations) {
  case Activations::F32:
    return "f32";
  case Activations::I16:
    return "i16";
  case Activations::I8:
    return "i8";
  case Activations::Auto:
    break;
  }
  return "i16";
}

std::vector<std::pair<std::string, std::string>>
CompileOptions::resolved() const {
  std::string act = nameOf(activations);
  return {{"target", target},   {"compute", compute},
          {"activations", act}, {"kv", nameOf(kv, act)},
          {"weights", weights}, {"chunk", std::to_string(chunk)}};
}

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
  if (options.activations == Activations::I8)
    return notYet("'--activations i8'", "i16 or f32");
  if (options.kv == KvType::Q8_0)
    return notYet("'--kv q8_0'", "f16, bf16 or f32");
  if (options.target.find(',') != std::string::npos)
    return notYet("more than one target", "one target");
  if (!options.stopAfter.empty() &&
      !llvm::is_contained(kPhases, llvm::StringRef(options.stopAfter)))
    return Error("",
                 "phase '" + options.stopAfter +
                     "' is not known; phases are import, fuse, quantize, plan, "
                     "lower and codegen");
  if (options.chunk < 2 || options.chunk > 4096)
    return Error("", "expects a chunk of 2 to 4096 tokens, but got " +
                         std::to_string(options.chunk));
  return tombolo::success();
}

Status Compilation::open() {
  TargetOptions targetOptions;
  targetOptions.activations = nameOf(options.activations);
  targetOptions.chunk = options.chunk;
  targetOptions.disabled = options.disabled;
  Result<std::unique_ptr<Target>> made =
      createTarget(options.target, targetOptions);
  if (!made)
    return made.takeErrors();
  target = std::move(*made);
  return tombolo::success();
}

Status Compilation::import() {
  report("import");
  if (llvm::StringRef(source).ends_with(".mlir"))
    return importFrom(source);
  Result<Checkpoint> opened = openCheckpoint(source);
  if (!opened)
    return opened.takeErrors();
  checkpoint.emplace(std::move(*opened));
  ImportOptions importOptions;
  importOptions.archFiles = options.archFiles;
  auto imported = importModel(context, *checkpoint, importOptions);
  if (!imported)
    return imported.takeErrors();
  module = std::move(*imported);
  // The module may be written elsewhere: name the checkpoint from there.
  llvm::SmallString<256> path(source), base(output.empty() ? "." : output);
  llvm::sys::fs::make_absolute(path);
  llvm::sys::fs::make_absolute(base);
  llvm::sys::path::remove_dots(path, true);
  llvm::sys::path::remove_filename(base);
  llvm::sys::path::remove_dots(base, true);
  llvm::StringRef relative = path;
  std::string text = path.str().str();
  std::string folder = base.str().str();
  if (!folder.empty() && folder.back() != '/')
    folder += '/';
  if (relative.consume_front(folder))
    text = relative.str();
  (*module)->setAttr(kSourceAttr, StringAttr::get(&context, text));
  return tombolo::success();
}

Status Compilation::importFrom(const std::string &modulePath) {
  DiagnosticErrors diagnostics(&context);
  module = parseSourceFile<ModuleOp>(modulePath, &context);
  if (!module)
    return diagnostics.take(modulePath);
  auto named = (*module)->getAttrOfType<StringAttr>(kSourceAttr);
  if (!named)
    return Error(modulePath,
                 "expects the attribute 'tombolo.source' that names the "
                 "checkpoint; make the module with 'tombolo import'");
  llvm::SmallString<256> path(named.getValue());
  if (llvm::sys::path::is_relative(path)) {
    llvm::SmallString<256> base(modulePath);
    llvm::sys::path::remove_filename(base);
    llvm::sys::path::append(base, named.getValue());
    path = base;
  }
  Result<Checkpoint> opened = openCheckpoint(path.str().str());
  if (!opened)
    return opened.takeErrors();
  checkpoint.emplace(std::move(*opened));
  return tombolo::success();
}

template <typename Build>
Status Compilation::phase(const char *name, Build build) {
  report(name);
  DiagnosticErrors diagnostics(&context);
  PassManager pm(&context);
  if (options.timing)
    pm.enableTiming();
  if (!options.dumpAfter.empty())
    pm.addInstrumentation(
        createDumpAfter(options.dumpAfter, options.dumpDir, dumps));
  build(pm);
  if (failed(pm.run(*module)))
    return diagnostics.take(name);
  return tombolo::success();
}

Status Compilation::writeModule() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  std::error_code failed;
  llvm::ToolOutputFile file(output, failed, llvm::sys::fs::OF_None);
  if (failed)
    return Error(output, "cannot be written: " + failed.message());
  file.os() << text << "\n";
  file.keep();
  return tombolo::success();
}

Status Compilation::writeArtifact() {
  report("codegen");
  DiagnosticErrors diagnostics(&context);
  Result<TargetCode> code = target->emit(*module);
  if (!code)
    return code.takeErrors();
  if (stopsAfter("codegen"))
    return Error(
        "", "nothing can be stopped after codegen but the artifact itself; "
            "stop after 'lower' to see the kernels");
  nn::WeightEvaluator weights(*module, checkpoint->weights);
  Result<BuiltIndex> built = buildIndex(*module, *code, weights);
  if (!built)
    return built.takeErrors();
  auto text = buildText(*checkpoint);
  if (!text)
    return text.takeErrors();
  built->index.text = std::move(*text);
  auto provenance = std::make_unique<artifact::ProvenanceT>();
  provenance->compiler = "tombolo " TOMBOLO_VERSION;
  for (const auto &file : checkpoint->weights.files()) {
    auto entry = std::make_unique<artifact::SourceT>();
    entry->file = llvm::sys::path::filename(file->path()).str();
    entry->bytes = file->bytes().size();
    // Headers are in the first MiB of every published file but huge ones; their
    // size and the rest are checked by `verify --source`, weight by weight.
    entry->hash = artifact::hashBytes(
        file->bytes().first(std::min<size_t>(file->bytes().size(), 1 << 20)));
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
  artifact::SegmentBytes segments[] = {
      {"code", code->bytes},
      {"module", std::as_bytes(std::span<const char>(unfused))}};
  return artifact::writeArtifact(
      output, std::move(built->index), segments,
      [&](size_t tensor, std::vector<std::byte> &bytes) -> Status {
        Status status =
            packTensor(built->tensors[tensor], *target, weights, bytes);
        done += bytes.size();
        report("write", std::min(done, total), total);
        return status;
      });
}

Status Compilation::run() {
  if (Status status = check(); !status)
    return status;
  if (Status status = open(); !status)
    return status;
  if (Status status = import(); !status)
    return status;
  if (stopsAfter("import"))
    return writeModule();
  {
    llvm::raw_string_ostream stream(unfused);
    if (failed(writeBytecodeToFile(*module, stream)))
      return Error("", "internal: the nn module has no bytecode");
  }
  FusePipelineOptions fuse;
  fuse.disabled = options.disabled;
  std::string kv = nameOf(options.kv, nameOf(options.activations));
  struct Phase {
    const char *name;
    std::function<void(PassManager &)> build;
  };
  const Phase onModel[] = {
      {"fuse", [&](PassManager &pm) { buildFusePipeline(pm, fuse); }},
      {"quantize", [&](PassManager &pm) { buildQuantizePipeline(pm, kv); }},
      {"plan",
       [&](PassManager &pm) { buildPlanPipeline(pm, *target, options.chunk); }},
  };
  const Phase onPlan[] = {
      {"lower", [&](PassManager &pm) { buildLowerPipeline(pm, *target); }},
  };
  // A module that was written after the plan phase goes on from there.
  bool planned = (*module)->hasAttr("plan.arena_bytes");
  for (llvm::ArrayRef<Phase> phases :
       {planned ? llvm::ArrayRef<Phase>() : llvm::ArrayRef<Phase>(onModel),
        llvm::ArrayRef<Phase>(onPlan)})
    for (const Phase &next : phases) {
      if (Status status = phase(next.name, next.build); !status)
        return status;
      if (stopsAfter(next.name))
        return writeModule();
    }
  return writeArtifact();
}

Result<std::string> Compilation::importText() {
  if (Status status = import(); !status)
    return status.takeErrors();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text + "\n";
}

Status tombolo::compile(const std::string &source,
                        const CompileOptions &options,
                        const std::string &output,
                        const ProgressCallback &progress) {
  return Compilation(source, options, output, progress).run();
}

Result<std::string> tombolo::importToText(const std::string &source,
                                          const CompileOptions &options) {
  return Compilation(source, options, "", {}).importText();
}

std::vector<TargetDescription> tombolo::targets() {
  std::vector<TargetDescription> found;
  for (const TargetEntry &entry : targetEntries())
    found.push_back({entry.name, entry.summary, "executed on this machine"});
  return found;
}
