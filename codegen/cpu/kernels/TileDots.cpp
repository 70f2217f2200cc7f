#include "codegen/cpu/kernels/TileDots.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tombolo {

Value TileDots::address(Value memory, Value offset) {
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(e.b, e.loc, memory);
  Value number = arith::IndexCastOp::create(e.b, e.loc, e.b.getI64Type(),
                                            e.add(base, offset));
  return LLVM::IntToPtrOp::create(
      e.b, e.loc, LLVM::LLVMPointerType::get(e.b.getContext()), number);
}

Value TileDots::word(int64_t value) {
  return e.constantInt(value, e.b.getI16Type());
}

Value TileDots::load(int64_t tileRows, int64_t bytes, Value memory,
                     Value offset, int64_t stride) {
  return e.intrinsic("llvm.x86.tileloadd64.internal",
                     LLVM::LLVMX86AMXType::get(e.b.getContext()),
                     {word(tileRows), word(bytes), address(memory, offset),
                      e.constantInt(stride, e.b.getI64Type())});
}

Values TileDots::products(Value codes, Value codesAt, Value values,
                          ValueRange valuesAt, int64_t columns, Value scratch,
                          Value scratchAt) {
  Type tile = LLVM::LLVMX86AMXType::get(e.b.getContext());
  Value weights = load(columns / 4, 64, codes, codesAt, 64);
  for (int64_t plane = 0; plane < planes; ++plane) {
    Value zero =
        e.intrinsic("llvm.x86.tilezero.internal", tile, {word(rows), word(64)});
    Value bytes = load(rows, columns, values, valuesAt[plane], kRecordColumns);
    // Signed bytes of rows times unsigned codes.
    Value sums = e.intrinsic(
        "llvm.x86.tdpbsud.internal", tile,
        {word(rows), word(64), word(columns), zero, bytes, weights});
    Value target = address(scratch, e.add(scratchAt, plane * rows * 64));
    LLVM::CallIntrinsicOp::create(
        e.b, e.loc, e.b.getStringAttr("llvm.x86.tilestored64.internal"),
        ValueRange{word(rows), word(64), target,
                   e.constantInt(64, e.b.getI64Type()), sums});
  }
  Values result;
  for (int64_t m = 0; m < rows; ++m) {
    auto sumsOf = [&](int64_t plane) {
      return e.loadBytes(scratch, e.add(scratchAt, (plane * rows + m) * 64),
                         e.i32());
    };
    Value sums = sumsOf(0);
    if (planes == 2)
      sums = e.addi(e.shiftLeft(sumsOf(1), 8), sums);
    result.push_back(sums);
  }
  return result;
}

} // namespace tombolo
