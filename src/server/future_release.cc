// HOLDFOR and HOLDUNTIL at MAIL: a message that is to wait (RFC 4865).
#include <algorithm>
#include <charconv>
#include <regex>
#include <string>

#include "base/text.h"
#include "server/content.h"
#include "server/parameter_table.h"

namespace smtpspec::server {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

/// Octets that may be held; a single message at a time is looked at.
constexpr std::uint64_t hold_quota = size_limit / 2;

/// Section 4.2: 501 and 5.5.4.
Reply refuse(std::string_view what, const FlawSet& flaws) {
  const bool is_other_code =
      flaws.contains("futurerelease-refused-by-554"_flaw);
  const bool is_other_detail =
      flaws.contains("futurerelease-wrong-detail"_flaw);
  return {is_other_code ? 554 : 501,
          is_other_detail ? "5.5.2" : "5.5.4",
          {std::string(what)}};
}

/// future-release-integer of section 3: 1 to 999999999.
std::optional<seconds> parse_interval(std::string_view text) {
  const bool is_number = !text.empty() && text.size() <= 9 &&
                         text.front() != '0' &&
                         std::all_of(text.begin(), text.end(), base::is_digit);
  if (!is_number) return std::nullopt;
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return seconds(number);
}

/// date-time of RFC 3339 section 5.6, in UTC. Parts of a second are dropped.
std::optional<sys_seconds> parse_date_time(std::string_view text) {
  static const std::regex form(
      "([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
      "([.][0-9]+)?(Z|[+-]00:00)",
      std::regex::icase);
  const std::string value(text);
  std::smatch match;
  if (!std::regex_match(value, match, form)) return std::nullopt;
  const auto part = [&](std::size_t i) { return std::stoi(match[i].str()); };
  const std::chrono::year_month_day date(
      std::chrono::year(part(1)),
      std::chrono::month(static_cast<unsigned>(part(2))),
      std::chrono::day(static_cast<unsigned>(part(3))));
  // The second 60 is a leap second.
  if (!date.ok() || part(4) > 23 || part(5) > 59 || part(6) > 60)
    return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(part(4)) +
         std::chrono::minutes(part(5)) + seconds(part(6));
}

/// Section 4.2 (9): one of the two, once.
Outcome second_hold(const FlawSet& flaws, const MailParameters& result) {
  const bool is_second = result.hold_for || result.hold_until;
  if (!is_second || flaws.contains("futurerelease-twice-accepted"_flaw))
    return std::nullopt;
  return refuse("HOLDFOR or HOLDUNTIL is wanted, once", flaws);
}

}  // namespace

Outcome take_hold_for(const Parameter& parameter, const FlawSet& flaws,
                      MailParameters& result) {
  if (auto refusal = second_hold(flaws, result)) return refusal;
  const auto interval = parse_interval(parameter.value.value_or(""));
  result.hold_for = interval.value_or(seconds(1));
  if (!interval) {
    if (flaws.contains("futurerelease-malformed-accepted"_flaw))
      return std::nullopt;
    return refuse("HOLDFOR takes a number of seconds", flaws);
  }
  if (*interval == longest_hold &&
      flaws.contains("futurerelease-maximum-refused"_flaw)) {
    return refuse("HOLDFOR is too long", flaws);
  }
  if (*interval <= longest_hold ||
      flaws.contains("futurerelease-maximum-unchecked"_flaw)) {
    return std::nullopt;
  }
  return refuse("HOLDFOR is too long", flaws);
}

Outcome take_hold_until(const Parameter& parameter, const FlawSet& flaws,
                        MailParameters& result) {
  if (auto refusal = second_hold(flaws, result)) return refusal;
  const auto release = parse_date_time(parameter.value.value_or(""));
  result.hold_until = release.value_or(sys_seconds());
  if (!release) {
    if (flaws.contains("futurerelease-malformed-accepted"_flaw))
      return std::nullopt;
    return refuse("HOLDUNTIL takes a date and time in UTC", flaws);
  }
  if (*release == latest_release &&
      flaws.contains("futurerelease-maximum-refused"_flaw)) {
    return refuse("HOLDUNTIL is too late", flaws);
  }
  if (*release <= latest_release ||
      flaws.contains("futurerelease-maximum-unchecked"_flaw)) {
    return std::nullopt;
  }
  return refuse("HOLDUNTIL is too late", flaws);
}

std::optional<Reply> hold_refusal(const MailParameters& parameters,
                                  std::chrono::system_clock::time_point now,
                                  const FlawSet& flaws) {
  if (!parameters.hold_for && !parameters.hold_until) return std::nullopt;
  const auto today = std::chrono::floor<seconds>(now);
  const auto release = parameters.hold_for ? today + *parameters.hold_for
                                           : *parameters.hold_until;
  if (parameters.by && release > today + *parameters.by &&
      !flaws.contains("futurerelease-beyond-deadline-accepted"_flaw)) {
    return refuse("BY is before the release", flaws);
  }
  if (parameters.size.value_or(0) <= hold_quota) return std::nullopt;
  if (flaws.contains("futurerelease-quota-550"_flaw))
    return Reply{550, "5.7.1", {"Refused"}};
  return Reply{552, "5.7.16", {"There is no room to hold it for you"}};
}

}  // namespace smtpspec::server
