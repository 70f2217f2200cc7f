#include "runtime/core/CpuFeatures.h"
#include <cstdint>
#include <elf.h>
#include <iterator>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__riscv) && __riscv_xlen == 64
#include <sys/auxv.h>
#include <unistd.h>
#endif

using namespace tombolo;

// The tables of all architectures are in every build: the compiler's tests hold
// its levels for any machine against them.

namespace {
enum Register { EAX, EBX, ECX, EDX };
/// What the operating system must save across a switch of threads for a
/// feature's registers to be usable.
enum class OsState { None, Avx, Avx512, Amx, Apx };

/// One bit of one CPUID leaf and LLVM's name for it.
struct CpuidBit {
  const char *name;
  uint32_t leaf, subleaf;
  Register reg;
  int bit;
  OsState state;
};

/// One bit of the words that Linux hands to programs.
struct HwcapBit {
  const char *name;
  int type, bit;
};
} // namespace

static constexpr CpuidBit kX86[] = {
    {"cx8", 1, 0, EDX, 8, OsState::None},
    {"cmov", 1, 0, EDX, 15, OsState::None},
    {"mmx", 1, 0, EDX, 23, OsState::None},
    {"fxsr", 1, 0, EDX, 24, OsState::None},
    {"sse", 1, 0, EDX, 25, OsState::None},
    {"sse2", 1, 0, EDX, 26, OsState::None},
    {"sse3", 1, 0, ECX, 0, OsState::None},
    {"pclmul", 1, 0, ECX, 1, OsState::None},
    {"ssse3", 1, 0, ECX, 9, OsState::None},
    {"fma", 1, 0, ECX, 12, OsState::Avx},
    {"cx16", 1, 0, ECX, 13, OsState::None},
    {"sse4.1", 1, 0, ECX, 19, OsState::None},
    {"sse4.2", 1, 0, ECX, 20, OsState::None},
    {"crc32", 1, 0, ECX, 20, OsState::None},
    {"movbe", 1, 0, ECX, 22, OsState::None},
    {"popcnt", 1, 0, ECX, 23, OsState::None},
    {"aes", 1, 0, ECX, 25, OsState::None},
    {"xsave", 1, 0, ECX, 27, OsState::None},
    {"avx", 1, 0, ECX, 28, OsState::Avx},
    {"f16c", 1, 0, ECX, 29, OsState::Avx},
    {"rdrnd", 1, 0, ECX, 30, OsState::None},
    {"fsgsbase", 7, 0, EBX, 0, OsState::None},
    {"bmi", 7, 0, EBX, 3, OsState::None},
    {"avx2", 7, 0, EBX, 5, OsState::Avx},
    {"bmi2", 7, 0, EBX, 8, OsState::None},
    {"invpcid", 7, 0, EBX, 10, OsState::None},
    {"avx512f", 7, 0, EBX, 16, OsState::Avx512},
    {"avx512dq", 7, 0, EBX, 17, OsState::Avx512},
    {"rdseed", 7, 0, EBX, 18, OsState::None},
    {"adx", 7, 0, EBX, 19, OsState::None},
    {"avx512ifma", 7, 0, EBX, 21, OsState::Avx512},
    {"clflushopt", 7, 0, EBX, 23, OsState::None},
    {"clwb", 7, 0, EBX, 24, OsState::None},
    {"avx512cd", 7, 0, EBX, 28, OsState::Avx512},
    {"sha", 7, 0, EBX, 29, OsState::None},
    {"avx512bw", 7, 0, EBX, 30, OsState::Avx512},
    {"avx512vl", 7, 0, EBX, 31, OsState::Avx512},
    {"avx512vbmi", 7, 0, ECX, 1, OsState::Avx512},
    {"pku", 7, 0, ECX, 4, OsState::None},
    {"waitpkg", 7, 0, ECX, 5, OsState::None},
    {"avx512vbmi2", 7, 0, ECX, 6, OsState::Avx512},
    {"shstk", 7, 0, ECX, 7, OsState::None},
    {"gfni", 7, 0, ECX, 8, OsState::None},
    {"vaes", 7, 0, ECX, 9, OsState::Avx},
    {"vpclmulqdq", 7, 0, ECX, 10, OsState::Avx},
    {"avx512vnni", 7, 0, ECX, 11, OsState::Avx512},
    {"avx512bitalg", 7, 0, ECX, 12, OsState::Avx512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, OsState::Avx512},
    {"rdpid", 7, 0, ECX, 22, OsState::None},
    {"cldemote", 7, 0, ECX, 25, OsState::None},
    {"movdiri", 7, 0, ECX, 27, OsState::None},
    {"movdir64b", 7, 0, ECX, 28, OsState::None},
    {"avx512vp2intersect", 7, 0, EDX, 8, OsState::Avx512},
    {"serialize", 7, 0, EDX, 14, OsState::None},
    {"amx-bf16", 7, 0, EDX, 22, OsState::Amx},
    {"avx512fp16", 7, 0, EDX, 23, OsState::Avx512},
    {"amx-tile", 7, 0, EDX, 24, OsState::Amx},
    {"amx-int8", 7, 0, EDX, 25, OsState::Amx},
    {"sha512", 7, 1, EAX, 0, OsState::Avx},
    {"avxvnni", 7, 1, EAX, 4, OsState::Avx},
    {"avx512bf16", 7, 1, EAX, 5, OsState::Avx512},
    {"amx-fp16", 7, 1, EAX, 21, OsState::Amx},
    {"avxifma", 7, 1, EAX, 23, OsState::Avx},
    {"avxvnniint8", 7, 1, EDX, 4, OsState::Avx},
    {"avxneconvert", 7, 1, EDX, 5, OsState::Avx},
    {"avxvnniint16", 7, 1, EDX, 10, OsState::Avx},
    {"prefetchi", 7, 1, EDX, 14, OsState::None},
    // APX is one bit to the processor, and several features to LLVM.
    {"egpr", 7, 1, EDX, 21, OsState::Apx},
    {"push2pop2", 7, 1, EDX, 21, OsState::Apx},
    {"ppx", 7, 1, EDX, 21, OsState::Apx},
    {"ndd", 7, 1, EDX, 21, OsState::Apx},
    {"ccmp", 7, 1, EDX, 21, OsState::Apx},
    {"nf", 7, 1, EDX, 21, OsState::Apx},
    {"cf", 7, 1, EDX, 21, OsState::Apx},
    {"zu", 7, 1, EDX, 21, OsState::Apx},
    {"xsaveopt", 0xd, 1, EAX, 0, OsState::None},
    {"xsavec", 0xd, 1, EAX, 1, OsState::None},
    {"xsaves", 0xd, 1, EAX, 3, OsState::None},
    {"sahf", 0x80000001, 0, ECX, 0, OsState::None},
    {"lzcnt", 0x80000001, 0, ECX, 5, OsState::None},
    {"sse4a", 0x80000001, 0, ECX, 6, OsState::None},
    {"prfchw", 0x80000001, 0, ECX, 8, OsState::None},
    {"xop", 0x80000001, 0, ECX, 11, OsState::Avx},
    {"fma4", 0x80000001, 0, ECX, 16, OsState::Avx},
    {"tbm", 0x80000001, 0, ECX, 21, OsState::None},
    {"mwaitx", 0x80000001, 0, ECX, 29, OsState::None},
    {"64bit", 0x80000001, 0, EDX, 29, OsState::None},
    {"clzero", 0x80000008, 0, EBX, 0, OsState::None},
    {"rdpru", 0x80000008, 0, EBX, 4, OsState::None},
    {"wbnoinvd", 0x80000008, 0, EBX, 9, OsState::None},
};

/// AVX10 has a bit (leaf 7, subleaf 1, EDX) and then a version (leaf 0x24).
static constexpr int kAvx10Bit = 19;
static constexpr const char *kAvx10Versions[] = {"avx10.1", "avx10.2"};

static constexpr HwcapBit kAArch64[] = {
    {"fp-armv8", AT_HWCAP, 0}, {"neon", AT_HWCAP, 1},
    {"aes", AT_HWCAP, 3},      {"sha2", AT_HWCAP, 6},
    {"crc", AT_HWCAP, 7},      {"lse", AT_HWCAP, 8},
    {"fullfp16", AT_HWCAP, 9}, {"rdm", AT_HWCAP, 12},
    {"jsconv", AT_HWCAP, 13},  {"complxnum", AT_HWCAP, 14},
    {"rcpc", AT_HWCAP, 15},    {"sha3", AT_HWCAP, 17},
    {"dotprod", AT_HWCAP, 20}, {"sve", AT_HWCAP, 22},
    {"fp16fml", AT_HWCAP, 23}, {"sve2", AT_HWCAP2, 1},
    {"i8mm", AT_HWCAP2, 13},   {"bf16", AT_HWCAP2, 14},
    {"sme", AT_HWCAP2, 23},    {"cssc", AT_HWCAP2, 34},
    {"mops", AT_HWCAP2, 43},
};

// RISC-V's letters are bits of AT_HWCAP; the rest is asked for, by a system
// call that Linux has since 6.4.
static constexpr HwcapBit kRiscV[] = {
    {"a", AT_HWCAP, 0}, {"c", AT_HWCAP, 2},  {"d", AT_HWCAP, 3},
    {"f", AT_HWCAP, 5}, {"m", AT_HWCAP, 12}, {"v", AT_HWCAP, 21},
};
struct ProbedBit {
  const char *name;
  int bit; ///< of key 4 of riscv_hwprobe
};
static constexpr ProbedBit kRiscVProbed[] = {
    {"zba", 3},  {"zbb", 4},     {"zbs", 5},   {"zvbb", 17},
    {"zfh", 27}, {"zfhmin", 28}, {"zvfh", 30}, {"zvfhmin", 31},
    {"zfa", 32}, {"zicond", 35}, {"zcb", 44},
};

std::set<std::string> tombolo::knownFeatures(const std::string &architecture) {
  std::set<std::string> names;
  if (architecture == "x86_64") {
    for (const CpuidBit &feature : kX86)
      names.insert(feature.name);
    names.insert(std::begin(kAvx10Versions), std::end(kAvx10Versions));
  } else if (architecture == "aarch64") {
    for (const HwcapBit &feature : kAArch64)
      names.insert(feature.name);
  } else if (architecture == "riscv64") {
    for (const HwcapBit &feature : kRiscV)
      names.insert(feature.name);
    for (const ProbedBit &feature : kRiscVProbed)
      names.insert(feature.name);
  }
  return names;
}

#if defined(__x86_64__)

/// XCR0, the register states that the operating system saves; 0 without xsave.
static uint64_t savedStates() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

/// Tile registers are large: Linux gives them to programs that ask.
static bool getTileRegisters() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

static std::set<std::string> detect() {
  uint64_t saved = savedStates();
  if (constexpr uint64_t tiles = 0x60000;
      (saved & tiles) == tiles && !getTileRegisters())
    saved &= ~tiles;
  auto isSaved = [&](OsState state) {
    uint64_t mask = state == OsState::Avx      ? 0x6
                    : state == OsState::Avx512 ? 0xe6
                    : state == OsState::Amx    ? 0x60000
                    : state == OsState::Apx    ? 0x80000
                                               : 0;
    return (saved & mask) == mask;
  };
  std::set<std::string> found;
  for (const CpuidBit &feature : kX86) {
    uint32_t regs[4] = {};
    if (__get_cpuid_count(feature.leaf, feature.subleaf, &regs[EAX], &regs[EBX],
                          &regs[ECX], &regs[EDX]) &&
        (regs[feature.reg] >> feature.bit & 1) && isSaved(feature.state))
      found.insert(feature.name);
  }
  uint32_t a, b, c, d;
  if (isSaved(OsState::Avx512) && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
      (d >> kAvx10Bit & 1) && __get_cpuid_count(0x24, 0, &a, &b, &c, &d))
    for (size_t i = 0; i != std::size(kAvx10Versions); ++i)
      if ((b & 0xff) > i)
        found.insert(kAvx10Versions[i]);
  return found;
}

std::string tombolo::hostArchitecture() { return "x86_64"; }

#elif defined(__aarch64__)

static std::set<std::string> detect() {
  std::set<std::string> found;
  for (auto [name, type, bit] : kAArch64)
    if (getauxval(type) >> bit & 1)
      found.insert(name);
  return found;
}

std::string tombolo::hostArchitecture() { return "aarch64"; }

#elif defined(__riscv) && __riscv_xlen == 64

static std::set<std::string> detect() {
  std::set<std::string> found;
  for (auto [name, type, bit] : kRiscV)
    if (getauxval(type) >> bit & 1)
      found.insert(name);
  struct {
    int64_t key;
    uint64_t value;
  } extensions = {4, 0};
  constexpr long kHwprobe = 258;
  if (syscall(kHwprobe, &extensions, 1, 0, nullptr, 0) == 0 &&
      extensions.key == 4)
    for (auto [name, bit] : kRiscVProbed)
      if (extensions.value >> bit & 1)
        found.insert(name);
  return found;
}

std::string tombolo::hostArchitecture() { return "riscv64"; }

#else

static std::set<std::string> detect() { return {}; }

std::string tombolo::hostArchitecture() { return "unknown"; }

#endif

const std::set<std::string> &tombolo::hostFeatures() {
  static const std::set<std::string> features = detect();
  return features;
}
