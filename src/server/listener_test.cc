#include "server/listener.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "net/connection.h"

namespace smtpspec::server {
namespace {

using namespace std::chrono_literals;
using net::asio::ip::tcp;

/// A listener and clients on one context, for at most a minute.
class ListenerTest : public testing::Test {
 protected:
  /// Runs `client`, then stops the listener: the context must run dry.
  void run(ListenerOptions options,
           std::function<net::asio::awaitable<void>(std::uint16_t)> client) {
    Listener listener(context_, std::move(options), store_);
    net::asio::co_spawn(context_, client(listener.port()),
                        [&](std::exception_ptr error) {
                          listener.stop();
                          if (error) std::rethrow_exception(error);
                        });
    context_.run_for(60s);
    EXPECT_TRUE(context_.stopped());
  }

  static net::Deadline soon() { return net::Clock::now() + 60s; }

  net::asio::awaitable<void> open(net::Connection& client, std::uint16_t port) {
    co_await client.connect("127.0.0.1", port, "", soon());
  }

  /// What comes until `end` ends it.
  static net::asio::awaitable<std::string> read_to(net::Connection& client,
                                                   std::string end) {
    std::string octets;
    while (!octets.ends_with(end)) octets += co_await client.read(soon());
    co_return octets;
  }

  /// Whether the server ends the connection in good order.
  static net::asio::awaitable<bool> is_closed(net::Connection& client) {
    try {
      co_await client.read(soon());
    } catch (const net::PeerClosed& closed) {
      co_return closed.ending == net::Ending::end_of_file;
    }
    co_return false;
  }

  net::asio::io_context context_{1};
  Store store_;
};

TEST_F(ListenerTest, TakesAMailAndClosesAfterQuit) {
  run({}, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection client(context_.get_executor());
    co_await open(client, port);
    co_await read_to(client, "\r\n");
    const std::string dialog =
        "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"
        "RCPT TO:<alice@example.test>\r\nDATA\r\nHello\r\n.\r\nQUIT\r\nx";
    co_await client.write(dialog, soon());
    const auto replies = co_await read_to(client, "Bye\r\n");
    EXPECT_NE(replies.find("\r\n354 "), std::string::npos);
    const bool closed = co_await is_closed(client);
    EXPECT_TRUE(closed);
  });
  ASSERT_EQ(store_.messages().size(), 1u);
  EXPECT_NE(store_.messages()[0].octets.find("from client.example ([127.0.0.1"),
            std::string::npos);
}

TEST_F(ListenerTest, ServesTwoSessionsInTurn) {
  run({}, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection first(context_.get_executor());
    net::Connection second(context_.get_executor());
    co_await open(first, port);
    co_await open(second, port);
    co_await read_to(second, "\r\n");
    co_await read_to(first, "\r\n");
  });
}

TEST_F(ListenerTest, WithTheFlawServesOneSessionAtATime) {
  ListenerOptions options;
  options.flaws.insert("one-session-at-a-time"_flaw);
  run(options, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection first(context_.get_executor());
    net::Connection second(context_.get_executor());
    co_await open(first, port);
    co_await read_to(first, "\r\n");
    co_await open(second, port);
    const std::string quit = "NOOP\r\nQUIT\r\n";
    co_await second.write(quit, soon());
    co_await first.write(quit, soon());
    co_await read_to(first, "Bye\r\n");
    first.close();
    co_await read_to(second, "Bye\r\n");
  });
}

TEST_F(ListenerTest, TellsOneConnectionTooMany) {
  ListenerOptions options;
  options.max_connections = 1;
  run(options, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection first(context_.get_executor());
    net::Connection second(context_.get_executor());
    co_await open(first, port);
    co_await read_to(first, "\r\n");
    co_await open(second, port);
    const auto reply = co_await read_to(second, "\r\n");
    EXPECT_TRUE(reply.starts_with("421 "));
    const bool closed = co_await is_closed(second);
    EXPECT_TRUE(closed);
  });
}

TEST_F(ListenerTest, TellsASilentClientAndCloses) {
  ListenerOptions options;
  options.idle_timeout = 1ms;
  run(options, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection client(context_.get_executor());
    co_await open(client, port);
    const auto octets = co_await read_to(client, "Timeout\r\n");
    EXPECT_NE(octets.find("\r\n421 "), std::string::npos);
    const bool closed = co_await is_closed(client);
    EXPECT_TRUE(closed);
  });
}

TEST_F(ListenerTest, HoldsAReplyBackWithTheFlaw) {
  ListenerOptions options;
  options.flaws = {"auth-unknown-user-slow"_flaw,
                   "auth-plain-accepted-in-clear"_flaw};
  run(options, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection client(context_.get_executor());
    co_await open(client, port);
    const std::string hello = "EHLO client.example\r\n";
    co_await client.write(hello, soon());
    co_await read_to(client, "SOURCE\r\n");
    const std::string login = "AUTH PLAIN AG5vYm9keQB4\r\n";  // nobody, x
    const auto start = net::Clock::now();
    co_await client.write(login, soon());
    const auto reply = co_await read_to(client, "\r\n");
    EXPECT_TRUE(reply.starts_with("535 ")) << reply;
    EXPECT_GE(net::Clock::now() - start, 100ms);
  });
}

TEST_F(ListenerTest, WithTheFlawDeliversWhatACutConnectionLeaves) {
  ListenerOptions options;
  options.flaws.insert("delivers-half-message"_flaw);
  run(options, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::Connection client(context_.get_executor());
    co_await open(client, port);
    const std::string dialog =
        "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"
        "RCPT TO:<alice@example.test>\r\nDATA\r\nHalf";
    co_await client.write(dialog, soon());
    std::string octets;
    while (octets.find("354 ") == std::string::npos)
      octets += co_await client.read(soon());
    net::asio::steady_timer arrived(context_, soon());
    store_.watch([&](const Message&) { arrived.cancel(); });
    client.close();
    boost::system::error_code cancelled;
    co_await arrived.async_wait(net::asio::redirect_error(
        net::asio::use_awaitable, cancelled));
    store_.watch({});
  });
  ASSERT_EQ(store_.messages().size(), 1u);
  EXPECT_TRUE(store_.messages()[0].octets.ends_with("Half"));
}

/// Whether somebody cancels `timer` in time.
net::asio::awaitable<bool> is_cancelled(net::asio::steady_timer& timer) {
  boost::system::error_code error;
  co_await timer.async_wait(
      net::asio::redirect_error(net::asio::use_awaitable, error));
  co_return error == net::asio::error::operation_aborted;
}

/// A client on a thread of its own: while the server reads, there is always more
/// to read. It ends with its connection. `on_flow` is called once the server has
/// read some of it, `on_end` at the end.
class Flood {
 public:
  Flood(std::uint16_t port, std::string first, std::function<void()> on_flow,
        std::function<void()> on_end)
      : thread_([=] {
          net::asio::io_context context;
          tcp::socket socket(context);
          boost::system::error_code error;
          socket.connect({net::asio::ip::address_v4::loopback(), port}, error);
          net::asio::write(socket, net::asio::buffer(first), error);
          const std::string more(1 << 20, 'x');
          for (int i = 0; !error; ++i) {
            net::asio::write(socket, net::asio::buffer(more), error);
            if (i == 20) on_flow();
          }
          on_end();
        }) {}
  ~Flood() { thread_.join(); }

 private:
  std::thread thread_;
};

TEST_F(ListenerTest, ServesOthersBesideAnEndlessLine) {
  std::optional<Flood> flood;
  run({}, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::asio::steady_timer flows(context_, soon());
    const auto tell = [&] {
      net::asio::post(context_, [&] { flows.cancel(); });
    };
    flood.emplace(port, "", tell, [] {});
    const bool is_told = co_await is_cancelled(flows);
    EXPECT_TRUE(is_told);
    net::Connection client(context_.get_executor());
    co_await open(client, port);
    const std::string quit = "QUIT\r\n";
    co_await client.write(quit, soon());
    co_await read_to(client, "Bye\r\n");
  });
}

TEST_F(ListenerTest, ReadsNotForEverBehindQuit) {
  ListenerOptions options;
  options.linger_time = 20ms;
  std::optional<Flood> flood;
  run(options, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    net::asio::steady_timer ended(context_, soon());
    const auto tell = [&] {
      net::asio::post(context_, [&] { ended.cancel(); });
    };
    flood.emplace(port, "QUIT\r\n", [] {}, tell);
    const bool is_told = co_await is_cancelled(ended);
    EXPECT_TRUE(is_told);
  });
}

TEST_F(ListenerTest, StopsWithOpenSessions) {
  net::Connection client(context_.get_executor());
  run({}, [&](std::uint16_t port) -> net::asio::awaitable<void> {
    co_await open(client, port);
    co_await read_to(client, "\r\n");
  });
}

TEST_F(ListenerTest, ThrowsWhereThePortIsTaken) {
  Listener first(context_, {}, store_);
  ListenerOptions options;
  options.port = first.port();
  EXPECT_THROW(Listener(context_, options, store_),
               boost::system::system_error);
}

}  // namespace
}  // namespace smtpspec::server
