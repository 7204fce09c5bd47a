// Plays one test: brings the session to where the scenario begins, says its
// dialog, judges the replies. The rules of what a verdict may rest on are
// enforced here for every scenario; docs/verdicts.md is the manual.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "play/session.h"
#include "play/target.h"
#include "play/verdict.h"
#include "play/waits.h"
#include "scenario/scenario.h"

namespace smtpspec::play {

struct Attempt;

/// A result, and the broken reply rules that were seen on the way.
struct Played {
  Result result;
  std::vector<Breach> breaches;
  /// The session whose mail may still come and change the verdict; nullptr:
  /// there is none.
  std::shared_ptr<Attempt> open;
  Offers offers;
};

/// Plays `test` with the retries and the control that its verdict needs. Never
/// throws but for cancellation (system_error, operation_aborted).
net::asio::awaitable<Played> play(const scenario::Test& test,
                                  const Target& target, const Waits& waits);

/// Looks once more for the mail of `played.open`, and judges it again if some has
/// come since. What that accuses of must show in a second session. Gives whether
/// the result has changed. Throws as play().
net::asio::awaitable<bool> look_again(Played& played, const Target& target,
                                      const Waits& waits);

/// Awaits `work`, which fills `result`, until `deadline`. What goes wrong on our
/// side makes the result an `error`; only cancellation is thrown (system_error,
/// operation_aborted). Sets the result's duration.
net::asio::awaitable<void> play_in_time(Result& result, net::Deadline deadline,
                                        net::asio::awaitable<void> work);

/// The verdict of a test with a watch rule, from all breaches of that rule in a
/// run. `own` is the result of its dialog.
Result judge_watch(Result own, const std::vector<Breach>& breaches);

/// What a broken requirement of this level means.
Verdict verdict_of(scenario::Level level);

}  // namespace smtpspec::play
