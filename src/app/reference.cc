#include "app/reference.h"

namespace smtpspec::app {
namespace {

server::ListenerOptions with_flaws(server::FlawSet flaws) {
  server::ListenerOptions options;
  options.flaws = flaws;
  return options;
}

}  // namespace

Reference::Reference(boost::asio::io_context& io, server::FlawSet flaws)
    : listener_(io, with_flaws(flaws), store_),
      profile_(scenario::reference_profile({"127.0.0.1", listener_.port()})) {}

}  // namespace smtpspec::app
