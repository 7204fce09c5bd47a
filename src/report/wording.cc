#include "report/wording.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/escape.h"
#include "base/text.h"

namespace smtpspec::report {
namespace {

constexpr std::size_t line_limit = 4000;

using Lines = std::vector<std::string>;

/// Sections of the ledger are numbers, letters of appendices, or words.
std::string section_place(const std::string& section) {
  if (section.empty()) return {};
  if (base::is_digit(section[0])) return " section " + section;
  if (section.size() == 1 || section[1] == '.') return " appendix " + section;
  return " " + section;
}

void add_clauses(const play::Result& result,
                 const scenario::Requirements& requirements, Lines& lines) {
  for (const std::string& id : result.test.scenario->clauses) {
    const scenario::Requirement* requirement = requirements.find(id);
    if (requirement == nullptr) {
      lines.push_back("clause " + id);
      continue;
    }
    lines.push_back(fmt::format("{} ({})", clause_place(*requirement), id));
    lines.push_back("  " + requirement->requirement);
  }
}

void add_transcript(const play::Transcript& transcript, std::size_t limit,
                    Lines& lines) {
  lines.push_back(transcript.source_port == 0
                      ? "not connected:"
                      : fmt::format("from port {}:", transcript.source_port));
  const std::string whole = transcript.to_string();
  std::vector<std::string_view> parts = base::split(whole, '\n');
  parts.pop_back();  // behind the last LF
  std::size_t first = 0;
  if (limit != 0 && parts.size() > limit) {
    first = parts.size() - limit;
    lines.push_back(fmt::format("  # {} lines before", first));
  }
  for (; first < parts.size(); ++first) {
    lines.push_back("  " + std::string(parts[first]));
  }
}

void make_visible(Lines& lines) {
  for (std::string& line : lines) line = visible(line, line_limit);
}

}  // namespace

std::string visible(std::string_view text, std::size_t limit) {
  const std::string_view shown = text.substr(0, limit);
  std::string result;
  // escape() would double a backslash, so it sees what is between them.
  for (const std::string_view part : base::split(shown, '\\')) {
    if (part.data() != shown.data()) result += '\\';
    result += base::escape(part);
  }
  if (shown.size() == text.size()) return result;
  return result + fmt::format("... ({} more octets)", text.size() - limit);
}

std::string folder_of(std::string_view id) {
  const std::size_t slash = id.substr(0, id.find('#')).rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "smtpspec";
  return std::string(id.substr(0, slash));
}

std::string clause_place(const scenario::Requirement& requirement) {
  const std::string& rfc = requirement.rfc;
  const bool is_number = std::all_of(rfc.begin(), rfc.end(), base::is_digit);
  return fmt::format("{}{}{}, {}", is_number ? "RFC " : "", rfc,
                     section_place(requirement.section),
                     requirement.level_text);
}

std::string seconds(std::chrono::microseconds duration, int digits) {
  std::int64_t unit = 1;
  for (int i = digits; i < 6; ++i) unit *= 10;
  const std::int64_t count = std::max<std::int64_t>(duration.count(), 0);
  const std::int64_t rounded = (count + unit / 2) / unit;
  const std::int64_t second = 1'000'000 / unit;
  return fmt::format("{}.{:0{}}", rounded / second, rounded % second, digits);
}

std::string utc_time(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}",
                     std::chrono::time_point_cast<std::chrono::seconds>(time));
}

std::vector<const scenario::Ruling*> rulings_of(
    const play::Result& result, const scenario::Requirements& requirements) {
  std::vector<const scenario::Ruling*> rulings;
  for (const std::string& id : result.test.scenario->clauses) {
    for (const scenario::Ruling* ruling : requirements.rulings_for(id)) {
      if (std::count(rulings.begin(), rulings.end(), ruling) == 0) {
        rulings.push_back(ruling);
      }
    }
  }
  return rulings;
}

bool has_evidence(play::Verdict verdict) {
  using enum play::Verdict;
  return verdict != passed && verdict != fixed && verdict != skipped;
}

std::vector<std::string> transcript_lines(const play::Result& result,
                                          std::size_t limit) {
  Lines lines;
  for (const play::Transcript& transcript : result.transcripts) {
    add_transcript(transcript, limit, lines);
  }
  make_visible(lines);
  return lines;
}

std::vector<std::string> evidence(const play::Result& result,
                                  const scenario::Requirements& requirements,
                                  std::size_t transcript_limit) {
  Lines lines;
  add_clauses(result, requirements, lines);
  if (!result.reason.empty()) lines.push_back(result.reason);
  if (!result.baseline_reason.empty()) {
    lines.push_back("baseline: " + result.baseline_reason);
  }
  const std::string& file = result.test.scenario->file;
  lines.push_back(result.line == 0 ? file
                                   : fmt::format("{}:{}", file, result.line));
  for (const scenario::Ruling* ruling : rulings_of(result, requirements)) {
    lines.push_back(fmt::format("ruling {}: {}", ruling->id, ruling->title));
  }
  make_visible(lines);
  const Lines said = transcript_lines(result, transcript_limit);
  lines.insert(lines.end(), said.begin(), said.end());
  return lines;
}

}  // namespace smtpspec::report
