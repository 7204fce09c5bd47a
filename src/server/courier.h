// Takes messages to the next host, as a mail server does with what it relays,
// and reports to the sender what that host refuses (RFC 5321 sections 3.6.3,
// 4.5.4 and 6.1; RFC 3461, 3464).
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "server/flaws.h"
#include "server/store.h"

namespace smtpspec::server {

struct CourierOptions {
  /// All that is relayed goes there, whatever its domain.
  std::string address = "127.0.0.1";
  std::uint16_t port = 25;
  FlawSet flaws;
  /// One more message is lost: nobody sends that many.
  std::size_t max_waiting = 1000;
  std::size_t max_connections = 20;
  /// For a connection, and for each reply.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  /// What is not decided is tried again after a pause; at last it failed.
  int attempts = 3;
  std::chrono::milliseconds retry_pause = std::chrono::milliseconds(500);
};

/// Works while `context` runs, on one thread: a connection a message. What it
/// has when it is destroyed ends as by stop().
class Courier {
 public:
  /// Puts reports to our own users into `store`, which outlives the run of
  /// `context`.
  Courier(boost::asio::io_context& context, CourierOptions options,
          Store& store);
  ~Courier();

  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  /// Takes a message that is relayed; others are not its business.
  void take(const Message& message);
  /// Closes all connections and forgets all messages. May be called twice.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace smtpspec::server
