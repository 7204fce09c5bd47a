#include "app/conclusion.h"

#include <unistd.h>

#include <cstdlib>

#include "app/app.h"
#include "report/file.h"
#include "report/json.h"
#include "report/junit.h"

namespace smtpspec::app {

report::ConsoleOptions console_options(bool verbose) {
  report::ConsoleOptions console;
  console.terminal = isatty(STDOUT_FILENO) != 0;
  const char* no_colour = std::getenv("NO_COLOR");
  console.colour = console.terminal && !(no_colour && *no_colour);
  console.verbose = verbose;
  return console;
}

void write_reports(const play::RunReport& report, const ReportFiles& files,
                   bool strict, const scenario::Requirements& requirements) {
  if (!files.junit.empty()) {
    report::JunitOptions junit;
    junit.strict = strict;
    report::write_file(files.junit,
                       report::to_junit(report, requirements, junit));
  }
  if (!files.json.empty())
    report::write_file(files.json, report::to_json(report, requirements));
}

int exit_code(const play::RunReport& report, bool strict,
              bool strict_baseline) {
  using play::Verdict;
  if (report.interrupted) return exit_interrupted;
  if (report.count(Verdict::failed) > 0) return exit_violations;
  if (strict && report.count(Verdict::warned) > 0)
    return exit_violations;
  const std::size_t conclusive =
      report.results.size() - report.count(Verdict::error) -
      report.count(Verdict::blocked) - report.count(Verdict::skipped);
  if (conclusive == 0) return exit_unreachable;
  if (report.count(Verdict::error) > 0) return exit_unreachable;
  if (strict_baseline && report.count(Verdict::fixed) > 0)
    return exit_fixed;
  return exit_conforming;
}

}  // namespace smtpspec::app
