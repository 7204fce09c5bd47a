#include "fuzzing/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/escape.h"
#include "net/connection.h"

extern char** environ;

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;
using net::Clock;

/// Between two looks at a server that starts or ends.
constexpr std::chrono::milliseconds between_looks{5};
/// For whoever has the port already.
constexpr std::chrono::milliseconds connect_time{1'000};
/// For a server that is told QUIT to close.
constexpr std::chrono::milliseconds farewell{200};
/// A greeting that is longer is none.
constexpr std::size_t longest_greeting = 2048;
/// So many octets of a log are shown.
constexpr std::size_t shown_log = 2048;
/// Once in so many sessions the log is looked at, and orphans are waited for.
constexpr std::size_t sessions_between_looks = 256;

/// What came of a connection.
struct Probe {
  bool is_connected = false;
  std::string greeting;  ///< its first line; empty: none
};

/// Connects, and reads one line unless a connection is all that is wanted. Ends
/// without a word where anything fails.
net::asio::awaitable<void> probe(const ServerOptions& options, bool wants_line,
                                 net::Deadline deadline, Probe& result) {
  net::Connection connection(co_await net::asio::this_coro::executor);
  try {
    co_await connection.connect(options.endpoint.host, options.endpoint.port,
                                "", deadline);
    result.is_connected = true;
    if (!wants_line) co_return;
    if (options.has_implicit_tls) {
      const net::TlsContext context(net::TlsContext::Role::client, {});
      co_await connection.start_tls(context, "", deadline);
    }
    std::string received;
    while (received.find('\n') == std::string::npos &&
           received.size() < longest_greeting) {
      received += co_await connection.read(deadline);
    }
    result.greeting = received.substr(0, received.find_first_of("\r\n"));
    // A server notes rudeness; one that has ended its greeting gets a farewell.
    const auto end = Clock::now() + farewell;
    co_await connection.write("QUIT\r\n", end);
    for (;;) co_await connection.read(end);
  } catch (const net::PeerClosed&) {
  } catch (const boost::system::system_error&) {
  }
  connection.close();
}

Probe probe(const ServerOptions& options, bool wants_line,
            net::Deadline deadline) {
  net::asio::io_context io{1};
  Probe result;
  net::asio::co_spawn(io, probe(options, wants_line, deadline, result),
                      [](std::exception_ptr) {});
  io.run();
  return result;
}

std::string words_of(const siginfo_t& death) {
  if (death.si_code == CLD_EXITED)
    return fmt::format("exit code {}", death.si_status);
  const char* name = sigabbrev_np(death.si_status);
  return fmt::format("signal {} (SIG{})", death.si_status,
                     name == nullptr ? "?" : name);
}

/// How a child ended; nothing while it runs. It is not waited for: its number
/// stays its own until that is done.
std::string death_of(pid_t child) {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(child), &info,
             WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0) {
    return {};
  }
  return words_of(info);
}

/// How `child` ended, once it has, or nothing when the time is over.
std::string await_death(pid_t child, std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  for (;;) {
    const std::string death = death_of(child);
    if (!death.empty() || Clock::now() >= deadline) return death;
    std::this_thread::sleep_for(between_looks);
  }
}

/// Our environment, with `added` in place of what has the same name.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto name = text.substr(0, text.find('='));
    const bool is_replaced = std::ranges::any_of(
        added, [&](const auto& one) { return one.first == name; });
    if (!is_replaced) result.push_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// In the child: only what is allowed behind fork() of a process with threads.
[[noreturn]] void become(char* const* arguments, char* const* environment,
                         int log, int nothing, pid_t parent) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  for (int signal = 1; signal < SIGRTMIN; ++signal)
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execve("/bin/sh", arguments, environment);
  _exit(127);
}

}  // namespace

ServerProcess::ServerProcess(ServerOptions options)
    : options_(std::move(options)) {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (error) {
    throw ServerError(fmt::format("cannot make {}: {}", options_.folder,
                                  error.message()));
  }
  options_.folder = fs::absolute(options_.folder).string();
  sanitizer_logs_ = std::make_unique<SanitizerLogs>(options_.folder);
  auto added = options_.environment;
  for (auto& option : sanitizer_logs_->environment(options_.environment)) {
    std::erase_if(added, [&](const auto& one) {
      return one.first == option.first;
    });
    added.push_back(std::move(option));
  }
  environment_ = environment_with(added);
}

ServerProcess::~ServerProcess() {
  try {
    stop();
  } catch (const ServerError&) {
    // Nobody is left to be told.
  }
}

std::string ServerProcess::where() const {
  return to_string(options_.endpoint);
}

std::string ServerProcess::log_file() const {
  return options_.folder + "/server.log";
}

std::string ServerProcess::log_end() const {
  std::ifstream log(log_file(), std::ios::binary | std::ios::ate);
  if (!log) return {};
  const auto size = static_cast<std::size_t>(log.tellg());
  const std::size_t start = size - std::min(size, shown_log);
  log.seekg(static_cast<std::streamoff>(start));
  std::string text(size - start, '\0');
  log.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (start > 0) text.erase(0, text.find('\n') + 1);
  return text;
}

/// A child that leads a session and group of its own and writes into the log.
ServerProcess::Spawned ServerProcess::spawn(
    const std::string& shell_command) const {
  const int log = open(log_file().c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) {
    throw ServerError(
        fmt::format("cannot write {}: {}", log_file(), strerror(errno)));
  }
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::vector<std::string> arguments{"sh", "-c", shell_command};
  const pid_t parent = getpid();
  static int count = 0;
  const std::string mark = fmt::format("SMTPSPEC_CHILD={}.{}", parent, ++count);
  auto environment = environment_;
  environment.push_back(mark);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  ProcessTree::adopt_orphans();
  const pid_t child = fork();
  if (child == 0) {
    become(argument_pointers.data(), environment_pointers.data(), log, nothing,
           parent);
  }
  const int error = errno;
  close(log);
  close(nothing);
  if (child < 0)
    throw ServerError(fmt::format("cannot start: {}", strerror(error)));
  return {child, std::make_unique<ProcessTree>(child, mark)};
}

void ServerProcess::start() {
  if (pid_ != 0) throw ServerError("the server has been started already");
  keep_log_small();
  if (probe(options_, false, Clock::now() + connect_time).is_connected) {
    throw ServerError(fmt::format(
        "something answers at {} already: end it, or name another port",
        where()));
  }
  death_.clear();
  owner_ = getpid();
  Spawned server = spawn("exec " + options_.command);
  pid_ = server.pid;
  tree_ = std::move(server.tree);
  await_greeting();
}

void ServerProcess::await_greeting() {
  const auto deadline = Clock::now() + options_.start_time;
  std::string seen = "nothing listens at " + where();
  for (;;) {
    if (!is_alive()) {
      const bool is_daemon = death_ == "exit code 0" &&
                             !tree_->members().empty();
      fail_to_start(is_daemon ? "it went into the background: start it in the "
                                "foreground"
                              : "it ended with " + death_);
    }
    if (Clock::now() >= deadline) {
      fail_to_start(fmt::format("no 220 within {} ms: {}",
                                options_.start_time.count(), seen));
    }
    const Probe found = probe(options_, true, deadline);
    const std::string greeting = base::escape_up_to(found.greeting, 200);
    if (found.greeting.starts_with("220")) return;
    if (found.greeting.starts_with("554"))
      fail_to_start("it takes no mail from us: " + greeting);
    if (!greeting.empty() && !greeting.starts_with("4"))
      fail_to_start("what it says is no greeting: " + greeting);
    if (found.is_connected)
      seen = greeting.empty() ? "it accepts connections, and does not greet"
                              : greeting;
    std::this_thread::sleep_for(between_looks);
  }
}

void ServerProcess::fail_to_start(const std::string& why) {
  std::string text = fmt::format("the server does not start: {}", why);
  const std::string log = log_end();
  if (!log.empty())
    text += fmt::format("\nthe end of {}:\n{}", log_file(), log);
  const std::string death = death_;
  stop();
  death_ = death;
  throw ServerError(text);
}

void ServerProcess::stop() {
  // Behind fork(), it is our parent's.
  if (pid_ == 0 || owner_ != getpid()) return;
  is_alive();
  // A sanitizer that looks for leaks does so at a regular end. The child has
  // not been waited for, so the number is still its own.
  if (death_.empty()) {
    // Who is seen now is known when its parents are gone.
    tree_->members();
    kill(pid_, SIGTERM);
    await_death(pid_, options_.stop_time);
  }
  const bool is_gone = tree_->kill_all();
  if (is_gone) waitpid(pid_, nullptr, 0);
  const pid_t pid = pid_;
  pid_ = 0;
  tree_.reset();
  if (!is_gone) {
    throw ServerError(fmt::format(
        "a process of the server cannot be ended; the server was {}", pid));
  }
}

void ServerProcess::restart() {
  stop();
  reset();
  start();
}

bool ServerProcess::is_alive() {
  if (pid_ == 0) return false;
  if (death_.empty()) death_ = death_of(pid_);
  return death_.empty();
}

std::string ServerProcess::how_it_died() {
  is_alive();
  return death_;
}

void ServerProcess::count_session() {
  ++sessions_;
  if (options_.reset_every > 0 && sessions_ % options_.reset_every == 0)
    reset();
  if (sessions_ % sessions_between_looks != 0) return;
  keep_log_small();
  if (tree_) tree_->members();
}

void ServerProcess::reset() {
  if (options_.reset_command.empty()) return;
  const Spawned command = spawn(options_.reset_command);
  const std::string death = await_death(command.pid, options_.reset_time);
  command.tree->kill_all();
  waitpid(command.pid, nullptr, 0);
  if (death == "exit code 0") return;
  throw ServerError(fmt::format(
      "the reset command {}: {}\nthe end of {}:\n{}",
      death.empty() ? "did not end in time" : "ended with " + death,
      options_.reset_command, log_file(), log_end()));
}

std::uint64_t ServerProcess::resident_kib() {
  std::uint64_t sum = 0;
  if (!tree_) return sum;
  for (const ProcessInfo& process : tree_->members())
    sum += process.resident_kib;
  return sum;
}

/// The server holds the file open, for appending: a copy is kept, and the file
/// is made empty.
void ServerProcess::keep_log_small() const {
  std::error_code error;
  const auto size = fs::file_size(log_file(), error);
  if (error || size <= options_.log_limit) return;
  fs::copy_file(log_file(), log_file() + ".old",
                fs::copy_options::overwrite_existing, error);
  fs::resize_file(log_file(), 0, error);
}

}  // namespace smtpspec::fuzzing
