#include "fuzzing/notation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "scenario/profile.h"

namespace smtpspec::fuzzing {
namespace {

/// What is repeated: at most so many octets, and so long that it is worth it.
constexpr std::size_t longest_period = 8;
constexpr std::size_t least_run = 24;
constexpr std::size_t least_times = 4;
/// So many pieces of a split unit are written one by one.
constexpr std::size_t most_pieces = 32;
/// So many equal lines are one.
constexpr std::size_t least_lines = 3;

/// Whether a C line may say ${name}: n is counted by C*n alone.
bool is_known(const std::string& name) {
  if (name == "n" || name == "recipient_n") return false;
  return std::ranges::any_of(
      scenario::variable_names(),
      [&](const scenario::VariableName& known) { return known.name == name; });
}

void add_text(std::vector<Token>& tokens, std::string_view text) {
  if (text.empty()) return;
  if (tokens.empty() || tokens.back().is_variable) tokens.push_back({});
  tokens.back().text += text;
}

/// A text that comes `times` in a row.
struct Run {
  std::size_t period = 1;
  std::size_t times = 0;

  std::size_t size() const { return period * times; }
};

Run run_at(std::string_view text) {
  Run best;
  for (std::size_t period = 1; period <= longest_period; ++period) {
    std::size_t same = period;
    while (same < text.size() && text[same] == text[same - period]) ++same;
    const Run run{period, same / period};
    if (run.times >= least_times && run.size() >= least_run &&
        run.size() > best.size()) {
      best = run;
    }
  }
  return best;
}

/// In a function's text, ',' and ')' would end it.
std::string escape_argument(std::string_view text) {
  std::string result;
  for (const char c : base::escape(text)) {
    if (c == ',' || c == ')') result += '\\';
    result += c;
  }
  return result;
}

std::string literal_text(std::string_view text) {
  std::string result;
  for (const Repeat& piece : repeats_of(text)) {
    result += piece.times == 1
                  ? base::escape(piece.text)
                  : fmt::format("${{repeat({}, {})}}",
                                escape_argument(piece.text), piece.times);
  }
  return result;
}

/// Lines that are the same, one behind the other, as one.
class Lines {
 public:
  void add(char mark, const std::vector<Token>& tokens) {
    const std::string text = c_text(tokens);
    const std::string rest =
        fmt::format("{}{}{}", mark, text.empty() ? "" : " ", text);
    if (rest != last_) flush();
    last_ = rest;
    ++times_;
  }

  std::vector<std::string> take() {
    flush();
    return std::move(lines_);
  }

 private:
  void flush() {
    if (times_ >= least_lines) {
      lines_.push_back(fmt::format("C*{}{}", times_, last_));
    } else {
      for (; times_ > 0; --times_) lines_.push_back("C" + last_);
    }
    times_ = 0;
  }

  std::vector<std::string> lines_;
  std::string last_;
  std::size_t times_ = 0;
};

/// Cut as play::Segmentation::at_borders does.
std::vector<std::string> split_lines(const std::vector<Token>& tokens) {
  std::vector<std::string> lines;
  std::vector<Token> piece;
  const auto end_piece = [&] {
    if (piece.empty()) return;
    lines.push_back("C> " + c_text(piece));
    lines.emplace_back("WAIT: 1ms");
    piece.clear();
  };
  for (const Token& token : tokens) {
    if (token.is_variable) {
      piece.push_back(token);
      continue;
    }
    for (const char octet : token.text) {
      add_text(piece, {&octet, 1});
      if (octet == '\r' || octet == '\n' || octet == '.') end_piece();
    }
  }
  end_piece();
  return lines;
}

}  // namespace

std::vector<Token> tokens_of(std::string_view octets,
                             const scenario::Variables& variables) {
  std::vector<Token> tokens;
  while (!octets.empty()) {
    const auto start = std::min(octets.find("${"), octets.size());
    add_text(tokens, octets.substr(0, start));
    octets.remove_prefix(start);
    if (octets.empty()) break;
    const auto end = octets.find('}');
    const std::string name(
        octets.substr(2, end == octets.npos ? 0 : end - 2));
    const auto found = variables.find(name);
    if (found == variables.end()) {
      add_text(tokens, "${");
      octets.remove_prefix(2);
      continue;
    }
    if (is_known(name)) {
      tokens.push_back({true, name});
    } else {
      add_text(tokens, found->second);
    }
    octets.remove_prefix(end + 1);
  }
  return tokens;
}

std::vector<Repeat> repeats_of(std::string_view octets) {
  std::vector<Repeat> pieces;
  std::size_t plain = 0;
  const auto add_plain = [&](std::size_t end) {
    if (plain < end)
      pieces.push_back({std::string(octets.substr(plain, end - plain)), 1});
  };
  for (std::size_t at = 0; at < octets.size();) {
    const Run run = run_at(octets.substr(at));
    if (run.times == 0) {
      ++at;
      continue;
    }
    add_plain(at);
    pieces.push_back({std::string(octets.substr(at, run.period)), run.times});
    at += run.size();
    plain = at;
  }
  add_plain(octets.size());
  return pieces;
}

std::string c_text(const std::vector<Token>& tokens) {
  std::string text;
  for (const Token& token : tokens) {
    text += token.is_variable ? "${" + token.text + "}"
                              : literal_text(token.text);
  }
  return text;
}

std::vector<std::string> dialog_lines(const Unit& unit,
                                      const scenario::Variables& variables) {
  const auto tokens = tokens_of(unit.octets, variables);
  std::vector<std::string> note;
  if (unit.is_split) {
    auto pieces = split_lines(tokens);
    if (pieces.size() <= 2 * most_pieces) {
      pieces.insert(pieces.begin(), "WAIT: 1ms");
      return pieces;
    }
    note.emplace_back("# This was cut behind every CR, LF and dot.");
  }
  Lines lines;
  std::vector<Token> line;
  for (const Token& token : tokens) {
    if (token.is_variable) {
      line.push_back(token);
      continue;
    }
    std::string_view text = token.text;
    for (auto end = text.find("\r\n"); end != text.npos;
         end = text.find("\r\n")) {
      add_text(line, text.substr(0, end));
      lines.add(':', line);
      line.clear();
      text.remove_prefix(end + 2);
    }
    add_text(line, text);
  }
  if (!line.empty()) lines.add('>', line);
  auto result = lines.take();
  result.insert(result.begin(), note.begin(), note.end());
  return result;
}

}  // namespace smtpspec::fuzzing
