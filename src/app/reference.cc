#include "app/reference.h"

#include "server/burl.h"
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
    options.tls = server::tls_context(flaws, reference_certificate());
  options.implicit_tls = listener == Kind::submissions;
  return options;
}

Reference::Reference(boost::asio::io_context& io, server::FlawSet flaws)
    : mta_(io, reference_listener(Kind::mta, flaws), store_),
      submission_(io, reference_listener(Kind::submission, flaws), store_),
      submissions_(io, reference_listener(Kind::submissions, flaws), store_),
      lmtp_(io, reference_listener(Kind::lmtp, flaws), store_),
      profile_(scenario::reference_profile()) {
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
}

}  // namespace smtpspec::app
