// Accepts TCP connections and serves each by a coroutine. Knows no SMTP.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/connection.h"

namespace smtpspec::net {

/// Accepts while `context` runs, on one thread. Sessions that run when it is
/// destroyed end as by stop().
class TcpServer {
 public:
  /// Serves a connection until it is to be closed; `open` connections there are,
  /// this one among them. PeerClosed and system_error end it as well: nobody is
  /// left to be told. Other exceptions leave io_context::run().
  using Serve =
      std::function<asio::awaitable<void>(Connection&, std::size_t open)>;

  /// Binds and listens; port 0 is any free one. Throws
  /// boost::system::system_error where the address cannot be had.
  TcpServer(asio::io_context& context, const std::string& address,
            std::uint16_t port, Serve serve);
  ~TcpServer();

  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  std::uint16_t port() const;
  /// Accepts no more and closes all connections. May be called twice.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Before each read in a loop: what a peer sends without end is read without a
/// wait, so that others would never have their turn.
asio::awaitable<void> give_way();

/// Says that nothing more will be sent, and reads for `time` what still comes,
/// so that the peer gets all of it and no reset. Throws as read() does.
asio::awaitable<void> linger(Connection& connection,
                             std::chrono::milliseconds time);

}  // namespace smtpspec::net
