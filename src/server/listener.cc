#include "server/listener.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <set>
#include <string>
#include <utility>

#include "net/connection.h"
#include "net/deadline.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::system_error;

namespace {

/// After a failed accept, before the next.
constexpr std::chrono::milliseconds accept_pause{100};

/// A coroutine's error is a bug of ours: it leaves io_context::run().
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

class Listener::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, ListenerOptions options, Store& store)
      : options_(std::move(options)),
        store_(store),
        acceptor_(context,
                  tcp::endpoint(asio::ip::make_address(options_.address),
                                options_.port)),
        port_(acceptor_.local_endpoint().port()),
        session_ended_(context, net::Deadline::max()) {}

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()),
                   rethrow);
  }

  std::uint16_t port() const { return port_; }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    session_ended_.cancel();
    for (net::Connection* connection : connections_) connection->close();
  }

 private:
  // Coroutines hold the listener by `self` for as long as they run.
  asio::awaitable<void> accept(std::shared_ptr<Impl> self);
  asio::awaitable<void> serve(std::shared_ptr<Impl> self,
                              net::Connection connection);
  asio::awaitable<void> converse(net::Connection& connection);
  asio::awaitable<std::optional<net::TlsFacts>> start_tls(
      net::Connection& connection);
  asio::awaitable<bool> exchange(net::Connection& connection,
                                 Conversation& conversation);
  asio::awaitable<void> wait_for_silence();
  /// What a client sends without end is read without a wait: so others have
  /// their turn, and stop() too.
  asio::awaitable<void> give_way() {
    co_await asio::post(acceptor_.get_executor(), asio::use_awaitable);
  }
  net::Deadline idle_deadline() const {
    return net::Clock::now() + options_.idle_timeout;
  }

  ListenerOptions options_;
  Store& store_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::set<net::Connection*> connections_;
  asio::steady_timer session_ended_;
};

asio::awaitable<void> Listener::Impl::accept(std::shared_ptr<Impl> self) {
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

/// With the flaw: until no other session runs.
asio::awaitable<void> Listener::Impl::wait_for_silence() {
  while (!connections_.empty() && acceptor_.is_open()) {
    boost::system::error_code ignored;
    co_await session_ended_.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> Listener::Impl::serve(std::shared_ptr<Impl>,
                                            net::Connection connection) {
  if (options_.flaws.contains("one-session-at-a-time"_flaw))
    co_await wait_for_silence();
  if (!acceptor_.is_open()) co_return;  // stopped in the meantime
  connections_.insert(&connection);
  try {
    co_await converse(connection);
  } catch (const system_error&) {
    // The client does not read or is silent: nobody is left to be told.
  } catch (const net::PeerClosed&) {
  }
  connections_.erase(&connection);
  session_ended_.cancel();
}

/// Nothing where the handshake fails: the connection ends.
asio::awaitable<std::optional<net::TlsFacts>> Listener::Impl::start_tls(
    net::Connection& connection) {
  auto result = co_await connection.start_tls(*options_.tls, "",
                                              idle_deadline());
  if (auto* facts = std::get_if<net::TlsFacts>(&result))
    co_return std::move(*facts);
  co_return std::nullopt;
}

asio::awaitable<void> Listener::Impl::converse(net::Connection& connection) {
  Surroundings surroundings;
  surroundings.client_address = connection.remote_address();
  surroundings.service = options_.service;
  surroundings.offers_tls = options_.tls.has_value();
  if (options_.implicit_tls &&
      !options_.flaws.contains("submissions-greets-in-clear"_flaw)) {
    surroundings.tls = co_await start_tls(connection);
    if (!surroundings.tls) co_return;
  }
  if (connections_.size() > options_.max_connections) {
    const std::string reply =
        "421 " + std::string(host_name) + " Too many\r\n";
    co_await connection.write(reply, idle_deadline());
    co_return;
  }
  Conversation conversation(store_, options_.flaws, surroundings);
  const std::string greeting = conversation.greeting();
  co_await connection.write(greeting, idle_deadline());
  try {
    while (!conversation.closing()) {
      co_await give_way();
      const bool goes_on = co_await exchange(connection, conversation);
      if (!goes_on) break;
    }
  } catch (const net::PeerClosed&) {
    conversation.client_left();
    throw;
  }
  if (options_.flaws.contains("tls-close-alert-missing"_flaw)) co_return;
  connection.shutdown();
  const auto deadline = net::Clock::now() + options_.linger_time;
  while (net::Clock::now() < deadline) {
    co_await give_way();
    co_await connection.read(deadline);
  }
}

/// Reads, and writes the answer; false when the session ends in another way
/// than by the conversation.
asio::awaitable<bool> Listener::Impl::exchange(net::Connection& connection,
                                               Conversation& conversation) {
  std::string input;
  bool is_idle = false;
  try {
    input = co_await connection.read(idle_deadline());
  } catch (const system_error& error) {
    if (error.code() != asio::error::timed_out) throw;
    is_idle = true;
  }
  const std::string output =
      is_idle ? "421 " + std::string(host_name) + " Timeout\r\n"
              : conversation.receive(input);
  if (conversation.delay().count() > 0)
    co_await net::sleep_until(net::Clock::now() + conversation.delay());
  if (!output.empty()) co_await connection.write(output, idle_deadline());
  if (is_idle) co_return false;
  if (!conversation.starting_tls()) co_return true;
  auto facts = co_await start_tls(connection);
  if (!facts) co_return false;
  const std::string more = conversation.tls_started(std::move(*facts));
  if (!more.empty()) co_await connection.write(more, idle_deadline());
  co_return true;
}

Listener::Listener(asio::io_context& context, ListenerOptions options,
                   Store& store)
    : impl_(std::make_shared<Impl>(context, std::move(options), store)) {
  impl_->start();
}

Listener::~Listener() { stop(); }

std::uint16_t Listener::port() const { return impl_->port(); }

void Listener::stop() { impl_->stop(); }

}  // namespace smtpspec::server
