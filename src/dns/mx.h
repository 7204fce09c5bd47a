// The hosts that take mail for a domain, and what is wrong with how it names
// them: RFC 5321 section 5.1, null MX of RFC 7505.
#pragma once

#include <string>
#include <vector>

#include "dns/resolver.h"

namespace smtpspec::dns {

struct MailHost {
  std::string name;  ///< without final dot
  /// IPv4, then IPv6. Empty where a finding says why.
  std::vector<std::string> addresses;
  int preference = 0;  ///< the lower is tried first
  /// DNSSEC proves the addresses, and that there are no others.
  bool is_secure = false;
};

struct MxFinding {
  enum class Kind {
    no_such_domain,      ///< NXDOMAIN
    no_mail_host,        ///< the domain has neither MX nor address records
    null_mx_and_other,   ///< RFC 7505 section 3: MUST NOT
    null_mx_preference,  ///< RFC 7505 section 3: the preference is 0
    alias,               ///< an MX names a CNAME: RFC 2181 section 10.3
    address_literal,     ///< an MX "names" an address: RFC 5321 section 5.1
    no_address,          ///< an MX names a host without: RFC 5321 section 5.1
    lookup_failed,       ///< nobody knows the addresses of a host, or not all
  };
  Kind kind;
  std::string host;  ///< the host it is about; empty: the domain
  std::string text;  ///< a sentence for the user
};

struct MailHosts {
  enum class Source {
    mx,                ///< MX records
    address_fallback,  ///< no MX record, so the domain is its own host
    null_mx,           ///< the domain says that it takes no mail
    none,              ///< no such domain, or nothing that mail could use
  };
  Source source = Source::none;
  /// The domain, or where its CNAMEs lead; without final dot.
  std::string domain;
  /// All that MX records name, usable or not, each once: by preference, then
  /// by name.
  std::vector<MailHost> hosts;
  std::vector<MxFinding> findings;
  /// DNSSEC proves the MX records, or that there is none; without trust anchors
  /// nothing is proven.
  bool is_secure = false;
};

/// Looks up who takes mail for `domain`, "example.org" or "example.org.".
/// Blocks, at most for the time limit of `options`. Throws
/// std::invalid_argument where `domain` is no domain name in ASCII or `options`
/// are wrong (see Resolver), and LookupError where it cannot be known
/// whether and where the domain takes mail: a temporary error is no "no".
MailHosts find_mail_hosts(const std::string& domain,
                          const ResolverOptions& options);

}  // namespace smtpspec::dns
