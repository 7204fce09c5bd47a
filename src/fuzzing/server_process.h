// A server that we start, look after and end: `smtpspec fuzz --exec`.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fuzzing/process_tree.h"
#include "fuzzing/sanitizer_logs.h"
#include "scenario/profile.h"

namespace smtpspec::fuzzing {

/// A server cannot be started, reset or ended; what() says why, for a person.
class ServerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ServerOptions {
  /// For `/bin/sh -c "exec COMMAND"`: it stays in the foreground.
  std::string command;
  scenario::Endpoint endpoint;  ///< where it will listen
  bool has_implicit_tls = false;
  /// For server.log and sanitizer.PID; made if it is not there.
  std::string folder;
  /// More than what we have ourselves, such as EdgeMap::environment().
  std::vector<std::pair<std::string, std::string>> environment;
  /// Run by /bin/sh after so many sessions and before each restart, say to
  /// empty a spool; empty: nothing is. 0: at restarts only.
  std::string reset_command;
  std::size_t reset_every = 0;
  std::chrono::milliseconds start_time{10'000};
  /// From SIGTERM to SIGKILL.
  std::chrono::milliseconds stop_time{2'000};
  std::chrono::milliseconds reset_time{30'000};
  /// What is longer is moved to server.log.old.
  std::size_t log_limit = 8 * 1024 * 1024;
};

/// Not for several threads: the kernel ends the server with the thread that
/// started it. A copy of this process (fork) leaves the server alone.
class ServerProcess {
 public:
  /// Starts nothing.
  explicit ServerProcess(ServerOptions options);
  /// As stop(), without a word of what cannot be ended.
  ~ServerProcess();

  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Returns once it has greeted with 220. Throws ServerError where the port
  /// answers before, where it ends, greets otherwise or not in time; then
  /// nothing of it is left.
  void start();
  /// Ends it and all that descends from it, and nobody else. Throws ServerError
  /// where one cannot be ended.
  void stop();
  /// Runs the reset command between the two. Throws as they do.
  void restart();

  /// Whether the process that was started runs.
  bool is_alive();
  /// "exit code 3", "signal 11 (SIGSEGV)"; empty: it runs, or we ended it.
  std::string how_it_died();
  /// To be called after each session: resets where that is due, and keeps the
  /// log small. Throws ServerError where the reset command fails.
  void count_session();

  /// Of the server and all that descends from it, together.
  std::uint64_t resident_kib();
  std::vector<SanitizerReport> new_sanitizer_reports() {
    return sanitizer_logs_->take_new();
  }
  /// 0: it does not run.
  pid_t pid() const { return pid_; }
  std::string log_file() const;
  /// The end of what it has written, for a person.
  std::string log_end() const;

 private:
  /// A child, and what descends from it.
  struct Spawned {
    pid_t pid;
    std::unique_ptr<ProcessTree> tree;
  };
  Spawned spawn(const std::string& shell_command) const;
  void reset();
  void await_greeting();
  void keep_log_small() const;
  std::string where() const;
  [[noreturn]] void fail_to_start(const std::string& why);

  ServerOptions options_;
  std::unique_ptr<SanitizerLogs> sanitizer_logs_;
  std::vector<std::string> environment_;
  std::unique_ptr<ProcessTree> tree_;
  pid_t pid_ = 0;
  pid_t owner_ = 0;
  std::string death_;
  std::size_t sessions_ = 0;
};

}  // namespace smtpspec::fuzzing
