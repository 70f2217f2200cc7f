#include "test/unit/runtime/tiny/TinyText.h"
#include "runtime/text/TokenizerModel.h"
#include <cstdio>

using namespace tombolo;
using namespace tombolo::tiny;
using namespace tombolo::text;

void tiny::addTinyText(TinyModel &model) {
  TokenizerModel data;
  for (int byte = 0; byte != 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof(name), "<0x%02X>", byte);
    data.addPiece(name, PieceType::Byte);
  }
  for (const char *name :
       {"<|begin|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"}) {
    AddedToken token;
    token.id = data.size();
    token.content = name;
    token.special = true;
    data.addPiece(name, PieceType::Control);
    data.addedTokens.push_back(token);
  }
  while (data.size() != kVocab)
    data.addPiece("w" + std::to_string(data.size()), PieceType::Normal);
  data.byteFallback = true;
  DecoderStep bytes;
  bytes.kind = DecoderStep::Kind::ByteFallback;
  DecoderStep fuse;
  fuse.kind = DecoderStep::Kind::Fuse;
  data.decoder = {bytes, fuse};
  data.bosId = kBos;
  data.eosId = kEnd;
  data.endIds = {kEnd};
  data.prefixIds = {kBos};
  std::string stored = serialize(data);

  auto text = std::make_unique<artifact::TextT>();
  text->tokenizer.assign(stored.begin(), stored.end());
  text->chat_template =
      "{% for message in messages %}<|{{ message.role }}|>{{ message.content "
      "}}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% "
      "endif %}";
  text->bos_token = kBos;
  text->end_tokens = {kEnd};
  model.index.text = std::move(text);
}
