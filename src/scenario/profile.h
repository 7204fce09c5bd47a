// What the suite must know of a target: its listeners, addresses it serves, and
// where we connect from. docs/profile.md is the manual.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls.h"
#include "scenario/scenario.h"
#include "scenario/template.h"

namespace smtpspec::scenario {

/// The names that a scenario may use without capturing them, each with one
/// sentence; profile keys of the same name give their values.
struct VariableName {
  std::string_view name;
  std::string_view meaning;
  /// Set by the player, not by a profile: n, token.
  bool from_player = false;
};
const std::vector<VariableName>& variable_names();

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// Parses "host:port", "[::1]:25", "host" (port 25). Throws
/// std::invalid_argument.
Endpoint parse_endpoint(std::string_view text);
/// "host:port", "[::1]:25": parse_endpoint() gives the same one back.
std::string to_string(const Endpoint& endpoint);

/// How a target proves who it is, and how we do.
struct Security {
  std::string trust;        ///< PEM of certificates to trust; empty: none
  std::string fingerprint;  ///< SHA-256, lower-case hexadecimal; empty: any
  net::Credential own;      ///< a certificate of ours; empty: none
  /// Credentials go to nobody whose certificate is not trusted, by this machine
  /// where nothing else is said.
  bool demands_trust = false;

  bool has_trust() const {
    return demands_trust || !trust.empty() || !fingerprint.empty();
  }
};

/// Where we see what the target delivers.
struct Sink {
  std::optional<Endpoint> smtp;  ///< where it sends mail for other hosts
  std::optional<Endpoint> lmtp;  ///< where it delivers by LMTP (RFC 2033)
  std::vector<std::string> maildirs;  ///< folders that it delivers into

  bool is_empty() const { return !smtp && !lmtp && maildirs.empty(); }
};

struct Profile {
  std::string name;
  /// `permits: [guessing]`: its own account may get wrong passwords by the
  /// dozen, which can lock it.
  bool permits_guessing = false;
  /// The mechanisms of SASL that its operator says it offers under TLS, in upper
  /// case; empty: nothing is said.
  std::vector<std::string> mechanisms;
  std::map<Listener, Endpoint> listeners;
  /// Further ports for mail between servers, which an audit tries too.
  std::vector<Endpoint> other_listeners;
  /// The same host by IPv6, for an audit; empty: not known.
  std::string host6;
  /// Local address that connections are made from; empty: the system's choice.
  std::string source;
  /// Another local address, whose mail the target relays; empty: none is known.
  std::string trusted_source;
  /// Another one, whose mail the target refuses; empty: none is known.
  std::string refused_source;
  /// As `source`, for connections to host6.
  std::string source6;
  Sink sink;
  /// Variables of scenarios by name. `recipient_n` holds "${n}".
  Variables variables;
  Security security;
};

/// The variables for the n-th line of a `C*100` step: n is set, and put into
/// recipient_n.
Variables numbered(Variables variables, int n);

/// Parses a profile. Throws base::SourceError for unknown or duplicate keys and
/// bad values.
Profile parse_profile(std::string_view text, const std::string& path);
Profile load_profile(const std::string& path);

/// For a target of which nothing is known but its address: mail goes to
/// <postmaster>, which every server accepts (RFC 5321 section 4.5.1).
Profile default_profile(const Endpoint& target, Listener listener);

/// For the built-in reference server.
Profile reference_profile();

}  // namespace smtpspec::scenario
