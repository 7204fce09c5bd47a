#include "dns/mx.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>

#include "dns/dns_server_fixture.h"

namespace smtpspec::dns {

/// For what gmock prints.
static void PrintTo(const MailHost& host, std::ostream* out) {
  *out << host.preference << ' ' << host.name;
  for (const auto& address : host.addresses) *out << ' ' << address;
}

static void PrintTo(const MxFinding& finding, std::ostream* out) {
  *out << finding.text;
}

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = MxFinding::Kind;
using Source = MailHosts::Source;

MATCHER_P3(Host, preference, name, addresses, "") {
  return arg.preference == preference && arg.name == name &&
         arg.addresses == std::vector<std::string>(addresses);
}

using Addresses = std::vector<std::string>;

auto first_host(int preference) {
  return Host(preference, "first.example.test",
              Addresses{"192.0.2.1", "2001:db8::1"});
}

auto no_address(int preference, const char* name) {
  return Host(preference, name, Addresses{});
}

auto finding(Kind kind, const char* host, const std::string& words) {
  return AllOf(testing::Field("kind", &MxFinding::kind, kind),
               testing::Field("host", &MxFinding::host, host),
               testing::Field("text", &MxFinding::text, HasSubstr(words)));
}

/// What `look_up` complains of; empty: nothing.
template <class Error, class LookUp>
std::string complaint(LookUp look_up) {
  try {
    look_up();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// A UDP port where nobody reads.
class SilentServer {
 public:
  SilentServer() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&name);
    socklen_t size = sizeof name;
    if (bind(socket_, address, size) != 0 ||
        getsockname(socket_, address, &size) != 0)
      throw std::system_error(errno, std::generic_category());
    address_ = "127.0.0.1@" + std::to_string(ntohs(name.sin_port));
  }
  ~SilentServer() { close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  const std::string& address() const { return address_; }

 private:
  int socket_;
  std::string address_;
};

/// Domains of tests/dns/example.test.zone.
class MxTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<DnsServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  static ResolverOptions options() {
    ResolverOptions result;
    result.servers = {server_->address()};
    return result;
  }

  static MailHosts find(const std::string& domain) {
    return find_mail_hosts(domain, options());
  }

  static std::string failure(const std::string& domain) {
    return complaint<LookupError>([&] { find(domain); });
  }

  static std::unique_ptr<DnsServer> server_;
};

std::unique_ptr<DnsServer> MxTest::server_;

TEST_F(MxTest, LowerPreferencesComeFirst) {
  const auto found = find("preferences.example.test");
  EXPECT_EQ(found.source, Source::mx);
  EXPECT_EQ(found.domain, "preferences.example.test");
  EXPECT_THAT(found.findings, IsEmpty());
  ASSERT_EQ(found.hosts.size(), 2u);
  EXPECT_THAT(found.hosts[0], first_host(5));
  EXPECT_EQ(found.hosts[1].name, "second.example.test");
  EXPECT_EQ(found.hosts[1].preference, 20);
  EXPECT_THAT(found.hosts[1].addresses,
              testing::UnorderedElementsAre("192.0.2.2", "192.0.2.22"));
}

TEST_F(MxTest, HostsOfOnePreferenceAreInTheOrderOfTheirNames) {
  const auto found = find("equal.example.test");
  ASSERT_EQ(found.hosts.size(), 3u);
  EXPECT_THAT(found.hosts[0], first_host(10));
  EXPECT_THAT(found.hosts[1],
              Host(10, "only-ipv6.example.test", Addresses{"2001:db8::6"}));
  EXPECT_EQ(found.hosts[2].name, "second.example.test");
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST_F(MxTest, AHostNamedTwiceCountsOnceAtItsBestPreference) {
  const auto found = find("twice.example.test");
  ASSERT_EQ(found.hosts.size(), 1u);
  EXPECT_EQ(found.hosts[0].preference, 10);
}

TEST_F(MxTest, ADomainMayBeItsOwnMx) {
  const auto found = find("own-host.example.test");
  EXPECT_EQ(found.source, Source::mx);
  EXPECT_THAT(found.hosts, ElementsAre(Host(10, "own-host.example.test",
                                            Addresses{"192.0.2.4"})));
}

TEST_F(MxTest, AFinalDotAndCapitalsMakeNoDifference) {
  const auto found = find("PREFERENCES.Example.TEST.");
  EXPECT_EQ(found.hosts.size(), 2u);
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST_F(MxTest, TheAliasOfADomainIsFollowed) {
  const auto found = find("alias.example.test");
  EXPECT_EQ(found.source, Source::mx);
  EXPECT_EQ(found.domain, "preferences.example.test");
  EXPECT_EQ(found.hosts.size(), 2u);
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST_F(MxTest, WithoutMxTheAddressesOfTheDomainCount) {
  const auto found = find("addresses.example.test");
  EXPECT_EQ(found.source, Source::address_fallback);
  EXPECT_THAT(found.hosts,
              ElementsAre(Host(0, "addresses.example.test",
                               Addresses{"192.0.2.3", "2001:db8::3"})));
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST_F(MxTest, WithoutMxAnAliasLeadsToItsHost) {
  const auto found = find("alias-of-host.example.test");
  EXPECT_EQ(found.source, Source::address_fallback);
  EXPECT_THAT(found.hosts,
              ElementsAre(Host(0, "addresses.example.test",
                               Addresses{"192.0.2.3", "2001:db8::3"})));
}

TEST_F(MxTest, WithoutMxAndAddressThereIsNoMailHost) {
  const auto found = find("text.example.test");
  EXPECT_EQ(found.source, Source::none);
  EXPECT_THAT(found.hosts, IsEmpty());
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::no_mail_host, "",
                                  "text.example.test has neither MX")));
}

TEST_F(MxTest, ADomainThatDoesNotExistIsAFinding) {
  const auto found = find("nowhere.example.test");
  EXPECT_EQ(found.source, Source::none);
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::no_such_domain, "",
                                  "nowhere.example.test does not exist")));
}

TEST_F(MxTest, AnAliasThatLeadsNowhereIsAFinding) {
  const auto found = find("dangling.example.test");
  EXPECT_EQ(found.source, Source::none);
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::no_such_domain, "",
                                  "nowhere.example.test does not exist")));
}

TEST_F(MxTest, AnMxThatIsAnAliasIsAFindingAndItsAddressesAreKnown) {
  const auto found = find("to-alias.example.test");
  ASSERT_EQ(found.hosts.size(), 2u);
  EXPECT_THAT(found.hosts[0], Host(10, "other-name.example.test",
                                   Addresses{"192.0.2.1", "2001:db8::1"}));
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::alias, "other-name.example.test",
                                  "alias (CNAME) of first.example.test")));
}

TEST_F(MxTest, AnMxThatIsAnAliasOfNothingHasTwoFindings) {
  const auto found = find("to-dangling.example.test");
  const char* host = "dangling.example.test";
  EXPECT_THAT(found.hosts, ElementsAre(no_address(10, host)));
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::alias, host, "nowhere.example.test"),
                          finding(Kind::no_address, host, "has no address")));
}

TEST_F(MxTest, AnMxThatLooksLikeAnAddressIsAFindingAndNoAddress) {
  const auto found = find("to-literal.example.test");
  EXPECT_EQ(found.source, Source::mx);
  ASSERT_EQ(found.hosts.size(), 4u);
  EXPECT_THAT(found.hosts[0], no_address(10, "192.0.2.1"));
  EXPECT_THAT(found.hosts[1], no_address(20, "[192.0.2.2]"));
  EXPECT_THAT(found.hosts[2], no_address(30, "[ipv6:2001:db8::1]"));
  EXPECT_EQ(found.hosts[3].addresses.size(), 2u);
  EXPECT_THAT(
      found.findings,
      ElementsAre(
          finding(Kind::address_literal, "192.0.2.1", "address 192.0.2.1,"),
          finding(Kind::address_literal, "[192.0.2.2]", "[192.0.2.2]"),
          finding(Kind::address_literal, "[ipv6:2001:db8::1]", "[ipv6:")));
}

TEST_F(MxTest, AnMxWithoutAddressIsAFinding) {
  const auto found = find("no-address.example.test");
  EXPECT_EQ(found.source, Source::mx);
  const char* host = "without-address.example.test";
  EXPECT_THAT(found.hosts, ElementsAre(no_address(10, host)));
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::no_address, host, "has no address")));
}

TEST_F(MxTest, AnMxThatDoesNotExistIsAFinding) {
  const auto found = find("no-such-host.example.test");
  const char* host = "nowhere.example.test";
  EXPECT_THAT(found.hosts, ElementsAre(no_address(10, host)));
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::no_address, host, "has no address")));
}

TEST_F(MxTest, AnMxThatCannotBeLookedUpIsNotAccusedOfHavingNoAddress) {
  const auto found = find("half-broken.example.test");
  EXPECT_THAT(found.hosts,
              ElementsAre(first_host(10), no_address(20, "mail.broken.test")));
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::lookup_failed, "mail.broken.test",
                                  "no addresses of mail.broken.test are known: "
                                  "no DNS server could answer (SERVFAIL)")));
}

TEST_F(MxTest, DotsAndSpacesInsideLabelsAreShownAsInZoneFiles) {
  const auto found = find("odd.example.test");
  EXPECT_THAT(found.hosts,
              ElementsAre(no_address(10, "a\\046b\\032c.example.test")));
  EXPECT_THAT(
      found.findings,
      ElementsAre(finding(Kind::no_address, "a\\046b\\032c.example.test", "")));
}

TEST_F(MxTest, NullMxMeansNoMailEvenWhereThereIsAnAddress) {
  const auto found = find("null-mx.example.test");
  EXPECT_EQ(found.source, Source::null_mx);
  EXPECT_THAT(found.hosts, IsEmpty());
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST_F(MxTest, NullMxBesideAnotherIsAFindingAndTheOtherCounts) {
  const auto found = find("null-and-other.example.test");
  EXPECT_EQ(found.source, Source::mx);
  EXPECT_THAT(found.hosts, ElementsAre(first_host(10)));
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::null_mx_and_other, "",
                                  "a null MX among 2 MX records")));
}

TEST_F(MxTest, NullMxOfAnotherPreferenceIsAFinding) {
  const auto found = find("null-preference.example.test");
  EXPECT_EQ(found.source, Source::null_mx);
  EXPECT_THAT(found.findings, ElementsAre(finding(Kind::null_mx_preference, "",
                                                  "preference 10, not 0")));
}

TEST_F(MxTest, TwoNullMxAreNoMailAndFindings) {
  const auto found = find("null-twice.example.test");
  EXPECT_EQ(found.source, Source::null_mx);
  EXPECT_THAT(found.findings,
              ElementsAre(finding(Kind::null_mx_preference, "", ""),
                          finding(Kind::null_mx_and_other, "", "")));
}

TEST_F(MxTest, AFailureOfTheServerIsAnErrorAndNotNoMail) {
  EXPECT_EQ(failure("broken.test"),
            "cannot look up the MX records of broken.test: no DNS server could "
            "answer (SERVFAIL)");
}

TEST_F(MxTest, ARefusalOfTheServerIsAnErrorAndNotNoMail) {
  EXPECT_THAT(failure("elsewhere.example"),
              HasSubstr("no DNS server could answer (SERVFAIL)"));
}

TEST_F(MxTest, ASilentServerHindersNobodyWhereAnotherAnswers) {
  const SilentServer silent;
  auto both = options();
  both.servers.insert(both.servers.begin(), silent.address());
  both.time_limit = std::chrono::seconds(30);
  EXPECT_EQ(find_mail_hosts("preferences.example.test", both).hosts.size(), 2u);
}

/// With the anchor of signed.test.
class SignedMxTest : public MxTest {
 protected:
  static MailHosts find(const std::string& domain) {
    auto with_anchor = options();
    with_anchor.trust_anchors = SMTPSPEC_SOURCE_DIR "/tests/dns/trust-anchor";
    return find_mail_hosts(domain, with_anchor);
  }
};

TEST_F(SignedMxTest, ASignedDomainIsSecureAndSoAreItsSignedHosts) {
  const auto found = find("signed.test");
  EXPECT_TRUE(found.is_secure);
  ASSERT_EQ(found.hosts.size(), 2u);
  EXPECT_EQ(found.hosts[0].name, "mx.signed.test");
  EXPECT_TRUE(found.hosts[0].is_secure);
  EXPECT_EQ(found.hosts[1].name, "first.example.test");
  EXPECT_FALSE(found.hosts[1].is_secure);
}

TEST_F(SignedMxTest, ADomainWithoutSignaturesIsInsecureAndNoError) {
  const auto found = find("preferences.example.test");
  EXPECT_FALSE(found.is_secure);
  EXPECT_EQ(found.hosts.size(), 2u);
}

TEST_F(SignedMxTest, ThatThereIsNoMxAndNoDomainIsProvenToo) {
  const auto fallback = find("mx.signed.test");
  EXPECT_EQ(fallback.source, Source::address_fallback);
  EXPECT_TRUE(fallback.is_secure);
  EXPECT_TRUE(fallback.hosts.at(0).is_secure);
  const auto nothing = find("nowhere.signed.test");
  EXPECT_THAT(nothing.findings, ElementsAre(finding(Kind::no_such_domain, "",
                                                    "nowhere.signed.test")));
  EXPECT_TRUE(nothing.is_secure);
}

TEST_F(SignedMxTest, ARecordThatItsSignatureDoesNotFitIsAnError) {
  EXPECT_THAT(complaint<LookupError>([] { find("tampered.signed.test"); }),
              AllOf(HasSubstr("cannot look up the MX records of tampered."),
                    HasSubstr("DNSSEC: ")));
}

TEST_F(SignedMxTest, WithoutAnchorNothingIsSecure) {
  const auto found = MxTest::find("signed.test");
  EXPECT_FALSE(found.is_secure);
  EXPECT_FALSE(found.hosts.at(0).is_secure);
}

TEST(MxWithoutServer, ASilentServerIsAnErrorAtTheTimeLimit) {
  const SilentServer silent;
  ResolverOptions options;
  options.servers = {silent.address()};
  options.time_limit = std::chrono::milliseconds(250);
  EXPECT_EQ(
      complaint<LookupError>([&] { find_mail_hosts("example.test", options); }),
      "cannot look up the MX records of example.test: no answer within "
      "0.25 seconds");
}

TEST(MxWithoutServer, ADomainWithLettersBeyondAsciiIsRefused) {
  EXPECT_THAT(complaint<std::invalid_argument>(
                  [] { find_mail_hosts("m\xc3\xbcnchen.example", {}); }),
              AllOf(HasSubstr("'m\xc3\xbcnchen.example'"), HasSubstr("xn--"),
                    HasSubstr("A-label")));
}

TEST(MxWithoutServer, WhatIsNoDomainIsRefused) {
  const std::string long_label(64, 'x');
  std::string long_name = "x";
  while (long_name.size() < 254) long_name += ".x";
  for (const std::string& domain :
       {std::string(), std::string("."), std::string("a..example"),
        std::string("a b.example"), std::string("a\\.example"),
        std::string("192.0.2.1"), std::string("[192.0.2.1]"),
        std::string("2001:db8::1"), std::string("user@example.org"),
        long_label + ".example", long_name}) {
    EXPECT_THROW(find_mail_hosts(domain, {}), std::invalid_argument) << domain;
  }
}

TEST(MxWithoutServer, AServerThatIsNoAddressIsRefused) {
  ResolverOptions options;
  options.servers = {"dns.example"};
  EXPECT_THAT(complaint<std::invalid_argument>(
                  [&] { find_mail_hosts("example.test", options); }),
              HasSubstr("'dns.example' is no DNS server"));
}

TEST(MxWithoutServer, TrustAnchorsThatCannotBeReadAreRefused) {
  ResolverOptions options;
  options.servers = {"127.0.0.1"};
  options.trust_anchors = "/no/such/file";
  EXPECT_THAT(complaint<std::invalid_argument>(
                  [&] { find_mail_hosts("example.test", options); }),
              HasSubstr("/no/such/file"));
}

}  // namespace
}  // namespace smtpspec::dns
