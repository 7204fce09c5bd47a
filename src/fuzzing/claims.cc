#include "fuzzing/claims.h"

#include <atomic>
#include <boost/interprocess/anonymous_shared_memory.hpp>
#include <cstddef>
#include <functional>

namespace smtpspec::fuzzing {

/// Memory of zeros is a place that is free.
struct Claims::Place {
  std::atomic<std::size_t> hash;
  std::atomic<bool> is_taken;
};

namespace {

constexpr std::size_t places = 4096;

}  // namespace

Claims::Claims()
    : memory_(boost::interprocess::anonymous_shared_memory(places *
                                                           sizeof(Place))) {
  // A lock would be one of this process alone.
  static_assert(std::atomic<std::size_t>::is_always_lock_free);
  static_assert(std::atomic<bool>::is_always_lock_free);
}

/// Nothing where all are in use. Places are never freed.
Claims::Place* Claims::place_of(std::string_view signature) {
  const std::size_t hash = std::hash<std::string_view>{}(signature) | 1;
  auto* const first = static_cast<Place*>(memory_.get_address());
  for (std::size_t i = 0; i < places; ++i) {
    Place& place = first[(hash + i) % places];
    std::size_t found = 0;
    if (place.hash.compare_exchange_strong(found, hash) || found == hash)
      return &place;
  }
  return nullptr;
}

bool Claims::take(std::string_view signature) {
  Place* place = place_of(signature);
  return place == nullptr || !place->is_taken.exchange(true);
}

void Claims::give_back(std::string_view signature) {
  if (Place* place = place_of(signature)) place->is_taken = false;
}

}  // namespace smtpspec::fuzzing
