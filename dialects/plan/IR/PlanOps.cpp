//===- PlanOps.cpp - Verifiers of the plan dialect ------------------------===//

#include "dialects/plan/IR/PlanVerifiers.h"
#include "support/Encoding.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

#define GET_OP_CLASSES
#include "dialects/plan/IR/PlanOps.cpp.inc"

/// Names of encodings are strings here: lowerings may rely on them.
static LogicalResult verifyEncoding(Operation *op, StringRef name) {
  if (tombolo::encodingNamed(name))
    return mlir::success();
  return op->emitOpError("expects the name of an encoding, but got '")
         << name << "'";
}

static LogicalResult verifyOneOf(Operation *op, StringRef attribute,
                                 StringRef value, ArrayRef<StringRef> names) {
  if (llvm::is_contained(names, value))
    return mlir::success();
  return op->emitOpError("expects '")
         << attribute << "' to be one of " << llvm::join(names, ", ")
         << ", but got '" << value << "'";
}

static LogicalResult verifyLayout(Operation *op, StringRef layout) {
  return verifyOneOf(op, "layout", layout, {"rows", "r16"});
}
static LogicalResult verifyStorage(Operation *op, StringRef storage) {
  return verifyOneOf(op, "storage", storage, {"f32", "f16", "bf16", "q8_0"});
}

/// `memref<?xT>`.
static bool isVector(Type type, Type elementType) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 1 && memref.isDynamicDim(0) &&
         memref.getLayout().isIdentity() &&
         memref.getElementType() == elementType;
}

/// `[T, C]` of f32, a row for each token.
static bool isRows(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 2 && memref.isDynamicDim(0) &&
         !memref.isDynamicDim(1) && memref.getElementType().isF32();
}

//===----------------------------------------------------------------------===//
// Module level
//===----------------------------------------------------------------------===//

LogicalResult PackOp::verify() {
  if (failed(verifyLayout(*this, getLayout()))) // C2
    return failure();
  std::optional<Encoding> encoding = tombolo::encodingNamed(getEncoding());
  if (!encoding) // C3
    return verifyEncoding(*this, getEncoding());
  int64_t elements = 1;
  bool fits = true;
  for (int64_t size : getShape())
    fits &= size > 0 && !llvm::MulOverflow(elements, size, elements);
  if (!fits || encodedBytes(*encoding, elements).value_or(UINT64_MAX) >
                   uint64_t(INT64_MAX)) // C4
    return emitOpError("expects positive sizes whose bytes fit 63 bits, but "
                       "got [")
           << getShape() << "] of '" << getEncoding() << "'";
  return mlir::success();
}

LogicalResult StateGroupOp::verify() {
  if (failed(verifyMembers(*this))) // C1, C2
    return failure();
  for (int64_t offset : getOffsets())
    if (offset < 0 || offset >= static_cast<int64_t>(getSlotBytes())) // C2
      return emitOpError("expects offsets within the slot of ")
             << getSlotBytes() << " bytes, but got " << offset;
  if (getClock() != 1 && getWindow() != uint64_t(-1)) // C3
    return emitOpError("expects all rows of a clock, but got a window of ")
           << getWindow();
  return mlir::success();
}

LogicalResult ProgramOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments() != 0) // C2
    return emitOpError("expects a body without arguments, but got ")
           << block.getNumArguments();
  for (Operation &op : block)
    if (!isa<BufferOp, WeightOp, InputOp, DispatchOp, TapOp>(op)) // C2
      return op.emitOpError("does not stand in a program: expects buffers, "
                            "weights, inputs, dispatches and taps");
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Inside a program
//===----------------------------------------------------------------------===//

/// Buffers above it are a mistake; sums of sizes below it do not overflow.
static constexpr int64_t kMaxBufferBytes = int64_t(1) << 47;

LogicalResult BufferOp::verify() {
  int64_t bytes = 0, rowBytes = getRowBytes();
  if (llvm::MulOverflow(static_cast<int64_t>(getRows()), rowBytes, bytes) ||
      bytes > kMaxBufferBytes) // C1
    return emitOpError("expects at most ")
           << kMaxBufferBytes << " bytes, but got " << getRows() << " rows of "
           << rowBytes;
  if (getOffset().value_or(0) % 64 != 0) // C2
    return emitOpError("expects 'offset' to be a multiple of 64, but got ")
           << *getOffset();
  if (getRole() && failed(verifyOneOf(*this, "role", *getRole(),
                                      {"hidden", "logits_in", "logits_out"})))
    return failure();              // C3
  if (getRole() && getPerThread()) // C5
    return emitOpError("expects the buffer that the host sees as '")
           << *getRole() << "' to be one for all threads";
  MemRefType type = getType();
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  bool isRow = (type.getRank() == 1 || type.getRank() == 2) &&
               type.isDynamicDim(0) &&
               !ShapedType::isDynamicShape(type.getShape().drop_front()) &&
               type.getElementType().isIntOrFloat() &&
               succeeded(type.getStridesAndOffset(strides, offset)) &&
               offset == 0 && strides.back() == 1;
  if (!isRow) // C4
    return emitOpError("expects a buffer of one or two dimensions, of which "
                       "only the first is dynamic, but got ")
           << type;
  if (type.getRank() == 2) {
    int64_t elementBytes = (type.getElementTypeBitWidth() + 7) / 8;
    if (strides[0] < type.getDimSize(1) ||
        strides[0] > rowBytes / elementBytes) // C4
      return emitOpError("expects 'row_bytes' to hold a row of ")
             << type << ", but got " << rowBytes;
  }
  return mlir::success();
}

LogicalResult WeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto pack = tables.lookupNearestSymbolFrom<PackOp>(*this, getPackAttr());
  if (!pack) // C1
    return emitOpError("expects '@")
           << getPack() << "' to be a 'plan.pack' of this module";
  if (getIndex() >= pack.getCount()) // C2
    return emitOpError("expects an index below ")
           << pack.getCount() << ", the size of '@" << getPack()
           << "', but got " << getIndex();
  MemRefType type = getType();
  Builder b(getContext());
  bool isPlain = pack.getLayout() == "rows" && pack.getEncoding() == "f32" &&
                 type.getElementType().isF32() &&
                 type.getShape() == pack.getShape() &&
                 type.getLayout().isIdentity();
  if (!isPlain && !isVector(type, b.getI8Type())) // C3
    return emitOpError("expects 'memref<?xi8>', or f32 of the shape of an f32 "
                       "pack in rows, but got ")
           << type << " of '@" << getPack() << "', [" << pack.getShape()
           << "] of '" << pack.getEncoding() << "' in '" << pack.getLayout()
           << "'";
  return mlir::success();
}

LogicalResult InputOp::verify() {
  bool named = llvm::is_contained(
      {"rope_table", "pool", "page_table", "fixed_state"}, getKind());
  bool plain = llvm::is_contained({"tokens", "positions"}, getKind());
  if (!named && !plain) // C1
    return emitOpError("expects 'kind' to be one of tokens, positions, "
                       "rope_table, pool, page_table, fixed_state, but got '")
           << getKind() << "'";
  if (named != getSource().has_value()) // C1
    return emitOpError("expects '")
           << getKind()
           << (named ? "' to name its source" : "' to have no source");
  if (getClock() != 1 && getKind() != "rope_table") // C2
    return emitOpError("expects no clock of '") << getKind() << "'";
  Builder b(getContext());
  MemRefType type = getType();
  bool isBytes = getKind() == "pool" || getKind() == "fixed_state";
  bool fits = getKind() == "rope_table"
                  ? type.getRank() == 3 && type.isDynamicDim(0) &&
                        type.getDimSize(1) == 2 && !type.isDynamicDim(2) &&
                        type.getElementType().isF32()
                  : isVector(type, isBytes ? b.getI8Type() : b.getI32Type());
  if (!fits) // C1
    return emitOpError("expects '")
           << getKind() << "' to be "
           << (getKind() == "rope_table" ? "'memref<?x2xnxf32>'"
               : isBytes                 ? "'memref<?xi8>'"
                                         : "'memref<?xi32>'")
           << ", but got " << type;
  return mlir::success();
}

LogicalResult InputOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (!getSource())
    return mlir::success();
  Operation *source =
      tables.lookupNearestSymbolFrom(*this, getSourceAttr().getAttr());
  // The dialect of models is not known here, but for the name of its op.
  StringRef expected = getKind() == "rope_table"    ? "nn.rope_table"
                       : getKind() == "fixed_state" ? "plan.fixed_state"
                                                    : "plan.state_group";
  if (!source || source->getName().getStringRef() != expected) // C1
    return emitOpError("expects '@")
           << *getSource() << "' to be a '" << expected << "' of this module";
  return mlir::success();
}

LogicalResult DispatchOp::verify() {
  int64_t count = getBuffers().size();
  for (int64_t position : getWrites()) {
    if (position < 0 || position >= count) // C2
      return emitOpError("expects 'writes' to be positions of ")
             << count << " buffers, but got " << position;
    if (getBuffers()[position].getDefiningOp<WeightOp>()) // C2
      return emitOpError("writes buffer ") << position << ", a weight";
    auto buffer = getBuffers()[position].getDefiningOp<BufferOp>();
    if ((buffer && buffer.getPerThread()) != getEachThread()) // C4
      return emitOpError(getEachThread() ? "runs on each thread, but writes "
                                           "buffer "
                                         : "runs once, but writes buffer ")
             << position
             << (getEachThread() ? ", which is one for all"
                                 : ", which is one of each thread");
  }
  return mlir::success();
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &tables) {
  Operation *kernel = tables.lookupNearestSymbolFrom(*this, getKernelAttr());
  if (!kernel || !kernel->hasAttr(kKernelAttr)) // C1
    return emitOpError("names no kernel: '") << getKernel() << "'";
  return mlir::success();
}

LogicalResult TapOp::verify() {
  auto buffer = getBuffer().getDefiningOp<BufferOp>();
  if (!buffer || buffer.getPerThread() || !isRows(getBuffer().getType())) // C1
    return emitOpError("expects a 'plan.buffer' of f32 rows, one for all "
                       "threads, but got ")
           << getBuffer().getType();
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Inside kernels
//===----------------------------------------------------------------------===//

LogicalResult plan::verifyColumns(Operation *op, StringRef name, Value buffer,
                                  int64_t columns, int64_t count) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t expected = 0;
  bool fits = !llvm::MulOverflow(columns, count, expected);
  if (type.getRank() != 2 || (fits && type.getDimSize(1) == expected))
    return mlir::success();
  return op->emitOpError("expects rows of ")
         << columns << " times " << count << " numbers in '" << name
         << "', but got " << type;
}

/// `[T, count]` of i32, a row for each token.
static LogicalResult verifyIds(Operation *op, StringRef name, Value buffer,
                               int64_t count) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 2 && type.isDynamicDim(0) &&
      type.getDimSize(1) == count && type.getElementType().isInteger(32))
    return mlir::success();
  return op->emitOpError("expects rows of ")
         << count << " i32 in '" << name << "', but got " << type;
}

static LogicalResult verifyOrder(Operation *op, StringRef name, Value buffer) {
  if (isVector(buffer.getType(), IntegerType::get(op->getContext(), 32)))
    return mlir::success();
  return op->emitOpError("expects 'memref<?xi32>' as '")
         << name << "', but got " << buffer.getType();
}

LogicalResult GroupChoicesOp::verify() {
  if (failed(verifyIds(*this, "ids", getIds(), getChoices()))) // C2
    return failure();
  return verifyOrder(*this, "order", getOrder()); // C2
}

LogicalResult ExpertLinearOp::verify() {
  if (failed(verifyEncoding(*this, getEncoding())) || // C2
      failed(verifyOneOf(*this, "activations", getActivations(),
                         {"f32", "i16", "i8"}))) // C2
    return failure();
  if (!getRoutes() && getChoices() != getExperts()) // C3
    return emitOpError("expects 'routes', or a choice for each of ")
           << getExperts() << " experts, but got " << getChoices();
  if (getRoutes() &&
      failed(getManyRows() ? verifyOrder(*this, "routes", getRoutes())
                           : verifyIds(*this, "routes", getRoutes(),
                                       getChoices()))) // C3
    return failure();
  if (failed(verifyColumns(*this, "y", getY(), getOutRows(), getChoices())) ||
      failed(verifyColumns(*this, "x", getX(), getInColumns(),
                           getPerChoice() ? getChoices() : 1))) // C4
    return failure();
  if (!getBias())
    return mlir::success();
  auto bias = cast<MemRefType>(getBias().getType());
  if (bias.getShape() !=
          ArrayRef<int64_t>{int64_t(getExperts()), int64_t(getOutRows())} ||
      !bias.getElementType().isF32()) // C5
    return emitOpError("expects 'bias' to be f32 of [")
           << getExperts() << ", " << getOutRows() << "], but got " << bias;
  return mlir::success();
}

LogicalResult QuantizeRowsOp::verify() {
  if (failed(verifyOneOf(*this, "activations", getActivations(),
                         {"i16", "i8"}))) // C3
    return failure();
  return verifyColumns(*this, "x", getX(), getColumns()); // C2
}

LogicalResult AppendRowsOp::verify() {
  if (failed(verifyStorage(*this, getStorage()))) // C2
    return failure();
  return verifyColumns(*this, "x", getX(), getColumns(), getHeads()); // C3
}

LogicalResult AttentionOp::verify() {
  if (getHeads() % getKeyHeads() != 0) // C1
    return emitOpError("expects 'key_heads' to divide 'heads' (")
           << getHeads() << "), but got " << getKeyHeads();
  if (failed(verifyStorage(*this, getStorage()))) // C2
    return failure();
  if (failed(verifyColumns(*this, "q", getQ(), getKeyColumns(),
                           getHeads()))) // C3
    return failure();
  if (failed(verifyOneOf(*this, "products", getProducts(),
                         {"f32", "bf16x2", "bf16"}))) // C5
    return failure();
  if (getRowTile() == 1 && getProducts() != "f32") // C5
    return emitOpError("expects products in f32 for one row, but got '")
           << getProducts() << "'";
  if (getSplits() == 1)
    return verifyColumns(*this, "y", getY(), getValueColumns(),
                         getHeads()); // C3
  if (getRowTile() != 1)              // C4
    return emitOpError("expects parts of one row, but got a row tile of ")
           << getRowTile();
  auto type = cast<MemRefType>(getY().getType());
  if (type.getRank() != 1 || !type.getElementType().isInteger(8)) // C3
    return emitOpError("expects bytes for the parts, but got ") << type;
  return mlir::success();
}

SizeAttr AttentionOp::getPrograms() {
  int64_t tile = getRowTile(), heads = getKeyHeads();
  if (tile == 1)
    return SizeAttr::get(getContext(), Symbol::Tokens, heads * getSplits(), 0,
                         1);
  return SizeAttr::get(getContext(), Symbol::Tokens, heads, (tile - 1) * heads,
                       tile);
}

LogicalResult MergeAttentionOp::verify() {
  if (getSplits() < 2) // C1
    return emitOpError("expects 2 parts or more, but got ") << getSplits();
  return verifyColumns(*this, "y", getY(), getValueColumns(), getHeads()); // C2
}

/// `memref<?xi8>`.
static LogicalResult verifyBytes(Operation *op, StringRef name, Value buffer) {
  if (isVector(buffer.getType(), IntegerType::get(op->getContext(), 8)))
    return mlir::success();
  return op->emitOpError("expects 'memref<?xi8>' as '")
         << name << "', but got " << buffer.getType();
}

LogicalResult RowAttentionOp::verify() {
  if (failed(verifyStorage(*this, getStorage()))) // C2
    return failure();
  if (failed(verifyColumns(*this, "q", getQ(), getColumns(), getHeads())) ||
      failed(verifyColumns(*this, "y", getY(), getColumns(),
                           getHeads()))) // C3
    return failure();
  if ((getExtraColumns() != 0) != static_cast<bool>(getQExtra())) // C1
    return emitOpError("expects 'q_extra' if and only if there are extra "
                       "columns, but got ")
           << getExtraColumns();
  if (getQExtra() &&
      failed(verifyColumns(*this, "q_extra", getQExtra(), getExtraColumns(),
                           getHeads()))) // C3
    return failure();
  size_t sets = getClocks().size(), each = getQExtra() ? 3 : 2;
  if (sets == 0 || getWindows().size() != sets || getPicks().size() != sets ||
      getPools().size() != sets || getPageTables().size() != sets ||
      getPlaces().size() != each * sets) // C4
    return emitOpError("expects a clock, a window, picks, a pool, a page "
                       "table and ")
           << each << " places of each set";
  for (auto [pool, table] : llvm::zip(getPools(), getPageTables()))
    if (failed(verifyBytes(*this, "pools", pool)) ||
        failed(verifyOrder(*this, "page_tables", table))) // C4
      return failure();
  if (getSink()) {
    auto sink = cast<MemRefType>(getSink().getType());
    if (sink.getShape() != ArrayRef<int64_t>{int64_t(getHeads())} ||
        !sink.getElementType().isF32()) // C6
      return emitOpError("expects 'sink' to be f32 of [")
             << getHeads() << "], but got " << sink;
  }
  size_t picked = 0;
  for (auto [clock, window, picks] :
       llvm::zip(getClocks(), getWindows(), getPicks())) {
    if (clock < 1 || window < -1 || window == 0 || picks < 0 ||
        (clock != 1 && window != -1)) // C4, C5
      return emitOpError("expects a positive clock, a window of rows of every "
                         "token, or -1, and picks of at least 0, but got ")
             << clock << ", " << window << " and " << picks;
    if (picks == 0)
      continue;
    if (picked == getIds().size()) // C4
      return emitOpError("expects ids of each set with picks");
    if (failed(verifyIds(*this, "ids", getIds()[picked++], picks))) // C4
      return failure();
  }
  if (picked != getIds().size()) // C4
    return emitOpError("expects ids of sets with picks only");
  return mlir::success();
}

LogicalResult IndexTopKOp::verify() {
  if (failed(verifyStorage(*this, getStorage()))) // C2
    return failure();
  if (failed(verifyBytes(*this, "pool", getPool())) ||
      failed(verifyOrder(*this, "page_table", getPageTable()))) // C5
    return failure();
  if (failed(verifyColumns(*this, "q", getQ(), getColumns(), getHeads())) ||
      failed(verifyColumns(*this, "a", getA(), getHeads()))) // C3
    return failure();
  return verifyIds(*this, "ids", getIds(), getK()); // C4
}

LogicalResult GatherWindowsOp::verify() {
  if (getBefore() + getSize() < 2) // C1
    return emitOpError("expects windows of 2 rows or more, but got ")
           << getBefore() << " and " << getSize();
  if (failed(verifyColumns(*this, "x", getX(), getColumns())) ||
      failed(verifyColumns(*this, "y", getY(), getColumns(),
                           getBefore() + getSize()))) // C2
    return failure();
  return verifyBytes(*this, "state", getState()); // C3
}

LogicalResult KeepRowsOp::verify() {
  if (failed(verifyColumns(*this, "x", getX(), getColumns()))) // C2
    return failure();
  return verifyBytes(*this, "state", getState()); // C3
}

LogicalResult EmbeddingOp::verify() {
  if (failed(verifyEncoding(*this, getEncoding()))) // C2
    return failure();
  if (failed(verifyLayout(*this, getLayout()))) // C2
    return failure();
  if (!infoOf(*tombolo::encodingNamed(getEncoding())).isInteger)
    return verifyColumns(*this, "y", getY(), getColumns()); // C3
  if (getEncoding() != "i32" || getLayout() != "rows")      // C2
    return emitOpError("expects a table of integers to be 'i32' in 'rows', but "
                       "got '")
           << getEncoding() << "' in '" << getLayout() << "'";
  return verifyIds(*this, "y", getY(), getColumns()); // C3
}

LogicalResult LinearOp::verify() {
  if (failed(verifyEncoding(*this, getEncoding())) || // C2
      failed(verifyOneOf(*this, "activations", getActivations(),
                         {"f32", "i16", "i8"}))) // C2
    return failure();
  if (getPaired() && getOutRows() % 32 != 0) // C4
    return emitOpError(
               "expects paired matrices of a multiple of 16 rows, but got ")
           << getOutRows() / 2;
  int64_t outColumns = getPaired() ? getOutRows() / 2 : getOutRows();
  if (failed(verifyColumns(*this, "y", getY(), outColumns)) ||
      (getActivations() == "f32" &&
       failed(verifyColumns(*this, "x", getX(), getInColumns())))) // C6
    return failure();
  for (auto [index, extra] : llvm::enumerate(getExtras())) {
    auto type = cast<MemRefType>(extra.getType());
    if (type.getRank() < 1 || type.getRank() > 2 ||
        !type.getElementType().isF32()) // C5
      return emitOpError("expects extra ")
             << index << " to be f32 of one dimension or two, but got " << type;
  }
  return mlir::success();
}

LogicalResult LinearOp::verifyRegions() {
  size_t accumulators = getPaired() ? 2 : 1;
  Block &block = getEpilogue().front();
  if (block.getNumArguments() != accumulators + getExtras().size()) // C3
    return emitOpError("expects an epilogue of ")
           << accumulators + getExtras().size() << " arguments, but got "
           << block.getNumArguments();
  if (!isa<YieldOp>(block.getTerminator())) // C3
    return emitOpError("expects an epilogue that ends in 'plan.yield'");
  for (auto [index, type] : llvm::enumerate(block.getArgumentTypes()))
    if (!type.isF32()) // C3
      return emitOpError("expects argument ")
             << index << " of the epilogue to be f32, but got " << type;
  return mlir::success();
}
