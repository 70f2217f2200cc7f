#include "frontends/arch/Formatter.h"
#include "frontends/arch/Description.h"
#include "frontends/arch/Parser.h"
#include <algorithm>

using namespace tombolo;
using namespace tombolo::arch;

namespace {
struct Piece {
  /// 0: the beginning of the line.
  unsigned column = 0;
  /// Blanks before it at least.
  unsigned gap = 0;
  std::string text;
};

struct Line {
  unsigned indent = 0;
  std::vector<Piece> pieces;
  std::string comment;
  /// Rows of one table have the same; 0: of none.
  uint32_t table = 0;

  bool blank() const { return pieces.empty() && comment.empty(); }
};

class Formatter {
public:
  Formatter(const Source &source, const Layout &layout,
            Diagnostics &diagnostics)
      : layout(layout) {
    for (const Token &token : lex(source, diagnostics))
      if (token.kind == TokenKind::Newline)
        endsStatement.insert(token.loc.offset);
    split(lex(source, diagnostics, true));
  }

  std::string run() {
    alignTables();
    std::vector<std::string> texts;
    for (const Line &line : lines)
      texts.push_back(render(line));
    alignComments(texts);
    std::string out;
    bool blank = true; // No blank lines at the top, one at most between.
    for (std::string &text : texts) {
      if (text.empty() && blank)
        continue;
      blank = text.empty();
      out += text + "\n";
    }
    while (out.ends_with("\n\n"))
      out.pop_back();
    return out;
  }

private:
  struct Open {
    uint32_t offset;
    size_t line;
    char mark;
  };

  void split(const std::vector<Token> &tokens) {
    bool ended = true;
    std::vector<Token> row;
    for (const Token &token : tokens) {
      if (token.kind != TokenKind::Newline && token.kind != TokenKind::End) {
        row.push_back(token);
        continue;
      }
      addLine(row, ended);
      if (endsStatement.count(token.loc.offset))
        ended = true;
      else if (std::any_of(row.begin(), row.end(), [](const Token &part) {
                 return part.kind != TokenKind::Comment;
               }))
        ended = false;
      row.clear();
    }
  }

  void addLine(const std::vector<Token> &row, bool ended) {
    Line line;
    size_t leading = 0;
    while (leading < row.size() && isCloser(row[leading]) &&
           leading < open.size())
      ++leading;
    std::vector<Open> around(open.begin(), open.end() - leading);
    size_t levels = 0;
    for (size_t i = 0; i < around.size(); ++i)
      levels += i == 0 || around[i].line != around[i - 1].line;
    bool inStatements =
        around.empty() || (around.back().mark == '{' &&
                           !layout.recordBraces.count(around.back().offset));
    line.indent = 2 * levels + (!ended && inStatements && !leading ? 4 : 0);
    line.table = open.size() >= 2 ? open[1].offset : 0;
    const Token *previous = nullptr;
    for (const Token &token : row) {
      if (token.kind == TokenKind::Comment) {
        std::string text(token.text);
        while (!text.empty() && (text.back() == ' ' || text.back() == '\r' ||
                                 text.back() == '\t'))
          text.pop_back();
        line.comment = text;
        continue;
      }
      auto column = layout.columns.find(token.loc.offset);
      bool starts =
          previous && ended && column != layout.columns.end() && !token.is("}");
      if (line.pieces.empty())
        line.pieces.emplace_back();
      if (starts)
        line.pieces.push_back({column->second, token.is(":") ? 1u : 2u, ""});
      else if (previous && spaced(*previous, token))
        line.pieces.back().text += " ";
      line.pieces.back().text += token.text;
      track(token);
      previous = &token;
    }
    lines.push_back(std::move(line));
  }

  static bool isCloser(const Token &token) {
    return token.is("}") || token.is(")") || token.is("]");
  }

  void track(const Token &token) {
    if (token.is("{") || token.is("(") || token.is("["))
      open.push_back({token.loc.offset, lines.size(), token.text[0]});
    else if (isCloser(token) && !open.empty())
      open.pop_back();
  }

  bool isTight(const Token &token) const {
    return token.kind == TokenKind::Mark &&
           layout.tight.count(token.loc.offset);
  }

  /// Whether a blank stands between two tokens of one line.
  bool spaced(const Token &left, const Token &right) const {
    auto hugs = [&](const Token &brace) {
      return layout.recordBraces.count(brace.loc.offset) != 0;
    };
    if (left.is("(") || left.is("[") || (left.is("{") && hugs(left)))
      return false;
    if (right.is(")") || right.is("]") || right.is(",") || right.is(";") ||
        (right.is("}") && hugs(right)))
      return false;
    if (layout.signs.count(left.loc.offset))
      return false;
    if (left.is(","))
      return true;
    if (isTight(right))
      return false;
    if (isTight(left))
      return left.is("?") || left.is(")");
    return !right.is(":");
  }

  /// Gives each column of a table the place that its widest neighbour on the
  /// left asks for. A very wide part does not widen the table.
  void alignTables() {
    constexpr size_t widest = 46;
    for (size_t first = 0; first < lines.size();) {
      uint32_t table = lines[first].table;
      size_t last = first;
      while (last < lines.size() &&
             (lines[last].table == table || lines[last].blank()))
        ++last;
      std::map<unsigned, size_t> start;
      if (table)
        for (unsigned column = 1; column < 64; ++column) {
          size_t place = 0;
          for (size_t i = first; i < last; ++i) {
            const std::vector<Piece> &pieces = lines[i].pieces;
            for (size_t p = 1; p < pieces.size(); ++p) {
              const Piece &left = pieces[p - 1];
              if (pieces[p].column != column || left.text.size() > widest)
                continue;
              size_t at = p == 1 ? lines[i].indent : start[left.column];
              place = std::max(place, at + left.text.size() + pieces[p].gap);
            }
          }
          start[column] = place;
        }
      for (size_t i = first; i < last; ++i)
        place(lines[i], start);
      first = std::max(last, first + 1);
    }
  }

  static void place(Line &line, std::map<unsigned, size_t> &start) {
    if (line.pieces.empty())
      return;
    std::string text(line.indent, ' ');
    text += line.pieces[0].text;
    for (size_t p = 1; p < line.pieces.size(); ++p) {
      size_t at = std::max(text.size() + line.pieces[p].gap,
                           start.count(line.pieces[p].column)
                               ? start[line.pieces[p].column]
                               : 0);
      text.resize(at, ' ');
      text += line.pieces[p].text;
    }
    line.pieces = {{0, 0, std::move(text)}};
    line.indent = 0;
  }

  static std::string render(const Line &line) {
    if (!line.pieces.empty())
      return line.pieces[0].text;
    return line.comment.empty() ? ""
                                : std::string(line.indent, ' ') + line.comment;
  }

  /// Comments behind code start in one column on neighbouring lines.
  void alignComments(std::vector<std::string> &texts) {
    auto behind = [&](size_t i) {
      return !lines[i].pieces.empty() && !lines[i].comment.empty();
    };
    for (size_t first = 0; first < lines.size(); ++first) {
      if (!behind(first))
        continue;
      size_t last = first, column = 0;
      for (; last < lines.size() && behind(last); ++last)
        column = std::max(column, texts[last].size() + 2);
      for (; first < last; ++first) {
        texts[first].resize(column, ' ');
        texts[first] += lines[first].comment;
      }
    }
  }

  const Layout &layout;
  std::set<uint32_t> endsStatement;
  std::vector<Open> open;
  std::vector<Line> lines;
};
} // namespace

Result<std::string> tombolo::arch::format(std::string name, std::string text) {
  Result<std::shared_ptr<const Source>> made =
      makeSource(std::move(name), std::move(text));
  if (!made)
    return made.takeErrors();
  const Source &source = **made;
  Diagnostics diagnostics;
  Layout layout;
  Parser parser(source, diagnostics, &layout);
  // The prelude is formatted as well; it starts with an op, def or group.
  std::vector<Token> tokens = lex(source, diagnostics);
  auto first =
      std::find_if(tokens.begin(), tokens.end(), [](const Token &token) {
        return token.kind != TokenKind::Newline;
      });
  if (first->is("op") || first->is("def") || first->is("group")) {
    Prelude prelude;
    parser.parsePrelude(prelude);
  } else {
    Family family;
    parser.parseFamily(family);
  }
  if (diagnostics.any())
    return diagnostics.take();
  return Formatter(source, layout, diagnostics).run();
}
