// PLAIN (RFC 4616), LOGIN and EXTERNAL (RFC 4422 appendix A), and the table of
// mechanisms.
#include "server/sasl.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "server/address.h"
#include "server/sasl_crypto.h"
#include "server/sasl_scram.h"
#include "server/users.h"

namespace smtpspec::server {

bool has_channel_binding(const SaslWorld& world) {
  return world.tls &&
         !(world.tls->unique.empty() && world.tls->exporter.empty());
}

namespace {

template <class Unwanted>
std::string without(std::string_view text, Unwanted is_unwanted) {
  std::string result;
  for (const char c : text) {
    if (!is_unwanted(static_cast<unsigned char>(c))) result += c;
  }
  return result;
}

/// With flaws: what stands before the character at which a name is cut.
std::string_view uncut(const SaslWorld& world, std::string_view text) {
  if (world.flawed("plain-line-end-in-user-accepted"_flaw))
    text = text.substr(0, text.find_first_of("\r\n"));
  if (world.flawed("auth-control-character-in-user-accepted"_flaw)) {
    constexpr std::string_view nul_or_escape("\0\x1b", 2);
    text = text.substr(0, text.find_first_of(nul_or_escape));
    text = text.substr(0, text.find("\xc2\x85"));
  }
  return text;
}

/// Whether full-width forms of ASCII (U+FF01 to U+FF5E) are in `text`.
bool has_full_width(std::string_view text) {
  return text.find("\xef\xbc") != std::string_view::npos ||
         text.find("\xef\xbd") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> prepare(const SaslWorld& world,
                                   std::string_view text) {
  if (world.flawed("auth-saslprep-missing"_flaw)) {
    if (!is_utf8(text)) return std::nullopt;
    return std::string(text);
  }
  std::string octets(text);
  if (world.flawed("plain-prohibited-character-accepted"_flaw))
    octets = without(octets, [](int c) { return c == 7; });
  if (world.flawed("plain-invalid-utf8-accepted"_flaw) && !is_utf8(octets))
    octets = without(octets, [](int c) { return c > 127; });
  if (world.flawed("auth-compatibility-forms-kept"_flaw) &&
      has_full_width(octets)) {
    return octets;
  }
  return saslprep(uncut(world, octets));
}

SaslStep authorize(const SaslWorld& world, std::string_view authzid,
                   std::string_view user) {
  const auto identity = prepare(world, authzid);
  if (!identity) return SaslFailure{};
  // RFC 4954 section 4: nothing is left of what was something.
  if (identity->empty() && !authzid.empty() &&
      !world.flawed("auth-empty-preparation-accepted"_flaw)) {
    return SaslFailure{};
  }
  if (identity->empty()) return SaslSuccess{std::string(user)};
  if (*identity != user) {
    if (world.flawed("plain-foreign-authzid-accepted"_flaw))
      return SaslSuccess{*identity};
    return SaslFailure{};
  }
  if (world.flawed("plain-own-authzid-refused"_flaw)) return SaslFailure{};
  return SaslSuccess{*identity};
}

namespace {

/// The flaws by which no password is needed.
bool needs_no_password(const SaslWorld& world, std::string_view password,
                       std::string_view prepared) {
  if (password.empty())
    return world.flawed("plain-empty-password-accepted"_flaw);
  return prepared.empty() &&
         world.flawed("plain-password-prepared-to-nothing-accepted"_flaw);
}

/// What PLAIN and LOGIN come to.
SaslStep check_password(const SaslWorld& world, std::string_view authzid,
                        std::string_view name, std::string_view password) {
  const auto prepared_name = prepare(world, name);
  const auto secret = prepare(world, password);
  if (!prepared_name || !secret) return SaslFailure{};
  if (prepared_name->empty()) {
    if (name.empty() && world.flawed("plain-empty-user-accepted"_flaw))
      return SaslSuccess{std::string(user_name)};
    return SaslFailure{};
  }
  if (needs_no_password(world, password, *secret))
    return SaslSuccess{*prepared_name};
  if (secret->empty()) return SaslFailure{};
  const User* user = find_user(*prepared_name);
  if (!user && world.flawed("auth-unknown-user-disclosed"_flaw))
    return SaslFailure{"No such user"};
  if (!user) return SaslFailure{.is_unknown_user = true};
  if (!are_equal(user->password, *secret) &&
      !world.flawed("auth-wrong-password-accepted"_flaw)) {
    return SaslFailure{.is_wrong_password = true};
  }
  // Shows in trace fields what else came with the name.
  if (uncut(world, name) != name) return SaslSuccess{std::string(name)};
  return authorize(world, authzid, user->name);
}

/// RFC 4616 section 2: [authzid] NUL authcid NUL passwd.
class Plain : public SaslExchange {
 public:
  explicit Plain(SaslWorld world) : world_(std::move(world)) {}

  SaslStep step(std::string_view message) override {
    const SaslSuccess success{std::string(user_name)};
    if (message.empty() && world_.flawed("plain-empty-message-accepted"_flaw)) {
      return success;
    }
    auto parts = base::split(message, '\0');
    const bool has_long_part =
        std::any_of(parts.begin(), parts.end(),
                    [](std::string_view part) { return part.size() > 200; });
    if (has_long_part && world_.flawed("plain-long-part-refused"_flaw))
      return SaslFailure{"Too long", true};
    if (parts.size() == 1 && message == user_name &&
        world_.flawed("plain-no-nul-accepted"_flaw)) {
      return success;
    }
    if (parts.size() == 2 && world_.flawed("plain-one-nul-accepted"_flaw))
      parts.insert(parts.begin(), "");
    if (parts.size() == 4 && world_.flawed("plain-three-nuls-accepted"_flaw))
      parts.pop_back();
    if (parts.size() != 3) return SaslFailure{};
    return check_password(world_, parts[0], parts[1], parts[2]);
  }

 private:
  SaslWorld world_;
};

/// Never standardised: two questions, two answers.
class Login : public SaslExchange {
 public:
  explicit Login(SaslWorld world) : world_(std::move(world)) {}

  SaslStep step(std::string_view message) override {
    switch (count_++) {
      case 0:
        return SaslChallenge{"Username:"};
      case 1:
        name_ = message;
        return SaslChallenge{"Password:"};
      default:
        return check_password(world_, "", name_, message);
    }
  }

 private:
  SaslWorld world_;
  int count_ = 0;
  std::string name_;
};

/// Whoever has a certificate is alice.
class External : public SaslExchange {
 public:
  explicit External(SaslWorld world) : world_(std::move(world)) {}

  SaslStep step(std::string_view message) override {
    const bool has_certificate = world_.tls && !world_.tls->fingerprint.empty();
    if (!has_certificate &&
        !world_.flawed("external-without-certificate-accepted"_flaw)) {
      return SaslFailure{};
    }
    if (message.find('\0') != std::string_view::npos) return SaslFailure{};
    return authorize(world_, message, user_name);
  }

 private:
  SaslWorld world_;
};

template <class T>
std::unique_ptr<SaslExchange> begin(SaslWorld world) {
  return std::make_unique<T>(std::move(world));
}

template <Digest digest, bool is_plus>
std::unique_ptr<SaslExchange> begin_scram(SaslWorld world) {
  return std::make_unique<Scram>(std::move(world), digest, is_plus);
}

constexpr auto mechanisms = std::to_array<Mechanism>({
    {"PLAIN", false, begin<Plain>},
    {"LOGIN", true, begin<Login>},
    {"CRAM-MD5", true, begin_cram_md5},
    {"XOAUTH2", false, begin_xoauth2, true},
    {"OAUTHBEARER", false, begin_oauthbearer, true},
    {"SCRAM-SHA-1", false, begin_scram<Digest::sha1, false>, true},
    {"SCRAM-SHA-256", false, begin_scram<Digest::sha256, false>, true},
    {"SCRAM-SHA-1-PLUS", false, begin_scram<Digest::sha1, true>, true},
    {"SCRAM-SHA-256-PLUS", false, begin_scram<Digest::sha256, true>, true},
    {"EXTERNAL", false, begin<External>, true},
});

}  // namespace

std::span<const Mechanism> sasl_mechanisms() { return mechanisms; }

const Mechanism* find_mechanism(std::string_view name) {
  const auto found = std::find_if(
      mechanisms.begin(), mechanisms.end(), [name](const Mechanism& row) {
        return base::equal_without_case(row.name, name);
      });
  return found == mechanisms.end() ? nullptr : &*found;
}

}  // namespace smtpspec::server
