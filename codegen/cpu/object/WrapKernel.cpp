#include "codegen/cpu/object/WrapKernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tombolo {

/// What a body sees as a dynamic size: no buffer is larger.
static constexpr int64_t kUnknownSize = int64_t(1) << 40;

static std::string text(Type type) {
  std::string result;
  llvm::raw_string_ostream(result) << type;
  return result;
}

namespace {
struct EntryBuilder {
  OpBuilder &b;
  Location loc;
  LLVM::LLVMPointerType pointer;
  Type i64;

  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(value));
  }
  Value element(Value array, Type type, int64_t index) {
    Value address = LLVM::GEPOp::create(
        b, loc, pointer, type, array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    return LLVM::LoadOp::create(b, loc, type, address);
  }
  Value cast(Type type, Value value) {
    return UnrealizedConversionCastOp::create(b, loc, type, value).getResult(0);
  }
  /// The descriptor that the memref's lowering unpacks again.
  Value memref(MemRefType type, Value base, ArrayRef<int64_t> strides,
               int64_t offset) {
    int64_t rank = type.getRank();
    SmallVector<Type> fields{pointer, pointer, i64};
    if (rank > 0) {
      auto array = LLVM::LLVMArrayType::get(i64, rank);
      fields.append({array, array});
    }
    auto structure = LLVM::LLVMStructType::getLiteral(b.getContext(), fields);
    Value d = LLVM::PoisonOp::create(b, loc, structure);
    auto insert = [&](Value v, ArrayRef<int64_t> position) {
      d = LLVM::InsertValueOp::create(b, loc, d, v, position);
    };
    insert(base, {0});
    insert(base, {1});
    insert(constant(offset), {2});
    for (int64_t i = 0; i < rank; ++i) {
      int64_t size = type.isDynamicDim(i) ? kUnknownSize : type.getDimSize(i);
      insert(constant(size), {3, i});
      insert(constant(strides[i]), {4, i});
    }
    return cast(type, d);
  }
};
} // namespace

Status wrapKernel(func::FuncOp body, llvm::StringRef name,
                  int64_t scratchBytes) {
  auto fail = [&](const llvm::Twine &message) {
    return Error("", ("kernel '" + name + "': " + message).str());
  };
  ArrayRef<Type> arguments = body.getArgumentTypes();
  if (body.getNumResults() != 0)
    return fail("expects a body without results");
  if (arguments.size() < 2 || !arguments[0].isIndex() ||
      !arguments[1].isIndex())
    return fail("expects the body's first arguments to be index begin and end");
  if (scratchBytes < 0)
    return fail("expects scratch bytes of at least 0, but got " +
                llvm::Twine(scratchBytes));
  if (body.getName() == name)
    return fail("expects a body of another name");

  MLIRContext *context = body.getContext();
  context->loadDialect<LLVM::LLVMDialect>();
  Location loc = body.getLoc();
  OpBuilder b(context);
  b.setInsertionPointAfter(body);
  EntryBuilder e{b, loc, LLVM::LLVMPointerType::get(context), b.getI64Type()};
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(context),
      {e.pointer, e.pointer, e.i64, e.i64, e.pointer});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, name, type);
  entry->setAttr(kScratchBytesAttr, b.getI64IntegerAttr(scratchBytes));
  Block *block = entry.addEntryBlock(b);
  b.setInsertionPointToStart(block);

  SmallVector<Value> operands{e.cast(b.getIndexType(), block->getArgument(2)),
                              e.cast(b.getIndexType(), block->getArgument(3))};
  int64_t buffers = 0, sizes = 0;
  size_t last = arguments.size() - (scratchBytes > 0 ? 1 : 0);
  for (size_t i = 2; i < arguments.size(); ++i) {
    if (arguments[i].isIndex() && i < last) {
      operands.push_back(e.cast(
          b.getIndexType(), e.element(block->getArgument(1), e.i64, sizes++)));
      continue;
    }
    auto memref = dyn_cast<MemRefType>(arguments[i]);
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    if (!memref || failed(memref.getStridesAndOffset(strides, offset)) ||
        offset == ShapedType::kDynamic ||
        llvm::is_contained(strides, ShapedType::kDynamic)) {
      entry.erase();
      return fail("expects argument " + llvm::Twine(i) +
                  " to be an index or a memref with static strides, but got '" +
                  text(arguments[i]) + "'");
    }
    Value base = i < last
                     ? e.element(block->getArgument(0), e.pointer, buffers++)
                     : Value(block->getArgument(4));
    operands.push_back(e.memref(memref, base, strides, offset));
  }
  func::CallOp::create(b, loc, body, operands);
  LLVM::ReturnOp::create(b, loc, ValueRange());
  body.setPrivate();
  return success();
}

} // namespace tombolo
