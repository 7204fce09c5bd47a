// The receiver on a real port.
#include "sink/receiver.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>

#include "net/connection.h"

namespace smtpspec::sink {
namespace {

using namespace std::chrono_literals;

/// A receiver and clients on one context, for at most a minute.
class ReceiverTest : public testing::Test {
 protected:
  using Client = std::function<net::asio::awaitable<void>(net::Connection&)>;

  /// Runs `client` with a connection, then stops the receiver: the context must
  /// run dry.
  void run(ReceiverOptions options, Client client) {
    Receiver receiver(context_, std::move(options), mailbox_);
    port_ = receiver.port();
    net::Connection connection(context_.get_executor());
    net::asio::co_spawn(context_, start(connection, client),
                        [&](std::exception_ptr error) {
                          receiver.stop();
                          if (error) std::rethrow_exception(error);
                        });
    context_.run_for(60s);
    EXPECT_TRUE(context_.stopped());
  }

  net::asio::awaitable<void> start(net::Connection& connection,
                                   Client& client) {
    co_await connection.connect("127.0.0.1", port_, "", soon());
    co_await client(connection);
  }

  static net::Deadline soon() { return net::Clock::now() + 30s; }

  /// What comes until `end` ends it.
  static net::asio::awaitable<std::string> read_to(net::Connection& client,
                                                   std::string end) {
    std::string octets;
    while (!octets.ends_with(end)) octets += co_await client.read(soon());
    co_return octets;
  }

  /// Whether the receiver ends the connection in good order.
  static net::asio::awaitable<bool> is_closed(net::Connection& client) {
    try {
      co_await client.read(soon());
    } catch (const net::PeerClosed& closed) {
      co_return closed.ending == net::Ending::end_of_file;
    }
    co_return false;
  }

  static net::asio::awaitable<void> write(net::Connection& client,
                                          std::string octets) {
    co_await client.write(octets, soon());
  }

  net::asio::io_context context_{1};
  Mailbox mailbox_;
  std::uint16_t port_ = 0;
};

const std::string mail =
    "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"
    "RCPT TO:<b@sink.example>\r\nDATA\r\n";

TEST_F(ReceiverTest, KeepsAMessageAndClosesAfterQuit) {
  run({}, [](net::Connection& client) -> net::asio::awaitable<void> {
    co_await write(client, mail + "Hello\r\n.\r\nQUIT\r\nx");
    co_await read_to(client, "Bye\r\n");
    const bool closed = co_await is_closed(client);
    EXPECT_TRUE(closed);
  });
  ASSERT_EQ(mailbox_.arrivals().size(), 1u);
  EXPECT_EQ(mailbox_.arrivals()[0]->octets, "Hello\r\n");
  EXPECT_EQ(mailbox_.arrivals()[0]->peer, "127.0.0.1");
}

TEST_F(ReceiverTest, SpeaksLmtp) {
  ReceiverOptions options;
  options.lmtp = true;
  run(options, [](net::Connection& client) -> net::asio::awaitable<void> {
    co_await write(client, "L" + mail.substr(1) + "Hello\r\n.\r\nQUIT\r\n");
    co_await read_to(client, "Bye\r\n");
  });
  ASSERT_EQ(mailbox_.arrivals().size(), 1u);
  EXPECT_EQ(mailbox_.arrivals()[0]->witness, Witness::lmtp);
}

TEST_F(ReceiverTest, KeepsWhatTlsAgreedOn) {
  net::TlsOptions own;
  own.own = net::make_certificate("sink.smtpspec.test");
  ReceiverOptions options;
  options.tls.emplace(net::TlsContext::Role::server, own);
  const net::TlsContext ours(net::TlsContext::Role::client, {});
  run(options, [&](net::Connection& client) -> net::asio::awaitable<void> {
    co_await write(client, "EHLO x\r\nSTARTTLS\r\n");
    co_await read_to(client, "Begin\r\n");
    const auto result = co_await client.start_tls(ours, "", soon());
    EXPECT_TRUE(std::holds_alternative<net::TlsFacts>(result));
    co_await write(client, mail + "Hello\r\n.\r\nQUIT\r\n");
    co_await read_to(client, "Bye\r\n");
  });
  ASSERT_EQ(mailbox_.arrivals().size(), 1u);
  ASSERT_TRUE(mailbox_.arrivals()[0]->tls);
  EXPECT_EQ(mailbox_.arrivals()[0]->tls->version, "TLSv1.3");
}

TEST_F(ReceiverTest, EndsASessionWhoseHandshakeFails) {
  net::TlsOptions own;
  own.own = net::make_certificate("sink.smtpspec.test");
  ReceiverOptions options;
  options.tls.emplace(net::TlsContext::Role::server, own);
  run(options, [&](net::Connection& client) -> net::asio::awaitable<void> {
    co_await write(client, "STARTTLS\r\n");
    co_await read_to(client, "Begin\r\n");
    co_await write(client, mail + "Hello\r\n.\r\n");
    try {
      for (;;) co_await client.read(soon());
    } catch (const net::PeerClosed&) {
    }
  });
  EXPECT_EQ(mailbox_.arrivals().size(), 0u);
}

TEST_F(ReceiverTest, KeepsNothingOfAClientThatLeavesInItsData) {
  run({}, [](net::Connection& client) -> net::asio::awaitable<void> {
    co_await write(client, mail + "Hello\r\n.\r");
    co_await read_to(client, "<CRLF>\r\n");
    client.shutdown();
    const bool closed = co_await is_closed(client);
    EXPECT_TRUE(closed);
  });
  EXPECT_EQ(mailbox_.arrivals().size(), 0u);
}

/// Sends `octets` again and again until the connection is closed.
net::asio::awaitable<void> flood(net::Connection& client, std::string octets) {
  try {
    for (;;) co_await client.write(octets, net::Clock::now() + 5s);
  } catch (const net::PeerClosed&) {
  } catch (const boost::system::system_error&) {
  }
}

TEST_F(ReceiverTest, ServesOthersBesideEndlessData) {
  net::Connection hostile(context_.get_executor());
  run({}, [&](net::Connection& client) -> net::asio::awaitable<void> {
    co_await hostile.connect("127.0.0.1", port_, "", soon());
    co_await write(hostile, mail);
    co_await read_to(hostile, "<CRLF>\r\n");
    net::asio::co_spawn(context_, flood(hostile, std::string(1 << 16, 'x')),
                        net::asio::detached);
    for (int i = 0; i < 10; ++i) {
      co_await write(client, mail + "Hello\r\n.\r\n");
      co_await read_to(client, "Kept\r\n");
    }
  });
  EXPECT_EQ(mailbox_.arrivals().size(), 10u);
}

TEST_F(ReceiverTest, ServesOthersBesideAnEndlessLine) {
  net::Connection hostile(context_.get_executor());
  run({}, [&](net::Connection& client) -> net::asio::awaitable<void> {
    co_await hostile.connect("127.0.0.1", port_, "", soon());
    net::asio::co_spawn(context_, flood(hostile, std::string(1 << 16, 'x')),
                        net::asio::detached);
    co_await write(client, mail + "Hello\r\n.\r\n");
    co_await read_to(client, "Kept\r\n");
  });
  EXPECT_EQ(mailbox_.arrivals().size(), 1u);
}

TEST_F(ReceiverTest, TellsOneConnectionTooMany) {
  ReceiverOptions options;
  options.max_connections = 1;
  net::Connection second(context_.get_executor());
  run(options, [&](net::Connection& first) -> net::asio::awaitable<void> {
    co_await read_to(first, "\r\n");
    co_await second.connect("127.0.0.1", port_, "", soon());
    const auto reply = co_await read_to(second, "\r\n");
    EXPECT_TRUE(reply.starts_with("421 "));
    const bool closed = co_await is_closed(second);
    EXPECT_TRUE(closed);
  });
}

TEST_F(ReceiverTest, TellsASilentClientAndCloses) {
  ReceiverOptions options;
  options.idle_timeout = 1ms;
  run(options, [](net::Connection& client) -> net::asio::awaitable<void> {
    const auto octets = co_await read_to(client, "Timeout\r\n");
    EXPECT_NE(octets.find("\r\n421 "), std::string::npos);
    const bool closed = co_await is_closed(client);
    EXPECT_TRUE(closed);
  });
}

TEST_F(ReceiverTest, StopsWithOpenSessions) {
  net::Connection kept(context_.get_executor());
  run({}, [&](net::Connection& client) -> net::asio::awaitable<void> {
    co_await kept.connect("127.0.0.1", port_, "", soon());
    co_await write(kept, mail);
    co_await read_to(kept, "<CRLF>\r\n");
    co_await read_to(client, "\r\n");
  });
}

TEST_F(ReceiverTest, ThrowsWhereThePortIsTaken) {
  Receiver first(context_, {}, mailbox_);
  ReceiverOptions options;
  options.port = first.port();
  EXPECT_THROW(Receiver(context_, options, mailbox_),
               boost::system::system_error);
}

}  // namespace
}  // namespace smtpspec::sink
