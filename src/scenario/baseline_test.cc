#include "scenario/baseline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/source.h"

namespace smtpspec::scenario {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto today = 2026y / 11 / 21;

Baseline with(const std::string& entries) {
  return parse_baseline("target: exim\nknown:" + entries, "b.yaml");
}

std::string error(const std::string& entries) {
  try {
    with(entries);
  } catch (const base::SourceError& error) {
    return error.what();
  }
  return "no error";
}

const std::string one =
    "\n  - id: a/b#c\n    verdict: failed\n    reason: bug 7\n";

TEST(Baseline, FindsEntriesById) {
  const auto baseline = with(one);
  EXPECT_EQ(baseline.target, "exim");
  ASSERT_NE(baseline.find("a/b#c", Listener::mta, today), nullptr);
  EXPECT_EQ(baseline.find("a/b#c", Listener::mta, today)->reason, "bug 7");
  EXPECT_EQ(baseline.find("a/b", Listener::mta, today), nullptr);
}

TEST(Baseline, EntryEndsOnItsDay) {
  const auto baseline = with(one + "    expires: 2026-11-21\n");
  EXPECT_NE(baseline.find("a/b#c", Listener::mta, 2026y / 11 / 20), nullptr);
  EXPECT_EQ(baseline.find("a/b#c", Listener::mta, today), nullptr);
}

TEST(Baseline, AnEntryMayBeOfOneListener) {
  const auto baseline = with(one + "    listener: mta\n" + one.substr(1) +
                             "    listener: submission\n");
  EXPECT_EQ(baseline.count(Listener::mta), 1U);
  EXPECT_NE(baseline.find("a/b#c", Listener::submission, today), nullptr);
  EXPECT_EQ(baseline.find("a/b#c", Listener::lmtp, today), nullptr);
  EXPECT_THAT(error(one + one.substr(1) + "    listener: mta\n"),
              HasSubstr("twice"));
  EXPECT_THAT(error(one + "    listener: any\n"),
              HasSubstr("a listener is mta"));
}

TEST(Baseline, MayBeEmpty) { EXPECT_TRUE(with(" []\n").entries.empty()); }

TEST(Baseline, ErrorsPointAtTheEntry) {
  EXPECT_EQ(error("\n  - id: a/b\n    verdict: failed\n"),
            "b.yaml:3:5: 'reason' is missing\n"
            "    - id: a/b\n"
            "      ^");
  EXPECT_THAT(error(" x\n"), HasSubstr("known is a list"));
  EXPECT_THAT(error("\n  - a/b\n"), HasSubstr("an entry has id"));
  EXPECT_THAT(error(one + one), HasSubstr(":7:5: id 'a/b#c' twice"));
  EXPECT_THAT(error(one + "    until: 2027-01-01\n"), HasSubstr("unknown key"));
  EXPECT_THAT(error("\n  - {id: a/b, verdict: error, reason: x}\n"),
              HasSubstr("verdict is failed, warned or noted"));
  for (const auto* day : {"2027-1-31", "2027-02-30", "31.01.2027", "20270131"})
    EXPECT_THAT(error(one + "    expires: " + day + "\n"),
                HasSubstr("expires is a day"));
}

}  // namespace
}  // namespace smtpspec::scenario
