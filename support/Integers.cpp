#include "support/Integers.h"
#include "support/decode/Decoders.h"
#include <utility>

namespace tombolo {

template <typename T>
static Status convert(std::span<const std::byte> bytes,
                      std::span<int32_t> values) {
  auto *in = reinterpret_cast<const uint8_t *>(bytes.data());
  for (size_t i = 0; i < values.size(); ++i) {
    T value = decoders::load<T>(in + i * sizeof(T));
    if (!std::in_range<int32_t>(value))
      return Error("", "expects integers that fit i32, but element " +
                           std::to_string(i) + " is " + std::to_string(value));
    values[i] = static_cast<int32_t>(value);
  }
  return success();
}

Status decodeIntegers(Encoding encoding, std::span<const std::byte> bytes,
                      std::span<int32_t> values) {
  EncodingInfo info = infoOf(encoding);
  if (!info.isInteger)
    return Error("", "expects integers, but got '" + info.name + "'");
  if (encodedBytes(encoding, values.size()) != bytes.size())
    return Error("", "expects " + std::to_string(values.size()) +
                         " integers of '" + info.name + "', but got " +
                         std::to_string(bytes.size()) + " bytes");
  switch (encoding.kind()) {
  case Encoding::I64:
    return convert<int64_t>(bytes, values);
  case Encoding::U64:
    return convert<uint64_t>(bytes, values);
  case Encoding::I32:
    return convert<int32_t>(bytes, values);
  case Encoding::U32:
    return convert<uint32_t>(bytes, values);
  case Encoding::I16:
    return convert<int16_t>(bytes, values);
  case Encoding::U16:
    return convert<uint16_t>(bytes, values);
  case Encoding::I8:
    return convert<int8_t>(bytes, values);
  case Encoding::U8:
    return convert<uint8_t>(bytes, values);
  default: // bool
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = bytes[i] != std::byte(0);
    return success();
  }
}

} // namespace tombolo
