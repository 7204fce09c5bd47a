// The judgement of `then`: what a dialog's mail came to, seen by a witness.
#pragma once

#include "play/attempt.h"

namespace smtpspec::play {

/// Holds what arrived against the assertions of `test`, once its dialog was said
/// in `said`, and puts verdict, reason and evidence there. What does not arrive
/// is judged only where a barrier does: mail sent behind it, by the same route.
/// Throws for cancellation only.
net::asio::awaitable<void> judge_arrivals(const scenario::Test& test,
                                          const Target& target,
                                          const Waits& waits, Attempt& said);

/// Whether more mail of the session that was judged could change its verdict.
bool may_change(const scenario::Test& test, const Attempt& said);
/// Judges it again if more of its mail has come since; gives whether it has. Of
/// the transcript only what is new is in `said` then.
bool judge_late_arrivals(const scenario::Test& test, const Target& target,
                         const Waits& waits, Attempt& said);

}  // namespace smtpspec::play
