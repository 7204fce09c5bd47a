#include "app/reference.h"

#include <fmt/format.h>

#include <stdexcept>

#include "server/burl.h"
#include "server/sasl.h"
#include "server/tls_options.h"
#include "server/users.h"

namespace smtpspec::app {
namespace {

using scenario::Endpoint;
using server::Service;
using Kind = scenario::Listener;

Service service_of(scenario::Listener listener) {
  switch (listener) {
    case scenario::Listener::submission:
    case scenario::Listener::submissions: return Service::submission;
    case scenario::Listener::lmtp: return Service::lmtp;
    default: return Service::mta;
  }
}

/// Without TLS it offers AUTH at once, so that AUTH= shows at MAIL.
sink::ReceiverOptions next_host() { return {}; }

server::CourierOptions courier_options(std::uint16_t port,
                                       server::FlawSet flaws) {
  server::CourierOptions options;
  options.port = port;
  options.flaws = flaws;
  return options;
}

}  // namespace

const net::Credential& reference_certificate() {
  static const auto certificate =
      net::make_certificate(std::string(server::host_name));
  return certificate;
}

server::ListenerOptions reference_listener(Kind listener,
                                           server::FlawSet flaws) {
  server::ListenerOptions options;
  options.flaws = flaws;
  options.service = service_of(listener);
  if (listener != Kind::lmtp)
    options.tls = server::tls_context(flaws, reference_certificate(),
                                      listener == Kind::submissions);
  options.implicit_tls = listener == Kind::submissions;
  return options;
}

std::vector<std::string> mechanisms_of(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const std::string& name : names) {
    const auto* mechanism = server::find_mechanism(name);
    if (mechanism == nullptr) {
      std::string all;
      for (const auto& known : server::sasl_mechanisms())
        all += " " + std::string(known.name);
      throw std::invalid_argument(fmt::format(
          "the reference server has no mechanism '{}', only:{}", name, all));
    }
    result.emplace_back(mechanism->name);
  }
  return result;
}

server::FlawSet flaws_of(const std::vector<std::string>& names) {
  server::FlawSet flaws;
  for (const std::string& name : names) {
    const auto flaw = server::find_flaw(name);
    if (!flaw) {
      throw std::invalid_argument(fmt::format(
          "there is no flaw '{}'; --list-flaws shows all", name));
    }
    flaws.insert(*flaw);
  }
  return flaws;
}

Reference::Reference(boost::asio::io_context& io, server::FlawSet flaws)
    : io_(io),
      next_host_(io, next_host(), mailbox_),
      witness_(std::make_shared<play::Witness>(mailbox_)),
      courier_(io, courier_options(next_host_.port(), flaws), store_),
      mta_(io, reference_listener(Kind::mta, flaws), store_),
      submission_(io, reference_listener(Kind::submission, flaws), store_),
      submissions_(io, reference_listener(Kind::submissions, flaws), store_),
      lmtp_(io, reference_listener(Kind::lmtp, flaws), store_),
      profile_(scenario::reference_profile()) {
  store_.watch([this](const server::Message& message) { deliver(message); });
  const std::string host = "127.0.0.1";
  profile_.listeners[Kind::mta] = Endpoint{host, mta_.port()};
  profile_.listeners[Kind::submission] = Endpoint{host, submission_.port()};
  profile_.listeners[Kind::submissions] = Endpoint{host, submissions_.port()};
  profile_.listeners[Kind::lmtp] = Endpoint{host, lmtp_.port()};
  profile_.security.trust = reference_certificate().certificate;
  profile_.security.own = reference_certificate();
  auto& variables = profile_.variables;
  variables["user"] = server::user_name;
  variables["password"] = server::user_password;
  variables["bearer"] = server::bearer_token;
  variables["user2"] = server::second_user_name;
  variables["user_transition"] = "carol";
  variables["user_unavailable"] = "theboss";
  variables["user_strong"] = "dave";
  variables["barred"] = "someone@" + std::string(server::barred_domain);
  variables["burl"] = server::burl_of(server::user_name);
  variables["burl2"] = server::burl_of(server::second_user_name);
  variables["vacation"] = std::string(server::away_mailbox) + "@" +
                          std::string(server::mail_domain);
  profile_.trusted_source = server::trusted_address;
  profile_.refused_source = server::refused_address;
}

/// Until its time has come.
void Reference::hold(server::Message message) {
  const auto wait = message.release - std::chrono::system_clock::now();
  auto& timer = timers_.emplace_back(
      io_, std::chrono::ceil<std::chrono::steady_clock::duration>(wait));
  timer.async_wait([this, message = std::move(message)](
                       const boost::system::error_code& error) mutable {
    if (error) return;
    message.release = {};
    deliver(message);
  });
}

/// What goes to another host goes there by SMTP; a mailbox of its own shows at
/// once.
void Reference::deliver(const server::Message& message) {
  const auto wait = message.release - std::chrono::system_clock::now();
  if (wait.count() > 0) return hold(message);
  if (message.is_relayed) {
    courier_.take(message);
    return;
  }
  sink::Arrival arrival;
  arrival.witness = sink::Witness::mailbox;
  arrival.folder = "the reference server's mailboxes";
  arrival.octets = message.octets;
  arrival.time = std::chrono::system_clock::now();
  mailbox_.add(std::move(arrival));
}

}  // namespace smtpspec::app
