#include "sink/receiver.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "net/connection.h"
#include "net/deadline.h"
#include "net/tcp_server.h"
#include "sink/receiving.h"

namespace smtpspec::sink {

namespace asio = boost::asio;
using boost::system::system_error;

namespace {

/// How long a closed connection is still read, so that the client gets the
/// last reply and no reset.
constexpr std::chrono::seconds linger_time{2};

std::string farewell(std::string_view why) {
  return "421 4.3.2 " + std::string(receiver_name) + " " + std::string(why) +
         "\r\n";
}

/// What all sessions of a receiver share.
class Service {
 public:
  Service(ReceiverOptions options, Mailbox& mailbox)
      : options_(std::move(options)), mailbox_(mailbox) {}

  asio::awaitable<void> converse(net::Connection& connection, std::size_t open);

 private:
  asio::awaitable<bool> exchange(net::Connection& connection,
                                 Receiving& session);
  net::Deadline idle_deadline() const {
    return net::Clock::now() + options_.idle_timeout;
  }

  ReceiverOptions options_;
  Mailbox& mailbox_;
};

asio::awaitable<void> Service::converse(net::Connection& connection,
                                        std::size_t open) {
  const bool is_one_too_many = open > options_.max_connections;
  const std::string greeting = is_one_too_many
                                   ? farewell("Too many connections")
                                   : Receiving::greeting();
  co_await connection.write(greeting, idle_deadline());
  ReceivingOptions options;
  options.lmtp = options_.lmtp;
  options.offers_tls = options_.tls.has_value();
  options.peer = connection.remote_address();
  Receiving session(mailbox_, options);
  bool goes_on = !is_one_too_many;
  while (goes_on) {
    co_await net::give_way();
    goes_on = co_await exchange(connection, session);
  }
  co_await net::linger(connection, linger_time);
}

/// Reads, and writes the answer; false when the session is over.
asio::awaitable<bool> Service::exchange(net::Connection& connection,
                                        Receiving& session) {
  std::string input;
  bool is_idle = false;
  try {
    input = co_await connection.read(idle_deadline());
  } catch (const system_error& error) {
    if (error.code() != asio::error::timed_out) throw;
    is_idle = true;
  }
  const std::string output =
      is_idle ? farewell("Timeout") : session.receive(input);
  if (!output.empty()) co_await connection.write(output, idle_deadline());
  if (!session.starting_tls()) co_return !is_idle && !session.closing();
  auto result =
      co_await connection.start_tls(*options_.tls, "", idle_deadline());
  auto* facts = std::get_if<net::TlsFacts>(&result);
  if (!facts) co_return false;
  session.tls_started(std::move(*facts));
  co_return true;
}

}  // namespace

Receiver::Receiver(asio::io_context& context, ReceiverOptions options,
                   Mailbox& mailbox)
    : server_(context, options.address, options.port,
              [service = std::make_shared<Service>(options, mailbox)](
                  net::Connection& connection, std::size_t open) {
                return service->converse(connection, open);
              }) {}

}  // namespace smtpspec::sink
