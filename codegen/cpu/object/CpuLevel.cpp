#include "codegen/cpu/object/CpuLevel.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <algorithm>
#include <mutex>

namespace tombolo {

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTarget();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVAsmPrinter();
  });
}

bool CpuLevel::has(llvm::StringRef feature) const {
  return std::binary_search(enabled.begin(), enabled.end(), feature);
}

bool CpuLevel::isX86() const {
  return llvm::Triple(triple).getArch() == llvm::Triple::x86_64;
}

bool CpuLevel::isAArch64() const {
  return llvm::Triple(triple).getArch() == llvm::Triple::aarch64;
}

bool CpuLevel::isRiscV() const {
  return llvm::Triple(triple).getArch() == llvm::Triple::riscv64;
}

bool CpuLevel::hasHalfCasts() const {
  return isAArch64() || has("f16c") || has("zvfhmin");
}

bool CpuLevel::hasMultiplyAdd() const {
  return isAArch64() || isRiscV() || has("fma");
}

int CpuLevel::vectorBytes() const {
  return has("avx512f") ? 64 : has("avx") ? 32 : 16;
}

int CpuLevel::vectorRegisters() const {
  return has("avx512f") || !isX86() ? 32 : 16;
}

// Features that only change tuning, or whose instructions code generation never
// chooses by itself (amx-fp16), must not keep a machine from running the code.
// Those here must be known to runtime/core/CpuFeatures.cpp.
static constexpr llvm::StringLiteral kSelectableX86[] = {
    "sse3",         "ssse3",       "sse4.1",       "sse4.2",
    "sse4a",        "popcnt",      "cx16",         "sahf",
    "avx",          "avx2",        "f16c",         "fma",
    "fma4",         "xop",         "bmi",          "bmi2",
    "lzcnt",        "movbe",       "adx",          "tbm",
    "avx512f",      "avx512bw",    "avx512cd",     "avx512dq",
    "avx512vl",     "avx512vnni",  "avx512bf16",   "avx512fp16",
    "avx512vbmi",   "avx512vbmi2", "avx512ifma",   "avx512bitalg",
    "gfni",         "vaes",        "vpclmulqdq",   "avx512vpopcntdq",
    "avxvnni",      "avxifma",     "avxneconvert", "avxvnniint8",
    "avxvnniint16", "avx10.1",     "avx10.2",      "egpr",
    "push2pop2",    "ppx",         "ndd",          "ccmp",
    "nf",           "cf",          "zu",           "amx-tile",
    "amx-int8",     "amx-bf16"};
static constexpr llvm::StringLiteral kSelectableAArch64[] = {
    "neon",      "fp-armv8", "fullfp16", "dotprod", "i8mm", "bf16",
    "fp16fml",   "lse",      "rdm",      "rcpc",    "sve",  "sve2",
    "complxnum", "jsconv",   "sme",      "cssc",    "mops"};

static constexpr llvm::StringLiteral kSelectableRiscV[] = {
    "m",      "a",   "f",   "d",      "c",   "v",    "zba",     "zbb", "zbs",
    "zfhmin", "zfh", "zfa", "zicond", "zcb", "zvbb", "zvfhmin", "zvfh"};

llvm::ArrayRef<llvm::StringLiteral> CpuLevel::selectableFeatures() const {
  if (isX86())
    return kSelectableX86;
  if (isRiscV())
    return kSelectableRiscV;
  return kSelectableAArch64;
}

std::vector<std::string> CpuLevel::requiredFeatures() const {
  std::vector<std::string> result;
  for (llvm::StringRef feature : selectableFeatures())
    if (has(feature))
      result.push_back(feature.str());
  std::sort(result.begin(), result.end());
  return result;
}

std::unique_ptr<llvm::TargetMachine> CpuLevel::targetMachine() const {
  initializeTargets();
  std::string message;
  llvm::Triple parsed(triple);
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(parsed, message);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  if (isRiscV())
    options.MCOptions.ABIName = "lp64d";
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      parsed, cpu, features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      llvm::CodeGenOptLevel::Aggressive));
}

/// Fills `enabled`; false where the family has no such CPU.
static bool resolve(CpuLevel &level) {
  initializeTargets();
  std::string message;
  llvm::Triple parsed(level.triple);
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(parsed, message);
  if (!target || (!level.isX86() && !level.isAArch64() && !level.isRiscV()))
    return false;
  // The plain subtarget knows the valid names without a warning on stderr.
  std::unique_ptr<llvm::MCSubtargetInfo> names(
      target->createMCSubtargetInfo(parsed, "", ""));
  if (!names || !names->isCPUStringValid(level.cpu))
    return false;
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(parsed, level.cpu, level.features));
  for (const llvm::SubtargetFeatureKV &feature :
       info->getEnabledProcessorFeatures())
    level.enabled.push_back(feature.Key);
  std::sort(level.enabled.begin(), level.enabled.end());
  return true;
}

static constexpr llvm::StringLiteral kX86Linux = "x86_64-unknown-linux-gnu";
static constexpr llvm::StringLiteral kAArch64Linux =
    "aarch64-unknown-linux-gnu";

static constexpr llvm::StringLiteral kRiscVLinux = "riscv64-unknown-linux-gnu";

using Evidence = KnownCpuLevel::Evidence;

static constexpr KnownCpuLevel kLevels[] = {
    {"x86-64-v2", kX86Linux, "x86-64-v2", "", Evidence::Executed},
    {"x86-64-v3", kX86Linux, "x86-64-v3", "", Evidence::Executed},
    {"x86-64-v4", kX86Linux, "x86-64-v4", "", Evidence::Executed},
    {"alderlake", kX86Linux, "alderlake", "", Evidence::Emulated},
    {"cascadelake", kX86Linux, "cascadelake", "", Evidence::Assembled},
    {"sapphirerapids", kX86Linux, "sapphirerapids", "", Evidence::Emulated},
    {"znver4", kX86Linux, "znver4", "", Evidence::Executed},
    {"armv8-a", kAArch64Linux, "generic", "", Evidence::Emulated},
    {"neoverse-n1", kAArch64Linux, "neoverse-n1", "", Evidence::Emulated},
    {"armv8.6-a", kAArch64Linux, "generic", "+v8.6a", Evidence::Emulated},
    {"neoverse-v2", kAArch64Linux, "neoverse-v2", "", Evidence::Emulated},
    // Code is linked here, and has no use for a linker that shortens it.
    {"rv64gcv", kRiscVLinux, "generic-rv64", "+m,+a,+f,+d,+c,+v,-relax",
     Evidence::Emulated},
    {"rva23", kRiscVLinux, "generic-rv64", "+rva23u64,-relax",
     Evidence::Assembled},
};

llvm::ArrayRef<KnownCpuLevel> knownCpuLevels() { return kLevels; }

Result<CpuLevel> cpuLevelNamed(llvm::StringRef name, llvm::StringRef triple) {
  CpuLevel level;
  level.name = name.str();
  std::string hostTriple = llvm::sys::getProcessTriple();
  if (name == "host" || name == "native") {
    level.triple = hostTriple;
    level.cpu = llvm::sys::getHostCPUName().str();
    // The detected features overrule the CPU's usual ones: hypervisors mask
    // some.
    for (const auto &feature : llvm::sys::getHostCPUFeatures()) {
      if (!level.features.empty())
        level.features += ',';
      level.features += feature.second ? '+' : '-';
      level.features += feature.first().str();
    }
    if (resolve(level))
      return level;
    return Error("", "cpu level 'host': expects an x86-64 or AArch64 machine, "
                     "but this is '" +
                         hostTriple + "'");
  }
  std::vector<std::string> triples;
  if (triple.empty())
    triples = {hostTriple, kX86Linux.str(), kAArch64Linux.str(),
               kRiscVLinux.str()};
  else
    triples = {triple.str()};
  level.cpu = name.str();
  for (const KnownCpuLevel &known : kLevels)
    if (known.name == name) {
      level.cpu = known.cpu.str();
      level.features = known.features.str();
      if (triple.empty())
        triples = {known.triple.str()};
    }
  for (const std::string &candidate : triples) {
    level.triple = candidate;
    level.enabled.clear();
    if (name.empty() || !resolve(level))
      continue;
    if (level.isX86() && !(level.has("64bit") && level.has("sse4.1")))
      return Error("", "cpu level '" + level.name +
                           "': expects at least 'x86-64-v2', but it lacks "
                           "64-bit mode or SSE4.1");
    return level;
  }
  return Error("",
               "cpu level '" + name.str() +
                   "': expects 'host' or a CPU name of LLVM for " +
                   (triple.empty() ? std::string("x86-64, AArch64 or RISC-V")
                                   : "'" + triple.str() + "'"));
}

bool runsOnHost(const CpuLevel &level) {
  Result<CpuLevel> host = cpuLevelNamed("host");
  if (!host || llvm::Triple(host->triple).getArch() !=
                   llvm::Triple(level.triple).getArch())
    return false;
  std::vector<std::string> needed = level.requiredFeatures();
  return std::all_of(needed.begin(), needed.end(),
                     [&](const std::string &f) { return host->has(f); });
}

} // namespace tombolo
