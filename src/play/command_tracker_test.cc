#include "play/command_tracker.h"

#include <gtest/gtest.h>

namespace smtpspec::play {
namespace {

class CommandTrackerTest : public testing::Test {
 protected:
  CommandTrackerTest() { tracker_.replied(220); }
  std::string verb(int code) { return tracker_.replied(code).verb; }

  CommandTracker tracker_;
};

TEST(CommandTracker, TheFirstReplyIsTheGreeting) {
  EXPECT_EQ(CommandTracker().replied(220).verb, "greeting");
}

TEST_F(CommandTrackerTest, MatchesRepliesOfAGroupInOrder) {
  tracker_.sent("MAIL FROM:<a@b>\r\nrcpt TO:<c@d>\r\n");
  EXPECT_EQ(verb(250), "MAIL");
  EXPECT_EQ(verb(550), "RCPT");
}

TEST_F(CommandTrackerTest, MailDataGetsOneReply) {
  tracker_.sent("DATA\r\n");
  EXPECT_EQ(verb(354), "DATA");
  EXPECT_TRUE(tracker_.in_mail_data());
  tracker_.sent("Subject: x\r\n\r\nQUIT\r\n.\r\n");
  EXPECT_FALSE(tracker_.in_mail_data());
  EXPECT_EQ(verb(250), ".");
  EXPECT_TRUE(tracker_.replied(250).unasked);
}

TEST_F(CommandTrackerTest, ARefusedDataTakesNoContent) {
  tracker_.sent("DATA\r\n");
  EXPECT_EQ(verb(503), "DATA");
  EXPECT_FALSE(tracker_.in_mail_data());
}

TEST_F(CommandTrackerTest, ChunkOctetsAreNoCommands) {
  tracker_.sent("BDAT 10 LAST\r\nQUIT\r\n");
  EXPECT_TRUE(tracker_.in_mail_data());
  tracker_.sent("QUITNOOP\r\n");
  EXPECT_EQ(verb(250), "BDAT");
  EXPECT_EQ(verb(250), "NOOP");
}

TEST_F(CommandTrackerTest, AResponseToAChallengeIsNoChunk) {
  tracker_.sent("AUTH PLAIN\r\n");
  EXPECT_EQ(verb(334), "AUTH");
  tracker_.sent("BDAT 9 LAST\r\nRSET\r\nNOOP\r\n");
  EXPECT_EQ(verb(501), "BDAT");
  EXPECT_EQ(verb(250), "RSET");
  EXPECT_EQ(verb(250), "NOOP");
  tracker_.sent("BDAT 4 LAST\r\nabcdNOOP\r\n");
  EXPECT_EQ(verb(250), "BDAT");
  EXPECT_EQ(verb(250), "NOOP");
}

TEST_F(CommandTrackerTest, AChunkBehindAnAuthThatMayWantAResponseIsUncertain) {
  tracker_.sent("AUTH PLAIN\r\nBDAT 4 LAST\r\nabcd");
  EXPECT_FALSE(tracker_.reliable());
}

TEST_F(CommandTrackerTest, ACommandInPiecesIsOneCommand) {
  for (const char c : std::string_view("NOOP\r\n"))
    tracker_.sent(std::string_view(&c, 1));
  EXPECT_EQ(tracker_.unanswered(), 1u);
  EXPECT_TRUE(tracker_.reliable());
  EXPECT_EQ(verb(250), "NOOP");
}

TEST_F(CommandTrackerTest, AReplyToHalfALineEndsCertainty) {
  tracker_.sent("NOOP");
  EXPECT_FALSE(tracker_.replied(500).unasked);
  EXPECT_FALSE(tracker_.reliable());
}

TEST_F(CommandTrackerTest, ABareCarriageReturnEndsCertaintyHoweverItIsSent) {
  for (const std::string& line :
       {std::string("NOOP\rNOOP\r\n"), "NOOP " + std::string(3000, 'x') + "\r\r\n",
        "NOOP " + std::string(3000, 'x') + "\n"}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, line.size()}) {
      CommandTracker tracker;
      tracker.replied(220);
      for (std::size_t at = 0; at < line.size(); at += size)
        tracker.sent(std::string_view(line).substr(at, size));
      EXPECT_FALSE(tracker.reliable());
    }
  }
}

TEST_F(CommandTrackerTest, ABareLineFeedEndsCertainty) {
  tracker_.sent("NOOP\nNOOP\r\n");
  EXPECT_FALSE(tracker_.reliable());
  EXPECT_EQ(verb(250), "");
}

TEST_F(CommandTrackerTest, NoReplyIsUnaskedInsideMailData) {
  tracker_.sent("DATA\r\n");
  EXPECT_EQ(verb(354), "DATA");
  tracker_.sent(std::string("x\r\n.\0\r\n", 7));
  EXPECT_FALSE(tracker_.replied(250).unasked);
}

TEST_F(CommandTrackerTest, NoReplyIsUnaskedOnceALineWasOdd) {
  tracker_.sent("BDAT -1\r\n");
  EXPECT_EQ(verb(501), "BDAT");
  EXPECT_FALSE(tracker_.replied(500).unasked);
}

}  // namespace
}  // namespace smtpspec::play
