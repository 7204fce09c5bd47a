// Rules on a delivered message: the trace information of RFC 5321 section 4.4,
// the header fields that a target adds, what it must leave alone, and the mail
// that it writes itself. Each rule is the claim of one scenario, whose clause
// says its level. A rule that does not apply to the facts says nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "smtp/delivered.h"
#include "smtp/reply_rules.h"

namespace smtpspec::smtp {

struct DeliveryRule {
  std::string_view name;
  std::optional<Complaint> (*judge)(const Delivered&);
};

std::span<const DeliveryRule> delivery_rules();
/// nullptr if there is none.
const DeliveryRule* find_delivery_rule(std::string_view name);

/// The Message-ID with its brackets, for the comparison of two messages (RFC
/// 5322 section 3.6.4); empty: there is none of the form <x@y>.
std::string message_id(const Message& message);

}  // namespace smtpspec::smtp
