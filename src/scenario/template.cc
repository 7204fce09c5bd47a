#include "scenario/template.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "base/base64.h"
#include "base/text.h"

namespace smtpspec::scenario {

struct Template::Part {
  enum class Kind { literal, variable, repeat, pad, upper, lower, wide, base64, utc };

  Kind kind = Kind::literal;
  std::string text;            ///< octets of a literal, name of a variable
  std::vector<Part> argument;  ///< text of a function
  long number = 0;             ///< its n, or seconds
  std::string count;           ///< the variable that holds n; n is then /number
};

namespace {

using Part = Template::Part;
using Kind = Part::Kind;
using Parts = std::vector<Part>;

struct Function {
  std::string_view name;
  std::string_view usage;
  Kind kind;
  bool takes_text;
  bool takes_number;
};

constexpr Function functions[] = {
    {"repeat", "repeat(text, n)", Kind::repeat, true, true},
    {"pad", "pad(text, n)", Kind::pad, true, true},
    {"upper", "upper(text)", Kind::upper, true, false},
    {"lower", "lower(text)", Kind::lower, true, false},
    {"wide", "wide(text)", Kind::wide, true, false},
    {"base64", "base64(text)", Kind::base64, true, false},
    {"utc", "utc(seconds)", Kind::utc, false, true},
};

// The octets that come of it at least, whatever the variables hold.
std::size_t least_size(const Parts& parts) {
  std::size_t size = 0;
  for (const auto& part : parts) {
    const auto number =
        part.count.empty() ? static_cast<std::size_t>(part.number) : 0;
    switch (part.kind) {
      case Kind::literal:
        size += part.text.size();
        break;
      case Kind::repeat:
        size += number * least_size(part.argument);
        break;
      case Kind::pad:
        size += number;
        break;
      case Kind::base64:
        size += least_size(part.argument) / 3 * 4;
        break;
      default:
        size += least_size(part.argument);
    }
  }
  return size;
}

/// A recursive descent over one text; `at_` is where it stands.
class Parser {
 public:
  Parser(std::string_view text, const base::SourcePosition& position,
         std::string_view line_text)
      : text_(text), position_(position), line_text_(line_text) {}

  Parts parse() { return parse_parts(""); }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& message) const {
    auto position = position_;
    position.column += static_cast<int>(at);
    throw base::SourceError(position, message, line_text_);
  }

  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }

  // Up to one of `ends`, which only an argument has.
  Parts parse_parts(std::string_view ends) {
    Parts parts;
    std::string literal;
    const auto flush = [&] {
      if (literal.empty()) return;
      parts.push_back({Kind::literal, std::exchange(literal, {}), {}, 0, {}});
    };
    while (!done() && ends.find(peek()) == std::string_view::npos) {
      if (peek() == '\\') {
        literal += parse_escape(!ends.empty());
      } else if (text_.substr(at_).starts_with("${")) {
        flush();
        parts.push_back(parse_braces());
      } else {
        literal += text_[at_++];
      }
    }
    flush();
    return parts;
  }

  char parse_escape(bool in_argument) {
    const auto start = at_++;
    const char c = peek();
    if (!done()) ++at_;
    switch (c) {
      case 'r':
        return '\r';
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case '0':
        return '\0';
      case '\\':
      case '$':
        return c;
      case 'x':
        return parse_hex(start);
      case ',':
      case ')':
        if (in_argument) return c;
        [[fallthrough]];
      default:
        fail(start, "unknown escape: there are \\r \\n \\t \\0 \\\\ \\$ \\xHH");
    }
  }

  char parse_hex(std::size_t start) {
    const auto digits = text_.substr(at_, 2);
    unsigned value = 0;
    const auto end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value, 16);
    if (digits.size() != 2 || parsed.ec != std::errc{} || parsed.ptr != end) {
      fail(start, "two hex digits follow \\x");
    }
    at_ += 2;
    return static_cast<char>(value);
  }

  Part parse_braces() {
    const auto start = at_;
    at_ += 2;
    const auto name = parse_name(start);
    Part part{Kind::variable, std::string(name), {}, 0, {}};
    if (peek() == '(') part = parse_function(name, start);
    if (peek() != '}') fail(start, "'${' without '}'");
    ++at_;
    return part;
  }

  std::string_view parse_name(std::size_t start) {
    const auto from = at_;
    while ((peek() >= 'a' && peek() <= 'z') || base::is_digit(peek()) ||
           peek() == '_') {
      ++at_;
    }
    if (at_ == from) fail(start, "a name of letters a-z follows '${'");
    return text_.substr(from, at_ - from);
  }

  Part parse_function(std::string_view name, std::size_t start) {
    for (const auto& function : functions) {
      if (function.name == name) return parse_call(function, start);
    }
    fail(start + 2, fmt::format("unknown function '{}'", name));
  }

  Part parse_call(const Function& function, std::size_t start) {
    if (function.kind == Kind::pad) check_pad(start);
    Part part{function.kind, {}, {}, 0, {}};
    ++at_;
    ++depth_;
    if (function.takes_text) {
      part.argument = parse_parts(function.takes_number ? ",)" : ")");
      if (function.takes_number) skip(',', start, function);
    }
    if (function.kind == Kind::repeat) part.count = parse_count();
    if (!part.count.empty()) {
      part.number = parse_divisor();
    } else if (function.takes_number) {
      part.number = parse_number(function.kind == Kind::utc);
    }
    skip(')', start, function);
    --depth_;
    if (least_size({part}) > Template::max_size) {
      fail(start, "more than 10 MiB come of it");
    }
    return part;
  }

  void check_pad(std::size_t start) {
    if (depth_ > 0) fail(start, "pad() cannot stand in another function");
    if (std::exchange(has_pad_, true)) fail(start, "pad() twice in a line");
  }

  void skip(char c, std::size_t start, const Function& function) {
    if (peek() != c) {
      fail(start, fmt::format("it is written {}", function.usage));
    }
    ++at_;
  }

  void skip_spaces() {
    while (peek() == ' ') ++at_;
  }

  // The name of "${name}", or nothing where a number stands.
  std::string parse_count() {
    skip_spaces();
    if (!text_.substr(at_).starts_with("${")) return {};
    const auto start = at_;
    at_ += 2;
    std::string name(parse_name(start));
    if (peek() != '}') fail(start, "a variable, or a number, says how often");
    ++at_;
    return name;
  }

  // The number of " / 100", or 1.
  long parse_divisor() {
    skip_spaces();
    if (peek() != '/') return 1;
    const auto start = at_++;
    const long divisor = parse_number(false);
    if (divisor == 0) fail(start, "nothing can be divided by 0");
    return divisor;
  }

  long parse_number(bool may_be_negative) {
    const auto raw = text_.substr(at_, text_.find(')', at_) - at_);
    const auto digits = base::trim(raw);
    long value = 0;
    const auto end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value);
    constexpr long limit = 10L * 365 * 24 * 3600;
    if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != end ||
        value > limit || value < (may_be_negative ? -limit : 0)) {
      fail(at_, fmt::format("'{}' is no number that fits here", digits));
    }
    at_ += raw.size();
    return value;
  }

  std::string_view text_;
  base::SourcePosition position_;
  std::string_view line_text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool has_pad_ = false;
};

// RFC 3339: the form of RRVS (RFC 7293) and HOLDUNTIL (RFC 4865).
std::string utc(long seconds) {
  const auto time = std::chrono::system_clock::to_time_t(
      std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                     parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// ASCII as full-width forms: "!" to "~" are U+FF01 to U+FF5E, in UTF-8 here.
std::string wide(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c < '!' || c > '~') {
      result += c;
      continue;
    }
    const int offset = c - '!' + 1;
    result += "\xef";
    result += static_cast<char>(0xbc + offset / 64);
    result += static_cast<char>(0x80 + offset % 64);
  }
  return result;
}

void add(std::string& result, std::string_view text) {
  if (result.size() + text.size() > Template::max_size) {
    throw std::length_error("a line of more than 10 MiB");
  }
  result += text;
}

/// Expands parts into one text. pad() has to wait until the rest is there.
class Expander {
 public:
  Expander(const Variables& variables, std::optional<std::string_view> time)
      : variables_(variables), time_(time) {}

  std::string expand(const Parts& parts) {
    std::string result;
    for (const auto& part : parts) expand_part(part, result);
    return result;
  }

  std::string expand_line(const Parts& parts, std::size_t line_end) {
    auto result = expand(parts);
    if (pad_ == nullptr) return result;
    const auto width = static_cast<std::size_t>(pad_->number);
    const auto used = result.size() + line_end;
    const auto filler = Expander(variables_, time_).expand(pad_->argument);
    if (used >= width || filler.empty()) return result;
    std::string padding;
    while (padding.size() < width - used) padding += filler;
    return result.insert(pad_at_, padding, 0, width - used);
  }

 private:
  void expand_part(const Part& part, std::string& result) {
    switch (part.kind) {
      case Kind::literal:
        return add(result, part.text);
      case Kind::variable:
        return add(result, value(part.text));
      case Kind::upper:
        return add(result, base::to_upper(expand(part.argument)));
      case Kind::lower:
        return add(result, base::to_lower(expand(part.argument)));
      case Kind::wide:
        return add(result, wide(expand(part.argument)));
      case Kind::base64:
        return add(result, base::base64_encode(expand(part.argument)));
      case Kind::utc:
        return add(result, time_ ? *time_ : utc(part.number));
      case Kind::repeat:
        return add_repeated(part, result);
      case Kind::pad:
        pad_ = &part;
        pad_at_ = result.size();
    }
  }

  void add_repeated(const Part& part, std::string& result) {
    const auto text = expand(part.argument);
    if (text.empty()) return;
    const auto times = part.count.empty()
                           ? part.number
                           : number_of(part.count) / part.number;
    for (long i = 0; i < times; ++i) add(result, text);
  }

  // A number that the server sent; one that is none is too much of anything.
  long number_of(const std::string& name) {
    const auto& digits = value(name);
    long number = 0;
    const auto end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end || number < 0) {
      throw std::length_error(fmt::format("{} is no number", name));
    }
    return number;
  }

  const std::string& value(const std::string& name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end()) throw MissingVariable{name};
    return found->second;
  }

  const Variables& variables_;
  std::optional<std::string_view> time_;
  const Part* pad_ = nullptr;
  std::size_t pad_at_ = 0;
};

void collect_names(const Parts& parts, std::set<std::string>& names) {
  for (const auto& part : parts) {
    if (part.kind == Kind::variable) names.insert(part.text);
    if (!part.count.empty()) names.insert(part.count);
    collect_names(part.argument, names);
  }
}

}  // namespace

Template Template::parse(std::string_view text,
                         const base::SourcePosition& position,
                         std::string_view line_text) {
  Template result;
  result.source_ = text;
  result.parts_ =
      std::make_shared<const Parts>(Parser(text, position, line_text).parse());
  return result;
}

std::string Template::expand(const Variables& variables, std::size_t line_end,
                             std::optional<std::string_view> time) const {
  if (parts_ == nullptr) return {};
  return Expander(variables, time).expand_line(*parts_, line_end);
}

std::set<std::string> Template::names() const {
  std::set<std::string> names;
  if (parts_ != nullptr) collect_names(*parts_, names);
  return names;
}

std::size_t Template::least_size() const {
  return parts_ == nullptr ? 0 : scenario::least_size(*parts_);
}

}  // namespace smtpspec::scenario
