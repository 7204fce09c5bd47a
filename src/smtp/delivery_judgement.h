// What the rules on delivered messages share; for the *_rules.cc of this folder
// only.
#pragma once

#include <span>

#include "smtp/judgement.h"
#include "smtp/trace_rules.h"

namespace smtpspec::smtp {

inline Judgement complain_or_note(bool is_noted, std::string text) {
  return Complaint{std::move(text), is_noted};
}

inline const Field& added_field(const Delivered& delivered, std::size_t at) {
  return delivered.arrived.fields[at];
}

/// The first complaint of `judge` about an added field, if it is one.
template <class JudgeField>
Judgement any_added(const Delivered& delivered, JudgeField judge) {
  for (const std::size_t at : delivered.added)
    if (Judgement complaint = judge(added_field(delivered, at)))
      return complaint;
  return std::nullopt;
}

/// The gravest answer of `judge` to the added Received fields. What it says of
/// a field above the hop that took our mail is a note: filters inside the
/// target need not speak SMTP.
template <class JudgeStamp>
Judgement any_stamp(const Delivered& delivered, JudgeStamp judge) {
  if (delivered.hop())
    if (Judgement complaint = judge(*delivered.hop())) return complaint;
  for (const AddedStamp& added : delivered.stamps) {
    if (&added.stamp == delivered.hop()) continue;
    if (Judgement complaint = judge(added.stamp))
      return note("another added Received field: " + complaint->text);
  }
  return std::nullopt;
}

std::span<const DeliveryRule> received_rules();
std::span<const DeliveryRule> date_rules();
std::span<const DeliveryRule> protocol_rules();
std::span<const DeliveryRule> added_rules();
std::span<const DeliveryRule> kept_rules();
std::span<const DeliveryRule> generated_rules();

}  // namespace smtpspec::smtp
