// What is kept of a transaction.
#include "play/mail_record.h"

#include <gmock/gmock.h>

namespace smtpspec::play {
namespace {

using ::testing::ElementsAre;

TEST(MailRecord, KeepsEnvelopeAndMailDataWithoutStuffing) {
  MailRecord record;
  record.sent("MAIL FROM:<a@b> SIZE=9\r\n", false);
  record.sent("RCPT TO:<\"x y\"@c>\r\nRCPT TO:<d@e>\r\nDATA\r\n", false);
  record.sent("Subject: x\r\n\r\n..two\r\n", true);
  record.sent("a\n.\nb\r\n.\r\nQUIT\r\n", true);
  EXPECT_EQ(record.reverse_path(), "<a@b>");
  EXPECT_THAT(record.forward_paths(), ElementsAre("<\"x y\"@c>", "<d@e>"));
  EXPECT_EQ(record.mail_data(), "Subject: x\r\n\r\n.two\r\na\n.\nb\r\n");
}

TEST(MailRecord, JoinsChunks) {
  MailRecord record;
  record.sent("MAIL FROM:<>\r\n", false);
  record.sent("BDAT 4\r\n..\r", false);
  record.sent("\nBDAT 3 LAST\r\nend", true);
  EXPECT_EQ(record.reverse_path(), "<>");
  EXPECT_EQ(record.mail_data(), "..\r\nend");
}

TEST(MailRecord, ANewTransactionForgetsTheOld) {
  MailRecord record;
  record.sent("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", false);
  record.sent("mail from:<e@f>\r\n", false);
  EXPECT_EQ(record.reverse_path(), "<e@f>");
  EXPECT_THAT(record.forward_paths(), ElementsAre());
}

}  // namespace
}  // namespace smtpspec::play
