#include "play/verdict.h"

#include <gtest/gtest.h>

#include <set>

namespace smtpspec::play {
namespace {

using Kind = TranscriptLine::Kind;

TEST(Verdict, HasOneWordOfItsOwnForEach) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Verdict::error); ++i) {
    words.insert(to_string(static_cast<Verdict>(i)));
  }
  EXPECT_EQ(words.size(), 9u);
  EXPECT_EQ(to_string(Verdict::passed), "passed");
  EXPECT_EQ(to_string(Verdict::error), "error");
}

TEST(Transcript, IsWrittenInTheNotationOfDialogs) {
  const Transcript transcript{
      41234,
      {{Kind::server, "220 mx.example"},
       {Kind::comment, "the group"},
       {Kind::client, "EHLO client.example"},
       {Kind::client_raw, "QU"},
       {Kind::event, "the server closed the connection"}}};
  EXPECT_EQ(transcript.to_string(),
            "S: 220 mx.example\n"
            "# the group\n"
            "C: EHLO client.example\n"
            "C> QU\n"
            "# the server closed the connection\n");
}

TEST(Transcript, OfNothingIsEmpty) { EXPECT_EQ(Transcript{}.to_string(), ""); }

TEST(RunReport, CountsResultsOfOneVerdict) {
  RunReport report;
  report.results.resize(3);
  report.results[0].verdict = Verdict::failed;
  report.results[2].verdict = Verdict::failed;
  EXPECT_EQ(report.count(Verdict::failed), 2u);
  EXPECT_EQ(report.count(Verdict::error), 1u);
  EXPECT_EQ(report.count(Verdict::passed), 0u);
}

}  // namespace
}  // namespace smtpspec::play
