#include "smtp/sasl.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace smtpspec::smtp {
namespace {

using std::string_literals::operator""s;

const SaslCredentials tim{"tim", "tanstaaftanstaaf", "t0ken", "mx.example.test",
                          "587", "", "exporter"};

TEST(SaslClient, PlainIsOneMessage) {  // RFC 4616 section 4
  SaslClient client("PLAIN", tim, "");
  EXPECT_EQ(client.initial_response(), "\0tim\0tanstaaftanstaaf"s);
}

TEST(SaslClient, PlainTwistsChangeOnePart) {
  SaslClient foreign("PLAIN", tim, "foreign authzid");
  EXPECT_EQ(foreign.initial_response(), "postmaster\0tim\0tanstaaftanstaaf"s);
  SaslCredentials known = tim;
  known.other_user = "bob";
  SaslClient other("PLAIN", known, "foreign authzid");
  EXPECT_EQ(other.initial_response(), "bob\0tim\0tanstaaftanstaaf"s);
  SaslClient wrong("PLAIN", tim, "wrong password");
  EXPECT_EQ(wrong.initial_response(), "\0tim\0tanstaaftanstaafx"s);
}

TEST(SaslClient, CramMd5AnswersTheExampleOfRfc2195) {
  SaslClient client("CRAM-MD5", tim, "");
  EXPECT_EQ(client.initial_response(), std::nullopt);
  EXPECT_EQ(client.respond("<1896.697170952@postoffice.reston.mci.net>"),
            "tim b913a602c7eda7a495b4e6e7334d3890");
}

TEST(SaslClient, CramMd5SaysAgainWhatAnotherChallengeDrew) {
  SaslClient first("CRAM-MD5", tim, "");
  first.respond("<1@x>");
  SaslCredentials again = tim;
  again.earlier = first.last_round();
  SaslClient second("CRAM-MD5", again, "replayed response");
  EXPECT_EQ(second.respond("<2@x>"), first.last_round().response);
  SaslClient same("CRAM-MD5", again, "replayed response");
  EXPECT_THROW(same.respond("<1@x>"), SaslError);
}

TEST(SaslClient, AnEmptyChallengeOfCramMd5HasNoDigestToShorten) {
  SaslClient client("CRAM-MD5", tim, "short digest");
  EXPECT_EQ(client.initial_response(), std::nullopt);
  EXPECT_THROW(client.respond(""), SaslError);
}

TEST(SaslClient, LoginAnswersTwoPrompts) {
  SaslClient client("LOGIN", tim, "");
  EXPECT_EQ(client.initial_response(), std::nullopt);
  EXPECT_EQ(client.respond("Username:"), "tim");
  EXPECT_EQ(client.respond("Password:"), "tanstaaftanstaaf");
}

TEST(SaslClient, OauthbearerNamesUserHostAndToken) {  // RFC 7628 section 3.1
  SaslClient client("OAUTHBEARER", tim, "");
  EXPECT_EQ(client.initial_response(),
            "n,a=tim,\x01host=mx.example.test\x01port=587\x01"
            "auth=Bearer t0ken\x01\x01");
  EXPECT_EQ(client.respond("{\"status\":\"invalid_token\"}"), "\x01");
}

TEST(SaslClient, ScramRefusesAServerWhoseNonceIsNotOurs) {
  SaslClient client("SCRAM-SHA-256", tim, "");
  const std::string first = client.initial_response().value();
  EXPECT_EQ(first.substr(0, 11), "n,,n=tim,r=");
  EXPECT_THROW(client.respond("r=other,s=" + base::base64_encode("salt") +
                              ",i=4096"),
               SaslError);
}

/// The client's final message to a server that plays along.
std::string final_of(std::string_view mechanism, std::string_view twist) {
  SaslClient client(mechanism, tim, twist);
  const std::string first = client.initial_response().value();
  const auto nonce = first.substr(first.find("r=") + 2);
  return client.respond("r=" + nonce.substr(0, nonce.find(',')) +
                        "server,s=" + base::base64_encode("salt") +
                        ",i=4096");
}

TEST(SaslClient, ScramTwistsSpoilWhatTheySay) {
  EXPECT_NE(final_of("SCRAM-SHA-1", "wrong nonce").find("serveA,p="),
            std::string::npos);
  EXPECT_EQ(final_of("SCRAM-SHA-1", "binding y").substr(0, 9), "c=eSws,r=");
  SaslClient extended("SCRAM-SHA-256", tim, "mandatory extension");
  EXPECT_EQ(extended.initial_response().value().substr(0, 30),
            "n,,m=x-no-such-extension,n=tim");
}

TEST(SaslClient, ScramActsAsAnother) {
  SaslCredentials known = tim;
  known.other_user = "bob";
  SaslClient client("SCRAM-SHA-256", known, "foreign authzid");
  EXPECT_EQ(client.initial_response().value().substr(0, 14), "n,a=bob,n=tim,");
}

TEST(SaslClient, ABindingMechanismBindsToTls) {
  const std::string message = final_of("SCRAM-SHA-256-PLUS", "");
  const auto binding = message.substr(2, message.find(',') - 2);
  EXPECT_EQ(base::base64_decode(binding), "p=tls-exporter,,exporter");
  const std::string made_up = final_of("SCRAM-SHA-1-PLUS", "made-up binding");
  EXPECT_EQ(base::base64_decode(made_up.substr(2, made_up.find(',') - 2)),
            "p=tls-exporter,,made up");
}

TEST(SaslClient, WhatCannotLogInIsKnownBefore) {
  EXPECT_TRUE(can_log_in("PLAIN", tim));
  EXPECT_TRUE(can_log_in("SCRAM-SHA-1-PLUS", tim));
  SaslCredentials without = tim;
  without.tls_exporter.clear();
  EXPECT_FALSE(can_log_in("SCRAM-SHA-1-PLUS", without));
  without.token.clear();
  EXPECT_FALSE(can_log_in("OAUTHBEARER", without));
}

}  // namespace
}  // namespace smtpspec::smtp
