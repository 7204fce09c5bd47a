// Trace information (RFC 5321 section 4.4) and date-time (RFC 5322
// section 3.3), read leniently: what was found, in the order in which it stood,
// for rules that each look at their own part of it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smtpspec::smtp {

/// A date-time; the numbers are as written, not checked.
struct DateTime {
  std::string weekday;  ///< "Sun" as written; empty: none
  int day = 0;
  int month = 0;  ///< 1 to 12
  int year = 0;   ///< as written: 26 for a year of two digits
  std::size_t year_digits = 0;
  int hour = 0;
  int minute = 0;
  std::optional<int> second;
  std::string zone;  ///< "+0000" or "GMT"; empty: none
  /// A comment, or space beside a colon, where only the obs- forms of RFC 5322
  /// section 4.3 have them: before the zone.
  bool is_obsolete_layout = false;
  std::string rest;  ///< behind the zone, comments aside; empty: nothing

  bool has_numeric_zone() const;
  /// Why the date cannot be (RFC 5322 section 3.3: "semantically valid");
  /// empty: it can. A year of two digits is read by section 4.3.
  std::string impossibility() const;
};

/// nullopt: no date-time, not even in one of the obs- forms. `text` is
/// unfolded.
std::optional<DateTime> parse_date_time(std::string_view text);

/// "with ESMTP (comment)".
struct Clause {
  std::string name;  ///< lower case
  /// The words behind the name; FOR: the paths, split at commas. One, if all is
  /// well.
  std::vector<std::string> values;
  std::vector<std::string> comments;  ///< without the outer parentheses

  std::string value() const { return values.empty() ? "" : values.front(); }
  /// Values and comments, for a search.
  std::string text() const;
};

/// What stands behind "Received:".
struct Stamp {
  std::vector<std::string> comments;  ///< before the first clause
  std::vector<Clause> clauses;
  std::size_t semicolons = 0;
  bool has_open_comment = false;
  /// Behind the last semicolon.
  std::string date_text;
  std::optional<DateTime> date;

  /// The first clause of this name (lower case); nullptr if there is none.
  const Clause* find(std::string_view name) const;
};

/// Any octets make a Stamp. `text` is unfolded.
Stamp parse_stamp(std::string_view text);

/// from, by, via, with, id or for, in any case.
bool is_stamp_keyword(std::string_view word);

/// What stands behind "Return-Path:".
struct ReturnPath {
  bool has_leading_blank = false;
  bool is_angled = false;  ///< in '<' and '>'
  std::string route;       ///< "@a,@b" of a source route; empty: none
  std::string address;     ///< empty: the null path
  std::string rest;        ///< behind the path
};

/// Any octets make a ReturnPath. `body` is a field's body as it stands.
ReturnPath parse_return_path(std::string_view body);

/// A path without its source route and angle brackets.
std::string mailbox_of(std::string_view path);

/// Whether two addresses are spellings of one mailbox: quotes that change
/// nothing and the case of the domain aside (RFC 5321 section 4.1.2).
bool same_mailbox(std::string_view a, std::string_view b);

/// An address of IPv6, or of IPv4 as ::ffff:a.b.c.d.
using IpAddress = std::array<unsigned char, 16>;

/// "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]", "2001:db8::1".
std::optional<IpAddress> parse_ip(std::string_view text);
/// All that stand in a text, whatever stands around them.
std::vector<IpAddress> ips_in(std::string_view text);
/// Of 127.0.0.0/8 or ::1.
bool is_loopback(const IpAddress& address);

}  // namespace smtpspec::smtp
