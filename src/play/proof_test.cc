#include "play/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::play {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Target far_target() {
  Target target;
  target.endpoint = {"192.0.2.1", 587};
  target.variables = {{"host", "mx.example.test"}, {"user", "fred"}};
  target.security.demands_trust = true;
  return target;
}

TEST(Proof, FarAwayItIsForANameThatWeWereGiven) {
  Target target = far_target();
  EXPECT_THAT(tls_options(target).expected_names,
              ElementsAre("mx.example.test", "192.0.2.1"));
  EXPECT_TRUE(tls_options(target).trusts_system);
  target.variables.clear();
  target.security = {};
  EXPECT_THAT(tls_options(target).expected_names, IsEmpty());
  EXPECT_FALSE(tls_options(target).trusts_system);
}

TEST(Proof, FingerprintOfTheProfileDecides) {
  net::TlsFacts facts;
  facts.fingerprint = "aa";
  scenario::Security security;
  EXPECT_EQ(distrust_of(facts, security), "");
  security.fingerprint = "bb";
  EXPECT_NE(distrust_of(facts, security), "");
  facts.fingerprint = "bb";
  facts.distrust = "self-signed certificate";
  EXPECT_EQ(distrust_of(facts, security), "");
}

TEST(Proof, LoginTakesWhatTheProfileAndTheChannelHave) {
  net::TlsFacts facts;
  facts.exporter = "channel";
  const auto credentials = credentials_of(far_target(), facts);
  EXPECT_EQ(credentials.user, "fred");
  EXPECT_EQ(credentials.password, "");
  EXPECT_EQ(credentials.port, "587");
  EXPECT_EQ(credentials.tls_exporter, "channel");
}

}  // namespace
}  // namespace smtpspec::play
