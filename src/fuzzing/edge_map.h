// The edges of a server's code that an input reaches, as programs count them
// that are built for AFL: afl-clang-fast, afl-gcc, or any with its shared map.
#pragma once

#include <cstddef>
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
  static constexpr std::size_t usual_size = 64 * 1024;

  /// Over `counters`, whole pages, in whose place the segment is then seen.
  /// Throws std::invalid_argument for others, and std::system_error.
  explicit EdgeMap(std::span<std::uint8_t> counters);
  /// At any address; `size` is rounded up to whole pages.
  explicit EdgeMap(std::size_t size = usual_size);
  /// Pages of zeros take its place, so that the counters can still be read.
  ~EdgeMap();

  EdgeMap(const EdgeMap&) = delete;
  EdgeMap& operator=(const EdgeMap&) = delete;

  /// What the server must find in its environment.
  std::vector<std::pair<std::string, std::string>> environment() const;

  std::span<std::uint8_t> counters() const { return counters_; }
  void clear();
  /// How many edges were reached; sets each of their counters to 1, so that how
  /// often does not count.
  std::size_t take_edges();

 private:
  void attach(void* address, std::size_t size);

  int id_ = -1;
  std::span<std::uint8_t> counters_;
};

}  // namespace smtpspec::fuzzing
