// With flaws only: a server that still answers SSL 2.0 and 3.0 (RFC 6176, RFC
// 7568), which OpenSSL no longer has. It does not get beyond its ServerHello.
#pragma once

#include <string>
#include <string_view>

#include "server/flaws.h"

namespace smtpspec::server {

/// Whether a server with `flaws` looks for such clients at all.
bool speaks_old_ssl(const FlawSet& flaws);

/// The ServerHello for the ClientHello that `octets` begin with; empty for all
/// that a server with `flaws` leaves to TLS.
std::string answer_to_old_ssl(std::string_view octets, const FlawSet& flaws);

}  // namespace smtpspec::server
