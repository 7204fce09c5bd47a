#include "scenario/dialog.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "scenario/expect.h"
#include "smtp/sasl.h"

namespace smtpspec::scenario {
namespace {

/// A step of at most so many lines or replies: more is load, not conformance.
constexpr int max_repeat = 100000;

/// One line of a dialog, cut at its verb: "C*100: text".
struct Line {
  std::string_view shown;      ///< as in the file, its indentation included
  std::string_view text;       ///< without indentation
  base::SourcePosition start;  ///< of the verb
  std::string_view verb;       ///< "C", "C*100", "WAIT"
  char mark = 0;               ///< ':', '>' or '?' behind the verb
  std::string_view rest;       ///< behind the mark and its space
  base::SourcePosition rest_start;

  [[noreturn]] void fail(const base::SourcePosition& position,
                         const std::string& message) const {
    throw base::SourceError(position, message, shown);
  }
};

base::SourcePosition moved(base::SourcePosition position, std::size_t columns) {
  position.column += static_cast<int>(columns);
  return position;
}

// The n of "C*n", or 1.
int parse_repeat(const Line& line) {
  const auto star = line.verb.find('*');
  if (star == std::string_view::npos) return 1;
  const auto digits = line.verb.substr(star + 1);
  int repeat = 0;
  const auto end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, repeat);
  if (parsed.ec != std::errc{} || parsed.ptr != end || repeat < 2 ||
      repeat > max_repeat) {
    line.fail(moved(line.start, star + 1),
              fmt::format("a number from 2 to {} follows '*'", max_repeat));
  }
  return repeat;
}

Step parse_send(const Line& line) {
  Send send;
  send.repeat = parse_repeat(line);
  send.adds_crlf = line.mark == ':';
  send.line = line.start.line;
  send.text = Template::parse(line.rest, line.rest_start, line.shown);
  if (!send.adds_crlf && line.rest.empty()) {
    line.fail(line.start, "'C>' with nothing to send");
  }
  if (send.text.least_size() * static_cast<std::size_t>(send.repeat) >
      Template::max_size) {
    line.fail(line.start, "more than 10 MiB come of it");
  }
  return send;
}

Step parse_expect_line(const Line& line) {
  auto expect = parse_expect(line.rest, line.rest_start, line.shown);
  expect.repeat = parse_repeat(line);
  expect.is_condition = line.mark == '?';
  expect.line = line.start.line;
  return expect;
}

Step parse_wait(const Line& line) {
  return Wait{parse_duration(line.rest, line.rest_start, line.shown),
              line.start.line};
}

/// "(a, b) rest": takes the brackets off the line and gives what is in them.
std::vector<std::string_view> take_options(Line& line) {
  if (!line.rest.starts_with('(')) return {};
  const auto end = line.rest.find(')');
  if (end == line.rest.npos) line.fail(line.rest_start, "a bracket without ')'");
  std::vector<std::string_view> options;
  for (const auto option : base::split(line.rest.substr(1, end - 1), ','))
    options.push_back(base::trim(option));
  auto after = line.rest.find_first_not_of(' ', end + 1);
  if (after == line.rest.npos) after = line.rest.size();
  line.rest.remove_prefix(after);
  line.rest_start = moved(line.rest_start, after);
  return options;
}

std::optional<net::TlsVersion> parse_tls_version(std::string_view text) {
  if (text == "1.0") return net::TlsVersion::tls1_0;
  if (text == "1.1") return net::TlsVersion::tls1_1;
  if (text == "1.2") return net::TlsVersion::tls1_2;
  if (text == "1.3") return net::TlsVersion::tls1_3;
  return {};
}

/// Whether the option is known.
bool take_tls_option(std::string_view option, StartTls& step) {
  if (option == "SSL 2.0" || option == "SSL 3.0") {
    step.old_ssl = option == "SSL 2.0" ? net::OldSsl::ssl2 : net::OldSsl::ssl3;
  } else if (option == "no name") {
    step.names_server = false;
  } else if (option == "certificate") {
    step.shows_certificate = true;
  } else if (option.starts_with("min ")) {
    step.lowest = parse_tls_version(option.substr(4));
    return step.lowest.has_value();
  } else if (option.starts_with("max ")) {
    step.highest = parse_tls_version(option.substr(4));
    return step.highest.has_value();
  } else if (option.starts_with("ciphers ")) {
    step.ciphers = option.substr(8);
  } else {
    return false;
  }
  return true;
}

Step parse_tls(const Line& line) {
  StartTls step;
  Line rest = line;
  for (const auto option : take_options(rest)) {
    if (take_tls_option(option, step)) continue;
    line.fail(line.rest_start,
              fmt::format("'{}' is no option of TLS: min 1.2, max 1.1, "
                          "ciphers NAMES, no name, certificate, SSL 3.0",
                          option));
  }
  step.expect = parse_expect(rest.rest, rest.rest_start, rest.shown,
                             ExpectKind::tls_outcome);
  step.expect.is_condition = line.mark == '?';
  step.expect.line = line.start.line;
  return step;
}

Step parse_close(const Line& line) {
  if (!line.rest.empty())
    line.fail(line.rest_start, "nothing follows 'CLOSE:'");
  return HangUp{line.start.line};
}

Step parse_auth(const Line& line) {
  const auto end = std::min(line.rest.find(' '), line.rest.size());
  Authenticate step;
  step.line = line.start.line;
  step.mechanism = base::to_upper(line.rest.substr(0, end));
  if (!smtp::is_sasl_mechanism(step.mechanism)) {
    line.fail(line.rest_start,
              fmt::format("'{}' is no mechanism that we know: {}",
                          step.mechanism,
                          fmt::join(smtp::sasl_mechanisms(), ", ")));
  }
  Line rest = line;
  rest.rest = base::trim(line.rest.substr(end));
  const auto options = take_options(rest);
  if (options.size() > 1 || !rest.rest.empty())
    line.fail(line.rest_start, "'AUTH: MECHANISM' or 'AUTH: MECHANISM (twist)'");
  if (options.empty()) return step;
  step.twist = options.front();
  if (!smtp::is_sasl_twist(step.twist)) {
    line.fail(line.rest_start,
              fmt::format("'{}' is nothing that we can do wrong: {}",
                          step.twist, fmt::join(smtp::sasl_twists(), ", ")));
  }
  if (!smtp::has_sasl_twist(step.mechanism, step.twist)) {
    line.fail(line.rest_start, fmt::format("{} has nothing to do with '{}'",
                                           step.mechanism, step.twist));
  }
  return step;
}

struct Verb {
  std::string_view name;
  std::string_view marks;
  bool repeats;
  Step (*parse)(const Line&);
};

constexpr Verb verbs[] = {
    {"C", ":>", true, parse_send},    {"S", ":?", true, parse_expect_line},
    {"WAIT", ":", false, parse_wait}, {"TLS", ":?", false, parse_tls},
    {"AUTH", ":", false, parse_auth}, {"CLOSE", ":", false, parse_close},
};

Step parse_line(Line line) {
  const auto text = line.text;
  const auto end = std::min(text.find_first_of(":>? "), text.size());
  line.verb = text.substr(0, end);
  const auto name = line.verb.substr(0, line.verb.find('*'));
  for (const auto& verb : verbs) {
    if (verb.name != name) continue;
    if (!verb.repeats && name != line.verb) break;
    line.mark = end < text.size() ? text[end] : '\0';
    if (line.mark == '\0' || verb.marks.find(line.mark) == text.npos) {
      line.fail(moved(line.start, end),
                fmt::format("'{}' is followed by '{}'", line.verb,
                            verb.marks.substr(0, 1)));
    }
    line.rest = text.substr(end + 1);
    if (!line.rest.empty()) {
      if (line.rest[0] != ' ') {
        line.fail(moved(line.start, end + 1), "a space is missing here");
      }
      line.rest.remove_prefix(1);
    }
    line.rest_start = moved(line.start, end + 2);
    return verb.parse(line);
  }
  line.fail(line.start, fmt::format("unknown verb '{}'", line.verb));
}

}  // namespace

std::set<std::string> Dialog::variables() const {
  std::set<std::string> needed;
  std::set<std::string> known;
  for (const auto& step : steps) {
    if (const auto* expect = std::get_if<Expect>(&step)) {
      known.merge(captures(*expect));
    } else if (const auto* send = std::get_if<Send>(&step)) {
      for (const auto& name : send->text.names()) {
        const bool is_counted = name == "n" && send->repeat > 1;
        if (!is_counted && !known.contains(name)) needed.insert(name);
      }
    }
  }
  return needed;
}

Dialog parse_dialog(std::string_view text, const std::string& file,
                    std::string_view file_text, int first_line, int indent) {
  Dialog dialog;
  base::SourcePosition position{file, first_line, indent + 1};
  for (const auto line : base::split(text, '\n')) {
    if (!base::trim(line).empty() && !line.starts_with('#')) {
      const auto shown = base::line_of(file_text, position.line);
      dialog.steps.push_back(
          parse_line({shown, line, position, {}, 0, {}, {}}));
    }
    ++position.line;
  }
  return dialog;
}

}  // namespace smtpspec::scenario
