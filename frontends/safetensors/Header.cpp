//===- Header.cpp - The JSON header of a safetensors file -----------------===//

#include "frontends/safetensors/Header.h"
#include "support/Json.h"
#include "support/Text.h"
#include <unordered_set>

namespace tombolo::safetensors {
namespace {

using Json = nlohmann::ordered_json;

/// More than any framework's tensors have.
constexpr size_t maxDimensions = 64;

/// Where in the header's fixed form the next event belongs.
enum class Place {
  Start,    ///< before the outermost object
  Names,    ///< in it: tensor names and __metadata__
  Metadata, ///< in __metadata__: keys and strings
  Fields,   ///< in a tensor's object
  Shape,    ///< in the list of dimensions
  Offsets,  ///< in the list of two offsets
  Done,
};

class HeaderReader : public nlohmann::json_sax<Json> {
public:
  HeaderReader(std::string_view text, const std::string &where)
      : text(text), where(where) {}

  std::vector<Entry> entries;
  std::optional<Error> error;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(int64_t value) override {
    return unexpected(std::to_string(value));
  }
  bool number_float(double, const std::string &digits) override {
    return unexpected(printable(digits, 40));
  }
  bool binary(Json::binary_t &) override { return unexpected("binary"); }

  bool number_unsigned(uint64_t value) override {
    if (place == Place::Shape) {
      if (value > uint64_t(INT64_MAX))
        return fail("dimension " + std::to_string(value) + " is too large");
      if (entries.back().shape.size() == maxDimensions)
        return fail("expects at most " + std::to_string(maxDimensions) +
                    " dimensions");
      entries.back().shape.push_back(int64_t(value));
      return true;
    }
    if (place == Place::Offsets) {
      if (offsets == 2)
        return fail("expects two 'data_offsets', but got more");
      (offsets++ ? entries.back().end : entries.back().begin) = value;
      return true;
    }
    return unexpected(std::to_string(value));
  }

  bool string(std::string &value) override {
    if (place == Place::Metadata)
      return true;
    if (place == Place::Fields && field == "dtype") {
      entries.back().dtype = std::move(value);
      return true;
    }
    return unexpected("a string");
  }

  bool start_object(size_t) override {
    if (place == Place::Start) {
      place = Place::Names;
      return true;
    }
    if (place != Place::Names)
      return unexpected("an object");
    fields.clear();
    if (name == "__metadata__") {
      place = Place::Metadata;
      metadataKeys.clear();
    } else {
      place = Place::Fields;
      entries.push_back({name, {}, {}, 0, 0});
    }
    return true;
  }

  bool end_object() override {
    if (place == Place::Fields)
      for (const char *wanted : {"dtype", "shape", "data_offsets"})
        if (!fields.count(wanted))
          return fail(std::string("expects the key '") + wanted +
                      "', but it is absent");
    place = place == Place::Names ? Place::Done : Place::Names;
    return true;
  }

  bool start_array(size_t) override {
    if (place == Place::Fields && field == "shape")
      place = Place::Shape;
    else if (place == Place::Fields && field == "data_offsets") {
      place = Place::Offsets;
      offsets = 0;
    } else
      return unexpected("an array");
    return true;
  }

  bool end_array() override {
    if (place == Place::Offsets && offsets != 2)
      return fail("expects two 'data_offsets', but got " +
                  std::to_string(offsets));
    place = Place::Fields;
    return true;
  }

  bool key(std::string &value) override {
    if (place == Place::Names) {
      if (!names.insert(value).second) {
        error = Error(where, "header: key " + quote(value) + " is given twice");
        return false;
      }
      name = std::move(value);
      return true;
    }
    if (place == Place::Metadata)
      return metadataKeys.insert(value).second ||
             fail("key " + quote(value) + " is given twice");
    if (value != "dtype" && value != "shape" && value != "data_offsets")
      return fail("expects the keys 'dtype', 'shape' and 'data_offsets', but "
                  "got " +
                  quote(value));
    if (!fields.insert(value).second)
      return fail("key " + quote(value) + " is given twice");
    field = std::move(value);
    return true;
  }

  bool parse_error(size_t position, const std::string &,
                   const Json::exception &exception) override {
    Error syntax = jsonSyntaxError(text, "header", position, exception.what());
    error = Error(where, syntax.str());
    return false;
  }

private:
  bool fail(std::string message) {
    bool ofTensor = place != Place::Start && place != Place::Names;
    error = Error(where, (ofTensor ? subject() + ": " : "header: ") +
                             std::move(message));
    return false;
  }

  bool unexpected(std::string what) {
    switch (place) {
    case Place::Start:
      return fail("expects an object, but got " + what);
    case Place::Names:
      place = Place::Fields; // the message is about the name's value
      return fail("expects an object, but got " + what);
    case Place::Metadata:
      return fail("expects strings only, but got " + what);
    case Place::Shape:
      return fail("expects dimensions that are unsigned integers, but got " +
                  what);
    case Place::Offsets:
      return fail("expects 'data_offsets' that are unsigned integers, but "
                  "got " +
                  what);
    case Place::Fields:
      return fail("expects " +
                  std::string(field == "dtype" ? "a string" : "an array") +
                  " for '" + field + "', but got " + what);
    case Place::Done:
      break;
    }
    return fail("expects nothing behind the header's object, but got " + what);
  }

  std::string subject() const {
    return name == "__metadata__" ? "'__metadata__'" : "tensor " + quote(name);
  }

  std::string_view text;
  const std::string &where;
  Place place = Place::Start;
  std::string name, field;
  size_t offsets = 0;
  std::unordered_set<std::string> names, fields, metadataKeys;
};

} // namespace

Result<std::vector<Entry>> parseHeader(std::string_view text,
                                       const std::string &where) {
  // The parser would take a zero byte for the end and not look further.
  if (size_t zero = text.find('\0'); zero != text.npos)
    return Error(where, "header: expects JSON text, but got a zero byte at "
                        "byte " +
                            std::to_string(8 + zero));
  HeaderReader reader(text, where);
  if (!Json::sax_parse(text.data(), text.data() + text.size(), &reader))
    return reader.error ? std::move(*reader.error)
                        : Error(where, "header: is not JSON");
  return std::move(reader.entries);
}

namespace {
struct Row {
  std::string_view dtype;
  Encoding encoding;
};
constexpr Row rows[] = {
    {"F64", Encoding::F64},
    {"F32", Encoding::F32},
    {"F16", Encoding::F16},
    {"BF16", Encoding::BF16},
    {"F8_E4M3", Encoding::F8E4M3},
    {"F8_E5M2", Encoding::F8E5M2},
    {"F8_E8M0", Encoding::F8E8M0},
    {"F8_E4M3FNUZ", Encoding::F8E4M3FNUZ},
    {"F8_E5M2FNUZ", Encoding::F8E5M2FNUZ},
    {"F6_E2M3", Encoding::F6E2M3},
    {"F6_E3M2", Encoding::F6E3M2},
    {"F4", Encoding::F4E2M1},
    {"C64", Encoding::C64},
    {"I64", Encoding::I64},
    {"U64", Encoding::U64},
    {"I32", Encoding::I32},
    {"U32", Encoding::U32},
    {"I16", Encoding::I16},
    {"U16", Encoding::U16},
    {"I8", Encoding::I8},
    {"U8", Encoding::U8},
    {"BOOL", Encoding::BOOL},
};
} // namespace

std::optional<Encoding> encodingOfDtype(std::string_view dtype) {
  for (const Row &row : rows)
    if (row.dtype == dtype)
      return row.encoding;
  return std::nullopt;
}

std::optional<std::string_view> dtypeOfEncoding(Encoding encoding) {
  for (const Row &row : rows)
    if (row.encoding == encoding)
      return row.dtype;
  return std::nullopt;
}

} // namespace tombolo::safetensors
