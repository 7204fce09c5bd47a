// Every flaw of STARTTLS and REQUIRETLS shows in at least one of these sessions.
// Those of TLS itself (tls-*, submissions-*) show on sockets only: scenarios
// prove them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/conversation.h"

namespace smtpspec::server {
namespace {

/// Stands for the handshake.
const std::string handshake = "(handshake)";
/// One that the server finds too weak (RFC 3207 section 4.1).
const std::string weak_handshake = "(weak handshake)";
const std::string long_sender =
    "MAIL FROM:<a@client.example> REQUIRETLS SOLICIT=" +
    std::string(500, 'a') + "\r\n";

const std::vector<std::vector<std::string>> sessions = {
    {"EHLO client.example\r\n", "NOOP\r\n", "MAIL FROM:<a@client.example>\r\n",
     "RSET\r\n", "STARTTLS\r\nNOOP\r\n", handshake, "NOOP\r\n",
     "EHLO client.example\r\n", "STARTTLS\r\n",
     "MAIL FROM:<a@client.example> REQUIRETLS\r\n", "RSET\r\n",
     "MAIL FROM:<a@client.example> REQUIRETLS=YES\r\n", "RSET\r\n",
     long_sender},
    {"EHLO client.example\r\n", "STARTTLS now\r\n", "NOOP\r\n"},
    {"EHLO client.example\r\n", "STARTTLS\r\n", handshake,
     "MAIL FROM:<a@client.example>\r\n"},
    {"EHLO client.example\r\n", "MAIL FROM:<a@client.example>\r\n",
     "STARTTLS\r\n", handshake, "RCPT TO:<alice@example.test>\r\n"},
    {"EHLO client.example\r\n", "AUTH CRAM-MD5\r\n"},
    {"EHLO client.example\r\n", "MAIL FROM:<a@client.example>\r\n",
     "RCPT TO:<alice@example.test>\r\n", "BDAT 3\r\nx\r\n", "STARTTLS\r\n",
     handshake, "EHLO client.example\r\n", "MAIL FROM:<a@client.example>\r\n",
     "RCPT TO:<alice@example.test>\r\n", "BDAT 0 LAST\r\n"},
    {"EHLO client.example\r\n", "STARTTLS\r\n", weak_handshake,
     "EHLO client.example\r\n", "QUIT\r\n"},
};

std::vector<std::string> seen(const std::vector<std::string>& reads,
                              const FlawSet& flaws) {
  Store store;
  Surroundings surroundings;
  surroundings.offers_tls = true;
  Conversation conversation(store, flaws, surroundings);
  std::vector<std::string> result = {conversation.greeting()};
  for (const std::string& read : reads) {
    if (read != handshake && read != weak_handshake) {
      result.push_back(conversation.receive(read));
    } else if (conversation.starting_tls()) {
      net::TlsFacts facts;
      if (read == weak_handshake) facts.cipher = "ECDHE-ECDSA-AES128-SHA";
      result.push_back(conversation.tls_started(facts));
    }
  }
  result.push_back(conversation.closing() ? "closed" : "open");
  for (const Message& message : store.messages())
    result.push_back(std::to_string(message.octets.size()));
  return result;
}

TEST(TlsFlaws, EachOneShows) {
  for (const Flaw& row : tls_flaws) {
    const std::string_view name = row.name;
    if (name.starts_with("tls-") || name.starts_with("submissions-")) continue;
    const FlawId flaw = *find_flaw(name);
    bool shows = false;
    for (const auto& session : sessions)
      shows = shows || seen(session, {flaw}) != seen(session, {});
    EXPECT_TRUE(shows) << name;
  }
}

TEST(StartTls, ForgetsWhatWasSaidBefore) {  // RFC 3207 section 4.2
  const auto replies = seen(sessions[3], {});
  EXPECT_EQ(replies[5].substr(0, 3), "503");
}

TEST(StartTls, RefusesAllButQuitWhereItIsTooWeak) {  // section 4.1
  const auto replies = seen(sessions.back(), {});
  EXPECT_EQ(replies[4].substr(0, 3), "554");
  EXPECT_EQ(replies[5].substr(0, 3), "221");
}

}  // namespace
}  // namespace smtpspec::server
