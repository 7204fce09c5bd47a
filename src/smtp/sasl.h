// The client's side of SASL (RFC 4422): what is answered to a server's
// challenges, done right, or with one thing wrong on purpose. Octets only:
// base64 and the lines of AUTH are not known here.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace smtpspec::smtp {

/// The mechanisms that SaslClient knows, the strongest first.
std::span<const std::string_view> sasl_mechanisms();
bool is_sasl_mechanism(std::string_view name);

/// What SaslClient can do wrong on purpose, in the words of scenarios; each
/// spoils that one thing and leaves the rest right.
std::span<const std::string_view> sasl_twists();
bool is_sasl_twist(std::string_view name);
/// Whether the mechanism has what the twist spoils.
bool has_sasl_twist(std::string_view mechanism, std::string_view twist);

/// A server's message and what the client answered to it.
struct SaslRound {
  std::string challenge;
  std::string response;
};

/// Whom to log in as, and what TLS gives to bind to.
struct SaslCredentials {
  std::string user;
  std::string password;
  std::string token;  ///< for OAUTHBEARER and XOAUTH2
  std::string host;   ///< the server's name, for OAUTHBEARER
  std::string port;
  std::string tls_unique;    ///< octets; empty: none
  std::string tls_exporter;  ///< octets; empty: none
  /// Whom "foreign authzid" wants to act as; empty: postmaster.
  std::string other_user = {};
  /// Of another login, for "replayed response".
  SaslRound earlier = {};
};

/// Whether all that `mechanism` needs is there.
bool can_log_in(std::string_view mechanism, const SaslCredentials& credentials);

/// Whom "unknown user" logs in as, in place of `user`.
std::string unknown_user(std::string_view user);

/// What the server sent cannot be answered; `text` says why.
struct SaslError {
  std::string text;
};

class SaslClient {
 public:
  /// `mechanism` is one of sasl_mechanisms(), `twist` one of sasl_twists() or
  /// empty.
  SaslClient(std::string_view mechanism, SaslCredentials credentials,
             std::string_view twist);
  ~SaslClient();

  SaslClient(const SaslClient&) = delete;
  SaslClient& operator=(const SaslClient&) = delete;

  /// Nothing where the server speaks first (RFC 4422 section 3.2).
  std::optional<std::string> initial_response();
  /// Throws SaslError, also where the server does not prove what its mechanism
  /// demands.
  std::string respond(const std::string& challenge);
  /// The last challenge that was answered, and the answer.
  const SaslRound& last_round() const { return last_round_; }
  /// Nothing is left to be said or verified: a success may follow. With a twist
  /// of SCRAM's messages the server's proof is not looked at.
  bool is_done() const;

 private:
  class Mechanism;
  class Library;
  class Bearer;
  class External;
  std::unique_ptr<Mechanism> mechanism_;
  SaslRound earlier_;  ///< to be replayed; without a response: nothing is
  SaslRound last_round_;
};

}  // namespace smtpspec::smtp
