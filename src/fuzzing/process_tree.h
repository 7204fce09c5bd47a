// The processes that a process has started, by /proc, and how to end them
// without ever meeting anyone else's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace smtpspec::fuzzing {

struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  char state = '?';              ///< 'Z': has ended, and nobody has taken note
  std::uint64_t start_time = 0;  ///< with the pid it names a process for good
  std::uint64_t resident_kib = 0;
};

/// Nothing where there is no such process.
std::optional<ProcessInfo> process_info(pid_t pid);

/// All processes of this machine that can be seen.
std::vector<ProcessInfo> all_processes();

/// A process and whatever descends from it. Who daemonises becomes a child of
/// this process if that adopts orphans, and is known by its session, by its
/// environment, or since it was seen before.
class ProcessTree {
 public:
  /// To be called before `root` is there, who may end at once
  /// (PR_SET_CHILD_SUBREAPER).
  static void adopt_orphans();

  /// `root` is a child of this process that leads a session of its own; `mark`,
  /// "NAME=VALUE", stands in its environment and in nobody else's. Empty: there
  /// is none, and who leaves that session unseen is not known.
  explicit ProcessTree(pid_t root, std::string mark = {});

  /// Those of it that there are now, `root` included, but for those that have
  /// ended. Orphans that have ended are waited for.
  std::vector<ProcessInfo> members();
  /// SIGKILL until none is left but `root`, which the caller waits for. False
  /// where one does not go in time.
  bool kill_all();

 private:
  bool belongs(const ProcessInfo& process, pid_t self,
               const std::set<pid_t>& inside) const;

  pid_t root_;
  std::string mark_;
  std::set<pid_t> sessions_;
  std::set<std::pair<pid_t, std::uint64_t>> known_;
};

}  // namespace smtpspec::fuzzing
