// The receiver on a TCP port, for SMTP or LMTP: the shell of I/O around
// Receiving.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "net/tcp_server.h"
#include "net/tls.h"
#include "sink/mailbox.h"

namespace smtpspec::sink {

struct ReceiverOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port
  bool lmtp = false;
  /// For STARTTLS; nothing: it is not offered.
  std::optional<net::TlsContext> tls;
  /// One more connection is told 421.
  std::size_t max_connections = 200;
  /// A client silent for that long is told 421 (RFC 5321 section 4.5.3.2.7).
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(5);
};

/// Accepts connections while `context` runs, on one thread. Sessions that run
/// when the receiver is destroyed end as by stop().
class Receiver {
 public:
  /// Binds and listens. `mailbox` outlives the run of `context`. Throws
  /// boost::system::system_error where the address cannot be had.
  Receiver(boost::asio::io_context& context, ReceiverOptions options,
           Mailbox& mailbox);

  std::uint16_t port() const { return server_.port(); }
  /// Accepts no more and closes all connections; what has not come to its end
  /// is not kept. May be called twice.
  void stop() { server_.stop(); }

 private:
  net::TcpServer server_;
};

}  // namespace smtpspec::sink
