//===- StringMethods.cpp - Methods of strings and formatting --------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Evaluator.h"
#include "runtime/text/jinja/Lexer.h"
#include "runtime/text/jinja/Strings.h"
#include <algorithm>
#include <charconv>
#include <cmath>
#include <utf8proc.h>

namespace tombolo::text::jinja {

Value Evaluator::stringMethod(const std::string &name, const std::string &self,
                              Arguments &given) {
  if (!spend(self.size() / 16))
    return Value();
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    std::vector<Value> values = bind(name, given, {"chars"});
    bool all = values[0].is(Kind::Undefined) || values[0].is(Kind::None);
    std::string characters = all ? "" : stringOf(values[0], name);
    if (failed() || !paySearch(characters.size() + self.size(), 16))
      return Value();
    if (!all && !spend(self.size() * characters.size() / 1024))
      return Value();
    return makeString(
        std::string(strip(self, name != "rstrip", name != "lstrip",
                          all ? nullptr : &characters)));
  }
  if (name == "upper" || name == "lower" || name == "title" ||
      name == "capitalize" || name == "swapcase" || name == "casefold") {
    bind(name, given, {});
    return makeString(name == "upper"        ? upper(self)
                      : name == "title"      ? titleCase(self)
                      : name == "capitalize" ? capitalize(self)
                      : name == "swapcase"   ? swapCase(self)
                                             : lower(self));
  }
  if (name == "join") {
    std::vector<Value> values = bind(name, given, {"iterable"}, 1);
    std::string out;
    bool first = true;
    for (const Value &item : iterate(values[0], "'join'")) {
      std::string part = stringOf(item, "'join'");
      if (!produce(part.size() + self.size()))
        return Value();
      out += first ? "" : self;
      out += part;
      first = false;
    }
    return makeString(std::move(out));
  }
  if (name == "replace") {
    std::vector<Value> values = bind(name, given, {"old", "new", "count"}, 2);
    std::string from = stringOf(values[0], name);
    std::string to = stringOf(values[1], name);
    int64_t limit = values[2].is(Kind::Undefined) ? -1 : intOf(values[2], name);
    uint64_t matches = self.size() / std::max<size_t>(from.size(), 1) + 1;
    // No more than so many can match, and the text must fit all of them.
    if (failed() || !paySearch(self.size(), from.size()))
      return Value();
    if (to.size() > from.size() && matches > options.maxValueBytes / to.size())
      return fail("'replace' may make a value of more than " +
                  std::to_string(options.maxValueBytes) + " bytes");
    return makeString(replaceText(self, from, to, limit));
  }
  if (name == "removeprefix" || name == "removesuffix") {
    std::vector<Value> values = bind(name, given, {"affix"}, 1);
    std::string affix = stringOf(values[0], name);
    std::string_view rest = self;
    if (name == "removeprefix" && rest.starts_with(affix))
      rest.remove_prefix(affix.size());
    else if (name == "removesuffix" && rest.ends_with(affix))
      rest.remove_suffix(affix.size());
    return makeString(std::string(rest));
  }
  if (name == "format")
    return formatBraces(self, given);
  if (name == "ljust" || name == "rjust" || name == "center" ||
      name == "zfill") {
    std::vector<Value> values = bind(name, given, {"width", "fillchar"}, 1);
    int64_t width = intOf(values[0], name);
    std::string fill = values[1].is(Kind::Undefined)
                           ? (name == "zfill" ? "0" : " ")
                           : stringOf(values[1], name);
    if (!failed() && length(fill) != 1)
      return fail("'" + name + "' expects one character to fill with");
    auto size = static_cast<int64_t>(length(self));
    int64_t missing = width > size ? width - size : 0;
    if (failed() || !produce(static_cast<uint64_t>(missing), fill.size()))
      return Value();
    int64_t left = name == "ljust"    ? 0
                   : name == "center" ? missing / 2 + (missing & width & 1)
                                      : missing;
    std::string out;
    size_t sign =
        name == "zfill" && (self.starts_with('-') || self.starts_with('+'));
    out += self.substr(0, sign);
    for (int64_t i = 0; i < left; ++i)
      out += fill;
    out += self.substr(sign);
    for (int64_t i = left; i < missing; ++i)
      out += fill;
    return makeString(std::move(out));
  }
  if (std::optional<Value> answer = stringPredicate(name, self)) {
    bind(name, given, {});
    return *answer;
  }
  if (name.find("split") != std::string::npos ||
      name.find("partition") != std::string::npos)
    return stringSplit(name, self, given);
  return stringSearch(name, self, given);
}

Value Evaluator::stringSearch(const std::string &name, const std::string &self,
                              Arguments &given) {
  if (name == "startswith" || name == "endswith") {
    std::vector<Value> values = bind(name, given, {"affix"}, 1);
    std::vector<Value> choices = {values[0]};
    if (values[0].isTuple())
      choices = values[0].items();
    for (const Value &choice : choices) {
      std::string affix = stringOf(choice, name);
      if (!spend(1 + affix.size() / 64))
        return Value();
      if (name == "startswith" ? self.starts_with(affix)
                               : self.ends_with(affix))
        return true;
    }
    return false;
  }
  bool isFind = name == "find" || name == "index";
  bool isReverse = name == "rfind" || name == "rindex";
  if (isFind || isReverse || name == "count") {
    std::vector<Value> values = bind(name, given, {"sub"}, 1);
    std::string wanted = stringOf(values[0], name);
    if (failed() || !paySearch(self.size(), wanted.size()))
      return Value();
    if (name == "count") {
      if (wanted.empty())
        return static_cast<int64_t>(length(self)) + 1;
      int64_t count = 0;
      for (size_t at = self.find(wanted); at != std::string::npos;
           at = self.find(wanted, at + wanted.size()))
        ++count;
      return count;
    }
    size_t at = isReverse ? self.rfind(wanted) : self.find(wanted);
    if (at != std::string::npos)
      return static_cast<int64_t>(length(std::string_view(self).substr(0, at)));
    if (name.ends_with("index"))
      return fail("'" + name + "' expects a part of the string");
    return int64_t(-1);
  }
  return fail("the method '" + name + "' of strings is not in this version");
}

/// The parts between white space.
static std::vector<std::string_view> wordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    size_t here = at;
    if (!isSpace(nextCodePoint(text, at)))
      continue;
    if (begin < here)
      words.push_back(text.substr(begin, here - begin));
    begin = at;
  }
  if (begin < text.size())
    words.push_back(text.substr(begin));
  return words;
}

Value Evaluator::stringSplit(const std::string &name, const std::string &self,
                             Arguments &given) {
  auto list = [&](std::vector<std::string_view> parts, bool isTuple = false) {
    std::vector<Value> items;
    for (std::string_view part : parts)
      items.push_back(makeString(std::string(part)));
    return makeList(std::move(items), isTuple);
  };
  if (!produce(self.size()))
    return Value();
  if (name == "splitlines") {
    bind(name, given, {});
    if (!produce(maxBreaks(self), sizeof(std::string_view)))
      return Value();
    return list(splitLines(self));
  }
  std::string_view text = self;
  if (name == "partition" || name == "rpartition") {
    std::vector<Value> values = bind(name, given, {"sep"}, 1);
    std::string sep = stringOf(values[0], name);
    if (failed() || !paySearch(self.size(), sep.size()))
      return Value();
    if (sep.empty())
      return fail("'" + name + "' expects a separator that is not empty");
    size_t at = name == "partition" ? self.find(sep) : self.rfind(sep);
    if (at == std::string::npos)
      return name == "partition" ? list({text, "", ""}, true)
                                 : list({"", "", text}, true);
    return list({text.substr(0, at), text.substr(at, sep.size()),
                 text.substr(at + sep.size())},
                true);
  }
  std::vector<Value> values = bind(name, given, {"sep", "maxsplit"});
  int64_t limit = values[1].is(Kind::Undefined) ? -1 : intOf(values[1], name);
  bool reverse = name == "rsplit";
  std::vector<std::string_view> parts;
  bool bySpace = values[0].is(Kind::Undefined) || values[0].is(Kind::None);
  std::string sep = bySpace ? "" : stringOf(values[0], name);
  if (failed() || !paySearch(self.size(), sep.size()))
    return Value();
  if (!bySpace && sep.empty())
    return fail("'" + name + "' expects a separator that is not empty");
  auto mayCut = [&] {
    return limit < 0 || static_cast<int64_t>(parts.size()) < limit;
  };
  if (bySpace) {
    if (!produce(maxBreaks(self), sizeof(std::string_view)))
      return Value();
    std::vector<std::string_view> words = wordsOf(self);
    size_t count = words.size();
    size_t cuts = limit < 0 ? count : std::min<size_t>(limit, count);
    auto offset = [&](const char *at) {
      return static_cast<size_t>(at - self.data());
    };
    // What the limit leaves keeps the white space at its far end.
    if (reverse && cuts < count)
      parts.push_back(text.substr(0, offset(words[count - cuts - 1].data()) +
                                         words[count - cuts - 1].size()));
    auto first = words.begin() + (reverse ? count - cuts : 0);
    parts.insert(parts.end(), first, first + cuts);
    if (!reverse && cuts < count)
      parts.push_back(text.substr(offset(words[cuts].data())));
    return list(std::move(parts));
  }
  while (mayCut()) {
    size_t at = reverse ? text.rfind(sep) : text.find(sep);
    if (at == std::string_view::npos || !produce(sizeof(std::string_view)))
      break;
    parts.push_back(reverse ? text.substr(at + sep.size())
                            : text.substr(0, at));
    text = reverse ? text.substr(0, at) : text.substr(at + sep.size());
  }
  parts.push_back(text);
  if (reverse)
    std::reverse(parts.begin(), parts.end());
  return list(std::move(parts));
}

std::optional<Value> Evaluator::stringPredicate(const std::string &name,
                                                const std::string &self) {
  enum Class { Alpha, Digit, Alnum, Space, Upper, Lower, Ascii };
  static constexpr std::pair<std::string_view, Class> kNames[] = {
      {"isalpha", Alpha},   {"isdigit", Digit}, {"isdecimal", Digit},
      {"isnumeric", Digit}, {"isalnum", Alnum}, {"isspace", Space},
      {"isupper", Upper},   {"islower", Lower}, {"isascii", Ascii}};
  auto known = std::find_if(std::begin(kNames), std::end(kNames),
                            [&](auto &pair) { return pair.first == name; });
  if (known == std::end(kNames))
    return std::nullopt;
  Class wanted = known->second;
  bool cased = false;
  for (size_t at = 0; at < self.size();) {
    auto c = static_cast<utf8proc_int32_t>(nextCodePoint(self, at));
    auto category = utf8proc_category(c);
    bool isDigit = category == UTF8PROC_CATEGORY_ND ||
                   (name == "isnumeric" && (category == UTF8PROC_CATEGORY_NL ||
                                            category == UTF8PROC_CATEGORY_NO));
    bool isAlpha =
        category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    bool isUpper = category == UTF8PROC_CATEGORY_LU;
    bool isLower = category == UTF8PROC_CATEGORY_LL;
    switch (wanted) {
    case Alpha:
      if (!isAlpha)
        return false;
      break;
    case Digit:
      if (!isDigit)
        return false;
      break;
    case Alnum:
      if (!isAlpha && !isDigit)
        return false;
      break;
    case Space:
      if (!isWhitespace(static_cast<char32_t>(c)) && !(c >= 0x1c && c <= 0x1f))
        return false;
      break;
    case Upper:
      if (isLower)
        return false;
      cased |= isUpper;
      break;
    case Lower:
      if (isUpper)
        return false;
      cased |= isLower;
      break;
    case Ascii:
      if (c >= 0x80)
        return false;
      break;
    }
  }
  if (wanted == Upper || wanted == Lower)
    return cased;
  return wanted == Ascii || !self.empty();
}

//===----------------------------------------------------------------------===//
// Formatting
//===----------------------------------------------------------------------===//

/// `"{} {0} {name}".format(...)`, without format specifications.
Value Evaluator::formatBraces(const std::string &format, Arguments &given) {
  std::string out;
  size_t next = 0;
  for (size_t i = 0; i < format.size() && !failed(); ++i) {
    char c = format[i];
    if (c == '}' || c == '{') {
      if (i + 1 < format.size() && format[i + 1] == c) {
        out += c;
        ++i;
        continue;
      }
      size_t close = format.find('}', i);
      if (c == '}' || close == std::string::npos)
        return fail("'format' expects braces in pairs");
      if (!spend(1 + (close - i) / 16 + given.named.size() / 16))
        return Value();
      std::string field = format.substr(i + 1, close - i - 1);
      i = close;
      const Value *value = nullptr;
      size_t position = next;
      bool isNumber =
          !field.empty() && field.size() < 4 &&
          field.find_first_not_of("0123456789") == std::string::npos;
      if (isNumber)
        std::from_chars(field.data(), field.data() + field.size(), position);
      if ((field.empty() || isNumber) && position < given.positional.size())
        value = &given.positional[position];
      next += field.empty();
      for (auto &[name, named] : given.named)
        if (name == field)
          value = &named;
      if (!value)
        return fail("'format' has no value for '{" + field + "}'");
      out += text(*value);
      continue;
    }
    out += c;
  }
  return makeString(std::move(out));
}

/// Of a place of `%`; more is no way to lay out a prompt.
static constexpr size_t kMaxFieldWidth = 1000;

/// `"%s: %d" % (a, b)`
Value Evaluator::formatPercent(const std::string &format, const Value &values) {
  std::vector<Value> list = {values};
  if (values.isTuple())
    list = values.items();
  if (!spend(format.size() / 16))
    return Value();
  std::string out;
  size_t next = 0;
  for (size_t i = 0; i < format.size() && !failed(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (++i < format.size() && format[i] == '%') {
      out += '%';
      continue;
    }
    bool zero = false, left = false;
    for (; i < format.size() && (format[i] == '0' || format[i] == '-'); ++i)
      (format[i] == '0' ? zero : left) = true;
    auto number = [&] {
      size_t value = 0;
      for (; i < format.size() && format[i] >= '0' && format[i] <= '9'; ++i)
        value = std::min<size_t>(value * 10 + size_t(format[i] - '0'),
                                 kMaxFieldWidth + 1);
      return value;
    };
    size_t width = number(), precision = SIZE_MAX;
    if (i < format.size() && format[i] == '.') {
      ++i;
      precision = number();
    }
    if (width > kMaxFieldWidth ||
        (precision != SIZE_MAX && precision > kMaxFieldWidth))
      return fail("'%' expects a width and precision of at most " +
                  std::to_string(kMaxFieldWidth));
    char kind = i < format.size() ? format[i] : 0;
    if (next == list.size())
      return fail("'%' has no value for each of the format's places");
    const Value &value = list[next++];
    std::string part;
    if (kind == 's') {
      part = text(value);
    } else if (kind == 'r') {
      part = reprText(value);
    } else if ((kind == 'd' || kind == 'i') && value.isNumber()) {
      double whole = std::trunc(value.asDouble());
      if (value.is(Kind::Float) && !(std::abs(whole) < 9e18))
        return fail("'%' expects a number in the range of 64 bits");
      part = std::to_string(value.is(Kind::Float) ? static_cast<int64_t>(whole)
                                                  : value.asInt());
    } else if (kind == 'f' && value.isNumber()) {
      char buffer[400 + kMaxFieldWidth];
      auto end = std::to_chars(
          buffer, buffer + sizeof buffer, value.asDouble(),
          std::chars_format::fixed,
          precision == SIZE_MAX ? 6 : static_cast<int>(precision));
      part.assign(buffer, end.ptr);
    } else {
      return fail("'%' does not know the format '%" + std::string(1, kind) +
                  "' for " + std::string(value.kindName()));
    }
    if (kind == 's' && precision < length(part)) {
      size_t at = 0;
      for (size_t k = 0; k < precision; ++k)
        at += utf8Length(part[at]);
      part.resize(at);
    }
    size_t fill = width - std::min(width, length(part));
    if (!produce(part.size() + fill))
      return Value();
    if (left)
      part.append(fill, ' ');
    else if (zero && kind != 's' && kind != 'r')
      part.insert(part.starts_with('-') ? 1 : 0, fill, '0');
    else
      part.insert(0, fill, ' ');
    out += part;
  }
  if (next < list.size() && !failed())
    return fail("'%' has more values than the format has places");
  return makeString(std::move(out));
}

} // namespace tombolo::text::jinja
