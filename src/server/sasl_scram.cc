#include "server/sasl_scram.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "server/users.h"

namespace smtpspec::server {

ScramSecret scram_secret(std::string_view user) {
  const User* known = find_user(user);
  const std::string seed = "reference server, salt of " + std::string(user);
  return {.salt = hash(Digest::sha256, seed).substr(0, 16),
          .password = known ? std::string(known->password) : seed,
          .is_known = known != nullptr};
}

ScramKeys::ScramKeys(Digest digest, const ScramSecret& secret) {
  const std::string salted =
      pbkdf2(digest, secret.password, secret.salt, secret.iterations);
  client_key = hmac(digest, salted, "Client Key");
  stored_key = hash(digest, client_key);
  server_key = hmac(digest, salted, "Server Key");
}

Scram::Scram(SaslWorld world, Digest digest, bool is_plus, ScramSource source)
    : world_(std::move(world)),
      digest_(digest),
      is_plus_(is_plus),
      source_(std::move(source)) {}

SaslStep Scram::step(std::string_view message) {
  switch (state_) {
    case State::first:
      return take_first(message);
    case State::final:
      return take_final(message);
    case State::signature:
      break;
  }
  if (!message.empty()) return SaslFailure{};
  return authorized();
}

/// Whom the client acts as.
SaslStep Scram::authorized() const {
  const bool ignores = world_.flawed("scram-authzid-ignored"_flaw);
  return authorize(world_, ignores ? "" : authzid_, user_);
}

SaslStep Scram::take_first(std::string_view message) {
  if (!take_header(message)) return SaslFailure{};
  message.remove_prefix(header_.size());
  client_first_bare_ = message;
  if (!take_attributes(message)) return SaslFailure{};
  state_ = State::final;
  server_first_ = server_first(source_.secret(user_));
  return SaslChallenge{server_first_};
}

/// gs2-header: gs2-cbind-flag "," [authzid] ",".
bool Scram::take_header(std::string_view message) {
  const auto first = message.find(',');
  if (first == std::string_view::npos) return false;
  const auto second = message.find(',', first + 1);
  if (second == std::string_view::npos) return false;
  header_ = message.substr(0, second + 1);
  if (!accepts_binding(message.substr(0, first))) return false;
  const auto authzid = message.substr(first + 1, second - first - 1);
  if (authzid.empty()) return true;
  const auto name =
      decode_name(authzid.substr(std::min<std::size_t>(2, authzid.size())));
  if (!authzid.starts_with("a=") || !name) return false;
  authzid_ = *name;
  return true;
}

/// RFC 5802 section 6.
bool Scram::accepts_binding(std::string_view flag) {
  if (flag.starts_with("p=")) {
    if (!is_plus_) return false;
    if (!world_.tls)
      return world_.flawed("scram-plus-accepted-in-clear"_flaw);
    const auto name = flag.substr(2);
    if (name == "tls-unique" &&
        !world_.flawed("scram-tls-unique-refused"_flaw)) {
      binding_ = world_.tls->unique;
    } else if (name == "tls-exporter" &&
               !world_.flawed("scram-tls-exporter-refused"_flaw)) {
      binding_ = world_.tls->exporter;
    } else {
      is_binding_unknown_ = true;
      return world_.flawed("scram-binding-type-unchecked"_flaw);
    }
    return !binding_.empty();
  }
  if (is_plus_) return false;
  // The client took it that we have no binding: somebody has changed the list.
  if (flag == "y")
    return !has_channel_binding(world_) ||
           world_.flawed("scram-downgrade-accepted"_flaw);
  return flag == "n" || world_.flawed("scram-bad-gs2-flag-accepted"_flaw);
}

/// saslname: no comma, and "=" only as the first octet of "=2C" and "=3D".
std::optional<std::string> Scram::decode_name(std::string_view text) const {
  std::string result;
  while (!text.empty()) {
    if (text.front() != '=') {
      result += text.front();
      text.remove_prefix(1);
      continue;
    }
    const bool is_comma = text.starts_with("=2C");
    if (is_comma || text.starts_with("=3D")) {
      if (world_.flawed("scram-escaped-name-refused"_flaw)) return std::nullopt;
      result += is_comma ? ',' : '=';
      text.remove_prefix(3);
    } else if (world_.flawed("scram-bare-equals-accepted"_flaw)) {
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  if (result.empty()) return std::nullopt;
  return result;
}

/// attr-val: a letter, "=", and a value.
bool Scram::is_known_extension(std::string_view attribute) const {
  if (attribute.starts_with("m=")) return false;
  return attribute.size() > 2 && base::is_alpha(attribute[0]) &&
         attribute[1] == '=' &&
         !world_.flawed("scram-optional-extension-refused"_flaw);
}

/// client-first-message-bare: [m=...,] n=NAME , r=NONCE [, more].
bool Scram::take_attributes(std::string_view bare) {
  auto attributes = base::split(bare, ',');
  if (attributes.front().starts_with("m=") &&
      world_.flawed("scram-mandatory-extension-ignored"_flaw)) {
    attributes.erase(attributes.begin());
  }
  if (attributes.size() < 2 || !attributes[0].starts_with("n=") ||
      !attributes[1].starts_with("r=")) {
    return false;
  }
  const auto name = decode_name(attributes[0].substr(2));
  const auto prepared = name ? prepare(world_, *name) : std::nullopt;
  if (!prepared || prepared->empty()) return false;
  user_ = *prepared;
  nonce_ = attributes[1].substr(2);
  const bool is_printable = std::all_of(
      nonce_.begin(), nonce_.end(), [](char c) { return c > ' ' && c < 127; });
  return is_printable && !nonce_.empty() &&
         std::all_of(attributes.begin() + 2, attributes.end(),
                     [this](auto a) { return is_known_extension(a); });
}

/// Makes the nonce of both out of the client's.
std::string Scram::server_first(const ScramSecret& secret) {
  const std::string client_nonce = nonce_;
  nonce_ = client_nonce + (source_.nonce.empty()
                               ? base::base64_encode(world_.random(18))
                               : source_.nonce);
  if (world_.flawed("scram-nonce-foreign"_flaw))
    nonce_.erase(0, client_nonce.size());
  if (world_.flawed("scram-nonce-not-extended"_flaw)) nonce_ = client_nonce;
  const bool is_low = world_.flawed(digest_ == Digest::sha1
                                        ? "scram-sha-1-iterations-low"_flaw
                                        : "scram-sha-256-iterations-low"_flaw);
  std::string salt = base::base64_encode(secret.salt);
  if (world_.flawed("scram-salt-not-base64"_flaw)) salt = "*" + salt;
  return fmt::format(
      "r={},s={},i={}{}", nonce_, salt,
      world_.flawed("scram-iterations-leading-zero"_flaw) ? "0" : "",
      is_low ? 1024 : secret.iterations);
}

/// channel-binding: the header again, and the octets of the binding.
bool Scram::matches_binding(std::string_view text) const {
  const auto octets = base::base64_decode(text);
  if (!octets) return false;
  if (world_.flawed("scram-binding-header-unchecked"_flaw)) return true;
  if (!octets->starts_with(header_)) return false;
  if (is_binding_unknown_ || !world_.tls ||
      world_.flawed("scram-binding-data-unchecked"_flaw)) {
    return true;
  }
  return are_equal(octets->substr(header_.size()), binding_);
}

/// client-final-message: c=BINDING , r=NONCE [, more] , p=PROOF.
SaslStep Scram::take_final(std::string_view message) {
  const auto end = message.rfind(",p=");
  if (end == std::string_view::npos) return SaslFailure{};
  const auto without_proof = message.substr(0, end);
  const auto proof = base::base64_decode(message.substr(end + 3));
  const auto attributes = base::split(without_proof, ',');
  if (!proof || attributes.size() < 2 || !attributes[0].starts_with("c=") ||
      !attributes[1].starts_with("r=") ||
      !std::all_of(attributes.begin() + 2, attributes.end(),
                   [this](auto a) { return is_known_extension(a); })) {
    return SaslFailure{};
  }
  if (!matches_binding(attributes[0].substr(2))) return SaslFailure{};
  if (!are_equal(attributes[1].substr(2), nonce_) &&
      !world_.flawed("scram-changed-nonce-accepted"_flaw)) {
    return SaslFailure{};
  }
  ScramSecret secret = source_.secret(user_);
  if (server_first_.ends_with("i=1024")) secret.iterations = 1024;
  const ScramKeys keys(digest_, secret);
  const std::string auth_message = client_first_bare_ + "," + server_first_ +
                                   "," + std::string(without_proof);
  const std::string signature = hmac(digest_, keys.stored_key, auth_message);
  const bool is_right =
      proof->size() == signature.size() &&
      are_equal(hash(digest_, exclusive_or(*proof, signature)),
                keys.stored_key);
  if (!secret.is_known ||
      (!is_right && !world_.flawed("scram-wrong-proof-accepted"_flaw)) ||
      (is_plus_ && world_.flawed("scram-plus-refused"_flaw)) ||
      world_.flawed(digest_ == Digest::sha256 ? "scram-sha-256-refused"_flaw
                                              : "scram-sha-1-refused"_flaw)) {
    return SaslFailure{};
  }
  return succeed(auth_message, keys);
}

/// server-final-message: SMTP sends it as a challenge, to which the client has
/// no more to say (RFC 4954 section 4).
SaslStep Scram::succeed(const std::string& auth_message,
                        const ScramKeys& keys) {
  const bool lies = world_.flawed("scram-wrong-server-signature"_flaw);
  const std::string signature =
      hmac(digest_, keys.server_key, lies ? "" : auth_message);
  const std::string text = "v=" + base::base64_encode(signature);
  const auto outcome = authorized();
  if (std::holds_alternative<SaslFailure>(outcome)) return outcome;
  if (world_.flawed("scram-server-signature-missing"_flaw)) return outcome;
  if (world_.flawed("scram-signature-in-235"_flaw))
    return SaslSuccess{user_, base::base64_encode(text)};
  state_ = State::signature;
  return SaslChallenge{text};
}

}  // namespace smtpspec::server
