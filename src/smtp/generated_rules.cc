// Rules on mail that a target writes itself: delivery status notifications (RFC
// 5321 section 3.6.3, RFC 3464), RFC 5322 sections 2.3 and 3.6.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

bool is_status(const Part& part) {
  return part.type == "message/delivery-status" ||
         part.type == "message/global-delivery-status";
}

Judgement dsn_format(const Delivered& delivered) {
  if (!delivered.facts.is_generated) return std::nullopt;
  const Message& report = delivered.arrived;
  if (media_type(report) != "multipart/report")
    return complain(
        fmt::format("the notification is of type {}, not "
                    "multipart/report",
                    media_type(report)));
  const auto kind = type_parameter(report, "report-type");
  if (!base::equal_without_case(kind, "delivery-status"))
    return complain(
        fmt::format("the report-type is \"{}\", not "
                    "delivery-status",
                    kind));
  if (std::ranges::none_of(parts_of(report), is_status))
    return complain("the notification has no part message/delivery-status");
  return std::nullopt;
}

/// The name behind "dns;"; the whole text if there is no type.
std::string name_of_mta(const Field& field) {
  const auto text = field.unfolded();
  const auto semicolon = text.find(';');
  const auto name =
      semicolon == std::string::npos ? text : text.substr(semicolon + 1);
  const auto words = base::words(name);
  return words.empty() ? std::string{} : std::string(words.front());
}

Judgement dsn_reporting_mta(const Delivered& delivered) {
  if (!delivered.facts.is_generated) return std::nullopt;
  const auto parts = parts_of(delivered.arrived);
  const auto status = std::ranges::find_if(parts, is_status);
  if (status == parts.end()) return std::nullopt;
  const auto fields = parse_message(status->content);
  const Field* mta = find_field(fields, "Reporting-MTA");
  if (!mta || name_of_mta(*mta).empty())
    return complain("the notification names no Reporting-MTA");
  const auto name = name_of_mta(*mta);
  const auto& known = delivered.facts.target_names;
  const bool is_target =
      known.empty() || std::ranges::any_of(known, [&](const auto& other) {
        return base::equal_without_case(name, other);
      });
  if (is_target) return std::nullopt;
  // It may name the hop that failed.
  return note(fmt::format("Reporting-MTA is {}, not the target", name));
}

Judgement generated_date_from(const Delivered& delivered) {
  if (!delivered.facts.is_generated) return std::nullopt;
  for (const auto* name : {"Date", "From"}) {
    const auto count = count_fields(delivered.arrived, name);
    if (count != 1)
      return complain(
          fmt::format("the notification has {} {} fields", count, name));
  }
  return std::nullopt;
}

Judgement generated_message_id(const Delivered& delivered) {
  if (!delivered.facts.is_generated) return std::nullopt;
  const Field* id = find_field(delivered.arrived, "Message-ID");
  if (!id) return complain("the notification has no Message-ID");
  if (!message_id(delivered.arrived).empty()) return std::nullopt;
  return complain(fmt::format("the Message-ID of the notification is \"{}\"",
                              id->unfolded()));
}

Judgement generated_message_id_unique(const Delivered& delivered) {
  if (!delivered.facts.is_generated) return std::nullopt;
  const auto id = message_id(delivered.arrived);
  if (id.empty()) return std::nullopt;
  for (const std::string& octets : delivered.facts.other_reports) {
    const Message other = parse_message(octets);
    // One report may arrive twice.
    if (message_id(other) == id && other.body != delivered.arrived.body)
      return complain(
          fmt::format("two notifications have the Message-ID {}", id));
  }
  return std::nullopt;
}

Judgement generated_line_ends(const Delivered& delivered) {
  // What a mailbox keeps says nothing of line ends.
  if (!delivered.facts.is_generated || delivered.facts.final_delivery)
    return std::nullopt;
  for (const Part& part : parts_of(delivered.arrived)) {
    // The returned mail may hold what we sent.
    if (part.type != "text/plain" && !is_status(part)) continue;
    for (std::size_t at = 0; at < part.content.size(); ++at) {
      const char c = part.content[at];
      if (c == '\r' && part.content.substr(at, 2) == "\r\n") {
        ++at;
      } else if (c == '\r' || c == '\n') {
        return complain(fmt::format("the notification holds a lone {}",
                                    c == '\r' ? "CR" : "LF"));
      }
    }
  }
  return std::nullopt;
}

constexpr DeliveryRule rules[] = {
    {"dsn-format", dsn_format},
    {"dsn-reporting-mta", dsn_reporting_mta},
    {"generated-date-from", generated_date_from},
    {"generated-message-id", generated_message_id},
    {"generated-message-id-unique", generated_message_id_unique},
    {"generated-line-ends", generated_line_ends},
};

}  // namespace

std::span<const DeliveryRule> generated_rules() { return rules; }

std::string message_id(const Message& message) {
  const Field* field = find_field(message, "Message-ID");
  if (!field) return {};
  const auto text = field->unfolded();
  const auto at = text.find('@');
  const bool is_id = text.size() > 4 && text.starts_with('<') &&
                     text.ends_with('>') && at != std::string::npos && at > 1 &&
                     at + 2 < text.size() &&
                     text.find_first_of(" \t") == std::string::npos;
  return is_id ? text : std::string{};
}

}  // namespace smtpspec::smtp
