#include "play/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/escape.h"
#include "play/mann_whitney.h"

namespace smtpspec::play {
namespace {

constexpr double rare = 1e-4;
constexpr double least_difference = 5;  // ms
constexpr double least_share = 0.1;
constexpr double delay_of_note = 500;  // ms

/// Octets of a reply shown in a finding.
constexpr std::size_t shown_octets = 160;

/// In ms.
std::vector<double> values(const Times& times) {
  std::vector<double> result;
  for (const auto time : times)
    result.push_back(std::chrono::duration<double, std::milli>(time).count());
  return result;
}

/// Of the two in the middle the mean. There is at least one.
double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
}

bool all_equal(const std::vector<std::string>& texts) {
  return std::adjacent_find(texts.begin(), texts.end(),
                            std::not_equal_to<>()) == texts.end();
}

std::string quoted(const std::string& reply) {
  const auto end = reply.find_last_not_of("\r\n");
  return fmt::format(
      "\"{}\"", base::escape_up_to(reply.substr(0, end + 1), shown_octets));
}

/// What delays there are; empty: none of note. One reply that was late by chance
/// is none.
std::string delays(const Times& waits) {
  auto all = values(waits);
  if (all.size() < 3) return "";
  std::sort(all.begin(), all.end());
  const double slow = all[all.size() - 2];
  if (slow - all[1] >= delay_of_note) {
    return fmt::format(
        "the replies to wrong passwords slow down from {:.1f} ms to {:.1f} ms",
        all.front(), all.back());
  }
  if (median(all) < delay_of_note) return "";
  return fmt::format("each wrong password is answered after {:.1f} ms (median)",
                     median(all));
}

}  // namespace

Finding compare_times(const Times& of_dialog, const Times& of_against) {
  const auto a = values(of_dialog);
  const auto b = values(of_against);
  if (a.empty() || b.empty()) return {Verdict::blocked, "nothing was measured"};
  const double chance = mann_whitney(a, b);
  const double faster = std::min(median(a), median(b));
  const double difference = std::max(median(a), median(b)) - faster;
  const bool differs =
      chance < rare &&
      difference > std::max(least_difference, least_share * faster);
  return {differs ? Verdict::noted : Verdict::passed,
          fmt::format("the last reply of 'dialog' takes {:.1f} ms, that of "
                      "'against' {:.1f} ms (medians of {} and {}; "
                      "Mann-Whitney p = {:.2g})",
                      median(a), median(b), a.size(), b.size(), chance)};
}

Finding compare_replies(const std::vector<std::string>& of_dialog,
                        const std::vector<std::string>& of_against) {
  if (of_dialog.empty() || of_against.empty())
    return {Verdict::blocked, "nothing was answered"};
  if (!all_equal(of_dialog) || !all_equal(of_against)) {
    return {Verdict::blocked,
            "the replies change from session to session, whoever logs in"};
  }
  const auto& a = of_dialog.front();
  const auto& b = of_against.front();
  if (a == b) return {Verdict::passed, "both are answered by " + quoted(a)};
  return {Verdict::noted,
          fmt::format("'dialog' is answered by {}, 'against' by {}", quoted(a),
                      quoted(b))};
}

Finding judge_repeats(const std::vector<std::string>& drawn) {
  if (drawn.size() < 2)
    return {Verdict::blocked, "there are no two that could be alike"};
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto first = static_cast<std::size_t>(
        std::find(drawn.begin(), drawn.end(), drawn[i]) - drawn.begin());
    if (first == i) continue;
    return {Verdict::noted,
            fmt::format("of {} the {}. came as the {}. again: {}", drawn.size(),
                        first + 1, i + 1, quoted(drawn[i]))};
  }
  return {Verdict::passed,
          fmt::format("{} were drawn, no two alike", drawn.size())};
}

Finding compare_lists(const std::string& what, const std::string& here,
                      const std::set<std::string>& of_here,
                      const std::string& there,
                      const std::set<std::string>& of_there) {
  const auto alone = [](const auto& all, const auto& others) {
    std::vector<std::string> words;
    for (const std::string& word : all)
      if (!others.contains(word)) words.push_back(base::escape(word));
    return words;
  };
  const auto only_here = alone(of_here, of_there);
  const auto only_there = alone(of_there, of_here);
  std::string text;
  if (!only_here.empty())
    text = fmt::format("at {} alone: {}", here, fmt::join(only_here, " "));
  if (!only_there.empty()) {
    text += fmt::format("{}at {} alone: {}", text.empty() ? "" : "; ", there,
                        fmt::join(only_there, " "));
  }
  if (!text.empty()) return {Verdict::noted, what + " " + text};
  return {Verdict::passed,
          fmt::format("{} at {} and {} alike", what, here, there)};
}

Finding judge_guesses(const Guesses& guesses) {
  std::string seen = delays(guesses.waits);
  if (!guesses.hindrances.empty()) {
    if (!seen.empty()) seen += "; ";
    seen += guesses.hindrances.front();
    if (guesses.hindrances.size() > 1)
      seen += fmt::format(", and {} more", guesses.hindrances.size() - 1);
  }
  if (!guesses.lock.empty()) {
    if (!seen.empty()) seen += "; ";
    return {Verdict::noted,
            fmt::format(
                "{}after {} wrong passwords the right one is refused: {}: "
                "whoever knows a user's name can keep him out",
                seen, guesses.said, guesses.lock)};
  }
  if (!seen.empty())
    return {Verdict::passed, seen + "; then the right one logs in"};
  return {Verdict::noted,
          fmt::format("{} wrong passwords in a row met no delay, no 421, no "
                      "close and no lock",
                      guesses.said)};
}

}  // namespace smtpspec::play
