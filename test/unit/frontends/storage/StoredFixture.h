//===- StoredFixture.h - Quantized checkpoints made in a test ---*- C++ -*-===//

#ifndef TEST_UNIT_FRONTENDS_STORAGE_STOREDFIXTURE_H
#define TEST_UNIT_FRONTENDS_STORAGE_STOREDFIXTURE_H

#include "frontends/storage/Storage.h"
#include "test/unit/support/TestFolder.h"
#include <gmock/gmock.h>

namespace tombolo {

/// Bytes of numbers, one after the other.
template <typename T> std::string bytesOfAll(const std::vector<T> &values) {
  std::string bytes;
  for (T value : values)
    bytes += bytesOf(value);
  return bytes;
}
inline std::string bytesOfHalves(const std::vector<float> &values) {
  std::string bytes;
  for (float value : values)
    bytes += bytesOf(floatToHalf(value));
  return bytes;
}

class Stored : public testing::Test {
protected:
  void add(const std::string &name, Encoding encoding,
           std::vector<int64_t> shape, std::string bytes) {
    uint32_t file = weights.addFile(fileOf(bytes, "f"));
    Status added = weights.addTensor(
        {name, encoding, std::move(shape), file, 0, bytes.size()});
    ASSERT_TRUE(added.ok()) << errorOf(added);
  }
  /// A tensor of zeros.
  void add(const std::string &name, Encoding encoding,
           std::vector<int64_t> shape) {
    uint64_t bytes = *encodedBytes(encoding, uint64_t(*elementsOf(shape)));
    add(name, encoding, std::move(shape), std::string(bytes, '\0'));
  }
  /// Replaces one that is there.
  void replace(const std::string &name, Encoding encoding,
               std::vector<int64_t> shape) {
    remove(name);
    add(name, encoding, std::move(shape));
  }
  void remove(const std::string &name) {
    WeightSource kept;
    for (const auto &file : weights.files())
      kept.addFile(file);
    for (const TensorInfo &tensor : weights.tensors())
      if (tensor.name != name)
        ASSERT_TRUE(kept.addTensor(tensor).ok());
    weights = std::move(kept);
  }

  Status join(const std::string &method, const std::string &rest = "") {
    auto config = nlohmann::ordered_json::parse(
        "{\"quantization_config\": {\"quant_method\": \"" + method + "\"" +
        (rest.empty() ? "" : ", " + rest) + "}" + outer + "}");
    return joinStorage({config, "config.json", {}, ""}, weights, leftAside);
  }
  /// All errors, one a line, or "joined".
  std::string failure(const std::string &method, const std::string &rest = "") {
    Status joined = join(method, rest);
    if (joined.ok())
      return "joined";
    std::string text;
    for (const Error &error : joined.errors())
      text += (text.empty() ? "" : "\n") + error.str();
    return text;
  }

  /// Name and encoding of each logical tensor, in order.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const TensorInfo &tensor : weights.tensors())
      all.push_back(tensor.name + " " + infoOf(tensor.encoding).name);
    return all;
  }
  std::vector<float> numbers(const std::string &name) {
    const TensorInfo *tensor = weights.find(name);
    EXPECT_NE(tensor, nullptr) << name;
    if (!tensor)
      return {};
    auto read = weights.read(*tensor);
    EXPECT_TRUE(read.ok()) << errorOf(read);
    std::vector<float> values(tensor->elements());
    if (read.ok())
      EXPECT_TRUE(decode(tensor->encoding, read->bytes, values).ok());
    return values;
  }
  std::string readFailure(const std::string &name) {
    return errorOf(weights.read(*weights.find(name)));
  }

  WeightSource weights;
  std::vector<LeftAsideTensor> leftAside;
  /// More keys of the config.
  std::string outer;
};

} // namespace tombolo

#endif // TEST_UNIT_FRONTENDS_STORAGE_STOREDFIXTURE_H
