// Each mechanism against a client that is not ours.
#include <gmock/gmock.h>
#include <gsasl.h>

#include <cstdlib>
#include <memory>

#include "server/sasl_fixture.h"

namespace smtpspec::server {
namespace {

using testing::StartsWith;

/// libgsasl as a client of `mechanism`.
class Peer {
 public:
  explicit Peer(const std::string& mechanism) {
    EXPECT_EQ(gsasl_init(&library_), GSASL_OK);
    EXPECT_EQ(gsasl_client_start(library_, mechanism.c_str(), &session_),
              GSASL_OK)
        << mechanism;
    set(GSASL_AUTHID, user_name);
    set(GSASL_PASSWORD, user_password);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    gsasl_finish(session_);
    gsasl_done(library_);
  }

  void set(Gsasl_property property, std::string_view value) {
    EXPECT_EQ(
        gsasl_property_set(session_, property, std::string(value).c_str()),
        GSASL_OK);
  }
  /// Its answer to a challenge, both in base64.
  std::string step(const std::string& challenge) {
    char* output = nullptr;
    const int outcome = gsasl_step64(session_, challenge.c_str(), &output);
    const std::unique_ptr<char, void (*)(void*)> owner(output, std::free);
    EXPECT_TRUE(outcome == GSASL_OK || outcome == GSASL_NEEDS_MORE)
        << gsasl_strerror(outcome);
    return output ? output : "";
  }

 private:
  Gsasl* library_ = nullptr;
  Gsasl_session* session_ = nullptr;
};

/// The last reply to `peer`.
std::string play(Peer& peer, const std::string& mechanism,
                 const net::TlsFacts& tls) {
  Dialogue dialogue(tls);
  auto reply = dialogue.say("AUTH " + mechanism);
  for (int i = 0; i < 5 && reply.starts_with("334 "); ++i)
    reply = dialogue.say(peer.step(reply.substr(4, reply.size() - 6)));
  return reply;
}

TEST(SaslPeer, LogsInWithEachMechanism) {
  for (const auto* name :
       {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}) {
    Peer peer(name);
    EXPECT_THAT(play(peer, name, net::TlsFacts{}), StartsWith("235")) << name;
    Peer wrong(name);
    wrong.set(GSASL_PASSWORD, "x");
    EXPECT_THAT(play(wrong, name, net::TlsFacts{}), StartsWith("535")) << name;
  }
  Peer external("EXTERNAL");
  EXPECT_THAT(play(external, "EXTERNAL", with_certificate()),
              StartsWith("235"));
}

TEST(SaslPeer, BindsTheChannel) {
  for (const auto* name : {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}) {
    Peer unique(name);
    unique.set(GSASL_CB_TLS_UNIQUE, base::base64_encode(tls_1_2().unique));
    EXPECT_THAT(play(unique, name, tls_1_2()), StartsWith("235")) << name;
    Peer exporter(name);
    exporter.set(GSASL_CB_TLS_EXPORTER,
                 base::base64_encode(tls_1_3().exporter));
    EXPECT_THAT(play(exporter, name, tls_1_3()), StartsWith("235")) << name;
    Peer wrong(name);
    wrong.set(GSASL_CB_TLS_EXPORTER, base::base64_encode("x"));
    EXPECT_THAT(play(wrong, name, tls_1_3()), StartsWith("535")) << name;
  }
}

}  // namespace
}  // namespace smtpspec::server
