//===- RunCode.h - Compile kernels and run them in a test -------*- C++ -*-===//

#ifndef TEST_UNIT_CODEGEN_CPU_RUNCODE_H
#define TEST_UNIT_CODEGEN_CPU_RUNCODE_H

#include "codegen/cpu/object/EmitObject.h"
#include "codegen/cpu/object/Pipeline.h"
#include "codegen/cpu/object/WrapKernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "runtime/core/CpuFeatures.h"
#include "runtime/core/KernelAbi.h"
#include "test/unit/codegen/cpu/EmulateX86.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sys/mman.h>

namespace tombolo::test {

inline mlir::MLIRContext &sharedContext() {
  static mlir::MLIRContext *context = [] {
    mlir::DialectRegistry registry;
    registerCpuDialects(registry);
    auto *made = new mlir::MLIRContext(registry);
    made->loadAllAvailableDialects();
    return made;
  }();
  return *context;
}

/// A blob mapped to run, as the runtime does.
class MappedCode {
public:
  explicit MappedCode(CodeBlob code) : blob(std::move(code)) {
    hostFeatures(); // asks for the registers that are given to who asks
    constexpr size_t kPage = 4096;
    size = (blob.bytes.size() + kPage - 1) / kPage * kPage;
    base = static_cast<std::byte *>(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memcpy(base, blob.bytes.data(), blob.bytes.size());
    mprotect(base, size, PROT_READ | PROT_EXEC);
  }
  ~MappedCode() { munmap(base, size); }
  MappedCode(const MappedCode &) = delete;
  MappedCode &operator=(const MappedCode &) = delete;

  KernelFunction function(size_t entry) const {
    return reinterpret_cast<KernelFunction>(base + blob.entries[entry].offset);
  }

  void run(size_t entry, std::vector<void *> buffers,
           std::vector<int64_t> sizes, int64_t begin, int64_t end) const {
    size_t bytes = (blob.entries[entry].scratchBytes + 63) / 64 * 64 + 64;
    void *scratch = std::aligned_alloc(64, bytes);
    std::memset(scratch, 0xff, bytes);
    function(entry)(buffers.data(), sizes.data(), begin, end, scratch);
    std::free(scratch);
  }

  CodeBlob blob;

private:
  std::byte *base;
  size_t size;
};

/// Builds kernels in a fresh module.
class KernelModule {
public:
  KernelModule()
      : loc(mlir::UnknownLoc::get(&sharedContext())),
        module(mlir::ModuleOp::create(loc)) {}

  mlir::Type index() { return mlir::IndexType::get(&sharedContext()); }
  mlir::Type bytes() { return buffer(8); }
  mlir::Type buffer(unsigned integerBits) {
    return mlir::MemRefType::get(
        {mlir::ShapedType::kDynamic},
        mlir::IntegerType::get(&sharedContext(), integerBits));
  }
  mlir::Type floats() {
    return mlir::MemRefType::get({mlir::ShapedType::kDynamic},
                                 mlir::Float32Type::get(&sharedContext()));
  }

  /// `types` are the arguments after begin and end.
  void add(llvm::StringRef name, std::vector<mlir::Type> types,
           int64_t scratchBytes,
           llvm::function_ref<void(mlir::OpBuilder &, mlir::Location,
                                   llvm::ArrayRef<mlir::BlockArgument>)>
               build) {
    types.insert(types.begin(), 2, index());
    if (scratchBytes > 0)
      types.push_back(bytes());
    mlir::OpBuilder b(&sharedContext());
    b.setInsertionPointToEnd(module->getBody());
    auto body = mlir::func::FuncOp::create(b, loc, (name + ".body").str(),
                                           b.getFunctionType(types, {}));
    mlir::Block *block = body.addEntryBlock();
    b.setInsertionPointToStart(block);
    build(b, loc, block->getArguments());
    mlir::func::ReturnOp::create(b, loc);
    Status wrapped = wrapKernel(body, name, scratchBytes);
    EXPECT_TRUE(wrapped.ok()) << (wrapped ? "" : wrapped.error().str());
  }

  Result<CodeBlob> emit(const CpuLevel &level) {
    if (mlir::failed(mlir::verify(*module)))
      return Error("", "module does not verify");
    return emitObject(*module, level);
  }
  /// Code that this machine runs, where it has to with instructions emulated.
  Result<CodeBlob> emitToRun(const CpuLevel &level) {
    if (mlir::failed(mlir::verify(*module)))
      return Error("", "module does not verify");
    return test::emitToRun(*module, level);
  }

  mlir::Location loc;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Whether a test of `level` shall take all cases. Emulated, a level takes
/// samples; so does "host", which is code for features of a named level.
inline bool takesAll(const CpuLevel &level) {
  return runsOnHost(level) && level.name != "host";
}

/// The levels of this machine's family that are run in the tests: where they
/// are not its own, with instructions emulated.
inline std::vector<std::string> runnableLevels() {
  std::vector<std::string> result;
  Result<CpuLevel> host = cpuLevelNamed("host");
  for (const KnownCpuLevel &known : knownCpuLevels()) {
    Result<CpuLevel> level = cpuLevelNamed(known.name);
    if (level && host && known.evidence != KnownCpuLevel::Evidence::Assembled &&
        (runsOnHost(*level) || (level->isX86() && host->isX86())))
      result.push_back(known.name.str());
  }
  result.push_back("host");
  return result;
}

/// All that this build knows.
inline std::vector<std::string> allLevels() {
  std::vector<std::string> result;
  for (const KnownCpuLevel &known : knownCpuLevels())
    result.push_back(known.name.str());
  return result;
}

inline CpuLevel levelNamed(const std::string &name) {
  Result<CpuLevel> level = cpuLevelNamed(name);
  EXPECT_TRUE(level.ok());
  return *level;
}

inline std::string
levelTestName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return name;
}

} // namespace tombolo::test

#endif // TEST_UNIT_CODEGEN_CPU_RUNCODE_H
