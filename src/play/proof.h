// Who the target must prove to be, and how we prove who we are.
#pragma once

#include <optional>
#include <string>

#include "net/tls.h"
#include "play/target.h"
#include "smtp/sasl.h"

namespace smtpspec::play {

/// Whom a client of the target trusts, and by which names: those that we were
/// given, for a port may have one of its own (RFC 7817 section 3).
net::TlsOptions tls_options(const Target& target);

/// Why what a handshake agreed on is not to be trusted, or empty. Where the
/// profile has a fingerprint, that decides.
std::string distrust_of(const net::TlsFacts& facts,
                        const scenario::Security& security);

/// What a login with the target takes: of the profile, and of `tls`, if any.
smtp::SaslCredentials credentials_of(const Target& target,
                                     const std::optional<net::TlsFacts>& tls);

}  // namespace smtpspec::play
