// The witnesses that a profile names, for as long as a run lasts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>

#include "play/witness.h"
#include "scenario/profile.h"
#include "sink/maildir.h"
#include "sink/mailbox.h"
#include "sink/receiver.h"

namespace smtpspec::app {

class Sinks {
 public:
  /// Listens where `sink` says, and looks into its folders, while `io` runs.
  /// Throws std::runtime_error for an address that cannot be had.
  Sinks(boost::asio::io_context& io, const scenario::Sink& sink);

  /// nullptr where the profile names none.
  std::shared_ptr<play::Witness> witness() const { return witness_; }

 private:
  void listen(boost::asio::io_context& io, const scenario::Endpoint& endpoint,
              bool is_lmtp);

  sink::Mailbox mailbox_;
  std::deque<sink::Receiver> receivers_;
  std::deque<sink::Maildir> maildirs_;
  std::shared_ptr<play::Witness> witness_;
};

}  // namespace smtpspec::app
