//===- ArchFixture.h - Small descriptions for tests --------------*- C++
//-*-===//

#ifndef TEST_UNIT_FRONTENDS_ARCH_ARCHFIXTURE_H
#define TEST_UNIT_FRONTENDS_ARCH_ARCHFIXTURE_H

#include "frontends/arch/Description.h"
#include <string>

namespace tombolo::test {

/// A family `t` with the items given, and what every family must have.
inline std::string familyText(const std::string &items,
                              const std::string &functions = "") {
  return "family t {\n  serves \"T\"\n  use decoder\n" + items +
         "\n  weights hf {\n    embed [V, D] \"embed\"\n  }\n" + functions +
         "\n  def hidden(tokens) {\n    x = embedding(tokens, embed)\n"
         "    return x\n  }\n"
         "  def logits(x) = linear(x, embed)\n}\n";
}

inline const arch::Prelude &prelude() {
  static const arch::Catalog catalog = *arch::loadCatalog({});
  return *catalog.prelude;
}

/// One line for each error and note; empty where the family is good.
inline std::string errorsOf(const std::string &text) {
  auto family = arch::readFamily("t.arch", text, prelude());
  std::string out;
  if (!family)
    for (const Error &error : family.errors()) {
      out += error.str() + "\n";
      for (const std::string &note : error.notes)
        out += "note: " + note + "\n";
    }
  return out;
}

} // namespace tombolo::test

#endif // TEST_UNIT_FRONTENDS_ARCH_ARCHFIXTURE_H
