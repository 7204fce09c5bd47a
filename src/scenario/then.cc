#include "scenario/then.h"

#include <fmt/format.h>

#include "base/text.h"
#include "scenario/expect.h"

namespace smtpspec::scenario {
namespace {

struct SubjectName {
  std::string_view name;
  Subject subject;
  ExpectKind kind;
};

constexpr SubjectName subjects[] = {
    {"mail", Subject::mail, ExpectKind::arrivals},
    {"relayed", Subject::relayed, ExpectKind::arrivals},
    {"delivered", Subject::delivered, ExpectKind::arrivals},
    {"bounced", Subject::bounced, ExpectKind::arrivals},
    {"text", Subject::text, ExpectKind::arrived_text},
    {"envelope", Subject::envelope, ExpectKind::arrived_text},
    {"content", Subject::content, ExpectKind::arrived_content},
    {"report", Subject::report, ExpectKind::arrived_text},
};

std::string names() {
  std::string result;
  for (const auto& subject : subjects)
    if (subject.subject != Subject::report)
      result += std::string(subject.name) + ", ";
  return result + "trace, report";
}

Assertion parse_line(std::string_view line, const base::SourcePosition& start,
                     std::string_view shown) {
  const auto end = std::min(line.find_first_of(":? "), line.size());
  const auto name = line.substr(0, end);
  const bool is_condition = line.substr(end).starts_with('?');
  if (!line.substr(end).starts_with(": ") &&
      !line.substr(end).starts_with("? ")) {
    throw base::SourceError(
        start, "a line of 'then' is 'SUBJECT: what is wanted'", shown);
  }
  const auto rest = line.substr(end + 2);
  auto position = start;
  position.column += static_cast<int>(end) + 2;
  Assertion assertion;
  const bool is_text = base::trim(rest).starts_with('/') ||
                       base::trim(rest).starts_with('!');
  if (name == "trace" || (name == "report" && !is_text)) {
    assertion.subject = name == "trace" ? Subject::trace : Subject::report;
    assertion.expect.source = base::trim(rest);
    assertion.expect.line = start.line;
    assertion.rule = smtp::find_delivery_rule(assertion.expect.source);
    if (assertion.rule != nullptr) return assertion;
    throw base::SourceError(
        position,
        fmt::format("no rule '{}' on deliveries: see docs/deliveries.md",
                    assertion.expect.source),
        shown);
  }
  for (const auto& subject : subjects) {
    if (subject.name != name) continue;
    assertion.subject = subject.subject;
    assertion.expect = parse_expect(rest, position, shown, subject.kind);
    assertion.expect.is_condition = is_condition;
    assertion.expect.line = start.line;
    return assertion;
  }
  throw base::SourceError(
      start, fmt::format("'{}' is nothing that arrives: {}", name, names()),
      shown);
}

}  // namespace

std::string_view to_string(Subject subject) {
  for (const auto& row : subjects)
    if (row.subject == subject) return row.name;
  return "trace";
}

bool counts(Subject subject) {
  return subject == Subject::mail || subject == Subject::relayed ||
         subject == Subject::delivered || subject == Subject::bounced;
}

std::set<std::string> Assertion::variables() const {
  std::set<std::string> names;
  for (const auto& part : expect.parts) {
    for (const auto& pattern : part.any_of) {
      if (const auto* text = std::get_if<ArrivedText>(&pattern))
        names.merge(text->variables());
    }
  }
  return names;
}

std::vector<Assertion> parse_then(std::string_view text,
                                  const std::string& file,
                                  std::string_view file_text, int first_line,
                                  int indent) {
  std::vector<Assertion> assertions;
  base::SourcePosition position{file, first_line, indent + 1};
  for (const auto line : base::split(text, '\n')) {
    if (!base::trim(line).empty() && !line.starts_with('#')) {
      assertions.push_back(parse_line(
          line, position, base::line_of(file_text, position.line)));
    }
    ++position.line;
  }
  return assertions;
}

}  // namespace smtpspec::scenario
