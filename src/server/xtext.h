// xtext (RFC 3461 section 4), which writes octets as +HH.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smtpspec::server {

/// Whether `text` is xtext; that its characters may stand in a parameter
/// (esmtp-value) is for others to see.
bool is_xtext(std::string_view text);

/// What `text` stands for; nothing where a + is not followed by two hexadecimal
/// digits.
std::optional<std::string> decode_xtext(std::string_view text);

}  // namespace smtpspec::server
