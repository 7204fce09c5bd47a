// How long is waited for what.
#pragma once

#include <chrono>

#include "net/deadline.h"

namespace smtpspec::play {

/// `factor` scales all of them.
struct Waits {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds reply{10'000};
  /// For what answers credentials: servers delay on purpose.
  std::chrono::milliseconds login{30'000};
  std::chrono::milliseconds farewell{1'000};
  /// For mail to arrive that is known to be under way.
  std::chrono::milliseconds delivery{10'000};
  /// For a barrier: mail that shows whether anything arrives at all.
  std::chrono::milliseconds barrier{30'000};
  /// Longest that `silent` in a scenario waits.
  std::chrono::milliseconds silence{600'000};
  /// Twice the two minutes that RFC 6409 section 5.3 wants replies in, and
  /// some.
  std::chrono::milliseconds test{300'000};
  /// A test of twenty sessions, each of which may be delayed on purpose.
  std::chrono::milliseconds measured{900'000};
  double factor = 1;

  net::Deadline deadline(std::chrono::milliseconds wait) const;
};

}  // namespace smtpspec::play
