// SCRAM (RFC 5802, RFC 7677), with channel binding (RFC 5929, RFC 9266) and
// without.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/sasl.h"
#include "server/sasl_crypto.h"

namespace smtpspec::server {

/// What a server keeps of a user, and the password in place of the keys.
struct ScramSecret {
  std::string salt;
  int iterations = 4096;
  std::string password;
  bool is_known = true;  ///< else it is made up, so that nobody notices
};

/// The secret of a user in users.h, or one made up for anybody else.
ScramSecret scram_secret(std::string_view user);

/// Where a server has what it says from.
struct ScramSource {
  std::function<ScramSecret(std::string_view user)> secret = scram_secret;
  /// What it adds to the client's nonce; empty: random characters.
  std::string nonce = {};
};

/// The keys of RFC 5802 section 3.
struct ScramKeys {
  ScramKeys(Digest digest, const ScramSecret& secret);

  std::string client_key;
  std::string stored_key;
  std::string server_key;
};

class Scram : public SaslExchange {
 public:
  Scram(SaslWorld world, Digest digest, bool is_plus, ScramSource source = {});

  SaslStep step(std::string_view message) override;

 private:
  SaslStep take_first(std::string_view message);
  SaslStep take_final(std::string_view message);
  bool take_header(std::string_view message);
  bool accepts_binding(std::string_view flag);
  bool take_attributes(std::string_view bare);
  std::optional<std::string> decode_name(std::string_view text) const;
  bool matches_binding(std::string_view text) const;
  bool is_known_extension(std::string_view attribute) const;
  std::string server_first(const ScramSecret& secret);
  SaslStep authorized() const;
  SaslStep succeed(const std::string& auth_message, const ScramKeys& keys);

  enum class State { first, final, signature };

  SaslWorld world_;
  Digest digest_;
  bool is_plus_;
  ScramSource source_;
  State state_ = State::first;
  std::string header_;
  std::string binding_;
  bool is_binding_unknown_ = false;
  std::string authzid_;
  std::string user_;
  std::string client_first_bare_;
  std::string server_first_;
  std::string nonce_;
};

}  // namespace smtpspec::server
