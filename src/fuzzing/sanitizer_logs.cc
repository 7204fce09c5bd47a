#include "fuzzing/sanitizer_logs.h"

#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "fuzzing/process_tree.h"

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;

/// Enough of a report for a person.
constexpr std::size_t kept_octets = 16 * 1024;

constexpr std::string_view runtimes[] = {"ASAN", "UBSAN", "MSAN", "TSAN"};
constexpr std::string_view of_runtime = "Sanitizer: ";
constexpr std::string_view of_behaviour = "runtime error: ";

/// A report of several lines, of which a summary is the last.
bool begins_long_report(std::string_view line) {
  return line.find(of_runtime) != line.npos &&
         (line.find("ERROR: ") != line.npos ||
          line.find("WARNING: ") != line.npos);
}

bool begins_report(std::string_view line) {
  return line.find(of_behaviour) != line.npos || begins_long_report(line);
}

/// Numbers differ from run to run, and a report's kind ends before its details.
std::string kind_of(std::string_view text) {
  for (const std::string_view end : {" on ", " (", " 0x", ":"})
    text = text.substr(0, text.find(end));
  std::string kind;
  for (const char c : text) {
    if (!base::is_digit(c)) {
      kind += c;
    } else if (!kind.ends_with('N')) {
      kind += 'N';
    }
  }
  return kind;
}

/// "    #0 0x55 in parse_path(char*) /src/path.c:12": parse_path; empty: no
/// frame, or one of the sanitizer.
std::string_view function_of(std::string_view line) {
  line = base::trim(line);
  const auto in = line.find(" in ");
  if (!line.starts_with('#') || in == line.npos) return {};
  const auto name = line.substr(in + 4);
  const auto function = name.substr(0, name.find_first_of(" ("));
  const bool is_runtime = function.starts_with("__") ||
                          line.find("/libsanitizer/") != line.npos ||
                          line.find("/compiler-rt/") != line.npos ||
                          line.find("asan.so") != line.npos;
  return is_runtime ? std::string_view() : function;
}

/// "src/path.c:12:3: runtime error: ...": path.c:12.
std::string place_of(std::string_view line) {
  const auto place = line.substr(0, line.find(": "));
  const auto file = place.substr(place.rfind('/') + 1);
  const auto parts = base::split(file, ':');
  return parts.size() < 2 ? std::string(file)
                          : std::string(parts[0]) + ":" + std::string(parts[1]);
}

std::string signature_of(const std::vector<std::string_view>& lines) {
  const std::string_view first = lines.front();
  if (const auto at = first.find(of_behaviour); at != first.npos)
    return kind_of(first.substr(at + of_behaviour.size())) + " in " +
           place_of(first);
  const auto at = first.find(of_runtime);
  const auto kind = kind_of(first.substr(at + of_runtime.size()));
  for (const std::string_view line : lines) {
    const auto function = function_of(line);
    if (!function.empty()) return kind + " in " + std::string(function);
  }
  return kind;
}

std::string read_from(const std::string& path, std::size_t offset) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Whether the process that writes `log` may not have said all.
bool is_being_written(std::string_view log, pid_t pid) {
  bool is_open = false;
  for (const std::string_view line : base::split(log, '\n')) {
    if (begins_long_report(line)) is_open = true;
    if (line.find("SUMMARY:") != line.npos) is_open = false;
  }
  if (!is_open) return false;
  const auto process = process_info(pid);
  return process && process->state != 'Z';
}

/// The value of log_path among options; empty: there is none.
std::string log_path_of(std::string_view options) {
  constexpr std::string_view name = "log_path=";
  const auto at = options.find(name);
  if (at == options.npos) return {};
  auto value = options.substr(at + name.size());
  const auto quote = value.substr(0, 1);
  if (quote == "'" || quote == "\"") {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find(quote)));
  }
  return std::string(value.substr(0, value.find_first_of(": ")));
}

std::string value_of(
    const std::string& name,
    const std::vector<std::pair<std::string, std::string>>& existing) {
  for (const auto& [key, value] : existing)
    if (key == name) return value;
  const char* inherited = getenv(name.c_str());
  return inherited == nullptr ? "" : inherited;
}

}  // namespace

std::vector<SanitizerReport> sanitizer_reports(std::string_view log,
                                               const std::string& file) {
  std::vector<std::vector<std::string_view>> found;
  for (const std::string_view line : base::split(log, '\n')) {
    if (begins_report(line)) found.emplace_back();
    if (!found.empty()) found.back().push_back(line);
  }
  std::vector<SanitizerReport> reports;
  for (const auto& lines : found) {
    SanitizerReport report{file, signature_of(lines), ""};
    for (const std::string_view line : lines) {
      if (report.text.size() > kept_octets) break;
      report.text += std::string(line) + "\n";
    }
    while (report.text.ends_with("\n\n")) report.text.pop_back();
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string with_log_path(const std::string& options, const std::string& path) {
  if (!log_path_of(options).empty()) return options;
  return options + (options.empty() ? "" : ":") + "log_path='" + path + "'";
}

SanitizerLogs::SanitizerLogs(const std::string& folder)
    : usual_((fs::absolute(folder) / "sanitizer").string()),
      prefixes_{usual_} {
  for (const auto& [path, pid] : files()) {
    std::error_code error;
    taken_[path] = static_cast<std::size_t>(fs::file_size(path, error));
  }
}

std::vector<std::pair<std::string, std::string>> SanitizerLogs::environment(
    const std::vector<std::pair<std::string, std::string>>& existing) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const std::string_view runtime : runtimes) {
    const std::string name = std::string(runtime) + "_OPTIONS";
    const std::string options =
        with_log_path(value_of(name, existing), usual_);
    const std::string prefix = log_path_of(options);
    if (std::ranges::find(prefixes_, prefix) == prefixes_.end())
      prefixes_.push_back(prefix);
    result.emplace_back(name, options);
  }
  return result;
}

std::vector<std::pair<std::string, pid_t>> SanitizerLogs::files() const {
  std::vector<std::pair<std::string, pid_t>> result;
  for (const std::string& prefix : prefixes_) {
    const fs::path path(prefix);
    const std::string start = path.filename().string() + ".";
    std::error_code error;
    for (fs::directory_iterator entry(path.parent_path(), error), end;
         !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (!name.starts_with(start)) continue;
      const auto dot = name.rfind('.');
      pid_t pid = 0;
      std::from_chars(name.data() + dot + 1, name.data() + name.size(), pid);
      if (pid > 0) result.emplace_back(entry->path().string(), pid);
    }
  }
  std::ranges::sort(result);
  return result;
}

std::vector<SanitizerReport> SanitizerLogs::take_new() {
  std::vector<SanitizerReport> reports;
  for (const auto& [path, pid] : files()) {
    std::error_code error;
    const auto size = static_cast<std::size_t>(fs::file_size(path, error));
    std::size_t& taken = taken_[path];
    // Another process with that number has begun anew.
    if (!error && size < taken) taken = 0;
    if (error || size == taken) continue;
    std::string log = read_from(path, taken);
    log.resize(log.rfind('\n') + 1);
    if (log.empty() || is_being_written(log, pid)) continue;
    taken += log.size();
    for (SanitizerReport& report : sanitizer_reports(log, path))
      reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace smtpspec::fuzzing
