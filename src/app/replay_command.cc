// smtpspec replay: has a fuzzed session again.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>

#include "app/app.h"
#include "app/command.h"
#include "app/event_loop.h"
#include "app/reference.h"
#include "app/selection.h"
#include "app/target_options.h"
#include "fuzzing/executor.h"
#include "fuzzing/oracles.h"
#include "scenario/catalog.h"
#include "scenario/profile.h"

namespace smtpspec::app {
namespace {

namespace fs = std::filesystem;
using Patience = fuzzing::Executor::Patience;

struct ReplayOptions {
  std::string file;
  TargetOptions target;
  std::vector<std::string> flaws;
  int times = 1;
};

void add_options(CLI::App& app, ReplayOptions& options) {
  app.add_option("file", options.file,
                 "A session, or the folder of a finding: its minimal one")
      ->required();
  add_target(app, options.target);
  app.add_option("-n,--times", options.times, "How often")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_authorized(app, options.target, "test");
  app.add_option("--flaw", options.flaws,
                 "Break one thing in the built-in reference server");
}

fuzzing::Input load_input(const std::string& name) {
  const fs::path path = fs::is_directory(name) ? fs::path(name) / "minimal.txt"
                                               : fs::path(name);
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file)
    throw std::runtime_error(fmt::format("{}: cannot read", path.string()));
  return fuzzing::parse_input(text, path.string());
}

std::string_view words(fuzzing::Outcome outcome) {
  switch (outcome) {
    case fuzzing::Outcome::finished: return "finished";
    case fuzzing::Outcome::closed: return "the server closed the connection";
    case fuzzing::Outcome::reset: return "the server reset the connection";
    case fuzzing::Outcome::silent: return "a reply did not come";
    case fuzzing::Outcome::malformed: return "what came is no reply";
    case fuzzing::Outcome::no_tls: return "the TLS handshake failed";
  }
  return "";
}

class Replay {
 public:
  explicit Replay(const ReplayOptions& options)
      : options_(options), input_(load_input(options.file)) {
    catalog_.add_builtin();
    choose_target();
  }

  int run() {
    const bool was_interrupted = run_until_done(io_, have_sessions());
    for (const auto& [signature, times] : shown_)
      std::cout << fmt::format("{} of {}: {}\n", times, done_, signature);
    if (shown_.empty())
      std::cout << fmt::format("nothing found in {} sessions\n", done_);
    if (was_interrupted) return exit_interrupted;
    return shown_.empty() ? exit_conforming : exit_violations;
  }

 private:
  void choose_target() {
    if (options_.target.is_reference())
      reference_ = std::make_unique<Reference>(io_, flaws_of(options_.flaws));
    target_ = play::target_of(
        reference_ ? reference_->profile() : profile_of(options_.target),
        listener_of(options_.target.listener));
    target_.is_on_our_thread = reference_ != nullptr;
  }

  net::asio::awaitable<void> have_sessions() {
    fuzzing::Executor executor(target_, "replay");
    const fuzzing::Oracles oracles(catalog_, target_.is_for_submission());
    bool is_greeted = true;
    while (is_greeted && done_ < options_.times) {
      const auto seen = co_await session(executor);
      for (const auto& finding : oracles.judge(seen)) show(finding);
      // Who is asked behind every session takes twice as many connections.
      const bool is_doubtful = seen.outcome != fuzzing::Outcome::finished;
      if (is_doubtful || done_ == options_.times)
        is_greeted = co_await executor.is_greeted(Patience::full);
      if (!is_greeted) show(fuzzing::hang(seen));
    }
  }

  /// Where there is no connection any more, behind others: one that was closed.
  net::asio::awaitable<fuzzing::Observation> session(
      fuzzing::Executor& executor) {
    const bool is_first = done_++ == 0;
    fuzzing::Observation seen;
    try {
      seen = co_await executor.run(input_, Patience::full);
    } catch (const boost::system::system_error&) {
      if (is_first) throw;
      seen.outcome = fuzzing::Outcome::closed;
    }
    if (is_first) {
      std::cout << seen.transcript.to_string()
                << fmt::format("# {}\n", words(seen.outcome));
    }
    co_return seen;
  }

  void show(const fuzzing::Finding& finding) {
    if (shown_[finding.signature]++ == 0) {
      std::cout << fmt::format("FOUND {}: {}\n", finding.signature,
                               finding.sentence);
    }
  }

  const ReplayOptions& options_;
  fuzzing::Input input_;
  scenario::Catalog catalog_{scenario::Requirements::builtin()};
  boost::asio::io_context io_{1};
  std::unique_ptr<Reference> reference_;
  play::Target target_;
  std::map<std::string, int> shown_;
  int done_ = 0;
};

}  // namespace

std::function<int()> add_replay(CLI::App& app) {
  auto options = std::make_shared<ReplayOptions>();
  add_options(app, *options);
  return [options] { return Replay(*options).run(); };
}

}  // namespace smtpspec::app
