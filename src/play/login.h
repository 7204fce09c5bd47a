// An AUTH exchange (RFC 4954 section 4), up to the final reply.
#pragma once

#include <string>

#include "play/session.h"
#include "play/waits.h"
#include "smtp/sasl.h"

namespace smtpspec::play {

/// Logs in with `mechanism`, with `twist` wrong (see smtp::SaslClient), and
/// gives what the server answered at last: any reply but 334, or what befell
/// the connection. A challenge that cannot be answered is cancelled with "*":
/// that is Unproven, as is a success without what the mechanism demands. What
/// was said last goes to `last`, which may be nullptr.
net::asio::awaitable<Event> log_in(Session& session, const Waits& waits,
                                   std::string mechanism, std::string twist,
                                   smtp::SaslCredentials credentials,
                                   smtp::SaslRound* last = nullptr);

/// The strongest mechanism that the server offers and the credentials allow;
/// "" if there is none.
std::string choose_mechanism(const smtp::Capabilities& capabilities,
                             const smtp::SaslCredentials& credentials);

}  // namespace smtpspec::play
