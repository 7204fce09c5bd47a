// AUTH (RFC 4954): from lines to the messages of mechanisms and back.
#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "server/conversation.h"
#include "server/users.h"

namespace smtpspec::server {

namespace {

/// Mechanisms that show the password, or the token, to whoever listens.
bool shows_secret(std::string_view mechanism) {
  return mechanism == "PLAIN" || mechanism == "LOGIN";
}

bool is_oauth(std::string_view mechanism) {
  return mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2";
}

bool is_base64(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '+' || c == '/';
}

/// The octets that `padded`, of the alphabet and not padded yet, stands for,
/// stray bits left aside.
std::optional<std::string> decode_loosely(std::string padded) {
  if (padded.size() % 4 == 1) return std::nullopt;
  constexpr std::string_view last = "AEIMQUYcgkosw048";
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (padded.size() % 4 != 0) {
    const auto value = alphabet.find(padded.back());
    padded.back() =
        padded.size() % 4 == 3 ? last[value / 4] : "AQgw"[value / 16];
  }
  padded.append((4 - padded.size() % 4) % 4, '=');
  return base::base64_decode(padded);
}

/// Nothing where `text` is not base64 to the letter (RFC 4954 section 4).
std::optional<std::string> decode(std::string_view text, const FlawSet& flaws) {
  if (auto octets = base::base64_decode(text)) return octets;
  std::string letters;
  std::copy_if(text.begin(), text.end(), std::back_inserter(letters),
               [](char c) { return is_base64(c); });
  const auto pads = std::count(text.begin(), text.end(), '=');
  const bool has_others =
      letters.size() + static_cast<std::size_t>(pads) < text.size();
  const bool has_inner_pad = text.find('=') < text.find_last_not_of('=') + 1;
  const FlawId excuse = has_others      ? "auth-bad-base64-skipped"_flaw
                        : has_inner_pad ? "auth-padding-inside-accepted"_flaw
                        : text.size() % 4 == 0
                            ? "auth-stray-bits-accepted"_flaw
                            : "auth-padding-missing-accepted"_flaw;
  if (!flaws.contains(excuse)) return std::nullopt;
  return decode_loosely(std::move(letters));
}

}  // namespace

SaslWorld Conversation::sasl_world() const {
  return {flaws_, surroundings_.tls, surroundings_.random, surroundings_.now(),
          &store_.challenges()};
}

/// By a name in any case; nullptr where it is unknown or switched off.
const Mechanism* Conversation::usable_mechanism(std::string_view name) const {
  const Mechanism* mechanism = find_mechanism(name);
  const auto& usable = surroundings_.mechanisms;
  if (!mechanism || usable.empty()) return mechanism;
  const bool is_usable =
      std::find(usable.begin(), usable.end(), mechanism->name) != usable.end();
  return is_usable ? mechanism : nullptr;
}

/// Whether EHLO lists `mechanism`: under TLS only (RFC 4954 section 4, RFC 7628
/// section 3), and only what can succeed.
bool Conversation::offers(const Mechanism& mechanism) const {
  const auto name = mechanism.name;
  if (!usable_mechanism(name)) return false;
  if (!is_secure()) {
    return (shows_secret(name) && (flawed("auth-plain-listed-in-clear"_flaw) ||
                                   flawed("auth-plain-without-tls"_flaw))) ||
           ((shows_secret(name) || name == "CRAM-MD5") &&
            flawed("starttls-keeps-login"_flaw)) ||
           (is_oauth(name) && flawed("oauthbearer-listed-in-clear"_flaw)) ||
           (name == "SCRAM-SHA-256-PLUS" &&
            flawed("scram-plus-listed-in-clear"_flaw));
  }
  if (surroundings_.tls_comes_first && name != "PLAIN" &&
      flawed("submissions-lists-plain-alone"_flaw)) {
    return false;
  }
  const bool is_plus = name.ends_with("-PLUS");
  if (is_plus) {
    return has_channel_binding(sasl_world()) &&
           !flawed("scram-plus-not-listed"_flaw);
  }
  if (name == "EXTERNAL") {
    return surroundings_.tls->fingerprint.empty()
               ? flawed("external-listed-without-certificate"_flaw)
               : !flawed("external-not-listed"_flaw);
  }
  if (name == "PLAIN") return !flawed("auth-plain-not-listed"_flaw);
  return !name.starts_with("SCRAM-") || !flawed("scram-plus-listed-alone"_flaw);
}

/// What flaws list whatever is offered; empty: nothing.
std::string Conversation::flawed_auth_keyword() const {
  if (flawed("auth-listed-with-equals"_flaw)) return "AUTH=PLAIN LOGIN";
  if (flawed("auth-mechanism-name-grammar"_flaw))
    return "AUTH PLAIN scram+sha.1";
  if (flawed("auth-plain-listed-alone"_flaw)) return "AUTH PLAIN";
  return "";
}

/// The lines of EHLO about AUTH: one, or none (RFC 4954 section 3).
std::vector<std::string> Conversation::auth_keywords() const {
  std::string line = "AUTH";
  for (const Mechanism& mechanism : sasl_mechanisms()) {
    if (offers(mechanism)) line += " " + std::string(mechanism.name);
  }
  if (is_lmtp()) return {};
  if (flawed("auth-listed-in-clear-only"_flaw)) {
    if (is_secure()) return {};
    line = "AUTH GSSAPI NTLM DIGEST-MD5";
    for (const Mechanism& mechanism : sasl_mechanisms())
      line += " " + std::string(mechanism.name);
    return {line};
  }
  if (line == "AUTH" || flawed("auth-not-listed"_flaw)) return {};
  if (auto wrong = flawed_auth_keyword(); !wrong.empty()) return {wrong};
  if (flawed("auth-digest-md5-listed"_flaw)) line += " DIGEST-MD5";
  if (flawed("auth-ntlm-listed"_flaw)) line += " NTLM";
  if (flawed("auth-unknown-mechanism-listed"_flaw)) line += " GSSAPI";
  if (flawed("auth-listed-twice"_flaw)) return {line, "AUTH PLAIN"};
  return {line};
}

/// Why AUTH cannot come now.
std::optional<Reply> Conversation::auth_refusal() {
  if (is_lmtp()) return Reply{502, "5.5.1", {"Command is not implemented"}};
  if (greeted_ == Greeted::helo && flawed("auth-after-helo-closes"_flaw))
    closing_ = true;
  if (greeted_ != Greeted::ehlo && !flawed("auth-before-ehlo-accepted"_flaw))
    return Reply{503, "5.5.1", {"Say EHLO first"}};
  if (!user_.empty() && !flawed("auth-second-accepted"_flaw))
    return Reply{503, "5.5.1", {"You are logged in already"}};
  if (transaction_.is_open && !flawed("auth-in-transaction-accepted"_flaw)) {
    if (flawed("auth-in-transaction-resets"_flaw)) reset_transaction();
    return Reply{503, "5.5.1", {"There is a transaction"}};
  }
  if (has_cancelled_ && flawed("auth-cancel-forbids-auth"_flaw))
    return Reply{503, "5.5.1", {"Not now"}};
  return std::nullopt;
}

/// Whether the mechanism must not be used without TLS: all are refused.
bool Conversation::needs_tls(const Mechanism& mechanism,
                             std::string_view initial_response) const {
  if (is_secure())
    return mechanism.name == "CRAM-MD5" &&
           flawed("auth-listed-mechanism-538"_flaw);
  if (flawed("starttls-keeps-login"_flaw) ||
      (starting_tls_ && flawed("starttls-runs-input-in-clear"_flaw))) {
    return false;
  }
  if (mechanism.name == "PLAIN" && flawed("auth-clear-text-hint"_flaw)) {
    const auto message = base::base64_decode(initial_response);
    const auto outcome =
        mechanism.begin(sasl_world())->step(message.value_or(""));
    return std::holds_alternative<SaslSuccess>(outcome);
  }
  return !((shows_secret(mechanism.name) &&
            (flawed("auth-plain-accepted-in-clear"_flaw) ||
             flawed("auth-plain-without-tls"_flaw))) ||
           (mechanism.name.ends_with("-PLUS") &&
            flawed("scram-plus-accepted-in-clear"_flaw)) ||
           (is_oauth(mechanism.name) &&
            flawed("oauthbearer-accepted-in-clear"_flaw)));
}

void Conversation::auth(std::string_view argument) {
  if (auto refusal = auth_refusal()) {
    if (!closing_) say(std::move(*refusal));
    return;
  }
  const auto space = argument.find(' ');
  const auto name = argument.substr(0, space);
  exchange_.reset();
  if (name.empty() && flawed("auth-without-mechanism-334"_flaw))
    return challenge("");
  if (name.empty()) return say(501, "5.5.4", "AUTH mechanism is wanted");
  mechanism_ = usable_mechanism(name);
  if (!mechanism_ || (name != mechanism_->name &&
                      flawed("auth-mechanism-case-sensitive"_flaw))) {
    return say(504, "5.5.4", "Unknown mechanism: " + echo(name));
  }
  const bool has_response = space != std::string_view::npos;
  auto response = has_response ? argument.substr(space + 1) : "";
  if (flawed("auth-extra-word-accepted"_flaw))
    response = response.substr(0, response.find(' '));
  if (needs_tls(*mechanism_, response))
    return say(538, "5.7.11", "The mechanism needs encryption: say STARTTLS");
  responses_ = 0;
  exchange_ = mechanism_->begin(sasl_world());
  begin_exchange(has_response ? std::optional(response) : std::nullopt);
}

/// The initial response is there, or asked for, or out of place.
void Conversation::begin_exchange(std::optional<std::string_view> response) {
  if (!response && mechanism_->is_server_first) return advance("");
  if (!response) {
    if (flawed("auth-missing-initial-response-501"_flaw))
      return say(501, "5.5.4", "An initial response is wanted");
    return challenge("");
  }
  if (mechanism_->is_server_first) {
    if (flawed("auth-server-first-initial-response-accepted"_flaw))
      return advance("");
    return say(501, "5.7.0", "The mechanism has no initial response");
  }
  if (*response == "=") {
    if (flawed("auth-equals-challenged"_flaw)) return challenge("");
    if (!flawed("auth-equals-not-decoded"_flaw)) return advance("");
  }
  take_base64(*response);
}

/// A line that comes after 334.
void Conversation::take_response(const CommandLine& line) {
  verb_ = "AUTH";
  mode_ = Mode::command;
  std::size_t limit = auth_line_limit;
  if (flawed("auth-long-response-refused"_flaw)) limit = 1000;
  if (flawed("auth-12288-octets-refused"_flaw)) limit = 10000;
  if (line.size > limit) return refuse_long_response(line);
  if (line.size > 1000 && flawed("auth-long-response-501"_flaw))
    return say(501, "5.5.2", "Too long");
  if (line.text == "*") return cancel();
  take_base64(line.text);
  ++responses_;
}

void Conversation::refuse_long_response(const CommandLine& line) {
  if (line.size > auth_line_limit) {
    if (flawed("auth-overlong-response-334"_flaw)) return challenge("");
    if (flawed("auth-overlong-response-235"_flaw))
      return finish_login({std::string(user_name)});
    if (flawed("auth-overlong-response-closes"_flaw)) {
      closing_ = true;
      return;
    }
  }
  say(500, "5.5.6", "The response is too long");
  if (flawed("auth-overlong-response-two-replies"_flaw))
    say(500, "5.5.1", "Unknown command");
}

void Conversation::cancel() {
  if (responses_ > 0 && flawed("auth-cancel-at-second-response-535"_flaw))
    return say(535, "5.7.8", "Authentication failed");
  say(501, "5.7.0", "Authentication is cancelled");
  has_cancelled_ = true;
  if (flawed("auth-cancel-keeps-exchange"_flaw) ||
      flawed("auth-cancel-answered-334"_flaw)) {
    mode_ = Mode::auth;
  }
}

void Conversation::take_base64(std::string_view text) {
  const auto octets = decode(text, flaws_);
  if (octets) return advance(*octets);
  if (flawed("auth-bad-base64-334"_flaw)) return challenge("");
  say(501, "5.5.2", "That is no base64");
}

void Conversation::challenge(std::string_view octets) {
  mode_ = Mode::auth;
  if (octets.empty() && flawed("auth-challenge-without-space"_flaw))
    return send("334\r\n");
  if (octets.empty() && flawed("auth-empty-challenge-with-text"_flaw))
    return send("334 Go ahead\r\n");
  const bool is_raw = flawed("auth-challenge-not-base64"_flaw);
  send("334 " + (is_raw ? std::string(octets) : base::base64_encode(octets)) +
       "\r\n");
}

/// Hands `message` to the mechanism.
void Conversation::advance(std::string_view message) {
  if (!exchange_ ||
      (!is_utf8(message) && flawed("plain-invalid-utf8-closes"_flaw))) {
    closing_ = true;
    return;
  }
  const SaslStep step = exchange_->step(message);
  if (const auto* more = std::get_if<SaslChallenge>(&step))
    return challenge(more->octets);
  if (const auto* success = std::get_if<SaslSuccess>(&step))
    return finish_login(*success);
  fail_login(std::get<SaslFailure>(step), message);
}

/// RFC 4954 section 6.
void Conversation::finish_login(const SaslSuccess& success) {
  const User* user = find_user(success.user);
  const Standing standing = user ? user->standing : Standing::good;
  if (standing == Standing::transition && mechanism_ &&
      !shows_secret(mechanism_->name)) {
    return say(432, "4.7.12", "A password transition is needed");
  }
  if (standing == Standing::unavailable)
    return say(454, "4.7.0", "Temporary authentication failure");
  if (standing == Standing::strong_only && mechanism_ && !mechanism_->is_strong)
    return say(534, "5.7.9", "The mechanism is too weak");
  if (store_.failed_logins() >= 3 && flawed("auth-locked-after-failures"_flaw))
    return fail_login({}, "");
  user_ = success.user;
  store_.forget_wrong_passwords();
  say(235, "2.7.0", success.text.empty() ? "Welcome" : success.text);
  if (flawed("auth-forgets-ehlo"_flaw)) greeted_ = Greeted::no;
}

/// Section 9 wants three attempts at least before the session ends.
void Conversation::fail_login(const SaslFailure& failure,
                              std::string_view message) {
  ++login_failures_;
  store_.count_failed_login();
  if (failure.is_wrong_password) store_.count_wrong_password();
  if (failure.is_unknown_user && flawed("auth-unknown-user-slow"_flaw))
    delay_ = std::chrono::milliseconds(100);
  if (login_failures_ > login_failure_limit &&
      !flawed("auth-failures-unlimited"_flaw)) {
    closing_ = true;
    return say(421, "4.3.0", std::string(host_name) + " Too many failures");
  }
  if (failure.is_malformed) return say(501, "5.5.2", std::string(failure.text));
  std::string text(failure.text);
  if (flawed("auth-failure-echoes-password"_flaw)) text += ": " + echo(message);
  say(535, "5.7.8", std::move(text));
  closing_ =
      closing_ || flawed("auth-closes-after-first-failure"_flaw) ||
      (login_failures_ == 2 && flawed("auth-closes-after-second-failure"_flaw));
}

}  // namespace smtpspec::server
