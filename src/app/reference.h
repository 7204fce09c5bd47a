// The built-in reference server as a target of this very process.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "play/witness.h"
#include "scenario/profile.h"
#include "server/courier.h"
#include "server/flaws.h"
#include "server/listener.h"
#include "server/store.h"
#include "sink/mailbox.h"
#include "sink/receiver.h"

namespace smtpspec::app {

/// The certificate of all reference servers of this process, made at its first
/// use.
const net::Credential& reference_certificate();

/// The flaws with these names. Throws std::invalid_argument for one that the
/// reference server does not have.
server::FlawSet flaws_of(const std::vector<std::string>& names);

/// How a listener of the reference server is set up, on any free port.
server::ListenerOptions reference_listener(scenario::Listener listener,
                                           server::FlawSet flaws);

/// `names` as the reference server knows them. Throws std::invalid_argument for
/// a mechanism that it does not have.
std::vector<std::string> mechanisms_of(const std::vector<std::string>& names);

class Reference {
 public:
  /// Listens on free ports of 127.0.0.1 as long as it lives.
  Reference(boost::asio::io_context& io, server::FlawSet flaws);

  /// What is to be known of it, its listeners included.
  const scenario::Profile& profile() const { return profile_; }

  /// Sees what it delivers: to its mailboxes, and by SMTP to another host.
  std::shared_ptr<play::Witness> witness() const { return witness_; }

 private:
  void deliver(const server::Message& message);
  void hold(server::Message message);

  boost::asio::io_context& io_;
  sink::Mailbox mailbox_;
  sink::Receiver next_host_;
  std::shared_ptr<play::Witness> witness_;
  server::Store store_;
  server::Courier courier_;
  server::Listener mta_;
  server::Listener submission_;
  server::Listener submissions_;
  server::Listener lmtp_;
  scenario::Profile profile_;
  /// Of mail that is to wait (RFC 4865).
  std::list<boost::asio::steady_timer> timers_;
};

}  // namespace smtpspec::app
