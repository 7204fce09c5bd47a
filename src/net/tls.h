// TLS as a state machine over octets (RFC 8446, 5246), with OpenSSL: what came
// goes in, what is to be sent comes out. No sockets, so that a client and a
// server use it alike, and that plain text in its place can be seen.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace smtpspec::net {

enum class TlsVersion { tls1_0, tls1_1, tls1_2, tls1_3 };

/// A certificate and its private key, or only certificates to trust: PEM.
struct Credential {
  std::string certificate;
  std::string key;
};

/// A certificate for `host` that `issuer` signs, or else itself. Valid from now
/// + `from_days` to now + `to_days`. Throws std::runtime_error.
Credential make_certificate(const std::string& host, int from_days = -1,
                            int to_days = 2,
                            const Credential* issuer = nullptr);

struct TlsOptions {
  /// What we offer or accept; nothing: all that OpenSSL has from TLS 1.0 on.
  std::optional<TlsVersion> lowest;
  std::optional<TlsVersion> highest;
  /// Ciphers below TLS 1.3 in OpenSSL's notation; empty: its defaults.
  std::string ciphers;
  /// Ours; empty: none. A server needs one.
  Credential own;
  /// PEM of certificates that a peer's must lead to; empty: none are trusted.
  std::string trust;
  /// The names of which a server's certificate must be for one, or the address;
  /// empty: any, but for the name that is asked for (SNI).
  std::vector<std::string> expected_names;
  /// Also those that this machine trusts.
  bool trusts_system = false;
  /// A server asks its client for a certificate, which may be left out.
  bool asks_for_certificate = false;
  /// A server fails a handshake without SNI (RFC 6066 section 3).
  bool demands_server_name = false;
};

/// Options made ready; cheap to copy.
class TlsContext {
 public:
  enum class Role { client, server };

  /// Throws std::runtime_error for a certificate or key that cannot be read.
  TlsContext(Role role, const TlsOptions& options);

  Role role() const { return role_; }
  ssl_ctx_st* get() const { return context_.get(); }

 private:
  Role role_;
  std::shared_ptr<ssl_ctx_st> context_;
};

/// What a handshake agreed on.
struct TlsFacts {
  std::string version;  ///< "TLSv1.3"
  std::string cipher;   ///< as OpenSSL calls it
  std::string suite;    ///< as IANA registers it; empty: OpenSSL does not know
  /// Channel bindings (RFC 5929 section 3, RFC 9266): octets. tls-unique is
  /// empty with TLS 1.3.
  std::string unique;
  std::string exporter;
  /// SHA-256 of the peer's certificate, lower-case hexadecimal; empty: none.
  std::string fingerprint;
  /// Why the peer's certificate is not to be trusted, or empty: chain, dates,
  /// and the name asked for.
  std::string distrust;
  /// It is for another name, and nothing else is wrong with it.
  bool is_misnamed = false;
  /// The server asked us for a certificate.
  bool was_asked_for_certificate = false;
};

/// How a handshake failed.
struct TlsFailure {
  enum class Kind {
    plaintext,  ///< what came is no TLS
    refused,    ///< an alert came, or what the peer chose is not acceptable
  };
  Kind kind = Kind::refused;
  /// OpenSSL's words, or the first octets of the plain text.
  std::string text;
};

class Tls {
 public:
  /// What callbacks of OpenSSL see during a handshake.
  struct Noticed {
    bool was_asked = false;
    int first_error = 0;  ///< of the peer's certificate
    bool has_error_beside_name = false;
  };

  /// `server_name` is what a client asks for (SNI), and checks unless the
  /// context expects names; empty: none.
  Tls(const TlsContext& context, const std::string& server_name);

  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  /// Takes octets from the peer.
  void feed(std::string_view octets);
  /// The octets that are to be sent; they are forgotten here.
  std::string take_output();

  enum class Progress { done, wants_input, failed };
  /// Goes on with the handshake as far as the input lasts.
  Progress handshake();
  /// After `failed`.
  const TlsFailure& failure() const { return failure_; }
  /// After `done`.
  TlsFacts facts() const;

  /// What has been decrypted so far; empty if nothing has.
  std::string read();
  void write(std::string_view text);
  /// Whether the peer has sent its close alert (RFC 8446 section 6.1).
  bool is_closed_by_peer() const;
  /// Whether what came after the handshake breaks the protocol.
  bool is_broken() const { return is_broken_; }
  /// Makes our close alert.
  void close();

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  void fail(TlsFailure::Kind kind, std::string text);

  TlsContext context_;
  std::unique_ptr<ssl_st, Free> ssl_;
  bool has_input_ = false;
  bool is_broken_ = false;
  Noticed noticed_;
  bool is_done_ = false;
  bool has_failed_ = false;
  TlsFailure failure_;
};

}  // namespace smtpspec::net
