// Delivery status notifications (RFC 3461, 3464, 6522, and 6533 for addresses
// outside ASCII): what a server reports to the sender of a message.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/flaws.h"
#include "server/store.h"

namespace smtpspec::server {

/// What became of a recipient's mail (RFC 3464 section 2.3.3).
enum class Action {
  failed,
  delivered,
  relayed,   ///< to a host that makes no reports (RFC 3461 section 5.2.2)
  expanded,  ///< to the addresses of an alias (section 5.2.7.3)
};

struct RecipientReport {
  Recipient recipient;
  Action action = Action::failed;
  std::string status;      ///< "5.1.1" (RFC 3463)
  std::string diagnostic;  ///< the reply, on one line; empty: none
  std::string remote_host;  ///< who gave it; empty: nobody
};

/// What makes a report one of its own.
struct ReportOrigin {
  std::uint64_t number = 0;
  std::chrono::system_clock::time_point time;
  FlawSet flaws = {};
};

/// The report to the sender of `message`, who is not <>: from <>, with a whole
/// header. It is relayed unless the sender is one of ours. With a flaw its own
/// sender is not <>, so that reports on it come back.
Message report_on(const Message& message,
                  const std::vector<RecipientReport>& reports,
                  const ReportOrigin& origin);

}  // namespace smtpspec::server
