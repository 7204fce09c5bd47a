// What measurements come to: pure functions of what was seen. None accuses: a
// finding is noted at most.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "play/verdict.h"

namespace smtpspec::play {

struct Finding {
  Verdict verdict = Verdict::passed;
  /// Of a pass too.
  std::string text;
};

using Times = std::vector<std::chrono::nanoseconds>;

/// Whether one of two dialogs is answered later than the other. Both must hold,
/// so that of ten thousand servers that answer alike at most one is noted:
/// - the rank test gives less than 1 in 10000 to chance: they differ, however
///   noisy the network is, but that need not matter;
/// - the medians differ by more than 5 ms, the jitter of a good network, and by
///   more than a tenth of the smaller one, the jitter of a slow server: less
///   needs more tries than a guesser has.
Finding compare_times(const Times& of_dialog, const Times& of_against);

/// Whether two dialogs are answered by the same octets, each at least twice. An
/// answer that changes by itself tells nothing (blocked).
Finding compare_replies(const std::vector<std::string>& of_dialog,
                        const std::vector<std::string>& of_against);

/// Whether no two of what was drawn are alike. It says how many that were; one
/// alone tells nothing (blocked).
Finding judge_repeats(const std::vector<std::string>& drawn);

/// Whether two listeners, whose names are given, show the same `what`.
Finding compare_lists(const std::string& what, const std::string& here,
                      const std::set<std::string>& of_here,
                      const std::string& there,
                      const std::set<std::string>& of_there);

/// What became of wrong passwords, and of the right one behind them.
struct Guesses {
  int said = 0;
  /// Of those that were refused as the first one was.
  Times waits;
  /// What became of those that were not: a 421, a close, a 454.
  std::vector<std::string> hindrances;
  /// What the right password drew at last; empty: a login.
  std::string lock;
};

/// Passed where something slows a guesser down: a delay of half a second (always,
/// or growing so far) or an end of the session. Noted where nothing does, and
/// where the right password is refused.
Finding judge_guesses(const Guesses& guesses);

}  // namespace smtpspec::play
