#include "server/old_ssl.h"

namespace smtpspec::server {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

/// RFC 6101 section 5.6.1.3: version, random, no session, AES128-SHA, no
/// compression.
std::string ssl3_server_hello() {
  return "\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00"s +
         std::string(32, 'r') + "\x00\x00\x2f\x00"s;
}

/// Type 4: no session, an X.509 certificate of no octets, version 2, one
/// cipher, a connection id.
std::string ssl2_server_hello() {
  return "\x80\x1e\x04\x00\x01\x00\x02\x00\x00\x00\x03\x00\x10"s +
         "\x01\x00\x80"s + std::string(16, 'c');
}

/// A handshake record with a ClientHello that asks for SSL 3.0 and no more.
bool is_ssl3_hello(std::string_view octets) {
  return octets.size() > 10 && octets.starts_with("\x16\x03"sv) &&
         octets[5] == 1 && octets.substr(9, 2) == "\x03\x00"sv;
}

bool is_ssl2_hello(std::string_view octets) {
  return octets.size() > 4 && (octets[0] & 0x80) != 0 &&
         octets.substr(2, 3) == "\x01\x00\x02"sv;
}

}  // namespace

bool speaks_old_ssl(const FlawSet& flaws) {
  return flaws.contains("tls-ssl-2-accepted"_flaw) ||
         flaws.contains("tls-ssl-3-accepted"_flaw);
}

std::string answer_to_old_ssl(std::string_view octets, const FlawSet& flaws) {
  if (is_ssl3_hello(octets) && flaws.contains("tls-ssl-3-accepted"_flaw))
    return ssl3_server_hello();
  if (is_ssl2_hello(octets) && flaws.contains("tls-ssl-2-accepted"_flaw))
    return ssl2_server_hello();
  return "";
}

}  // namespace smtpspec::server
