// The server's side of SASL (RFC 4422): mechanisms as state machines over
// octets, base64 being the business of SMTP.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/tls.h"
#include "server/flaws.h"

namespace smtpspec::server {

/// The exchange goes on with these octets to the client.
struct SaslChallenge {
  std::string octets;
};

struct SaslSuccess {
  /// As whom the client acts (RFC 4422 section 2).
  std::string user;
  /// Words for the reply, where a flaw has some.
  std::string text = {};
};

struct SaslFailure {
  std::string_view text = "Authentication failed";
  /// The message is no message of the mechanism; only flaws say so.
  bool is_malformed = false;
  bool is_unknown_user = false;
  bool is_wrong_password = false;
};

using SaslStep = std::variant<SaslChallenge, SaslSuccess, SaslFailure>;

/// What mechanisms know beside the client's messages.
struct SaslWorld {
  FlawSet flaws;
  std::optional<net::TlsFacts> tls;
  /// Octets that nobody can guess.
  std::function<std::string(std::size_t)> random;
  std::chrono::system_clock::time_point now;
  /// All that CRAM-MD5 sent in any session; with a flaw only.
  std::vector<std::string>* challenges = nullptr;

  bool flawed(FlawId flaw) const { return flaws.contains(flaw); }
};

/// Whether a channel binding can be had (RFC 5929, RFC 9266).
bool has_channel_binding(const SaslWorld& world);

/// One attempt to log in.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  /// Takes the client's next message; the first of a mechanism in which the
  /// server begins is empty. Not called again after success or failure.
  virtual SaslStep step(std::string_view message) = 0;
};

struct Mechanism {
  std::string_view name;
  /// The server sends the first message: there is no initial response.
  bool is_server_first = false;
  std::unique_ptr<SaslExchange> (*begin)(SaslWorld world) = nullptr;
  /// It shows no password and is no plain digest of one.
  bool is_strong = false;
};

/// All that are known, strongest last; which are offered is another question.
std::span<const Mechanism> sasl_mechanisms();
/// By a name in any case; nullptr if there is none.
const Mechanism* find_mechanism(std::string_view name);

/// `text` as SASLprep makes it; nothing if it is prohibited.
std::optional<std::string> prepare(const SaslWorld& world,
                                   std::string_view text);

/// Whether a client that proved to be `user` may act as `authzid`, which may be
/// empty: only as itself. Success, or failure.
SaslStep authorize(const SaslWorld& world, std::string_view authzid,
                   std::string_view user);

/// The digest of RFC 2195 section 2, in hexadecimal.
std::string cram_md5(std::string_view password, std::string_view challenge);

// The other mechanisms, for the table.
std::unique_ptr<SaslExchange> begin_cram_md5(SaslWorld world);
std::unique_ptr<SaslExchange> begin_oauthbearer(SaslWorld world);
std::unique_ptr<SaslExchange> begin_xoauth2(SaslWorld world);

}  // namespace smtpspec::server
