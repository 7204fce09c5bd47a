#include "server/listener.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <string>
#include <utility>

#include "net/connection.h"
#include "net/deadline.h"
#include "server/conversation.h"
#include "server/old_ssl.h"

namespace smtpspec::server {

namespace asio = boost::asio;
using boost::system::system_error;

/// What all sessions of a listener share.
class Listener::Service {
 public:
  Service(asio::io_context& context, ListenerOptions options, Store& store)
      : options_(std::move(options)),
        store_(store),
        session_ended_(context, net::Deadline::max()) {}

  asio::awaitable<void> serve(net::Connection& connection, std::size_t open);
  /// Nobody waits for others to end any more.
  void stop() {
    is_stopped_ = true;
    session_ended_.cancel();
  }

 private:
  asio::awaitable<void> converse(net::Connection& connection,
                                 std::size_t open);
  asio::awaitable<std::optional<net::TlsFacts>> start_tls(
      net::Connection& connection);
  asio::awaitable<bool> answers_old_ssl(net::Connection& connection,
                                        std::string& early);
  asio::awaitable<bool> exchange(net::Connection& connection,
                                 Conversation& conversation);
  asio::awaitable<void> wait_for_silence();
  net::Deadline idle_deadline() const {
    return net::Clock::now() + options_.idle_timeout;
  }

  ListenerOptions options_;
  Store& store_;
  asio::steady_timer session_ended_;
  std::size_t sessions_ = 0;
  bool is_stopped_ = false;
  /// With the flaw: a handshake has failed.
  bool closes_next_ = false;
};

/// With the flaw: until no other session runs.
asio::awaitable<void> Listener::Service::wait_for_silence() {
  while (sessions_ > 0 && !is_stopped_) {
    boost::system::error_code ignored;
    co_await session_ended_.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> Listener::Service::serve(net::Connection& connection,
                                               std::size_t open) {
  if (options_.flaws.contains("one-session-at-a-time"_flaw))
    co_await wait_for_silence();
  if (is_stopped_ || std::exchange(closes_next_, false)) co_return;
  ++sessions_;
  const std::shared_ptr<void> leave(nullptr, [this](void*) {
    --sessions_;
    session_ended_.cancel();
  });
  co_await converse(connection, open);
}

/// Nothing where the handshake fails: the connection ends.
asio::awaitable<std::optional<net::TlsFacts>> Listener::Service::start_tls(
    net::Connection& connection) {
  closes_next_ =
      options_.flaws.contains("tls-broken-handshake-closes-next"_flaw);
  std::string early;
  if (speaks_old_ssl(options_.flaws)) {
    const bool was_old = co_await answers_old_ssl(connection, early);
    if (was_old) co_return std::nullopt;
  }
  auto result =
      co_await connection.start_tls(*options_.tls, "", idle_deadline(), early);
  auto* facts = std::get_if<net::TlsFacts>(&result);
  if (facts == nullptr) co_return std::nullopt;
  closes_next_ = false;
  co_return std::move(*facts);
}

/// With flaws. What was read for it is left in `early`.
asio::awaitable<bool> Listener::Service::answers_old_ssl(
    net::Connection& connection, std::string& early) {
  early = co_await connection.read(idle_deadline());
  const std::string answer = answer_to_old_ssl(early, options_.flaws);
  if (answer.empty()) co_return false;
  co_await connection.write(answer, idle_deadline());
  co_return true;
}

asio::awaitable<void> Listener::Service::converse(net::Connection& connection,
                                                  std::size_t open) {
  Surroundings surroundings;
  surroundings.client_address = connection.remote_address();
  surroundings.service = options_.service;
  surroundings.offers_tls = options_.tls.has_value();
  surroundings.mechanisms = options_.mechanisms;
  surroundings.tls_comes_first = options_.implicit_tls;
  if (options_.implicit_tls &&
      !options_.flaws.contains("submissions-greets-in-clear"_flaw)) {
    surroundings.tls = co_await start_tls(connection);
    if (!surroundings.tls) co_return;
  }
  if (open > options_.max_connections) {
    const std::string reply =
        "421 " + std::string(host_name) + " Too many\r\n";
    co_await connection.write(reply, idle_deadline());
    co_return;
  }
  Conversation conversation(store_, options_.flaws, surroundings);
  const std::string greeting = conversation.greeting();
  if (conversation.delay().count() > 0)
    co_await net::sleep_until(net::Clock::now() + conversation.delay());
  co_await connection.write(greeting, idle_deadline());
  try {
    while (!conversation.closing()) {
      co_await net::give_way();
      const bool goes_on = co_await exchange(connection, conversation);
      if (!goes_on) break;
    }
  } catch (const net::PeerClosed&) {
    conversation.client_left();
    throw;
  }
  if (options_.flaws.contains("tls-close-alert-missing"_flaw)) co_return;
  co_await net::linger(connection, options_.linger_time);
}

/// Reads, and writes the answer; false when the session ends in another way
/// than by the conversation.
asio::awaitable<bool> Listener::Service::exchange(net::Connection& connection,
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
    : service_(std::make_shared<Service>(context, options, store)),
      server_(context, options.address, options.port,
              [service = service_](net::Connection& connection,
                                   std::size_t open) {
                return service->serve(connection, open);
              }) {}

Listener::~Listener() { stop(); }

void Listener::stop() {
  service_->stop();
  server_.stop();
}

}  // namespace smtpspec::server
