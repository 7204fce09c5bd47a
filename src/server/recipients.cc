// Who is a recipient (RFC 5321 sections 3.4, 3.6 and 4.5.1; RFC 3865, 7293).
#include <utility>

#include "base/text.h"
#include "server/careless.h"
#include "server/conversation.h"

namespace smtpspec::server {

/// Reads "TO:<path>" as path_argument() does; with a flaw as a careless server
/// does.
std::optional<Path> Conversation::recipient_argument(
    std::string_view& argument) {
  constexpr std::string_view keyword = "TO:";
  if (!flaws_.empty() && base::starts_without_case(argument, keyword)) {
    const auto input = argument.substr(keyword.size());
    if (auto path = careless_recipient(input, flaws_)) {
      argument = input.substr(path->length);
      return path;
    }
  }
  return path_argument(keyword, PathKind::forward, argument);
}

/// What the recipient does not want: advertising (RFC 3865), mail for an owner
/// before this one (RFC 7293).
std::optional<Reply> Conversation::refusal_for(
    const RcptParameters& parameters, const Mailbox& mailbox) const {
  if (transaction_.parameters.solicits) {
    return Reply{550, "5.7.1", {"SOLICIT=" + std::string(refused_class)}};
  }
  const bool has_owner =
      !base::equal_without_case(mailbox.local_part, "postmaster") ||
      flawed("rrvs-role-account-refused"_flaw);
  if (has_owner && parameters.valid_since < owner_since &&
      !flawed("rrvs-ignored"_flaw)) {
    return Reply{550, "5.7.17", {"The mailbox has another owner"}};
  }
  return std::nullopt;
}

void Conversation::add_recipient(const Path& path,
                                 const RcptParameters& parameters) {
  auto& recipients = transaction_.recipients;
  if (transaction_.sender.is_null && !recipients.empty() &&
      flawed("null-sender-one-recipient"_flaw)) {
    return say(550, "5.7.1", "A report has one recipient");
  }
  const std::size_t limit = flawed("limits-rcptmax-not-kept"_flaw) ? 5
                            : flawed("recipients-99-limit"_flaw)
                                ? 99
                                : recipient_limit;
  if (recipients.size() >= limit)
    return say(452, "4.5.3", "Too many recipients");
  if (!flawed("rcpt-not-stored"_flaw))
    recipients.push_back(recipient_of(path, parameters));
  const auto name = mailbox_of(path.mailbox.local_part);
  const Elsewhere* gone = name ? elsewhere(*name) : nullptr;
  if (gone && !is_foreign(path)) {
    return say(251, "2.1.5", "User not local; will forward to <" +
                             std::string(gone->address) + ">");
  }
  say(250, "2.1.5", "Recipient ok");
}

/// Whether mail for `path` goes to another host.
bool Conversation::is_foreign(const Path& path) const {
  if (path.is_rewritten) return true;
  if (path.mailbox.domain.empty() || serves(path.mailbox)) return false;
  // With the flaw it goes nowhere.
  return !user_.empty() || !flawed("relay-accepted"_flaw);
}

Recipient Conversation::recipient_of(const Path& path,
                                     const RcptParameters& parameters) const {
  Recipient result;
  result.notify = parameters.notify;
  result.original = parameters.original;
  result.is_relayed = is_foreign(path);
  const auto& local_part = path.mailbox.local_part;
  if (result.is_relayed) {
    result.address = flawed("relays-local-part-in-lower-case"_flaw)
                         ? base::to_lower(path.text)
                         : path.text;
    return result;
  }
  const auto name = mailbox_of(local_part).value_or(local_part);
  result.address = name + "@" + std::string(mail_domain);
  if (const Elsewhere* gone = elsewhere(name)) {
    result.address = gone->address;
    result.is_relayed = true;
  }
  return result;
}

/// Who is no recipient here (3.3, 3.6.2). Postmaster is one in any case and
/// without a domain (4.1.1.3, 4.5.1).
std::optional<Reply> Conversation::recipient_refusal(
    const Path& path, const RcptParameters& parameters) {
  if (path.is_rewritten) return std::nullopt;
  const Mailbox& mailbox = path.mailbox;
  const Reply unknown{550, "5.1.1", {"No such user"}};
  if (base::equal_without_case(mailbox.local_part, "postmaster")) {
    const bool has_domain = !mailbox.domain.empty();
    if (flawed("postmaster-case-sensitive"_flaw) &&
        mailbox.local_part != "postmaster") {
      return unknown;
    }
    if (has_domain ? flawed("postmaster-refused"_flaw) && serves(mailbox)
                   : flawed("postmaster-without-domain-refused"_flaw)) {
      return unknown;
    }
    if (transaction_.sender.is_null &&
        flawed("postmaster-from-null-sender-refused"_flaw)) {
      return unknown;
    }
  }
  if (mailbox.domain.empty()) return std::nullopt;
  if (!serves(mailbox)) {
    if (flawed("relay-accepted"_flaw) || flawed("submission-open"_flaw))
      return std::nullopt;
    return relay_refusal(mailbox, parameters);
  }
  if (const auto name = mailbox_of(mailbox.local_part)) {
    const Elsewhere* gone = elsewhere(*name);
    if (!gone || gone->is_forwarded) return std::nullopt;
    return Reply{551, "5.1.6", {"User not local; please try <" +
                                std::string(gone->address) + ">"}};
  }
  if (flawed("unknown-user-accepted"_flaw) || flawed("catch-all"_flaw) ||
      flawed("bounces-to-forged-sender"_flaw)) {
    return std::nullopt;
  }
  if (flawed("recipients-checked-at-dot"_flaw)) {
    transaction_.has_unknown_user = true;
    return std::nullopt;
  }
  if (std::exchange(has_refused_user_, true) &&
      flawed("refusal-not-lasting"_flaw)) {
    return std::nullopt;
  }
  return unknown;
}

bool Conversation::serves(const Mailbox& mailbox) const {
  if (flawed("catch-all"_flaw) && is_own_name(mailbox.domain)) return true;
  return flawed("domain-case-sensitive"_flaw)
             ? mailbox.domain == mail_domain
             : base::equal_without_case(mailbox.domain, mail_domain);
}

}  // namespace smtpspec::server
