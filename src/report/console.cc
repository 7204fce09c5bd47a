#include "report/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include "report/wording.h"

namespace smtpspec::report {
namespace {

using play::Result;
using play::RunReport;
using play::Verdict;

/// What fits into a line of most terminals without wrapping.
constexpr std::size_t terminal_width = 79;
/// Lines of a transcript that a failure shows without -v.
constexpr std::size_t short_transcript = 12;
/// Reasons that are listed for one verdict without -v.
constexpr std::size_t listed_reasons = 10;
constexpr std::size_t reason_limit = 400;

constexpr std::string_view clear_line = "\r\x1b[K";

/// SGR parameters (ECMA-48 section 8.3.117).
std::string_view colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
    case Verdict::fixed:
      return "32";
    case Verdict::failed:
    case Verdict::error:
      return "1;31";
    case Verdict::warned:
      return "33";
    case Verdict::known:
    case Verdict::skipped:
    case Verdict::blocked:
    case Verdict::noted:
      break;
  }
  return "36";
}

/// Whether the test is shown whole without -v.
bool is_shown(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::error ||
         verdict == Verdict::warned || verdict == Verdict::fixed;
}

std::string counted(std::size_t count, std::string_view one,
                    std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string reason_of(const Result& result) {
  return result.verdict == Verdict::known ? result.baseline_reason
                                          : result.reason;
}

/// Results of one verdict and one reason.
using Group = std::pair<std::string, std::vector<const Result*>>;

/// The largest first.
std::vector<Group> groups_of(const RunReport& report, Verdict verdict) {
  std::map<std::string, std::vector<const Result*>> by_reason;
  for (const Result& result : report.results) {
    if (result.verdict == verdict) {
      by_reason[reason_of(result)].push_back(&result);
    }
  }
  std::vector<Group> groups(by_reason.begin(), by_reason.end());
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) {
                     return a.second.size() > b.second.size();
                   });
  return groups;
}

}  // namespace

ConsoleReport::ConsoleReport(std::ostream& out, const ConsoleOptions& options,
                             const scenario::Requirements& requirements)
    : out_(out), options_(options), requirements_(requirements) {}

ConsoleReport::~ConsoleReport() { clear_progress(); }

void ConsoleReport::finished(const Result& result, std::size_t done,
                             std::size_t total) {
  if (!options_.terminal) return;
  ++counts_[result.verdict];
  std::string line = fmt::format("{}/{}", done, total);
  for (const auto& [verdict, count] : counts_) {
    if (verdict != Verdict::passed) {
      line += fmt::format(" {} {}", count, to_string(verdict));
    }
  }
  line += "  " + visible(result.id, terminal_width);
  line.resize(std::min(line.size(), terminal_width));
  out_ << clear_line << line << std::flush;
  has_progress_ = true;
}

void ConsoleReport::clear_progress() {
  if (has_progress_) out_ << clear_line << std::flush;
  has_progress_ = false;
}

std::string ConsoleReport::coloured(Verdict verdict,
                                    const std::string& text) const {
  if (!options_.colour) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", colour_of(verdict), text);
}

void ConsoleReport::write_head(const Result& result) {
  const std::string word = fmt::format("{:8}", to_string(result.verdict));
  out_ << coloured(result.verdict, word) << visible(result.id) << "  "
       << visible(result.test.scenario->title, reason_limit) << '\n';
}

void ConsoleReport::write_result(const Result& result) {
  write_head(result);
  const std::size_t limit = options_.verbose ? 0 : short_transcript;
  std::vector<std::string> lines;
  if (result.verdict != Verdict::fixed && is_shown(result.verdict)) {
    lines = evidence(result, requirements_, limit);
  } else {
    const std::string reason = visible(result.reason, reason_limit);
    if (!reason.empty()) lines.push_back(reason);
    const std::string known = visible(result.baseline_reason, reason_limit);
    if (!known.empty()) lines.push_back("baseline: " + known);
    if (options_.verbose) {
      const auto said = transcript_lines(result, limit);
      lines.insert(lines.end(), said.begin(), said.end());
    }
  }
  for (const std::string& line : lines) out_ << "        " << line << '\n';
  out_ << '\n';
}

/// "12 skipped: not advertised: CHUNKING", the most frequent reasons first.
void ConsoleReport::write_groups(const RunReport& report, Verdict verdict) {
  const std::vector<Group> groups = groups_of(report, verdict);
  std::size_t told = 0;
  for (std::size_t i = 0; i < std::min(groups.size(), listed_reasons); ++i) {
    const auto& [reason, results] = groups[i];
    const std::string count =
        fmt::format("{} {}", results.size(), to_string(verdict));
    out_ << coloured(verdict, count) << ": " << visible(reason, reason_limit);
    if (results.size() == 1) out_ << " (" << visible(results[0]->id) << ')';
    out_ << '\n';
    told += results.size();
  }
  if (told != report.count(verdict)) {
    out_ << fmt::format("{} {} for other reasons; -v lists them\n",
                        report.count(verdict) - told, to_string(verdict));
  }
}

void ConsoleReport::write_counts(const RunReport& report) {
  if (report.interrupted || report.results.size() < report.selected) {
    out_ << fmt::format("{}{} of {} selected tests ran\n",
                        report.interrupted ? "interrupted: " : "",
                        report.results.size(), report.selected);
  }
  for (const Verdict verdict :
       {Verdict::passed, Verdict::failed, Verdict::warned, Verdict::noted,
        Verdict::skipped, Verdict::blocked}) {
    const std::size_t count = report.count(verdict);
    const std::string text = fmt::format("{} {}", count, to_string(verdict));
    out_ << (count == 0 ? text : coloured(verdict, text)) << ", ";
  }
  const std::size_t errors = report.count(Verdict::error);
  const std::string text = counted(errors, "error", "errors");
  out_ << (errors == 0 ? text : coloured(Verdict::error, text)) << " in "
       << seconds(report.duration, 2) << " s";
  if (report.baseline_entries != 0) {
    out_ << fmt::format("; baseline: {}, {} known, {} fixed",
                        counted(report.baseline_entries, "entry", "entries"),
                        report.count(Verdict::known),
                        report.count(Verdict::fixed));
  }
  out_ << std::endl;
}

void ConsoleReport::summary(const RunReport& report) {
  clear_progress();
  out_ << "smtpspec " << visible(report.version) << ": "
       << visible(report.target) << " (" << visible(report.listener) << ")\n\n";
  for (const Result& result : report.results) {
    if (options_.verbose || is_shown(result.verdict)) write_result(result);
  }
  if (!options_.verbose) {
    for (const Verdict verdict :
         {Verdict::known, Verdict::noted, Verdict::skipped, Verdict::blocked}) {
      write_groups(report, verdict);
    }
  }
  write_counts(report);
}

}  // namespace smtpspec::report
