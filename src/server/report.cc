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
    case Action::expanded: return "expanded";
  }
  return "failed";
}

std::string_view sentence_of(Action action) {
  switch (action) {
    case Action::failed: return "Your mail could not be delivered to";
    case Action::delivered: return "Your mail was delivered to";
    case Action::relayed: return "Your mail went on, with no more reports, to";
    case Action::expanded: return "Your mail went to all that this stands for:";
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

std::string human_part(const std::vector<RecipientReport>& reports,
                       const FlawSet& flaws) {
  std::string text = "This is the mail system of " + std::string(host_name) +
                     ".\r\n";
  if (flaws.contains("report-bare-lf"_flaw)) text += "Bad news\n follow.\r\n";
  if (flaws.contains("report-long-line"_flaw)) {
    for (int i = 0; i < 200; ++i) text += "sorry ";
    text += "\r\n";
  }
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
                        const Types& types, const FlawSet& flaws) {
  std::string text;
  if (!flaws.contains("report-without-mta"_flaw))
    text = fmt::format("Reporting-MTA: dns; {}\r\n", host_name);
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

std::string multipart_type(const std::string& boundary) {
  return fmt::format(
      "multipart/report; report-type=delivery-status;\r\n\tboundary=\"{}\"",
      boundary);
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

/// With its CRLF; with a flaw another date, or none.
std::string date_field(const ReportOrigin& origin) {
  std::string date = date_time(origin.time);
  if (origin.flaws.contains("report-without-date"_flaw)) return "";
  if (origin.flaws.contains("report-two-digit-year"_flaw))
    date = two_digit_date_time(origin.time);
  if (origin.flaws.contains("report-impossible-date"_flaw))
    date = impossible_date_time(origin.time);
  return "Date: " + date + "\r\n";
}

std::string message_id_field(const ReportOrigin& origin) {
  if (origin.flaws.contains("report-without-message-id"_flaw)) return "";
  const auto serial = origin.time.time_since_epoch().count();
  const auto left = origin.flaws.contains("report-message-id-repeated"_flaw)
                        ? std::string("report")
                        : fmt::format("report.{}.{}", origin.number, serial);
  return fmt::format("Message-ID: <{}@{}>\r\n", left, host_name);
}

std::string header_for(const Message& message, Action action,
                       const ReportOrigin& origin) {
  return fmt::format(
      "{}"
      "From: Mail Delivery System <postmaster@{}>\r\n"
      "To: <{}>\r\n"
      "{}"
      "Subject: Delivery status: {}\r\n"
      "Auto-Submitted: auto-replied\r\n"
      "MIME-Version: 1.0\r\n",
      date_field(origin), mail_domain, message.sender,
      message_id_field(origin), name_of(action));
}

}  // namespace

Message report_on(const Message& message,
                  const std::vector<RecipientReport>& reports,
                  const ReportOrigin& origin) {
  const Types types = message.options.is_utf8 ? global_types : Types{};
  const Action action = reports.front().action;
  bool is_whole = false;
  const auto returned = returned_part(message, action, is_whole);
  const std::string human = human_part(reports, origin.flaws);
  const std::string status = status_part(message, reports, types, origin.flaws);
  const bool is_ascii = !has_non_ascii(human) && !has_non_ascii(status) &&
                        !has_non_ascii(returned);
  const auto boundary =
      boundary_for(human + status + std::string(returned), origin.number);

  Message result;
  if (origin.flaws.contains("dsn-sender-not-null"_flaw))
    result.sender = "postmaster@example.test";
  const std::string human_type =
      is_ascii ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8";
  const bool is_plain = origin.flaws.contains("report-plain-text"_flaw);
  result.octets = header_for(message, action, origin) + "Content-Type: " +
                  (is_plain ? human_type : multipart_type(boundary)) + "\r\n";
  if (!is_ascii) result.octets += "Content-Transfer-Encoding: 8bit\r\n";
  result.octets += "\r\n";
  if (is_plain) {
    result.octets += human + "\r\n" + std::string(returned);
  } else {
    result.octets += part(boundary, human_type, human, is_ascii) +
                     part(boundary, types.status, status, is_ascii) +
                     part(boundary, is_whole ? types.message : types.header,
                          returned, is_ascii) +
                     "--" + boundary + "--\r\n";
  }
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
