// libFuzzer's engine on top of a campaign: it chooses and mutates inputs, by
// what is new in each session.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "fuzzing/campaign.h"
#include "fuzzing/input.h"

namespace smtpspec::fuzzing {

struct EngineOptions {
  /// Folder of inputs that brought something new; read at start, added to.
  std::string corpus;
  /// Where the engine may put files of its own.
  std::string scratch;
  /// The first inputs, in this order.
  std::vector<Input> seeds;
  /// The same seed, and a server that answers the same, give the same inputs.
  std::uint32_t seed = 1;
  std::chrono::milliseconds time{0};  ///< 0: no end
  std::uint64_t runs = 0;             ///< sessions; 0: no end
  /// Others add to the same corpus.
  bool shares_corpus = false;
};

/// Why a run has ended.
struct EngineEnd {
  /// Empty: its time is up, or its runs are, or it was interrupted.
  std::string problem;
};

/// Octets that say which edges of the server's code a session took (AFL's map),
/// page-aligned, for EdgeMap; a part of what the engine looks at.
std::span<std::uint8_t> edge_counters();

/// Runs until an end, or until the campaign is over, calls `at_end` and exits
/// the process with what that returns: libFuzzer's driver does not come back.
/// One engine a process. `each_second` is called about that often.
[[noreturn]] void run_engine(
    const EngineOptions& options, Campaign& campaign,
    const std::function<void()>& each_second,
    const std::function<int(const EngineEnd&)>& at_end);

}  // namespace smtpspec::fuzzing
