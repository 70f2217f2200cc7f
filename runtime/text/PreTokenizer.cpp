//===- PreTokenizer.cpp ---------------------------------------------------===//

#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Normalizer.h"
#include "runtime/text/Unicode.h"
#include <algorithm>

namespace tombolo::text {

//===----------------------------------------------------------------------===//
// The byte-level alphabet
//===----------------------------------------------------------------------===//

const std::array<char16_t, 256> &byteLevelAlphabet() {
  static const std::array<char16_t, 256> alphabet = [] {
    std::array<char16_t, 256> map{};
    char16_t next = 256;
    for (unsigned byte = 0; byte < 256; ++byte) {
      bool printable = (byte >= 33 && byte <= 126) ||
                       (byte >= 161 && byte <= 172) || byte >= 174;
      map[byte] = printable ? static_cast<char16_t>(byte) : next++;
    }
    return map;
  }();
  return alphabet;
}

int byteLevelByte(char32_t codePoint) {
  static const std::array<int16_t, 324> bytes = [] {
    std::array<int16_t, 324> map;
    map.fill(-1);
    for (int byte = 0; byte < 256; ++byte)
      map[byteLevelAlphabet()[byte]] = static_cast<int16_t>(byte);
    return map;
  }();
  return codePoint < bytes.size() ? bytes[codePoint] : -1;
}

//===----------------------------------------------------------------------===//
// Splitting
//===----------------------------------------------------------------------===//

namespace {
struct Segment {
  Range range;
  bool isMatch;
};
} // namespace

/// The matches and the gaps between them, in order, over the whole piece.
static void segments(const std::vector<Range> &matches, uint32_t size,
                     bool invert, std::vector<Segment> &out) {
  out.clear();
  uint32_t previous = 0;
  for (Range match : matches) {
    if (match.begin != previous)
      out.push_back({{previous, match.begin}, invert});
    out.push_back({match, !invert});
    previous = match.end;
  }
  if (previous != size)
    out.push_back({{previous, size}, invert});
}

static void mergeWithPrevious(std::vector<Segment> &parts) {
  std::vector<Segment> out;
  bool previousMatch = false;
  for (Segment part : parts) {
    if (part.isMatch && !previousMatch && !out.empty())
      out.back().range.end = part.range.end;
    else
      out.push_back(part);
    previousMatch = part.isMatch;
  }
  parts = std::move(out);
}

static void mergeWithNext(std::vector<Segment> &parts) {
  std::vector<Segment> out;
  bool previousMatch = false;
  for (auto it = parts.rbegin(); it != parts.rend(); ++it) {
    if (it->isMatch && !previousMatch && !out.empty())
      out.back().range.begin = it->range.begin;
    else
      out.push_back(*it);
    previousMatch = it->isMatch;
  }
  std::reverse(out.begin(), out.end());
  parts = std::move(out);
}

static void mergeContiguous(std::vector<Segment> &parts) {
  std::vector<Segment> out;
  for (Segment part : parts) {
    if (!out.empty() && out.back().isMatch == part.isMatch)
      out.back().range.end = part.range.end;
    else
      out.push_back(part);
  }
  parts = std::move(out);
}

static void arrange(std::vector<Segment> &parts, SplitBehavior behavior) {
  switch (behavior) {
  case SplitBehavior::Removed:
    std::erase_if(parts, [](const Segment &part) { return part.isMatch; });
    break;
  case SplitBehavior::Isolated:
    break;
  case SplitBehavior::MergedWithPrevious:
    mergeWithPrevious(parts);
    break;
  case SplitBehavior::MergedWithNext:
    mergeWithNext(parts);
    break;
  case SplitBehavior::Contiguous:
    mergeContiguous(parts);
    break;
  }
}

Status PreTokenizer::split(const Step &step, Pieces &pieces,
                           RegexScratch &scratch) {
  std::vector<Range> ranges, matches;
  std::vector<Segment> parts;
  ranges.reserve(pieces.ranges.size());
  for (size_t i = 0; i < pieces.ranges.size(); ++i) {
    std::string_view piece = pieces[i];
    uint32_t base = pieces.ranges[i].begin;
    matches.clear();
    if (Status status = step.matcher.findAll(piece, scratch, matches); !status)
      return status;
    segments(matches, static_cast<uint32_t>(piece.size()), step.step.invert,
             parts);
    arrange(parts, step.step.behavior);
    for (const Segment &part : parts)
      if (part.range.begin != part.range.end)
        ranges.push_back({base + part.range.begin, base + part.range.end});
  }
  if (ranges.empty() || (!pieces.ranges.empty() &&
                         ranges.front().begin != pieces.ranges.front().begin))
    pieces.beginsInput = false;
  pieces.ranges = std::move(ranges);
  return success();
}

//===----------------------------------------------------------------------===//
// Steps that change the text
//===----------------------------------------------------------------------===//

/// Calls `write(i, piece, out)` for each piece, which appends what it becomes.
template <typename Write> static Status rewrite(Pieces &pieces, Write write) {
  std::string out;
  out.reserve(pieces.text.size() + pieces.text.size() / 2);
  for (size_t i = 0; i < pieces.ranges.size(); ++i) {
    auto begin = static_cast<uint32_t>(out.size());
    write(i, pieces[i], out);
    if (out.size() > kMaxTextBytes)
      return Error("", "pre-tokenization makes the text longer than " +
                           std::to_string(kMaxTextBytes) + " bytes");
    pieces.ranges[i] = {begin, static_cast<uint32_t>(out.size())};
  }
  pieces.text = std::move(out);
  return success();
}

static Status prefixSpace(Pieces &pieces) {
  return rewrite(pieces, [](size_t, std::string_view piece, std::string &out) {
    if (!piece.starts_with(' '))
      out += ' ';
    out += piece;
  });
}

static Status mapBytes(Pieces &pieces) {
  const std::array<char16_t, 256> &alphabet = byteLevelAlphabet();
  return rewrite(pieces, [&](size_t, std::string_view piece, std::string &out) {
    for (char c : piece)
      appendUtf8(out, alphabet[static_cast<uint8_t>(c)]);
  });
}

static Status metaspace(const PreTokenizerStep &step, Pieces &pieces) {
  using Prepend = PreTokenizerStep::Prepend;
  return rewrite(
      pieces, [&](size_t i, std::string_view piece, std::string &out) {
        size_t begin = out.size();
        for (char c : piece) {
          if (c == ' ')
            out += step.content;
          else
            out += c;
        }
        bool wanted =
            step.prepend == Prepend::Always ||
            (step.prepend == Prepend::First && i == 0 && pieces.beginsInput);
        if (wanted &&
            !std::string_view(out).substr(begin).starts_with(step.content))
          out.insert(begin, step.content);
      });
}

Result<PreTokenizer>
PreTokenizer::create(const std::vector<PreTokenizerStep> &descriptions) {
  PreTokenizer preTokenizer;
  for (const PreTokenizerStep &description : descriptions) {
    Pattern pattern = description.pattern;
    if (description.kind == PreTokenizerStep::Kind::Metaspace)
      pattern = {false, description.content};
    Result<Matcher> matcher = Matcher::create(pattern);
    if (!matcher)
      return matcher.takeErrors();
    preTokenizer.steps.push_back({description, std::move(*matcher)});
  }
  for (Step &step : preTokenizer.steps)
    if (step.step.kind == PreTokenizerStep::Kind::Metaspace) {
      step.step.behavior = SplitBehavior::MergedWithNext;
      step.step.invert = false;
    }
  return preTokenizer;
}

Status PreTokenizer::run(Pieces &pieces, RegexScratch &scratch) const {
  using Kind = PreTokenizerStep::Kind;
  for (const Step &step : steps) {
    Status status = success();
    switch (step.step.kind) {
    case Kind::Split:
      status = split(step, pieces, scratch);
      break;
    case Kind::PrefixSpace:
      status = prefixSpace(pieces);
      break;
    case Kind::ByteLevel:
      status = mapBytes(pieces);
      break;
    case Kind::Metaspace:
      status = metaspace(step.step, pieces);
      if (status && step.step.split)
        status = split(step, pieces, scratch);
      break;
    }
    if (!status)
      return status;
  }
  return success();
}

} // namespace tombolo::text
