// Plays one test: brings the session to where the scenario begins, says its
// dialog, judges the replies. The rules of what a verdict may rest on are
// enforced here for every scenario; docs/verdicts.md is the manual.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "net/deadline.h"
#include "play/session.h"
#include "play/verdict.h"
#include "scenario/profile.h"
#include "scenario/scenario.h"

namespace smtpspec::play {

/// How long is waited for what. `factor` scales all of them.
struct Waits {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds reply{10'000};
  std::chrono::milliseconds farewell{1'000};
  std::chrono::milliseconds test{120'000};
  double factor = 1;

  net::Deadline deadline(std::chrono::milliseconds wait) const;
};

struct Target {
  scenario::Endpoint endpoint;
  std::string source;  ///< local address to connect from; empty: any
  scenario::Variables variables;
};

/// A result, and the broken reply rules that were seen on the way.
struct Played {
  Result result;
  std::vector<Breach> breaches;
};

/// Plays `test` with the retries and the control that its verdict needs. Never
/// throws but for cancellation (system_error, operation_aborted).
net::asio::awaitable<Played> play(const scenario::Test& test,
                                  const Target& target, const Waits& waits);

/// Awaits `work`, which fills `result`, within the time limit of a test. What
/// goes wrong on our side makes the result an `error`; only cancellation is
/// thrown (system_error, operation_aborted). Sets the result's duration.
net::asio::awaitable<void> play_in_time(Result& result, const Waits& waits,
                                        net::asio::awaitable<void> work);

/// The verdict of a test with a watch rule, from all breaches of that rule in a
/// run. `own` is the result of its dialog.
Result judge_watch(Result own, const std::vector<Breach>& breaches);

/// What a broken requirement of this level means.
Verdict verdict_of(scenario::Level level);

}  // namespace smtpspec::play
