// What arrived: the messages that witnesses of ours saw, and the search among
// them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/deadline.h"
#include "net/tls.h"

namespace smtpspec::sink {

/// Who saw a message.
enum class Witness {
  smtp,     ///< the target sent it on to our receiver
  lmtp,     ///< the target put it into a mailbox by LMTP (RFC 2033)
  mailbox,  ///< the target wrote it into a mailbox that we read
};

/// A path of the envelope as it was said, without angle brackets.
struct EnvelopePath {
  std::string address;     ///< empty: the null reverse-path
  std::string parameters;  ///< "SIZE=100 BODY=8BITMIME"; empty: none
};

/// A message as it arrived.
struct Arrival {
  Witness witness = Witness::smtp;
  /// MAIL and RCPT; for a mailbox empty, since its envelope is gone.
  EnvelopePath sender;
  std::vector<EnvelopePath> recipients;
  /// Mail data octet by octet, without dot-stuffing and final dot.
  std::string octets;
  /// More octets came than are kept.
  bool is_cut = false;
  std::string client_name;  ///< in EHLO, HELO or LHLO
  std::string peer;         ///< address of the client
  std::optional<net::TlsFacts> tls;
  std::string user;    ///< who logged in; empty: nobody
  std::string folder;  ///< of the mailbox, for Witness::mailbox
  std::chrono::system_clock::time_point time;
};

class Mailbox {
 public:
  static constexpr std::size_t default_octet_limit = 256 << 20;

  /// Keeps so many octets in all, envelopes included; the oldest messages go
  /// first.
  explicit Mailbox(std::size_t octet_limit = default_octet_limit)
      : octet_limit_(octet_limit) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void add(Arrival arrival);

  /// Is shown each message as it is added.
  using Observer = std::function<void(const Arrival&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  using Found = std::vector<std::shared_ptr<const Arrival>>;
  /// Those that carry `token` in the envelope or in the octets, in any case,
  /// from old to new. `token` is lower case.
  Found with(std::string_view token) const;

  /// As with(), once there are `count` of them, or `deadline` has passed. Only
  /// cancellation is thrown (system_error, operation_aborted).
  boost::asio::awaitable<Found> wait_for(std::string token, std::size_t count,
                                         net::Deadline deadline);

  /// All messages, from old to new.
  const std::deque<std::shared_ptr<const Arrival>>& arrivals() const {
    return arrivals_;
  }

 private:
  std::deque<std::shared_ptr<const Arrival>> arrivals_;
  std::size_t octet_limit_;
  std::size_t octets_ = 0;
  std::list<boost::asio::steady_timer*> waiting_;
  Observer observer_;
};

}  // namespace smtpspec::sink
