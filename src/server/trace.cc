#include "server/trace.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace smtpspec::server {

namespace {

std::string from_clause(const TraceFacts& facts, const FlawSet& flaws) {
  if (flaws.contains("received-without-from"_flaw)) return "";
  if (flaws.contains("received-without-client"_flaw)) return "from unknown";
  if (flaws.contains("received-without-address"_flaw))
    return "from " + facts.client_name;
  const bool believes = facts.client_name.starts_with('[') &&
                        flaws.contains("received-names-ehlo-address"_flaw);
  return fmt::format("from {} ({})", facts.client_name,
                     believes ? facts.client_name : facts.client_literal);
}

std::string by_and_with(const TraceFacts& facts, const FlawSet& flaws) {
  std::string by = "by " + std::string(host_name);
  const std::string with = "with " + facts.protocol;
  if (flaws.contains("received-without-by"_flaw)) return with;
  if (flaws.contains("received-8bit"_flaw)) by += " (d\xe9j\xe0 vu)";
  if (flaws.contains("received-clauses-out-of-order"_flaw))
    return with + " " + by;
  return by + " " + with;
}

/// A right server says nothing of the recipients (7.6).
std::string for_clause(const TraceFacts& facts, const FlawSet& flaws) {
  if (facts.recipients.size() < 2) return "";
  const std::string first = "\r\n\tfor <" + facts.recipients[0].address + ">";
  if (flaws.contains("received-for-two"_flaw))
    return first + ",<" + facts.recipients[1].address + ">";
  return flaws.contains("received-for-other-recipient"_flaw) ? first : "";
}

std::string date_of(const TraceFacts& facts, const FlawSet& flaws) {
  const std::string right = date_time(facts.time);
  if (flaws.contains("received-without-date"_flaw)) return "";
  const auto now = std::chrono::floor<std::chrono::seconds>(facts.time);
  std::string date = right;
  if (flaws.contains("received-two-digit-year"_flaw))
    date = two_digit_date_time(facts.time);
  if (flaws.contains("received-impossible-date"_flaw))
    date = impossible_date_time(facts.time);
  if (flaws.contains("received-zone-unknown"_flaw))
    date = fmt::format("{:%a, %d %b %Y %H:%M:%S} -0000", fmt::gmtime(now));
  if (flaws.contains("received-zone-name"_flaw))
    date = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  if (flaws.contains("received-bad-date"_flaw))
    date = fmt::format("{:%a}, 32 Foo {:%Y %H:%M:%S} +0000", fmt::gmtime(now),
                       fmt::gmtime(now));
  return ";\r\n\t" + date;
}

}  // namespace

std::string date_time(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(seconds));
}

std::string two_digit_date_time(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%a, %d %b %y %H:%M:%S} +0000", fmt::gmtime(seconds));
}

std::string impossible_date_time(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%a, 30 Feb %Y %H:%M:%S} +0000", fmt::gmtime(seconds));
}

std::string received_field(const TraceFacts& facts, const FlawSet& flaws) {
  return fmt::format("Received: {}\r\n\t{} id {}{}{}{}\r\n",
                     from_clause(facts, flaws), by_and_with(facts, flaws),
                     facts.id, facts.clauses, for_clause(facts, flaws),
                     date_of(facts, flaws));
}

std::string return_path_field(const TraceFacts& facts, const FlawSet& flaws) {
  if (flaws.contains("return-path-missing"_flaw) ||
      (facts.sender.empty() &&
       flaws.contains("return-path-null-missing"_flaw))) {
    return "";
  }
  std::string path = facts.sender;
  if (flaws.contains("return-path-other"_flaw) && !facts.recipients.empty())
    path = facts.recipients[0].address;
  if (!flaws.contains("return-path-without-brackets"_flaw))
    path = "<" + path + ">";
  const std::string field = "Return-Path: " + path + "\r\n";
  return flaws.contains("return-path-twice"_flaw) ? field + field : field;
}

}  // namespace smtpspec::server
