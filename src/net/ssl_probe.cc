#include "net/ssl_probe.h"

namespace smtpspec::net {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

constexpr char server_hello = 2;  // RFC 6101 section 5.6
constexpr char ssl2_error = 0;    // SSL 2.0, message types
constexpr char ssl2_server_hello = 4;

/// `size` as two octets.
std::string length(std::size_t size) {
  return {static_cast<char>(size >> 8 & 255), static_cast<char>(size & 255)};
}

/// Octets that a server takes for random ones.
std::string random_octets(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; i < size; ++i) result += static_cast<char>('A' + i);
  return result;
}

/// RFC 6101 section 5.6.1.2. The ciphers are those that its servers had: AES,
/// 3DES and RC4, with RSA, DHE and ECDHE.
std::string ssl3_client_hello() {
  const std::string ciphers =
      "\xc0\x14\xc0\x13\xc0\x0a\xc0\x09\x00\x39\x00\x33\x00\x35\x00\x2f"s +
      "\xc0\x12\xc0\x08\x00\x16\x00\x0a\x00\x05\x00\x04"s;
  const std::string hello = "\x03\x00"s + random_octets(32) + "\x00"s +
                            length(ciphers.size()) + ciphers + "\x01\x00"s;
  const std::string message = "\x01\x00"s + length(hello.size()) + hello;
  return "\x16\x03\x00"s + length(message.size()) + message;
}

/// Type 1, version 2, ciphers of three octets, no session, 16 octets of
/// challenge.
std::string ssl2_client_hello() {
  const std::string ciphers =
      "\x07\x00\xc0\x03\x00\x80\x01\x00\x80\x06\x00\x40"s;
  const std::string challenge = random_octets(16);
  const std::string message = "\x01\x00\x02"s + length(ciphers.size()) +
                              length(0) + length(challenge.size()) + ciphers +
                              challenge;
  std::string record = length(message.size());
  record[0] = static_cast<char>(record[0] | 0x80);
  return record + message;
}

bool is_text(char octet) { return octet >= ' ' && octet <= '~'; }

OldSslAnswer judge_ssl3(std::string_view octets) {
  constexpr std::size_t version_end = 11;
  if (octets.size() < version_end) return OldSslAnswer::incomplete;
  const bool is_taken =
      octets[5] == server_hello && octets.substr(9, 2) == "\x03\x00"sv;
  return is_taken ? OldSslAnswer::taken : OldSslAnswer::refused;
}

OldSslAnswer judge_ssl2(std::string_view octets) {
  constexpr std::size_t version_end = 7;
  if (octets.size() > 2 && octets[2] == ssl2_error)
    return OldSslAnswer::refused;
  if (octets.size() < version_end) return OldSslAnswer::incomplete;
  const bool is_taken =
      octets[2] == ssl2_server_hello && octets.substr(5, 2) == "\x00\x02"sv;
  return is_taken ? OldSslAnswer::taken : OldSslAnswer::refused;
}

}  // namespace

std::string_view to_string(OldSsl version) {
  return version == OldSsl::ssl2 ? "SSL 2.0" : "SSL 3.0";
}

std::string client_hello(OldSsl version) {
  return version == OldSsl::ssl2 ? ssl2_client_hello() : ssl3_client_hello();
}

OldSslAnswer judge_answer(OldSsl version, std::string_view octets) {
  if (octets.size() < 2) return OldSslAnswer::incomplete;
  if (is_text(octets[0]) && is_text(octets[1])) return OldSslAnswer::plaintext;
  constexpr char alert = 21;
  if (octets[0] == alert) return OldSslAnswer::refused;
  return version == OldSsl::ssl2 ? judge_ssl2(octets) : judge_ssl3(octets);
}

}  // namespace smtpspec::net
