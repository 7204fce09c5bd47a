// How the reference server speaks TLS.
#pragma once

#include "net/tls.h"
#include "server/flaws.h"

namespace smtpspec::server {

/// TLS 1.2 and 1.3 with `own`, and what the flaws make of it, where TLS comes
/// first or not. Throws std::runtime_error.
net::TlsContext tls_context(const FlawSet& flaws, const net::Credential& own,
                            bool comes_first = false);

}  // namespace smtpspec::server
