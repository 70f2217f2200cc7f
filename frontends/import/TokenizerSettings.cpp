//===- TokenizerSettings.cpp - A description's `tokenizer` item -----------===//
//
// A module keeps the settings, so that it compiles without the description.
//
//===----------------------------------------------------------------------===//

#include "frontends/import/Elaborator.h"
#include "frontends/import/Import.h"
#include "support/Text.h"

using namespace mlir;
using namespace tombolo;

static constexpr StringLiteral kTokenizer = "tokenizer";

/// What a setting's value has to be, for messages.
static const char *expectedOf(StringRef setting) {
  return setting == "pre"       ? "a string"
         : setting == "add_bos" ? "true or false"
                                : "a list of strings";
}

/// The attribute of a setting's value; null where it is of the wrong kind.
static Attribute attributeFor(Builder &builder, StringRef setting,
                              const arch::Value &value) {
  if (setting == "pre")
    return value.asString() ? builder.getStringAttr(*value.asString())
                            : Attribute();
  if (setting == "add_bos")
    return value.asBool() ? builder.getBoolAttr(*value.asBool()) : Attribute();
  if (!value.asList())
    return nullptr;
  SmallVector<Attribute> texts;
  for (const arch::Value &text : *value.asList()) {
    if (!text.asString())
      return nullptr;
    texts.push_back(builder.getStringAttr(*text.asString()));
  }
  return builder.getArrayAttr(texts);
}

/// Null if anything was reported.
DictionaryAttr Elaborator::tokenizerSettings() {
  Builder builder(&mlirContext);
  NamedAttrList settings;
  for (const arch::Definition &setting : family.tokenizer) {
    arch::Value value = evaluator.evaluate(*setting.value, arch::Variables());
    if (value.isPoison())
      return nullptr;
    if (value.isNone())
      continue;
    Attribute attribute = attributeFor(builder, setting.name, value);
    if (!attribute) {
      evaluator.error(setting.value->loc, "tokenizer: expects " +
                                              quote(setting.name) + " to be " +
                                              expectedOf(setting.name) +
                                              ", but got " + value.str());
      return nullptr;
    }
    settings.set(setting.name, attribute);
  }
  return settings.getDictionary(&mlirContext);
}

Result<TokenizerDefaults> tombolo::tokenizerDefaults(ModuleOp module) {
  TokenizerDefaults defaults;
  auto facts = module->getAttrOfType<DictionaryAttr>(nn::NNDialect::kModelAttr);
  Attribute all = facts ? facts.get(kTokenizer) : Attribute();
  if (!all)
    return defaults;
  auto settings = dyn_cast<DictionaryAttr>(all);
  if (!settings)
    return Error("", "expects 'tokenizer' of 'nn.model' to be a dictionary");
  auto wrong = [](StringRef setting) {
    return Error("", "expects " + quote(setting.str()) +
                         " of 'tokenizer' of 'nn.model' to be " +
                         expectedOf(setting));
  };
  for (NamedAttribute setting : settings) {
    StringRef name = setting.getName();
    if (name == "pre") {
      auto text = dyn_cast<StringAttr>(setting.getValue());
      if (!text)
        return wrong(name);
      defaults.pre = text.str();
    } else if (name == "add_bos") {
      auto flag = dyn_cast<BoolAttr>(setting.getValue());
      if (!flag)
        return wrong(name);
      defaults.addBos = flag.getValue();
    } else if (name == "rstrip_except") {
      auto texts = dyn_cast<ArrayAttr>(setting.getValue());
      if (!texts || !llvm::all_of(texts, llvm::IsaPred<StringAttr>))
        return wrong(name);
      defaults.rstripExcept.emplace();
      for (auto text : texts.getAsRange<StringAttr>())
        defaults.rstripExcept->push_back(text.str());
    } else {
      return Error("", "'tokenizer' of 'nn.model' has the unknown setting " +
                           quote(name.str()));
    }
  }
  return defaults;
}
