#include "fuzzing/memory_watch.h"

#include <fmt/format.h>

namespace smtpspec::fuzzing {

bool MemoryWatch::add(std::uint64_t resident_kib) {
  if (count_ == 0 || resident_kib <= last_) {
    count_ = 0;
    first_ = resident_kib;
  }
  last_ = resident_kib;
  ++count_;
  return count_ >= least_samples && last_ - first_ > least_growth_kib &&
         last_ > 2 * first_;
}

std::string MemoryWatch::words() const {
  return fmt::format(
      "the memory of the server grew from {} MiB to {} MiB, at each of {} "
      "samples",
      first_ / 1024, last_ / 1024, count_);
}

Input heaviest(std::span<const Input> suspects, const Gain& gain) {
  while (suspects.size() > 1) {
    const auto front = suspects.first(suspects.size() / 2);
    const auto back = suspects.subspan(front.size());
    suspects = gain(front) > gain(back) ? front : back;
  }
  return suspects.front();
}

int rounds_with_gain(const Input& input, int rounds, const Gain& gain) {
  int result = 0;
  for (int i = 0; i < rounds; ++i)
    result += gain({&input, 1}) >= least_gain_kib ? 1 : 0;
  return result;
}

}  // namespace smtpspec::fuzzing
