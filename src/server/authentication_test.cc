#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/burl.h"
#include "server/sasl_fixture.h"

namespace smtpspec::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string ehlo(std::optional<net::TlsFacts> tls,
                 Service service = Service::mta) {
  return Dialogue(std::move(tls), {}, service)
      .say(service == Service::lmtp ? "LHLO client.example"
                                    : "EHLO client.example");
}

TEST(Auth, IsListedUnderTlsOnly) {
  EXPECT_THAT(ehlo(std::nullopt), Not(HasSubstr("AUTH")));
  EXPECT_THAT(ehlo(std::nullopt, Service::submission), Not(HasSubstr("AUTH")));
  EXPECT_THAT(ehlo(tls_1_3(), Service::lmtp), Not(HasSubstr("AUTH")));
  for (const Service service : {Service::mta, Service::submission}) {
    EXPECT_THAT(ehlo(tls_1_3(), service),
                HasSubstr("AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER "
                          "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS "
                          "SCRAM-SHA-256-PLUS\r\n"));
  }
  EXPECT_THAT(ehlo(net::TlsFacts{}), Not(HasSubstr("-PLUS")));
  EXPECT_THAT(ehlo(with_certificate()), HasSubstr(" EXTERNAL\r\n"));
}

TEST(Auth, IsRefusedInTheClearWhateverThePassword) {
  Dialogue dialogue(std::nullopt);
  const auto right = dialogue.log_in();
  EXPECT_THAT(right, StartsWith("538 5.7.11 "));
  EXPECT_EQ(dialogue.auth("PLAIN", "x"), right);
  EXPECT_EQ(dialogue.say("AUTH OAUTHBEARER"), right);
  EXPECT_THAT(dialogue.say("AUTH X-NOSUCH"), StartsWith("504 5.5.4 "));
}

TEST(Auth, LogsIn) {
  EXPECT_THAT(Dialogue(tls_1_3()).log_in(), StartsWith("235 2.7.0 "));
  Dialogue dialogue(tls_1_3());
  EXPECT_EQ(dialogue.say("auth plain"), "334 \r\n");
  EXPECT_THAT(dialogue.answer(Dialogue::plain("", "alice", user_password)),
              StartsWith("235 2.7.0 "));
  Dialogue login(tls_1_3());
  EXPECT_EQ(login.say("AUTH LOGIN"), "334 VXNlcm5hbWU6\r\n");
  EXPECT_EQ(login.answer("bob"), "334 UGFzc3dvcmQ6\r\n");
  EXPECT_THAT(login.answer(second_user_password), StartsWith("235"));
}

TEST(Auth, ComesOnceAndInItsPlace) {
  Dialogue dialogue(tls_1_3());
  dialogue.say("MAIL FROM:<a@b.example>");
  EXPECT_THAT(dialogue.log_in(), StartsWith("503"));
  EXPECT_THAT(dialogue.say("RCPT TO:<alice@example.test>"), StartsWith("250"));
  dialogue.say("RSET");
  EXPECT_THAT(dialogue.log_in(), StartsWith("235"));
  EXPECT_THAT(dialogue.log_in(), StartsWith("503"));
  for (const auto* line : {"RSET", "EHLO client.example"}) {
    dialogue.say(line);
    EXPECT_THAT(dialogue.log_in(), StartsWith("503"));
  }
  dialogue.mail("x");
  EXPECT_THAT(dialogue.log_in(), StartsWith("503"));
  dialogue.start_tls();
  EXPECT_THAT(dialogue.log_in(), StartsWith("503"));
  dialogue.say("EHLO client.example");
  EXPECT_THAT(dialogue.log_in(), StartsWith("235"));

  Dialogue old(tls_1_3());
  old.say("HELO client.example");
  EXPECT_THAT(old.log_in(), StartsWith("503"));
}

TEST(Auth, RefusesWhatIsNoCommand) {
  Dialogue dialogue(tls_1_3());
  EXPECT_THAT(dialogue.say("AUTH"), StartsWith("501 5.5.4"));
  EXPECT_THAT(dialogue.say("AUTH X-NOSUCH"), StartsWith("504 5.5.4"));
  EXPECT_THAT(dialogue.say("AUTH CRAM-MD5 Zm9v"), StartsWith("501 5.7.0"));
  EXPECT_THAT(dialogue.say("AUTH LOGIN ="), StartsWith("501 5.7.0"));
  EXPECT_THAT(dialogue.say("AUTH PLAIN ="), StartsWith("535 5.7.8"));
  for (const auto* text : {"!!!!", "=AAA", "AAA=BBB=", "AAAAA", "AB==", "AA A",
                           "AAAA x", "AAAA-_=="}) {
    EXPECT_THAT(dialogue.say("AUTH PLAIN " + std::string(text)),
                StartsWith("501 5.5.2"))
        << text;
  }
  EXPECT_THAT(dialogue.log_in(), StartsWith("235"));
}

TEST(Auth, IsCancelledByAnAsterisk) {
  Dialogue dialogue(tls_1_3());
  for (const auto* mechanism :
       {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER"}) {
    dialogue.say("AUTH " + std::string(mechanism));
    EXPECT_THAT(dialogue.say("*"), StartsWith("501 5.7.0"));
    EXPECT_THAT(dialogue.say("NOOP"), StartsWith("250"));
  }
  dialogue.say("AUTH LOGIN");
  dialogue.answer("alice");
  EXPECT_THAT(dialogue.say("*"), StartsWith("501"));
  EXPECT_THAT(dialogue.log_in(), StartsWith("235"));
}

TEST(Auth, TakesLongResponses) {
  const auto reply_to = [](std::size_t size) {
    Dialogue dialogue(tls_1_3());
    dialogue.say("AUTH PLAIN");
    const auto reply = dialogue.say(std::string(size, 'A'));
    EXPECT_THAT(dialogue.say("NOOP"), StartsWith("250"));
    return reply.substr(0, 9);
  };
  EXPECT_EQ(reply_to(12288), "535 5.7.8");
  EXPECT_EQ(reply_to(12292), "500 5.5.6");
  EXPECT_EQ(reply_to(1000000), "500 5.5.6");
  Dialogue dialogue(tls_1_3());
  EXPECT_THAT(dialogue.say("AUTH PLAIN " + std::string(12000, 'A')),
              StartsWith("535"));
  EXPECT_THAT(dialogue.say("AUTH PLAIN " + std::string(13000, 'A')),
              StartsWith("500 5.5.6"));
}

TEST(Auth, SaysTheSameOfUnknownUsers) {
  Dialogue dialogue(tls_1_3());
  const auto wrong = dialogue.auth("PLAIN", Dialogue::plain("", "alice", "x"));
  EXPECT_THAT(wrong, StartsWith("535 5.7.8 "));
  EXPECT_EQ(dialogue.auth("PLAIN", Dialogue::plain("", "nobody", "x")), wrong);
}

TEST(Auth, HasAReplyForEachStanding) {
  Dialogue dialogue(tls_1_3());
  const auto reply_to = [&](std::string_view name) {
    return dialogue
        .auth("PLAIN", Dialogue::plain("", name, find_user(name)->password))
        .substr(0, 10);
  };
  EXPECT_THAT(dialogue.say("AUTH CRAM-MD5"), StartsWith("334"));
  EXPECT_THAT(dialogue.answer("carol 0123"), StartsWith("432 4.7.12"));
  EXPECT_EQ(reply_to("theboss"), "454 4.7.0 ");
  EXPECT_EQ(reply_to("dave"), "534 5.7.9 ");
  ScramClient dave{.name = "dave",
                   .password = std::string(find_user("dave")->password)};
  EXPECT_THAT(dave.play(dialogue), StartsWith("235"));
  Dialogue old(tls_1_3());
  EXPECT_THAT(old.auth("PLAIN", Dialogue::plain("", "carol", user_password)),
              StartsWith("235"));
}

TEST(Auth, EndsAfterTooManyFailures) {
  Dialogue dialogue(tls_1_3());
  for (int i = 0; i < Conversation::login_failure_limit; ++i)
    EXPECT_THAT(dialogue.auth("PLAIN", "x"), StartsWith("535"));
  EXPECT_THAT(dialogue.auth("PLAIN", "x"), StartsWith("421 4.3.0"));
  EXPECT_TRUE(dialogue.closing());
}

TEST(Auth, IsPipelined) {
  Dialogue dialogue(tls_1_3());
  const auto octets = dialogue.send(
      "AUTH PLAIN " +
      base::base64_encode(Dialogue::plain("", user_name, user_password)) +
      "\r\nMAIL FROM:<alice@example.test>\r\nRCPT TO:<a@far.example>\r\n");
  EXPECT_THAT(octets, testing::MatchesRegex("235.*\r\n250.*\r\n250.*\r\n"));
}

TEST(Auth, ShowsInReceived) {
  const auto with = [](Dialogue& dialogue, const std::string& parameter) {
    dialogue.say("MAIL FROM:<a@b.example>" + parameter);
    dialogue.say("RCPT TO:<alice@example.test>");
    dialogue.say("DATA");
    dialogue.say(".");
    const auto& octets = dialogue.last_message().octets;
    const auto begin = octets.find(" with ") + 6;
    return octets.substr(begin, octets.find(' ', begin) - begin);
  };
  Dialogue clear(std::nullopt);
  EXPECT_EQ(with(clear, ""), "ESMTP");
  EXPECT_EQ(with(clear, " SMTPUTF8"), "UTF8SMTP");
  Dialogue secure(tls_1_3());
  EXPECT_EQ(with(secure, ""), "ESMTPS");
  secure.log_in();
  EXPECT_EQ(with(secure, ""), "ESMTPSA");
  EXPECT_EQ(with(secure, " SMTPUTF8"), "UTF8SMTPSA");
  Dialogue local(std::nullopt, {}, Service::lmtp);
  local.say("LHLO client.example");
  EXPECT_EQ(with(local, ""), "LMTP");
}

TEST(AuthParameter, IsAMailboxInXtext) {
  Dialogue dialogue(std::nullopt);
  for (const auto* value : {"<>", "e+3Dmc2@example.com", "a@b.example"}) {
    EXPECT_THAT(dialogue.say("MAIL FROM:<a@b.example> auth=" +
                             std::string(value) + "\r\nRSET"),
                StartsWith("250"))
        << value;
  }
  for (const auto* value : {"foo+ZZ", "@@", "", "+3", "<> AUTH=<>"}) {
    EXPECT_THAT(
        dialogue.say("MAIL FROM:<a@b.example> AUTH=" + std::string(value)),
        StartsWith("501"))
        << value;
  }
  std::string longest;
  for (int i = 0; i < 64 + 255; ++i) longest += i == 64 ? "+40" : "+61";
  EXPECT_THAT(dialogue.say("MAIL FROM:<a@b.example> AUTH=" + longest),
              StartsWith("501"));
}

TEST(Atrn, IsForWhoHasLoggedIn) {  // RFC 2645 section 5.2.1
  EXPECT_THAT(ehlo(std::nullopt), Not(HasSubstr("ATRN")));
  EXPECT_THAT(ehlo(tls_1_3(), Service::submission), Not(HasSubstr("ATRN")));
  EXPECT_THAT(ehlo(tls_1_3()), HasSubstr("ATRN\r\n"));
  Dialogue dialogue(tls_1_3());
  EXPECT_THAT(dialogue.say("ATRN"), StartsWith("530 5.7.0"));
  dialogue.log_in();
  EXPECT_THAT(dialogue.say("ATRN"), StartsWith("453"));
  EXPECT_THAT(dialogue.say("ATRN Customer.example"), StartsWith("453"));
  EXPECT_THAT(dialogue.say("ATRN customer.example,a.example"),
              StartsWith("450"));
  EXPECT_THAT(dialogue.say("ATRN -"), StartsWith("501"));
}

/// Says `line` within a transaction of alice's.
std::string in_transaction(Dialogue& dialogue, const std::string& line) {
  dialogue.say("MAIL FROM:<alice@example.test>");
  dialogue.say("RCPT TO:<alice@example.test>");
  return dialogue.say(line);
}

TEST(Burl, TakesWhatMayBeFetched) {  // RFC 4468 section 3
  EXPECT_THAT(ehlo(tls_1_3()), Not(HasSubstr("BURL")));
  Dialogue dialogue(tls_1_3(), {}, Service::submission);
  const std::string own = "BURL " + burl_of(user_name);
  EXPECT_THAT(dialogue.say(own + " LAST"), StartsWith("530"));
  dialogue.log_in();
  EXPECT_THAT(dialogue.say(own + " LAST"), StartsWith("503 5.5.0"));
  EXPECT_THAT(in_transaction(dialogue, own + " last"), StartsWith("250"));
  EXPECT_THAT(dialogue.last_message().octets, HasSubstr("\r\n\r\nHello\r\n"));
  EXPECT_THAT(in_transaction(dialogue, own), StartsWith("250 2.5.0"));
  EXPECT_THAT(dialogue.say("BDAT 3 LAST\r\nx"), StartsWith("250"));
  EXPECT_THAT(dialogue.last_message().octets,
              testing::EndsWith("Hello\r\nx\r\n"));
}

TEST(Burl, FailsWithTheTransaction) {
  Dialogue dialogue(tls_1_3(), {}, Service::submission);
  dialogue.log_in();
  for (const auto* line : {"BURL", "BURL x", "BURL imap://h/ FOO"})
    EXPECT_THAT(in_transaction(dialogue, line), StartsWith("501")) << line;
  EXPECT_THAT(dialogue.say("BURL imap://nohost.example/x LAST"),
              StartsWith("554 5.6.6"));
  EXPECT_THAT(dialogue.say("DATA"), StartsWith("503"));
  EXPECT_THAT(in_transaction(dialogue,
                             "BURL " + burl_of(second_user_name) + " LAST"),
              StartsWith("554 5.7.14"));
}

TEST(Submission, WantsALoginFirst) {
  Dialogue dialogue(tls_1_3(), {}, Service::submission);
  for (const auto* line :
       {"MAIL FROM:<alice@example.test>", "RCPT TO:<alice@example.test>",
        "DATA", "VRFY alice", "EXPN staff", "BDAT 6\r\nNOOP\r"}) {
    EXPECT_THAT(
        dialogue.send(line + std::string(line[0] == 'B' ? "\n" : "\r\n")),
        StartsWith("530 5.7.0 "))
        << line;
  }
  for (const auto* line : {"NOOP", "RSET", "EHLO client.example"})
    EXPECT_THAT(dialogue.say(line), StartsWith("250"));
  dialogue.log_in();
  EXPECT_THAT(dialogue.mail("x"), StartsWith("250"));
}

TEST(Submission, ChecksWhoSendsAndWhereTo) {
  Dialogue dialogue(tls_1_3(), {}, Service::submission);
  dialogue.log_in();
  const auto from = [&](const std::string& sender) {
    const auto reply = dialogue.say("MAIL FROM:<" + sender + ">");
    dialogue.say("RSET");
    return reply.substr(0, 9);
  };
  EXPECT_EQ(from("alice@example.test"), "250 2.1.0");
  EXPECT_EQ(from("Alice+x@EXAMPLE.test"), "250 2.1.0");
  EXPECT_EQ(from("alice@far.example"), "250 2.1.0");
  EXPECT_EQ(from(""), "250 2.1.0");
  EXPECT_EQ(from("bob@example.test"), "550 5.7.1");
  EXPECT_EQ(from("alice@single"), "554 5.5.0");
  EXPECT_EQ(from("a..b@far.example"), "501 5.1.7");
  dialogue.say("MAIL FROM:<alice@example.test>");
  EXPECT_THAT(dialogue.say("RCPT TO:<x@far.example>"), StartsWith("250"));
  EXPECT_THAT(dialogue.say("RCPT TO:<x@single>"), StartsWith("554"));
  EXPECT_THAT(dialogue.say("RCPT TO:<x@barred.example>"), StartsWith("550"));
  EXPECT_THAT(dialogue.say("RCPT TO:<nobody@example.test>"), StartsWith("550"));
  dialogue.say("DATA");
  dialogue.say("Subject: x\r\n\r\n.");
  EXPECT_THAT(dialogue.last_message().recipients,
              testing::ElementsAre(testing::Field(&Recipient::address,
                                                  "x@far.example")));
  EXPECT_THAT(dialogue.last_message().octets, HasSubstr("\r\nMessage-ID: <"));
}

TEST(Submission, RefusesAMalformedFromField) {
  Dialogue dialogue(tls_1_3(), {}, Service::submission);
  dialogue.log_in();
  EXPECT_THAT(dialogue.mail("X: y\r\nFrom: A\r\n <a..b@c.example>\r\n"),
              StartsWith("554 5.6.0"));
  EXPECT_THAT(dialogue.mail("From: A.. <a.b@c.example>\r\n"),
              StartsWith("250"));
}

}  // namespace
}  // namespace smtpspec::server
