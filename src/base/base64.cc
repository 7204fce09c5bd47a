#include "base/base64.h"

#include <cstdint>

namespace smtpspec::base {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t octet_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto group = octet_at(bytes, i) << 16 | octet_at(bytes, i + 1) << 8 |
                       octet_at(bytes, i + 2);
    result += alphabet[group >> 18];
    result += alphabet[group >> 12 & 63];
    result += i + 1 < bytes.size() ? alphabet[group >> 6 & 63] : '=';
    result += i + 2 < bytes.size() ? alphabet[group & 63] : '=';
  }
  return result;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string result;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    result += static_cast<char>(bits >> count & 0xff);
  }
  // One way to write each text: padding and unused bits are compared at once.
  if (base64_encode(result) != text) return {};
  return result;
}

}  // namespace smtpspec::base
