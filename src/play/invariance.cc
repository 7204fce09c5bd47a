#include "play/invariance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "play/attempt.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;

constexpr std::array ways{Segmentation::at_borders, Segmentation::octets,
                          Segmentation::coalesced};

/// The codes of all replies, as text: "220 250 250 354 250 221".
std::string codes(const Transcript& transcript) {
  std::string result;
  for (const TranscriptLine& line : transcript.lines) {
    if (line.kind != TranscriptLine::Kind::server) continue;
    if (!result.empty()) result += ' ';
    result += line.text;
  }
  return result;
}

bool is_conclusive(const Attempt& attempt) {
  return attempt.verdict != Verdict::blocked &&
         attempt.verdict != Verdict::skipped &&
         attempt.verdict != Verdict::error;
}

/// A reset takes replies with it that were under way.
bool was_reset(const Transcript& transcript) {
  return std::any_of(transcript.lines.begin(), transcript.lines.end(),
                     [](const TranscriptLine& line) {
                       return line.kind == TranscriptLine::Kind::event &&
                              line.text == describe(net::Ending::reset);
                     });
}

bool starts_tls(const scenario::Dialog& dialog) {
  return std::any_of(
      dialog.steps.begin(), dialog.steps.end(), [](const scenario::Step& step) {
        return std::holds_alternative<scenario::StartTls>(step);
      });
}

class Comparison {
 public:
  Comparison(const scenario::Test& test, const Target& target,
             const Waits& waits)
      : test_(test), target_(target), waits_(waits) {}

  awaitable<void> run(Result& result) {
    if (starts_tls(test_.row->dialog)) {
      result.verdict = Verdict::skipped;
      result.reason =
          "what comes near a handshake is dropped or not as it comes";
      co_return;
    }
    const Attempt written = co_await say(Segmentation::as_written);
    result.transcripts = {written.transcript};
    if (!is_conclusive(written)) {
      result.verdict = Verdict::skipped;
      result.reason = fmt::format("nothing to compare with: {}",
                                  to_string(written.verdict));
      co_return;
    }
    result.verdict = Verdict::passed;
    for (const Segmentation way : ways) {
      const bool differs = co_await differs_twice(way, written, result);
      if (differs) co_return;
    }
  }

 private:
  awaitable<Attempt> say(Segmentation way) {
    return attempt(test_, test_.row->dialog, target_, waits_, way);
  }

  awaitable<bool> differs_twice(Segmentation way, const Attempt& written,
                                Result& result) {
    const std::string wanted = codes(written.transcript);
    const Attempt first = co_await say(way);
    if (codes(first.transcript) == wanted) co_return false;
    const Attempt again = co_await say(Segmentation::as_written);
    const Attempt second = co_await say(way);
    if (codes(again.transcript) != wanted ||
        codes(second.transcript) != codes(first.transcript) ||
        was_reset(first.transcript) || was_reset(second.transcript)) {
      co_return false;
    }
    result.verdict = Verdict::failed;
    result.reason =
        fmt::format("the replies depend on TCP segments: {} as written, {} {}",
                    wanted, codes(first.transcript), to_string(way));
    result.transcripts.push_back(first.transcript);
    co_return true;
  }

  const scenario::Test& test_;
  const Target& target_;
  const Waits& waits_;
};

}  // namespace

awaitable<Result> compare_segmentations(const scenario::Test& test,
                                        const Target& target,
                                        const Waits& waits) {
  Result result;
  result.test = test;
  result.id = test.id() + "@segments";
  Comparison comparison(test, target, waits);
  co_await play_in_time(result, waits.deadline(waits.test),
                        comparison.run(result));
  co_return result;
}

}  // namespace smtpspec::play
