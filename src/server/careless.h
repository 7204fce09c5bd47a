// What careless servers read into addresses: forms that mean another host's
// mailbox to them, although the check of the domain passed (RFC 5321 sections
// 3.6.1, 4.1.2, F.2 and F.3). With flaws only.
#pragma once

#include <optional>
#include <string_view>

#include "server/address.h"
#include "server/flaws.h"

namespace smtpspec::server {

/// The mailbox at another host that stands behind the path at the beginning of
/// `input` ("<user%other@own> NOTIFY=NEVER") for a server with `flaws`; nothing
/// if the path is to be read as it should be.
std::optional<Path> careless_recipient(std::string_view input,
                                       const FlawSet& flaws);

/// Likewise a reverse-path without a domain, such as <root>.
std::optional<Path> careless_sender(std::string_view input,
                                    const FlawSet& flaws);

}  // namespace smtpspec::server
