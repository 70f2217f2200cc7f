//===- Filters.cpp - Filters ----------------------------------------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Evaluator.h"
#include "runtime/text/jinja/Lexer.h"
#include "runtime/text/jinja/Strings.h"
#include <algorithm>
#include <charconv>
#include <cmath>

namespace tombolo::text::jinja {

Value Evaluator::filter(const std::string &name, const Value &input,
                        Arguments &given) {
  if (name == "default" || name == "d") {
    std::vector<Value> values = bind(name, given, {"default_value", "boolean"});
    bool replaced =
        input.is(Kind::Undefined) || (values[1].truthy() && !input.truthy());
    if (!replaced)
      return input;
    bool hasValue = !given.positional.empty() || !given.named.empty();
    return hasValue ? values[0] : Value("");
  }
  if (name == "tojson")
    return tojson(input, given);
  if (name == "from_json" || name == "fromjson") {
    bind(name, given, {});
    std::string source = stringOf(input, name);
    return failed() ? Value() : parseJson(source, name);
  }
  if (name == "length" || name == "count") {
    bind(name, given, {});
    switch (input.kind()) {
    case Kind::Undefined:
      return int64_t(0);
    case Kind::String:
      spend(input.asString().size() / 16);
      return static_cast<int64_t>(length(input.asString()));
    case Kind::List:
      return static_cast<int64_t>(input.items().size());
    case Kind::Dict:
      return static_cast<int64_t>(input.dict().members.size());
    default:
      return fail("'" + name + "' expects a string, list or dict, but got " +
                  std::string(input.kindName()));
    }
  }
  if (name == "safe" || name == "attr" || name == "items") {
    if (name == "attr") {
      std::vector<Value> values = bind(name, given, {"name"}, 1);
      std::string wanted = stringOf(values[0], name);
      return failed() ? Value() : attribute(input, wanted);
    }
    bind(name, given, {});
    if (name == "safe")
      return input;
    if (input.is(Kind::Undefined))
      return makeList({});
    if (!input.is(Kind::Dict))
      return fail("'items' expects a dict, but got " +
                  std::string(input.kindName()));
    return dictMethod(name, input.dict(), given);
  }
  if (std::optional<Value> value = textFilter(name, input, given))
    return *value;
  if (std::optional<Value> value = listFilter(name, input, given))
    return *value;
  if (std::optional<Value> value = numberFilter(name, input, given))
    return *value;
  return fail("filter '" + name + "' is not in this version");
}

Value Evaluator::tojson(const Value &input, Arguments &given) {
  std::vector<Value> values = bind(
      "tojson", given, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensureAscii = values[0].truthy();
  style.sortKeys = values[3].truthy();
  const Value &indent = values[1];
  if (!indent.is(Kind::Undefined) && !indent.is(Kind::None)) {
    style.indented = true;
    style.itemSeparator = ",";
    if (indent.is(Kind::String))
      style.indent = indent.asString();
    else
      style.indent = std::string(
          std::clamp<int64_t>(intOf(indent, "'tojson'"), 0, 64), ' ');
    if (style.indent.size() > 64)
      return fail("'tojson' expects an indent of at most 64 characters");
  }
  if (values[2].is(Kind::List) && values[2].items().size() == 2) {
    style.itemSeparator = stringOf(values[2].items()[0], "'tojson'");
    style.keySeparator = stringOf(values[2].items()[1], "'tojson'");
    if (style.itemSeparator.size() + style.keySeparator.size() > 64)
      return fail("'tojson' expects separators of at most 64 characters");
  } else if (!values[2].is(Kind::Undefined) && !values[2].is(Kind::None)) {
    return fail("'tojson' expects two separators");
  }
  if (failed())
    return Value();
  std::string out, problem;
  if (!toJson(input, style, room(), out, problem))
    return fail("'tojson' cannot write " + problem);
  return makeString(std::move(out));
}

Value Evaluator::indent(const Value &input, Arguments &given) {
  std::vector<Value> values =
      bind("indent", given, {"width", "first", "blank"});
  std::string source = stringOf(input, "'indent'");
  std::string indentation;
  if (values[0].is(Kind::String))
    indentation = values[0].asString();
  else
    indentation = std::string(
        values[0].is(Kind::Undefined)
            ? 4
            : std::clamp<int64_t>(intOf(values[0], "'indent'"), 0, 1000),
        ' ');
  // Python adds a newline, so a text that ends with one keeps it.
  source += '\n';
  uint64_t most = maxBreaks(source) + 1;
  if (failed() || !produce(most, sizeof(std::string_view)))
    return Value();
  std::vector<std::string_view> lines = splitLines(source);
  if (!produce(lines.size(), indentation.size() + 1) || !produce(source.size()))
    return Value();
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i)
      out += '\n';
    bool wanted =
        i == 0 ? values[1].truthy() : values[2].truthy() || !lines[i].empty();
    if (wanted)
      out += indentation;
    out += lines[i];
  }
  return makeString(std::move(out));
}

/// Jinja's title: the first letter of each word, which spaces, hyphens and
/// opening brackets begin, in upper case and the rest in lower case.
static std::string titleWords(std::string_view text) {
  std::string out;
  size_t begin = 0;
  auto finish = [&](size_t end) {
    out += capitalize(text.substr(begin, end - begin));
  };
  for (size_t at = 0; at < text.size();) {
    size_t here = at;
    char32_t c = nextCodePoint(text, at);
    if (!isSpace(c) && c != '-' && c != '(' && c != '{' && c != '[' && c != '<')
      continue;
    finish(here);
    out += text.substr(here, at - here);
    begin = at;
  }
  finish(text.size());
  return out;
}

static constexpr std::string_view kEscaped = "&<>\"'";
static constexpr size_t kMaxEscapeBytes = 5;

static std::string escapeHtml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&#34;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

std::optional<Value> Evaluator::textFilter(const std::string &name,
                                           const Value &input,
                                           Arguments &given) {
  if (name == "indent")
    return indent(input, given);
  if (name == "string") {
    bind(name, given, {});
    return makeString(text(input));
  }
  if (name == "upper" || name == "lower" || name == "capitalize" ||
      name == "title" || name == "escape" || name == "e") {
    bind(name, given, {});
    std::string source = text(input);
    if (!spend(source.size() / 4))
      return Value();
    if (name.starts_with('e')) {
      auto escaped = std::count_if(source.begin(), source.end(), [](char c) {
        return kEscaped.find(c) != std::string_view::npos;
      });
      if (!produce(static_cast<uint64_t>(escaped), kMaxEscapeBytes))
        return Value();
    }
    return makeString(name == "upper"        ? upper(source)
                      : name == "lower"      ? lower(source)
                      : name == "capitalize" ? capitalize(source)
                      : name == "title"      ? titleWords(source)
                                             : escapeHtml(source));
  }
  if (name == "trim")
    return stringMethod("strip", text(input), given);
  if (name == "replace")
    return stringMethod("replace", text(input), given);
  if (name == "format") {
    std::string format = text(input);
    return formatPercent(format, makeList(std::move(given.positional), true));
  }
  if (name == "wordcount") {
    bind(name, given, {});
    Arguments none;
    return static_cast<int64_t>(
        iterate(stringSplit("split", text(input), none), name).size());
  }
  return std::nullopt;
}

std::optional<Value> Evaluator::numberFilter(const std::string &name,
                                             const Value &input,
                                             Arguments &given) {
  if (name == "int" || name == "float") {
    std::vector<Value> values = bind(name, given, {"default"});
    bool isInt = name == "int";
    Value otherwise = !values[0].is(Kind::Undefined) ? values[0]
                      : isInt                        ? Value(int64_t(0))
                                                     : Value(0.0);
    double number = 0;
    if (input.isNumber()) {
      if (isInt && !input.is(Kind::Float))
        return input.asInt();
      number = input.asDouble();
    } else if (input.is(Kind::String)) {
      if (!spend(input.asString().size() / 16))
        return Value();
      std::string_view digits = strip(input.asString(), true, true, nullptr);
      if (digits.starts_with('+'))
        digits.remove_prefix(1);
      int64_t whole = 0;
      auto end = digits.data() + digits.size();
      auto asInt = std::from_chars(digits.data(), end, whole);
      if (isInt && asInt.ec == std::errc() && asInt.ptr == end)
        return whole;
      auto asFloat = std::from_chars(digits.data(), end, number);
      if (asFloat.ec != std::errc() || asFloat.ptr != end)
        return otherwise;
    } else {
      return otherwise;
    }
    if (!isInt)
      return number;
    if (!(std::abs(number) < 9e18))
      return otherwise;
    return static_cast<int64_t>(number);
  }
  if (name == "abs") {
    bind(name, given, {});
    if (!input.isNumber())
      return fail("'abs' expects a number, but got " +
                  std::string(input.kindName()));
    return input.asDouble() < 0 ? unary("-", input) : unary("+", input);
  }
  if (name == "round") {
    std::vector<Value> values = bind(name, given, {"precision", "method"});
    if (!input.isNumber())
      return fail("'round' expects a number, but got " +
                  std::string(input.kindName()));
    int64_t precision =
        values[0].is(Kind::Undefined)
            ? 0
            : std::clamp<int64_t>(intOf(values[0], name), -300, 300);
    std::string method =
        values[1].is(Kind::Undefined) ? "common" : stringOf(values[1], name);
    double scale = std::pow(10.0, static_cast<double>(precision));
    double scaled = input.asDouble() * scale;
    if (method == "common")
      scaled = std::nearbyint(scaled);
    else if (method == "ceil")
      scaled = std::ceil(scaled);
    else if (method == "floor")
      scaled = std::floor(scaled);
    else
      return fail("'round' does not know the method '" + method + "'");
    return scaled / scale;
  }
  return std::nullopt;
}

} // namespace tombolo::text::jinja
