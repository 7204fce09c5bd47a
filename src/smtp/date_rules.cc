// Rules on the dates that a target writes (RFC 5321 sections 4.4 and F.5, RFC
// 5322 section 3.3).
#include <fmt/format.h>

#include "base/text.h"
#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

template <class JudgeDate>
Judgement any_received_date(const Delivered& delivered, JudgeDate judge) {
  for (const AddedStamp& added : delivered.stamps)
    if (added.stamp.date)
      if (Judgement complaint = judge(*added.stamp.date)) return complaint;
  return std::nullopt;
}

/// The added Received fields and an added Date.
template <class JudgeDate>
Judgement any_date(const Delivered& delivered, JudgeDate judge) {
  if (Judgement complaint = any_received_date(delivered, judge))
    return complaint;
  return any_added(delivered, [&](const Field& field) -> Judgement {
    if (!field.is("Date")) return std::nullopt;
    const auto date = parse_date_time(field.unfolded());
    return date ? judge(*date) : std::nullopt;
  });
}

Judgement is_date(const Stamp& stamp) {
  if (stamp.semicolons == 0)
    return complain("a Received field has no semicolon before its date");
  if (!stamp.date)
    return complain("a Received field does not end in a date-time");
  const DateTime& date = *stamp.date;
  if (date.zone.empty())
    return complain("the date of a Received field has no zone");
  if (date.has_numeric_zone() && date.zone.size() != 5)
    return complain("the zone of a Received field has not four digits");
  // A name behind the offset: the rule received-zone-comment.
  if (!date.rest.empty() && !base::is_alpha(date.rest.front()))
    return complain("something stands behind the date of a Received field");
  return std::nullopt;
}

Judgement received_date(const Delivered& delivered) {
  for (const AddedStamp& added : delivered.stamps)
    if (Judgement complaint = is_date(added.stamp)) return complaint;
  return std::nullopt;
}

Judgement received_four_digit_year(const Delivered& delivered) {
  return any_received_date(delivered, [](const DateTime& date) -> Judgement {
    if (date.year_digits < 4)
      return complain(fmt::format("the year of a Received field has {} digits",
                                  date.year_digits));
    if (date.is_obsolete_layout)
      return complain(
          "a comment or space stands inside the date of a Received "
          "field where only the obs- forms have it");
    return std::nullopt;
  });
}

Judgement received_numeric_zone(const Delivered& delivered) {
  return any_received_date(delivered, [](const DateTime& date) -> Judgement {
    if (date.zone.empty() || date.has_numeric_zone()) return std::nullopt;
    return complain(
        fmt::format("the zone of a Received field is the name {}, "
                    "not an offset",
                    date.zone));
  });
}

Judgement received_zone_comment(const Delivered& delivered) {
  return any_received_date(delivered, [](const DateTime& date) -> Judgement {
    if (!date.has_numeric_zone() || date.rest.empty() ||
        !base::is_alpha(date.rest.front()))
      return std::nullopt;
    return complain(
        fmt::format("the zone name {} stands outside a comment", date.rest));
  });
}

Judgement received_local_time(const Delivered& delivered) {
  const Stamp* hop = delivered.hop();
  if (!hop || !hop->date || hop->date->zone != "+0000") return std::nullopt;
  return note("the Received field gives the time in UT");
}

Judgement dates_valid(const Delivered& delivered) {
  const auto complaint =
      any_date(delivered, [](const DateTime& date) -> Judgement {
        const auto why = date.impossibility();
        if (why.empty()) return std::nullopt;
        return complain("a date of the target cannot be: " + why);
      });
  if (complaint) return complaint;
  return any_added(delivered, [](const Field& field) -> Judgement {
    if (!field.is("Date") || parse_date_time(field.unfolded()))
      return std::nullopt;
    return complain("the Date that the target added is no date-time");
  });
}

Judgement dates_zone(const Delivered& delivered) {
  return any_date(delivered, [](const DateTime& date) -> Judgement {
    if (date.zone != "-0000") return std::nullopt;
    return note("a date has the zone -0000: local zone not known");
  });
}

Judgement added_date_year(const Delivered& delivered) {
  return any_added(delivered, [](const Field& field) -> Judgement {
    if (!field.is("Date")) return std::nullopt;
    const auto date = parse_date_time(field.unfolded());
    if (!date || date->year_digits >= 4) return std::nullopt;
    return complain(
        fmt::format("the year of the Date that the target wrote has "
                    "{} digits",
                    date->year_digits));
  });
}

constexpr DeliveryRule rules[] = {
    {"received-date", received_date},
    {"received-four-digit-year", received_four_digit_year},
    {"received-numeric-zone", received_numeric_zone},
    {"received-zone-comment", received_zone_comment},
    {"received-local-time", received_local_time},
    {"dates-valid", dates_valid},
    {"dates-zone", dates_zone},
    {"added-date-year", added_date_year},
};

}  // namespace

std::span<const DeliveryRule> date_rules() { return rules; }

}  // namespace smtpspec::smtp
