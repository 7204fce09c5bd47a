// Plays many tests side by side on one thread.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "play/player.h"

namespace smtpspec::play {

struct RunOptions {
  Target target;
  Waits waits;
  /// Sessions at once, at least 1.
  int jobs = 8;
  /// Also replay every test with its octets cut otherwise (invariance.h).
  bool compare_segmentations = false;
};

class Runner {
 public:
  /// `finished` is called for each result in the order in which they come; for
  /// tests with a watch rule after all others.
  using Finished = std::function<void(const Result&)>;

  Runner(RunOptions options, Finished finished)
      : options_(std::move(options)), finished_(std::move(finished)) {}

  /// Plays `tests`; those that measure (scenario::Measure) last, one at a time and
  /// once, so that a lock or a delay that they bring about disturbs no other, and
  /// no other disturbs what they measure. Where it is cancelled from outside it throws
  /// operation_aborted; results() then holds what was finished.
  net::asio::awaitable<void> run(const std::vector<scenario::Test>& tests);

  /// After run(): tests whose mail arrived only when they had ended are judged by
  /// it too. `finished` is called again for those whose verdict that changes.
  net::asio::awaitable<void> look_again();

  /// How many results run() has for `tests`.
  static std::size_t count(const std::vector<scenario::Test>& tests,
                           bool compares_segmentations);

  /// In the order of the tests' ids.
  std::vector<Result> results() const;

  /// What the target listed to those who come from where strangers come from.
  const Offers& offers() const { return offers_; }

 private:
  net::asio::awaitable<void> work(const std::vector<scenario::Test>& tests);
  void finish(Played played);
  void finish_watches();

  RunOptions options_;
  Finished finished_;
  std::size_t next_ = 0;
  std::vector<Result> results_;
  std::vector<Result> watches_;
  /// Sessions whose mail may still come, by the place of their result.
  std::map<std::size_t, std::shared_ptr<Attempt>> open_;
  std::vector<Breach> breaches_;
  Offers offers_;
  std::map<std::pair<const smtp::ReplyRule*, bool>, std::size_t>
      breach_counts_;
};

}  // namespace smtpspec::play
