#include "app/sinks.h"

#include <fmt/format.h>

#include <boost/system/system_error.hpp>
#include <stdexcept>

#include "app/reference.h"

namespace smtpspec::app {

Sinks::Sinks(boost::asio::io_context& io, const scenario::Sink& sink) {
  if (sink.is_empty()) return;
  if (sink.smtp) listen(io, *sink.smtp, false);
  if (sink.lmtp) listen(io, *sink.lmtp, true);
  for (const std::string& folder : sink.maildirs)
    maildirs_.emplace_back(io, folder, mailbox_);
  witness_ = std::make_shared<play::Witness>(mailbox_);
}

void Sinks::listen(boost::asio::io_context& io,
                   const scenario::Endpoint& endpoint, bool is_lmtp) {
  sink::ReceiverOptions options;
  options.address = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  options.port = endpoint.port;
  options.lmtp = is_lmtp;
  net::TlsOptions tls;
  tls.own = reference_certificate();
  options.tls.emplace(net::TlsContext::Role::server, tls);
  try {
    receivers_.emplace_back(io, std::move(options), mailbox_);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(
        fmt::format("the sink cannot listen on {}: {}", to_string(endpoint),
                    error.code().message()));
  }
}

}  // namespace smtpspec::app
