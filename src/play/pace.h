// No more connections, or messages, in a second than a target's owner would put
// up with.
#pragma once

#include <algorithm>
#include <chrono>

#include "net/deadline.h"

namespace smtpspec::play {

class Pace {
 public:
  /// `interval`: from one to the next.
  explicit Pace(std::chrono::milliseconds interval) : interval_(interval) {}

  /// Waits until it is the caller's turn.
  net::asio::awaitable<void> turn() {
    const auto at = std::max(next_, net::Clock::now());
    next_ = at + interval_;
    co_await net::sleep_until(at);
  }

 private:
  std::chrono::milliseconds interval_;
  net::Deadline next_{};
};

}  // namespace smtpspec::play
