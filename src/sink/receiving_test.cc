// A session of the receiver, without sockets.
#include "sink/receiving.h"

#include <gmock/gmock.h>

#include <vector>

#include "base/base64.h"
#include "base/escape.h"

namespace smtpspec::sink {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ReceivingTest : public testing::Test {
 protected:
  void begin(ReceivingOptions options = {}) {
    options.peer = "192.0.2.1";
    session_.emplace(mailbox_, std::move(options));
    say((options.lmtp ? "LHLO " : "EHLO ") + "client.example"s);
  }
  void SetUp() override { begin(); }

  std::string say(std::string_view line) {
    return session_->receive(std::string(line) + "\r\n");
  }
  /// The replies to a whole mail with `content`, which ends itself.
  std::string deliver(std::string_view content) {
    say("MAIL FROM:<a@client.example>");
    say("RCPT TO:<b@sink.example>");
    say("DATA");
    return session_->receive(content);
  }
  const Arrival& last() const { return *mailbox_.arrivals().back(); }
  std::size_t count() const { return mailbox_.arrivals().size(); }

  Mailbox mailbox_;
  std::optional<Receiving> session_;
};

TEST_F(ReceivingTest, GreetsAndListsItsExtensions) {
  EXPECT_THAT(Receiving::greeting(), StartsWith("220 "));
  EXPECT_EQ(say("EHLO x"),
            "250-sink.smtpspec.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
            "250-SMTPUTF8\r\n250-CHUNKING\r\n250-SIZE\r\n250-DSN\r\n"
            "250-MT-PRIORITY\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES\r\n");
  EXPECT_EQ(say("HELO x"), "250 sink.smtpspec.test\r\n");
  EXPECT_THAT(say("LHLO x"), StartsWith("500 "));
}

TEST_F(ReceivingTest, KeepsAMessageWithAllThatWasSaidAboutIt) {
  const auto before = std::chrono::system_clock::now();
  say("MAIL FROM:<a@client.example> SIZE=5 BODY=8BITMIME");
  say("RCPT TO:<b@sink.example> NOTIFY=NEVER");
  say("RCPT TO:<c@sink.example>");
  EXPECT_THAT(say("DATA"), StartsWith("354 "));
  EXPECT_THAT(session_->receive("Hello\r\n.\r\n"), StartsWith("250 "));
  ASSERT_EQ(count(), 1u);
  EXPECT_EQ(last().witness, Witness::smtp);
  EXPECT_EQ(last().sender.address, "a@client.example");
  EXPECT_EQ(last().sender.parameters, "SIZE=5 BODY=8BITMIME");
  ASSERT_EQ(last().recipients.size(), 2u);
  EXPECT_EQ(last().recipients[0].parameters, "NOTIFY=NEVER");
  EXPECT_EQ(last().recipients[1].address, "c@sink.example");
  EXPECT_EQ(last().octets, "Hello\r\n");
  EXPECT_FALSE(last().is_cut);
  EXPECT_EQ(last().client_name, "client.example");
  EXPECT_EQ(last().peer, "192.0.2.1");
  EXPECT_FALSE(last().tls);
  EXPECT_EQ(last().user, "");
  EXPECT_GE(last().time, before);
}

TEST_F(ReceivingTest, AMessageLeavesNothingToTheNext) {
  deliver("1\r\n.\r\n");
  say("MAIL FROM:<>");
  say("RCPT TO:<c@sink.example>");
  say("DATA");
  session_->receive("2\r\n.\r\n");
  EXPECT_EQ(last().sender.address, "");
  EXPECT_EQ(last().recipients.size(), 1u);
  EXPECT_EQ(last().octets, "2\r\n");
}

struct Sent {
  std::string sent;
  std::string kept;
};

TEST_F(ReceivingTest, KeepsMailDataOctetByOctet) {
  const std::vector<Sent> all = {
      {".\r\n", ""},
      {"\r\n.\r\n", "\r\n"},
      {"..\r\n.\r\n", ".\r\n"},
      {".a\r\n.\r\n", "a\r\n"},
      {"a.\r\n..b\r\n.\r\n", "a.\r\n.b\r\n"},
      // None of these is an end, and only CRLF begins a line.
      {"a\n.\nb\n..c\r\n.\r\n", "a\n.\nb\n..c\r\n"},
      {"a\r.\rb\r..c\r\n.\r\n", "a\r.\rb\r..c\r\n"},
      {"a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n"},
      {"a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n"},
      {"a\r\r\n.\r\n", "a\r\r\n"},
      // The dot of a line that is more than a dot is taken away.
      {"a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n"},
      {"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n"},
      {"a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n"},
      {"a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n"},
      {"\0\xff\x80 \t\x1a\r\n.\r\n"s, "\0\xff\x80 \t\x1a\r\n"s}};
  for (const auto& [sent, kept] : all) {
    SCOPED_TRACE(base::escape(sent));
    EXPECT_THAT(deliver(sent), StartsWith("250 "));
    EXPECT_EQ(last().octets, kept);
  }
  EXPECT_EQ(count(), all.size());
}

TEST_F(ReceivingTest, KeepsASizeAndCountsNothingBeyond) {
  ReceivingOptions options;
  options.octet_limit = 10;
  begin(options);
  deliver("12345678\r\n.\r\n");
  EXPECT_EQ(last().octets, "12345678\r\n");
  EXPECT_FALSE(last().is_cut);
  EXPECT_THAT(deliver("12345678\r\n..9\r\n.\r\n"), StartsWith("250 "));
  EXPECT_EQ(last().octets, "12345678\r\n");
  EXPECT_TRUE(last().is_cut);
}

TEST_F(ReceivingTest, TakesChunksOfAnyOctets) {
  say("MAIL FROM:<a@b> BODY=BINARYMIME");
  say("RCPT TO:<c@d>");
  EXPECT_THAT(session_->receive("BDAT 6\r\n.\r\n\0\xff\n"s),
              StartsWith("250 "));
  EXPECT_THAT(say("DATA"), StartsWith("503 "));
  EXPECT_THAT(say("RCPT TO:<e@d>"), StartsWith("503 "));
  EXPECT_EQ(count(), 0u);
  EXPECT_THAT(session_->receive("bdat 3 last\r\nQ\r\nNOOP\r\n"),
              StartsWith("250 2.0.0 Kept\r\n250 "));
  ASSERT_EQ(count(), 1u);
  EXPECT_EQ(last().octets, ".\r\n\0\xff\nQ\r\n"s);
}

TEST_F(ReceivingTest, ReadsARefusedChunkAndKeepsNothing) {
  EXPECT_THAT(session_->receive("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
              StartsWith("503 5.5.1 Not now\r\n250 "));
  say("MAIL FROM:<a@b>");
  EXPECT_THAT(session_->receive("BDAT 6\r\nQUIT\r\n"), StartsWith("554 "));
  EXPECT_THAT(say("RCPT TO:<c@d>"), StartsWith("503 "));
  EXPECT_THAT(session_->receive("BDAT 0 LAST\r\n"), StartsWith("554 "));
  EXPECT_THAT(say("MAIL FROM:<a@b>"), StartsWith("250 "));
  EXPECT_EQ(count(), 0u);
}

TEST_F(ReceivingTest, EndsASessionWhoseChunkHasNoSize) {
  for (const auto* line : {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 FIRST",
                           "BDAT 99999999999999999999", "BDAT 1 LAST x"}) {
    begin();
    EXPECT_THAT(say(line), StartsWith("421 ")) << line;
    EXPECT_TRUE(session_->closing());
  }
}

TEST_F(ReceivingTest, RefusesWhoIsSaidToBeRefused) {
  say("MAIL FROM:<a@b>");
  EXPECT_THAT(say("RCPT TO:<refused-1@d>"), StartsWith("550 5.1.1 "));
  EXPECT_THAT(say("RCPT TO:<c@d>"), StartsWith("250 "));
  say("DATA");
  session_->receive(".\r\n");
  EXPECT_EQ(last().recipients.size(), 1u);
}

TEST_F(ReceivingTest, KeepsTheOrderOfATransaction) {
  EXPECT_THAT(say("RCPT TO:<a@b>"), StartsWith("503 "));
  EXPECT_THAT(say("DATA"), StartsWith("503 "));
  say("MAIL FROM:<a@b>");
  EXPECT_THAT(say("DATA"), StartsWith("503 "));
  EXPECT_THAT(say("MAIL FROM:<a@b>"), StartsWith("503 "));
  say("RSET");
  EXPECT_THAT(say("MAIL FROM:<a@b>"), StartsWith("250 "));
  say("RCPT TO:<c@d>");
  say("EHLO again.example");
  EXPECT_THAT(say("DATA"), StartsWith("503 "));
}

TEST_F(ReceivingTest, AnswersWhatElseThereIs) {
  EXPECT_THAT(say("noop x"), StartsWith("250 "));
  EXPECT_THAT(say("VRFY x"), StartsWith("252 "));
  EXPECT_THAT(say("MAIL"), StartsWith("501 "));
  EXPECT_THAT(say("XYZ"), StartsWith("500 "));
  EXPECT_THAT(say(""), StartsWith("500 "));
  EXPECT_THAT(say("STARTTLS"), StartsWith("502 "));
  EXPECT_THAT(session_->receive("QUIT \r\nNOOP\r\n"), StartsWith("221 "));
  EXPECT_TRUE(session_->closing());
  EXPECT_EQ(say("NOOP"), "");
}

TEST_F(ReceivingTest, LimitsRecipients) {
  say("MAIL FROM:<a@b>");
  for (std::size_t i = 0; i < Receiving::recipient_limit; ++i)
    say("RCPT TO:<c@d>");
  EXPECT_THAT(say("RCPT TO:<c@d>"), StartsWith("452 "));
  say("DATA");
  session_->receive(".\r\n");
  EXPECT_EQ(last().recipients.size(), Receiving::recipient_limit);
}

TEST_F(ReceivingTest, ForgetsAnEndlessLineAndAnswersItsEnd) {
  const std::string octets(Receiving::line_limit, 'x');
  EXPECT_EQ(session_->receive("NOOP "), "");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(session_->receive(octets), "");
  EXPECT_THAT(session_->receive("\r\n"), StartsWith("500 5.5.2 "));
  EXPECT_THAT(say("NOOP " + octets.substr(7)), StartsWith("250 "));
  EXPECT_THAT(say("NOOP " + octets.substr(6)), StartsWith("500 5.5.2 "));
}

TEST_F(ReceivingTest, LetsAnybodyLogInAndKeepsTheNameOnly) {
  const auto plain = base::base64_encode("\0alice\0secret"s);
  EXPECT_THAT(say("AUTH PLAIN " + plain), StartsWith("235 "));
  EXPECT_THAT(say("AUTH PLAIN " + plain), StartsWith("503 "));
  deliver(".\r\n");
  EXPECT_EQ(last().user, "alice");

  begin();
  EXPECT_EQ(say("AUTH plain"), "334 \r\n");
  EXPECT_THAT(say(plain), StartsWith("235 "));

  begin();
  EXPECT_EQ(say("AUTH LOGIN"), "334 VXNlcm5hbWU6\r\n");
  EXPECT_EQ(say(base::base64_encode("bob")), "334 UGFzc3dvcmQ6\r\n");
  EXPECT_THAT(say(base::base64_encode("secret")), StartsWith("235 "));
  deliver(".\r\n");
  EXPECT_EQ(last().user, "bob");
}

TEST_F(ReceivingTest, ALoginThatFailsNamesNobody) {
  EXPECT_THAT(say("AUTH"), StartsWith("501 "));
  EXPECT_THAT(say("AUTH CRAM-MD5"), StartsWith("504 "));
  EXPECT_THAT(say("AUTH PLAIN ="), StartsWith("535 "));
  EXPECT_THAT(say("AUTH PLAIN !"), StartsWith("501 "));
  say("AUTH LOGIN " + base::base64_encode("bob"));
  EXPECT_THAT(say("*"), StartsWith("501 "));
  deliver(".\r\n");
  EXPECT_EQ(last().user, "");
}

TEST_F(ReceivingTest, ForgetsUnderTlsWhatWasSaidInTheClear) {
  ReceivingOptions options;
  options.offers_tls = true;
  begin(options);
  EXPECT_THAT(say("EHLO x"), HasSubstr("250-STARTTLS\r\n"));
  EXPECT_THAT(say("EHLO x"), Not(HasSubstr("AUTH")));
  say("MAIL FROM:<a@b>");
  EXPECT_THAT(session_->receive("STARTTLS\r\nMAIL FROM:<injected@b>\r\n"),
              StartsWith("220 "));
  EXPECT_TRUE(session_->starting_tls());
  EXPECT_EQ(say("RCPT TO:<injected@b>"), "");
  net::TlsFacts facts;
  facts.version = "TLSv1.3";
  session_->tls_started(facts);
  EXPECT_FALSE(session_->starting_tls());
  EXPECT_THAT(say("RCPT TO:<c@d>"), StartsWith("503 "));
  EXPECT_THAT(say("STARTTLS"), StartsWith("503 "));
  deliver(".\r\n");
  EXPECT_EQ(last().client_name, "");
  ASSERT_TRUE(last().tls);
  EXPECT_EQ(last().tls->version, "TLSv1.3");
  EXPECT_THAT(say("EHLO x"), Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(say("EHLO x"), HasSubstr("AUTH PLAIN LOGIN"));
}

TEST_F(ReceivingTest, LmtpAnswersOnceForEachRecipientThatWasTaken) {
  ReceivingOptions options;
  options.lmtp = true;
  begin(options);
  EXPECT_THAT(say("EHLO x"), StartsWith("500 "));
  EXPECT_THAT(say("HELO x"), StartsWith("500 "));
  say("MAIL FROM:<a@b>");
  say("RCPT TO:<1@d>");
  say("RCPT TO:<refused-2@d>");
  say("RCPT TO:<3@d>");
  say("DATA");
  EXPECT_EQ(session_->receive(".\r\n"), "250 2.0.0 Kept\r\n250 2.0.0 Kept\r\n");
  EXPECT_EQ(last().witness, Witness::lmtp);
  EXPECT_EQ(last().client_name, "client.example");
  say("MAIL FROM:<a@b>");
  say("RCPT TO:<1@d>");
  say("RCPT TO:<3@d>");
  EXPECT_EQ(session_->receive("BDAT 1\r\nx"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(session_->receive("BDAT 0 LAST\r\n"),
            "250 2.0.0 Kept\r\n250 2.0.0 Kept\r\n");
}

TEST_F(ReceivingTest, APartOfAMessageIsNotKept) {
  deliver("Hello\r\n.\r");
  session_.reset();
  EXPECT_EQ(count(), 0u);
}

TEST_F(ReceivingTest, PiecesChangeNothing) {
  const std::string dialog =
      "EHLO x\r\nMAIL FROM:<a@b> SIZE=1\r\nRCPT TO:<\"c> d\"@e>\r\n"
      "RCPT TO:<refused-@e>\r\nDATA\r\n..a\r\n.\rb\n.\n\0\r\n.\r\n"s
      "NOOP\r\nAUTH LOGIN\r\nYm9i\r\nc2VjcmV0\r\nXYZ\r\nNO\nOP\r\n"
      "MAIL FROM:<>\r\nRCPT TO:<f@g>\r\nBDAT 5\r\n.\r\nQUBDAT 0\r\n"
      "BDAT 3 LAST\r\n\r\n.QUIT\r\nNOOP\r\n" +
      std::string(20000, 'x');
  const std::string at_once = session_->receive(dialog);
  ASSERT_EQ(count(), 2u);
  const Arrival first = *mailbox_.arrivals()[0];
  const Arrival second = last();
  EXPECT_EQ(first.octets, ".a\r\n\rb\n.\n\0\r\n"s);
  EXPECT_EQ(second.octets, ".\r\nQU\r\n.");
  EXPECT_EQ(second.user, "bob");
  for (const std::size_t size : {1U, 2U, 3U, 7U, 64U}) {
    begin();
    std::string in_pieces;
    for (std::size_t i = 0; i < dialog.size(); i += size)
      in_pieces += session_->receive(std::string_view(dialog).substr(i, size));
    EXPECT_EQ(in_pieces, at_once);
    EXPECT_EQ(last().octets, second.octets);
    const Arrival& before = **(mailbox_.arrivals().end() - 2);
    EXPECT_EQ(before.octets, first.octets);
    EXPECT_EQ(before.recipients[0].address, "\"c> d\"@e");
  }
  EXPECT_EQ(count(), 12u);
}

}  // namespace
}  // namespace smtpspec::sink
