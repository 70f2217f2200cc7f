#include "codegen/cpu/kernels/TileRegisters.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tombolo {

Type TileRegisters::type() {
  return LLVM::LLVMX86AMXType::get(e.b.getContext());
}

Value TileRegisters::address(Value memory, Value offset) {
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(e.b, e.loc, memory);
  Value number = arith::IndexCastOp::create(e.b, e.loc, e.b.getI64Type(),
                                            e.add(base, offset));
  return LLVM::IntToPtrOp::create(
      e.b, e.loc, LLVM::LLVMPointerType::get(e.b.getContext()), number);
}

Value TileRegisters::word(int64_t value) {
  return e.constantInt(value, e.b.getI16Type());
}

Value TileRegisters::load(Value memory, Value offset, int64_t rows,
                          int64_t bytes, int64_t stride) {
  return e.intrinsic("llvm.x86.tileloadd64.internal", type(),
                     {word(rows), word(bytes), address(memory, offset),
                      e.constantInt(stride, e.b.getI64Type())});
}

void TileRegisters::store(Value memory, Value offset, int64_t rows,
                          int64_t stride, Value tile) {
  LLVM::CallIntrinsicOp::create(
      e.b, e.loc, e.b.getStringAttr("llvm.x86.tilestored64.internal"),
      ValueRange{word(rows), word(64), address(memory, offset),
                 e.constantInt(stride, e.b.getI64Type()), tile});
}

Value TileRegisters::zero(int64_t rows) {
  return e.intrinsic("llvm.x86.tilezero.internal", type(),
                     {word(rows), word(64)});
}

Value TileRegisters::dot(StringRef intrinsic, int64_t rows, int64_t bytes,
                         Value sums, Value x, Value y) {
  return e.intrinsic(intrinsic, type(),
                     {word(rows), word(64), word(bytes), sums, x, y});
}

} // namespace tombolo
