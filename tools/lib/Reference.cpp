#include "tools/lib/Reference.h"
#include "frontends/safetensors/Safetensors.h"
#include "support/Text.h"
#include <charconv>
#include <cstring>
#include <fmt/format.h>

namespace tombolo {

namespace {
class Reader {
public:
  Reader(const std::string &path, const WeightSource &tensors)
      : path(path), tensors(tensors) {}

  Result<Matrix> matrix(const TensorInfo &tensor) const;
  Result<std::vector<int32_t>> ids(const TensorInfo &tensor) const;
  Error wrong(const TensorInfo &tensor, const std::string &expected) const {
    return Error(path, fmt::format("tensor {}: expects {}, but got {} of {}",
                                   quote(tensor.name), expected,
                                   shapeText(tensor.shape),
                                   infoOf(tensor.encoding).name));
  }

private:
  const std::string &path;
  const WeightSource &tensors;
};
} // namespace

Result<Matrix> Reader::matrix(const TensorInfo &tensor) const {
  EncodingInfo info = infoOf(tensor.encoding);
  if (tensor.shape.empty() || tensor.elements() <= 0 || !info.plain ||
      info.isInteger)
    return wrong(tensor, "rows of floating-point numbers");
  Result<TensorBytes> stored = tensors.read(tensor);
  if (!stored)
    return stored.takeErrors();
  Matrix matrix;
  // One dimension is one row.
  matrix.rows = tensor.shape.size() == 1 ? 1 : tensor.shape.front();
  matrix.columns = tensor.elements() / matrix.rows;
  matrix.values.resize(tensor.elements());
  if (Status decoded = decode(tensor.encoding, stored->bytes, matrix.values);
      !decoded)
    return Error(path, fmt::format("tensor {}: {}", quote(tensor.name),
                                   decoded.error().message));
  return matrix;
}

Result<std::vector<int32_t>> Reader::ids(const TensorInfo &tensor) const {
  bool wide = tensor.encoding == Encoding::I64;
  if (tensor.shape.size() != 1 || (!wide && tensor.encoding != Encoding::I32))
    return wrong(tensor, "one dimension of i64 or i32 token ids");
  Result<TensorBytes> stored = tensors.read(tensor);
  if (!stored)
    return stored.takeErrors();
  std::vector<int32_t> ids(tensor.elements());
  for (size_t i = 0; i < ids.size(); ++i) {
    int64_t value = 0;
    if (wide) {
      std::memcpy(&value, stored->bytes.data() + 8 * i, 8);
    } else {
      int32_t narrow;
      std::memcpy(&narrow, stored->bytes.data() + 4 * i, 4);
      value = narrow;
    }
    if (value < 0 || value > INT32_MAX)
      return Error(path, fmt::format("tensor {}: element {}: expects a token "
                                     "id, but got {}",
                                     quote(tensor.name), i, value));
    ids[i] = int32_t(value);
  }
  return ids;
}

/// N of `hidden.N`, or -1.
static int64_t hiddenNumber(std::string_view name) {
  constexpr std::string_view prefix = "hidden.";
  if (!name.starts_with(prefix))
    return -1;
  name.remove_prefix(prefix.size());
  int64_t number = -1;
  auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

Result<Reference> readReference(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  WeightSource tensors;
  if (Status status = readSafetensorsFile(*file, tensors); !status)
    return status.takeErrors();
  Reader reader(path, tensors);
  Reference reference;

  for (const char *name : {"input_ids", "logits"})
    if (!tensors.find(name))
      return Error(path, fmt::format("expects a tensor '{}', but has none: a "
                                     "reference holds 'input_ids' [S] and "
                                     "'logits' [S, V] or [1, V]",
                                     name));
  Result<std::vector<int32_t>> ids = reader.ids(*tensors.find("input_ids"));
  if (!ids)
    return ids.takeErrors();
  reference.inputIds = std::move(*ids);
  int64_t length = int64_t(reference.inputIds.size());
  if (length == 0)
    return Error(path, "tensor 'input_ids': expects at least one token id");
  const TensorInfo &logitsInfo = *tensors.find("logits");
  Result<Matrix> logits = reader.matrix(logitsInfo);
  if (!logits)
    return logits.takeErrors();
  reference.logits = std::move(*logits);
  if (reference.logits.rows != length && reference.logits.rows != 1)
    return reader.wrong(logitsInfo, fmt::format("{} rows, as 'input_ids' has "
                                                "elements, or one",
                                                length));

  for (const TensorInfo &tensor : tensors.tensors()) {
    int64_t number = hiddenNumber(tensor.name);
    if (number < 0)
      continue;
    Result<Matrix> hidden = reader.matrix(tensor);
    if (!hidden)
      return hidden.takeErrors();
    if (hidden->rows != length)
      return reader.wrong(
          tensor, fmt::format("{} rows, as 'input_ids' has elements", length));
    reference.hidden.emplace(number, std::move(*hidden));
  }

  if (const TensorInfo *tensor = tensors.find("generated_ids")) {
    Result<std::vector<int32_t>> generated = reader.ids(*tensor);
    if (!generated)
      return generated.takeErrors();
    reference.generatedIds = std::move(*generated);
  }
  if (const TensorInfo *tensor = tensors.find("generated_logits")) {
    Result<Matrix> generated = reader.matrix(*tensor);
    if (!generated)
      return generated.takeErrors();
    if (generated->rows != int64_t(reference.generatedIds.size()))
      return reader.wrong(*tensor,
                          fmt::format("{} rows, as 'generated_ids' has "
                                      "elements",
                                      reference.generatedIds.size()));
    reference.generatedLogits = std::move(*generated);
  }
  return reference;
}

} // namespace tombolo
