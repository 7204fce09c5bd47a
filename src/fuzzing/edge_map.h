// The edges of a server's code that an input reaches, as programs count them
// that are built for AFL: afl-clang-fast, afl-gcc, or any with its shared map.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace smtpspec::fuzzing {

/// A segment of shared memory (System V), one octet an edge. It is marked for
/// removal as soon as it is attached here: it goes with the last process that
/// has it, however that ends; Linux lets a server attach it all the same.
class EdgeMap {
 public:
  /// Over `counters`, whole pages, in whose place the segment is then seen.
  /// Throws std::invalid_argument for others, and std::system_error.
  explicit EdgeMap(std::span<std::uint8_t> counters);
  /// Pages of zeros take its place, so that the counters can still be read.
  ~EdgeMap();

  EdgeMap(const EdgeMap&) = delete;
  EdgeMap& operator=(const EdgeMap&) = delete;

  /// What the server must find in its environment.
  std::vector<std::pair<std::string, std::string>> environment() const;

  std::span<std::uint8_t> counters() const { return counters_; }
  /// How often an edge was taken does not count: what is not 0 becomes 1.
  void flatten();

 private:
  int id_ = -1;
  std::span<std::uint8_t> counters_;
};

}  // namespace smtpspec::fuzzing
