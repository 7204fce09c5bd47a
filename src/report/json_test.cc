#include "report/json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "report/sample_run.h"

namespace smtpspec::report {
namespace {

using nlohmann::json;
using play::Verdict;

class JsonReport : public testing::Test {
 protected:
  json document() { return json::parse(text()); }
  std::string text() { return to_json(run_.report, run_.requirements); }

  SampleRun run_;
};

TEST_F(JsonReport, FramesTheRun) {
  run_.add("data/a", Verdict::failed);
  run_.report.interrupted = true;
  run_.report.selected = 4;
  run_.report.baseline_entries = 2;
  const json run = document();
  EXPECT_EQ(run["format"], 1);
  EXPECT_EQ(run["tool"], "smtpspec");
  EXPECT_EQ(run["target"], "mx.example:25");
  EXPECT_EQ(run["started"], "2026-11-21T12:00:00Z");
  EXPECT_EQ(run["duration"], 1.234);
  EXPECT_EQ(run["interrupted"], true);
  EXPECT_EQ(run["selected"], 4);
  EXPECT_EQ(run["baseline_entries"], 2);
}

TEST_F(JsonReport, CountsEveryVerdictZeroIncluded) {
  run_.add("data/a", Verdict::failed);
  run_.add("data/b", Verdict::failed);
  EXPECT_EQ(document()["counts"],
            json::parse(R"({"passed": 0, "fixed": 0, "known": 0, "skipped": 0,
                            "blocked": 0, "noted": 0, "warned": 0, "failed": 2,
                            "error": 0})"));
}

TEST_F(JsonReport, TellsAResultWhole) {
  play::Result& result = run_.add("data/a", Verdict::known, "came 250");
  result.baseline_reason = "bug 7";
  result.transcripts.push_back(sample_transcript());
  EXPECT_EQ(document()["results"][0], json::parse(R"({
    "id": "data/a", "title": "Bare LF does not end a line",
    "clauses": [{"id": "5321-2.3.8-a", "rfc": "5321", "section": "2.3.8",
                 "level": "MUST NOT",
                 "requirement": "A bare LF is not a line end."}],
    "verdict": "known", "reason": "came 250",
    "file": "scenarios/data/a.yaml", "line": 12, "source_ports": [41234],
    "duration": 0.0015, "rulings": [], "baseline_reason": "bug 7",
    "transcripts": [{"source_port": 41234,
                     "lines": ["C: NOOP\\n", "S: 250 2.0.0 Ok"]}]})"));
}

TEST_F(JsonReport, NamesRulingsOnAnyClause) {
  run_.add("data/a", Verdict::warned);
  run_.scenario_of(0).clauses = {"5321-2.3.8-a", "5321-F.2-a"};
  EXPECT_EQ(document()["results"][0]["rulings"], json({"source-routes"}));
}

TEST_F(JsonReport, ConnectionThatFailedHasNoSourcePort) {
  run_.add("data/a", Verdict::error).transcripts.emplace_back();
  EXPECT_EQ(document()["results"][0]["source_ports"], json::array());
  EXPECT_EQ(document()["results"][0]["transcripts"].size(), 1u);
}

TEST_F(JsonReport, OfNothingHasNoResults) {
  EXPECT_EQ(document()["results"], json::array());
}

TEST_F(JsonReport, ShowsEveryOctetInPrintableAscii) {
  run_.add(hostile_text(), Verdict::failed, hostile_text());
  run_.scenario_of(0).title = hostile_text();
  run_.report.target = hostile_text();
  EXPECT_THAT(text(),
              testing::Each(testing::AnyOf(
                  '\n', testing::AllOf(testing::Ge(' '), testing::Le('~')))));
  EXPECT_THAT(document()["results"][0]["reason"].get<std::string>(),
              testing::EndsWith("\\x1b[31m"));
}

}  // namespace
}  // namespace smtpspec::report
