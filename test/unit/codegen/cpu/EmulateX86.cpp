#include "test/unit/codegen/cpu/EmulateX86.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include <bit>

namespace tombolo::test {
namespace {

// --- What instructions do: memory of the result, then of the operands --------
using Instruction = void (*)(void *result, const void *const *operands);

template <typename T> const T *of(const void *operand) {
  return static_cast<const T *>(operand);
}
int16_t saturated(int32_t x) { return std::clamp(x, -32768, 32767); }

/// Intel's manual: VPDPBUSD, without saturation.
template <int Bytes> void vpdpbusd(void *result, const void *const *in) {
  auto *out = static_cast<int32_t *>(result);
  for (int i = 0; i < Bytes / 4; ++i) {
    uint32_t sum = of<uint32_t>(in[0])[i];
    for (int j = 4 * i; j < 4 * i + 4; ++j)
      sum += int32_t(of<uint8_t>(in[1])[j]) * of<int8_t>(in[2])[j];
    out[i] = int32_t(sum);
  }
}
/// VPMADDUBSW.
template <int Bytes> void vpmaddubsw(void *result, const void *const *in) {
  auto *out = static_cast<int16_t *>(result);
  for (int i = 0; i < Bytes / 2; ++i)
    out[i] = saturated(
        int32_t(of<uint8_t>(in[0])[2 * i]) * of<int8_t>(in[1])[2 * i] +
        int32_t(of<uint8_t>(in[0])[2 * i + 1]) * of<int8_t>(in[1])[2 * i + 1]);
}
/// VPMADDWD.
template <int Bytes> void vpmaddwd(void *result, const void *const *in) {
  auto *out = static_cast<int32_t *>(result);
  for (int i = 0; i < Bytes / 4; ++i) {
    uint32_t sum = 0;
    for (int j = 2 * i; j < 2 * i + 2; ++j)
      sum += int32_t(of<int16_t>(in[0])[j]) * of<int16_t>(in[1])[j];
    out[i] = int32_t(sum);
  }
}
float bfloatAt(const void *operand, int i) {
  return std::bit_cast<float>(uint32_t(of<uint16_t>(operand)[i]) << 16);
}
/// VDPBF16PS: the second product of a pair first. Products are exact in f32, so
/// that a multiply and an add round once, as there; that numbers below the
/// normal ones count as zero there is left out.
template <int Bytes> void vdpbf16ps(void *result, const void *const *in) {
  auto *out = static_cast<float *>(result);
  for (int i = 0; i < Bytes / 4; ++i) {
    float sum = of<float>(in[0])[i];
    for (int j = 2 * i + 1; j >= 2 * i; --j)
      sum += bfloatAt(in[1], j) * bfloatAt(in[2], j);
    out[i] = sum;
  }
}
/// VCVTNEPS2BF16: to the nearest, ties to even ones.
template <int Bytes> void vcvtneps2bf16(void *result, const void *const *in) {
  auto *out = static_cast<uint16_t *>(result);
  for (int i = 0; i < Bytes / 4; ++i) {
    uint32_t bits = of<uint32_t>(in[0])[i];
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude < 0x00800000)
      bits &= 0x80000000; // below the normal numbers
    else if (magnitude > 0x7f800000)
      bits |= 0x00400000; // NaN
    else
      bits += 0x7fff + (bits >> 16 & 1);
    out[i] = bits >> 16;
  }
}
/// VPSHUFB: in each 16 bytes.
template <int Bytes> void vpshufb(void *result, const void *const *in) {
  auto *out = static_cast<uint8_t *>(result);
  for (int i = 0; i < Bytes; ++i) {
    uint8_t index = of<uint8_t>(in[1])[i];
    out[i] = index & 0x80 ? 0 : of<uint8_t>(in[0])[i / 16 * 16 + index % 16];
  }
}

/// A tile register: 16 rows of 64 bytes.
struct Tile {
  uint8_t bytes[16][64];
};
int16_t numberOf(const void *operand) { return *of<int16_t>(operand); }

/// TILEZERO: rows, bytes of a row.
void tilezero(void *result, const void *const *) {
  std::memset(result, 0, sizeof(Tile));
}
/// TILELOADD: rows, bytes of a row, address, stride.
void tileloadd(void *result, const void *const *in) {
  auto *tile = static_cast<Tile *>(result);
  std::memset(tile, 0, sizeof(Tile));
  auto *from = *of<const uint8_t *>(in[2]);
  for (int i = 0; i < numberOf(in[0]); ++i)
    std::memcpy(tile->bytes[i], from + i * *of<int64_t>(in[3]),
                numberOf(in[1]));
}
/// TILESTORED: the same, and the tile.
void tilestored(void *, const void *const *in) {
  auto *to = *of<uint8_t *>(in[2]);
  for (int i = 0; i < numberOf(in[0]); ++i)
    std::memcpy(to + i * *of<int64_t>(in[3]), of<Tile>(in[4])->bytes[i],
                numberOf(in[1]));
}
/// TDPBSUD: rows, bytes of a row of sums, bytes of a row of the first factor;
/// sums, signed bytes, unsigned bytes.
void tdpbsud(void *result, const void *const *in) {
  Tile sums = *of<Tile>(in[3]);
  const Tile &a = *of<Tile>(in[4]), &b = *of<Tile>(in[5]);
  for (int m = 0; m < numberOf(in[0]); ++m)
    for (int n = 0; n < numberOf(in[1]) / 4; ++n) {
      int32_t sum;
      std::memcpy(&sum, &sums.bytes[m][4 * n], 4);
      for (int k = 0; k < numberOf(in[2]); ++k)
        sum += int8_t(a.bytes[m][k]) * int32_t(b.bytes[k / 4][4 * n + k % 4]);
      std::memcpy(&sums.bytes[m][4 * n], &sum, 4);
    }
  std::memcpy(result, &sums, sizeof(Tile));
}

/// TDPBF16PS: the same of bf16, sums of f32. The first and the second products
/// of pairs are added apart, and both sums in the end.
void tdpbf16ps(void *result, const void *const *in) {
  Tile sums = *of<Tile>(in[3]);
  const Tile &a = *of<Tile>(in[4]), &b = *of<Tile>(in[5]);
  for (int m = 0; m < numberOf(in[0]); ++m)
    for (int n = 0; n < numberOf(in[1]) / 4; ++n) {
      float sum, parts[2] = {0, 0};
      std::memcpy(&sum, &sums.bytes[m][4 * n], 4);
      for (int k = 0; k < numberOf(in[2]) / 2; ++k)
        parts[k % 2] +=
            bfloatAt(a.bytes[m], k) * bfloatAt(b.bytes[k / 2], 2 * n + k % 2);
      sum += parts[0] + parts[1];
      std::memcpy(&sums.bytes[m][4 * n], &sum, 4);
    }
  std::memcpy(result, &sums, sizeof(Tile));
}

struct Emulated {
  const char *intrinsic;
  Instruction run;
};
constexpr Emulated kEmulated[] = {
    {"llvm.x86.avx512.vpdpbusd.512", vpdpbusd<64>},
    {"llvm.x86.avx512.vpdpbusd.256", vpdpbusd<32>},
    {"llvm.x86.avx512.pmaddubs.w.512", vpmaddubsw<64>},
    {"llvm.x86.avx512.pmaddw.d.512", vpmaddwd<64>},
    {"llvm.x86.avx512.pshuf.b.512", vpshufb<64>},
    {"llvm.x86.avx512bf16.dpbf16ps.512", vdpbf16ps<64>},
    {"llvm.x86.avx512bf16.cvtneps2bf16.512", vcvtneps2bf16<64>},
    {"llvm.x86.tilezero.internal", tilezero},
    {"llvm.x86.tileloadd64.internal", tileloadd},
    {"llvm.x86.tilestored64.internal", tilestored},
    {"llvm.x86.tdpbsud.internal", tdpbsud},
    {"llvm.x86.tdpbf16ps.internal", tdpbf16ps},
    {"llvm.x86.avx2.pmadd.ub.sw", vpmaddubsw<32>},
    {"llvm.x86.avx2.pmadd.wd", vpmaddwd<32>},
    {"llvm.x86.avx2.pshuf.b", vpshufb<32>},
};

// --- Their calls -------------------------------------------------------------
/// Operands and the result go through memory of the function's own; a tile is
/// there as long as it lives, and one that a loop carries is copied.
class Emulator {
public:
  explicit Emulator(llvm::Function &function)
      : entry(&*function.getEntryBlock().getFirstInsertionPt()) {
    for (llvm::BasicBlock &block : function)
      for (llvm::PHINode &phi : block.phis())
        if (phi.getType()->isX86_AMXTy()) {
          tiles[&phi] = tileMemory();
          carried.push_back(&phi);
        }
  }

  void replace(llvm::CallInst *call, Instruction run) {
    llvm::IRBuilder<> b(call);
    llvm::SmallVector<llvm::Value *> addresses;
    for (llvm::Value *operand : call->args()) {
      if (operand->getType()->isX86_AMXTy()) {
        addresses.push_back(tiles.lookup(operand));
        continue;
      }
      addresses.push_back(memory(addresses.size() + 2, operand->getType()));
      b.CreateStore(operand, addresses.back());
    }
    auto *list = llvm::ArrayType::get(b.getPtrTy(), addresses.size());
    llvm::Value *operands = memory(1, list);
    for (auto [i, address] : llvm::enumerate(addresses))
      b.CreateStore(address, b.CreateConstGEP2_32(list, operands, 0, i));
    llvm::Type *type = call->getType();
    llvm::Value *result = llvm::Constant::getNullValue(b.getPtrTy());
    if (type->isX86_AMXTy())
      result = tiles[call] = tileMemory();
    else if (!type->isVoidTy())
      result = memory(0, type);
    auto *signature = llvm::FunctionType::get(
        b.getVoidTy(), {b.getPtrTy(), b.getPtrTy()}, /*isVarArg=*/false);
    llvm::Value *callee = b.CreateIntToPtr(
        b.getInt64(reinterpret_cast<uint64_t>(run)), b.getPtrTy());
    b.CreateCall(signature, callee, {result, operands});
    if (!type->isVoidTy() && !type->isX86_AMXTy())
      call->replaceAllUsesWith(b.CreateLoad(type, result));
    replaced.push_back(call);
  }

  /// Last users first: tiles are still named by what followed them.
  void finish() {
    for (llvm::PHINode *phi : carried)
      for (auto [value, block] :
           llvm::zip(phi->incoming_values(), phi->blocks()))
        llvm::IRBuilder<>(block->getTerminator())
            .CreateMemCpy(tiles.lookup(phi), {}, tiles.lookup(value), {},
                          sizeof(Tile));
    for (llvm::PHINode *phi : carried) {
      phi->replaceAllUsesWith(llvm::PoisonValue::get(phi->getType()));
      phi->eraseFromParent();
    }
    for (llvm::CallInst *call : llvm::reverse(replaced))
      call->eraseFromParent();
  }

private:
  llvm::Value *tileMemory() {
    llvm::IRBuilder<> b(entry);
    return b.CreateAlloca(llvm::ArrayType::get(b.getInt8Ty(), sizeof(Tile)));
  }
  /// All calls share it: each has read its result before the next begins.
  llvm::Value *memory(size_t slot, llvm::Type *type) {
    llvm::Value *&place = places[{slot, type}];
    if (!place)
      place = llvm::IRBuilder<>(entry).CreateAlloca(type);
    return place;
  }
  llvm::Instruction *entry;
  std::map<std::pair<size_t, llvm::Type *>, llvm::Value *> places;
  llvm::DenseMap<llvm::Value *, llvm::Value *> tiles;
  llvm::SmallVector<llvm::CallInst *> replaced;
  llvm::SmallVector<llvm::PHINode *> carried;
};

} // namespace

Result<CodeBlob> emitToRun(mlir::ModuleOp module, const CpuLevel &level) {
  if (runsOnHost(level))
    return emitObject(module, level);
  llvm::LLVMContext context;
  Result<TranslatedKernels> kernels = translateKernels(module, level, context);
  if (!kernels)
    return kernels.takeErrors();
  for (llvm::Function &function : *kernels->code) {
    if (function.isDeclaration())
      continue;
    Emulator emulator(function);
    llvm::SmallVector<llvm::CallInst *> calls;
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction))
        if (call->getCalledFunction())
          calls.push_back(call);
    for (llvm::CallInst *call : calls)
      for (const Emulated &known : kEmulated)
        if (call->getCalledFunction()->getName() == known.intrinsic) {
          emulator.replace(call, known.run);
          break;
        }
    emulator.finish();
  }
  Result<CpuLevel> host = cpuLevelNamed("host");
  if (!host)
    return host.takeErrors();
  return compileKernels(std::move(*kernels), *host);
}

} // namespace tombolo::test
