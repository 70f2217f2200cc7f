#include "compiler/CachedKernels.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "support/ContentKey.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;

/// The kernel as text, whatever its name and where it comes from.
static std::string textOf(func::FuncOp kernel) {
  std::string name = kernel.getSymName().str();
  kernel.setSymName("kernel");
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel.print(stream, OpPrintingFlags().useLocalScope());
  kernel.setSymName(name);
  return text;
}

CachedKernels::CachedKernels(ModuleOp module, const Target &level,
                             const KernelCache *cache)
    : cache(cache) {
  // What a strategy asks of the programs.
  uint64_t maxTokens = 0;
  for (auto program : module.getOps<plan::ProgramOp>())
    maxTokens = std::max(maxTokens, uint64_t(program.getMaxTokens()));
  llvm::StringMap<func::FuncOp> removed;
  for (auto kernel : module.getOps<func::FuncOp>()) {
    if (!kernel->hasAttr(plan::kKernelAttr))
      continue;
    Entry &entry = entries.emplace_back();
    entry.name = kernel.getSymName().str();
    if (!cache)
      continue;
    entry.key = ContentKey()
                    .add(level.codeKey())
                    .add(maxTokens)
                    .add(textOf(kernel))
                    .text();
    entry.found = cache->find(entry.key);
    if (entry.found)
      removed[entry.name] = kernel;
  }
  SmallVector<plan::DispatchOp> dispatches;
  module.walk([&](plan::DispatchOp dispatch) {
    if (removed.contains(dispatch.getKernel()))
      dispatches.push_back(dispatch);
  });
  for (plan::DispatchOp dispatch : dispatches)
    dispatch.erase();
  for (auto &kernel : removed)
    kernel.second.erase();
}

std::vector<KernelCode>
CachedKernels::join(std::vector<KernelCode> made) const {
  std::vector<KernelCode> all;
  size_t next = 0;
  for (const Entry &entry : entries) {
    if (entry.found) {
      all.push_back(*entry.found);
      all.back().name = entry.name;
      continue;
    }
    assert(next < made.size() && made[next].name == entry.name &&
           "each kernel that is left has code, in order");
    if (cache)
      cache->keep(entry.key, made[next]);
    all.push_back(std::move(made[next++]));
  }
  return all;
}
