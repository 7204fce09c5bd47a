// Base64 (RFC 4648 section 4), as SMTP AUTH uses it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smtpspec::base {

/// `bytes` in base64, padded, in one line.
std::string base64_encode(std::string_view bytes);

/// The octets that `text` stands for. Empty unless `text` is exactly what
/// base64_encode() writes for them: no line ends, whole padding, no stray bits
/// (RFC 4648 sections 3.1 to 3.5).
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace smtpspec::base
