//===- Steps.cpp ----------------------------------------------------------===//

#include "frontends/tokenizer/Steps.h"
#include "frontends/tokenizer/Fields.h"
#include "frontends/tokenizer/OnigurumaPattern.h"
#include "support/Text.h"
#include <array>

namespace tombolo {

using Json = nlohmann::ordered_json;
using text::DecoderStep;
using text::NormalizerStep;
using text::Pattern;
using text::PreTokenizerStep;
using text::SplitBehavior;

const std::string_view kGpt2Pattern =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|"
    "\\s+(?!\\S)|\\s+";

/// Sequences inside of sequences; real files have one level.
static constexpr int kMaxNesting = 8;

namespace {
/// The place of a step in the file.
struct Place {
  const std::string &where;
  std::string path;
  int depth = 0;

  Place inside(std::string_view member, size_t i) const {
    return {where,
            path + "." + std::string(member) + "[" + std::to_string(i) + "]",
            depth + 1};
  }
};
} // namespace

/// Calls `read` for each member of the sequence.
template <typename Read>
static Status readSequence(Fields &fields, std::string_view member,
                           const Place &place, Read read) {
  const Json &steps = fields.array(member);
  if (Status status = fields.done(); !status)
    return status;
  if (place.depth >= kMaxNesting)
    return Error(place.where, "'" + place.path + "': expects at most " +
                                  std::to_string(kMaxNesting) +
                                  " nested sequences");
  for (size_t i = 0; i < steps.size(); ++i)
    if (Status status = read(steps[i], place.inside(member, i)); !status)
      return status;
  return success();
}

static Status unknownType(const Place &place, std::string_view what,
                          std::string_view type) {
  return Error(place.where, "'" + place.path + "': " + std::string(what) + " " +
                                quote(type) + " is not in this version");
}

static Pattern regex(std::string_view oniguruma, Fields &fields) {
  Result<std::string> pattern = translateOnigurumaPattern(oniguruma);
  if (!pattern) {
    fields.fail(pattern.error().message);
    return {};
  }
  return {true, std::move(*pattern)};
}

/// `{"String": ...}`, `{"Regex": ...}`, or a plain string.
static Pattern readPattern(Fields &fields, const Place &place) {
  const Json *value = fields.find("pattern");
  if (!value) {
    fields.fail("expects a member 'pattern'");
    return {};
  }
  if (value->is_string())
    return {false, value->get<std::string>()};
  Fields inner(*value, place.where, place.path + ".pattern");
  Pattern pattern;
  if (inner.find("Regex"))
    pattern = regex(inner.string("Regex"), inner);
  else
    pattern = {false, inner.string("String")};
  fields.fail(inner.done());
  return pattern;
}

//===----------------------------------------------------------------------===//
// Normalizers
//===----------------------------------------------------------------------===//

static std::optional<std::string> decodeBase64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  unsigned count = 0;
  while (text.ends_with('='))
    text.remove_suffix(1);
  for (char c : text) {
    uint32_t value;
    if (c >= 'A' && c <= 'Z')
      value = c - 'A';
    else if (c >= 'a' && c <= 'z')
      value = c - 'a' + 26;
    else if (c >= '0' && c <= '9')
      value = c - '0' + 52;
    else if (c == '+')
      value = 62;
    else if (c == '/')
      value = 63;
    else
      return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count);
    }
  }
  return out;
}

static Status readNormalizer(const Json &value, const Place &place,
                             std::vector<NormalizerStep> &steps) {
  using Kind = NormalizerStep::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 5> kPlain = {{
      {"NFC", Kind::NFC},
      {"NFD", Kind::NFD},
      {"NFKC", Kind::NFKC},
      {"NFKD", Kind::NFKD},
      {"Lowercase", Kind::Lowercase},
  }};
  Fields fields(value, place.where, place.path);
  std::string type = fields.string("type");
  if (!fields.ok())
    return fields.status();
  if (type == "Sequence")
    return readSequence(fields, "normalizers", place,
                        [&](const Json &inner, const Place &at) {
                          return readNormalizer(inner, at, steps);
                        });
  NormalizerStep step{};
  bool known = false;
  for (auto [name, kind] : kPlain)
    if (type == name) {
      step.kind = kind;
      known = true;
    }
  if (known) {
  } else if (type == "Strip") {
    step.kind = Kind::Strip;
    step.left = fields.boolean("strip_left");
    step.right = fields.boolean("strip_right");
  } else if (type == "StripAccents") {
    step.kind = Kind::Replace;
    step.pattern = {true, "\\p{M}"};
  } else if (type == "Replace") {
    step.kind = Kind::Replace;
    step.pattern = readPattern(fields, place);
    step.content = fields.string("content");
  } else if (type == "Prepend") {
    step.kind = Kind::Prepend;
    step.content = fields.string("prepend");
  } else if (type == "Append") {
    step.kind = Kind::Append;
    step.content = fields.string("append");
  } else if (type == "Precompiled") {
    step.kind = Kind::Precompiled;
    std::optional<std::string> bytes =
        decodeBase64(fields.string("precompiled_charsmap"));
    if (!bytes)
      fields.fail("'precompiled_charsmap': expects base64");
    step.content = bytes.value_or("");
  } else {
    return unknownType(place, "normalizer", type);
  }
  if (Status status = fields.done(); !status)
    return status;
  steps.push_back(std::move(step));
  return success();
}

Status readNormalizer(const Json &value, const std::string &where,
                      text::TokenizerModel &model) {
  if (value.is_null())
    return success();
  return readNormalizer(value, Place{where, "normalizer"}, model.normalizer);
}

//===----------------------------------------------------------------------===//
// Pre-tokenizers
//===----------------------------------------------------------------------===//

static SplitBehavior readBehavior(Fields &fields, std::string_view otherwise) {
  static constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5>
      kBehaviors = {{
          {"Removed", SplitBehavior::Removed},
          {"Isolated", SplitBehavior::Isolated},
          {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
          {"MergedWithNext", SplitBehavior::MergedWithNext},
          {"Contiguous", SplitBehavior::Contiguous},
      }};
  std::string name = otherwise.empty() ? fields.string("behavior")
                                       : fields.string("behavior", otherwise);
  for (auto [known, behavior] : kBehaviors)
    if (name == known)
      return behavior;
  fields.fail("'behavior': does not know " + quote(name));
  return SplitBehavior::Isolated;
}

static PreTokenizerStep splitStep(Pattern pattern, SplitBehavior behavior,
                                  bool invert = false) {
  PreTokenizerStep step{PreTokenizerStep::Kind::Split};
  step.pattern = std::move(pattern);
  step.behavior = behavior;
  step.invert = invert;
  return step;
}

static PreTokenizerStep readMetaspace(Fields &fields) {
  using Prepend = PreTokenizerStep::Prepend;
  PreTokenizerStep step{PreTokenizerStep::Kind::Metaspace};
  step.content = fields.string("replacement");
  if (step.content.empty())
    fields.fail("'replacement': expects a character");
  bool addPrefixSpace = fields.boolean("add_prefix_space", true);
  std::string scheme =
      fields.string("prepend_scheme", addPrefixSpace ? "always" : "never");
  if (scheme == "always")
    step.prepend = Prepend::Always;
  else if (scheme == "first")
    step.prepend = Prepend::First;
  else if (scheme == "never")
    step.prepend = Prepend::Never;
  else
    fields.fail("'prepend_scheme': does not know " + quote(scheme));
  if (!addPrefixSpace && step.prepend != Prepend::Never)
    fields.fail("'prepend_scheme': expects 'never' where 'add_prefix_space' "
                "is false, but got " +
                quote(scheme));
  step.split = fields.boolean("split", true);
  fields.find("str_rep");
  return step;
}

static Status readPreTokenizer(const Json &value, const Place &place,
                               std::vector<PreTokenizerStep> &steps) {
  using Kind = PreTokenizerStep::Kind;
  // What Rust's regex crate means by \w.
  static const std::string word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}"
                                  "\\x{200c}\\x{200d}";
  static const Pattern space{true, "\\p{White_Space}"};
  static const Pattern punctuation{true, "[\\p{P}$+<=>^`|~]"};
  Fields fields(value, place.where, place.path);
  std::string type = fields.string("type");
  if (!fields.ok())
    return fields.status();
  if (type == "Sequence")
    return readSequence(fields, "pretokenizers", place,
                        [&](const Json &inner, const Place &at) {
                          return readPreTokenizer(inner, at, steps);
                        });
  if (type == "ByteLevel") {
    if (fields.boolean("add_prefix_space"))
      steps.push_back({Kind::PrefixSpace});
    if (fields.boolean("use_regex", true))
      steps.push_back(
          splitStep(regex(kGpt2Pattern, fields), SplitBehavior::Isolated));
    steps.push_back({Kind::ByteLevel});
    fields.find("trim_offsets");
  } else if (type == "Split") {
    Pattern pattern = readPattern(fields, place);
    SplitBehavior behavior = readBehavior(fields, "");
    steps.push_back(
        splitStep(std::move(pattern), behavior, fields.boolean("invert")));
  } else if (type == "Metaspace") {
    steps.push_back(readMetaspace(fields));
  } else if (type == "Digits") {
    bool individual = fields.boolean("individual_digits", false);
    steps.push_back(
        splitStep({true, "\\p{N}"}, individual ? SplitBehavior::Isolated
                                               : SplitBehavior::Contiguous));
  } else if (type == "Punctuation") {
    steps.push_back(splitStep(punctuation, readBehavior(fields, "Isolated")));
  } else if (type == "Whitespace") {
    Pattern words{true, "[" + word + "]+|[^" + word + "\\p{White_Space}]+"};
    steps.push_back(splitStep(words, SplitBehavior::Removed, true));
  } else if (type == "WhitespaceSplit") {
    steps.push_back(splitStep(space, SplitBehavior::Removed));
  } else if (type == "BertPreTokenizer") {
    steps.push_back(splitStep(space, SplitBehavior::Removed));
    steps.push_back(splitStep(punctuation, SplitBehavior::Isolated));
  } else if (type == "CharDelimiterSplit") {
    steps.push_back(
        splitStep({false, fields.string("delimiter")}, SplitBehavior::Removed));
  } else {
    return unknownType(place, "pre-tokenizer", type);
  }
  return fields.done();
}

Status readPreTokenizer(const Json &value, const std::string &where,
                        text::TokenizerModel &model) {
  if (value.is_null())
    return success();
  return readPreTokenizer(value, Place{where, "pre_tokenizer"},
                          model.preTokenizer);
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

static Status readDecoder(const Json &value, const Place &place,
                          std::vector<DecoderStep> &steps) {
  using Kind = DecoderStep::Kind;
  Fields fields(value, place.where, place.path);
  std::string type = fields.string("type");
  if (!fields.ok())
    return fields.status();
  if (type == "Sequence")
    return readSequence(fields, "decoders", place,
                        [&](const Json &inner, const Place &at) {
                          return readDecoder(inner, at, steps);
                        });
  DecoderStep step{};
  if (type == "ByteLevel") {
    step.kind = Kind::ByteLevel;
    for (std::string_view offsetsOnly :
         {"add_prefix_space", "trim_offsets", "use_regex"})
      fields.find(offsetsOnly);
  } else if (type == "ByteFallback") {
    step.kind = Kind::ByteFallback;
  } else if (type == "Fuse") {
    step.kind = Kind::Fuse;
  } else if (type == "Metaspace") {
    step.kind = Kind::Metaspace;
    PreTokenizerStep metaspace = readMetaspace(fields);
    step.pattern.text = metaspace.content;
    step.dropInFirst = metaspace.prepend != PreTokenizerStep::Prepend::Never;
  } else if (type == "Replace") {
    step.kind = Kind::Replace;
    step.pattern = readPattern(fields, place);
    step.content = fields.string("content");
  } else if (type == "Strip") {
    step.kind = Kind::Strip;
    step.content = fields.string("content");
    step.start = static_cast<uint32_t>(fields.integer("start", 0, 1 << 20));
    step.stop = static_cast<uint32_t>(fields.integer("stop", 0, 1 << 20));
  } else {
    return unknownType(place, "decoder", type);
  }
  if (Status status = fields.done(); !status)
    return status;
  steps.push_back(std::move(step));
  return success();
}

Status readDecoder(const Json &value, const std::string &where,
                   text::TokenizerModel &model) {
  if (value.is_null()) {
    model.decoder.push_back({DecoderStep::Kind::JoinSpaces});
    return success();
  }
  return readDecoder(value, Place{where, "decoder"}, model.decoder);
}

//===----------------------------------------------------------------------===//
// Post-processors
//===----------------------------------------------------------------------===//

namespace {
using IdOf = std::function<int32_t(std::string_view)>;

struct Surroundings {
  std::vector<int32_t> prefix, suffix;
};
} // namespace

/// The ids of `token` in a template's table, or -1 ids where it lies.
static std::vector<int32_t> templateIds(const Json &table,
                                        const std::string &token,
                                        const IdOf &idOf, Fields &fields) {
  auto entry = table.find(token);
  std::vector<int32_t> ids;
  if (entry == table.end() || !entry->is_object() || !entry->contains("ids") ||
      !(*entry)["ids"].is_array() || (*entry)["ids"].empty()) {
    fields.fail("'special_tokens': expects 'ids' for " + quote(token));
    return ids;
  }
  for (const Json &id : (*entry)["ids"]) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX) {
      fields.fail("'special_tokens': expects ids for " + quote(token) +
                  ", but got " + id.dump());
      return ids;
    }
    ids.push_back(id.get<int32_t>());
  }
  // One id is the token's own, which the vocabulary knows as well.
  if (ids.size() == 1 && idOf(token) >= 0 && idOf(token) != ids[0])
    fields.fail("'special_tokens': token " + quote(token) + " has the id " +
                std::to_string(idOf(token)) + " in the vocabulary, but " +
                std::to_string(ids[0]) + " here");
  return ids;
}

static void readTemplate(Fields &fields, const Place &place, const IdOf &idOf,
                         Surroundings &around) {
  const Json &single = fields.array("single");
  const Json &table = fields.object("special_tokens");
  fields.find("pair");
  bool seen = false;
  for (size_t i = 0; i < single.size() && fields.ok(); ++i) {
    Fields part(single[i], place.where,
                place.path + ".single[" + std::to_string(i) + "]");
    bool isSequence = part.find("Sequence");
    const Json &inner = part.object(isSequence ? "Sequence" : "SpecialToken");
    if (part.ok() && isSequence) {
      if (seen || inner.value("id", Json()) != Json("A"))
        part.fail("expects the text once, as sequence 'A'");
      seen = true;
    } else if (part.ok()) {
      Fields special(inner, place.where, place.path);
      std::string token = special.string("id");
      if (!special.ok())
        part.fail(special.status());
      else
        for (int32_t id : templateIds(table, token, idOf, fields))
          (seen ? around.suffix : around.prefix).push_back(id);
    }
    fields.fail(part.done());
  }
  if (!seen)
    fields.fail("'single': expects the sequence 'A'");
}

/// `["</s>", 2]`
static int32_t readPair(Fields &fields, std::string_view key) {
  const Json &pair = fields.array(key);
  if (pair.size() == 2 && pair[1].is_number_unsigned() &&
      pair[1].get<uint64_t>() <= INT32_MAX)
    return pair[1].get<int32_t>();
  fields.fail("'" + std::string(key) + "': expects a token and its id");
  return 0;
}

static Status readPostProcessor(const Json &value, const Place &place,
                                const IdOf &idOf, Surroundings &around) {
  Fields fields(value, place.where, place.path);
  std::string type = fields.string("type");
  if (!fields.ok())
    return fields.status();
  if (type == "Sequence")
    return readSequence(fields, "processors", place,
                        [&](const Json &inner, const Place &at) {
                          return readPostProcessor(inner, at, idOf, around);
                        });
  Surroundings own;
  if (type == "TemplateProcessing") {
    readTemplate(fields, place, idOf, own);
  } else if (type == "RobertaProcessing" || type == "BertProcessing") {
    own.prefix = {readPair(fields, "cls")};
    own.suffix = {readPair(fields, "sep")};
    fields.find("trim_offsets");
    fields.find("add_prefix_space");
  } else if (type == "ByteLevel") {
    for (std::string_view offsetsOnly :
         {"add_prefix_space", "trim_offsets", "use_regex"})
      fields.find(offsetsOnly);
  } else {
    return unknownType(place, "post-processor", type);
  }
  // A later processor goes around what the earlier ones made.
  around.prefix.insert(around.prefix.begin(), own.prefix.begin(),
                       own.prefix.end());
  around.suffix.insert(around.suffix.end(), own.suffix.begin(),
                       own.suffix.end());
  return fields.done();
}

Status readPostProcessor(const Json &value, const std::string &where,
                         const IdOf &idOf, text::TokenizerModel &model) {
  if (value.is_null())
    return success();
  Surroundings around;
  if (Status status = readPostProcessor(value, Place{where, "post_processor"},
                                        idOf, around);
      !status)
    return status;
  model.prefixIds = std::move(around.prefix);
  model.suffixIds = std::move(around.suffix);
  return success();
}

} // namespace tombolo
