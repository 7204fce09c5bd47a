// A TCP connection with a deadline on every operation. Knows no SMTP.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/deadline.h"

namespace smtpspec::net {

/// How a peer ended the connection.
enum class Ending { end_of_file, reset };

/// Thrown by read() and write() when the peer closed. Other failures (no route,
/// refused, a passed deadline) are boost::system::system_error.
struct PeerClosed {
  Ending ending;
};

class Connection {
 public:
  explicit Connection(asio::any_io_executor executor) : socket_(executor) {}
  explicit Connection(asio::ip::tcp::socket socket)
      : socket_(std::move(socket)) {}

  /// Connects to the first address of `host` that answers. A `source` address
  /// that is not empty is bound before. Throws system_error.
  asio::awaitable<void> connect(std::string host, std::uint16_t port,
                                std::string source, Deadline deadline);

  /// The next octets, at least one. Throws PeerClosed and system_error.
  asio::awaitable<std::string> read(Deadline deadline);
  /// Writes all of `bytes` before it returns; the caller keeps them alive.
  asio::awaitable<void> write(std::string_view bytes, Deadline deadline);

  /// Ends the connection at once; nothing is sent afterwards.
  void close();
  bool is_open() const { return socket_.is_open(); }

  /// 0 before connect().
  std::uint16_t local_port() const;
  /// As text, without port. Empty before connect().
  std::string local_address() const;
  std::string remote_address() const;

 private:
  asio::awaitable<std::size_t> read_some();

  asio::ip::tcp::socket socket_;
  char buffer_[16 * 1024];
};

}  // namespace smtpspec::net
