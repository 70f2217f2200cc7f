//===- TokenizerFuzzer.cpp - Text as a tokenizer and its input ------------===//
//
// A line with the text to encode, then a tokenizer.json or GGUF metadata as
// JSON. What is imported is serialized too, and read again with some of its
// bytes altered under a hash that is right.
//
//===----------------------------------------------------------------------===//

#include "frontends/tokenizer/Import.h"
#include "runtime/text/Tokenizer.h"
#include "support/Json.h"
#include "support/Text.h"
#include <cstdlib>
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace tombolo;
using text::Tokenizer;

static void check(bool holds) {
  if (!holds)
    std::abort();
}

static Result<text::TokenizerModel> import(std::string_view source) {
  if (source.find("tokenizer.ggml") == std::string_view::npos)
    return importTokenizerJson(source, "f");
  Result<nlohmann::ordered_json> metadata = parseJson(source, "f");
  if (!metadata)
    return metadata.takeErrors();
  return importGgufTokenizer(*metadata, "f");
}

/// Whatever the bytes say, they are a valid model or an error.
static void readAltered(std::string bytes, std::string_view changes) {
  size_t content = bytes.size() - 8;
  // Each two bytes are a place, behind the magic and version, and a value.
  size_t place = 5;
  for (size_t i = 0; i + 1 < changes.size() && i < 8; i += 2) {
    place += static_cast<uint8_t>(changes[i]);
    bytes[5 + (place - 5) % (content - 5)] = changes[i + 1];
  }
  uint64_t hash = XXH3_64bits(bytes.data(), content);
  for (unsigned i = 0; i < 8; ++i)
    bytes[content + i] = static_cast<char>(hash >> (8 * i));
  Result<text::TokenizerModel> model =
      text::deserialize(std::as_bytes(std::span(bytes)), "h");
  check(model || isUtf8(model.error().str()));
  if (model)
    (void)Tokenizer::create(std::move(*model));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view all(reinterpret_cast<const char *>(data), size);
  size_t line = std::min(all.find('\n'), all.size());
  std::string_view input = all.substr(0, line);
  std::string_view source = all.substr(std::min(line + 1, all.size()));

  Result<text::TokenizerModel> model = import(source);
  if (!model) {
    check(isUtf8(model.error().str()));
    return 0;
  }
  std::string bytes = text::serialize(*model);
  Result<text::TokenizerModel> again =
      text::deserialize(std::as_bytes(std::span(bytes)), "g");
  check(again.ok() && text::serialize(*again) == bytes);
  readAltered(bytes, input);

  Result<Tokenizer> tokenizer = Tokenizer::create(std::move(*model));
  check(tokenizer.ok());
  Result<std::vector<int32_t>> ids = tokenizer->encode(input, true);
  if (!ids) {
    check(isUtf8(ids.error().str()));
    return 0;
  }
  for (bool skip : {false, true}) {
    Tokenizer::Stream stream = tokenizer->stream(skip);
    std::string streamed;
    for (int32_t id : *ids) {
      check(id >= 0 && id < tokenizer->size());
      streamed += stream.push(id);
      check(isUtf8(streamed));
    }
    streamed += stream.finish();
    check(streamed == tokenizer->decode(*ids, skip));
  }
  return 0;
}
