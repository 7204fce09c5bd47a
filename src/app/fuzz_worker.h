// A worker of smtpspec fuzz: a process that fuzzes one server, and tells its
// parent by lines of JSON.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzzing/claims.h"
#include "scenario/profile.h"

namespace smtpspec::app {

/// What the command line says, checked.
struct FuzzPlan {
  /// Nothing: the built-in reference server, with `flaws`.
  std::optional<scenario::Profile> profile;
  scenario::Listener listener = scenario::Listener::mta;
  std::vector<std::string> flaws;
  /// Starts the server; "{port}" stands for its port. Empty: it is there.
  std::string exec;
  std::string reset;           ///< a command that tidies up behind sessions
  std::size_t reset_every = 0;
  double ready_seconds = 10;
  std::optional<scenario::Endpoint> against;
  std::string output;
  std::string corpus;
  std::uint32_t seed = 1;
  double seconds = 0;
  std::uint64_t runs = 0;
  double rate = 0;  ///< sessions a second; 0: as fast as they come
  int workers = 1;
};

/// Fuzzes until an end and exits, in a process that was forked for it; `parent`
/// is who did, with whom it ends, and all share `claims`. `index` counts workers
/// from 0; the port of a server that we start is as much higher. What happens is
/// written to `out`, a file descriptor:
///   {"status": {"sessions": 1, "states": 1, "edges": 0, "findings": 0}}
///   {"finding": {"signature": ..., "sentence": ..., ...}}
///   {"end": "why it could not go on, or empty"}
[[noreturn]] void fuzz_in_worker(const FuzzPlan& plan,
                                 fuzzing::Claims& claims, int index, int out,
                                 pid_t parent);

/// "NAME=VALUE", which stands in the environment of all that a worker starts.
std::string worker_mark(pid_t worker);

}  // namespace smtpspec::app
