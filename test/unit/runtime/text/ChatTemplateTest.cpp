//===- ChatTemplateTest.cpp - Templates against Jinja2 --------------------===//

#include "runtime/text/jinja/ChatTemplate.h"
#include "support/Json.h"
#include <gtest/gtest.h>

using namespace tombolo;
using text::ChatTemplate;
using text::RenderOptions;
using Json = nlohmann::ordered_json;

namespace {

/// 2026-03-07 14:05:09, a Saturday.
RenderOptions optionsOfTests() {
  RenderOptions options;
  std::tm now{};
  now.tm_year = 126;
  now.tm_mon = 2;
  now.tm_mday = 7;
  now.tm_hour = 14;
  now.tm_min = 5;
  now.tm_sec = 9;
  now.tm_wday = 6;
  now.tm_yday = 65;
  options.now = now;
  options.maxSteps = 4'000'000;
  options.maxOutputBytes = 1 << 20;
  options.maxValueBytes = 16 << 20;
  return options;
}

std::string render(const std::string &source,
                   const Json &inputs = Json::object()) {
  Result<ChatTemplate> parsed = ChatTemplate::parse(source);
  if (!parsed)
    return "error: " + parsed.error().str();
  Result<std::string> text = parsed->render(inputs, optionsOfTests());
  return text ? *text : "error: " + text.error().str();
}

/// What transformers' environment (Jinja2 3.1, trim_blocks, lstrip_blocks,
/// sandboxed) made of each template and its inputs, once.
TEST(ChatTemplate, EqualsJinja2) {
  Result<Json> file = readJson(
      TOMBOLO_SOURCE_DIR "/test/unit/runtime/text/ChatTemplateCases.json");
  ASSERT_TRUE(file) << file.error().str();
  const Json &cases = (*file)["cases"];
  ASSERT_GT(cases.size(), 90u);
  for (const Json &one : cases) {
    const auto &source =
        (*file)["templates"][one["template"].get<std::string>()];
    std::string got = render(source, one["inputs"]);
    if (one.contains("expected"))
      EXPECT_EQ(got, one["expected"].get<std::string>()) << one["name"];
    else
      EXPECT_TRUE(got.starts_with("error: ")) << one["name"] << ": " << got;
  }
}

TEST(ChatTemplate, ErrorsSayWhereAndWhat) {
  const std::pair<const char *, const char *> cases[] = {
      {"a\n{{ b", "2: expects '}}'"},
      {"{% if x", "1: expects '%}'"},
      {"{% if x %}\n", "1: expects '{% endif %}' before the end of the "
                       "template"},
      {"\n{% endif %}", "2: does not expect '{% endif %}' here"},
      {"{% include 'x' %}", "1: 'include' reads other files, which a chat "
                            "template may not"},
      {"{% import 'x' as y %}",
       "1: 'import' reads other files, which a chat template may not"},
      {"{% autoescape true %}",
       "1: statement 'autoescape' is not in this version"},
      {"{% break %}", "1: 'break' stands outside of a loop"},
      {"{% for x in y recursive %}{% endfor %}",
       "1: 'recursive' is not in this version"},
      {"{% set true = 1 %}", "1: cannot assign to 'true'"},
      {"{# x", "1: expects '#}' that ends the comment"},
      {"{% raw %}x", "1: expects '{% endraw %}'"},
      {"{{ 'x }}", "1: expects the end of a string"},
      {"{{ ) }}", "1: does not expect ')'"},
      {"{{ (] }}", "1: does not expect ']', but ')'"},
      {"{{ a ! b }}", "1: does not know the character '!'"},
      {"{{ 99999999999999999999 }}", "1: expects an integer of at most 64 "
                                     "bits, but got '99999999999999999999'"},
      {"{{ f(*a) }}", "1: arguments after '*' are not in this version"},
      {"{{ 1 + }}", "1: expects an expression, but got '}}'"},
      {"\n\n{{ x.y }}", "3: 'x' is undefined, so it has no attribute 'y'"},
      {"{{ x() }}", "1: 'x' is undefined, so it cannot be called"},
      {"{{ 'a' + 1 }}", "1: '+' expects two numbers, strings or lists, but got "
                        "a string and an integer"},
      {"{{ x + 'a' }}", "1: '+' expects values, but 'x' is undefined"},
      {"{{ 1 // 0 }}", "1: division by zero"},
      {"{{ 9223372036854775807 + 1 }}",
       "1: an integer leaves the range of 64 bits"},
      {"{{ 1 | nothing }}", "1: filter 'nothing' is not in this version"},
      {"{{ 1 is nothing }}", "1: test 'nothing' is not in this version"},
      {"{{ [1].append(2) }}", "1: the method 'append' of lists changes them or "
                              "is not in this version"},
      {"{{ 'a'.encode() }}",
       "1: the method 'encode' of strings is not in this version"},
      {"{{ {}.pop('a') }}",
       "1: the method 'pop' of dicts is not in this version"},
      {"{{ {1: 2} }}", "1: a key of a dict expects a string, but got an "
                       "integer"},
      {"{{ range }}{{ x | tojson }}", "1: 'tojson' cannot write an undefined "
                                      "value"},
      {"{{ 1 < 'a' }}", "1: expects values that have an order, but got an "
                        "integer and a string"},
      {"{% for x in 1 %}{% endfor %}",
       "1: for expects something to iterate over, but got an integer"},
      {"{% set a, b = [1] %}", "1: expects 2 values to unpack, but got 1"},
      {"{% set x = 1 %}{% set x.y = 2 %}",
       "1: expects a namespace to set an attribute of, but 'x' is an integer"},
      {"{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}",
       "1: macro 'f' expects at most 1 arguments, but got 2"},
      {"{% macro f(a) %}{% endmacro %}{{ f(b=2) }}",
       "1: macro 'f' knows no argument 'b'"},
      {"{{ strftime_now('%Q') }}", "1: 'strftime_now' does not know '%Q'"},
      {"x\n{{ raise_exception('roles must alternate') }}",
       "2: the template refuses its inputs: roles must alternate"},
      {"{{ 'x' | default(1, 2, 3) }}",
       "1: default expects at most 2 arguments, but got 3"},
      {"{{ '%1001d' % 1 }}",
       "1: '%' expects a width and precision of at most 1000"},
      {"{{ '%.1001f' % 1 }}",
       "1: '%' expects a width and precision of at most 1000"},
      {"{{ '%d' % 1e300 }}", "1: '%' expects a number in the range of 64 bits"},
      {"{{ '{' | from_json }}", "1: 'from_json' expects JSON"},
      {"{{ '[9223372036854775808]' | from_json }}",
       "1: expects integers of at most 64 bits, but got 9223372036854775808"},
      {"{{ [] | map('map', 'x') }}", "1: 'map' expects another filter than "
                                     "itself"},
  };
  for (auto [source, message] : cases) {
    std::string got = render(source);
    EXPECT_EQ(got.substr(0, got.find("\n")),
              "error: chat template:" + std::string(message))
        << source;
  }
}

TEST(ChatTemplate, EveryTemplateEnds) {
  const std::pair<std::string, const char *> cases[] = {
      // Doubling.
      {"{% set n = namespace(x='xxxxxxxx') %}{% for i in range(99) %}"
       "{% set n.x = n.x ~ n.x %}{% endfor %}",
       "the template makes values of more than 16777216 bytes"},
      {"{% set n = namespace(x=[1]) %}{% for i in range(99) %}"
       "{% set n.x = n.x + n.x %}{% endfor %}",
       "the template makes values of more than 16777216 bytes"},
      // One part many times over.
      {"{% set n = namespace(x=['x']) %}{% for i in range(60) %}"
       "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
       "the template makes values of more than 16777216 bytes"},
      {"{% set n = namespace(x=['x']) %}{% for i in range(60) %}"
       "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x == [n.x, n.x] }}",
       "the template takes more than 4000000 steps"},
      // Depth.
      {"{% set n = namespace(x=[]) %}{% for i in range(1000) %}"
       "{% set n.x = [n.x] %}{% endfor %}",
       "expects values of at most 128 levels"},
      {"{% set n = namespace(x=[]) %}{% for i in range(1000) %}"
       "{% set n.x = [n.x.count] %}{% endfor %}",
       "expects values of at most 128 levels"},
      {"{% set n = namespace(x={}) %}{% for i in range(1000) %}"
       "{% set n.x = dict(get=n.x.get) %}{% endfor %}",
       "expects values of at most 128 levels"},
      {"{% set n = namespace(x={}) %}{% for i in range(1000) %}"
       "{% set n.x = {'a': n.x | attr('items')} %}{% endfor %}",
       "expects values of at most 128 levels"},
      {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
       "the template nests too deep"},
      {"{{ " + std::string(300, '(') + "1" + std::string(300, ')') + " }}",
       "expects at most 200 nested blocks and expressions"},
      {"{{ 1" +
           [] {
             std::string sum;
             for (int i = 0; i < 300; ++i)
               sum += "+1";
             return sum;
           }() +
           " }}",
       "expects at most 200 nested expressions"},
      {[] {
         std::string blocks;
         for (int i = 0; i < 300; ++i)
           blocks += "{% if 1 %}";
         return blocks;
       }(),
       "expects at most 200 nested blocks and expressions"},
      // Time.
      {"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}"
       "{% endfor %}",
       "the template "},
      {"{{ range(999999999) }}", "'range' expects at most 100000 items"},
      {"{{ 'x' * 999999999999 }}",
       "'*' makes a value of more than 16777216 bytes"},
      {"{{ 'x'.center(999999999999) }}",
       "the template makes values of more than 16777216 bytes"},
      // More than 2^64 bytes.
      {"{{ ''.ljust(4611686018427387904) }}",
       "the template makes values of more than 16777216 bytes"},
      {"{{ ''.zfill(9223372036854775807) }}",
       "the template makes values of more than 16777216 bytes"},
      // Long from short.
      {"{{ '%999d' * 40000 % ((1,) * 40000) }}",
       "the template makes values of more than 16777216 bytes"},
      {"{{ ('\"' * 4000000) | escape }}",
       "the template makes values of more than 16777216 bytes"},
      {"{{ ('\n' * 1000000) | indent(20) }}",
       "the template makes values of more than 16777216 bytes"},
      {"{{ ('\n' * 500000).splitlines() | length }}",
       "the template makes values of more than 16777216 bytes"},
      {"{% set n = namespace(x=[1] * 9999) %}{% for i in range(99) %}"
       "{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson(indent=64) }}",
       "the template makes values of more than 16777216 bytes"},
      {"{% set n = namespace(x=['x']) %}{% for i in range(60) %}"
       "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}",
       "the template makes values of more than 16777216 bytes"},
      {"{% set n = namespace(x=['x']) %}{% for i in range(60) %}"
       "{% set n.x = [n.x, n.x] %}{% endfor %}{{ {}[n.x] is defined }}",
       "the template makes values of more than 16777216 bytes"},
      {"{{ ('[' ~ '1,' * 1000000 ~ '1]') | from_json | length }}",
       "the template makes values of more than 16777216 bytes"},
      {"{{ ('[' * 200) | from_json }}", "expects values of at most 128 levels"},
      // Each parameter is looked for among the arguments.
      {[] {
         std::string parameters = "a0", arguments = "a0=1";
         for (int i = 1; i < 4000; ++i) {
           parameters += ", a" + std::to_string(i);
           arguments += ", a" + std::to_string(i) + "=1";
         }
         return "{% macro f(" + parameters + ") %}{% endmacro %}{{ f(" +
                arguments + ") }}";
       }(),
       "the template takes more than 4000000 steps"},
      {"{% for a in range(9999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' * "
       "99 }}{% endfor %}",
       "the template "},
  };
  for (const auto &[source, message] : cases) {
    std::string got = render(source);
    EXPECT_NE(got.find(message), std::string::npos) << source << "\n" << got;
    EXPECT_TRUE(got.starts_with("error: ")) << source;
  }
}

TEST(ChatTemplate, PadsToAnyWidth) {
  EXPECT_EQ(render("{{ 'a'.rjust(-9223372036854775807 - 1) }}"), "a");
  EXPECT_EQ(render("{{ 'a'.rjust(3) }}{{ '-1'.zfill(4) }}"), "  a-001");
  EXPECT_EQ(render("{{ '%.200f' % 0.5 }}"), "0.5" + std::string(199, '0'));
}

TEST(ChatTemplate, OfEqualKeysInJsonTheLastCounts) {
  EXPECT_EQ(
      render(R"({{ '{"b": 1, "a": 2, "b": {"b": [], "b": 3}}' | from_json }})"),
      "{'b': {'b': 3}, 'a': 2}");
}

TEST(ChatTemplate, DictsOfEqualMembersAreEqual) {
  EXPECT_EQ(render("{{ {'a': 1, 'b': [2]} == {'b': [2], 'a': 1} }}"
                   "{{ {'a': 1, 'b': 2} == {'a': 1, 'c': 2} }}"
                   "{{ {'a': 1} == {'a': 2} }}"),
            "TrueFalseFalse");
}

TEST(ChatTemplate, LongNamesAreCut) {
  EXPECT_EQ(render("{{ {}['x' * 255 ~ '\u00e9'].y }}"),
            "error: chat template:1: '" + std::string(255, 'x') +
                "...' is undefined, so it has no attribute 'y'");
}

TEST(ChatTemplate, NamespacesMayHoldThemselves) {
  EXPECT_EQ(render("{% set n = namespace() %}{% set n.n = n %}{% set n.l = [n] "
                   "%}{{ n.n.n is defined }}{{ n.l == n.l }}"),
            "TrueTrue");
}

TEST(ChatTemplate, LoopsAndMacrosOutliveTheirBlocks) {
  EXPECT_EQ(
      render("{% set n = namespace() %}{% for x in [7, 8] %}"
             "{% set n.loop = loop %}{% macro f() %}{{ x }}{% endmacro %}"
             "{% set n.f = f %}{% endfor %}{{ n.f() }}{{ n.loop.length }}"),
      "82");
}

TEST(ChatTemplate, RefusesWhatIsNotText) {
  EXPECT_EQ(render("\xff"), "error: chat template: expects UTF-8");
  Result<ChatTemplate> parsed = ChatTemplate::parse("x");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->render(Json::array()));
}

TEST(ChatTemplate, UsesTheLocalTimeWhereNoneIsGiven) {
  Result<ChatTemplate> parsed =
      ChatTemplate::parse("{{ strftime_now('%Y')|int > 2024 }}");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed->render(Json::object()), "True");
}

} // namespace
