// The reference server on a TCP port: the shell of I/O around Conversation.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/tcp_server.h"
#include "net/tls.h"
#include "server/conversation.h"
#include "server/flaws.h"
#include "server/store.h"

namespace smtpspec::server {

struct ListenerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port
  FlawSet flaws;
  Service service = Service::mta;
  /// For STARTTLS, and for TLS from the start; nothing: no TLS.
  std::optional<net::TlsContext> tls;
  /// TLS comes first (RFC 8314 section 3).
  bool implicit_tls = false;
  /// See Surroundings.
  std::vector<std::string> mechanisms = {};
  /// One more connection is told 421.
  std::size_t max_connections = 200;
  /// A client silent for that long is told 421 (RFC 5321 section 4.5.3.2.7).
  std::chrono::milliseconds idle_timeout = std::chrono::minutes(5);
  /// How long a closed connection is still read, so that the client gets the
  /// last reply and no reset.
  std::chrono::milliseconds linger_time = std::chrono::seconds(2);
};

/// Accepts connections while `context` runs, on one thread. Sessions that run
/// when the listener is destroyed end as by stop().
class Listener {
 public:
  /// Binds and listens. `store` outlives the run of `context`. Throws
  /// boost::system::system_error where the address cannot be had.
  Listener(boost::asio::io_context& context, ListenerOptions options,
           Store& store);
  ~Listener();

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return server_.port(); }
  /// Accepts no more and closes all connections. May be called twice.
  void stop();

 private:
  class Service;
  std::shared_ptr<Service> service_;
  net::TcpServer server_;
};

}  // namespace smtpspec::server
