// A TCP connection, in plain text or under TLS, with a deadline on every
// operation. Knows no SMTP.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "net/deadline.h"
#include "net/tls.h"

namespace smtpspec::net {

/// How a peer ended the connection.
enum class Ending {
  end_of_file,  ///< under TLS: by a close alert (RFC 8446 section 6.1)
  truncated,    ///< under TLS, without a close alert
  reset,
};

/// Thrown by read() and write() when the peer closed. Other failures (no route,
/// refused, a passed deadline) are boost::system::system_error.
struct PeerClosed {
  Ending ending;
};

class Connection {
 public:
  explicit Connection(asio::any_io_executor executor) : socket_(executor) {}
  /// Of a socket that is connected.
  explicit Connection(asio::ip::tcp::socket socket);

  /// Connects to the first address of `host` that answers. A `source` address
  /// that is not empty is bound before. Throws system_error.
  asio::awaitable<void> connect(std::string host, std::uint16_t port,
                                std::string source, Deadline deadline);

  /// From now on read() keeps the thread busy for 50 microseconds, then asleep
  /// for a millisecond at most, before it lets others run: who answers at once
  /// is heard sooner. For who has nothing else to do meanwhile; never where the
  /// peer runs on the same thread.
  void have_thread_alone() { has_thread_alone_ = true; }

  /// The next octets, at least one. Throws PeerClosed and system_error.
  asio::awaitable<std::string> read(Deadline deadline);
  /// Writes all of `bytes` before it returns; the caller keeps them alive.
  asio::awaitable<void> write(std::string_view bytes, Deadline deadline);

  /// Makes the connection a TLS one: read() and write() mean what is inside
  /// from then on. `server_name` is what a client asks for and checks. After a
  /// failure the connection is good for nothing but close(). `early` was read
  /// already. Throws as read() does, and std::logic_error under TLS.
  asio::awaitable<std::variant<TlsFacts, TlsFailure>> start_tls(
      const TlsContext& context, const std::string& server_name,
      Deadline deadline, std::string early = {});
  bool is_secure() const { return tls_ != nullptr; }

  /// Says that nothing more will be sent, as far as that needs no wait.
  void shutdown();
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
  std::size_t read_soon(boost::system::error_code& error);
  asio::awaitable<std::string> read_socket(Deadline deadline);
  asio::awaitable<void> write_socket(std::string_view bytes, Deadline deadline);
  asio::awaitable<std::string> read_tls(Deadline deadline);
  void send_close_alert();
  void write_what_fits(const std::string& octets);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
  bool has_thread_alone_ = false;
  char buffer_[16 * 1024];
};

}  // namespace smtpspec::net
