#include "play/proof.h"

namespace smtpspec::play {
namespace {

/// Empty: the profile has no value for it.
std::string value_of(const Target& target, const char* name) {
  const auto found = target.variables.find(name);
  return found == target.variables.end() ? std::string() : found->second;
}

}  // namespace

net::TlsOptions tls_options(const Target& target) {
  const auto& security = target.security;
  net::TlsOptions options;
  options.trust = security.trust;
  options.trusts_system = security.demands_trust && security.trust.empty();
  const std::string host = value_of(target, "host");
  if (!host.empty()) options.expected_names.push_back(host);
  // Far away no secret goes to whom nobody vouches for, by a name that we were
  // given.
  if (!host.empty() || security.demands_trust)
    options.expected_names.push_back(target.endpoint.host);
  return options;
}

std::string distrust_of(const net::TlsFacts& facts,
                        const scenario::Security& security) {
  if (security.fingerprint.empty()) return facts.distrust;
  return facts.fingerprint == security.fingerprint
             ? ""
             : "another fingerprint than the profile's";
}

smtp::SaslCredentials credentials_of(const Target& target,
                                     const std::optional<net::TlsFacts>& tls) {
  smtp::SaslCredentials result;
  result.user = value_of(target, "user");
  result.password = value_of(target, "password");
  result.token = value_of(target, "bearer");
  result.host = value_of(target, "host");
  result.other_user = value_of(target, "user2");
  result.port = std::to_string(target.endpoint.port);
  if (tls) {
    result.tls_unique = tls->unique;
    result.tls_exporter = tls->exporter;
  }
  return result;
}

}  // namespace smtpspec::play
