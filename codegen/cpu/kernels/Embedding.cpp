#include "codegen/cpu/kernels/Embedding.h"
#include "codegen/cpu/packing/PackR16.h"

using namespace mlir;

namespace tombolo {

static bool isPlain(Encoding encoding) {
  return encoding == Encoding::F32 || encoding == Encoding::F16 ||
         encoding == Encoding::BF16;
}

Status checkEmbedding(const EmbeddingSpec &spec) {
  constexpr int64_t kMost = int64_t(1) << 31;
  if ((spec.interleaved || isPlain(spec.encoding)) && hasR16(spec.encoding) &&
      spec.tableRows > 0 && spec.tableRows < kMost && spec.columns > 0 &&
      spec.columns < kMost && r16GroupBytes(spec.encoding, spec.columns))
    return success();
  return Error("", "embedding table of '" +
                       std::string(infoOf(spec.encoding).name) + "' rows, " +
                       std::to_string(spec.tableRows) + "x" +
                       std::to_string(spec.columns) +
                       ": expects whole blocks of an encoding that has an " +
                       "interleaved form, or plain rows");
}

namespace {
class Gather {
public:
  Gather(OpBuilder &b, Location loc, const EmbeddingSpec &spec,
         const EmbeddingOperands &operands)
      : e(b, loc), spec(spec), in(operands) {}

  void build() {
    Value stride = e.index(in.outputStride);
    e.loop(in.begin, in.end, 1, [&](Value t) {
      Value id = arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(),
                                            e.loadScalar(in.ids, t));
      id = e.min(e.max(id, e.index(int64_t(0))), e.index(spec.tableRows - 1));
      Value target = e.mul(t, stride);
      if (!spec.interleaved)
        return plainRow(id, target);
      Value group = e.mul(e.divide(id, kR16Rows),
                          *r16GroupBytes(spec.encoding, spec.columns));
      Value lane = e.remainder(id, kR16Rows);
      if (isPlain(spec.encoding))
        return interleavedRow(group, lane, target);
      blocks(group, lane, target);
    });
  }

private:
  int64_t elementBytes() const { return infoOf(spec.encoding).blockBytes; }
  VectorType stored(int64_t lanes) {
    return VectorType::get({lanes}, e.plainType(spec.encoding));
  }

  void plainRow(Value id, Value target) {
    Value source = e.mul(id, spec.columns * elementBytes());
    auto piece = [&](Value at, int64_t lanes) {
      Value offset = e.add(source, e.mul(at, elementBytes()));
      e.store(in.output, e.add(target, at),
              e.extend(e.loadBytes(in.table, offset, stored(lanes))));
    };
    e.loop(e.index(int64_t(0)), e.index(spec.columns / kLanes * kLanes), kLanes,
           [&](Value at) { piece(at, kLanes); });
    for (Piece rest : piecesOf(spec.columns % kLanes))
      piece(e.index(spec.columns / kLanes * kLanes + rest.offset), rest.lanes);
  }

  void interleavedRow(Value group, Value lane, Value target) {
    Value source = e.add(group, e.mul(lane, elementBytes()));
    e.loop(e.index(int64_t(0)), e.index(spec.columns), 1, [&](Value k) {
      Value offset = e.add(source, e.mul(k, kR16Rows * elementBytes()));
      e.store(in.output, e.add(target, k),
              e.extend(e.loadBytes(in.table, offset, stored(1))));
    });
  }

  /// Quantized rows: each dword of a block holds 4 consecutive k of one row.
  void blocks(Value group, Value lane, Value target) {
    bool bytes = spec.encoding == Encoding::Q8_0;
    bool hasMinimum = spec.encoding == Encoding::Q4_1;
    int64_t header = hasMinimum ? 64 : 32;
    int64_t blockBytes = header + (bytes ? 512 : 256);
    VectorType four = e.f32(4), codesType = e.i32(4);
    auto half = VectorType::get({1}, e.b.getF16Type());
    e.loop(
        e.index(int64_t(0)), e.index(spec.columns / 32), 1, [&](Value block) {
          Value from = e.add(group, e.mul(block, blockBytes));
          Value field = e.add(from, e.mul(lane, 2));
          auto loadField = [&](int64_t at) {
            return e.splat(
                e.extend(e.loadBytes(in.table, e.add(field, at), half)), four);
          };
          Value scale = loadField(0);
          Value bias = hasMinimum
                           ? loadField(32)
                           : e.mulf(scale, e.constant(bytes ? -128 : -8, four));
          Value dwords = e.add(from, e.mul(lane, 4));
          Value to = e.add(target, e.mul(block, 32));
          auto put = [&](int64_t k, Value codes) {
            Value wide = arith::ExtUIOp::create(e.b, e.loc, codesType, codes);
            e.store(in.output, e.add(to, k),
                    e.fma(scale, e.toFloat(wide), bias));
          };
          for (int64_t v = 0; v < (bytes ? 8 : 4); ++v) {
            Value codes =
                e.loadBytes(in.table, e.add(dwords, header + 64 * v), e.i8(4));
            if (bytes) {
              put(4 * v, codes);
              continue;
            }
            put(4 * v, e.andi(codes, 15));
            put(16 + 4 * v, e.shiftRight(codes, 4));
          }
        });
  }

  Emitter e;
  const EmbeddingSpec &spec;
  const EmbeddingOperands &in;
};
} // namespace

void buildEmbedding(OpBuilder &b, Location loc, const EmbeddingSpec &spec,
                    const EmbeddingOperands &operands) {
  assert(checkEmbedding(spec).ok() && "the spec has a kernel");
  Gather(b, loc, spec, operands).build();
}

} // namespace tombolo
