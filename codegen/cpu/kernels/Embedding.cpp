#include "codegen/cpu/kernels/Embedding.h"
#include "codegen/cpu/kernels/WeightGroups.h"
#include "codegen/cpu/packing/PackR16.h"

using namespace mlir;

namespace tombolo {

static bool isPlain(Encoding encoding) {
  return encoding == Encoding::F32 || encoding == Encoding::F16 ||
         encoding == Encoding::BF16;
}

/// Rows of ids, which stay integers.
static bool isIds(const EmbeddingSpec &spec) {
  return !spec.interleaved && spec.encoding == Encoding::I32;
}

Status checkEmbedding(const EmbeddingSpec &spec) {
  constexpr int64_t kMost = int64_t(1) << 31;
  bool hasForm =
      isIds(spec) ||
      ((spec.interleaved || isPlain(spec.encoding)) && hasR16(spec.encoding) &&
       r16GroupBytes(spec.encoding, spec.columns).has_value());
  if (hasForm && spec.tableRows > 0 && spec.tableRows < kMost &&
      spec.columns > 0 && spec.columns < kMost)
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
  Gather(OpBuilder &b, Location loc, const CpuLevel &level,
         const EmbeddingSpec &spec, const EmbeddingOperands &operands)
      : e(b, loc), isa(level), spec(spec), in(operands),
        weights(isIds(spec) ? Encoding(Encoding::F32) : spec.encoding, isa) {}

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
      chunks(group, lane, target);
    });
  }

private:
  int64_t elementBytes() const { return infoOf(spec.encoding).blockBytes; }
  VectorType stored(int64_t lanes) {
    Type type = isIds(spec) ? e.b.getI32Type() : e.plainType(spec.encoding);
    return VectorType::get({lanes}, type);
  }

  void plainRow(Value id, Value target) {
    Value source = e.mul(id, spec.columns * elementBytes());
    auto piece = [&](Value at, int64_t lanes) {
      Value offset = e.add(source, e.mul(at, elementBytes()));
      Value row = e.loadBytes(in.table, offset, stored(lanes));
      e.store(in.output, e.add(target, at), isIds(spec) ? row : e.extend(row));
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

  /// Quantized rows: the group's sixteen are dequantized, chunk after chunk,
  /// and one is taken out.
  void chunks(Value group, Value lane, Value target) {
    int64_t columns = weights.chunkColumns();
    e.loop(e.index(int64_t(0)), e.index(spec.columns / columns), 1,
           [&](Value at) {
             weights.dequantize(e, in.table, weights.placeOf(e, group, at),
                                columns, [&](int64_t k, ValueRange vectors) {
                                  e.storeBytes(in.scratch, e.index(64 * k),
                                               vectors.front());
                                });
             Value to = e.add(target, e.mul(at, columns));
             Value from = e.mul(lane, 4);
             e.loop(e.index(int64_t(0)), e.index(columns), 1, [&](Value k) {
               Value one =
                   e.loadBytes(in.scratch, e.add(from, e.mul(k, 64)), e.f32(1));
               e.store(in.output, e.add(to, k), one);
             });
           });
  }

  Emitter e;
  Isa isa;
  const EmbeddingSpec &spec;
  const EmbeddingOperands &in;
  WeightGroups weights;
};
} // namespace

int64_t embeddingScratchBytes(const EmbeddingSpec &spec) {
  return isPlain(spec.encoding) || isIds(spec)
             ? 0
             : 64 * r16Block(spec.encoding).chunkColumns;
}

void buildEmbedding(OpBuilder &b, Location loc, const CpuLevel &level,
                    const EmbeddingSpec &spec,
                    const EmbeddingOperands &operands) {
  assert(checkEmbedding(spec).ok() && "the spec has a kernel");
  Gather(b, loc, level, spec, operands).build();
}

} // namespace tombolo
