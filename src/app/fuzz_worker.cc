#include "app/fuzz_worker.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/authorization.h"
#include "app/reference.h"
#include "app/sinks.h"
#include "fuzzing/campaign.h"
#include "fuzzing/edge_map.h"
#include "fuzzing/engine.h"
#include "fuzzing/seeds.h"
#include "fuzzing/server_process.h"
#include "play/pace.h"
#include "scenario/catalog.h"

namespace smtpspec::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* mark_name = "SMTPSPEC_FUZZ_WORKER";

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) { interrupted = 1; }

/// The parent ends us by SIGTERM, and so does its death; Ctrl-C is its affair.
void prepare_signals(pid_t parent) {
  struct sigaction action = {};
  action.sa_handler = interrupt;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) interrupted = 1;
}

class Worker {
 public:
  Worker(const FuzzPlan& plan, fuzzing::Claims& claims, int index, int out)
      : plan_(plan), claims_(claims), index_(index), out_(out) {}

  [[noreturn]] void run() {
    try {
      set_up();
      fuzzing::run_engine(
          engine_, *campaign_, [this] { tell_status(); },
          [this](const fuzzing::EngineEnd& end) { return close(end.problem); });
    } catch (const std::exception& error) {
      std::_Exit(close(error.what()));
    }
  }

 private:
  void set_up() {
    choose_target();
    scratch_ = fs::temp_directory_path() /
               fmt::format("smtpspec-fuzz-{}", getpid());
    fs::create_directories(scratch_);
    divert_engine();
    catalog_.add_builtin();
    start_server();
    set_up_campaign();
    set_up_engine();
  }

  /// What libFuzzer says is for those who look into it.
  void divert_engine() const {
    const std::string log = fmt::format("{}/engine-{}.log", plan_.output,
                                        index_);
    if (!std::freopen(log.c_str(), "w", stderr))
      throw std::runtime_error(fmt::format("{}: cannot write", log));
    dup2(STDERR_FILENO, STDOUT_FILENO);
  }

  void choose_target() {
    if (plan_.profile) {
      profile_ = *plan_.profile;
      auto& port = profile_.listeners.at(plan_.listener).port;
      if (!plan_.exec.empty()) port = static_cast<std::uint16_t>(port + index_);
      sinks_ = std::make_unique<Sinks>(io_, profile_.sink);
    } else {
      using server::operator""_flaw;
      auto flaws = flaws_of(plan_.flaws);
      // Who guesses passwords all day would wait for most of his greetings.
      flaws.insert("auth-failures-of-others-forgotten"_flaw);
      reference_ = std::make_unique<Reference>(io_, std::move(flaws));
      profile_ = reference_->profile();
    }
    campaign_options_.target = play::target_of(profile_, plan_.listener);
    auto& target = campaign_options_.target;
    target.is_on_our_thread = reference_ != nullptr;
    target.witness = reference_ ? reference_->witness() : sinks_->witness();
    if (plan_.rate > 0) {
      target.pace = std::make_shared<play::Pace>(
          std::chrono::milliseconds(static_cast<long>(1000 / plan_.rate)));
    }
  }

  void start_server() {
    if (plan_.exec.empty()) return;
    edges_.emplace(fuzzing::edge_counters());
    fuzzing::ServerOptions options;
    options.command = with_port(plan_.exec);
    options.endpoint = campaign_options_.target.endpoint;
    options.has_implicit_tls = campaign_options_.target.has_implicit_tls();
    options.folder = fmt::format("{}/server-{}", plan_.output, index_);
    options.environment = edges_->environment();
    options.start_time = std::chrono::milliseconds(
        static_cast<long>(plan_.ready_seconds * 1000));
    options.reset_command = with_port(plan_.reset);
    options.reset_every = plan_.reset_every;
    server_.emplace(options);
    server_->start();
  }

  /// `command` with the port of this worker's server for "{port}".
  std::string with_port(std::string command) const {
    constexpr std::string_view mark = "{port}";
    const std::string port =
        std::to_string(campaign_options_.target.endpoint.port);
    for (auto at = command.find(mark); at != std::string::npos;
         at = command.find(mark, at + port.size())) {
      command.replace(at, mark.size(), port);
    }
    return command;
  }

  void set_up_campaign() {
    campaign_options_.folder = plan_.output;
    campaign_options_.seed = plan_.seed;
    campaign_options_.must_stop = [] { return interrupted != 0; };
    if (plan_.against) {
      campaign_options_.against = campaign_options_.target;
      campaign_options_.against->endpoint = *plan_.against;
      campaign_options_.against->security.demands_trust =
          !is_near(plan_.against->host);
    }
    campaign_ = std::make_unique<fuzzing::Campaign>(
        io_, campaign_options_, catalog_, claims_,
        server_ ? &*server_ : nullptr, edges_ ? &*edges_ : nullptr);
    campaign_->on_finding = [this](const fuzzing::Reported& found) {
      tell({{"finding",
             {{"signature", found.signature},
              {"sentence", found.sentence},
              {"shown", found.shown},
              {"replays", found.replays},
              {"units_found", found.units_found},
              {"units", found.units},
              {"folder", found.folder}}}});
    };
  }

  void set_up_engine() {
    engine_.corpus = plan_.corpus;
    engine_.scratch = scratch_;
    engine_.seed = plan_.seed + static_cast<std::uint32_t>(index_);
    engine_.time = std::chrono::milliseconds(
        static_cast<long>(plan_.seconds * 1000));
    engine_.runs = plan_.runs;
    engine_.shares_corpus = plan_.workers > 1;
    for (auto& seed : fuzzing::seeds_of(catalog_)) {
      if (seed.listener == scenario::Listener::any ||
          seed.listener == plan_.listener) {
        engine_.seeds.push_back(std::move(seed.input));
      }
    }
  }

  void tell(const json& line) {
    const std::string text =
        line.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto written = write(out_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void tell_status() {
    const auto& status = campaign_->status();
    tell({{"status",
           {{"sessions", status.sessions},
            {"states", status.states},
            {"edges", status.edges},
            {"findings", status.findings},
            {"unrepeated", status.unrepeated}}}});
  }

  int close(const std::string& problem) {
    if (campaign_) tell_status();
    tell({{"end", problem}});
    server_.reset();
    edges_.reset();
    if (!scratch_.empty()) {
      std::error_code ignored;
      fs::remove_all(scratch_, ignored);
    }
    return 0;
  }

  const FuzzPlan& plan_;
  fuzzing::Claims& claims_;
  int index_;
  int out_;
  boost::asio::io_context io_{1};
  scenario::Profile profile_;
  scenario::Catalog catalog_{scenario::Requirements::builtin()};
  std::unique_ptr<Reference> reference_;
  std::unique_ptr<Sinks> sinks_;
  std::optional<fuzzing::EdgeMap> edges_;
  std::optional<fuzzing::ServerProcess> server_;
  fuzzing::CampaignOptions campaign_options_;
  std::unique_ptr<fuzzing::Campaign> campaign_;
  fuzzing::EngineOptions engine_;
  fs::path scratch_;
};

}  // namespace

std::string worker_mark(pid_t worker) {
  return fmt::format("{}={}", mark_name, worker);
}

void fuzz_in_worker(const FuzzPlan& plan, fuzzing::Claims& claims, int index,
                    int out, pid_t parent) {
  setsid();
  prepare_signals(parent);
  setenv(mark_name, std::to_string(getpid()).c_str(), 1);
  Worker(plan, claims, index, out).run();
}

}  // namespace smtpspec::app
