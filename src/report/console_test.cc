#include "report/console.h"

#include <gmock/gmock.h>

#include <sstream>

#include "report/sample_run.h"

namespace smtpspec::report {
namespace {

using play::Verdict;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class Console : public testing::Test {
 protected:
  std::string summary() {
    std::ostringstream out;
    ConsoleReport(out, options_, run_.requirements).summary(run_.report);
    return std::move(out).str();
  }

  ConsoleOptions options_;
  SampleRun run_;
};

TEST_F(Console, ShowsAFailureWithAllThatItRestsOn) {
  run_.add("data/a", Verdict::failed, "wanted 5yz, came 250")
      .transcripts.push_back(sample_transcript());
  EXPECT_EQ(summary(),
            "smtpspec 0.1.0: mx.example:25 (mta)\n\n"
            "failed  data/a  Bare LF does not end a line\n"
            "        RFC 5321 section 2.3.8, MUST NOT (5321-2.3.8-a)\n"
            "          A bare LF is not a line end.\n"
            "        wanted 5yz, came 250\n"
            "        scenarios/data/a.yaml:12\n"
            "        from port 41234:\n"
            "          C: NOOP\\n\n"
            "          S: 250 2.0.0 Ok\n"
            "\n"
            "0 passed, 1 failed, 0 warned, 0 noted, 0 skipped, 0 blocked, "
            "0 errors in 1.23 s\n");
}

TEST_F(Console, CutsALongTranscriptUnlessVerbose) {
  play::Transcript transcript = sample_transcript();
  transcript.lines.resize(100, transcript.lines[1]);
  run_.add("data/a", Verdict::failed).transcripts.push_back(transcript);
  EXPECT_THAT(summary(), HasSubstr("# 88 lines before\n"));
  EXPECT_THAT(summary(), Not(HasSubstr("C: NOOP")));
  options_.verbose = true;
  EXPECT_THAT(summary(), Not(HasSubstr("lines before")));
  EXPECT_THAT(summary(), HasSubstr("C: NOOP"));
}

TEST_F(Console, PassedTestsAreListedOnlyWhenVerbose) {
  run_.add("data/a", Verdict::passed)
      .transcripts.push_back(sample_transcript());
  EXPECT_THAT(summary(), Not(HasSubstr("data/a")));
  options_.verbose = true;
  EXPECT_THAT(summary(), HasSubstr("passed  data/a  Bare LF does"));
  EXPECT_THAT(summary(), HasSubstr("        from port 41234:\n"));
}

TEST_F(Console, CountsSkippedTestsByReasonMostFirst) {
  run_.add("data/a", Verdict::skipped, "a: rare");
  run_.add("data/b", Verdict::skipped, "not advertised: DSN");
  run_.add("data/c", Verdict::skipped, "not advertised: DSN");
  EXPECT_THAT(summary(), HasSubstr("2 skipped: not advertised: DSN\n"
                                   "1 skipped: a: rare (data/a)\n"));
}

TEST_F(Console, DoesNotListEveryReasonUnlessVerbose) {
  for (int i = 0; i < 30; ++i) {
    run_.add("data/" + std::to_string(i), Verdict::noted, std::to_string(i));
  }
  EXPECT_THAT(summary(), HasSubstr("20 noted for other reasons; -v lists"));
  options_.verbose = true;
  EXPECT_THAT(summary(), HasSubstr("noted   data/29  Bare LF"));
  EXPECT_THAT(summary(), Not(HasSubstr("other reasons")));
}

TEST_F(Console, TellsTheSizeOfTheBaselineInTheLastLine) {
  run_.report.baseline_entries = 4;
  run_.add("data/a", Verdict::known, "came 250").baseline_reason = "bug 7";
  run_.add("data/b", Verdict::fixed).baseline_reason = "bug 8";
  EXPECT_THAT(summary(), EndsWith("1.23 s; baseline: 4 entries, 1 known, "
                                  "1 fixed\n"));
  EXPECT_THAT(summary(), HasSubstr("1 known: bug 7 (data/a)\n"));
  EXPECT_THAT(summary(), HasSubstr("fixed   data/b  Bare LF does not end a "
                                   "line\n        baseline: bug 8\n"));
}

TEST_F(Console, TellsThatARunWasCutShort) {
  run_.add("data/a", Verdict::passed);
  run_.report.selected = 9;
  EXPECT_THAT(summary(), HasSubstr("\n1 of 9 selected tests ran\n"));
  run_.report.interrupted = true;
  EXPECT_THAT(summary(), HasSubstr("interrupted: 1 of 9 selected tests ran\n"));
}

TEST_F(Console, HasColourOnlyWhereItIsAskedFor) {
  run_.add("data/a", Verdict::failed);
  EXPECT_THAT(summary(), Not(HasSubstr("\x1b")));
  options_.colour = true;
  EXPECT_THAT(summary(), HasSubstr("\x1b[1;31mfailed  \x1b[0mdata/a"));
}

TEST_F(Console, ProgressIsOneShortLineThatGoesAway) {
  std::ostringstream out;
  options_.terminal = true;
  const play::Result& failed =
      run_.add("data/" + std::string(200, 'a'), Verdict::failed);
  {
    ConsoleReport report(out, options_, run_.requirements);
    report.finished(failed, 3, 14);
    EXPECT_THAT(out.str(), testing::StartsWith("\r\x1b[K3/14 1 failed  data/"));
    EXPECT_EQ(out.str().size(), 4u + 79u);
  }
  EXPECT_THAT(out.str(), EndsWith("\r\x1b[K"));
}

TEST_F(Console, HasNoProgressInALog) {
  std::ostringstream out;
  ConsoleReport report(out, options_, run_.requirements);
  report.finished(run_.add("data/a", Verdict::failed), 1, 2);
  EXPECT_EQ(out.str(), "");
}

TEST_F(Console, NothingUnprintablePasses) {
  for (int i = 0; i <= static_cast<int>(Verdict::error); ++i) {
    play::Result& result =
        run_.add(hostile_text(), static_cast<Verdict>(i), hostile_text());
    result.baseline_reason = hostile_text();
    result.transcripts = {
        {1, {{play::TranscriptLine::Kind::server, hostile_text()}}}};
    run_.scenario_of(run_.report.results.size() - 1).title = hostile_text();
  }
  run_.report.target = run_.report.listener = hostile_text();
  for (const bool verbose : {false, true}) {
    options_.verbose = verbose;
    EXPECT_THAT(summary(),
                testing::Each(testing::AnyOf(
                    '\n', testing::AllOf(testing::Ge(' '), testing::Le('~')))));
  }
}

}  // namespace
}  // namespace smtpspec::report
