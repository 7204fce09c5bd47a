#include "server/sasl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/sasl_fixture.h"

namespace smtpspec::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using std::string_literals::operator""s;

SaslWorld world(std::optional<net::TlsFacts> tls = tls_1_3()) {
  const auto surroundings = still_surroundings(std::move(tls));
  return {{}, surroundings.tls, surroundings.random, surroundings.now()};
}

/// The challenge; or "success NAME"; or "failure".
std::string told(const SaslStep& step) {
  if (const auto* challenge = std::get_if<SaslChallenge>(&step))
    return challenge->octets;
  if (const auto* success = std::get_if<SaslSuccess>(&step))
    return "success " + success->user;
  return "failure";
}

std::string one_step(std::string_view mechanism, std::string_view message,
                     std::optional<net::TlsFacts> tls = tls_1_3()) {
  return told(find_mechanism(mechanism)->begin(world(tls))->step(message));
}

std::string plain(std::string_view authzid, std::string_view name,
                  std::string_view password) {
  return one_step("PLAIN", Dialogue::plain(authzid, name, password));
}

TEST(SaslCrypto, CalculatesWhatRfcsSay) {
  EXPECT_EQ(to_hex(hash(Digest::sha1, "abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(hmac(Digest::md5, "Jefe", "what do ya want for nothing?")),
            "750c783e6ab0b503eaa86e310a5db738");
  EXPECT_EQ(to_hex(pbkdf2(Digest::sha1, "password", "salt", 4096)),
            "4b007901b765489abead49d926f721d065a429c1");
}

// RFC 4013 section 3.
TEST(Saslprep, PreparesTheExamplesOfItsRfc) {
  EXPECT_EQ(saslprep("I\xc2\xadX"), "IX");
  EXPECT_EQ(saslprep("user"), "user");
  EXPECT_EQ(saslprep("USER"), "USER");
  EXPECT_EQ(saslprep("\xc2\xaa"), "a");
  EXPECT_EQ(saslprep("\xe2\x85\xa8"), "IX");
  EXPECT_EQ(saslprep("\xc2\xad"), "");
  EXPECT_FALSE(saslprep("\x07"));
  EXPECT_FALSE(saslprep("\xd8\xa7\x31"));
  EXPECT_FALSE(saslprep("\xff"));
  EXPECT_FALSE(saslprep("a\0b"s));
}

TEST(Plain, KnowsThePassword) {
  EXPECT_EQ(plain("", user_name, user_password), "success alice");
  EXPECT_EQ(plain("", second_user_name, second_user_password), "success bob");
  EXPECT_EQ(plain("", user_name, second_user_password), "failure");
  EXPECT_EQ(plain("", "nobody", user_password), "failure");
  EXPECT_EQ(plain("", "ALICE", user_password), "failure");
}

TEST(Plain, TakesThreePartsThatAreNotEmpty) {
  EXPECT_EQ(plain("", "", user_password), "failure");
  EXPECT_EQ(plain("", user_name, ""), "failure");
  EXPECT_EQ(plain("", "", ""), "failure");
  EXPECT_EQ(plain("", user_name, "\xc2\xad"), "failure");
  for (const auto& message :
       {""s, "alice"s, "alice\0c0rrect-Horse-7"s, "\0alice\0c0rrect-Horse-7\0"s,
        "\0alice\0c0rrect-Horse-7\0x"s}) {
    EXPECT_EQ(one_step("PLAIN", message), "failure");
  }
}

TEST(Plain, LetsNobodyActAsAnother) {
  EXPECT_EQ(plain(user_name, user_name, user_password), "success alice");
  EXPECT_EQ(plain(second_user_name, user_name, user_password), "failure");
  EXPECT_EQ(plain("\xc2\xad", user_name, user_password), "failure");
}

TEST(Plain, PreparesNamesAndPasswords) {
  EXPECT_EQ(plain("", "al\xc2\xadice", user_password), "success alice");
  // Full-width letters.
  EXPECT_EQ(plain("", "\xef\xbd\x81lice", user_password), "success alice");
  EXPECT_EQ(plain("", user_name, "c0rrect-\xc2\xadHorse-7"), "success alice");
  for (const auto* name : {"alice\x07", "alice\xff", "alice\r\nX: y"})
    EXPECT_EQ(plain("", name, user_password), "failure");
}

TEST(Login, AsksForTheNameAndThePassword) {
  const auto exchange = find_mechanism("login")->begin(world());
  EXPECT_EQ(told(exchange->step("")), "Username:");
  EXPECT_EQ(told(exchange->step("alice")), "Password:");
  EXPECT_EQ(told(exchange->step(user_password)), "success alice");
}

// RFC 2195 section 2.
TEST(CramMd5, CalculatesTheExampleOfItsRfc) {
  EXPECT_EQ(cram_md5("tanstaaftanstaaf",
                     "<1896.697170952@postoffice.reston.mci.net>"),
            "b913a602c7eda7a495b4e6e7334d3890");
}

TEST(CramMd5, KnowsTheDigestOfItsChallenge) {
  const auto all = world();
  const auto log_in = [&](auto make_response) {
    const auto exchange = find_mechanism("CRAM-MD5")->begin(all);
    const std::string challenge = told(exchange->step(""));
    EXPECT_THAT(challenge,
                testing::MatchesRegex("<[0-9]+\\.[0-9]+@mx\\.example\\.test>"));
    return told(exchange->step(make_response(challenge)));
  };
  std::string old;
  EXPECT_EQ(log_in([&](auto challenge) {
              return old = "alice " + cram_md5(user_password, challenge);
            }),
            "success alice");
  EXPECT_EQ(log_in([&](auto) { return old; }), "failure");
  EXPECT_EQ(log_in([](auto) { return "alice"s; }), "failure");
  EXPECT_EQ(log_in([](auto challenge) {
              return "nobody " + cram_md5(user_password, challenge);
            }),
            "failure");
  EXPECT_EQ(log_in([](auto challenge) {
              return "alice " +
                     cram_md5(user_password, challenge).substr(0, 16);
            }),
            "failure");
}

ScramSource source(const std::string& nonce, const std::string& salt) {
  return {.secret =
              [salt](std::string_view) {
                return ScramSecret{.salt = *base::base64_decode(salt),
                                   .password = "pencil"};
              },
          .nonce = nonce};
}

// RFC 5802 section 5.
TEST(Scram, PlaysTheExampleOfRfc5802) {
  Scram server(world(), Digest::sha1, false,
               source("3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92"));
  EXPECT_EQ(told(server.step("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")),
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
            "s=QSXCR+Q6sek8bf92,i=4096");
  EXPECT_EQ(
      told(server.step("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
                       "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")),
      "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
  EXPECT_EQ(told(server.step("")), "success user");
}

// RFC 7677 section 3.
TEST(Scram, PlaysTheExampleOfRfc7677) {
  Scram server(
      world(), Digest::sha256, false,
      source("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ=="));
  EXPECT_EQ(told(server.step("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  EXPECT_EQ(told(server.step(
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")),
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(told(server.step("")), "success user");
}

std::string scram(ScramClient client,
                  std::optional<net::TlsFacts> tls = tls_1_3()) {
  Dialogue dialogue(std::move(tls));
  const auto reply = client.play(dialogue);
  if (reply.starts_with("235")) {
    EXPECT_TRUE(client.is_signature_right());
  }
  return reply.substr(0, 3);
}

TEST(Scram, KnowsWhoKnowsThePassword) {
  EXPECT_EQ(scram({}), "235");
  EXPECT_EQ(scram({.mechanism = "SCRAM-SHA-1"}), "235");
  EXPECT_EQ(scram({.header = "n,a=alice,"}), "235");
  EXPECT_EQ(scram({.more = ",z=1"}), "235");
  EXPECT_EQ(scram({.header = "y,,"}, net::TlsFacts{}), "235");
  EXPECT_EQ(scram({.name = "al\xc2\xadice"}), "235");
  EXPECT_EQ(scram({.password = "x"}), "535");
  EXPECT_EQ(scram({.name = "nobody"}), "535");
  EXPECT_EQ(scram({.name = "no=2Cbo=3Ddy"}), "535");
}

TEST(Scram, FailsWhereTheRfcSaysSo) {
  EXPECT_EQ(scram({.name = "al=ice"}), "535");
  EXPECT_EQ(scram({.header = "x,,"}), "535");
  EXPECT_EQ(scram({.header = "n,a=bob,"}), "535");
  EXPECT_EQ(scram({.before = "m=x,"}), "535");
  EXPECT_EQ(scram({.final_header = "n,a=alice,"}), "535");
  EXPECT_EQ(scram({.final_nonce = "other"}), "535");
  EXPECT_EQ(scram({.has_wrong_proof = true}), "535");
  EXPECT_EQ(scram({.header = "y,,"}), "535");
}

TEST(Scram, BindsTheChannel) {
  const std::string exporter = tls_1_3().exporter;
  const ScramClient right{.mechanism = "SCRAM-SHA-256-PLUS",
                          .header = "p=tls-exporter,,",
                          .binding = exporter};
  EXPECT_EQ(scram(right), "235");
  EXPECT_EQ(scram({.mechanism = "SCRAM-SHA-1-PLUS",
                   .header = "p=tls-unique,,",
                   .binding = tls_1_2().unique},
                  tls_1_2()),
            "235");
  ScramClient wrong = right;
  wrong.binding = "x";
  EXPECT_EQ(scram(wrong), "535");
  wrong = right;
  wrong.header = "p=foo,,";
  EXPECT_EQ(scram(wrong), "535");
  wrong.header = "n,,";
  EXPECT_EQ(scram(wrong), "535");
  EXPECT_EQ(scram({.header = "p=tls-exporter,,", .binding = exporter}), "535");
}

TEST(OAuthBearer, KnowsTheToken) {
  EXPECT_EQ(one_step("OAUTHBEARER", bearer_message("n,a=alice,")),
            "success alice");
  EXPECT_EQ(one_step("OAUTHBEARER",
                     bearer_message("n,,", bearer_token,
                                    "host=mx.example.test\x01port=587\x01"
                                    "x=y\x01")),
            "success alice");
  EXPECT_EQ(one_step("XOAUTH2", bearer_message("user=alice")), "success alice");
  const auto invalid = "{\"status\":\"invalid_token\"}";
  for (const auto& message :
       {bearer_message("n,,", "x"), bearer_message("n,a=bob,"),
        "n,,\x01host=mx.example.test\x01\x01"s,
        bearer_message("n,,", bearer_token, "host=wrong.example\x01")}) {
    EXPECT_EQ(one_step("OAUTHBEARER", message), invalid) << message;
  }
  for (const auto& message : {""s, "\x01"s, "n,,"s, bearer_message("p=x,,")})
    EXPECT_THAT(one_step("OAUTHBEARER", message), HasSubstr("invalid_request"));
}

TEST(OAuthBearer, FailsWhateverTheClientSaysToTheError) {
  for (const auto* name : {"OAUTHBEARER", "XOAUTH2"}) {
    for (const auto* response : {"\x01", "", "n,,"}) {
      const auto exchange = find_mechanism(name)->begin(world());
      EXPECT_THAT(told(exchange->step("x")), StartsWith("{"));
      EXPECT_EQ(told(exchange->step(response)), "failure");
    }
  }
}

TEST(External, NeedsACertificate) {
  EXPECT_EQ(one_step("EXTERNAL", ""), "failure");
  EXPECT_EQ(one_step("EXTERNAL", "", with_certificate()), "success alice");
  EXPECT_EQ(one_step("EXTERNAL", "alice", with_certificate()), "success alice");
  EXPECT_EQ(one_step("EXTERNAL", "bob", with_certificate()), "failure");
}

}  // namespace
}  // namespace smtpspec::server
