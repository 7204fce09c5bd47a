// The report for persons, at a terminal or in the log of a CI job.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <string>

#include "play/verdict.h"
#include "scenario/requirements.h"

namespace smtpspec::report {

struct ConsoleOptions {
  /// A person watches: progress is shown in one line, written over and over.
  bool terminal = false;
  bool colour = false;
  /// Every test is listed, each with all that was said.
  bool verbose = false;
};

/// Writes printable ASCII, and escape sequences of its own where the options
/// ask for them: nothing that a server said can move a cursor.
class ConsoleReport {
 public:
  /// The stream and the requirements outlive the report.
  ConsoleReport(std::ostream& out, const ConsoleOptions& options,
                const scenario::Requirements& requirements);
  /// Takes the line of progress away, should summary() not have done so.
  ~ConsoleReport();
  ConsoleReport(const ConsoleReport&) = delete;
  ConsoleReport& operator=(const ConsoleReport&) = delete;

  /// The test that finished as number `done` of `total`.
  void finished(const play::Result& result, std::size_t done,
                std::size_t total);

  /// Takes the line of progress away.
  void clear() { clear_progress(); }

  /// All that there is to say: tests that went wrong with their evidence, the
  /// others counted by their reasons, and the counts in the last line.
  void summary(const play::RunReport& report);

 private:
  void clear_progress();
  void write_head(const play::Result& result);
  void write_result(const play::Result& result);
  void write_groups(const play::RunReport& report, play::Verdict verdict);
  void write_counts(const play::RunReport& report);
  std::string coloured(play::Verdict verdict, const std::string& text) const;

  std::ostream& out_;
  ConsoleOptions options_;
  const scenario::Requirements& requirements_;
  std::map<play::Verdict, std::size_t> counts_;
  bool has_progress_ = false;
};

}  // namespace smtpspec::report
