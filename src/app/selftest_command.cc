// smtpspec selftest: every scenario passes on the clean reference server, and
// each flaw that it names makes it fail. What a fuzzer found names none: it has
// failed another server.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "app/app.h"
#include "app/command.h"
#include "app/event_loop.h"
#include "app/reference.h"
#include "app/selection.h"
#include "net/side_by_side.h"
#include "play/player.h"

namespace smtpspec::app {
namespace {

namespace asio = boost::asio;
using play::Verdict;

/// Flawed servers that are tested side by side.
constexpr std::size_t workers = 8;

struct SelftestOptions {
  SelectionOptions selection;
  bool matrix = false;
  double patience = 1;
};

/// The tests that a flaw must fail.
using TestsByFlaw = std::map<std::string, std::vector<scenario::Test>>;

const std::vector<std::string>& flaws_of(const scenario::Test& test) {
  return test.row->flaws.empty() ? test.scenario->flaws : test.row->flaws;
}

/// Results by the id of their test.
using Results = std::map<std::string, play::Result>;

bool is_killed(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::warned ||
         verdict == Verdict::noted;
}

class Selftest {
 public:
  explicit Selftest(const SelftestOptions& options)
      : options_(options),
        catalog_(load_catalog(options.selection)),
        tests_(catalog_->select(options.selection.selectors,
                                options.selection.excluded)) {
    for (const scenario::Test& test : tests_)
      for (const std::string& flaw : flaws_of(test))
        named_[flaw].push_back(test);
  }

  int run() {
    refuse_unknown_flaws();
    if (run_until_done(io_, play_all())) return exit_interrupted;
    check_clean();
    check_kills();
    print_matrix();
    return problems_.empty() ? exit_conforming : exit_violations;
  }

 private:
  void refuse_unknown_flaws() const {
    for (const auto& [flaw, tests] : named_) {
      const bool is_deep = server::is_deep(flaw);
      if (server::find_flaw(flaw) && !is_deep) continue;
      throw std::invalid_argument(fmt::format(
          "{} names the flaw '{}', which {}", tests.front().id(), flaw,
          is_deep ? "is for fuzzers" : "the reference server does not have"));
    }
  }

  asio::awaitable<void> play_all() {
    clean_ = co_await play_against({}, tests_, play::Waits{});
    std::vector<std::string> flaws;
    for (const auto& flaw : server::all_flaws()) {
      const std::string name(flaw.name);
      if (options_.matrix || named_.contains(name)) flaws.push_back(name);
    }
    std::size_t next = 0;
    auto work = [&]() -> asio::awaitable<void> {
      while (next < flaws.size()) co_await play_flaw(flaws[next++], false);
    };
    co_await net::run_side_by_side(workers, work);
    // What measures time measures nobody else's.
    for (const std::string& flaw : flaws) co_await play_flaw(flaw, true);
    co_await play_survivors_patiently();
  }

  /// A flawed server keeps silent for good where a clean one replies at once.
  play::Waits hurried() const {
    play::Waits waits;
    waits.reply = std::chrono::milliseconds(1500);
    waits.login = waits.reply;
    waits.silence = waits.reply;
    waits.farewell = std::chrono::milliseconds(100);
    waits.delivery = std::chrono::milliseconds(200);
    waits.barrier = waits.reply;
    waits.factor = options_.patience;
    return waits;
  }

  /// That a test survives its flaw may be for the hurry on a busy machine: it
  /// is played again, alone and with ten times the patience.
  asio::awaitable<void> play_survivors_patiently() {
    play::Waits patient = hurried();
    patient.factor *= 10;
    for (const auto& [flaw, tests] : survivors()) {
      auto results = co_await play_against(flaw, tests, patient);
      for (auto& [id, result] : results)
        flawed_[flaw].insert_or_assign(id, std::move(result));
    }
  }

  asio::awaitable<void> play_flaw(std::string flaw, bool is_measured) {
    std::vector<scenario::Test> tests =
        options_.matrix ? tests_ : named_.at(flaw);
    std::erase_if(tests, [&](const scenario::Test& test) {
      return test.scenario->is_measured() != is_measured;
    });
    if (tests.empty()) co_return;
    auto results = co_await play_against(flaw, tests, hurried());
    flawed_[flaw].merge(results);
  }

  asio::awaitable<Results> play_against(
      std::string flaw, const std::vector<scenario::Test>& tests,
      play::Waits waits) {
    server::FlawSet flaws;
    if (!flaw.empty()) flaws.insert(*server::find_flaw(flaw));
    Reference reference(io_, flaws);
    Results results;
    // Watch rules are judged by each test's own replies, not by those of the
    // others: the scenario must draw the flaw itself.
    for (const scenario::Test& test : tests) {
      auto target = play::target_of(reference.profile(), listener_for(test));
      target.witness = reference.witness();
      play::Played played = co_await play::play(test, target, waits);
      if (!test.scenario->watch.empty())
        played.result = judge_watch(std::move(played.result), played.breaches);
      results.emplace(played.result.id, std::move(played.result));
    }
    co_return results;
  }

  static scenario::Listener listener_for(const scenario::Test& test) {
    const auto wanted = test.scenario->listener;
    return wanted == scenario::Listener::any ? scenario::Listener::mta : wanted;
  }

  void problem(const std::string& text) {
    std::cout << text << '\n';
    problems_.push_back(text);
  }

  void check_clean() {
    for (const auto& [id, result] : clean_) {
      if (result.verdict == Verdict::passed) continue;
      problem(fmt::format("{}: {} on the clean reference server: {}", id,
                          to_string(result.verdict), result.reason));
      print_last_transcript(result);
    }
  }

  static void print_last_transcript(const play::Result& result) {
    if (result.transcripts.empty()) return;
    std::cout << result.transcripts.back().to_string();
  }

  bool kills(const std::string& flaw, const scenario::Test& test) const {
    return is_killed(flawed_.at(flaw).at(test.id()).verdict);
  }

  /// Tests that none of their flaws fails.
  std::vector<scenario::Test> unkilled_tests() const {
    std::vector<scenario::Test> result;
    for (const scenario::Test& test : tests_) {
      if (was_found(test)) continue;
      if (std::ranges::none_of(flaws_of(test), [&](const std::string& flaw) {
            return kills(flaw, test);
          }))
        result.push_back(test);
    }
    return result;
  }

  /// Flaws that fail no case of a scenario which names them, each with the
  /// tests of such scenarios.
  TestsByFlaw idle_flaws() const {
    TestsByFlaw result;
    for (const auto& [flaw, tests] : named_) {
      std::set<std::string> failed;
      for (const scenario::Test& test : tests)
        if (kills(flaw, test)) failed.insert(test.scenario->id);
      for (const scenario::Test& test : tests)
        if (!failed.contains(test.scenario->id)) result[flaw].push_back(test);
    }
    return result;
  }

  TestsByFlaw survivors() const {
    TestsByFlaw result = idle_flaws();
    for (const scenario::Test& test : unkilled_tests()) {
      for (const std::string& flaw : flaws_of(test)) {
        auto& tests = result[flaw];
        if (std::ranges::find(tests, test.id(), &scenario::Test::id) ==
            tests.end())
          tests.push_back(test);
      }
    }
    return result;
  }

  void check_kills() {
    for (const scenario::Test& test : unkilled_tests()) {
      for (const std::string& flaw : flaws_of(test)) {
        const auto& result = flawed_.at(flaw).at(test.id());
        problem(fmt::format("{}: not failed by its flaw {}: {} {}", test.id(),
                            flaw, to_string(result.verdict), result.reason));
        print_last_transcript(result);
      }
    }
    for (const auto& [flaw, tests] : idle_flaws()) {
      std::set<std::string> ids;
      for (const scenario::Test& test : tests) ids.insert(test.scenario->id);
      for (const std::string& id : ids)
        problem(fmt::format("{}: flaw {} fails none of its cases", id, flaw));
    }
  }

  /// How many of the tests that were played a flaw fails.
  static std::size_t failed_by(const Results& results) {
    return static_cast<std::size_t>(std::ranges::count_if(
        results,
        [](const auto& entry) { return is_killed(entry.second.verdict); }));
  }

  /// For each test the flaw that fails it and the fewest others: the closest
  /// proof that it sees this defect, and not just any.
  void print_narrowest() const {
    std::map<std::string, std::pair<std::size_t, std::string>> narrowest;
    for (const auto& [flaw, results] : flawed_) {
      if (server::is_deep(flaw)) continue;
      const auto failed = std::pair(failed_by(results), flaw);
      for (const auto& [id, result] : results) {
        if (!is_killed(result.verdict)) continue;
        const auto [entry, is_new] = narrowest.emplace(id, failed);
        if (!is_new) entry->second = std::min(entry->second, failed);
      }
    }
    for (const auto& [id, flaw] : narrowest) {
      std::cout << fmt::format("{:56} {} (fails {})\n", id, flaw.second,
                               flaw.first);
    }
  }

  void print_matrix() const {
    if (options_.matrix) print_narrowest();
    std::size_t pairs = 0;
    for (const auto& [flaw, results] : flawed_) {
      const std::size_t failed = failed_by(results);
      const auto found = named_.find(flaw);
      const std::size_t named =
          found == named_.end() ? 0 : found->second.size();
      pairs += named;
      std::cout << fmt::format("{:44} named by {:3}, fails {:3}\n", flaw, named,
                               failed);
    }
    std::cout << fmt::format(
        "{} tests of {} scenarios, {} flaws, {} pairs of test and flaw; {}{}\n",
        tests_.size(), scenario_count(), flawed_.size(), pairs,
        problems_.empty() ? "every one proved"
                          : fmt::format("{} not proved", problems_.size()),
        found_words());
  }

  static bool was_found(const scenario::Test& test) {
    return !test.scenario->found.empty();
  }

  std::string found_words() const {
    const auto count = std::ranges::count_if(tests_, was_found);
    if (count == 0) return {};
    return fmt::format("; {} found by fuzzing, which no flaw need fail", count);
  }

  std::size_t scenario_count() const {
    std::set<const scenario::Scenario*> scenarios;
    for (const scenario::Test& test : tests_) scenarios.insert(test.scenario);
    return scenarios.size();
  }

  const SelftestOptions& options_;
  std::unique_ptr<scenario::Catalog> catalog_;
  std::vector<scenario::Test> tests_;
  TestsByFlaw named_;
  asio::io_context io_{1};
  Results clean_;
  std::map<std::string, Results> flawed_;
  std::vector<std::string> problems_;
};

}  // namespace

std::function<int()> add_selftest(CLI::App& app) {
  auto options = std::make_shared<SelftestOptions>();
  app.add_option("selectors", options->selection.selectors, selectors_help);
  add_selection(app, options->selection);
  app.add_option("--patience", options->patience,
                 "Factor on all waits, for slow builds and slow machines")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  app.add_flag("--matrix", options->matrix,
               "Play every scenario against every flaw, not only the flaws "
               "that it names; shows for each the narrowest flaw");
  return [options] { return Selftest(*options).run(); };
}

}  // namespace smtpspec::app
