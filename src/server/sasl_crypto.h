// What SASL mechanisms calculate with.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace smtpspec::server {

enum class Digest { md5, sha1, sha256 };

std::string hash(Digest digest, std::string_view octets);
/// RFC 2104.
std::string hmac(Digest digest, std::string_view key, std::string_view octets);
/// PBKDF2 of RFC 8018 with that HMAC: Hi() of RFC 5802 section 2.2.
std::string pbkdf2(Digest digest, std::string_view password,
                   std::string_view salt, int iterations);

/// Each octet of `a` XOR that of `b`, which is as long.
std::string exclusive_or(std::string a, std::string_view b);
/// Takes as long for equal texts as for others.
bool are_equal(std::string_view a, std::string_view b);
/// Lower case.
std::string to_hex(std::string_view octets);
std::string random_octets(std::size_t count);

/// `text` prepared by SASLprep (RFC 4013) as a query; nothing where it is no
/// UTF-8 or holds what is prohibited.
std::optional<std::string> saslprep(std::string_view text);

}  // namespace smtpspec::server
