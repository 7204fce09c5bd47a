#include "fuzzing/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace smtpspec::fuzzing {
namespace {

/// How long processes that were killed may take to go.
constexpr std::chrono::seconds longest_end{5};

/// A small file of /proc; empty: it is gone.
std::string read_small(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char buffer[4096];
  const auto size = read(file, buffer, sizeof(buffer));
  close(file);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size))
                  : std::string();
}

template <class Number>
Number number(std::string_view digits) {
  Number result = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), result);
  return result;
}

void nap() {
  const timespec moment{0, 1'000'000};
  nanosleep(&moment, nullptr);
}

/// proc(5), /proc/PID/environ: entries end in NUL. It is empty for a moment while
/// the process executes another program.
bool has_in_environment(pid_t pid, const std::string& entry) {
  constexpr int most_looks = 10;
  if (entry.empty()) return false;
  for (int looks = 0; looks < most_looks; ++looks) {
    if (looks > 0) nap();
    std::ifstream in("/proc/" + std::to_string(pid) + "/environ",
                     std::ios::binary);
    std::string one;
    bool is_empty = true;
    while (std::getline(in, one, '\0')) {
      if (one == entry) return true;
      is_empty = false;
    }
    if (!is_empty) return false;
  }
  return false;
}

/// A pidfd holds one process: what is looked at through it is what gets the
/// signal, even if the number is given to another one meanwhile.
void send_kill(const ProcessInfo& process) {
  // The header of these calls lacks extern "C" in glibc 2.36.
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
  if (fd < 0) return;
  const auto now = process_info(process.pid);
  if (now && now->start_time == process.start_time)
    syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
  close(fd);
}

}  // namespace

/// proc(5), /proc/PID/stat: the name stands in brackets and may hold anything.
std::optional<ProcessInfo> process_info(pid_t pid) {
  const std::string stat =
      read_small("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  const auto fields = base::words(std::string_view(stat).substr(name_end + 1));
  if (fields.size() < 22) return {};
  ProcessInfo info;
  info.pid = pid;
  info.state = fields[0][0];
  info.parent = number<pid_t>(fields[1]);
  info.session = number<pid_t>(fields[3]);
  info.start_time = number<std::uint64_t>(fields[19]);
  info.resident_kib = number<std::uint64_t>(fields[21]) *
                      static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
  return info;
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> result;
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return result;
  while (const dirent* entry = readdir(folder)) {
    if (!base::is_digit(entry->d_name[0])) continue;
    if (auto info = process_info(number<pid_t>(entry->d_name)))
      result.push_back(*info);
  }
  closedir(folder);
  return result;
}

void ProcessTree::adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

ProcessTree::ProcessTree(pid_t root, std::string mark)
    : root_(root), mark_(std::move(mark)), sessions_{root} {}

bool ProcessTree::belongs(const ProcessInfo& process, pid_t self,
                          const std::set<pid_t>& inside) const {
  if (process.pid == root_) return process.parent == self;
  if (inside.contains(process.parent)) return true;
  // An orphan, which has come to us.
  return process.parent == self &&
         (sessions_.contains(process.session) ||
          known_.contains({process.pid, process.start_time}) ||
          (process.state != 'Z' && has_in_environment(process.pid, mark_)));
}

std::vector<ProcessInfo> ProcessTree::members() {
  const pid_t self = getpid();
  const auto all = all_processes();
  std::vector<ProcessInfo> result;
  std::set<pid_t> inside;
  // Children may stand in front of their parents: until nothing is added.
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (const ProcessInfo& process : all) {
      if (inside.contains(process.pid) || !belongs(process, self, inside))
        continue;
      inside.insert(process.pid);
      sessions_.insert(process.session);
      known_.insert({process.pid, process.start_time});
      has_grown = true;
      if (process.state != 'Z') {
        result.push_back(process);
      } else if (process.pid != root_ && process.parent == self) {
        waitpid(process.pid, nullptr, WNOHANG);
      }
    }
  }
  std::erase_if(known_, [&](const auto& known) {
    return !inside.contains(known.first);
  });
  return result;
}

bool ProcessTree::kill_all() {
  const auto deadline = std::chrono::steady_clock::now() + longest_end;
  while (std::chrono::steady_clock::now() < deadline) {
    // One that forks meanwhile is met in the next round.
    const auto left = members();
    if (left.empty()) return true;
    for (const ProcessInfo& process : left) send_kill(process);
    nap();
  }
  return members().empty();
}

}  // namespace smtpspec::fuzzing
