#include "codegen/cpu/kernels/Emitter.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tombolo {

VectorType Emitter::f32(int64_t lanes) const {
  return VectorType::get({lanes}, b.getF32Type());
}
VectorType Emitter::i32(int64_t lanes) const {
  return VectorType::get({lanes}, b.getI32Type());
}
VectorType Emitter::i8(int64_t lanes) const {
  return VectorType::get({lanes}, b.getI8Type());
}
Type Emitter::plainType(Encoding encoding) const {
  assert((encoding == Encoding::F32 || encoding == Encoding::F16 ||
          encoding == Encoding::BF16) &&
         "kernels store f32, f16 or bf16");
  if (encoding == Encoding::F32)
    return b.getF32Type();
  return encoding == Encoding::F16 ? Type(b.getF16Type())
                                   : Type(b.getBF16Type());
}

/// `element`, or a vector of it shaped like `like`.
static Type shapedLike(Type like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like))
    return vector.clone(element);
  return element;
}

Value Emitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}
Value Emitter::index(OpFoldResult value) {
  return getValueOrCreateConstantIndexOp(b, loc, value);
}
Value Emitter::add(Value x, Value y) { return fold<arith::AddIOp>(x, y); }
Value Emitter::add(Value x, int64_t y) { return y ? add(x, index(y)) : x; }
Value Emitter::sub(Value x, Value y) { return fold<arith::SubIOp>(x, y); }
Value Emitter::mul(Value x, Value y) { return fold<arith::MulIOp>(x, y); }
Value Emitter::mul(Value x, int64_t y) { return y == 1 ? x : mul(x, index(y)); }
Value Emitter::divide(Value x, int64_t y) {
  return y == 1 ? x : fold<arith::DivUIOp>(x, index(y));
}
Value Emitter::remainder(Value x, int64_t y) {
  return fold<arith::RemUIOp>(x, index(y));
}
Value Emitter::min(Value x, Value y) { return fold<arith::MinSIOp>(x, y); }
Value Emitter::max(Value x, Value y) { return fold<arith::MaxSIOp>(x, y); }
Value Emitter::less(Value x, Value y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y);
}

Value Emitter::constant(double value, Type like) {
  TypedAttr attr = b.getFloatAttr(getElementTypeOrSelf(like), value);
  if (auto vector = dyn_cast<VectorType>(like))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, attr);
}
Value Emitter::constantInt(int64_t value, Type like) {
  TypedAttr attr = b.getIntegerAttr(getElementTypeOrSelf(like), value);
  if (auto vector = dyn_cast<VectorType>(like))
    attr = DenseElementsAttr::get(vector, attr);
  return arith::ConstantOp::create(b, loc, attr);
}
Value Emitter::bitcast(Type type, Value value) {
  if (value.getType() == type)
    return value;
  if (isa<VectorType>(type))
    return vector::BitCastOp::create(b, loc, cast<VectorType>(type), value);
  return arith::BitcastOp::create(b, loc, type, value);
}
Value Emitter::splat(Value value, VectorType type) {
  return vector::BroadcastOp::create(b, loc, type, value);
}
Value Emitter::extend(Value value) {
  if (getElementTypeOrSelf(value.getType()).isF32())
    return value;
  return arith::ExtFOp::create(
      b, loc, shapedLike(value.getType(), b.getF32Type()), value);
}
Value Emitter::narrow(Value value, Type element) {
  if (element.isF32())
    return value;
  return arith::TruncFOp::create(b, loc, shapedLike(value.getType(), element),
                                 value);
}
Value Emitter::toFloat(Value value) {
  return arith::SIToFPOp::create(
      b, loc, shapedLike(value.getType(), b.getF32Type()), value);
}

Value Emitter::loadBytes(Value memory, Value offset, VectorType type) {
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  Value raw =
      vector::LoadOp::create(b, loc, i8(bytes), memory, ValueRange(offset));
  return bitcast(type, raw);
}
void Emitter::storeBytes(Value memory, Value offset, Value value) {
  auto type = cast<VectorType>(value.getType());
  int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  vector::StoreOp::create(b, loc, bitcast(i8(bytes), value), memory,
                          ValueRange(offset));
}
Value Emitter::loadSplat(Value memory, Value offset, VectorType type) {
  VectorType one = VectorType::get({1}, type.getElementType());
  return splat(loadBytes(memory, offset, one), type);
}
Value Emitter::load(Value memory, Value offset, VectorType type) {
  return vector::LoadOp::create(b, loc, type, memory, ValueRange(offset));
}
void Emitter::store(Value memory, Value offset, Value value) {
  vector::StoreOp::create(b, loc, value, memory, ValueRange(offset));
}
void Emitter::prefetch(Value memory, Value offset, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += 64)
    memref::PrefetchOp::create(b, loc, memory, ValueRange(add(offset, at)),
                               /*isWrite=*/false, /*localityHint=*/2,
                               /*isDataCache=*/true);
}
Value Emitter::loadScalar(Value memory, Value offset) {
  return memref::LoadOp::create(b, loc, memory, ValueRange(offset));
}
void Emitter::storeScalar(Value memory, Value offset, Value value) {
  memref::StoreOp::create(b, loc, value, memory, ValueRange(offset));
}

Value Emitter::fma(Value x, Value y, Value z) {
  return math::FmaOp::create(b, loc, x, y, z);
}
Value Emitter::addf(Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y);
}
Value Emitter::subf(Value x, Value y) {
  return arith::SubFOp::create(b, loc, x, y);
}
Value Emitter::mulf(Value x, Value y) {
  return arith::MulFOp::create(b, loc, x, y);
}
Value Emitter::divf(Value x, Value y) {
  return arith::DivFOp::create(b, loc, x, y);
}
Value Emitter::maxf(Value x, Value y) {
  // Compare and select is one maxps; maxnumf would need a second compare.
  Value greater =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, loc, greater, x, y);
}
Value Emitter::addi(Value x, Value y) {
  return arith::AddIOp::create(b, loc, x, y);
}
Value Emitter::muli(Value x, Value y) {
  return arith::MulIOp::create(b, loc, x, y);
}
Value Emitter::andi(Value x, int64_t mask) {
  return arith::AndIOp::create(b, loc, x, constantInt(mask, x.getType()));
}
Value Emitter::shiftLeft(Value x, int64_t bits) {
  return bits ? arith::ShLIOp::create(b, loc, x, constantInt(bits, x.getType()))
              : x;
}
Value Emitter::shiftRight(Value x, int64_t bits) {
  return bits
             ? arith::ShRUIOp::create(b, loc, x, constantInt(bits, x.getType()))
             : x;
}
Value Emitter::shiftRightSigned(Value x, int64_t bits) {
  return bits
             ? arith::ShRSIOp::create(b, loc, x, constantInt(bits, x.getType()))
             : x;
}

/// Folds the lanes by halves, so that the order is the same on every level.
template <typename Combine>
static Value reduceLanes(Emitter &e, Value vector, Combine combine) {
  auto type = cast<VectorType>(vector.getType());
  int64_t lanes = type.getNumElements();
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < lanes; ++i)
      mask.push_back(i ^ half);
    Value other =
        vector::ShuffleOp::create(e.b, e.loc, type, vector, vector, mask);
    vector = combine(vector, other);
  }
  return vector;
}
Value Emitter::sumLanes(Value vector) {
  return reduceLanes(*this, vector,
                     [&](Value x, Value y) { return addf(x, y); });
}
Value Emitter::maxLanes(Value vector) {
  return reduceLanes(*this, vector,
                     [&](Value x, Value y) { return maxf(x, y); });
}

Value Emitter::largestMagnitude(ValueRange vectors) {
  // As integers, the bits of magnitudes are ordered like them.
  Value bits;
  for (Value x : vectors) {
    Value magnitude = andi(bitcast(i32(), x), 0x7fffffff);
    bits = bits ? arith::MaxSIOp::create(b, loc, bits, magnitude).getResult()
                : magnitude;
  }
  bits = reduceLanes(*this, bits, [&](Value x, Value y) -> Value {
    return arith::MaxSIOp::create(b, loc, x, y);
  });
  return bitcast(f32(), bits);
}

Value Emitter::exp2OfNegative(Value x) {
  Type type = x.getType();
  Type integers = shapedLike(type, b.getI32Type());
  // Below, the exponent field would wrap; 2^-127 built this way is 0.
  x = maxf(x, constant(-127.0, type));
  Value whole = math::RoundEvenOp::create(b, loc, x);
  Value rest = subf(x, whole);
  // Minimax polynomial of 2^rest on [-1/2, 1/2].
  Value r = constant(1.5353362e-4, type);
  for (double c : {1.3398874e-3, 9.6184374e-3, 5.5503325e-2, 2.4022648e-1,
                   6.931472e-1, 1.0})
    r = fma(r, rest, constant(c, type));
  Value exponent = arith::FPToSIOp::create(b, loc, integers, whole);
  Value scale =
      bitcast(type, shiftLeft(addi(exponent, constantInt(127, integers)), 23));
  return mulf(r, scale);
}

Value Emitter::intrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(name),
                                       operands)
      .getResult(0);
}

Values Emitter::loop(Value from, Value to, int64_t step, ValueRange carried,
                     LoopBody body) {
  auto op = scf::ForOp::create(
      b, loc, from, to, index(step), carried,
      [&](OpBuilder &, Location, Value counter, ValueRange values) {
        Values next = body(counter, values);
        scf::YieldOp::create(b, loc, next);
      });
  return Values(op.getResults());
}
void Emitter::loop(Value from, Value to, int64_t step,
                   llvm::function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange(), [&](Value counter, ValueRange) {
    body(counter);
    return Values();
  });
}
void Emitter::ifThen(Value condition, llvm::function_ref<void()> body) {
  scf::IfOp::create(b, loc, condition, [&](OpBuilder &, Location) {
    body();
    scf::YieldOp::create(b, loc);
  });
}

SmallVector<Piece> piecesOf(int64_t length) {
  SmallVector<Piece> pieces;
  for (int64_t offset = 0, lanes = kLanes; offset < length;) {
    while (lanes > length - offset)
      lanes /= 2;
    pieces.push_back({offset, lanes});
    offset += lanes;
  }
  return pieces;
}

} // namespace tombolo
