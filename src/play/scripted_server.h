// For tests: a server on loopback that answers each line as it is told.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>

namespace smtpspec::play {

/// What a server does: says `bytes`, then closes or goes on.
struct Answer {
  std::string bytes;
  bool close = false;
};

class ScriptedServer {
 public:
  /// `answer` gets each line without CRLF, "" first for the greeting, and the
  /// number of the connection, from 1.
  using Script = std::function<Answer(const std::string& line, int connection)>;

  ScriptedServer(boost::asio::io_context& io, Script script)
      : io_(io),
        acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}),
        script_(std::move(script)) {
    boost::asio::co_spawn(io, accept(), ignore_end);
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int connections() const { return connections_; }

 private:
  using tcp = boost::asio::ip::tcp;

  /// A peer that closes ends a session; nothing else is expected here.
  static void ignore_end(std::exception_ptr) {}

  boost::asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
      boost::asio::co_spawn(io_, serve(std::move(socket), ++connections_),
                            ignore_end);
    }
  }

  boost::asio::awaitable<void> serve(tcp::socket socket, int connection) {
    std::string received;
    std::string line;
    for (;;) {
      const Answer answer = script_(line, connection);
      const auto bytes = boost::asio::buffer(answer.bytes);
      co_await boost::asio::async_write(socket, bytes,
                                        boost::asio::use_awaitable);
      if (answer.close) co_return;
      auto space = boost::asio::dynamic_buffer(received);
      const std::size_t size = co_await boost::asio::async_read_until(
          socket, space, "\r\n", boost::asio::use_awaitable);
      line = received.substr(0, size - 2);
      received.erase(0, size);
    }
  }

  boost::asio::io_context& io_;
  tcp::acceptor acceptor_;
  Script script_;
  int connections_ = 0;
};

}  // namespace smtpspec::play
