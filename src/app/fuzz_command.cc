// smtpspec fuzz: finds what nobody wrote a scenario for.
#include <fmt/format.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "app/app.h"
#include "app/authorization.h"
#include "app/command.h"
#include "app/conclusion.h"
#include "app/fuzz_worker.h"
#include "app/selection.h"
#include "app/target_options.h"
#include "fuzzing/process_tree.h"
#include "fuzzing/seeds.h"
#include "report/console.h"

namespace smtpspec::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

/// Sessions a second to a host that is not this machine.
constexpr double far_rate = 5;
/// Workers that are asked to end have so long to end their servers.
constexpr std::chrono::seconds farewell{20};
/// Where the screen is a file, the status is told that often.
constexpr std::chrono::seconds status_interval{30};

struct FuzzOptions {
  TargetOptions target;
  std::string exec;
  std::string reset;
  std::size_t reset_every = 1000;
  double ready = 10;
  std::string against;
  std::string output = "reports/fuzz";
  std::string corpus;
  std::string seed_from;
  std::vector<std::string> flaws;
  std::uint32_t seed = 1;
  double time = 0;
  std::uint64_t runs = 0;
  double rate = -1;
  int jobs = 1;
};

void add_options(CLI::App& app, FuzzOptions& options) {
  add_target(app, options.target);
  auto* exec = app.add_option(
      "--exec", options.exec,
      "A command that starts the server on HOST:PORT, which is then watched, "
      "and started again when it dies; {port} stands for the port");
  app.add_option("--ready", options.ready,
                 "Seconds until a server that was started has greeted us")
      ->needs(exec)
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  auto* reset = app.add_option("--reset", options.reset,
                               "A command that tidies up behind sessions: "
                               "empties a spool, say")
                    ->needs(exec);
  app.add_option("--reset-every", options.reset_every,
                 "Sessions between two of them")
      ->needs(reset)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--against", options.against,
                 "HOST:PORT of another server, which ought to answer alike");
  app.add_option("--time", options.time, "Seconds; without it until Ctrl-C")
      ->check(CLI::Range(0.1, 1e9));
  app.add_option("--runs", options.runs, "Sessions of each worker")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed,
                 "The same seed gives the same inputs, as long as the server "
                 "answers the same")
      ->check(CLI::Range(1u, 0xffffffffu))
      ->capture_default_str();
  app.add_option("-j,--jobs", options.jobs,
                 "Workers; with --exec the n-th has a server of its own on the "
                 "n-th port from PORT on")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--output", options.output, "Where findings go")
      ->capture_default_str();
  app.add_option("--corpus", options.corpus,
                 "Inputs that brought something new: read, and added to "
                 "(OUTPUT/corpus if not given)");
  app.add_option("--seed-from", options.seed_from,
                 "Only write what 'scenarios' say as inputs into --corpus "
                 "(corpus/server if not given)")
      ->check(CLI::IsMember({"scenarios"}));
  app.add_option("--rate", options.rate,
                 "Sessions a second; 5 if not given, but for this machine")
      ->check(CLI::Range(0.01, 1e6));
  add_authorized(app, options.target, "fuzz");
  app.add_option("--flaw", options.flaws,
                 "Break one thing in the built-in reference server, to see "
                 "how it is found");
}

int write_seeds(const FuzzOptions& options) {
  const fs::path folder =
      options.corpus.empty() ? "corpus/server" : options.corpus;
  fs::create_directories(folder);
  const auto catalog = load_catalog({});
  const auto seeds = fuzzing::seeds_of(*catalog);
  for (const auto& seed : seeds) {
    const auto path = folder / (seed.name + ".session");
    std::ofstream file(path);
    file << fuzzing::print(seed.input);
    if (!file.flush())
      throw std::runtime_error(fmt::format("{}: cannot write", path.string()));
  }
  std::cout << fmt::format("{} inputs in {}\n", seeds.size(), folder.string());
  return exit_conforming;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

/// Of a server that is not the built-in one. Throws std::invalid_argument where
/// it is none for so many workers.
scenario::Profile fuzzed_profile(const FuzzOptions& options,
                                 scenario::Listener listener) {
  auto profile = profile_of(options.target);
  if (options.jobs > 1 && !profile.sink.is_empty())
    throw std::invalid_argument("a sink tells no workers apart: one of them");
  const int last_port = profile.listeners.at(listener).port + options.jobs - 1;
  if (!options.exec.empty() && last_port > 65535)
    throw std::invalid_argument("there are not as many ports as workers");
  return profile;
}

/// Each session is had with both servers, where there are two.
double rate_of(const FuzzOptions& options, const FuzzPlan& plan) {
  if (options.rate > 0) return options.rate;
  const auto& endpoint = plan.profile->listeners.at(plan.listener);
  const bool is_here = is_loopback(endpoint.host) &&
                       (!plan.against || is_loopback(plan.against->host));
  return is_here ? 0 : far_rate;
}

/// Reads the command line to its end. Throws std::invalid_argument.
FuzzPlan plan_of(const FuzzOptions& options) {
  FuzzPlan plan;
  plan.listener = listener_of(options.target.listener);
  plan.flaws = options.flaws;
  plan.exec = options.exec;
  plan.reset = options.reset;
  plan.reset_every = options.reset.empty() ? 0 : options.reset_every;
  plan.ready_seconds = options.ready;
  plan.output = options.output;
  plan.corpus = options.corpus.empty() ? options.output + "/corpus"
                                       : options.corpus;
  plan.seed = options.seed;
  plan.seconds = options.time;
  plan.runs = options.runs;
  plan.workers = options.jobs;
  if (options.target.is_reference()) {
    if (!options.exec.empty())
      throw std::invalid_argument("--exec needs HOST:PORT, where it listens");
    return plan;
  }
  if (!options.flaws.empty())
    throw std::invalid_argument("--flaw is for the built-in reference server");
  plan.profile = fuzzed_profile(options, plan.listener);
  if (!options.against.empty()) {
    plan.against = scenario::parse_endpoint(options.against);
    require_authorization(plan.against->host, options.target.authorized);
  }
  plan.rate = rate_of(options, plan);
  return plan;
}

volatile std::sig_atomic_t interrupts = 0;

void interrupt(int) { interrupts = interrupts + 1; }

/// A worker as its parent sees it.
struct Worker {
  pid_t pid = 0;
  int in = -1;
  std::string text;  ///< of a line that is not whole
  json status = json::object();
  bool has_ended = false;
  std::string problem;

  std::uint64_t count(const char* what) const {
    return status.value(what, std::uint64_t{0});
  }
};

class Fuzzers {
 public:
  explicit Fuzzers(const FuzzPlan& plan)
      : plan_(plan), options_(console_options(false)) {}

  int run() {
    fs::create_directories(plan_.output);
    // A worker that is killed leaves its server to us.
    fuzzing::ProcessTree::adopt_orphans();
    start();
    watch_signals();
    while (has_open()) listen();
    reap();
    summarise();
    return exit_code();
  }

 private:
  void start() {
    std::cout << std::flush;
    const pid_t self = getpid();
    for (int i = 0; i < plan_.workers; ++i) {
      std::array<int, 2> ends{};
      if (pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe");
      const pid_t pid = fork();
      if (pid < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
      if (pid == 0) {
        close(ends[0]);
        fuzz_in_worker(plan_, claims_, i, ends[1], self);
      }
      close(ends[1]);
      workers_.push_back({pid, ends[0], "", json::object(), false, ""});
      trees_.emplace_back(pid, worker_mark(pid));
    }
  }

  static void watch_signals() {
    struct sigaction action = {};
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
  }

  bool has_open() const {
    return std::ranges::any_of(workers_,
                               [](const Worker& w) { return w.in >= 0; });
  }

  void listen() {
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_)
      polled.push_back({worker.in, POLLIN, 0});
    poll(polled.data(), polled.size(), 200);
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents != 0) take(workers_[i]);
    }
    show_status();
    if (interrupts > 0) ask_to_end();
  }

  void take(Worker& worker) {
    std::array<char, 4096> octets;
    const auto size = read(worker.in, octets.data(), octets.size());
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      close(worker.in);
      worker.in = -1;
      return;
    }
    worker.text.append(octets.data(), static_cast<std::size_t>(size));
    for (auto end = worker.text.find('\n'); end != std::string::npos;
         end = worker.text.find('\n')) {
      take_line(worker, worker.text.substr(0, end));
      worker.text.erase(0, end + 1);
    }
  }

  void take_line(Worker& worker, const std::string& text) {
    const json line = json::parse(text, nullptr, false);
    if (line.contains("status")) worker.status = line["status"];
    if (line.contains("finding")) show_finding(line["finding"]);
    if (line.contains("end")) {
      worker.has_ended = true;
      worker.problem = line["end"];
    }
  }

  void show_finding(const json& found) {
    if (!findings_.insert(found.value("signature", "")).second) return;
    clear_status();
    std::cout << fmt::format(
        "FOUND {}\n      {}\n      shown by {} of {} replays, {} units made "
        "{}: {}\n",
        found.value("signature", ""), found.value("sentence", ""),
        found.value("shown", 0), found.value("replays", 0),
        found.value("units_found", 0), found.value("units", 0),
        found.value("folder", ""))
              << std::flush;
  }

  std::string status() const {
    std::uint64_t sessions = 0, states = 0, edges = 0;
    for (const Worker& worker : workers_) {
      sessions += worker.count("sessions");
      states = std::max(states, worker.count("states"));
      edges = std::max(edges, worker.count("edges"));
    }
    const double seconds =
        std::chrono::duration<double>(Clock::now() - start_).count();
    return fmt::format(
        "{} sessions, {:.0f}/s, {} states, {} edges, {} findings, {:.0f} s",
        sessions, static_cast<double>(sessions) / seconds, states, edges,
        findings_.size(), seconds);
  }

  void show_status() {
    const auto now = Clock::now();
    if (options_.terminal) {
      if (now - shown_ < std::chrono::seconds(1)) return;
      std::cout << "\r\x1b[K" << status() << std::flush;
    } else {
      if (now - shown_ < status_interval) return;
      std::cout << status() << "\n" << std::flush;
    }
    shown_ = now;
  }

  void clear_status() const {
    if (options_.terminal) std::cout << "\r\x1b[K";
  }

  /// Once by SIGTERM; who has not gone in time, or at a second Ctrl-C, is
  /// killed.
  void ask_to_end() {
    if (!asked_) {
      asked_ = Clock::now();
      for (const Worker& worker : workers_) {
        if (worker.in >= 0) kill(worker.pid, SIGTERM);
      }
    }
    if (interrupts < 2 && Clock::now() - *asked_ < farewell) return;
    for (Worker& worker : workers_) {
      if (worker.in >= 0) kill(worker.pid, SIGKILL);
    }
  }

  /// Nothing that a worker started outlives it.
  void reap() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      trees_[i].kill_all();
      int how = 0;
      waitpid(workers_[i].pid, &how, 0);
      if (!workers_[i].has_ended) workers_[i].problem = sudden_end(how, i);
    }
  }

  /// libFuzzer catches signals, and ends its process with a code of its own.
  std::string sudden_end(int how, std::size_t index) const {
    if (WIFSIGNALED(how))
      return fmt::format("a worker was ended by signal {}", WTERMSIG(how));
    return fmt::format("a worker ended with exit code {}: see {}/engine-{}.log",
                       WEXITSTATUS(how), plan_.output, index);
  }

  void summarise() const {
    clear_status();
    std::uint64_t unrepeated = 0;
    for (const Worker& worker : workers_) {
      unrepeated += worker.count("unrepeated");
      if (!worker.problem.empty())
        std::cerr << fmt::format("smtpspec fuzz: {}\n", worker.problem);
    }
    std::cout << status() << "\n";
    if (unrepeated > 0) {
      std::cout << fmt::format(
          "{} more were seen once and in no replay: {}/unrepeated\n",
          unrepeated, plan_.output);
    }
  }

  int exit_code() const {
    if (interrupts > 0) return exit_interrupted;
    const bool has_problem = std::ranges::any_of(
        workers_, [](const Worker& w) { return !w.problem.empty(); });
    if (!findings_.empty()) return exit_violations;
    return has_problem ? exit_unreachable : exit_conforming;
  }

  const FuzzPlan& plan_;
  report::ConsoleOptions options_;
  fuzzing::Claims claims_;
  std::vector<Worker> workers_;
  std::vector<fuzzing::ProcessTree> trees_;
  std::set<std::string> findings_;  ///< by signature
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  std::optional<Clock::time_point> asked_;
};

}  // namespace

std::function<int()> add_fuzz(CLI::App& app) {
  auto options = std::make_shared<FuzzOptions>();
  add_options(app, *options);
  return [options] {
    if (!options->seed_from.empty()) return write_seeds(*options);
    const FuzzPlan plan = plan_of(*options);
    return Fuzzers(plan).run();
  };
}

}  // namespace smtpspec::app
