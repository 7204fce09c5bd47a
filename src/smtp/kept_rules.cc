// Rules on what a target must leave alone: our Received fields (RFC 5321
// section 4.4), the order of our fields (RFC 5322 section 3.6), header and body
// of mail that it relays (RFC 5321 section 3.6.3).
#include <fmt/format.h>

#include "base/text.h"
#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

/// Whether one of our fields stands there as we wrote it.
bool is_kept(const OurField& ours) {
  return ours.fate == Fate::same || ours.fate == Fate::refolded;
}

bool is_resent(const Field& field) {
  return base::starts_without_case(field.name, "Resent-");
}

Judgement received_on_top(const Delivered& delivered) {
  if (delivered.stamps.empty()) return std::nullopt;
  const auto lowest = delivered.stamps.back().at;
  for (std::size_t i = 0; i < delivered.ours.size(); ++i) {
    const Field& field = delivered.sent.fields[i];
    if (!is_kept(delivered.ours[i]) || delivered.ours[i].at > lowest ||
        field.name.empty() || field.is("Received") || field.is("Return-Path"))
      continue;
    return complain(
        fmt::format("our field {} stands above the Received field "
                    "that the target added",
                    field.name));
  }
  return std::nullopt;
}

/// The first two of our fields that `concerns` and that changed places.
template <class Concerns>
Judgement any_swap(const Delivered& delivered, Concerns concerns) {
  const auto& fields = delivered.sent.fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_kept(delivered.ours[i]) || fields[i].name.empty()) continue;
    for (std::size_t k = i + 1; k < fields.size(); ++k) {
      if (!is_kept(delivered.ours[k]) || fields[k].name.empty() ||
          delivered.ours[k].at > delivered.ours[i].at ||
          !concerns(fields[i], fields[k]))
        continue;
      return complain(
          fmt::format("our field {} stood above {}, and stands below "
                      "it now",
                      fields[i].name, fields[k].name));
    }
  }
  return std::nullopt;
}

Judgement received_order_kept(const Delivered& delivered) {
  for (std::size_t i = 0; i < delivered.ours.size(); ++i) {
    if (!delivered.sent.fields[i].is("Received") ||
        !is_kept(delivered.ours[i]) || delivered.stamps.empty())
      continue;
    if (delivered.ours[i].at < delivered.stamps.back().at)
      return complain("a new Received field stands below one that we sent");
  }
  return any_swap(delivered, [](const Field& a, const Field& b) {
    return a.is("Received") && b.is("Received");
  });
}

bool is_trace_or_resent(const Field& field) {
  return field.is("Received") || is_resent(field);
}

Judgement trace_order_kept(const Delivered& delivered) {
  // Received among themselves: the rule received-order-kept.
  return any_swap(delivered, [](const Field& a, const Field& b) {
    return is_trace_or_resent(a) && is_trace_or_resent(b) &&
           (is_resent(a) || is_resent(b));
  });
}

Judgement fields_in_order(const Delivered& delivered) {
  return any_swap(delivered, [](const Field& a, const Field& b) {
    return !(is_trace_or_resent(a) && is_trace_or_resent(b)) &&
           !a.is("Return-Path") && !b.is("Return-Path");
  });
}

std::string fate_of(const Field& field, const OurField& ours) {
  switch (ours.fate) {
    case Fate::gone:
      return fmt::format("our field {} is gone", field.name);
    case Fate::changed:
      return fmt::format("our field {} is changed", field.name);
    default:
      return fmt::format("our field {} is folded anew", field.name);
  }
}

/// The gravest that became of our fields that `concerns`.
template <class Concerns>
Judgement any_fate(const Delivered& delivered, bool is_noted,
                   Concerns concerns) {
  Judgement noted;
  for (std::size_t i = 0; i < delivered.ours.size(); ++i) {
    const Field& field = delivered.sent.fields[i];
    const OurField& ours = delivered.ours[i];
    if (ours.fate == Fate::same || !concerns(field)) continue;
    if (!is_noted && ours.fate != Fate::refolded)
      return complain(fate_of(field, ours));
    if (!noted) noted = note(fate_of(field, ours));
  }
  return noted;
}

Judgement received_kept(const Delivered& delivered) {
  return any_fate(delivered, delivered.facts.authenticated,
                  [](const Field& field) { return field.is("Received"); });
}

/// Where a target is no mere relay it may work on the message.
bool may_alter(const DeliveryFacts& facts) {
  return !facts.via_next_hop || facts.authenticated;
}

Judgement fields_kept(const Delivered& delivered) {
  return any_fate(delivered, may_alter(delivered.facts),
                  [](const Field& field) {
                    return !field.name.empty() && !field.is("Received") &&
                           !field.is("Return-Path");
                  });
}

Judgement body_kept(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (facts.is_generated) return std::nullopt;
  const auto change =
      body_changes(delivered.sent, delivered.arrived, facts.final_delivery);
  if (!change) return std::nullopt;
  return complain_or_note(may_alter(facts), change->text());
}

constexpr DeliveryRule rules[] = {
    {"received-on-top", received_on_top},
    {"received-order-kept", received_order_kept},
    {"received-kept", received_kept},
    {"trace-order-kept", trace_order_kept},
    {"fields-in-order", fields_in_order},
    {"fields-kept", fields_kept},
    {"body-kept", body_kept},
};

}  // namespace

std::span<const DeliveryRule> kept_rules() { return rules; }

}  // namespace smtpspec::smtp
