#include "app/reference.h"

#include "server/tls_options.h"
#include "server/users.h"

namespace smtpspec::app {
namespace {

using scenario::Endpoint;
using server::Service;

server::ListenerOptions options_of(server::FlawSet flaws, Service service) {
  server::ListenerOptions options;
  options.flaws = flaws;
  options.service = service;
  if (service != Service::lmtp)
    options.tls = server::tls_context(flaws, reference_certificate());
  return options;
}

server::ListenerOptions tls_first(server::ListenerOptions options) {
  options.implicit_tls = true;
  return options;
}

}  // namespace

const net::Credential& reference_certificate() {
  static const auto certificate =
      net::make_certificate(std::string(server::host_name));
  return certificate;
}

Reference::Reference(boost::asio::io_context& io, server::FlawSet flaws)
    : mta_(io, options_of(flaws, Service::mta), store_),
      submission_(io, options_of(flaws, Service::submission), store_),
      submissions_(io, tls_first(options_of(flaws, Service::submission)),
                   store_),
      lmtp_(io, options_of(flaws, Service::lmtp), store_),
      profile_(scenario::reference_profile()) {
  using Kind = scenario::Listener;
  const std::string host = "127.0.0.1";
  profile_.listeners[Kind::mta] = Endpoint{host, mta_.port()};
  profile_.listeners[Kind::submission] = Endpoint{host, submission_.port()};
  profile_.listeners[Kind::submissions] = Endpoint{host, submissions_.port()};
  profile_.listeners[Kind::lmtp] = Endpoint{host, lmtp_.port()};
  profile_.security.trust = reference_certificate().certificate;
  auto& variables = profile_.variables;
  variables["user"] = server::user_name;
  variables["password"] = server::user_password;
  variables["bearer"] = server::bearer_token;
  variables["user2"] = server::second_user_name;
}

}  // namespace smtpspec::app
