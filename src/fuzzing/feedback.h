// What is new in a session, as features for the engine: states and replies, set
// once, so that how often something happens is no news.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include "fuzzing/observation.h"

namespace smtpspec::fuzzing {

class Feedback {
 public:
  /// Sets octets of `counters` to 1: one for each triple of state, verb and
  /// code, and one for each triple of verb, code and shape of the text. A
  /// session that ended in silence sets none.
  void learn(const Observation& seen, std::span<std::uint8_t> counters);

  /// How many states of the model were seen.
  std::size_t states() const { return states_.size(); }

 private:
  std::set<unsigned> states_;
};

}  // namespace smtpspec::fuzzing
