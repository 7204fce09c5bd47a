#include "report/wording.h"

#include <gmock/gmock.h>

#include "report/sample_run.h"

namespace smtpspec::report {
namespace {

using std::chrono::microseconds;

TEST(Wording, EscapedTextIsNotEscapedAgain) {
  EXPECT_EQ(visible("\\r\\n\\\\ \\"), "\\r\\n\\\\ \\");
  EXPECT_EQ(visible("a\r\n\x1b\\\xff"), "a\\r\\n\\x1b\\\\xff");
  EXPECT_EQ(visible(""), "");
}

TEST(Wording, CountsWhatItDoesNotShow) {
  EXPECT_EQ(visible("abcdef", 6), "abcdef");
  EXPECT_EQ(visible("\nbcdef", 1), "\\n... (5 more octets)");
}

TEST(Wording, FolderEndsBeforeTheNameAndIgnoresTheCase) {
  EXPECT_EQ(folder_of("smuggling/a"), "smuggling");
  EXPECT_EQ(folder_of("smuggling/deep/a#b/c"), "smuggling/deep");
  EXPECT_EQ(folder_of("a#b/c"), "smtpspec");
}

TEST(Wording, PlaceOfAClauseReadsAsPeopleWriteIt) {
  scenario::Requirement requirement;
  requirement.rfc = "5321";
  requirement.section = "4.1.1.4";
  requirement.level_text = "MUST NOT";
  EXPECT_EQ(clause_place(requirement), "RFC 5321 section 4.1.1.4, MUST NOT");
  requirement.section = "F.2";
  EXPECT_EQ(clause_place(requirement), "RFC 5321 appendix F.2, MUST NOT");
  requirement.rfc = "XCLIENT";
  requirement.section = "syntax";
  EXPECT_EQ(clause_place(requirement), "XCLIENT syntax, MUST NOT");
}

TEST(Wording, SecondsAreRounded) {
  EXPECT_EQ(seconds(microseconds(0), 3), "0.000");
  EXPECT_EQ(seconds(microseconds(1'500), 3), "0.002");
  EXPECT_EQ(seconds(microseconds(1'999'600), 3), "2.000");
  EXPECT_EQ(seconds(microseconds(61'234'000), 2), "61.23");
  EXPECT_EQ(seconds(microseconds(-5), 2), "0.00");
}

TEST(Wording, EvidenceShowsTheEndOfALongTranscript) {
  SampleRun run;
  play::Result& result = run.add("data/a", play::Verdict::failed, "came 250");
  result.transcripts.push_back(sample_transcript());
  EXPECT_THAT(
      evidence(result, run.requirements, 1),
      testing::ElementsAre("RFC 5321 section 2.3.8, MUST NOT (5321-2.3.8-a)",
                           "  A bare LF is not a line end.", "came 250",
                           "scenarios/data/a.yaml:12", "from port 41234:",
                           "  # 1 lines before", "  S: 250 2.0.0 Ok"));
}

TEST(Wording, EvidenceNamesARulingOnceForAllClauses) {
  SampleRun run;
  play::Result& result = run.add("data/a", play::Verdict::warned);
  run.scenario_of(0).clauses = {"5321-2.3.8-a", "5321-F.2-a", "5321-F.2-a"};
  result.line = 0;
  EXPECT_EQ(rulings_of(result, run.requirements).size(), 1u);
  EXPECT_THAT(evidence(result, run.requirements, 0),
              testing::IsSupersetOf(
                  {"RFC 5321 section 2.3.8, MUST NOT (5321-2.3.8-a)",
                   "RFC 5321 appendix F.2, SHOULD (5321-F.2-a)",
                   "scenarios/data/a.yaml",
                   "ruling source-routes: A source route may be refused"}));
}

TEST(Wording, EvidenceNamesAClauseThatTheLedgerLacks) {
  SampleRun run;
  play::Result& result = run.add("data/a", play::Verdict::failed);
  run.scenario_of(0).clauses = {"9999-1-a"};
  EXPECT_EQ(evidence(result, run.requirements, 0)[0], "clause 9999-1-a");
}

}  // namespace
}  // namespace smtpspec::report
