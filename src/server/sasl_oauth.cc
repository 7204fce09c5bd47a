// OAUTHBEARER (RFC 7628), and XOAUTH2, which came before it.
#include <utility>

#include "base/text.h"
#include "server/address.h"
#include "server/sasl.h"
#include "server/sasl_crypto.h"
#include "server/store.h"
#include "server/users.h"

namespace smtpspec::server {

namespace {

/// What a client's message holds.
struct Bearer {
  std::string user;  ///< empty: not said
  std::string credentials;
  std::string host;
};

/// Takes the pairs key=value 0x01 that follow the header, and the 0x01 behind
/// the last. Keys that are unknown are passed over (RFC 7628 section 3.1).
bool take_pairs(std::string_view text, const SaslWorld& world, Bearer& result) {
  if (!text.ends_with("\x01\x01")) return false;
  text.remove_suffix(2);
  for (const auto pair : base::split(text, '\x01')) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return false;
    const auto key = pair.substr(0, equals);
    const std::string value(pair.substr(equals + 1));
    if (key == "auth") {
      result.credentials = value;
    } else if (key == "host") {
      result.host = value;
    } else if (key == "user") {
      result.user = value;
    } else if (key != "port" &&
               world.flawed("oauthbearer-unknown-key-refused"_flaw)) {
      return false;
    }
  }
  return true;
}

/// RFC 5801 section 4, without channel binding: ("n" / "y") "," [a=NAME] ",".
bool take_header(std::string_view header, Bearer& result) {
  const auto parts = base::split(header, ',');
  if (parts.size() != 3 || (parts[0] != "n" && parts[0] != "y") ||
      !parts[2].empty()) {
    return false;
  }
  if (parts[1].empty()) return true;
  if (!parts[1].starts_with("a=")) return false;
  result.user = parts[1].substr(2);
  return true;
}

bool has_good_token(const Bearer& bearer) {
  constexpr std::string_view scheme = "Bearer ";
  return base::starts_without_case(bearer.credentials, scheme) &&
         are_equal(bearer.credentials.substr(scheme.size()), bearer_token);
}

/// Whether a client that connected to us may have called us so; of addresses
/// we know nothing.
bool is_our_name(const std::string& host) {
  return host.empty() || base::equal_without_case(host, host_name) ||
         base::equal_without_case(host, mail_domain) ||
         base::equal_without_case(host, "localhost") || is_ipv4_address(host) ||
         is_ipv6_address(host) || is_address_literal(host);
}

class OAuth : public SaslExchange {
 public:
  OAuth(SaslWorld world, bool is_bearer)
      : world_(std::move(world)), is_bearer_(is_bearer) {}

  SaslStep step(std::string_view message) override {
    // RFC 7628 section 3.2.3: the answer to an error changes nothing.
    if (std::exchange(has_failed_, true)) return end_failure();
    Bearer bearer;
    if (!parse(message, bearer)) return fail("invalid_request");
    if (is_bearer_ && world_.flawed("oauthbearer-message-refused"_flaw))
      return SaslFailure{"Malformed", true};
    const bool needs_none =
        is_bearer_ && bearer.credentials.empty() &&
        world_.flawed("oauthbearer-without-auth-key-accepted"_flaw);
    if (!needs_none && !has_good_token(bearer)) return fail("invalid_token");
    if (!is_our_name(bearer.host) &&
        !world_.flawed("oauthbearer-host-unchecked"_flaw)) {
      return fail("invalid_token");
    }
    const auto outcome = authorize(world_, bearer.user, user_name);
    if (std::holds_alternative<SaslFailure>(outcome))
      return fail("invalid_token");
    return outcome;
  }

 private:
  bool parse(std::string_view message, Bearer& result) const {
    if (!is_bearer_)
      return take_pairs(message, world_, result) && !result.user.empty();
    const auto end = message.find('\x01');
    if (end == std::string_view::npos) return false;
    return take_header(message.substr(0, end), result) &&
           take_pairs(message.substr(end + 1), world_, result);
  }

  /// RFC 7628 section 3.2.2.
  SaslStep fail(const std::string& status) const {
    const bool is_silent =
        world_.flawed(is_bearer_ ? "oauthbearer-failure-without-challenge"_flaw
                                 : "xoauth2-failure-without-challenge"_flaw);
    if (is_silent) return SaslFailure{};
    if (world_.flawed("oauthbearer-failure-without-status"_flaw))
      return SaslChallenge{"{}"};
    return SaslChallenge{"{\"status\":\"" + status + "\"}"};
  }

  SaslStep end_failure() const {
    if (world_.flawed("oauthbearer-dummy-accepted"_flaw))
      return SaslSuccess{std::string(user_name)};
    if (world_.flawed("oauthbearer-dummy-challenged"_flaw))
      return SaslChallenge{"{\"status\":\"invalid_token\"}"};
    return SaslFailure{};
  }

  SaslWorld world_;
  bool is_bearer_;
  bool has_failed_ = false;
};

}  // namespace

std::unique_ptr<SaslExchange> begin_oauthbearer(SaslWorld world) {
  return std::make_unique<OAuth>(std::move(world), true);
}

std::unique_ptr<SaslExchange> begin_xoauth2(SaslWorld world) {
  return std::make_unique<OAuth>(std::move(world), false);
}

}  // namespace smtpspec::server
