// smtpspec sink: the receiver and maildirs by themselves.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <filesystem>
#include <iostream>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/command.h"
#include "app/event_loop.h"
#include "base/escape.h"
#include "report/file.h"
#include "sink/mailbox.h"
#include "sink/maildir.h"
#include "sink/receiver.h"
#include "sink/receiving.h"

namespace smtpspec::app {
namespace {

namespace fs = std::filesystem;

struct SinkOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 2526;
  bool lmtp = false;
  bool tls = false;
  std::vector<std::string> maildirs;
  std::string save;
};

std::string show(const sink::EnvelopePath& path) {
  std::string text = "<" + base::escape(path.address) + ">";
  if (!path.parameters.empty()) text += " " + base::escape(path.parameters);
  return text;
}

/// Who brought a message, and its envelope.
std::string origin_of(const sink::Arrival& arrival) {
  if (arrival.witness == sink::Witness::mailbox)
    return "mailbox " + base::escape(arrival.folder);
  std::string text = fmt::format(
      "{} {} {} {}", arrival.witness == sink::Witness::lmtp ? "lmtp" : "smtp",
      arrival.peer, base::escape(arrival.client_name),
      arrival.tls ? arrival.tls->version : "clear");
  if (!arrival.user.empty()) text += " user " + base::escape(arrival.user);
  text += " " + show(arrival.sender);
  std::string_view before = " -> ";
  for (const sink::EnvelopePath& path : arrival.recipients) {
    text += before;
    text += show(path);
    before = ", ";
  }
  return text;
}

/// Writes `octets` to a new file of `folder`; gives its path.
std::string save(const fs::path& folder, std::string_view octets) {
  static int number = 0;
  fs::path path;
  do {
    path = folder / fmt::format("{:06}.eml", ++number);
  } while (fs::exists(path));
  report::write_file(path.string(), octets);
  return path.string();
}

void show_arrival(const sink::Arrival& arrival, const std::string& folder) {
  std::string line = fmt::format(
      "{:%FT%TZ} {}, {} octets{}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(arrival.time)),
      origin_of(arrival), arrival.octets.size(),
      arrival.is_cut ? " and more" : "");
  if (!folder.empty()) line += ", " + save(folder, arrival.octets);
  std::cout << line << std::endl;
}

sink::ReceiverOptions receiver_options(const SinkOptions& options) {
  sink::ReceiverOptions result;
  result.address = options.address;
  result.port = options.port;
  result.lmtp = options.lmtp;
  if (options.tls) {
    net::TlsOptions tls;
    tls.own = net::make_certificate(std::string(sink::receiver_name));
    result.tls.emplace(net::TlsContext::Role::server, tls);
  }
  return result;
}

std::unique_ptr<sink::Receiver> listen(boost::asio::io_context& io,
                                       const SinkOptions& options,
                                       sink::Mailbox& mailbox) {
  try {
    return std::make_unique<sink::Receiver>(io, receiver_options(options),
                                            mailbox);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format("cannot listen on {}:{}: {}",
                                         options.address, options.port,
                                         error.code().message()));
  }
}

int run_sink(const SinkOptions& options) {
  if (!options.save.empty()) fs::create_directories(options.save);
  boost::asio::io_context io(1);
  sink::Mailbox mailbox(0);  // shown, not kept
  mailbox.observe([&](const sink::Arrival& arrival) {
    show_arrival(arrival, options.save);
  });
  std::list<sink::Maildir> maildirs;
  for (const std::string& folder : options.maildirs)
    maildirs.emplace_back(io, folder, mailbox);
  const auto receiver = listen(io, options, mailbox);
  std::cout << fmt::format("listening on {}:{} until Ctrl-C", options.address,
                           receiver->port())
            << std::endl;
  run_until_done(io, forever());
  return exit_conforming;
}

}  // namespace

std::function<int()> add_sink(CLI::App& app) {
  auto options = std::make_shared<SinkOptions>();
  app.add_option("--port", options->port,
                 "Port to listen on; 0 takes a free one")
      ->capture_default_str();
  app.add_option("--address", options->address, "Address to listen on")
      ->capture_default_str();
  app.add_flag("--lmtp", options->lmtp, "Speak LMTP instead of SMTP");
  app.add_flag("--tls", options->tls,
               "Offer STARTTLS, with a certificate that signs itself");
  app.add_option("--maildir", options->maildirs,
                 "Also show what appears in this maildir; one component of the "
                 "path may be *; may be given more than once");
  app.add_option("--save", options->save,
                 "Write each message into this folder, octet by octet");
  return [options] { return run_sink(*options); };
}

}  // namespace smtpspec::app
