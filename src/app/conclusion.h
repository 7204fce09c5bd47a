// What a run ends with: its exit code, and how it is shown.
#pragma once

#include <string>

#include "play/verdict.h"
#include "report/console.h"

namespace smtpspec::app {

/// docs/verdicts.md. `strict`: a broken SHOULD counts; `strict_baseline`: so
/// does an entry of the baseline that passes now.
int exit_code(const play::RunReport& report, bool strict,
              bool strict_baseline);

/// Where reports go besides the screen; empty: nowhere.
struct ReportFiles {
  std::string junit;
  std::string json;
};
/// Throws where a file cannot be written.
void write_reports(const play::RunReport& report, const ReportFiles& files,
                   bool strict, const scenario::Requirements& requirements);

/// For standard output as it is.
report::ConsoleOptions console_options(bool verbose);

}  // namespace smtpspec::app
