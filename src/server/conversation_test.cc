#include "server/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/session_fixture.h"

namespace smtpspec::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// Codes of the replies in `octets`, one a reply: "250 250 354".
std::string codes(std::string_view octets) {
  std::string result;
  while (!octets.empty()) {
    const auto line = octets.substr(0, octets.find("\r\n"));
    if (line.size() > 3 && line[3] == ' ')
      result += (result.empty() ? "" : " ") + std::string(line.substr(0, 3));
    octets.remove_prefix(line.size() + 2);
  }
  return result;
}

TEST(Conversation, GreetsWithItsName) {
  EXPECT_THAT(Session().greeting(), StartsWith("220 mx.example.test ESMTP"));
}

TEST(Conversation, ListsItsExtensions) {
  const auto reply = Session().say("EHLO client.example");
  EXPECT_THAT(reply, StartsWith("250-mx.example.test "));
  for (const auto* keyword :
       {"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN",
        "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "VRFY", "EXPN"}) {
    EXPECT_THAT(reply, HasSubstr("250-" + std::string(keyword)));
  }
  EXPECT_THAT(reply, HasSubstr("SIZE " + std::to_string(size_limit) + "\r\n"));
  EXPECT_THAT(reply, HasSubstr("250-HELP\r\n"));
  EXPECT_EQ(Session().say("HELO client.example"), "250 mx.example.test\r\n");
}

TEST(Conversation, TakesNamesAndLiteralsInEhlo) {
  for (const auto* name : {"client.example", "localhost", "[127.0.0.1]",
                           "[IPv6:2001:db8::1]", "xn--bcher-kva.example"}) {
    EXPECT_EQ(Session().code("EHLO " + std::string(name)), "250") << name;
  }
  for (const auto* name : {"", " ", " a_b", " a..b", " [1.2.3.999]", " a b"})
    EXPECT_EQ(Session().code("EHLO" + std::string(name)), "501") << name;
}

TEST(Conversation, TakesAMail) {
  Session session;
  EXPECT_EQ(session.deliver("Subject: x\r\n\r\n..\r\n.\r\n"), "250");
  const Message& message = session.last_message();
  EXPECT_EQ(message.sender, "sender@client.example");
  EXPECT_THAT(message.recipients,
              testing::ElementsAre(testing::Field(&Recipient::address,
                                                  "alice@example.test")));
  EXPECT_EQ(message.octets,
            "Return-Path: <sender@client.example>\r\n"
            "Received: from client.example ([127.0.0.1])\r\n"
            "\tby mx.example.test with ESMTP id 1;\r\n"
            "\tSat, 21 Nov 2026 00:00:00 +0000\r\n"
            "Subject: x\r\n\r\n.\r\n");
}

/// What stands in the trace field of a mail with `parameter`.
std::string trace_of(const std::string& parameter) {
  Session session;
  session.say("EHLO client.example");
  session.say("MAIL FROM:<a@b.example> " + parameter);
  session.say("RCPT TO:<alice@example.test>");
  session.say("DATA");
  session.send("x\r\n.\r\n");
  return session.last_message().octets;
}

TEST(Conversation, TracesThePriorityThatItDetermined) {
  EXPECT_THAT(trace_of("MT-PRIORITY=-3"), HasSubstr(" id 1 PRIORITY -3;\r\n"));
  EXPECT_THAT(trace_of("MT-PRIORITY=3"), HasSubstr(" id 1 PRIORITY 0;\r\n"));
  EXPECT_THAT(trace_of("BODY=8BITMIME"), HasSubstr(" id 1;\r\n"));
}

TEST(Conversation, GreetsTheAddressThatXclientNames) {
  Session session;
  EXPECT_THAT(session.say("EHLO x.example"), HasSubstr("greets [127.0.0.1]"));
  session.say("XCLIENT ADDR=192.0.2.1");
  EXPECT_THAT(session.say("EHLO x.example"), HasSubstr("greets [192.0.2.1]"));
  session.say("XCLIENT ADDR=IPv6:2001:db8::1");
  EXPECT_THAT(session.say("EHLO x.example"),
              HasSubstr("greets [IPv6:2001:db8::1]"));
}

TEST(Conversation, AnswersTheSameHoweverInputIsCut) {
  const std::string input =
      "EHLO client.example\r\nMAIL FROM:<a@b.example>\r\nFOO\r\nNOOP\nx\r\n"
      "RCPT TO:<alice@example.test>\r\nRCPT TO:<x@example.test>\r\nDATA\r\n"
      ".x\r\n..\r\n.\rx\n.\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>"
      "\r\nBDAT 4\r\na\r\n.BDAT 3 LAST\r\nxyzBDAT 3\r\nabcVRFY alice\r\n"
      "QUIT\r\n";
  const std::string whole = Session().send(input);
  EXPECT_EQ(codes(whole),
            "250 250 500 500 250 550 354 550 250 250 250 250 503 250 221");
  for (std::size_t i = 0; i <= input.size(); ++i) {
    Session session;
    auto octets = session.send(input.substr(0, i));
    octets += session.send(input.substr(i));
    EXPECT_EQ(octets, whole) << i;
  }
  Session session;
  std::string octets;
  for (const char c : input) octets += session.send(std::string(1, c));
  EXPECT_EQ(octets, whole);
}

TEST(Conversation, KeepsTheOrderOfCommands) {
  Session session;
  EXPECT_EQ(session.code("MAIL FROM:<a@b.example>"), "503");
  session.say("EHLO client.example");
  EXPECT_EQ(session.code("RCPT TO:<alice@example.test>"), "503");
  EXPECT_EQ(session.code("DATA"), "503");
  EXPECT_EQ(session.code("MAIL FROM:<a@b.example>"), "250");
  EXPECT_EQ(session.code("DATA"), "503");
  EXPECT_EQ(session.code("MAIL FROM:<a@b.example>"), "503");
  EXPECT_EQ(session.code("RCPT TO:<alice@example.test>"), "250");
  EXPECT_EQ(session.code("DATA"), "354");
}

TEST(Conversation, ForgetsTheTransaction) {
  for (const auto* line :
       {"RSET", "EHLO client.example", "HELO client.example"}) {
    Session session;
    session.begin_mail();
    EXPECT_EQ(session.code(line), "250");
    EXPECT_EQ(session.code("RCPT TO:<alice@example.test>"), "503") << line;
    EXPECT_EQ(session.code("DATA"), "503") << line;
  }
}

TEST(Conversation, KeepsTheTransactionOverOtherCommands) {
  for (const auto* line :
       {"NOOP", "VRFY alice", "EXPN staff", "HELP", "FOO", "EHLO a_b",
        "MAIL FROM:<x@y.example>", "RCPT TO:<a@@b>", "RSET x", "QUIT x",
        "DATA x"}) {
    Session session;
    session.begin_mail();
    session.say(line);
    EXPECT_EQ(session.code("DATA"), "354") << line;
  }
}

TEST(Conversation, ToleratesTrailingWhiteSpace) {
  Session session;
  EXPECT_EQ(session.code("EHLO client.example \t"), "250");
  EXPECT_EQ(session.code("RSET  "), "250");
  EXPECT_EQ(session.code("MAIL FROM:<a@b.example> "), "250");
  EXPECT_EQ(session.code("QUIT\t"), "221");
  EXPECT_TRUE(session.closing());
}

TEST(Conversation, EndsLinesWithCrlfOnly) {
  Session session;
  EXPECT_EQ(session.send("NOOP\nNOOP\rNOOP\n\r"), "");
  EXPECT_EQ(session.send("\r\n"), "500 5.5.2 Bare CR or LF in a command\r\n");
}

TEST(Conversation, AnswersALongLineOnce) {
  Session session;
  EXPECT_EQ(session.code("NOOP " + std::string(505, 'x')), "250");
  EXPECT_EQ(codes(session.say("NOOP " + std::string(506, 'x'))), "500");
  EXPECT_EQ(codes(session.say("NOOP " + std::string(70000, 'x'))), "500");
}

TEST(Conversation, CutsReplyLinesAt512Octets) {
  EXPECT_EQ(Session().say(std::string(505, 'x')).size(), 512u);
}

TEST(Conversation, TellsCodesApart) {
  Session session;
  session.say("EHLO client.example");
  EXPECT_THAT(session.say("FOO"), StartsWith("500 5.5.1"));
  EXPECT_THAT(session.say("TURN"), StartsWith("502 5.5.1"));
  EXPECT_THAT(session.say("MAIL"), StartsWith("501 5.5.4"));
  EXPECT_THAT(session.say("MAIL FROM:<a@>"), StartsWith("501 5.1.7"));
  EXPECT_THAT(session.say("MAIL FROM:<a@b.c> X=1"), StartsWith("555 5.5.4"));
  EXPECT_THAT(session.say("MAIL FROM:<a@b.c> BODY=X"), StartsWith("504 5.5.4"));
  EXPECT_THAT(session.say("MAIL FROM:<a@b.c> SIZE=99999999"),
              StartsWith("552 5.3.4"));
  EXPECT_THAT(session.say("MAIL FROM:<\xc3\xbc@b.c>"), StartsWith("550 5.6.7"));
  session.say("MAIL FROM:<a@b.c>");
  EXPECT_THAT(session.say("RCPT TO:<a@>"), StartsWith("501 5.1.3"));
  EXPECT_THAT(session.say("RCPT TO:<x@example.test>"), StartsWith("550 5.1.1"));
  EXPECT_THAT(session.say("RCPT TO:<a@b.c>"), StartsWith("550 5.7.1"));
  EXPECT_THAT(session.say("RCPT TO:<\xc3\xbc@b.c>"), StartsWith("553 5.6.7"));
}

TEST(Conversation, KnowsItsMailboxes) {
  Session session;
  session.begin_mail();
  for (const std::string mailbox :
       {"postmaster", "PostMaster", "postmaster@EXAMPLE.test",
        "alice+x@example.test", "\"al\\ice\"@example.test",
        "@r.example:bob@example.test", "staff@example.test"}) {
    EXPECT_EQ(session.code("RCPT TO:<" + mailbox + ">"), "250") << mailbox;
  }
  const std::string longest(64, 'x');
  EXPECT_EQ(session.code("RCPT TO:<" + longest + "@example.test>"), "250");
}

TEST(Conversation, Takes1000Recipients) {
  Session session;
  session.say("EHLO client.example");
  session.say("MAIL FROM:<>");
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(session.code("RCPT TO:<alice@example.test>"), "250");
  EXPECT_THAT(session.say("RCPT TO:<bob@example.test>"),
              StartsWith("452 4.5.3"));
}

TEST(Conversation, SeesOnlyCrlfDotCrlfAsTheEnd) {
  using std::string_literals::operator""s;
  for (const auto& end :
       {"\n.\n"s, "\n.\r\n"s, "\r\n.\n"s, "\r.\r"s, "\r.\r\n"s, "\r\n.\r"s,
        "\r\n.\r\r\n"s, "\r\n.\0\r\n"s, "\r\n\0.\r\n"s, "\r\n. \r\n"s}) {
    Session session;
    session.begin_mail();
    session.say("DATA");
    EXPECT_EQ(session.send("x" + end + "NOOP\r\n"), "");
    EXPECT_NE(session.send("\r\n.\r\n"), "");
    EXPECT_EQ(session.code("NOOP"), "250");
  }
}

TEST(Conversation, EndsAtADotOnTheFirstLine) {
  EXPECT_EQ(Session().deliver(".\r\n"), "250");
}

TEST(Conversation, RefusesBareLineEndsInData) {
  EXPECT_EQ(Session().deliver("a\nb\r\n.\r\n"), "550");
  EXPECT_EQ(Session().deliver("a\rb\r\n.\r\n"), "550");
}

TEST(Conversation, KeepsNulAndOctetsAbove127) {
  Session session;
  const std::string content("a\0\xff\r\n", 5);
  EXPECT_EQ(session.deliver(content + ".\r\n"), "250");
  EXPECT_THAT(session.last_message().octets, EndsWith(content));
}

TEST(Conversation, StopsLoopsAbove100Received) {
  const auto content = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "Received: by x; now\r\n";
    return text + "\r\nReceived: no\r\n.\r\n";
  };
  EXPECT_EQ(Session().deliver(content(100)), "250");
  EXPECT_EQ(Session().deliver(content(101)), "554");
}

TEST(Conversation, CountsSizeWithoutStuffedDots) {
  std::string content;
  while (content.size() < size_limit + size_limit / 10) content += "..\r\n";
  EXPECT_EQ(Session().deliver(content + ".\r\n"), "250");
  content += content;
  EXPECT_EQ(Session().deliver(content + ".\r\n"), "552");
}

TEST(Conversation, TakesChunks) {
  Session session;
  session.begin_mail();
  EXPECT_EQ(codes(session.send("BDAT 3\r\na\n.BDAT 2 LAST\r\nbc")), "250 250");
  EXPECT_THAT(session.last_message().octets, EndsWith("a\n.bc"));
}

TEST(Conversation, EatsTheChunksItRefuses) {
  EXPECT_EQ(codes(Session().send("BDAT 6\r\nNOOP\r\nNOOP\r\n")), "503 250");
  Session session;
  session.begin_mail();
  EXPECT_EQ(codes(session.send("BDAT 2 LAST\r\nabBDAT 6\r\nNOOP\r\nRSET\r\n")),
            "250 503 250");
}

TEST(Conversation, DoesNotMixDataWithChunksOrBinary) {
  Session session;
  session.begin_mail();
  session.send("BDAT 1\r\nx");
  EXPECT_EQ(session.code("DATA"), "503");
  session.say("RSET");
  session.say("MAIL FROM:<> BODY=BINARYMIME");
  session.say("RCPT TO:<bob@example.test>");
  EXPECT_EQ(session.code("DATA"), "503");
}

TEST(Conversation, LimitsSizeOverAllChunks) {
  Session session;
  session.begin_mail();
  const std::string chunk(size_limit * 6 / 10, 'x');
  const std::string command = "BDAT " + std::to_string(chunk.size());
  EXPECT_EQ(codes(session.send(command + "\r\n" + chunk)), "250");
  EXPECT_EQ(codes(session.send(command + "\r\n" + chunk)), "552");
  EXPECT_EQ(codes(session.send(command + " LAST\r\n" + chunk)), "503");
  EXPECT_EQ(session.code("RSET"), "250");
}

TEST(Conversation, ChecksParametersOfDsn) {
  Session session;
  session.say("EHLO client.example");
  for (const std::string text :
       {"RET=FOO", "RET", "ENVID", "ENVID=a+2", "ENVID=a=b",
        "RET=FULL RET=FULL", "ENVID=a ENVID=b"}) {
    EXPECT_EQ(session.code("MAIL FROM:<> " + text), "501") << text;
  }
  EXPECT_EQ(session.code("MAIL FROM:<> RET=hdrs ENVID=a+2B"), "250");
  const std::string rcpt = "RCPT TO:<alice@example.test> ";
  for (const std::string text :
       {"NOTIFY=NEVER,DELAY", "NOTIFY=FOO", "NOTIFY", "ORCPT=x@y",
        "ORCPT=rfc822;a+ZZ", "NOTIFY=DELAY NOTIFY=DELAY"}) {
    EXPECT_EQ(session.code(rcpt + text), "501") << text;
  }
  EXPECT_EQ(session.code(rcpt + "NOTIFY=success,DELAY ORCPT=rfc822;x"), "250");
  EXPECT_EQ(session.code(rcpt + "ORCPT=utf-8;\xc3\xbc@x"), "250");
}

TEST(Conversation, VerifiesUsers) {
  Session session;
  EXPECT_EQ(session.say("VRFY Alice"), "250 2.1.5 <alice@example.test>\r\n");
  EXPECT_EQ(session.code("VRFY bob@example.test"), "250");
  EXPECT_EQ(session.code("VRFY nobody"), "550");
  EXPECT_EQ(session.code("VRFY a@b.example"), "252");
  EXPECT_EQ(session.code("VRFY"), "501");
  EXPECT_EQ(session.say("EXPN staff"),
            "250-2.1.5 <alice@example.test>\r\n"
            "250 2.1.5 <bob@example.test>\r\n");
}

TEST(Conversation, KeepsUtf8OutOfRepliesUnlessAsked) {
  Session session;
  const std::string vrfy = "VRFY " + std::string(utf8_mailbox);
  EXPECT_THAT(session.say(vrfy), StartsWith("252 2.6.8"));
  EXPECT_THAT(session.say(vrfy + " SMTPUTF8"),
              HasSubstr(std::string(utf8_mailbox)));
}

TEST(Conversation, ClosesAfter20Errors) {
  Session session;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(session.code("FOO"), "500");
  EXPECT_FALSE(session.closing());
  EXPECT_EQ(session.say("FOO"),
            "421 4.3.0 mx.example.test Too many errors\r\n");
  EXPECT_TRUE(session.closing());
}

TEST(Conversation, IgnoresWhatFollowsQuit) {
  Session session;
  EXPECT_EQ(codes(session.send("QUIT\r\nNOOP\r\n")), "221");
  EXPECT_EQ(session.say("NOOP"), "");
}

TEST(Store, KeepsTheNewestMessages) {
  Session session;
  for (int i = 0; i < 70; ++i) session.deliver("x\r\n.\r\n");
  EXPECT_EQ(session.store().messages().size(), Store::kept);
  EXPECT_EQ(session.last_message().id, 70u);
}

}  // namespace
}  // namespace smtpspec::server
