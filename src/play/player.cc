#include "play/player.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "play/arrivals.h"
#include "play/attempt.h"
#include "play/measure.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;

bool accuses(Verdict verdict) {
  return verdict == Verdict::warned || verdict == Verdict::failed;
}

/// A reason that is alike in many tests reads alike.
void hide_token(Attempt& attempt) {
  const std::string& token = attempt.sent.token;
  if (token.empty()) return;
  for (auto at = attempt.reason.find(token); at != std::string::npos;
       at = attempt.reason.find(token, at)) {
    attempt.reason.replace(at, token.size(), "${token}");
  }
}

class Player {
 public:
  Player(const scenario::Test& test, const Target& target, const Waits& waits)
      : test_(test), target_(target), waits_(waits) {}

  awaitable<void> run(Played& played) {
    if (!test_.row->then.empty() && !target_.witness && !asks_to_relay()) {
      played.result.verdict = Verdict::skipped;
      played.result.reason = "the profile names no sink";
      co_return;
    }
    Attempt first = co_await try_once(test_.row->dialog);
    if (first.transient) {
      keep(played, first);
      first = co_await try_once(test_.row->dialog);
    }
    take(played, first);
    if (accuses(played.result.verdict)) {
      co_await confirm(played, false);
    } else if (target_.witness && may_change(test_, first)) {
      played.open = std::make_shared<Attempt>(std::move(first));
    }
  }

  /// Mail of `played.open` came late.
  awaitable<void> judge_again(Played& played) {
    const Attempt& late = *played.open;
    Result& result = played.result;
    result.verdict = late.verdict;
    result.reason = late.reason;
    result.line = late.line;
    result.rung = late.rung;
    if (!result.reason.empty())
      result.reason += "; mail came when the test had ended";
    auto& lines = result.transcripts.back().lines;
    lines.push_back({TranscriptLine::Kind::event, "after the test's end:"});
    lines.insert(lines.end(), late.transcript.lines.begin(),
                 late.transcript.lines.end());
    if (accuses(result.verdict)) co_await confirm(played, true);
  }

 private:
  awaitable<Attempt> try_once(const scenario::Dialog& dialog) {
    Attempt result = co_await attempt(test_, dialog, target_, waits_);
    if (&dialog == &test_.row->dialog)
      co_await judge_arrivals(test_, target_, waits_, result);
    hide_token(result);
    co_return result;
  }

  /// What a server refuses needs no sink.
  bool asks_to_relay() const {
    return std::ranges::any_of(
        test_.row->then, [](const scenario::Assertion& assertion) {
          return assertion.subject == scenario::Subject::relayed;
        });
  }

  /// An accusation stands if the control draws the other answer and a second
  /// session shows the same.
  awaitable<void> confirm(Played& played, bool is_late) {
    Result& result = played.result;
    if (!test_.row->control.steps.empty()) {
      Attempt control = co_await try_once(test_.row->control);
      keep(played, control);
      if (control.verdict != Verdict::passed) {
        result.reason = fmt::format(
            "{}; inconclusive, since the control came to: {}", result.reason,
            control.reason);
        result.verdict = Verdict::blocked;
        co_return;
      }
    }
    Attempt second = co_await try_once(test_.row->dialog);
    const Verdict first_verdict = result.verdict;
    if (is_late && second.verdict != first_verdict && second.is_complete)
      co_await wait_for_late_mail(second);
    keep(played, second);
    if (second.verdict == first_verdict) co_return;
    result.verdict = Verdict::blocked;
    result.reason = fmt::format(
        "{}; inconclusive, since a second session came to: {}{}{}",
        result.reason, to_string(second.verdict),
        second.reason.empty() ? "" : ", ", second.reason);
  }

  awaitable<void> wait_for_late_mail(Attempt& said) {
    Transcript transcript = said.transcript;
    co_await target_.witness->mailbox().wait_for(
        said.sent.token, said.at_judgement.arrived + 1,
        waits_.deadline(waits_.barrier));
    if (!judge_late_arrivals(test_, target_, waits_, said)) co_return;
    auto& late = said.transcript.lines;
    transcript.lines.insert(transcript.lines.end(), late.begin(), late.end());
    said.transcript = std::move(transcript);
    hide_token(said);
  }

  const scenario::Test& test_;
  const Target& target_;
  const Waits& waits_;
};

}  // namespace

Verdict verdict_of(scenario::Level level) {
  switch (level) {
    case scenario::Level::must: return Verdict::failed;
    case scenario::Level::should: return Verdict::warned;
    case scenario::Level::may: return Verdict::noted;
  }
  return Verdict::error;
}

awaitable<void> play_in_time(Result& result, net::Deadline deadline,
                             awaitable<void> work) {
  const auto start = net::Clock::now();
  std::string problem;
  try {
    co_await net::with_deadline(deadline, std::move(work));
  } catch (const boost::system::system_error& e) {
    if (e.code() == net::asio::error::operation_aborted) throw;
    problem = e.code() == net::asio::error::timed_out
                  ? "the test took longer than its time limit"
                  : base::escape(e.code().message());
  } catch (const std::exception& e) {
    problem = base::escape(e.what());
  }
  if (!problem.empty()) {
    result.verdict = Verdict::error;
    result.reason = std::move(problem);
  }
  result.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      net::Clock::now() - start);
}

awaitable<Played> play(const scenario::Test& test, const Target& target,
                       const Waits& waits) {
  Played played;
  played.result.test = test;
  played.result.id = test.id();
  if (test.scenario->is_measured()) {
    co_await play_in_time(played.result, waits.deadline(waits.measured),
                          measure(played, target, waits));
    co_return played;
  }
  Player player(test, target, waits);
  co_await play_in_time(played.result, waits.deadline(waits.test),
                        player.run(played));
  co_return played;
}

awaitable<bool> look_again(Played& played, const Target& target,
                           const Waits& waits) {
  const scenario::Test test = played.result.test;
  const Verdict before = played.result.verdict;
  if (!judge_late_arrivals(test, target, waits, *played.open)) co_return false;
  hide_token(*played.open);
  const auto duration = played.result.duration;
  Player player(test, target, waits);
  co_await play_in_time(played.result, waits.deadline(waits.test),
                        player.judge_again(played));
  played.result.duration += duration;
  co_return played.result.verdict != before;
}

Result judge_watch(Result own, const std::vector<Breach>& breaches) {
  const Verdict level = verdict_of(own.test.scenario->level);
  const Breach* worst = nullptr;
  std::size_t count = 0;
  for (const Breach& breach : breaches) {
    if (breach.rule->name != own.test.scenario->watch) continue;
    ++count;
    if (!worst ||
        (worst->complaint.only_noted && !breach.complaint.only_noted))
      worst = &breach;
  }
  if (!worst) return own;
  own.verdict = worst->complaint.only_noted ? std::min(Verdict::noted, level)
                                            : level;
  own.reason = fmt::format("{} to '{}': {} (from port {}; {} such {})",
                           worst->complaint.text, worst->command, worst->reply,
                           worst->source_port, count,
                           count == 1 ? "reply" : "replies");
  return own;
}

}  // namespace smtpspec::play
