// What the reference server can fetch (RFC 4468).
#pragma once

#include <string>
#include <string_view>

namespace smtpspec::server {

/// The URL of the one message of `user`, which alone `user` may submit.
std::string burl_of(std::string_view user);

}  // namespace smtpspec::server
