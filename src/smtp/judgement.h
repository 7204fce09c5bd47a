// What the rules on replies and on delivered messages are written with; for the
// *_rules.cc of this folder only.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/text.h"
#include "smtp/reply_rules.h"

namespace smtpspec::smtp {

using Judgement = std::optional<Complaint>;

inline Complaint complain(std::string text) { return {std::move(text), false}; }
inline Complaint note(std::string text) { return {std::move(text), true}; }

inline bool answers_greeting_or_ehlo(const ReplyContext& context) {
  // A server may take "EHLO" and a NUL for EHLO.
  const std::string_view command = context.command;
  const auto end = std::ranges::find_if_not(command, base::is_alpha);
  const std::string_view verb(command.begin(), end);
  return verb == "greeting" || verb == "EHLO" || verb == "HELO" ||
         verb == "LHLO" || verb == "XCLIENT";
}

/// The first complaint of `judge` about a line of the reply, if it is one.
template <class JudgeLine>
Judgement any_line(const ReplyOrError& reply, JudgeLine judge) {
  if (const auto* whole = std::get_if<Reply>(&reply)) {
    for (const ReplyLine& line : whole->lines)
      if (Judgement complaint = judge(line)) return complaint;
  }
  return std::nullopt;
}

/// The rules on enhanced status codes.
std::span<const ReplyRule> enhanced_rules();

}  // namespace smtpspec::smtp
