#include "report/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "report/wording.h"

namespace smtpspec::report {
namespace {

using play::Result;
using play::RunReport;
using play::Verdict;

// libxml2, which many consumers use, refuses a text of 10,000,000 octets.
constexpr std::size_t message_limit = 2'000;
constexpr std::size_t body_limit = 200'000;
constexpr std::size_t output_limit = 2'000'000;

enum class Outcome { pass, failure, error, skipped };

Outcome outcome_of(Verdict verdict, bool strict) {
  switch (verdict) {
    case Verdict::passed:
    case Verdict::fixed:
    case Verdict::noted:
      return Outcome::pass;
    case Verdict::warned:
      return strict ? Outcome::failure : Outcome::pass;
    case Verdict::failed:
      return Outcome::failure;
    case Verdict::skipped:
    case Verdict::blocked:
    case Verdict::known:
      return Outcome::skipped;
    case Verdict::error:
      break;
  }
  return Outcome::error;
}

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;

  void add(Outcome outcome) {
    ++tests;
    if (outcome == Outcome::failure) ++failures;
    if (outcome == Outcome::error) ++errors;
    if (outcome == Outcome::skipped) ++skipped;
  }
  Counts& operator+=(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    return *this;
  }
  bool operator==(const Counts&) const = default;
};

bool is_incomplete(const RunReport& report) {
  return report.interrupted || report.results.size() < report.selected;
}

/// What the document must hold, counted without it.
Counts expected_counts(const RunReport& report, bool strict) {
  Counts counts;
  for (const Result& result : report.results) {
    counts.add(outcome_of(result.verdict, strict));
  }
  if (is_incomplete(report)) counts.add(Outcome::error);
  return counts;
}

/// Attributes hold one line of visible ASCII, so pugixml has no character to
/// turn into a reference that XML 1.0 forbids.
void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(visible(value).c_str());
}

void set(pugi::xml_node node, const char* name, std::size_t value) {
  set(node, name, std::to_string(value));
}

/// `text`: visible ASCII and LF.
void set_text(pugi::xml_node node, const std::string& text) {
  if (!text.empty()) {
    node.append_child(pugi::node_pcdata).set_value(text.c_str());
  }
}

/// The lines, up to `limit` characters in whole lines.
std::string joined(const std::vector<std::string>& lines, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (text.size() + lines[i].size() > limit) {
      return text + fmt::format("... ({} more lines)\n", lines.size() - i);
    }
    text += lines[i] + '\n';
  }
  return text;
}

/// "MUST NOT 5321-4.1.1.4-k"; further clauses behind commas.
std::string failure_type(const Result& result,
                         const scenario::Requirements& requirements) {
  std::string type;
  for (const std::string& id : result.test.scenario->clauses) {
    const scenario::Requirement* requirement = requirements.find(id);
    if (type.empty() && requirement != nullptr) {
      type = requirement->level_text + ' ' + id;
    } else {
      type += (type.empty() ? "" : ", ") + id;
    }
  }
  return type;
}

std::string message_of(const Result& result) {
  std::string message = result.reason;
  if (result.verdict == Verdict::known) {
    message = "known failure (" + result.baseline_reason + "): " + message;
  } else if (result.verdict == Verdict::blocked) {
    message = "blocked: " + message;
  }
  return visible(message, message_limit);
}

/// One suite, which is one folder of scenarios.
class Suite {
 public:
  Suite(pugi::xml_node root, int number, const std::string& folder,
        const RunReport& report);

  void add(const Result& result, const scenario::Requirements& requirements,
           bool strict);
  /// Any case: `time` in seconds. Returns the element for its outcome, or none.
  pugi::xml_node add(const std::string& name, Outcome outcome,
                     std::chrono::microseconds time);
  /// Writes what stands behind or above the cases. Called once, last.
  void finish();

 private:
  pugi::xml_node node_;
  std::string classname_;
  Counts counts_;
  std::chrono::microseconds duration_{0};
  /// What is worth saying about cases that pass: testcase has no place for it.
  std::vector<std::string> output_;
};

Suite::Suite(pugi::xml_node root, int number, const std::string& folder,
             const RunReport& report)
    : node_(root.append_child("testsuite")), classname_("smtpspec") {
  if (folder != classname_) classname_ += '.' + folder;
  std::replace(classname_.begin(), classname_.end(), '/', '.');
  set(node_, "name", folder);
  set(node_, "package", "smtpspec");
  set(node_, "id", std::to_string(number));
  set(node_, "timestamp", utc_time(report.started));
  // Not the name of this host: reports are published.
  set(node_, "hostname", "localhost");
  pugi::xml_node properties = node_.append_child("properties");
  const std::pair<const char*, std::string> values[] = {
      {"smtpspec.version", report.version},
      {"smtpspec.target", report.target},
      {"smtpspec.listener", report.listener},
      {"smtpspec.selected", std::to_string(report.selected)},
      {"smtpspec.interrupted", report.interrupted ? "true" : "false"}};
  for (const auto& [name, value] : values) {
    pugi::xml_node property = properties.append_child("property");
    set(property, "name", name);
    set(property, "value", value);
  }
}

pugi::xml_node Suite::add(const std::string& name, Outcome outcome,
                          std::chrono::microseconds time) {
  counts_.add(outcome);
  duration_ += time;
  pugi::xml_node node = node_.append_child("testcase");
  set(node, "name", name);
  set(node, "classname", classname_);
  set(node, "time", seconds(time, 3));
  switch (outcome) {
    case Outcome::pass:
      break;
    case Outcome::failure:
      return node.append_child("failure");
    case Outcome::error:
      return node.append_child("error");
    case Outcome::skipped:
      return node.append_child("skipped");
  }
  return {};
}

void Suite::add(const Result& result,
                const scenario::Requirements& requirements, bool strict) {
  const Outcome outcome = outcome_of(result.verdict, strict);
  pugi::xml_node node = add(result.id, outcome, result.duration);
  std::vector<std::string> lines;
  if (has_evidence(result.verdict)) lines = evidence(result, requirements, 0);
  if (outcome != Outcome::pass) {
    set(node, "message", message_of(result));
    if (outcome == Outcome::failure) {
      set(node, "type", failure_type(result, requirements));
    } else if (outcome == Outcome::error) {
      set(node, "type", "error");
    }
    set_text(node, joined(lines, body_limit));
  } else if (result.verdict != Verdict::passed) {
    output_.push_back(
        visible(fmt::format("{} {}", to_string(result.verdict), result.id)));
    for (const std::string& line : lines) output_.push_back("  " + line);
  }
}

void Suite::finish() {
  set(node_, "tests", counts_.tests);
  set(node_, "failures", counts_.failures);
  set(node_, "errors", counts_.errors);
  set(node_, "skipped", counts_.skipped);
  set(node_, "time", seconds(duration_, 3));
  set_text(node_.append_child("system-out"), joined(output_, output_limit));
  node_.append_child("system-err");
}

/// Without this case a run that was cut short would be a green one.
void add_incomplete(Suite& suite, const RunReport& report) {
  pugi::xml_node node = suite.add("every selected test ran", Outcome::error,
                                  std::chrono::microseconds(0));
  set(node, "message",
      fmt::format("{} of {} selected tests ran{}", report.results.size(),
                  report.selected,
                  report.interrupted ? ", then the run was interrupted" : ""));
  set(node, "type", "incomplete");
}

std::string write(const RunReport& report,
                  const scenario::Requirements& requirements, bool strict) {
  std::map<std::string, std::vector<const Result*>> folders;
  for (const Result& result : report.results) {
    folders[folder_of(result.id)].push_back(&result);
  }
  if (is_incomplete(report)) folders["smtpspec"];

  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node root = document.append_child("testsuites");
  int number = 0;
  for (const auto& [folder, results] : folders) {
    Suite suite(root, number++, folder, report);
    for (const Result* result : results) {
      suite.add(*result, requirements, strict);
    }
    if (folder == "smtpspec" && is_incomplete(report)) {
      add_incomplete(suite, report);
    }
    suite.finish();
  }
  std::ostringstream stream;
  document.save(stream, "  ", pugi::format_default, pugi::encoding_utf8);
  return std::move(stream).str();
}

[[noreturn]] void refuse(const std::string& why) {
  throw std::logic_error("our JUnit report is wrong: " + why);
}

/// pugixml reads and writes what other readers refuse, so the octets count.
void check_octets(const std::string& xml) {
  const bool is_plain = std::all_of(xml.begin(), xml.end(), [](char c) {
    return (c >= ' ' && c <= '~') || c == '\n';
  });
  if (!is_plain) refuse("an octet that is not printable ASCII");
  if (xml.find("&#") != std::string::npos) refuse("a character reference");
}

/// The counts that a suite states, which must be those of its children.
Counts check_suite(pugi::xml_node suite, std::set<std::string>& names) {
  Counts counted;
  for (pugi::xml_node test : suite.children("testcase")) {
    const pugi::xml_node outcome = test.first_child();
    if (outcome.next_sibling()) refuse("a case with two outcomes");
    const std::string word = outcome.name();
    counted.add(word == "failure"   ? Outcome::failure
                : word == "error"   ? Outcome::error
                : word == "skipped" ? Outcome::skipped
                                    : Outcome::pass);
    // GitLab drops the second of two cases with the same names.
    const std::string name = test.attribute("name").value();
    if (!names.insert(name).second) refuse("two cases named " + name);
  }
  const Counts stated{suite.attribute("tests").as_ullong(),
                      suite.attribute("failures").as_ullong(),
                      suite.attribute("errors").as_ullong(),
                      suite.attribute("skipped").as_ullong()};
  if (stated != counted) refuse("a suite that states other counts");
  return counted;
}

void check(const std::string& xml, const Counts& expected) {
  check_octets(xml);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size());
  if (!parsed) refuse(parsed.description());
  Counts total;
  std::set<std::string> names;
  for (pugi::xml_node suite : document.child("testsuites")) {
    total += check_suite(suite, names);
  }
  if (total != expected) refuse("it does not hold every result");
}

}  // namespace

std::string to_junit(const RunReport& report,
                     const scenario::Requirements& requirements,
                     const JunitOptions& options) {
  std::string xml = write(report, requirements, options.strict);
  check(xml, expected_counts(report, options.strict));
  return xml;
}

}  // namespace smtpspec::report
