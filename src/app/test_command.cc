// smtpspec test: runs scenarios against a server and reports.
#include <fmt/format.h>

#include <boost/regex.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/conclusion.h"
#include "app/event_loop.h"
#include "app/reference.h"
#include "app/selection.h"
#include "app/sinks.h"
#include "app/target_options.h"
#include "app/version.h"
#include "play/known_failures.h"
#include "play/runner.h"
#include "report/console.h"
#include "scenario/profile.h"

namespace smtpspec::app {
namespace {

struct TestOptions {
  std::vector<std::string> arguments;
  TargetOptions target;
  SelectionOptions selection;
  int jobs = 8;
  double timeout = 10;
  double patience = 1;
  bool segment = false;
  bool strict = false;
  bool strict_baseline = false;
  bool verbose = false;
  ReportFiles reports;
  std::string baseline;
};

void add_options(CLI::App& app, TestOptions& options) {
  app.add_option("target-and-selectors", options.arguments,
                 std::string("HOST:PORT of the server (without it and without "
                             "a profile, the built-in reference server), and "
                             "which scenarios. ") +
                     selectors_help);
  add_selection(app, options.selection);
  add_profile(app, options.target.profile);
  app.add_option("--listener", options.target.listener,
                 "Which listener of the profile: mta, submission, submissions "
                 "or lmtp")
      ->capture_default_str();
  app.add_option("-j,--jobs", options.jobs, "Sessions at once")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout,
                 "Seconds to wait for one reply")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_option("--patience", options.patience,
                 "Factor on all waits, for slow servers or slow networks")
      ->check(CLI::Range(0.001, 1000.0))
      ->capture_default_str();
  app.add_flag("--segment", options.segment,
               "Also replay every test with its octets cut into other TCP "
               "segments; the replies must not change");
  app.add_flag("--strict", options.strict, "A broken SHOULD fails the run");
  app.add_option("--junit", options.reports.junit, "Write a JUnit XML report");
  app.add_option("--json", options.reports.json, "Write a JSON report");
  app.add_option("--baseline", options.baseline,
                 "Known failures, each with its reason (docs/baseline.md)");
  app.add_flag("--strict-baseline", options.strict_baseline,
               "An entry of the baseline that passes now is exit code 4");
  app.add_flag("-v,--verbose", options.verbose,
               "Show the transcript of every session");
  add_authorized(app, options.target, "test");
}

/// "mx:25" and "[::1]:25", but no selector: "clause:5321-2.4-a", "data/".
bool is_target(const std::string& argument) {
  static const boost::regex target(R"((\[[^\]]+\]|[^:/*?]+):[0-9]+)");
  return boost::regex_match(argument, target);
}

/// Takes the target from the arguments; the others are selectors.
void sort_arguments(TestOptions& options) {
  for (const std::string& argument : options.arguments) {
    if (!is_target(argument)) {
      options.selection.selectors.push_back(argument);
    } else if (options.target.address.empty()) {
      options.target.address = argument;
    } else {
      throw std::invalid_argument(fmt::format(
          "two targets: {} and {}", options.target.address, argument));
    }
  }
}

std::chrono::year_month_day today() {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::system_clock::now());
}

class TestRun {
 public:
  explicit TestRun(const TestOptions& options)
      : options_(options),
        catalog_(load_catalog(options.selection)),
        listener_(listener_of(options.target.listener)),
        tests_(select_tests(*catalog_, options.selection, listener_)) {}

  int run() {
    require_tests(!tests_.empty());
    choose_target();
    load_known_failures();
    play_tests();
    hold_against_baseline();
    write_reports();
    return exit_code(report_, options_.strict, options_.strict_baseline);
  }

 private:
  void choose_target() {
    report_.listener = options_.target.listener;
    report_.version = version;
    if (options_.target.is_reference()) {
      reference_ = std::make_unique<Reference>(io_, server::FlawSet());
      profile_ = reference_->profile();
      report_.target = "built-in reference server";
    } else {
      profile_ = profile_of(options_.target);
      report_.target = to_string(profile_.listeners.at(listener_));
    }
  }

  void load_known_failures() {
    if (!options_.baseline.empty())
      baseline_ = scenario::load_baseline(options_.baseline);
  }

  void play_tests() {
    const Sinks sinks(io_, profile_.sink);
    play::RunOptions run;
    run.target = play::target_of(profile_, listener_);
    run.target.witness = reference_ ? reference_->witness() : sinks.witness();
    run.waits.reply = std::chrono::milliseconds(
        static_cast<long>(options_.timeout * 1000));
    run.waits.factor = options_.patience;
    run.jobs = options_.jobs;
    run.compare_segmentations = options_.segment;
    const std::size_t total = play::Runner::count(tests_, options_.segment);
    report_.selected = total;
    std::size_t done = 0;
    play::Runner runner(run, [&](const play::Result& result) {
      done = std::min(done + 1, total);
      console_.finished(result, done, total);
    });
    auto whole = [&runner, this]() -> boost::asio::awaitable<void> {
      co_await runner.run(tests_);
      co_await runner.look_again();
    };
    report_.started = std::chrono::system_clock::now();
    const auto start = std::chrono::steady_clock::now();
    report_.interrupted = run_until_done(io_, whole());
    report_.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start);
    report_.results = runner.results();
  }

  void hold_against_baseline() {
    if (baseline_) play::apply_baseline(report_, *baseline_, today());
  }

  void write_reports() {
    console_.summary(report_);
    app::write_reports(report_, options_.reports, options_.strict,
                       catalog_->requirements());
  }

  const TestOptions& options_;
  std::unique_ptr<scenario::Catalog> catalog_;
  scenario::Listener listener_;
  std::vector<scenario::Test> tests_;
  boost::asio::io_context io_{1};
  std::unique_ptr<Reference> reference_;
  scenario::Profile profile_;
  std::optional<scenario::Baseline> baseline_;
  play::RunReport report_;
  report::ConsoleReport console_{std::cout, console_options(options_.verbose),
                                 catalog_->requirements()};
};

}  // namespace

std::function<int()> add_test(CLI::App& app) {
  auto options = std::make_shared<TestOptions>();
  add_options(app, *options);
  return [options] {
    sort_arguments(*options);
    return TestRun(*options).run();
  };
}

}  // namespace smtpspec::app
