//===- Emitter.h - Short forms for building vector IR -----------*- C++ -*-===//
//
// Kernels are written as C++ that builds IR; this keeps their text about as
// long as the kernel itself. Everything folds constants, so addresses become a
// base and a displacement.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_EMITTER_H
#define CODEGEN_CPU_KERNELS_EMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "support/Encoding.h"

namespace tombolo {

using mlir::Location;
using mlir::OpBuilder;
using mlir::OpFoldResult;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;
using mlir::VectorType;
using Values = llvm::SmallVector<Value>;

/// Lanes of the vectors that kernels compute with; LLVM splits them where
/// registers are narrower.
inline constexpr int64_t kLanes = 16;

class Emitter {
public:
  Emitter(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  OpBuilder &b;
  Location loc;

  // Types.
  VectorType f32(int64_t lanes = kLanes) const;
  VectorType i32(int64_t lanes = kLanes) const;
  VectorType i8(int64_t lanes) const;
  /// The MLIR type of F32, F16 or BF16.
  Type plainType(Encoding encoding) const;

  // Indices.
  Value index(int64_t value);
  Value index(OpFoldResult value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value mul(Value x, int64_t y);
  Value divide(Value x, int64_t y);    ///< of numbers that are not negative
  Value remainder(Value x, int64_t y); ///< of numbers that are not negative
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value less(Value x, Value y);

  // Constants and conversions; `like` is a scalar or vector type.
  Value constant(double value, Type like);
  Value constantInt(int64_t value, Type like);
  Value bitcast(Type type, Value value);
  /// A scalar or one-lane vector in every lane.
  Value splat(Value value, VectorType type);
  Value extend(Value value);               ///< short floats to f32
  Value narrow(Value value, Type element); ///< f32 to short floats
  Value toFloat(Value value);              ///< signed integers to f32

  // Memory. Byte offsets into memref<?xi8>, element offsets into others.
  Value loadBytes(Value memory, Value offset, VectorType type);
  void storeBytes(Value memory, Value offset, Value value);
  /// The 32-bit element at a byte offset in every lane.
  Value loadSplat(Value memory, Value offset, VectorType type);
  Value load(Value memory, Value offset, VectorType type);
  void store(Value memory, Value offset, Value value);
  /// Asks for the lines of `bytes` bytes that will be read, behind the end of
  /// the memory too, for the second-level cache.
  void prefetch(Value memory, Value offset, int64_t bytes);
  Value loadScalar(Value memory, Value offset);
  void storeScalar(Value memory, Value offset, Value value);

  // Arithmetic of scalars or vectors.
  Value fma(Value x, Value y, Value z);
  Value addf(Value x, Value y);
  Value subf(Value x, Value y);
  Value mulf(Value x, Value y);
  Value divf(Value x, Value y);
  /// The larger; either where one is NaN.
  Value maxf(Value x, Value y);
  Value addi(Value x, Value y);
  Value muli(Value x, Value y);
  Value andi(Value x, int64_t mask);
  Value shiftLeft(Value x, int64_t bits);
  Value shiftRight(Value x, int64_t bits); ///< logical
  Value shiftRightSigned(Value x, int64_t bits);
  /// The sum or maximum of the lanes in every lane.
  Value sumLanes(Value vector);
  Value maxLanes(Value vector);
  /// The largest magnitude of all lanes of `vectors` (f32) in every lane;
  /// infinity and, above it, NaN are kept.
  Value largestMagnitude(ValueRange vectors);
  /// 2^x for x <= 0 with a relative error of 2e-7; 0 below about -126.
  Value exp2OfNegative(Value x);
  /// Calls an LLVM intrinsic.
  Value intrinsic(llvm::StringRef name, Type result, ValueRange operands);

  // Control.
  using LoopBody = llvm::function_ref<Values(Value, ValueRange)>;
  /// `scf.for`; the body gets the counter and the carried values and returns
  /// the next ones.
  Values loop(Value from, Value to, int64_t step, ValueRange carried,
              LoopBody body);
  void loop(Value from, Value to, int64_t step,
            llvm::function_ref<void(Value)> body);
  void ifThen(Value condition, llvm::function_ref<void()> body);

private:
  template <typename Op> Value fold(Value x, Value y) {
    return b.createOrFold<Op>(loc, x, y);
  }
};

/// Pieces of `length` elements that vectors cover without a mask: sixteen at a
/// time, then 8, 4, 2 and 1.
struct Piece {
  int64_t offset, lanes;
};
llvm::SmallVector<Piece> piecesOf(int64_t length);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_EMITTER_H
