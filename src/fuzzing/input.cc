#include "fuzzing/input.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/source.h"
#include "base/text.h"
#include "smtp/sasl.h"

namespace smtpspec::fuzzing {
namespace {

/// base::escape(), but "${" stays as it is: a placeholder or text alike.
std::string escape(std::string_view octets) {
  std::string text = base::escape(octets);
  for (auto at = text.find("\\${"); at != std::string::npos;
       at = text.find("\\${", at)) {
    text.erase(at, 1);
  }
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& file)
      : text_(text), file_(file) {}

  Input parse() {
    for (const std::string_view line : base::split(text_, '\n')) {
      ++number_;
      line_ = line;
      if (line.empty() || line.starts_with('#')) continue;
      take_line();
    }
    return std::move(input_);
  }

 private:
  void take_line() {
    if (line_ == "S:") {
      if (input_.units.empty()) fail(0, "S: stands behind a unit");
      input_.units.back().waits = true;
      return;
    }
    if (input_.units.size() >= Input::max_units)
      fail(0, fmt::format("more than {} units", Input::max_units));
    input_.units.push_back(unit());
    if (octets_ > Input::max_octets)
      fail(0, fmt::format("more than {} octets", Input::max_octets));
  }

  Unit unit() {
    if (line_ == "TLS:") return {Unit::Kind::tls, "", "", false, true};
    if (line_.starts_with("AUTH: ")) return login(line_.substr(6));
    if (!line_.starts_with('C')) fail(0, "no C:, C>, TLS:, AUTH: or S:");
    Unit unit;
    std::size_t at = 1;
    unit.is_split = line_.substr(at).starts_with('/');
    if (unit.is_split) ++at;
    const char kind = at < line_.size() ? line_[at] : '\0';
    if (kind != ':' && kind != '>') fail(at, "':' or '>' is missing");
    ++at;
    if (at < line_.size() && line_[at++] != ' ')
      fail(at - 1, "a space is missing");
    unit.octets = unescape(at) + (kind == ':' ? "\r\n" : "");
    octets_ += unit.octets.size();
    return unit;
  }

  Unit login(std::string_view text) {
    Unit unit{Unit::Kind::login, "", "", false, true};
    const auto bracket = text.find(" (");
    unit.octets = text.substr(0, bracket);
    if (!smtp::is_sasl_mechanism(unit.octets))
      fail(6, fmt::format("no mechanism '{}'", unit.octets));
    if (bracket == std::string_view::npos) return unit;
    text.remove_prefix(bracket + 2);
    if (!text.ends_with(')')) fail(line_.size(), "')' is missing");
    unit.twist = text.substr(0, text.size() - 1);
    if (!smtp::is_sasl_twist(unit.twist) ||
        !smtp::has_sasl_twist(unit.octets, unit.twist)) {
      fail(8 + bracket,
           fmt::format("{} has no '{}'", unit.octets, unit.twist));
    }
    return unit;
  }

  std::string unescape(std::size_t at) const {
    std::string octets;
    while (at < line_.size()) {
      if (line_[at] != '\\') {
        octets += line_[at++];
        continue;
      }
      octets += escaped(at);
      at += line_[at + 1] == 'x' ? 4 : 2;
    }
    return octets;
  }

  /// The octet that the escape at `at` stands for.
  char escaped(std::size_t at) const {
    switch (at + 1 < line_.size() ? line_[at + 1] : '\0') {
      case 'r': return '\r';
      case 'n': return '\n';
      case 't': return '\t';
      case '0': return '\0';
      case '\\': return '\\';
      case '$': return '$';
      case 'x': break;
      default: fail(at, "unknown escape");
    }
    const int high = at + 2 < line_.size() ? hex_value(line_[at + 2]) : -1;
    const int low = at + 3 < line_.size() ? hex_value(line_[at + 3]) : -1;
    if (high < 0 || low < 0) fail(at, "two hex digits follow \\x");
    return static_cast<char>(high * 16 + low);
  }

  [[noreturn]] void fail(std::size_t at, const std::string& message) const {
    throw base::SourceError({file_, number_, static_cast<int>(at) + 1}, message,
                            line_);
  }

  std::string_view text_;
  const std::string& file_;
  std::string_view line_;
  int number_ = 0;
  std::size_t octets_ = 0;
  Input input_;
};

bool is_line(std::string_view octets) {
  return octets.ends_with("\r\n") && octets.find('\n') == octets.size() - 1;
}

std::string print(const Unit& unit) {
  switch (unit.kind) {
    case Unit::Kind::tls: return "TLS:\n";
    case Unit::Kind::login: return fmt::format("AUTH: {}\n", login_words(unit));
    case Unit::Kind::octets: break;
  }
  const bool has_crlf = is_line(unit.octets);
  std::string_view shown = unit.octets;
  if (has_crlf) shown.remove_suffix(2);
  return fmt::format("C{}{}{}{}\n{}", unit.is_split ? "/" : "",
                     has_crlf ? ":" : ">", shown.empty() ? "" : " ",
                     escape(shown), unit.waits ? "S:\n" : "");
}

}  // namespace

std::string login_words(const Unit& login) {
  if (login.twist.empty()) return login.octets;
  return fmt::format("{} ({})", login.octets, login.twist);
}

std::string print(const Input& input) {
  std::string text;
  for (const Unit& unit : input.units) text += print(unit);
  return text;
}

Input parse_input(std::string_view text, const std::string& file) {
  return Parser(text, file).parse();
}

std::string octets_of(const Input& input) {
  std::string octets;
  for (const Unit& unit : input.units)
    if (unit.kind == Unit::Kind::octets) octets += unit.octets;
  return octets;
}

std::string replace_variables(std::string_view octets,
                              const scenario::Variables& variables) {
  std::string result;
  for (;;) {
    const auto start = octets.find("${");
    result += octets.substr(0, start);
    if (start == std::string_view::npos) return result;
    octets.remove_prefix(start);
    const auto end = octets.find('}');
    const auto found =
        end == std::string_view::npos
            ? variables.end()
            : variables.find(std::string(octets.substr(2, end - 2)));
    if (found == variables.end()) {
      result += "${";
      octets.remove_prefix(2);
    } else {
      result += found->second;
      octets.remove_prefix(end + 1);
    }
  }
}

}  // namespace smtpspec::fuzzing
