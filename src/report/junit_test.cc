#include "report/junit.h"

#include <gmock/gmock.h>

#include <pugixml.hpp>
#include <stdexcept>

#include "report/sample_run.h"

namespace smtpspec::report {
namespace {

using play::Verdict;
using testing::HasSubstr;

class Junit : public testing::Test {
 protected:
  /// The only suite of the report.
  pugi::xml_node suite(bool strict = false) {
    const std::string xml = to_junit(run_.report, run_.requirements, {strict});
    EXPECT_TRUE(document_.load_string(xml.c_str()));
    return document_.child("testsuites").child("testsuite");
  }
  /// The element for the outcome of the only case.
  pugi::xml_node outcome(bool strict = false) {
    return suite(strict).child("testcase").first_child();
  }

  SampleRun run_;
  pugi::xml_document document_;
};

TEST_F(Junit, HasASuiteForEachFolderNumberedFromZero) {
  run_.add("smuggling/a", Verdict::passed);
  run_.add("data/b", Verdict::passed);
  run_.add("smuggling/c#x/y", Verdict::passed);
  const pugi::xml_node first = suite();
  EXPECT_STREQ(first.attribute("name").value(), "data");
  EXPECT_STREQ(first.attribute("id").value(), "0");
  const pugi::xml_node second = first.next_sibling();
  EXPECT_STREQ(second.attribute("name").value(), "smuggling");
  EXPECT_STREQ(second.attribute("tests").value(), "2");
  EXPECT_STREQ(second.attribute("time").value(), "0.003");
  EXPECT_FALSE(second.next_sibling());
}

TEST_F(Junit, NamesACaseByItsTestAndItsClassByTheFolder) {
  run_.add("smuggling/deep/a#row", Verdict::passed);
  const pugi::xml_node test = suite().child("testcase");
  EXPECT_STREQ(test.attribute("name").value(), "smuggling/deep/a#row");
  EXPECT_STREQ(test.attribute("classname").value(), "smtpspec.smuggling.deep");
  EXPECT_STREQ(test.attribute("time").value(), "0.002");
  EXPECT_FALSE(test.first_child());
}

TEST_F(Junit, HasATimestampWithoutZone) {
  run_.add("data/a", Verdict::passed);
  EXPECT_STREQ(suite().attribute("timestamp").value(), "2026-11-21T12:00:00");
}

TEST_F(Junit, FailureCarriesLevelReasonRequirementAndTranscript) {
  run_.add("data/a", Verdict::failed, "wanted 5yz, came 250")
      .transcripts.push_back(sample_transcript());
  const pugi::xml_node failure = outcome();
  EXPECT_STREQ(failure.name(), "failure");
  EXPECT_STREQ(failure.attribute("type").value(), "MUST NOT 5321-2.3.8-a");
  EXPECT_STREQ(failure.attribute("message").value(), "wanted 5yz, came 250");
  const std::string body = failure.child_value();
  EXPECT_THAT(body, HasSubstr("RFC 5321 section 2.3.8, MUST NOT"));
  EXPECT_THAT(body, HasSubstr("A bare LF is not a line end."));
  EXPECT_THAT(body, HasSubstr("scenarios/data/a.yaml:12\n"));
  EXPECT_THAT(body, HasSubstr("from port 41234:\n  C: NOOP\\n\n  S: 250"));
}

TEST_F(Junit, SkippedBlockedAndKnownAreSkippedWithTheirReason) {
  run_.add("data/a", Verdict::skipped, "not advertised: CHUNKING");
  run_.add("data/b", Verdict::blocked, "relay denied");
  run_.add("data/c", Verdict::known, "came 250").baseline_reason = "bug 7";
  EXPECT_STREQ(suite().attribute("skipped").value(), "3");
  std::vector<std::string> messages;
  for (const pugi::xml_node test : suite().children("testcase")) {
    messages.push_back(test.child("skipped").attribute("message").value());
  }
  EXPECT_THAT(messages, testing::ElementsAre(
                            "not advertised: CHUNKING", "blocked: relay denied",
                            "known failure (bug 7): came 250"));
}

TEST_F(Junit, WarnedPassesAndIsToldInTheSuitesOutput) {
  run_.add("data/a", Verdict::warned, "wanted 250, came 251");
  EXPECT_FALSE(outcome());
  EXPECT_THAT(suite().child_value("system-out"), HasSubstr("warned data/a\n"));
  EXPECT_THAT(suite().child_value("system-out"),
              HasSubstr("  wanted 250, came 251\n"));
}

TEST_F(Junit, WarnedFailsWhenStrict) {
  run_.add("data/a", Verdict::warned, "wanted 250, came 251");
  EXPECT_STREQ(outcome(true).name(), "failure");
  EXPECT_STREQ(suite(true).attribute("failures").value(), "1");
}

TEST_F(Junit, NotedAndFixedPass) {
  run_.add("data/a", Verdict::noted, "came 252");
  run_.add("data/b", Verdict::fixed).baseline_reason = "bug 7";
  EXPECT_STREQ(suite(true).attribute("failures").value(), "0");
  EXPECT_THAT(suite().child_value("system-out"), HasSubstr("fixed data/b\n"));
}

TEST_F(Junit, ErrorOfOursIsAnError) {
  run_.add("data/a", Verdict::error, "cannot connect");
  EXPECT_STREQ(outcome().name(), "error");
  EXPECT_STREQ(outcome().attribute("type").value(), "error");
}

TEST_F(Junit, RunThatWasCutShortIsNotGreen) {
  run_.add("data/a", Verdict::passed);
  run_.report.selected = 9;
  run_.report.interrupted = true;
  const pugi::xml_node own = suite().next_sibling();
  EXPECT_STREQ(own.attribute("name").value(), "smtpspec");
  EXPECT_STREQ(
      own.child("testcase").child("error").attribute("message").value(),
      "1 of 9 selected tests ran, then the run was interrupted");
}

TEST_F(Junit, ShowsEveryOctetInPrintableAscii) {
  play::Result& result =
      run_.add("data/" + hostile_text(), Verdict::failed, hostile_text());
  result.transcripts = {
      {1, {{play::TranscriptLine::Kind::server, hostile_text()}}}};
  run_.scenario_of(0).title = hostile_text();
  run_.scenario_of(0).clauses = {hostile_text()};
  run_.report.target = hostile_text();
  const std::string xml = to_junit(run_.report, run_.requirements);
  EXPECT_THAT(xml,
              testing::Each(testing::AnyOf(
                  '\n', testing::AllOf(testing::Ge(' '), testing::Le('~')))));
  EXPECT_THAT(xml, HasSubstr("\\x1b[31m"));
}

TEST_F(Junit, CutsAReasonThatReadersRefuse) {
  run_.add("data/a", Verdict::failed, std::string(10'000'000, 'x'));
  EXPECT_THAT(outcome().attribute("message").value(),
              testing::EndsWith("... (9998000 more octets)"));
}

TEST_F(Junit, RefusesTwoCasesOfOneName) {
  run_.add("data/a", Verdict::passed);
  run_.add("data/a", Verdict::passed);
  EXPECT_THROW(suite(), std::logic_error);
}

}  // namespace
}  // namespace smtpspec::report
