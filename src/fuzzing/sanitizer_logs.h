// What AddressSanitizer, UndefinedBehaviorSanitizer and their kin write into
// log files, one for each process of a server that they watch.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtpspec::fuzzing {

/// One error that a sanitizer has reported.
struct SanitizerReport {
  std::string file;
  /// "heap-buffer-overflow in parse_path": alike for one defect, whatever the
  /// addresses are.
  std::string signature;
  std::string text;
};

/// The reports in a log, each with `file`.
std::vector<SanitizerReport> sanitizer_reports(std::string_view log,
                                               const std::string& file);

/// A sanitizer's options with a log_path behind them, unless one is there; both
/// as the sanitizers' runtime reads them.
std::string with_log_path(const std::string& options, const std::string& path);

class SanitizerLogs {
 public:
  /// Logs go to `folder`/sanitizer.PID. What is there already is old.
  explicit SanitizerLogs(const std::string& folder);

  /// ASAN_OPTIONS, UBSAN_OPTIONS and the like for the server; `existing` says
  /// what they hold else.
  std::vector<std::pair<std::string, std::string>> environment(
      const std::vector<std::pair<std::string, std::string>>& existing);

  /// What was reported since the last call. A report that a process is still
  /// writing comes with a later one.
  std::vector<SanitizerReport> take_new();

 private:
  std::vector<std::pair<std::string, pid_t>> files() const;

  std::string usual_;
  std::vector<std::string> prefixes_;
  /// How much of each file is known.
  std::map<std::string, std::size_t> taken_;
};

}  // namespace smtpspec::fuzzing
