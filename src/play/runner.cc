#include "play/runner.h"

#include <algorithm>
#include <exception>

#include "net/side_by_side.h"
#include "play/invariance.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;

/// Breaches of one rule and one gravity that are kept; more change no verdict.
constexpr std::size_t kept_breaches = 100;

bool is_measured(const scenario::Test& test) {
  return test.scenario->is_measured();
}

}  // namespace

awaitable<void> Runner::run(const std::vector<scenario::Test>& tests) {
  const auto jobs = static_cast<std::size_t>(std::max(options_.jobs, 1));
  std::vector<scenario::Test> side_by_side = tests;
  // What guesses ten passwords comes last of all.
  std::ranges::stable_sort(side_by_side, {}, [](const scenario::Test& test) {
    return test.scenario->measure;
  });
  const auto first_measured =
      std::ranges::find_if(side_by_side, &is_measured);
  std::vector<scenario::Test> measured(first_measured, side_by_side.end());
  side_by_side.erase(first_measured, side_by_side.end());
  auto worker = [&] { return work(side_by_side); };
  std::exception_ptr thrown;
  try {
    co_await net::run_side_by_side(std::min(jobs, side_by_side.size()), worker);
    next_ = 0;
    co_await work(measured);
  } catch (...) {
    thrown = std::current_exception();
  }
  // What an interrupted run has seen of replies counts as well.
  finish_watches();
  if (thrown) std::rethrow_exception(thrown);
}

awaitable<void> Runner::work(const std::vector<scenario::Test>& tests) {
  while (next_ < tests.size()) {
    const scenario::Test& test = tests[next_++];
    Played played = co_await play(test, options_.target, options_.waits);
    if (test.scenario->source == scenario::Source::outside)
      offers_.merge(played.offers);
    for (Breach& breach : played.breaches) {
      const auto kind = std::pair(breach.rule, breach.complaint.only_noted);
      if (++breach_counts_[kind] <= kept_breaches)
        breaches_.push_back(std::move(breach));
    }
    finish(std::move(played));
    if (!options_.compare_segmentations || is_measured(test)) continue;
    results_.push_back(co_await compare_segmentations(test, options_.target,
                                                      options_.waits));
    finished_(results_.back());
  }
}

std::size_t Runner::count(const std::vector<scenario::Test>& tests,
                          bool compares_segmentations) {
  if (!compares_segmentations) return tests.size();
  const auto measured = std::ranges::count_if(tests, &is_measured);
  return 2 * tests.size() - static_cast<std::size_t>(measured);
}

void Runner::finish(Played played) {
  if (!played.result.test.scenario->watch.empty()) {
    watches_.push_back(std::move(played.result));
    return;
  }
  if (played.open) open_[results_.size()] = std::move(played.open);
  results_.push_back(std::move(played.result));
  finished_(results_.back());
}

awaitable<void> Runner::look_again() {
  for (const auto& [at, session] : open_) {
    Played played;
    played.result = results_[at];
    played.open = session;
    const bool has_changed =
        co_await play::look_again(played, options_.target, options_.waits);
    results_[at] = std::move(played.result);
    if (has_changed) finished_(results_[at]);
  }
  open_.clear();
}

void Runner::finish_watches() {
  for (Result& own : watches_) {
    results_.push_back(judge_watch(std::move(own), breaches_));
    finished_(results_.back());
  }
  watches_.clear();
}

std::vector<Result> Runner::results() const {
  std::vector<Result> sorted = results_;
  std::ranges::sort(sorted, {}, &Result::id);
  return sorted;
}

}  // namespace smtpspec::play
