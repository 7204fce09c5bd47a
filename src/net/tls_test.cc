#include "net/tls.h"

#include <gtest/gtest.h>

namespace smtpspec::net {
namespace {

const Credential& own() {
  static const Credential credential = make_certificate("mx.example.test");
  return credential;
}

/// A client and a server whose octets are carried to each other.
struct Pair {
  Pair(const TlsOptions& for_client, const TlsOptions& for_server,
       const std::string& name = "mx.example.test")
      : client(TlsContext(TlsContext::Role::client, for_client), name),
        server(TlsContext(TlsContext::Role::server, for_server), "") {}

  Tls::Progress shake_hands() {
    for (int i = 0; i < 10; ++i) {
      const auto progress = client.handshake();
      if (progress != Tls::Progress::wants_input) {
        carry();
        server.handshake();
        return progress;
      }
      carry();
      server.handshake();
      carry();
    }
    return Tls::Progress::wants_input;
  }

  void carry() {
    server.feed(client.take_output());
    client.feed(server.take_output());
  }

  Tls client, server;
};

TlsOptions server_options() {
  TlsOptions options;
  options.own = own();
  return options;
}

TEST(Tls, CarriesTextBothWays) {
  Pair pair({}, server_options());
  ASSERT_EQ(pair.shake_hands(), Tls::Progress::done);
  pair.client.write("EHLO client.example\r\n");
  pair.carry();
  EXPECT_EQ(pair.server.read(), "EHLO client.example\r\n");
  pair.server.write("250 mx.example.test\r\n");
  pair.carry();
  EXPECT_EQ(pair.client.read(), "250 mx.example.test\r\n");
}

TEST(Tls, BothSidesHaveTheSameChannelBindings) {
  TlsOptions old;
  old.highest = TlsVersion::tls1_2;
  for (const TlsOptions& options : {TlsOptions{}, old}) {
    Pair pair(options, server_options());
    ASSERT_EQ(pair.shake_hands(), Tls::Progress::done);
    const TlsFacts client = pair.client.facts(), server = pair.server.facts();
    EXPECT_EQ(client.exporter, server.exporter);
    EXPECT_EQ(client.exporter.size(), 32u);
    EXPECT_EQ(client.unique, server.unique);
    EXPECT_EQ(client.unique.empty(), client.version == "TLSv1.3");
  }
}

TEST(Tls, PlainTextInsteadOfTlsIsNamedAndShown) {
  Pair pair({}, server_options());
  pair.client.handshake();
  pair.client.feed("250 2.0.0 Ok\r\n");
  ASSERT_EQ(pair.client.handshake(), Tls::Progress::failed);
  EXPECT_EQ(pair.client.failure().kind, TlsFailure::Kind::plaintext);
  EXPECT_EQ(pair.client.failure().text, "250 2.0.0 Ok\r\n");
}

TEST(Tls, AServerRefusesAVersionBelowItsLowest) {
  TlsOptions old, strict = server_options();
  old.highest = TlsVersion::tls1_1;
  strict.lowest = TlsVersion::tls1_2;
  Pair pair(old, strict);
  ASSERT_EQ(pair.shake_hands(), Tls::Progress::failed);
  EXPECT_EQ(pair.client.failure().kind, TlsFailure::Kind::refused);
  EXPECT_NE(pair.client.failure().text.find("alert"), std::string::npos);
}

TEST(Tls, ATrustedCertificateOfTheRightNameIsNotDistrusted) {
  TlsOptions client;
  client.trust = own().certificate;
  Pair pair(client, server_options());
  ASSERT_EQ(pair.shake_hands(), Tls::Progress::done);
  EXPECT_EQ(pair.client.facts().distrust, "");
  EXPECT_EQ(pair.client.facts().fingerprint.size(), 64u);
}

TEST(Tls, AnotherNameAnotherIssuerAndAPastDateAreDistrusted) {
  TlsOptions client;
  client.trust = own().certificate;
  Pair other_name(client, server_options(), "other.example.test");
  ASSERT_EQ(other_name.shake_hands(), Tls::Progress::done);
  EXPECT_EQ(other_name.client.facts().distrust, "hostname mismatch");

  Pair unknown({}, server_options());
  ASSERT_EQ(unknown.shake_hands(), Tls::Progress::done);
  EXPECT_NE(unknown.client.facts().distrust, "");

  TlsOptions server;
  server.own = make_certificate("mx.example.test", -3, -1);
  client.trust = server.own.certificate;
  Pair expired(client, server);
  ASSERT_EQ(expired.shake_hands(), Tls::Progress::done);
  EXPECT_EQ(expired.client.facts().distrust, "certificate has expired");
}

TEST(Tls, ANameOrAddressThatIsNotAskedForIsCheckedAllTheSame) {
  for (const auto& [name, distrust] :
       {std::pair("mx.example.test", ""),
        std::pair("other.example.test", "hostname mismatch"),
        std::pair("192.0.2.1", "IP address mismatch")}) {
    TlsOptions client;
    client.trust = own().certificate;
    client.expected_names = {name};
    Pair pair(client, server_options(), "");
    ASSERT_EQ(pair.shake_hands(), Tls::Progress::done);
    EXPECT_EQ(pair.client.facts().distrust, distrust);
  }
}

TEST(Tls, OneOfSeveralExpectedNamesIsEnough) {
  TlsOptions client;
  client.trust = own().certificate;
  client.expected_names = {"smtp.example.test", "mx.example.test"};
  Pair pair(client, server_options(), "smtp.example.test");
  ASSERT_EQ(pair.shake_hands(), Tls::Progress::done);
  EXPECT_EQ(pair.client.facts().distrust, "");
}

TEST(Tls, OnlyWhereNothingElseIsWrongIsACertificateMisnamed) {
  TlsOptions client, server;
  client.trust = own().certificate;
  server.own = make_certificate("other.example.test", -1, 2, &own());
  Pair misnamed(client, server);
  ASSERT_EQ(misnamed.shake_hands(), Tls::Progress::done);
  EXPECT_TRUE(misnamed.client.facts().is_misnamed);

  server.own = make_certificate("other.example.test", -3, -1, &own());
  Pair expired(client, server);
  ASSERT_EQ(expired.shake_hands(), Tls::Progress::done);
  EXPECT_FALSE(expired.client.facts().is_misnamed);

  server.own = make_certificate("other.example.test");
  Pair unknown(client, server);
  ASSERT_EQ(unknown.shake_hands(), Tls::Progress::done);
  EXPECT_FALSE(unknown.client.facts().is_misnamed);
}

TEST(Tls, ACertificateIsGivenWhereItIsAskedFor) {
  TlsOptions asking = server_options();
  asking.asks_for_certificate = true;
  TlsOptions client;
  Pair without(client, asking);
  ASSERT_EQ(without.shake_hands(), Tls::Progress::done);
  EXPECT_TRUE(without.client.facts().was_asked_for_certificate);
  EXPECT_EQ(without.server.facts().fingerprint, "");

  client.own = own();
  Pair with(client, asking);
  ASSERT_EQ(with.shake_hands(), Tls::Progress::done);
  EXPECT_EQ(with.server.facts().fingerprint, with.client.facts().fingerprint);

  Pair unasked({}, server_options());
  ASSERT_EQ(unasked.shake_hands(), Tls::Progress::done);
  EXPECT_FALSE(unasked.client.facts().was_asked_for_certificate);
}

TEST(Tls, ACloseAlertIsSeen) {
  Pair pair({}, server_options());
  ASSERT_EQ(pair.shake_hands(), Tls::Progress::done);
  EXPECT_FALSE(pair.client.is_closed_by_peer());
  pair.server.close();
  pair.carry();
  EXPECT_EQ(pair.client.read(), "");
  EXPECT_TRUE(pair.client.is_closed_by_peer());
}

TEST(Tls, ACertificateThatCannotBeReadIsAnError) {
  TlsOptions options;
  options.trust = "no certificate";
  EXPECT_THROW(TlsContext(TlsContext::Role::client, options),
               std::runtime_error);
}

}  // namespace
}  // namespace smtpspec::net
