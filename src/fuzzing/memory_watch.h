// Whether a server keeps memory that it no longer needs, and behind which session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "fuzzing/input.h"

namespace smtpspec::fuzzing {

/// Takes samples, each when the server is idle, after as many sessions as the
/// one before. Growth is steady where each of at least 8 samples in a row is
/// above the one before, and the last one is both more than 64 MiB above the
/// first and more than twice it: caches and pools come to rest before.
class MemoryWatch {
 public:
  static constexpr std::size_t least_samples = 8;
  static constexpr std::uint64_t least_growth_kib = 64 * 1024;

  /// Whether growth is steady now.
  bool add(std::uint64_t resident_kib);
  /// The server was started again.
  void clear() { *this = {}; }
  /// "the memory of the server grew from 30 MiB to 130 MiB, at each of 8
  /// samples".
  std::string words() const;

 private:
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::size_t count_ = 0;
};

/// The KiB that a server has gained behind one round of sessions: each of
/// `inputs` as often as the others.
using Gain = std::function<std::int64_t(std::span<const Input> inputs)>;

/// One of `suspects`, which are not empty, behind which much stays: by halves,
/// each time the one that gains more.
Input heaviest(std::span<const Input> suspects, const Gain& gain);

/// How many of `rounds` of `input` gain at least `least_gain_kib` each.
constexpr std::int64_t least_gain_kib = 256;
int rounds_with_gain(const Input& input, int rounds, const Gain& gain);

}  // namespace smtpspec::fuzzing
