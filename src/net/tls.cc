#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace smtpspec::net {
namespace {

/// First octet of a TLS record: change_cipher_spec to application_data
/// (RFC 8446 section 5.1).
constexpr unsigned char lowest_record = 20;
constexpr unsigned char highest_record = 23;
/// Octets of plain text that are kept to be shown.
constexpr std::size_t kept_plaintext = 200;

template <auto function>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

std::string last_error() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason ? reason : "no reason given";
}

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + ": " + last_error());
}

Bio memory(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string contents(const Bio& bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

int protocol(TlsVersion version) {
  switch (version) {
    case TlsVersion::tls1_0: return TLS1_VERSION;
    case TlsVersion::tls1_1: return TLS1_1_VERSION;
    case TlsVersion::tls1_2: return TLS1_2_VERSION;
    case TlsVersion::tls1_3: return TLS1_3_VERSION;
  }
  return 0;
}

Certificate read_certificate(const std::string& pem) {
  const auto text = memory(pem);
  Certificate certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  require(certificate != nullptr, "our certificate cannot be read");
  return certificate;
}

Key read_key(const std::string& pem) {
  const auto text = memory(pem);
  Key key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  require(key != nullptr, "our private key cannot be read");
  return key;
}

void use_own(SSL_CTX* context, const Credential& own) {
  const Certificate certificate = read_certificate(own.certificate);
  const Key key = read_key(own.key);
  require(SSL_CTX_use_certificate(context, certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, key.get()) == 1,
          "certificate and private key do not fit");
}

void use_trust(SSL_CTX* context, const std::string& trust) {
  const auto text = memory(trust);
  int count = 0;
  for (;; ++count) {
    const Certificate certificate(
        PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
  }
  require(count > 0, "no certificate to trust can be read");
  ERR_clear_error();  // of the end of the text
}

/// RFC 9525 section 6: an address is held against addresses, a name against
/// names.
void expect_names(SSL_CTX* context, const std::vector<std::string>& names) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
  if (names.size() == 1 &&
      X509_VERIFY_PARAM_set1_ip_asc(parameters, names[0].c_str()) == 1) {
    return;
  }
  ERR_clear_error();
  for (const std::string& name : names) {
    require(X509_VERIFY_PARAM_add1_host(parameters, name.c_str(), 0) == 1,
            "no name that a certificate can be for");
  }
}

/// A server that asks takes whatever comes: its conversation decides.
int accept_any(int, X509_STORE_CTX*) { return 1; }

int demand_server_name(SSL* ssl, int*, void*) {
  return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
             ? SSL_TLSEXT_ERR_OK
             : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Tls::Noticed& noticed(const SSL* ssl) {
  return *static_cast<Tls::Noticed*>(SSL_get_app_data(ssl));
}

/// Called where a client is asked for a certificate.
int note_request(SSL* ssl, void*) {
  noticed(ssl).was_asked = true;
  return 1;
}

/// Called for each check of a server's certificate; goes on whatever it came
/// to, so that all that is wrong is seen.
int note_error(int is_good, X509_STORE_CTX* store) {
  if (is_good == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const int error = X509_STORE_CTX_get_error(store);
  Tls::Noticed& seen = noticed(ssl);
  if (seen.first_error == X509_V_OK) seen.first_error = error;
  seen.has_error_beside_name |= error != X509_V_ERR_HOSTNAME_MISMATCH &&
                                error != X509_V_ERR_IP_ADDRESS_MISMATCH;
  return 1;
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
          "cannot make a certificate");
}

std::string hexadecimal(const unsigned char* data, unsigned size) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (unsigned i = 0; i < size; ++i) {
    result += digits[data[i] >> 4];
    result += digits[data[i] & 15];
  }
  return result;
}

std::string unique_of(const SSL* ssl, TlsContext::Role role) {
  if (SSL_version(ssl) >= TLS1_3_VERSION) return "";
  // RFC 5929 section 3.1: the first Finished, which is the client's unless a
  // session is resumed; we resume none.
  char finished[EVP_MAX_MD_SIZE];
  const auto size = role == TlsContext::Role::client
                        ? SSL_get_finished(ssl, finished, sizeof finished)
                        : SSL_get_peer_finished(ssl, finished, sizeof finished);
  return std::string(finished, size);
}

std::string exporter_of(SSL* ssl) {
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  unsigned char octets[32];
  const int done =
      SSL_export_keying_material(ssl, octets, sizeof octets, label.data(),
                                 label.size(), nullptr, 0, 1);
  ERR_clear_error();
  return done == 1 ? std::string(reinterpret_cast<char*>(octets), sizeof octets)
                   : "";
}

}  // namespace

Credential make_certificate(const std::string& host, int from_days, int to_days,
                            const Credential* issuer) {
  const Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "cannot make a key");
  const Certificate certificate(X509_new());
  X509* x509 = certificate.get();
  constexpr long day = 24 * 60 * 60;
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(x509), from_days * day);
  X509_gmtime_adj(X509_getm_notAfter(x509), to_days * day);
  X509_set_pubkey(x509, key.get());
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(x509), "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  add_extension(x509, NID_subject_alt_name, "DNS:" + host);
  if (issuer == nullptr) {
    X509_set_issuer_name(x509, X509_get_subject_name(x509));
    add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(x509, key.get(), EVP_sha256()) > 0, "cannot sign");
  } else {
    const Certificate above = read_certificate(issuer->certificate);
    const Key signing = read_key(issuer->key);
    X509_set_issuer_name(x509, X509_get_subject_name(above.get()));
    require(X509_sign(x509, signing.get(), EVP_sha256()) > 0, "cannot sign");
  }

  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_text.get(), x509);
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0,
                           nullptr, nullptr);
  return {contents(certificate_text), contents(key_text)};
}

TlsContext::TlsContext(Role role, const TlsOptions& options) : role_(role) {
  const bool is_client = role == Role::client;
  context_.reset(
      SSL_CTX_new(is_client ? TLS_client_method() : TLS_server_method()),
      SSL_CTX_free);
  SSL_CTX* context = context_.get();
  require(context != nullptr, "no TLS");
  // What is old or weak is ours to ask for: the peer is to refuse it.
  const std::string ciphers =
      options.ciphers.empty() ? "DEFAULT" : options.ciphers;
  require(SSL_CTX_set_cipher_list(context, (ciphers + ":@SECLEVEL=0").c_str()),
          "unknown ciphers");
  SSL_CTX_set_min_proto_version(
      context, protocol(options.lowest.value_or(TlsVersion::tls1_0)));
  SSL_CTX_set_max_proto_version(
      context, protocol(options.highest.value_or(TlsVersion::tls1_3)));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  if (!options.own.certificate.empty()) use_own(context, options.own);
  if (!options.trust.empty()) use_trust(context, options.trust);
  if (options.trusts_system) SSL_CTX_set_default_verify_paths(context);
  if (is_client) {
    SSL_CTX_set_cert_cb(context, note_request, nullptr);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, note_error);
    expect_names(context, options.expected_names);
    return;
  }
  if (options.asks_for_certificate)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
  if (options.demands_server_name)
    SSL_CTX_set_tlsext_servername_callback(context, demand_server_name);
}

void Tls::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Tls::Tls(const TlsContext& context, const std::string& server_name)
    : context_(context), ssl_(SSL_new(context.get())) {
  SSL* ssl = ssl_.get();
  require(ssl != nullptr, "no TLS");
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_app_data(ssl, &noticed_);
  if (context.role() == TlsContext::Role::server) {
    SSL_set_accept_state(ssl);
    return;
  }
  SSL_set_connect_state(ssl);
  if (server_name.empty()) return;
  SSL_set_tlsext_host_name(ssl, server_name.c_str());
  if (X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0) == nullptr)
    SSL_set1_host(ssl, server_name.c_str());
}

void Tls::fail(TlsFailure::Kind kind, std::string text) {
  if (has_failed_) return;
  has_failed_ = true;
  failure_ = {kind, std::move(text)};
}

void Tls::feed(std::string_view octets) {
  if (octets.empty()) return;
  const auto first = static_cast<unsigned char>(octets.front());
  if (!has_input_ && (first < lowest_record || first > highest_record)) {
    fail(TlsFailure::Kind::plaintext,
         std::string(octets.substr(0, kept_plaintext)));
  }
  has_input_ = true;
  BIO_write(SSL_get_rbio(ssl_.get()), octets.data(),
            static_cast<int>(octets.size()));
}

std::string Tls::take_output() {
  BIO* output = SSL_get_wbio(ssl_.get());
  std::string octets(BIO_ctrl_pending(output), '\0');
  if (!octets.empty())
    BIO_read(output, octets.data(), static_cast<int>(octets.size()));
  return octets;
}

Tls::Progress Tls::handshake() {
  if (has_failed_) return Progress::failed;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    is_done_ = true;
    return Progress::done;
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ)
    return Progress::wants_input;
  fail(TlsFailure::Kind::refused, last_error());
  return Progress::failed;
}

TlsFacts Tls::facts() const {
  SSL* ssl = ssl_.get();
  TlsFacts facts;
  facts.version = SSL_get_version(ssl);
  facts.cipher = SSL_get_cipher_name(ssl);
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  const char* suite = cipher ? SSL_CIPHER_standard_name(cipher) : nullptr;
  if (suite) facts.suite = suite;
  facts.unique = unique_of(ssl, context_.role());
  facts.exporter = exporter_of(ssl);
  facts.was_asked_for_certificate = noticed_.was_asked;
  const Certificate peer(SSL_get1_peer_certificate(ssl));
  if (!peer) return facts;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(peer.get(), EVP_sha256(), digest, &size);
  facts.fingerprint = hexadecimal(digest, size);
  if (noticed_.first_error == X509_V_OK) return facts;
  facts.distrust = X509_verify_cert_error_string(noticed_.first_error);
  facts.is_misnamed = !noticed_.has_error_beside_name;
  return facts;
}

std::string Tls::read() {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    ERR_clear_error();
    const int size = SSL_read(ssl_.get(), buffer, sizeof buffer);
    if (size > 0) {
      text.append(buffer, static_cast<std::size_t>(size));
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), size);
    is_broken_ = error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
    ERR_clear_error();
    return text;
  }
}

void Tls::write(std::string_view text) {
  if (text.empty()) return;
  ERR_clear_error();
  if (SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) <= 0) {
    is_broken_ = true;
    ERR_clear_error();
  }
}

bool Tls::is_closed_by_peer() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void Tls::close() {
  if (!is_done_ || is_broken_) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace smtpspec::net
