#include "app/reference.h"

namespace smtpspec::app {
namespace {

using scenario::Endpoint;
using server::Service;

server::ListenerOptions options_of(server::FlawSet flaws, Service service) {
  server::ListenerOptions options;
  options.flaws = flaws;
  options.service = service;
  return options;
}

}  // namespace

Reference::Reference(boost::asio::io_context& io, server::FlawSet flaws)
    : mta_(io, options_of(flaws, Service::mta), store_),
      submission_(io, options_of(flaws, Service::submission), store_),
      lmtp_(io, options_of(flaws, Service::lmtp), store_),
      profile_(scenario::reference_profile({"127.0.0.1", mta_.port()})) {
  using Kind = scenario::Listener;
  const std::string host = "127.0.0.1";
  profile_.listeners[Kind::submission] = Endpoint{host, submission_.port()};
  profile_.listeners[Kind::lmtp] = Endpoint{host, lmtp_.port()};
}

}  // namespace smtpspec::app
