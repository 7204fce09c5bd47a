// Makes an input that shows a finding as small as it can be: by delta debugging
// (Zeller and Hildebrandt, 2002), with the finding's signature kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "fuzzing/input.h"

namespace smtpspec::fuzzing {

/// Whether an input still shows what is looked for; each call is a session.
using Shows = std::function<bool(const Input&)>;

struct MinimiseLimits {
  std::size_t executions = 1000;
  std::chrono::steady_clock::time_point deadline =
      std::chrono::steady_clock::time_point::max();
};

/// `input`, which shows it, without the units, lines, words and octets that it
/// does not take; then with its splits cleared, waits set and long values made
/// plain. It still shows it and is never empty. Within the limits no unit can
/// be taken from it; at a limit it is the smallest that was found. What `shows`
/// throws comes through.
Input minimise(Input input, const Shows& shows, const MinimiseLimits& limits);

}  // namespace smtpspec::fuzzing
