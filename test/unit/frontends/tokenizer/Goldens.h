//===- Goldens.h - The tokenizers under test/goldens ------------*- C++ -*-===//

#ifndef TEST_UNIT_FRONTENDS_TOKENIZER_GOLDENS_H
#define TEST_UNIT_FRONTENDS_TOKENIZER_GOLDENS_H

#include "support/Json.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

namespace tombolo::test {

inline std::string readText(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline std::string goldenPath(const std::string &name) {
  return std::string(TOMBOLO_SOURCE_DIR) + "/test/goldens/tokenizers/" + name;
}

struct Golden {
  struct Encode {
    std::string text;
    std::vector<int32_t> ids, idsWithSpecial;
    std::string decoded, decodedSkipSpecial;
  };
  struct Decode {
    std::vector<int32_t> ids;
    std::string decoded;
  };
  std::string json;
  std::vector<Encode> encode;
  std::vector<Decode> decode;
};

inline Golden readGolden(const std::string &name) {
  Golden golden;
  golden.json = readText(goldenPath(name + "/tokenizer.json"));
  auto cases = readJson(goldenPath(name + "/cases.json"));
  EXPECT_TRUE(cases.ok());
  for (const auto &one : (*cases)["encode"])
    golden.encode.push_back({one["text"], one["ids"], one["ids_with_special"],
                             one["decoded"], one["decoded_skip_special"]});
  for (const auto &one : (*cases)["decode"])
    golden.decode.push_back({one["ids"], one["decoded"]});
  return golden;
}

} // namespace tombolo::test

#endif // TEST_UNIT_FRONTENDS_TOKENIZER_GOLDENS_H
