// Who sees what the target delivers, and whether mail comes there at all.
#pragma once

#include <array>
#include <string>

#include "sink/mailbox.h"

namespace smtpspec::play {

/// A way that mail takes from the target to a witness.
enum class Route {
  onward,  ///< to another host
  home,    ///< to a mailbox of the target
};

class Witness {
 public:
  /// `mailbox` outlives it.
  explicit Witness(sink::Mailbox& mailbox) : mailbox_(mailbox) {}

  sink::Mailbox& mailbox() { return mailbox_; }

  /// Why nothing that takes the route is ever seen; empty: it may be.
  const std::string& blocked(Route route) const {
    return blocked_[static_cast<std::size_t>(route)];
  }
  void block(Route route, std::string reason) {
    blocked_[static_cast<std::size_t>(route)] = std::move(reason);
  }

 private:
  sink::Mailbox& mailbox_;
  std::array<std::string, 2> blocked_;
};

}  // namespace smtpspec::play
