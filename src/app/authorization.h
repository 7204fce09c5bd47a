// Whom may be tested: near hosts freely, others by whoever says so.
#pragma once

#include <string>

namespace smtpspec::app {

/// Whether `host` is an address of this machine or of a private network (RFC
/// 1918, RFC 4193, RFC 3927), or "localhost".
bool is_near(const std::string& host);

/// Throws std::invalid_argument for a host that is not near, unless
/// `authorized` names it.
void require_authorization(const std::string& host,
                           const std::string& authorized);

}  // namespace smtpspec::app
