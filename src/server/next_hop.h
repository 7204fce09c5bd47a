// A message on its way to the next host: one SMTP session as its client (RFC
// 5321, 1870, 3030, 3461, 4954, 6152, 6531, 6710).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "server/store.h"

namespace smtpspec::server {

/// What became of a recipient.
struct HopResult {
  Recipient recipient;
  int code = 0;  ///< of the reply that decided; 0: the session broke before it
  std::string text;  ///< that reply on one line
  /// The next host makes the reports that were asked for (RFC 3461).
  bool reports = false;

  bool is_taken() const { return code >= 200 && code < 300; }
  /// A later attempt will not do better.
  bool is_refused() const { return code >= 500; }
};

/// Delivers `message` over `connection`, which is open, and says QUIT. Each
/// command waits `patience` for its reply. One result a recipient, in their
/// order; a session that breaks leaves those at 0 who have no other. Only
/// cancellation is thrown.
boost::asio::awaitable<std::vector<HopResult>> deliver_to(
    net::Connection& connection, const Message& message,
    std::chrono::milliseconds patience);

/// `octets` as they stand behind DATA, the final dot included (RFC 5321 section
/// 4.5.2). Nothing else is changed, but that CRLF is added where it is missing
/// at the end.
std::string stuffed(std::string_view octets);

/// The lines of a reply without their codes; ok is the first.
struct HopReply {
  int code = 0;
  std::vector<std::string> lines;
};

/// Takes the reply at the beginning of `input` off it: nothing while it is not
/// whole. A line that is none of a reply gives the code 0.
std::optional<HopReply> take_reply(std::string& input);

/// What is said at MAIL and RCPT, where EHLO offered `keywords` in upper case.
std::string mail_command(const Message& message,
                         const std::vector<std::string>& keywords);
std::string rcpt_command(const Recipient& recipient,
                         const std::vector<std::string>& keywords);

}  // namespace smtpspec::server
