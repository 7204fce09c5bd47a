#include "play/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace smtpspec::play {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// Ten times from `first` on, a hundredth of a millisecond apart.
Times ten(std::chrono::nanoseconds first) {
  Times result;
  for (int i = 0; i < 10; ++i) result.push_back(first + i * 10us);
  return result;
}

Verdict verdict(const Times& a, const Times& b) {
  const Finding finding = compare_times(a, b);
  EXPECT_EQ(compare_times(b, a).verdict, finding.verdict);
  return finding.verdict;
}

TEST(CompareTimes, ADifferenceIsNotedFrom5MsOnAndFromATenth) {
  EXPECT_EQ(verdict(ten(1ms), ten(1ms)), Verdict::passed);
  EXPECT_EQ(verdict(ten(1ms), ten(5900us)), Verdict::passed);
  EXPECT_EQ(verdict(ten(1ms), ten(6100us)), Verdict::noted);
  EXPECT_EQ(verdict(ten(2000ms), ten(2190ms)), Verdict::passed);
  EXPECT_EQ(verdict(ten(2000ms), ten(2210ms)), Verdict::noted);
}

TEST(CompareTimes, SaysWhatWasMeasured) {
  const auto finding = compare_times(ten(101ms), ten(1ms));
  EXPECT_EQ(finding.text,
            "the last reply of 'dialog' takes 101.0 ms, that of 'against' "
            "1.0 ms (medians of 10 and 10; Mann-Whitney p = 1.1e-05)");
}

TEST(CompareTimes, FewSamplesProveNothing) {
  EXPECT_EQ(verdict({1ms, 1ms, 2ms}, {1s, 1s, 2s}), Verdict::passed);
  EXPECT_EQ(verdict({}, {1s}), Verdict::blocked);
}

TEST(CompareTimes, SamplesThatMixAreNotNotedHoweverFarApartTheirMediansAre) {
  Times mixed = ten(200ms);
  mixed[0] = mixed[1] = mixed[2] = 1us;
  EXPECT_EQ(verdict(ten(1ms), mixed), Verdict::passed);
}

TEST(CompareTimes, NoiseAloneIsNotNoted) {
  std::mt19937 random(1);  // NOLINT: the same numbers each time
  std::exponential_distribution<double> jitter(1.0 / 50);  // mean 50 ms
  const auto sample = [&] {
    Times result;
    for (int i = 0; i < 10; ++i)
      result.push_back(std::chrono::microseconds(
          static_cast<long>(1000 * jitter(random))));
    return result;
  };
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(verdict(sample(), sample()), Verdict::passed) << i;
}

TEST(CompareReplies, OctetsCount) {
  const auto verdict = [](std::vector<std::string> a,
                          std::vector<std::string> b) {
    return compare_replies(a, b).verdict;
  };
  EXPECT_EQ(verdict({"535 no\r\n", "535 no\r\n"}, {"535 no\r\n"}),
            Verdict::passed);
  EXPECT_EQ(verdict({"535 no\r\n"}, {"535 No\r\n"}), Verdict::noted);
  EXPECT_EQ(verdict({"535 no\r\n"}, {"550 no\r\n"}), Verdict::noted);
  EXPECT_EQ(verdict({"535 1\r\n", "535 2\r\n"}, {"535 3\r\n", "535 4\r\n"}),
            Verdict::blocked);
  EXPECT_EQ(verdict({}, {"535\r\n"}), Verdict::blocked);
  EXPECT_EQ(compare_replies({"535 a\x01\r\n"}, {"535 b\r\n"}).text,
            "'dialog' is answered by \"535 a\\x01\", 'against' by \"535 b\"");
}

TEST(Guessing, ThatNothingSlowsDownIsNoted) {
  const auto finding = judge_guesses({10, ten(1ms), {}, ""});
  EXPECT_EQ(finding.verdict, Verdict::noted);
  EXPECT_THAT(finding.text, HasSubstr("10 wrong passwords in a row"));
}

TEST(Guessing, ADelayPassesWhetherItGrowsOrNot) {
  const auto growing =
      judge_guesses({5, {1ms, 1ms, 500ms, 1000ms, 2000ms}, {}, ""});
  EXPECT_EQ(growing.verdict, Verdict::passed);
  EXPECT_THAT(growing.text, HasSubstr("slow down from 1.0 ms to 2000.0 ms"));
  const auto steady = judge_guesses({10, ten(2s), {}, ""});
  EXPECT_EQ(steady.verdict, Verdict::passed);
  EXPECT_THAT(steady.text, HasSubstr("after 2000.0 ms"));
}

TEST(Lists, WhatOneListenerHasAloneIsNoted) {
  const auto finding = compare_lists("mechanisms", "submissions", {"PLAIN"},
                                     "submission", {"LOGIN", "PLAIN"});
  EXPECT_EQ(finding.verdict, Verdict::noted);
  EXPECT_EQ(finding.text, "mechanisms at submission alone: LOGIN");
  EXPECT_EQ(compare_lists("keywords", "a", {"X", "Y"}, "b", {"Y", "X"}).verdict,
            Verdict::passed);
}

TEST(Guessing, OneLateReplyIsNoDelay) {
  Times waits = ten(1ms);
  waits[4] = 3s;
  EXPECT_EQ(judge_guesses({10, waits, {}, ""}).verdict, Verdict::noted);
}

TEST(Guessing, AnEndOfTheSessionPasses) {
  const auto finding = judge_guesses({10, ten(1ms), {"421", "421"}, ""});
  EXPECT_EQ(finding.verdict, Verdict::passed);
  EXPECT_EQ(finding.text, "421, and 1 more; then the right one logs in");
}

TEST(Guessing, ALockIsNotedNeverMore) {
  const auto finding = judge_guesses({10, ten(1ms), {"421"}, "got 535"});
  EXPECT_EQ(finding.verdict, Verdict::noted);
  EXPECT_THAT(finding.text, HasSubstr("421; after 10 wrong passwords the right "
                                      "one is refused: got 535"));
  EXPECT_THAT(finding.text, Not(HasSubstr("logs in")));
}

TEST(Findings, WhatComesTwiceIsNoted) {
  const auto finding = judge_repeats({"a", "b", "c", "b"});
  EXPECT_EQ(finding.verdict, Verdict::noted);
  EXPECT_EQ(finding.text, "of 4 the 2. came as the 4. again: \"b\"");
  EXPECT_EQ(judge_repeats({"a", "b"}).text, "2 were drawn, no two alike");
  EXPECT_EQ(judge_repeats({"a"}).verdict, Verdict::blocked);
}

}  // namespace
}  // namespace smtpspec::play
