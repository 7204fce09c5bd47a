// Plays scenarios with `measure`: two dialogs in turn on many connections, and
// what they come to as a whole (findings.h).
#pragma once

#include "play/player.h"

namespace smtpspec::play {

/// Wrong passwords that one test may say, in whatever it measures.
inline constexpr int most_guesses = 10;

/// Plays `played.result.test`, whose scenario measures, once: nothing is said
/// again to confirm it. The verdict is never worse than noted, but for `error`;
/// a scenario that guesses is skipped unless the profile permits it. Throws for
/// cancellation only.
net::asio::awaitable<void> measure(Played& played, const Target& target,
                                   const Waits& waits);

}  // namespace smtpspec::play
