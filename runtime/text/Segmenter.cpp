//===- Segmenter.cpp ------------------------------------------------------===//

#include "runtime/text/Segmenter.h"

namespace tombolo::text {

static int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

int byteOfPiece(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>')
    return -1;
  int high = hexDigit(text[3]), low = hexDigit(text[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

Segmenter::~Segmenter() = default;

Segmenter::Segmenter(const TokenizerModel &model, const PieceIndex &index)
    : model(model), index(index) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char *digits = "0123456789ABCDEF";
    std::string text = {'<', '0', 'x', digits[byte >> 4], digits[byte & 15],
                        '>'};
    byteIds[byte] = index.find(text);
  }
}

bool Segmenter::appendBytes(std::string_view text,
                            std::vector<int32_t> &ids) const {
  size_t before = ids.size();
  for (char c : text) {
    int32_t id = byteIds[static_cast<uint8_t>(c)];
    if (id < 0) {
      ids.resize(before);
      return false;
    }
    ids.push_back(id);
  }
  return true;
}

Result<std::unique_ptr<Segmenter>>
Segmenter::create(const TokenizerModel &model, const PieceIndex &index) {
  switch (model.kind) {
  case ModelKind::Bpe:
    return createBpe(model, index);
  case ModelKind::ScoredBpe:
    return createScoredBpe(model, index);
  case ModelKind::Unigram:
    return createUnigram(model, index);
  }
  return Error("", "tokenizer: unknown kind of model");
}

} // namespace tombolo::text
