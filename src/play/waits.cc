#include "play/waits.h"

namespace smtpspec::play {

net::Deadline Waits::deadline(std::chrono::milliseconds wait) const {
  const std::chrono::duration<double, std::milli> scaled(
      static_cast<double>(wait.count()) * factor);
  return net::Clock::now() +
         std::chrono::duration_cast<std::chrono::microseconds>(scaled);
}

}  // namespace smtpspec::play
