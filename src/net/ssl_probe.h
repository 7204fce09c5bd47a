// SSL 2.0 and 3.0, which OpenSSL no longer speaks (RFC 6176, RFC 7568): a
// ClientHello made by hand, and what its answer means. Nothing comes after
// that.
#pragma once

#include <string>
#include <string_view>

namespace smtpspec::net {

enum class OldSsl { ssl2, ssl3 };

/// "SSL 2.0"
std::string_view to_string(OldSsl version);

/// The ClientHello of a client that speaks `version` and nothing newer.
std::string client_hello(OldSsl version);

enum class OldSslAnswer {
  incomplete,  ///< more octets must come
  taken,       ///< a ServerHello of that version
  refused,     ///< an alert or error, or a version that was not offered
  plaintext,   ///< neither SSL nor TLS
};

/// What the server answered; `octets` are all that came.
OldSslAnswer judge_answer(OldSsl version, std::string_view octets);

}  // namespace smtpspec::net
