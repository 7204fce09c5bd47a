#include "app/reference.h"

namespace smtpspec::app {
namespace {

server::ListenerOptions options_of(server::FlawSet flaws, bool is_submission) {
  server::ListenerOptions options;
  options.flaws = flaws;
  options.is_submission = is_submission;
  return options;
}

}  // namespace

Reference::Reference(boost::asio::io_context& io, server::FlawSet flaws)
    : mta_(io, options_of(flaws, false), store_),
      submission_(io, options_of(flaws, true), store_),
      profile_(scenario::reference_profile({"127.0.0.1", mta_.port()})) {
  profile_.listeners.emplace(
      scenario::Listener::submission,
      scenario::Endpoint{"127.0.0.1", submission_.port()});
}

}  // namespace smtpspec::app
