#include "server/vacation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::server {
namespace {

using testing::HasSubstr;

Message message(std::string sender, std::string more = "") {
  Message result;
  result.sender = std::move(sender);
  result.octets = "From: X <x@b.example>\r\nSubject: y\r\n" + more + "\r\n";
  return result;
}

ReportOrigin origin(FlawSet flaws = {}) {
  return {7, std::chrono::sys_days(std::chrono::year(2026) / 11 / 21), flaws};
}

TEST(Vacation, AnswersTheSenderFromNobody) {
  const auto reply = vacation_reply(message("a@b.example"), origin());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->sender, "");
  EXPECT_EQ(reply->recipients.at(0).address, "a@b.example");
  EXPECT_TRUE(reply->is_relayed);
  EXPECT_THAT(reply->octets, HasSubstr("\r\nSubject: Auto: y\r\nAuto-"));
  EXPECT_FALSE(vacation_reply(message("bob@example.test"), origin())->is_relayed);
}

TEST(Vacation, AnswersNoMachine) {
  EXPECT_FALSE(vacation_reply(message(""), origin()));
  EXPECT_FALSE(vacation_reply(
      message("a@b.example", "Auto-Submitted: auto-replied\r\n"), origin()));
  EXPECT_TRUE(vacation_reply(message("a@b.example", "Auto-Submitted: no\r\n"),
                             origin()));
}

TEST(Vacation, WithItsFlawAnswersWhomFromNames) {
  const auto reply =
      vacation_reply(message(""), origin({"vacation-answers-null-sender"_flaw}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->recipients.at(0).address, "x@b.example");
}

}  // namespace
}  // namespace smtpspec::server
