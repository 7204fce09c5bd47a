#include "scenario/dialog.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "scenario/expect.h"

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

Step parse_tls(const Line& line) {
  if (line.rest != "handshake") {
    line.fail(line.rest_start, "TLS does one thing: 'TLS: handshake'");
  }
  return TlsHandshake{line.start.line};
}

struct Verb {
  std::string_view name;
  std::string_view marks;
  bool repeats;
  Step (*parse)(const Line&);
};

constexpr Verb verbs[] = {
    {"C", ":>", true, parse_send},
    {"S", ":?", true, parse_expect_line},
    {"WAIT", ":", false, parse_wait},
    {"TLS", ":", false, parse_tls},
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
