#include "fuzzing/finding_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/escape.h"
#include "fuzzing/export.h"
#include "fuzzing/script.h"
#include "scenario/requirements.h"

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;

std::string size_of(const Input& input) {
  const auto units = input.units.size();
  return fmt::format("{} {}, {} octets", units, units == 1 ? "unit" : "units",
                     octets_of(input).size());
}

/// A folder that is filled and then takes its name, or goes.
class NewFolder {
 public:
  NewFolder(fs::path name, const play::Secrets& secrets)
      : name_(std::move(name)),
        filled_(name_.string() + fmt::format(".tmp-{}", getpid())),
        secrets_(secrets) {
    std::error_code error;
    fs::remove_all(filled_, error);
    fs::create_directories(filled_, error);
    if (error) fail("make", filled_, error.message());
  }
  ~NewFolder() {
    std::error_code error;
    if (!filled_.empty()) fs::remove_all(filled_, error);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  void write(const char* file, const std::string& text) const {
    const fs::path path = filled_ / file;
    errno = 0;
    std::ofstream out(path, std::ios::binary);
    out << secrets_.hide(text);
    out.close();
    if (!out) fail("write", path, std::strerror(errno));
  }

  void make_executable(const char* file) const {
    std::error_code error;
    fs::permissions(filled_ / file,
                    fs::perms::owner_exec | fs::perms::group_exec |
                        fs::perms::others_exec,
                    fs::perm_options::add, error);
  }

  /// Whether it has the name now; false: another one has it.
  bool publish() {
    std::error_code error;
    fs::rename(filled_, name_, error);
    if (!error) {
      filled_.clear();
      return true;
    }
    if (fs::exists(name_)) return false;
    fail("rename", filled_, error.message());
  }

 private:
  [[noreturn]] static void fail(const char* what, const fs::path& path,
                                const std::string& why) {
    throw std::runtime_error(
        fmt::format("cannot {} {}: {}", what, path.string(), why));
  }

  fs::path name_;
  fs::path filled_;
  const play::Secrets& secrets_;
};

/// "5321-4.1.1.5-b (MUST): RSET without arguments gets 250."
std::string clause_words(const std::string& id) {
  const auto* row = scenario::Requirements::builtin().find(id);
  if (row == nullptr) return id;
  return fmt::format("RFC {} section {}, {} ({}): {}", row->rfc, row->section,
                     row->id, row->level_text, row->requirement);
}

std::string indented(const std::string& text) {
  std::string result = "    ";
  for (const char c : text) {
    result += c;
    if (c == '\n') result += "    ";
  }
  while (result.ends_with(' ') || result.ends_with('\n')) result.pop_back();
  return result + "\n";
}

/// `no_scenario`: why there is none; empty: there is one.
std::string description(const FindingReport& report,
                        const std::string& no_scenario) {
  const Finding& finding = report.evidence.finding;
  std::string text = fmt::format("# {}\n\n", base::escape(finding.sentence));
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += fmt::format("- {}: {}\n", name, value);
  };
  add("signature", file_name(finding));
  add("breaks", clause_words(finding.clause));
  add("rule on replies", finding.watch);
  add("seen again", fmt::format("{} of {} replays", report.shown,
                                report.replays));
  add("target", report.target);
  add("seed of the run", report.seed);
  add("session", size_of(report.first));
  add("made small", size_of(report.evidence.input));
  add("no scenario", no_scenario);
  text += "\n## What was said\n\n";
  text += indented(report.evidence.observation.transcript.to_string());
  if (!finding.remarks.empty())
    text += "\n## What else was seen\n\n" + indented(finding.remarks);
  text += "\n## To see it again\n\n";
  if (!report.command.empty()) text += indented(report.command);
  if (no_scenario.empty()) {
    text += fmt::format(
        "    smtpspec test --profile PROFILE fuzzed/{} --scenarios .\n",
        file_name(finding));
  }
  return text + "    python3 replay.py HOST PORT\n";
}

}  // namespace

std::string finding_folder(const std::string& folder, const Finding& finding) {
  return (fs::path(folder) / file_name(finding)).string();
}

bool has_finding(const std::string& folder, const Finding& finding) {
  std::error_code error;
  return fs::exists(finding_folder(folder, finding), error);
}

bool write_finding(const std::string& folder, const FindingReport& report,
                   const play::Secrets& secrets) {
  const Finding& finding = report.evidence.finding;
  if (has_finding(folder, finding)) return false;
  NewFolder files(finding_folder(folder, finding), secrets);
  std::string no_scenario;
  try {
    files.write("scenario.yaml", to_scenario(report.evidence));
  } catch (const std::invalid_argument& error) {
    no_scenario = error.what();
  }
  files.write("session.txt", print(report.first));
  files.write("minimal.txt", print(report.evidence.input));
  files.write("replay.py", to_script(report.evidence));
  files.make_executable("replay.py");
  files.write("finding.md", description(report, no_scenario));
  return files.publish();
}

void write_unrepeated(const std::string& folder, const Finding& finding,
                      const Input& input) {
  const fs::path path =
      fs::path(folder) / "unrepeated" / (file_name(finding) + ".txt");
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path);
  file << fmt::format("# {}\n{}", base::escape(finding.sentence),
                      print(input));
  if (!file.flush())
    throw std::runtime_error(fmt::format("{}: cannot write", path.string()));
}

}  // namespace smtpspec::fuzzing
