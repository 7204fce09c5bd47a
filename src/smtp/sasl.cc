#include "smtp/sasl.h"

#include <gsasl.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/base64.h"
#include "smtp/sasl_scram.h"

namespace smtpspec::smtp {
namespace {

constexpr std::string_view mechanisms[] = {
    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
    "SCRAM-SHA-1",        "CRAM-MD5",         "PLAIN",
    "LOGIN",              "OAUTHBEARER",      "XOAUTH2",
    "EXTERNAL"};

constexpr std::string_view twists[] = {
    "wrong password",    "unknown user",        "own authzid",
    "foreign authzid",   "wrong token",         "wrong proof",
    "wrong nonce",       "wrong binding",       "binding y",
    "unknown extension", "mandatory extension", "unknown binding",
    "unknown flag",      "bare equals",         "short digest",
    "made-up binding",   "replayed response"};

template <class Range>
bool holds(const Range& range, std::string_view name) {
  return std::find(std::begin(range), std::end(range), name) !=
         std::end(range);
}

bool is_oauth(std::string_view mechanism) {
  return mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2";
}

}  // namespace

std::span<const std::string_view> sasl_mechanisms() { return mechanisms; }
bool is_sasl_mechanism(std::string_view name) {
  return holds(mechanisms, name);
}
std::span<const std::string_view> sasl_twists() { return twists; }
bool is_sasl_twist(std::string_view name) { return holds(twists, name); }

bool has_sasl_twist(std::string_view mechanism, std::string_view twist) {
  if (twist == "short digest" || twist == "replayed response")
    return mechanism == "CRAM-MD5";
  if (twist == "made-up binding") return mechanism.ends_with("-PLUS");
  if (twist == "wrong token") return is_oauth(mechanism);
  if (twist == "wrong password" || twist == "unknown user")
    return !is_oauth(mechanism) && mechanism != "EXTERNAL";
  if (twist == "own authzid" || twist == "foreign authzid")
    return mechanism == "PLAIN" || mechanism.starts_with("SCRAM-");
  return mechanism.starts_with("SCRAM-");
}

std::string unknown_user(std::string_view user) {
  return "nobody-" + std::string(user);
}

bool can_log_in(std::string_view mechanism,
                const SaslCredentials& credentials) {
  if (mechanism == "EXTERNAL") return true;
  if (credentials.user.empty()) return false;
  if (is_oauth(mechanism)) return !credentials.token.empty();
  const bool binds = mechanism.ends_with("-PLUS");
  return !credentials.password.empty() &&
         (!binds || !credentials.tls_unique.empty() ||
          !credentials.tls_exporter.empty());
}

class SaslClient::Mechanism {
 public:
  virtual ~Mechanism() = default;
  virtual std::optional<std::string> initial_response() = 0;
  virtual std::string respond(const std::string& challenge) = 0;
  /// The mechanism has nothing more to say or to verify.
  virtual bool is_done() const { return true; }
};

/// What libgsasl knows.
class SaslClient::Library : public Mechanism {
 public:
  Library(std::string_view mechanism, const SaslCredentials& credentials,
          std::string_view twist)
      : twist_(mechanism.starts_with("SCRAM-") && is_scram_twist(twist) ? twist
                                                                        : ""),
        is_digest_short_(twist == "short digest") {
    exchange_.mechanism = mechanism;
    exchange_.password = credentials.password;
    if (gsasl_init(&library_) != GSASL_OK ||
        gsasl_client_start(library_, exchange_.mechanism.c_str(), &session_) !=
            GSASL_OK) {
      gsasl_done(library_);
      throw std::runtime_error("libgsasl does not know " +
                               exchange_.mechanism);
    }
    set(GSASL_AUTHID, credentials.user);
    set(GSASL_PASSWORD, credentials.password);
    if (twist == "own authzid") set(GSASL_AUTHZID, credentials.user);
    const std::string& other = credentials.other_user;
    if (twist == "foreign authzid")
      set(GSASL_AUTHZID, other.empty() ? "postmaster" : other);
    if (mechanism.ends_with("-PLUS")) bind(credentials);
  }
  ~Library() override {
    gsasl_finish(session_);
    gsasl_done(library_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  std::optional<std::string> initial_response() override {
    if (exchange_.mechanism == "CRAM-MD5" || exchange_.mechanism == "LOGIN")
      return std::nullopt;
    exchange_.first = spoil_scram_first(step(""), twist_);
    return exchange_.first;
  }

  std::string respond(const std::string& challenge) override {
    // The server signs what we spoiled, which the library never saw: there is
    // nothing to verify, and the exchange goes on to its outcome.
    if (!twist_.empty() && !exchange_.server_first.empty()) return "";
    std::string response = step(challenge);
    if (is_digest_short_) shorten_digest(response);
    if (twist_.empty()) return response;
    exchange_.server_first = challenge;
    return spoil_scram_final(exchange_, response, twist_);
  }

  bool is_done() const override { return is_done_ || !twist_.empty(); }

 private:
  void set(Gsasl_property property, const std::string& value) {
    gsasl_property_set(session_, property, value.c_str());
  }

  /// An empty challenge has no digest: the library waits for another one.
  static void shorten_digest(std::string& response) {
    constexpr std::size_t half = 16;
    if (response.size() < half)
      throw SaslError{"the challenge asks for no digest"};
    response.resize(response.size() - half);
  }

  /// RFC 9266 section 4.2: the exporter is for TLS 1.3, where there is no
  /// tls-unique.
  void bind(const SaslCredentials& credentials) {
    if (!credentials.tls_unique.empty()) {
      set(GSASL_CB_TLS_UNIQUE, base::base64_encode(credentials.tls_unique));
    } else {
      set(GSASL_CB_TLS_EXPORTER,
          base::base64_encode(credentials.tls_exporter));
    }
  }

  std::string step(const std::string& input) {
    char* output = nullptr;
    std::size_t size = 0;
    const int result =
        gsasl_step(session_, input.data(), input.size(), &output, &size);
    std::string text(output ? output : "", output ? size : 0);
    gsasl_free(output);
    if (result != GSASL_OK && result != GSASL_NEEDS_MORE)
      throw SaslError{gsasl_strerror(result)};
    is_done_ = result == GSASL_OK;
    return text;
  }

  std::string twist_;
  bool is_digest_short_;
  bool is_done_ = false;
  ScramExchange exchange_;
  Gsasl* library_ = nullptr;
  Gsasl_session* session_ = nullptr;
};

/// OAUTHBEARER (RFC 7628 section 3.1), and XOAUTH2, which came before it.
class SaslClient::Bearer : public Mechanism {
 public:
  Bearer(bool is_old, SaslCredentials credentials)
      : is_old_(is_old), credentials_(std::move(credentials)) {}

  std::optional<std::string> initial_response() override {
    const std::string token = "auth=Bearer " + credentials_.token + "\x01\x01";
    if (is_old_) return "user=" + credentials_.user + "\x01" + token;
    return "n,a=" + credentials_.user + ",\x01host=" + credentials_.host +
           "\x01port=" + credentials_.port + "\x01" + token;
  }
  /// Section 3.2.3: the only challenge is an error, and gets a dummy response.
  std::string respond(const std::string&) override {
    return is_old_ ? "" : "\x01";
  }

 private:
  bool is_old_;
  SaslCredentials credentials_;
};

/// RFC 4422 appendix A: no authorization identity.
class SaslClient::External : public Mechanism {
 public:
  std::optional<std::string> initial_response() override { return ""; }
  std::string respond(const std::string&) override { return ""; }
};

SaslClient::SaslClient(std::string_view mechanism, SaslCredentials credentials,
                       std::string_view twist) {
  if (twist == "wrong password") credentials.password += "x";
  if (twist == "unknown user")
    credentials.user = unknown_user(credentials.user);
  if (twist == "wrong token") credentials.token += "x";
  if (twist == "replayed response") earlier_ = credentials.earlier;
  if (twist == "made-up binding") credentials.tls_exporter = "made up";
  if (mechanism == "EXTERNAL") {
    mechanism_ = std::make_unique<External>();
  } else if (is_oauth(mechanism)) {
    mechanism_ =
        std::make_unique<Bearer>(mechanism == "XOAUTH2", std::move(credentials));
  } else {
    mechanism_ = std::make_unique<Library>(mechanism, credentials, twist);
  }
}

SaslClient::~SaslClient() = default;

std::optional<std::string> SaslClient::initial_response() {
  return mechanism_->initial_response();
}

bool SaslClient::is_done() const {
  // Behind a replay nothing is left, and nothing is proved to us.
  return !earlier_.response.empty() || mechanism_->is_done();
}

std::string SaslClient::respond(const std::string& challenge) {
  // To the same challenge it would be right.
  if (!earlier_.response.empty() && challenge == earlier_.challenge)
    throw SaslError{"the challenge is that of the other login"};
  last_round_ = {challenge, earlier_.response.empty()
                                ? mechanism_->respond(challenge)
                                : earlier_.response};
  return last_round_.response;
}

}  // namespace smtpspec::smtp
