#include "play/approach.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "play/judge.h"
#include "play/proof.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;
using scenario::Start;

/// "AUTH PLAIN": whether AUTH is there and lists PLAIN.
bool offers(const smtp::Capabilities& capabilities, const std::string& need) {
  const auto words = base::words(need);
  if (!capabilities.has(words.front())) return false;
  if (words.size() == 1) return true;
  const std::string listed =
      base::to_upper(capabilities.parameters(words.front()));
  const auto parameters = base::words(listed);
  return std::find(parameters.begin(), parameters.end(), words.back()) !=
         parameters.end();
}

[[noreturn]] void skip(std::string reason) {
  throw Verdicted{Verdict::skipped, std::move(reason)};
}

}  // namespace

void check_needs(const scenario::Scenario& scenario,
                 const smtp::Capabilities& capabilities,
                 const std::vector<std::string>& mechanisms) {
  for (const std::string& need : scenario.needs) {
    const auto words = base::words(need);
    const bool is_excluded =
        words.size() == 2 && words.front() == "AUTH" && !mechanisms.empty() &&
        std::find(mechanisms.begin(), mechanisms.end(), words.back()) ==
            mechanisms.end();
    if (is_excluded) {
      skip(fmt::format("the profile's mechanisms leave out {}", words.back()));
    }
    if (!offers(capabilities, need))
      skip(fmt::format("{} is not advertised", need));
  }
  for (const std::string& keyword : scenario.lacks) {
    if (offers(capabilities, keyword))
      skip(fmt::format("{} is advertised", keyword));
  }
}

Approach::Approach(Session& session, const scenario::Scenario& scenario,
                   const Target& target, const Waits& waits,
                   const scenario::Variables& variables)
    : session_(session),
      scenario_(scenario),
      target_(target),
      waits_(waits),
      variables_(variables) {}

awaitable<void> Approach::run() {
  const Start from = scenario_.from;
  if (from == Start::connect) co_return;
  co_await secure_first();
  if (from == Start::greeting) co_return;
  co_await require("", 2);
  co_await greet();
  if (from == Start::tls || from == Start::auth) {
    co_await secure(true);
  } else if (wants_login()) {
    co_await secure(false);
  }
  if (from == Start::auth || wants_login()) co_await authenticate();
  check_needs(scenario_, session_.capabilities(), target_.mechanisms);
  if (from == Start::mail || from == Start::rcpt || from == Start::data)
    co_await begin_mail();
}

/// Steps before the dialog that do not get the wanted class of reply end it as
/// blocked: this is not what the scenario judges.
awaitable<void> Approach::require(const std::string& line, int wanted_class) {
  if (!line.empty()) {
    std::string bytes = line + "\r\n";
    co_await session_.send(std::move(bytes), waits_.deadline(waits_.reply));
  }
  const Event event = co_await session_.receive(waits_.deadline(waits_.reply));
  const auto* reply = std::get_if<smtp::Reply>(&event);
  if (reply && reply->reply_class() == wanted_class) co_return;
  throw Verdicted{Verdict::blocked,
                  fmt::format("before the dialog, {} drew {}",
                              line.empty() ? "connecting" : line,
                              describe(event)),
                  0, line.empty() || !reply || reply->reply_class() == 4};
}

awaitable<void> Approach::greet() {
  const bool lmtp = scenario_.listener == scenario::Listener::lmtp;
  const auto hello =
      fmt::format("{} {}", lmtp ? "LHLO" : "EHLO", value("client"));
  co_await require(hello, 2);
}

/// RFC 8314 section 3: before the greeting.
awaitable<void> Approach::secure_first() {
  if (target_.has_implicit_tls()) co_await require_handshake();
}

awaitable<void> Approach::require_handshake() {
  const scenario::StartTls usual;
  const Event event = co_await start_tls(usual);
  if (std::holds_alternative<Secured>(event)) co_return;
  throw Verdicted{
      Verdict::blocked,
      fmt::format("before the dialog, TLS came to {}", describe(event)), 0,
      true};
}

/// By STARTTLS, where it is offered.
awaitable<void> Approach::secure(bool is_needed) {
  if (tls_) co_return;
  if (!session_.capabilities().has("STARTTLS")) {
    if (!is_needed) co_return;
    skip("STARTTLS is not advertised");
  }
  co_await require("STARTTLS", 2);
  co_await require_handshake();
  co_await greet();
}

bool Approach::has_user() const {
  return variables_.contains("user") && variables_.contains("password");
}

/// A listener for submission serves whoever has logged in.
bool Approach::wants_login() const {
  const Start from = scenario_.from;
  const bool is_ready_for_mail = from == Start::ehlo || from == Start::mail ||
                                 from == Start::rcpt || from == Start::data;
  return is_ready_for_mail && target_.is_for_submission() && has_user();
}

awaitable<void> Approach::authenticate() {
  if (!has_user()) skip("the profile gives no value for user and password");
  if (!tls_) skip("a login needs TLS: the password is not sent in the clear");
  require_confidence();
  const std::string mechanism =
      choose_mechanism(session_.capabilities(), credentials_of(target_, tls_));
  if (mechanism.empty()) skip("AUTH offers no mechanism that we can use");
  const Event event = co_await play::log_in(session_, waits_, mechanism, "",
                                            credentials_of(target_, tls_));
  const auto* reply = std::get_if<smtp::Reply>(&event);
  if (reply && reply->reply_class() == 2) co_return;
  throw Verdicted{Verdict::blocked,
                  fmt::format("before the dialog, AUTH {} drew {}", mechanism,
                              describe(event)),
                  0, !reply || reply->reply_class() == 4};
}

void Approach::require_confidence() const {
  if (!target_.security.demands_trust) return;
  if (!tls_) skip("no secret is sent in the clear to a host far away");
  if (!tls_->distrust.empty()) {
    skip(fmt::format("no secret is sent to whom we do not trust: {}",
                     tls_->distrust));
  }
}

awaitable<void> Approach::begin_mail() {
  const Start from = scenario_.from;
  if (target_.mail_pace) co_await target_.mail_pace->turn();
  co_await require(fmt::format("MAIL FROM:<{}>", value("sender")), 2);
  if (from == Start::mail) co_return;
  co_await require(fmt::format("RCPT TO:<{}>", value("recipient")), 2);
  if (from == Start::rcpt) co_return;
  co_await require("DATA", 3);
}

const std::string& Approach::value(const char* name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) throw scenario::MissingVariable{name};
  return found->second;
}

awaitable<Event> Approach::start_tls(const scenario::StartTls& demand) {
  if (tls_) skip("TLS is active already");
  if (demand.old_ssl) {
    co_return co_await session_.offer_old_ssl(*demand.old_ssl,
                                              waits_.deadline(waits_.reply));
  }
  const auto& security = target_.security;
  net::TlsOptions options = tls_options(target_);
  options.lowest = demand.lowest;
  options.highest = demand.highest;
  options.ciphers = demand.ciphers;
  if (demand.shows_certificate) {
    if (security.own.certificate.empty())
      skip("the profile has no certificate of ours");
    options.own = security.own;
  }
  const auto host = variables_.find("host");
  const std::string known = host == variables_.end() ? "" : host->second;
  const std::string name = demand.names_server ? known : "";
  const net::TlsContext context(net::TlsContext::Role::client, options);
  Event event = co_await session_.start_tls(context, name,
                                            waits_.deadline(waits_.reply));
  if (auto* secured = std::get_if<Secured>(&event)) {
    auto& facts = secured->facts;
    facts.distrust = distrust_of(facts, security);
    if (!security.fingerprint.empty()) facts.is_misnamed = false;
    tls_ = facts;
  }
  co_return event;
}

awaitable<Event> Approach::log_in(const scenario::Authenticate& step,
                                  smtp::SaslRound& earlier) {
  smtp::SaslCredentials with = credentials_of(target_, tls_);
  with.earlier = earlier;
  // What is made up wants no channel.
  if (step.twist == "made-up binding") with.tls_exporter = "made up";
  if (!smtp::can_log_in(step.mechanism, with)) {
    skip(fmt::format("the profile or the connection has not all that {} needs",
                     step.mechanism));
  }
  require_confidence();
  co_return co_await play::log_in(session_, waits_, step.mechanism, step.twist,
                                  with, &earlier);
}

}  // namespace smtpspec::play
