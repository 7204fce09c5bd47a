// What flaws change in content on its way (RFC 5321 sections 2.3.1, 4.4, 4.5.2
// and 6.4): a right server changes nothing.
#pragma once

#include <string>
#include <vector>

#include "server/flaws.h"
#include "server/store.h"

namespace smtpspec::server {

/// `content` as a server with `flaws` passes it on to `recipients`.
/// `came_by_bdat`: no dots were stuffed (RFC 3030).
std::string altered(std::string content,
                    const std::vector<Recipient>& recipients,
                    bool came_by_bdat, const FlawSet& flaws);

/// `field` above `content`; with a flaw below the fields of its header.
std::string with_received(const std::string& field, const std::string& content,
                          const FlawSet& flaws);

/// Addresses that the fields `name` hold, in brackets or bare.
std::vector<std::string> addresses_in(std::string_view content,
                                      std::string_view name);

}  // namespace smtpspec::server
