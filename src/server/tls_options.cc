#include "server/tls_options.h"

#include <string>

#include "server/store.h"

namespace smtpspec::server {
namespace {

net::TlsOptions options_of(const FlawSet& flaws, const net::Credential& own,
                           bool comes_first) {
  using net::TlsVersion;
  net::TlsOptions options;
  options.own = own;
  options.lowest = TlsVersion::tls1_2;
  if (flaws.contains("tls-1-1-accepted"_flaw))
    options.lowest = TlsVersion::tls1_1;
  if (flaws.contains("tls-1-0-accepted"_flaw))
    options.lowest = TlsVersion::tls1_0;
  if (flaws.contains("tls-1-1-at-most"_flaw)) {
    options.lowest = TlsVersion::tls1_0;
    options.highest = TlsVersion::tls1_1;
  }
  if (flaws.contains("tls-null-cipher-accepted"_flaw)) options.ciphers = "ALL:eNULL";
  if (flaws.contains("tls-anonymous-cipher-accepted"_flaw))
    options.ciphers = "ALL:aNULL";
  options.asks_for_certificate =
      flaws.contains("tls-asks-for-certificate"_flaw) ||
      flaws.contains("external-not-listed"_flaw) ||
      flaws.contains("auth-equals-not-decoded"_flaw);
  options.demands_server_name =
      flaws.contains("tls-insists-on-server-name"_flaw);
  const std::string host(host_name);
  if (flaws.contains("tls-certificate-expired"_flaw))
    options.own = net::make_certificate(host, -9, -7);
  if (flaws.contains("tls-certificate-of-another"_flaw))
    options.own = net::make_certificate("other." + host);
  // Who trusts `own` trusts what it signs.
  if (flaws.contains("tls-certificate-other-name"_flaw))
    options.own = net::make_certificate("other." + host, -1, 2, &own);
  if (comes_first && flaws.contains("submissions-certificate-differs"_flaw))
    options.own = net::make_certificate(host, -1, 2, &own);
  // Without a certificate every handshake fails.
  if (flaws.contains("tls-handshake-fails"_flaw)) options.own = {};
  return options;
}

}  // namespace

net::TlsContext tls_context(const FlawSet& flaws, const net::Credential& own,
                            bool comes_first) {
  return {net::TlsContext::Role::server, options_of(flaws, own, comes_first)};
}

}  // namespace smtpspec::server
