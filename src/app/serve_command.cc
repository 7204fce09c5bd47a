// smtpspec serve: the reference server by itself.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/app.h"
#include "app/command.h"
#include "app/event_loop.h"
#include "app/reference.h"
#include "app/selection.h"
#include "server/flaws.h"
#include "server/listener.h"
#include "server/store.h"

namespace smtpspec::app {
namespace {

struct ServeOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 2525;
  std::string listener = "mta";
  std::vector<std::string> flaws;
  std::vector<std::string> mechanisms;
  bool list_flaws = false;
};

int list_flaws() {
  for (const auto& flaw : server::all_flaws())
    std::cout << fmt::format("{:44} {}\n", flaw.name, flaw.sentence);
  return exit_conforming;
}

int serve(const ServeOptions& options) {
  boost::asio::io_context io(1);
  server::Store store;
  auto listener_options =
      reference_listener(listener_of(options.listener), flaws_of(options.flaws));
  listener_options.address = options.address;
  listener_options.port = options.port;
  listener_options.mechanisms = mechanisms_of(options.mechanisms);
  server::Listener listener(io, listener_options, store);
  const bool is_ipv6 = options.address.find(':') != std::string::npos;
  std::cout << fmt::format("listening on {}:{} until Ctrl-C\n",
                           is_ipv6 ? "[" + options.address + "]"
                                   : options.address,
                           listener.port())
            << std::flush;
  run_until_done(io, forever());
  return exit_conforming;
}

}  // namespace

std::function<int()> add_serve(CLI::App& app) {
  auto options = std::make_shared<ServeOptions>();
  app.add_option("--address", options->address, "Where to listen")
      ->check(CLI::IsMember({"127.0.0.1", "::1"}))
      ->capture_default_str();
  app.add_option("--port", options->port,
                 "Port to listen on; 0 takes a free one")
      ->capture_default_str();
  app.add_option("--listener", options->listener,
                 "What the port is for: mta, submission, submissions or lmtp")
      ->capture_default_str();
  app.add_option("--flaw", options->flaws,
                 "Break one thing on purpose; may be given more than once");
  app.add_option("--mechanisms", options->mechanisms,
                 "Offer these mechanisms of AUTH alone, with commas between "
                 "them; all if not given")
      ->delimiter(',');
  app.add_flag("--list-flaws", options->list_flaws, "Show all flaws");
  return [options] {
    return options->list_flaws ? list_flaws() : serve(*options);
  };
}

}  // namespace smtpspec::app
