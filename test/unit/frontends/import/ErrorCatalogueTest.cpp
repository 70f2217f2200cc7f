// Runs the cases of test/frontends/arch/errors.md.

#include "TinyModel.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>

using namespace tombolo;
using namespace tombolo::test;

namespace {

struct CatalogueCase {
  std::string title, changes, expected;
};

std::ostream &operator<<(std::ostream &out, const CatalogueCase &one) {
  return out << one.title;
}

std::vector<CatalogueCase> readCatalogue() {
  std::stringstream text(readText("test/frontends/arch/errors.md"));
  std::vector<CatalogueCase> cases;
  std::string line;
  int fences = 0;
  while (std::getline(text, line)) {
    if (line.starts_with("## ")) {
      cases.push_back({line.substr(3), "", ""});
      fences = 0;
    } else if (line == "```") {
      ++fences;
    } else if (fences == 1) {
      cases.back().changes += line + "\n";
    } else if (fences == 3) {
      cases.back().expected += line + "\n";
    }
  }
  return cases;
}

/// `model.layers.*.x` for each layer, or for one number where it is given.
void forNames(const std::string &pattern,
              const std::function<void(const std::string &)> &visit) {
  size_t star = pattern.find('*');
  if (star == std::string::npos)
    return visit(pattern);
  for (int layer = 0; layer < 4; ++layer)
    visit(pattern.substr(0, star) + std::to_string(layer) +
          pattern.substr(star + 1));
}

class ErrorCatalogue : public testing::TestWithParam<CatalogueCase> {
protected:
  std::string description = readText("test/frontends/arch/tiny.arch");
  nlohmann::ordered_json config = tinyConfig();
  TinyTensors tensors = tinyTensors();

  void replaceText(const std::string &old, const std::string &by) {
    size_t at = description.find(old);
    ASSERT_NE(at, std::string::npos) << old;
    description.replace(at, old.size(), by);
  }

  void changeTensor(const std::string &words) {
    if (words.starts_with("-")) {
      std::string pattern = words.substr(1);
      if (pattern.ends_with(".*")) {
        pattern.pop_back();
        std::erase_if(tensors, [&](const auto &entry) {
          return entry.first.starts_with(pattern);
        });
        return;
      }
      forNames(pattern, [&](const std::string &name) { tensors.erase(name); });
      return;
    }
    std::stringstream parts(words);
    std::string name, equals, encoding, shape;
    parts >> name >> equals >> encoding;
    std::getline(parts, shape);
    TinyTensor tensor{nlohmann::json::parse(shape), encoding};
    forNames(name, [&](const std::string &one) { tensors[one] = tensor; });
  }

  void change(const std::string &changes) {
    std::stringstream lines(changes);
    std::string line, old, by;
    bool replacing = false;
    auto flush = [&] {
      if (replacing)
        replaceText(old, by);
      replacing = false;
    };
    while (std::getline(lines, line)) {
      if (line.starts_with("- ")) {
        flush();
        old = line.substr(2);
      } else if (line.starts_with("+ ")) {
        by = line.substr(2);
        replacing = true;
      } else if (line.starts_with("config -")) {
        flush();
        config.erase(line.substr(8));
      } else if (line.starts_with("config ")) {
        flush();
        size_t equals = line.find(" = ");
        config[line.substr(7, equals - 7)] =
            nlohmann::ordered_json::parse(line.substr(equals + 3));
      } else if (line.starts_with("tensor ")) {
        flush();
        changeTensor(line.substr(7));
      } else {
        by += "\n" + line;
      }
    }
    flush();
  }
};

/// The prelude's lines are not the catalogue's.
std::string withoutPreludeLines(const std::string &text) {
  return std::regex_replace(text, std::regex("std\\.arch:[0-9]+"),
                            "std.arch:N");
}

TEST_P(ErrorCatalogue, SaysThis) {
  change(GetParam().changes);
  Checkpoint checkpoint = makeCheckpoint(config, tensors);
  std::ofstream("tiny.arch") << description;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = importModel(context, checkpoint, {{"tiny.arch"}});
  EXPECT_EQ(module.ok() ? "" : withoutPreludeLines(textOf(module.errors())),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Cases, ErrorCatalogue,
                         testing::ValuesIn(readCatalogue()),
                         [](const auto &info) {
                           std::string name;
                           for (char c : info.param.title)
                             name += std::isalnum(c) ? c : '_';
                           return name;
                         });

} // namespace
