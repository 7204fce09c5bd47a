#include "server/report.h"

#include <fmt/format.h>

#include "server/address.h"
#include "server/content.h"
#include "server/trace.h"
#include "server/xtext.h"

namespace smtpspec::server {

namespace {

std::string_view name_of(Action action) {
  switch (action) {
    case Action::failed: return "failed";
    case Action::delivered: return "delivered";
    case Action::relayed: return "relayed";
  }
  return "failed";
}

std::string_view sentence_of(Action action) {
  switch (action) {
    case Action::failed: return "Your mail could not be delivered to";
    case Action::delivered: return "Your mail was delivered to";
    case Action::relayed: return "Your mail went on, with no more reports, to";
  }
  return "";
}

/// The names of types that RFC 6533 gives other ones.
struct Types {
  std::string_view status = "message/delivery-status";
  std::string_view header = "text/rfc822-headers";
  std::string_view message = "message/rfc822";
  std::string_view address = "rfc822";
};

constexpr Types global_types = {"message/global-delivery-status",
                                "message/global-headers", "message/global",
                                "utf-8"};

std::string human_part(const std::vector<RecipientReport>& reports) {
  std::string text = "This is the mail system of " + std::string(host_name) +
                     ".\r\n";
  for (const RecipientReport& report : reports) {
    text += fmt::format("\r\n{}\r\n  <{}>\r\n", sentence_of(report.action),
                        report.recipient.address);
    if (!report.diagnostic.empty())
      text += "  " + report.diagnostic + "\r\n";
  }
  return text;
}

/// RFC 3464 section 2: fields of the message, then groups for the recipients.
std::string status_part(const Message& message,
                        const std::vector<RecipientReport>& reports,
                        const Types& types) {
  std::string text = fmt::format("Reporting-MTA: dns; {}\r\n", host_name);
  const auto& envelope_id = message.options.envelope_id;
  if (const auto id = decode_xtext(envelope_id); id && !id->empty())
    text += "Original-Envelope-Id: " + *id + "\r\n";
  for (const RecipientReport& report : reports) {
    text += "\r\n";
    const auto& original = report.recipient.original;
    const auto semicolon = original.find(';');
    if (semicolon != std::string::npos) {
      const auto address = original.substr(semicolon + 1);
      text += fmt::format("Original-Recipient: {}; {}\r\n",
                          original.substr(0, semicolon),
                          decode_xtext(address).value_or(address));
    }
    text += fmt::format("Final-Recipient: {}; {}\r\nAction: {}\r\nStatus: {}\r\n",
                        types.address, report.recipient.address,
                        name_of(report.action), report.status);
    if (!report.remote_host.empty())
      text += "Remote-MTA: dns; " + report.remote_host + "\r\n";
    if (!report.diagnostic.empty())
      text += "Diagnostic-Code: smtp; " + report.diagnostic + "\r\n";
  }
  return text;
}

bool has_only_line_ends(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return false;
    const bool is_pair = text.substr(i, 2) == "\r\n";
    if ((text[i] == '\r' || text[i] == '\n') && !is_pair) return false;
    if (is_pair) ++i;
  }
  return true;
}

/// What comes back: all on request, where that is text, else the header (RFC
/// 3461 sections 4.3 and 6.2). `is_whole` tells which.
std::string_view returned_part(const Message& message, Action action,
                               bool& is_whole) {
  is_whole = action == Action::failed && message.options.returned == "FULL" &&
             has_only_line_ends(message.octets);
  return is_whole ? std::string_view(message.octets)
                  : header_of(message.octets);
}

/// No line of `text` begins with it.
std::string boundary_for(std::string_view text, std::uint64_t number) {
  std::string boundary = fmt::format("=_{}_report", number);
  while (text.find(boundary) != std::string_view::npos) boundary += "_";
  return boundary;
}

std::string part(const std::string& boundary, std::string_view type,
                 std::string_view text, bool is_ascii) {
  std::string result =
      fmt::format("--{}\r\nContent-Type: {}\r\n", boundary, type);
  if (!is_ascii) result += "Content-Transfer-Encoding: 8bit\r\n";
  result += "\r\n";
  result += text;
  return result + (text.ends_with("\r\n") ? "\r\n" : "\r\n\r\n");
}

std::string header_for(const Message& message, Action action,
                       const ReportOrigin& origin,
                       const std::string& boundary) {
  const auto serial = origin.time.time_since_epoch().count();
  return fmt::format(
      "Date: {}\r\n"
      "From: Mail Delivery System <postmaster@{}>\r\n"
      "To: <{}>\r\n"
      "Message-ID: <report.{}.{}@{}>\r\n"
      "Subject: Delivery status: {}\r\n"
      "Auto-Submitted: auto-replied\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: multipart/report; report-type=delivery-status;\r\n"
      "\tboundary=\"{}\"\r\n",
      date_time(origin.time), mail_domain, message.sender, origin.number,
      serial, host_name, name_of(action), boundary);
}

}  // namespace

Message report_on(const Message& message,
                  const std::vector<RecipientReport>& reports,
                  const ReportOrigin& origin) {
  const Types types = message.options.is_utf8 ? global_types : Types{};
  const Action action = reports.front().action;
  bool is_whole = false;
  const auto returned = returned_part(message, action, is_whole);
  const std::string human = human_part(reports);
  const std::string status = status_part(message, reports, types);
  const bool is_ascii = !has_non_ascii(human) && !has_non_ascii(status) &&
                        !has_non_ascii(returned);
  const auto boundary =
      boundary_for(human + status + std::string(returned), origin.number);

  Message result;
  if (origin.is_answerable) result.sender = "postmaster@example.test";
  result.octets = header_for(message, action, origin, boundary);
  if (!is_ascii) result.octets += "Content-Transfer-Encoding: 8bit\r\n";
  const std::string human_type =
      is_ascii ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8";
  result.octets += "\r\n" + part(boundary, human_type, human, is_ascii) +
                   part(boundary, types.status, status, is_ascii) +
                   part(boundary, is_whole ? types.message : types.header,
                        returned, is_ascii) +
                   "--" + boundary + "--\r\n";
  Recipient back;
  back.address = message.sender;
  const auto at = message.sender.rfind('@');
  back.is_relayed = !is_own_name(message.sender.substr(at + 1));
  result.is_relayed = back.is_relayed;
  result.recipients = {std::move(back)};
  result.options.is_eight_bit = !is_ascii;
  result.options.is_utf8 = message.options.is_utf8;
  if (!result.is_relayed)
    result.octets = "Return-Path: <" + result.sender + ">\r\n" + result.octets;
  return result;
}

}  // namespace smtpspec::server
