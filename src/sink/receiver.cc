#include "sink/receiver.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <set>
#include <utility>

#include "net/connection.h"
#include "net/deadline.h"
#include "sink/receiving.h"

namespace smtpspec::sink {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::system_error;

namespace {

/// How long a closed connection is still read, so that the client gets the
/// last reply and no reset.
constexpr std::chrono::seconds linger_time{2};

/// After a failed accept, before the next.
constexpr std::chrono::milliseconds accept_pause{100};

/// A coroutine's error is a bug of ours: it leaves io_context::run().
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

std::string farewell(std::string_view why) {
  return "421 4.3.2 " + std::string(receiver_name) + " " + std::string(why) +
         "\r\n";
}

}  // namespace

class Receiver::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, ReceiverOptions options, Mailbox& mailbox)
      : options_(std::move(options)),
        mailbox_(mailbox),
        acceptor_(context,
                  tcp::endpoint(asio::ip::make_address(options_.address),
                                options_.port)),
        port_(acceptor_.local_endpoint().port()) {}

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()),
                   rethrow);
  }

  std::uint16_t port() const { return port_; }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (net::Connection* connection : connections_) connection->close();
  }

 private:
  // Coroutines hold the receiver by `self` for as long as they run.
  asio::awaitable<void> accept(std::shared_ptr<Impl> self);
  asio::awaitable<void> serve(std::shared_ptr<Impl> self,
                              net::Connection connection);
  asio::awaitable<void> converse(net::Connection& connection);
  asio::awaitable<bool> exchange(net::Connection& connection,
                                 Receiving& session);
  /// What a client sends without end is read without a wait: so others have
  /// their turn, and stop() too.
  asio::awaitable<void> give_way() {
    co_await asio::post(acceptor_.get_executor(), asio::use_awaitable);
  }
  net::Deadline idle_deadline() const {
    return net::Clock::now() + options_.idle_timeout;
  }

  ReceiverOptions options_;
  Mailbox& mailbox_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::set<net::Connection*> connections_;
};

asio::awaitable<void> Receiver::Impl::accept(std::shared_ptr<Impl> self) {
  while (acceptor_.is_open()) {
    bool failed = false;
    try {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      net::Connection connection(std::move(socket));
      asio::co_spawn(acceptor_.get_executor(),
                     serve(self, std::move(connection)), rethrow);
    } catch (const system_error&) {
      failed = true;  // stopped, or the client or our descriptors are gone
    }
    if (failed && acceptor_.is_open())
      co_await net::sleep_until(net::Clock::now() + accept_pause);
  }
}

asio::awaitable<void> Receiver::Impl::serve(std::shared_ptr<Impl>,
                                            net::Connection connection) {
  if (!acceptor_.is_open()) co_return;  // stopped in the meantime
  connections_.insert(&connection);
  try {
    co_await converse(connection);
  } catch (const system_error&) {
    // The client does not read or is silent: nobody is left to be told.
  } catch (const net::PeerClosed&) {
  }
  connections_.erase(&connection);
}

asio::awaitable<void> Receiver::Impl::converse(net::Connection& connection) {
  const bool is_one_too_many = connections_.size() > options_.max_connections;
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
    co_await give_way();
    goes_on = co_await exchange(connection, session);
  }
  connection.shutdown();
  const auto deadline = net::Clock::now() + linger_time;
  while (net::Clock::now() < deadline) {
    co_await give_way();
    co_await connection.read(deadline);
  }
}

/// Reads, and writes the answer; false when the session is over.
asio::awaitable<bool> Receiver::Impl::exchange(net::Connection& connection,
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

Receiver::Receiver(asio::io_context& context, ReceiverOptions options,
                   Mailbox& mailbox)
    : impl_(std::make_shared<Impl>(context, std::move(options), mailbox)) {
  impl_->start();
}

Receiver::~Receiver() { stop(); }

std::uint16_t Receiver::port() const { return impl_->port(); }

void Receiver::stop() { impl_->stop(); }

}  // namespace smtpspec::sink
