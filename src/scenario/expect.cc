#include "scenario/expect.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace smtpspec::scenario {
namespace {

struct GradeName {
  std::string_view name;
  Grade grade;
};

constexpr GradeName grade_names[] = {
    {"pass", Grade::pass}, {"note", Grade::note}, {"warn", Grade::warn},
    {"fail", Grade::fail}, {"skip", Grade::skip}, {"block", Grade::block},
};

struct OutcomeName {
  std::string_view name;
  TlsOutcome outcome;
};

constexpr OutcomeName outcome_names[] = {
    {"handshake", TlsOutcome::handshake}, {"trusted", TlsOutcome::trusted},
    {"misnamed", TlsOutcome::misnamed},   {"asked", TlsOutcome::asked},
    {"unasked", TlsOutcome::unasked},     {"refused", TlsOutcome::refused},
    {"plaintext", TlsOutcome::plaintext},
};

class Parser {
 public:
  Parser(std::string_view text, const base::SourcePosition& position,
         std::string_view line_text, ExpectKind kind)
      : text_(text), position_(position), line_text_(line_text), kind_(kind) {}

  std::vector<GradedPatterns> parse() {
    refuse_variables();
    std::vector<GradedPatterns> parts{{Grade::go_on, parse_alternatives()}};
    while (!done()) {
      ++at_;  // the ';'
      skip_spaces();
      const auto grade = parse_grade();
      parts.push_back({grade, parse_alternatives()});
    }
    return parts;
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& message) const {
    throw base::SourceError(position_at(at), message, line_text_);
  }

  base::SourcePosition position_at(std::size_t at) const {
    auto position = position_;
    position.column += static_cast<int>(at);
    return position;
  }

  bool done() const { return at_ == text_.size(); }
  bool next_is(std::string_view word) const {
    return text_.substr(at_).starts_with(word);
  }
  void skip_spaces() {
    while (next_is(" ")) ++at_;
  }
  // Up to a space or ';'.
  std::string_view word() const {
    const auto rest = text_.substr(at_);
    return rest.substr(0, rest.find_first_of(" ;"));
  }

  // What a server must reply cannot hang on what it said before.
  void refuse_variables() const {
    if (kind_ == ExpectKind::arrived_text) return;
    for (auto at = text_.find("${"); at != text_.npos;
         at = text_.find("${", at + 1)) {
      const auto before = text_.substr(0, at);
      if (before.ends_with("~ ") || before.ends_with("~octets "))
        continue;  // parse_text()
      fail(at, "an S line has no variables, but for columns of cases");
    }
  }

  Grade parse_grade() {
    for (const auto& [name, grade] : grade_names) {
      if (!next_is(name) || !text_.substr(at_ + name.size()).starts_with(":")) {
        continue;
      }
      at_ += name.size() + 1;
      return grade;
    }
    fail(at_, "pass: note: warn: fail: skip: or block: is missing: only the first part has no grade");
  }

  std::vector<Pattern> parse_alternatives() {
    std::vector<Pattern> patterns;
    for (;;) {
      skip_spaces();
      patterns.push_back(parse_pattern());
      skip_spaces();
      if (done() || next_is(";")) return patterns;
      if (word() != "/") {
        fail(at_, "'/' or ';' separates patterns");
      }
      ++at_;
    }
  }

  Pattern parse_pattern() {
    const auto start = at_;
    if (kind_ == ExpectKind::arrivals) return parse_arrivals();
    if (kind_ == ExpectKind::arrived_text) return parse_arrived_text();
    if (kind_ == ExpectKind::arrived_content) return parse_content();
    const auto first = word();
    at_ += first.size();
    if (first == "closed") return parse_closed();
    if (first == "silent") return parse_silent();
    if (first == "unproven") return NotProved{};
    if (kind_ == ExpectKind::tls_outcome) return parse_outcome(first, start);
    auto reply = smtp::parse_reply_pattern(first);
    if (!reply) {
      fail(start, fmt::format("'{}' is no reply: 250, 25z, 5yz, any, closed, "
                              "silent 500ms",
                              first));
    }
    skip_spaces();
    if (!done() && std::string_view("~!/;").find(text_[at_]) == text_.npos) {
      reply = parse_enhanced(first);
      skip_spaces();
    }
    if (next_is("~") || next_is("!~")) reply->text = parse_text();
    return *reply;
  }

  // "closed", "closed by alert".
  Closed parse_closed() {
    constexpr std::string_view by_alert = " by alert";
    if (!next_is(by_alert)) return {};
    at_ += by_alert.size();
    return {true};
  }

  TlsOutcome parse_outcome(std::string_view name, std::size_t start) const {
    for (const auto& outcome : outcome_names) {
      if (outcome.name == name) return outcome.outcome;
    }
    fail(start, fmt::format("'{}' does not come of a handshake: handshake, "
                            "trusted, misnamed, asked, unasked, refused, "
                            "plaintext, closed, silent 500ms",
                            name));
  }

  // "0", "2", "1+".
  Arrivals parse_arrivals() {
    const auto text = word();
    const auto end = text.data() + text.size();
    Arrivals arrivals;
    const auto parsed = std::from_chars(text.data(), end, arrivals.least);
    const std::string_view rest(parsed.ptr, end);
    if (parsed.ec != std::errc{} || (!rest.empty() && rest != "+"))
      fail(at_, fmt::format("'{}' is no number of messages: 0, 1, 1+", text));
    arrivals.most = rest.empty() ? arrivals.least : std::size_t(-1);
    at_ += text.size();
    return arrivals;
  }

  // "/text/", "!/text/".
  ArrivedText parse_arrived_text() {
    ArrivedText text;
    text.negated = next_is("!");
    if (text.negated) ++at_;
    text.source = parse_regex([&text](std::string_view source) {
      text.source = source;
      Variables values;
      for (const auto& name : text.variables()) values[name] = "x";
      text.regex(values);
    });
    return text;
  }

  Unchanged parse_content() {
    const auto text = word();
    if (text != "unchanged" && text != "changed")
      fail(at_, fmt::format("'{}' is not 'unchanged' or 'changed'", text));
    at_ += text.size();
    return {text == "changed"};
  }

  Silent parse_silent() {
    skip_spaces();
    const auto start = at_;
    const auto time = word();
    at_ += time.size();
    return {parse_duration(time, position_at(start), line_text_)};
  }

  smtp::ReplyPattern parse_enhanced(std::string_view code) {
    const auto enhanced = word();
    auto reply =
        smtp::parse_reply_pattern(fmt::format("{} {}", code, enhanced));
    if (!reply) {
      fail(at_, fmt::format("'{}' is no enhanced code: 2.1.5, 5.y.z, x.y.z",
                            enhanced));
    }
    at_ += enhanced.size();
    return *reply;
  }

  // "${challenge}": what was captured before.
  smtp::TextPattern parse_variable(smtp::TextPattern pattern) {
    const auto end = text_.find('}', at_);
    if (end == text_.npos) fail(at_, "'${' without '}'");
    pattern.variable = text_.substr(at_ + 2, end - at_ - 2);
    if (pattern.variable.empty()) fail(at_, "a name stands between the braces");
    at_ = end + 1;
    return pattern;
  }

  smtp::TextPattern parse_text() {
    smtp::TextPattern pattern;
    pattern.negated = next_is("!");
    at_ += pattern.negated ? 2 : 1;
    constexpr std::string_view base64 = "base64";
    pattern.is_base64 = next_is(base64);
    if (pattern.is_base64) at_ += base64.size();
    constexpr std::string_view octets = "octets";
    pattern.sees_octets = !pattern.is_base64 && next_is(octets);
    if (pattern.sees_octets) at_ += octets.size();
    skip_spaces();
    if (next_is("${")) return parse_variable(pattern);
    pattern.source = parse_regex([&pattern](std::string_view source) {
      pattern.regex.assign(source.begin(), source.end(), boost::regex::perl);
    });
    return pattern;
  }

  // "/text/": gives what stands between the slashes, which `compile` takes or
  // throws regex_error at.
  template <class Compile>
  std::string_view parse_regex(Compile compile) {
    if (!next_is("/")) fail(at_, "a regular expression stands between slashes");
    const auto start = ++at_;
    // What a backslash at the end escapes is not there: at_ gets behind it.
    while (at_ < text_.size() && !next_is("/")) at_ += next_is("\\") ? 2 : 1;
    if (at_ >= text_.size()) fail(start - 1, "a slash without its second");
    const auto source = text_.substr(start, at_ - start);
    ++at_;
    try {
      compile(source);
    } catch (const boost::regex_error& error) {
      fail(start + static_cast<std::size_t>(error.position()),
           fmt::format("regular expression: {}", reason(error)));
    }
    return source;
  }

  // boost appends a copy of the expression, which the caret shows.
  static std::string reason(const boost::regex_error& error) {
    const std::string what = error.what();
    return what.substr(0, what.find_first_of(".\n"));
  }

  std::string_view text_;
  base::SourcePosition position_;
  std::string_view line_text_;
  ExpectKind kind_;
  std::size_t at_ = 0;
};

bool goes_on(Grade grade) {
  return grade == Grade::go_on || grade == Grade::note || grade == Grade::warn;
}

/// Calls `take(text)` for text between variables, and `take_name(name)`.
template <class Take, class TakeName>
void split_at_variables(std::string_view source, Take take,
                        TakeName take_name) {
  for (;;) {
    const auto begin = source.find("${");
    const auto end = source.find('}', std::min(begin, source.size()));
    take(source.substr(0, end == source.npos ? end : begin));
    if (end == source.npos) return;
    take_name(source.substr(begin + 2, end - begin - 2));
    source.remove_prefix(end + 1);
  }
}

}  // namespace

std::set<std::string> ArrivedText::variables() const {
  std::set<std::string> names;
  split_at_variables(
      source, [](std::string_view) {},
      [&](std::string_view name) { names.emplace(name); });
  return names;
}

boost::regex ArrivedText::regex(const Variables& variables) const {
  std::string expanded;
  split_at_variables(
      source, [&](std::string_view text) { expanded += text; },
      [&](std::string_view name) {
        const auto value = variables.find(std::string(name));
        if (value == variables.end())
          throw MissingVariable{std::string(name)};
        for (const char c : value->second) {
          const auto octet = static_cast<unsigned char>(c);
          expanded += fmt::format("\\x{{{:02x}}}", octet);
        }
      });
  return boost::regex(expanded, boost::regex::perl);
}

Expect parse_expect(std::string_view text, const base::SourcePosition& position,
                    std::string_view line_text, ExpectKind kind) {
  Expect expect;
  expect.parts = Parser(text, position, line_text, kind).parse();
  expect.source = text;
  return expect;
}

std::chrono::milliseconds parse_duration(std::string_view text,
                                         const base::SourcePosition& position,
                                         std::string_view line_text) {
  constexpr long limit = 10L * 60 * 1000;
  const auto unit = std::min(text.find_first_not_of("0123456789"), text.size());
  const bool is_seconds = text.substr(unit) == "s";
  long time = 0;
  std::from_chars(text.data(), text.data() + unit, time);
  if (is_seconds && time <= limit) time *= 1000;
  if ((!is_seconds && text.substr(unit) != "ms") || time < 1 || time > limit) {
    throw base::SourceError(
        position, fmt::format("'{}' is no time: 1ms to 600s", text), line_text);
  }
  return std::chrono::milliseconds(time);
}

std::set<std::string> captures(const Expect& expect) {
  std::set<std::string> names;
  for (const auto& part : expect.parts) {
    if (!goes_on(part.grade)) continue;
    for (const auto& pattern : part.any_of) {
      const auto* reply = std::get_if<smtp::ReplyPattern>(&pattern);
      if (reply == nullptr || !reply->text || reply->text->negated) continue;
      for (auto& name : smtp::group_names(reply->text->source)) {
        names.insert(std::move(name));
      }
    }
  }
  return names;
}

}  // namespace smtpspec::scenario
