// The prelude's `op` lines are written by hand; the dialect they call is ODS.

#include "dialects/nn/IR/NNOps.h"
#include "frontends/arch/Description.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace tombolo;

namespace {

/// What the elaborator makes into other operations, or into none.
const std::set<std::string> ofTheLanguage = {"split", "f32", "positions"};

/// Attributes that get into nn under other names, as the elaborator writes
/// them: a rope's numbers are in its table.
const std::map<std::string, std::map<std::string, std::string>> renamed = {
    {"rope",
     {{"freqs", "table"},
      {"scale", "table"},
      {"long_freqs", "table"},
      {"long_from", "table"}}}};

/// Where any further attribute of an operation gets to.
const std::map<std::string, std::string> further = {{"rearrange", "sizes"},
                                                    {"slice", "begins"}};

/// Operations of nn that no description can write by name: + - * / and -x,
/// what passes and the elaborator make, and what stands beside formulas.
const std::set<std::string> notByName = {
    "add", "sub", "mul", "div", "neg", "cast", "glu", "absorbed_attention",
    "rotate", "rows", "yield", "state", "weight", "stored", "decode",
    "rope_table", "interleave", "get_weight", "layer",
    // The elaborator puts them beside `windows` and recurrences.
    "window_state", "window_positions", "recurrent_state"};

struct PreludeTest : testing::Test {
  void SetUp() override {
    context.loadDialect<nn::NNDialect>();
    Result<arch::Catalog> catalog = arch::loadCatalog({});
    ASSERT_TRUE(catalog.ok()) << catalog.error().str();
    prelude = catalog->prelude;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::shared_ptr<const arch::Prelude> prelude;
};

TEST_F(PreludeTest, OperationsAreThoseOfTheDialect) {
  for (const auto &[name, op] : prelude->ops) {
    if (ofTheLanguage.count(name))
      continue;
    auto registered =
        mlir::RegisteredOperationName::lookup("nn." + name, &context);
    ASSERT_TRUE(registered.has_value()) << "no nn." << name;
    std::set<std::string> known;
    for (mlir::StringAttr name : registered->getAttributeNames())
      known.insert(name.str());
    if (op.open)
      EXPECT_TRUE(known.count(further.at(name))) << name;
    auto names = renamed.find(name);
    for (const arch::OpDecl::Attribute &attribute : op.attributes) {
      std::string inner = attribute.name;
      if (names != renamed.end())
        if (auto other = names->second.find(inner);
            other != names->second.end())
          inner = other->second;
      EXPECT_TRUE(known.count(inner))
          << "nn." << name << " has no attribute '" << inner << "'";
    }
  }
}

TEST_F(PreludeTest, EveryOperationOfTheDialectIsDeclaredOrKnownNotToBe) {
  std::set<std::string> declared;
  for (const auto &[name, op] : prelude->ops)
    declared.insert(name);
  for (mlir::RegisteredOperationName op :
       context.getRegisteredOperationsByDialect("nn")) {
    std::string name = op.stripDialect().str();
    EXPECT_NE(declared.count(name), notByName.count(name))
        << "nn." << name
        << (declared.count(name) ? " is in both lists" : " is in neither list");
  }
}

} // namespace
