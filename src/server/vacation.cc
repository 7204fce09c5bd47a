#include "server/vacation.h"

#include <fmt/format.h>

#include "base/text.h"
#include "server/address.h"
#include "server/alterations.h"
#include "server/content.h"
#include "server/trace.h"

namespace smtpspec::server {
namespace {

/// A field's body without the white space and line ends around it.
std::string_view text_of(const Message& message, std::string_view field) {
  auto body = field_body(message.octets, field);
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  return base::trim(body);
}

bool is_from_a_machine(const Message& message) {
  const auto kind = text_of(message, "Auto-Submitted");
  return !kind.empty() && !base::equal_without_case(kind, "no");
}

/// Whom to answer; empty: nobody.
std::string correspondent(const Message& message, const FlawSet& flaws) {
  if (!message.sender.empty()) return message.sender;
  if (!flaws.contains("vacation-answers-null-sender"_flaw)) return "";
  const auto named = addresses_in(message.octets, "From");
  return named.empty() ? "" : named.front();
}

}  // namespace

std::optional<Message> vacation_reply(const Message& message,
                                      const ReportOrigin& origin) {
  const std::string address = correspondent(message, origin.flaws);
  if (address.empty() || is_from_a_machine(message)) return std::nullopt;
  Message reply;
  reply.octets = fmt::format(
      "Date: {}\r\n"
      "From: <{}@{}>\r\n"
      "To: <{}>\r\n"
      "Message-ID: <away.{}.{}@{}>\r\n"
      "Subject: Auto: {}\r\n"
      "Auto-Submitted: auto-replied\r\n"
      "\r\n"
      "I am away. A machine wrote this.\r\n",
      date_time(origin.time), away_mailbox, mail_domain, address,
      origin.number, origin.time.time_since_epoch().count(), host_name,
      text_of(message, "Subject"));
  Recipient back;
  back.address = address;
  back.is_relayed = !is_own_name(address.substr(address.rfind('@') + 1));
  reply.is_relayed = back.is_relayed;
  if (!reply.is_relayed) reply.octets = "Return-Path: <>\r\n" + reply.octets;
  reply.recipients = {std::move(back)};
  return reply;
}

}  // namespace smtpspec::server
