// What a reply must look like: "250", "5yz", "250 2.1.5 ~ /text/".
#pragma once

#include <boost/regex.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/reply.h"

namespace smtpspec::smtp {

/// Text that named groups of a regular expression matched, by name.
using Captures = std::map<std::string, std::string>;

/// A regular expression over Reply::text() (Perl syntax, '.' does not match LF,
/// '^' and '$' match at lines).
struct TextPattern {
  std::string source;
  boost::regex regex;
  bool negated = false;
  /// Instead of an expression: the text is that of a capture, octet by octet.
  /// One that is not there does not fit, negated or not.
  std::string variable;
  /// Looked at are all octets of the reply, codes and line ends included; a
  /// capture needs only be what they begin with.
  bool sees_octets = false;
  /// The text is base64, and the expression is for what it stands for (RFC 4954
  /// section 4). What is no base64 does not fit.
  bool is_base64 = false;
};

/// A pattern for one reply. `code` has three characters: digits, 'y' and 'z'
/// stand for any digit in their place ("25z", "5yz"); "any" is "xyz".
struct ReplyPattern {
  std::string code;
  /// Enhanced status code (RFC 3463), digits or 'x', 'y', 'z': "5.1.1",
  /// "5.y.z". Empty: not looked at.
  std::string enhanced;
  std::optional<TextPattern> text;

  /// Whether `reply` fits. `captures` holds what was caught before; what named
  /// groups catch is added. The
  /// enhanced code is looked for on the first line. A text on which the search
  /// grows beyond boost::regex's bounds does not fit, negated or not.
  bool matches(const Reply& reply, Captures* captures = nullptr) const;
  /// Whether the code alone fits, enhanced code and text unseen.
  bool matches_code(int reply_code) const;
  /// As it is written in a dialog: "250 2.1.5 ~ /text/".
  std::string to_string() const;
};

/// Parses "250", "25z", "5yz", "any", with an enhanced code behind a space.
/// Empty if `text` is no such pattern. The regular expression is not part of
/// it: the dialog parser adds it.
std::optional<ReplyPattern> parse_reply_pattern(std::string_view text);

/// The enhanced status code at the start of a reply line's text (RFC 2034
/// section 4), or empty: "2.1.5" of "2.1.5 Ok".
std::string_view enhanced_code(std::string_view line_text);

/// The names of the groups "(?<name>...)" in a regular expression.
std::vector<std::string> group_names(std::string_view regex);

}  // namespace smtpspec::smtp
