// Brings a session to where a scenario begins (scenario::Start), and starts TLS
// and logs in there and wherever a dialog says so.
#pragma once

#include <optional>
#include <string>

#include "play/login.h"
#include "play/session.h"
#include "play/target.h"
#include "play/verdict.h"
#include "play/waits.h"
#include "scenario/scenario.h"

namespace smtpspec::play {

/// Ends an attempt with its verdict.
struct Verdicted {
  Verdict verdict;
  std::string reason;
  int line = 0;
  /// A second connection may do better.
  bool transient = false;
};

/// Throws Verdicted, skipped, where the server's reply to EHLO does not offer
/// what the scenario needs, or offers what it must lack; and where it needs a
/// mechanism that is none of `mechanisms`, those that the target's operator says
/// it offers (empty: nothing is said).
void check_needs(const scenario::Scenario& scenario,
                 const smtp::Capabilities& capabilities,
                 const std::vector<std::string>& mechanisms);

class Approach {
 public:
  /// All outlive it. `variables` are those of the attempt.
  Approach(Session& session, const scenario::Scenario& scenario,
           const Target& target, const Waits& waits,
           const scenario::Variables& variables);

  /// TLS where it comes before the greeting, on an open connection. Throws as
  /// run() does.
  net::asio::awaitable<void> secure_first();

  /// The connection is open. Throws Verdicted: blocked where the server does
  /// not let us get there, skipped where it does not offer the way.
  net::asio::awaitable<void> run();

  /// Throws Verdicted, skipped, where a secret must not be sent as things stand:
  /// to a host far away without TLS, or whose certificate is not trusted.
  void require_confidence() const;

  /// Offers what `demand` says.
  net::asio::awaitable<Event> start_tls(const scenario::StartTls& demand);
  /// Throws Verdicted, skipped, where the profile has no credentials for the
  /// mechanism. `earlier` is what "replayed response" says again, and takes the
  /// last round of the login.
  net::asio::awaitable<Event> log_in(const scenario::Authenticate& step,
                                     smtp::SaslRound& earlier);

 private:
  net::asio::awaitable<void> require(const std::string& line, int wanted_class);
  net::asio::awaitable<void> require_handshake();
  net::asio::awaitable<void> greet();
  net::asio::awaitable<void> secure(bool is_needed);
  net::asio::awaitable<void> authenticate();
  net::asio::awaitable<void> begin_mail();
  bool wants_login() const;
  bool has_user() const;
  const std::string& value(const char* name) const;

  Session& session_;
  const scenario::Scenario& scenario_;
  const Target& target_;
  const Waits& waits_;
  const scenario::Variables& variables_;
  std::optional<net::TlsFacts> tls_;
};

}  // namespace smtpspec::play
