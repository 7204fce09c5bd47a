#include "report/json.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/wording.h"

namespace smtpspec::report {
namespace {

// Members stand in the order in which docs/json-report.md explains them.
using Json = nlohmann::ordered_json;

/// Raised when a reader of today's format could misunderstand a new one.
constexpr int format_version = 1;

double in_seconds(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

Json counts_of(const play::RunReport& report) {
  Json counts = Json::object();
  for (int i = 0; i <= static_cast<int>(play::Verdict::error); ++i) {
    const auto verdict = static_cast<play::Verdict>(i);
    counts[std::string(to_string(verdict))] = report.count(verdict);
  }
  return counts;
}

Json clause_of(const std::string& id,
               const scenario::Requirements& requirements) {
  Json clause = {{"id", visible(id)}};
  const scenario::Requirement* requirement = requirements.find(id);
  if (requirement != nullptr) {
    clause["rfc"] = visible(requirement->rfc);
    clause["section"] = visible(requirement->section);
    clause["level"] = visible(requirement->level_text);
    clause["requirement"] = visible(requirement->requirement);
  }
  return clause;
}

Json transcript_of(const play::Transcript& transcript) {
  Json lines = Json::array();
  const std::string whole = transcript.to_string();
  for (const std::string_view line : base::split(whole, '\n')) {
    lines.push_back(visible(line));
  }
  lines.erase(lines.size() - 1);  // behind the last LF
  return {{"source_port", transcript.source_port}, {"lines", lines}};
}

Json result_of(const play::Result& result,
               const scenario::Requirements& requirements) {
  const scenario::Scenario& scenario = *result.test.scenario;
  Json clauses = Json::array();
  Json rulings = Json::array();
  for (const std::string& id : scenario.clauses) {
    clauses.push_back(clause_of(id, requirements));
  }
  for (const scenario::Ruling* ruling : rulings_of(result, requirements)) {
    rulings.push_back(visible(ruling->id));
  }
  Json ports = Json::array();
  Json transcripts = Json::array();
  for (const play::Transcript& transcript : result.transcripts) {
    if (transcript.source_port != 0) ports.push_back(transcript.source_port);
    transcripts.push_back(transcript_of(transcript));
  }
  Json json = {{"id", visible(result.id)},
          {"title", visible(scenario.title)},
          {"clauses", clauses},
          {"verdict", to_string(result.verdict)},
          {"reason", visible(result.reason)},
          {"file", visible(scenario.file)},
          {"line", result.line},
          {"source_ports", ports},
          {"duration", in_seconds(result.duration)},
          {"rulings", rulings},
          {"baseline_reason", visible(result.baseline_reason)},
          {"transcripts", transcripts}};
  if (result.rung != play::Rung::unknown)
    json["mail"] = to_string(result.rung);
  return json;
}

}  // namespace

std::string to_json(const play::RunReport& report,
                    const scenario::Requirements& requirements) {
  Json results = Json::array();
  for (const play::Result& result : report.results) {
    results.push_back(result_of(result, requirements));
  }
  const Json document = {{"format", format_version},
                         {"tool", "smtpspec"},
                         {"version", visible(report.version)},
                         {"target", visible(report.target)},
                         {"listener", visible(report.listener)},
                         {"started", utc_time(report.started) + 'Z'},
                         {"duration", in_seconds(report.duration)},
                         {"interrupted", report.interrupted},
                         {"selected", report.selected},
                         {"baseline_entries", report.baseline_entries},
                         {"counts", counts_of(report)},
                         {"results", results}};
  return document.dump(2) + '\n';
}

}  // namespace smtpspec::report
