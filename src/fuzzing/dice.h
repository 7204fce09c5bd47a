// Choices of the mutator.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fuzzing/mutator.h"

namespace smtpspec::fuzzing {

class Dice {
 public:
  explicit Dice(Random& random) : random_(random) {}

  /// From 0 to `n` - 1; 0 where `n` is 0.
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  std::size_t between(std::size_t least, std::size_t most) {
    return least + below(most - least + 1);
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  /// One of `items`, which are not empty.
  template <class Items>
  auto& pick(Items& items) {
    return items[below(std::size(items))];
  }

 private:
  Random& random_;
};

}  // namespace smtpspec::fuzzing
