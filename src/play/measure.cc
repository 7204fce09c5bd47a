#include "play/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "play/attempt.h"
#include "play/findings.h"
#include "smtp/sasl.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;
using scenario::Dialog;
using scenario::Measure;

/// How often replies are drawn that are to be the same.
constexpr int reply_rounds = 2;

/// How many values are drawn of which no two are to be alike, how many of them on
/// one connection, and on how many connections at most: logins that we break off
/// count as failed with some servers, which answer later and later, or close.
constexpr std::size_t most_draws = 50;
constexpr std::size_t draws_of_session = 3;
constexpr int most_sessions = 25;

/// What came of one of two dialogs.
struct Samples {
  Times waits;
  std::vector<std::string> replies;
  Transcript last;
};

std::string replace_all(std::string text, const std::string& what,
                        const std::string& with) {
  if (what.empty()) return text;
  for (auto at = text.find(what); at != text.npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

bool is_refusal(const std::string& reply) {
  return reply.starts_with('4') || reply.starts_with('5');
}

class Measurement {
 public:
  Measurement(Played& played, const Target& target, const Waits& waits)
      : played_(played),
        test_(played.result.test),
        target_(target),
        waits_(waits) {}

  awaitable<void> run() {
    const scenario::Scenario& scenario = *test_.scenario;
    if (scenario.guesses() && !target_.permits_guessing) {
      played_.result.verdict = Verdict::skipped;
      played_.result.reason = "the profile does not permit guessing";
      co_return;
    }
    switch (scenario.measure) {
      case Measure::none: break;
      case Measure::keywords:
      case Measure::mechanisms:
      case Measure::certificates:
        co_await compare_listeners();
        break;
      case Measure::replies: co_await compare(reply_rounds); break;
      case Measure::times: co_await compare(most_guesses); break;
      case Measure::throttling: co_await guess(most_guesses); break;
      case Measure::spread: co_await guess(1); break;
      case Measure::repeats: co_await draw(); break;
    }
  }

 private:
  const Dialog& dialog() const { return test_.row->dialog; }
  const Dialog& against() const { return test_.scenario->against; }

  awaitable<Attempt> say(const Dialog& dialog, int times = 1) {
    return attempt_again(test_, dialog, target_, waits_, times);
  }

  /// Each round turns the order round, so that neither is always the first one.
  awaitable<void> compare(int rounds) {
    for (int i = 0; i < 2 * rounds; ++i) {
      const bool is_against = (i % 2 == 1) != (i / 2 % 2 == 1);
      Attempt next = co_await say(is_against ? against() : dialog());
      if (next.verdict != Verdict::passed || next.waits.empty()) {
        give_up(next, fmt::format("in session {} of {}", i + 1, 2 * rounds));
        co_return;
      }
      Samples& samples = is_against ? of_against_ : of_dialog_;
      samples.waits.push_back(next.waits.back());
      samples.replies.push_back(without_names(next.last_reply));
      samples.last = std::move(next.transcript);
      for (Breach& breach : next.breaches)
        played_.breaches.push_back(std::move(breach));
    }
    played_.result.transcripts = {std::move(of_dialog_.last),
                                  std::move(of_against_.last)};
    conclude(test_.scenario->measure == Measure::times
                 ? compare_times(of_dialog_.waits, of_against_.waits)
                 : compare_replies(of_dialog_.replies, of_against_.replies));
  }

  /// Both dialogs once, each at its listener.
  awaitable<void> compare_listeners() {
    const auto other = target_.at(test_.scenario->other);
    const std::string here(scenario::to_string(target_.listener));
    const std::string there(scenario::to_string(test_.scenario->other));
    if (!other) {
      played_.result.verdict = Verdict::skipped;
      played_.result.reason =
          fmt::format("the profile has no listener '{}'", there);
      co_return;
    }
    Attempt of_here = co_await say(dialog());
    if (of_here.verdict != Verdict::passed) {
      give_up(of_here, "at " + here);
      co_return;
    }
    keep(played_, of_here);
    Attempt of_there =
        co_await attempt_again(test_, against(), *other, waits_, 1);
    if (of_there.verdict != Verdict::passed) {
      give_up(of_there, "at " + there);
      co_return;
    }
    // The first session's offers are those of this listener.
    of_there.offers = {};
    keep(played_, of_there);
    conclude(compare_lists(name_of_shown(), here, shown(of_here), there,
                           shown(of_there)));
  }

  std::string name_of_shown() const {
    switch (test_.scenario->measure) {
      case Measure::keywords:
        return "keywords";
      case Measure::mechanisms:
        return "mechanisms";
      default:
        return "SHA-256 of the certificate";
    }
  }

  std::set<std::string> shown(const Attempt& attempt) const {
    switch (test_.scenario->measure) {
      case Measure::keywords:
        return attempt.capabilities.keywords();
      case Measure::mechanisms:
        return attempt.capabilities.mechanisms();
      default:
        break;
    }
    const auto& tls = attempt.sent.tls;
    return tls ? std::set<std::string>{tls->fingerprint}
               : std::set<std::string>{};
  }

  /// A reply may name the user that was sent.
  std::string without_names(const std::string& reply) const {
    const auto user = target_.variables.find("user");
    if (user == target_.variables.end()) return reply;
    return replace_all(
        replace_all(reply, smtp::unknown_user(user->second), "USER"),
        user->second, "USER");
  }

  /// Many wrong passwords, `of_session` on each connection or as few as the
  /// server lets us, and the right one on a connection of its own, before and
  /// after them. Where each has its own connection, its time is that of the whole
  /// session, less what a right one takes.
  awaitable<void> guess(int of_session) {
    Attempt before = co_await say(against());
    if (before.verdict != Verdict::passed) {
      // Other tests may have locked the account: they mistype as well.
      give_up(before, "before the first guess of this test");
      co_return;
    }
    keep(played_, before);
    Guesses guesses;
    while (guesses.said < most_guesses) {
      Attempt next = co_await say(
          dialog(), std::min(of_session, most_guesses - guesses.said));
      guesses.said += next.said;
      if (of_session == 1 && !next.waits.empty())
        next.waits = {std::max(next.lasted - before.lasted,
                               std::chrono::nanoseconds(0))};
      guesses.waits.insert(guesses.waits.end(), next.waits.begin(),
                           next.waits.end());
      if (guesses.waits.empty()) {
        give_up(next, "at the first wrong password");
        co_return;
      }
      keep(played_, next);
      if (next.verdict == Verdict::passed) continue;
      guesses.hindrances.push_back(fmt::format("after {} wrong passwords: {}",
                                               guesses.said, next.reason));
      if (next.said == 0) break;
    }
    Attempt after = co_await say(against());
    keep(played_, after);
    if (after.verdict != Verdict::passed) {
      if (after.said > 0 && is_refusal(after.last_reply)) {
        guesses.lock = after.reason;
      } else {
        guesses.hindrances.push_back("then even the right password: " +
                                     after.reason);
      }
    }
    conclude(judge_guesses(guesses));
  }

  /// What `dialog` captures as `fresh`, many times on few connections.
  awaitable<void> draw() {
    std::vector<std::string> drawn;
    for (int i = 0; i < most_sessions && drawn.size() < most_draws; ++i) {
      const auto wanted =
          std::min(draws_of_session, most_draws - drawn.size());
      Attempt next = co_await say(dialog(), static_cast<int>(wanted));
      if (next.fresh.empty() && drawn.size() < 2) {
        give_up(next, fmt::format("after {} of {}", drawn.size(), most_draws));
        co_return;
      }
      drawn.insert(drawn.end(), next.fresh.begin(), next.fresh.end());
      const bool is_over = next.fresh.empty();
      keep(played_, next);
      if (is_over) break;
    }
    conclude(judge_repeats(drawn));
  }

  /// What is no answer to a login, or to this one, proves nothing.
  void give_up(Attempt& attempt, const std::string& when) {
    take(played_, attempt);
    Result& result = played_.result;
    if (result.verdict == Verdict::passed) result.verdict = Verdict::blocked;
    if (result.verdict == Verdict::warned || result.verdict == Verdict::failed)
      result.verdict = Verdict::noted;
    result.reason = fmt::format("{}: {}", when, result.reason);
  }

  /// The finding stands below the last transcript, that of a pass too.
  void conclude(const Finding& finding) {
    Result& result = played_.result;
    result.verdict = finding.verdict;
    if (finding.verdict != Verdict::passed) result.reason = finding.text;
    result.transcripts.back().lines.push_back(
        {TranscriptLine::Kind::comment, finding.text});
  }

  Played& played_;
  const scenario::Test& test_;
  const Target& target_;
  const Waits& waits_;
  Samples of_dialog_;
  Samples of_against_;
};

}  // namespace

awaitable<void> measure(Played& played, const Target& target,
                        const Waits& waits) {
  Measurement measurement(played, target, waits);
  co_await measurement.run();
}

}  // namespace smtpspec::play
