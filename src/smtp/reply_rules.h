// Rules that hold for every reply of every session: the grammar of RFC 5321
// section 4.2, enhanced status codes (RFC 2034, RFC 3463), the EHLO reply.
// Each rule is the `watch:` of one scenario, whose clause says its level.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "smtp/reply.h"

namespace smtpspec::smtp {

/// What a reply answers.
struct ReplyContext {
  /// The verb in upper case, "." for the end of mail data, "greeting"; empty
  /// where the commands and replies cannot be matched with certainty.
  std::string command;
  /// ENHANCEDSTATUSCODES was offered in this session.
  bool enhanced_codes = false;
  /// The command asked for UTF-8 (RFC 6531), so the reply may hold it.
  bool utf8 = false;
  /// The mail transaction began with SMTPUTF8: RFC 6531 section 3.7.4.1 lets 251
  /// and 551 hold UTF-8, and can be read to say nothing of other replies.
  bool utf8_transaction = false;
  /// No command was waiting for a reply.
  bool unasked = false;
  /// A reply before it was 421.
  bool after_421 = false;
};

/// Why a reply breaks a rule.
struct Complaint {
  /// One sentence, not yet escaped.
  std::string text;
  /// Whether it is noted only, whatever the level of the clause.
  bool only_noted = false;
};

using ReplyOrError = std::variant<Reply, ReplyError>;

struct ReplyRule {
  std::string_view name;
  std::optional<Complaint> (*judge)(const ReplyOrError&, const ReplyContext&);
};

std::span<const ReplyRule> reply_rules();
/// nullptr if there is none.
const ReplyRule* find_reply_rule(std::string_view name);

}  // namespace smtpspec::smtp
