// An automatic responder: what a machine answers for who is away (RFC 3834).
#pragma once

#include <optional>

#include "server/report.h"
#include "server/store.h"

namespace smtpspec::server {

/// The answer to `message`, to its sender, from <>; nothing to mail from <> (RFC
/// 5321 section 4.5.5), but for a flaw that answers whom From names, and nothing
/// to what another machine sent (RFC 3834 section 2).
std::optional<Message> vacation_reply(const Message& message,
                                      const ReportOrigin& origin);

}  // namespace smtpspec::server
