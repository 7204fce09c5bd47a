// VRFY, EXPN, HELP, NOOP and QUIT (RFC 5321 sections 3.5, 4.1.1.6 to
// 4.1.1.10; RFC 6531 section 3.7.4).
#include <algorithm>

#include "base/text.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace {

/// Takes the word SMTPUTF8 off the end of an argument of VRFY or EXPN.
bool takes_utf8_word(std::string_view& argument) {
  constexpr std::string_view word = " SMTPUTF8";
  if (argument.size() <= word.size()) return false;
  const auto end = argument.substr(argument.size() - word.size());
  if (!base::equal_without_case(end, word)) return false;
  argument.remove_suffix(word.size());
  return true;
}

/// "alice", "alice@example.test" or the latter in brackets. The first has no
/// domain.
AddressResult<Mailbox> parse_user(std::string_view text, const FlawSet& flaws) {
  if (text.size() > 2 && text.front() == '<' && text.back() == '>')
    text = text.substr(1, text.size() - 2);
  auto mailbox = parse_mailbox(text, flaws);
  if (mailbox) return mailbox;
  mailbox = parse_mailbox(std::string(text) + "@x", flaws);
  if (mailbox) mailbox->domain.clear();
  return mailbox;
}

/// Whether mail to the list does not reach everyone on it (3.5.1).
bool has_refused_member(std::string_view list) {
  const auto members = members_of(list);
  return std::any_of(members.begin(), members.end(), [](auto member) {
    const Elsewhere* gone = elsewhere(member);
    return gone && !gone->is_forwarded;
  });
}

std::string address_of(std::string_view mailbox) {
  return "<" + std::string(mailbox) + "@" + std::string(mail_domain) + ">";
}

}  // namespace

/// The flaws by which a command that may come at any time (4.1.4) wants EHLO
/// first, or no transaction.
bool Conversation::is_untimely(FlawId wants_ehlo) {
  const bool is_early = greeted_ == Greeted::no && flawed(wants_ehlo);
  const bool is_late = verb_ != "QUIT" &&
                       (transaction_.is_open || has_delivered_) &&
                       flawed("any-time-commands-503"_flaw);
  if (is_early || is_late) say(503, "5.5.1", "Not now");
  return is_early || is_late;
}

void Conversation::vrfy(std::string_view argument) {
  if (is_untimely("vrfy-before-ehlo-503"_flaw)) return;
  if (flawed("vrfy-clears-buffers"_flaw)) reset_transaction();
  if (argument.starts_with('"') && flawed("string-quoted-500"_flaw))
    return say(500, "5.5.2", "No such command");
  if (argument.empty() && flawed("vrfy-without-argument-accepted"_flaw))
    return say(250, "2.1.5", address_of("postmaster"));
  const std::string_view whole = argument;
  const bool takes_utf8 = takes_utf8_word(argument);
  const auto user = parse_user(argument, flaws_);
  if (!user || (takes_utf8 && flawed("smtputf8-vrfy-word-refused"_flaw)))
    return say(501, "5.5.4", "A user or mailbox is wanted, not " + echo(whole));
  const bool has_domain = !user->domain.empty();
  if (has_domain && flawed("vrfy-address-refused"_flaw))
    return say(501, "5.5.4", "A user is wanted");
  if (has_domain && !serves(*user))
    return say(252, "2.0.0", "Cannot verify that address");
  const auto mailbox = mailbox_of(user->local_part);
  if (!mailbox || (!has_domain && flawed("vrfy-local-user-refused"_flaw)))
    return say(550, "5.1.1", "No such user: " + echo(whole));
  if (const Elsewhere* gone = elsewhere(*mailbox)) {
    const auto address = "<" + std::string(gone->address) + ">";
    if (!gone->is_forwarded)
      return say(551, "5.1.6", "User not local; please try " + address);
    return say(251, "2.1.5", "User not local; will forward to " + address);
  }
  if (has_refused_member(*mailbox) && !flawed("vrfy-list-unverified"_flaw))
    return say(252, "2.0.0", "Cannot verify the members of the list");
  // RFC 6531 section 3.7.4.2: no UTF-8 in replies unless it is asked for.
  if (has_non_ascii(*mailbox) && !takes_utf8 &&
      !flawed("smtputf8-vrfy-non-ascii"_flaw)) {
    return say(252, "2.6.8", "The reply would need UTF-8");
  }
  say(250, "2.1.5", address_of(*mailbox));
}

void Conversation::expn(std::string_view argument) {
  if (is_untimely("vrfy-before-ehlo-503"_flaw)) return;
  if (flawed("expn-clears-buffers"_flaw)) reset_transaction();
  takes_utf8_word(argument);
  const auto list = parse_user(argument, flaws_);
  if (!list) return say(501, "5.5.4", "The name of a list is wanted");
  const bool is_here = list->domain.empty() || serves(*list);
  const auto mailbox = mailbox_of(list->local_part);
  Reply reply{250, "2.1.5", {}};
  if (is_here && mailbox) {
    for (const std::string_view member : members_of(*mailbox))
      reply.lines.push_back(address_of(member));
  }
  if (reply.lines.empty()) return say(550, "5.1.1", "No such list");
  say(std::move(reply));
}

void Conversation::help(std::string_view argument) {
  if (is_untimely("before-ehlo-503"_flaw)) return;
  if (flawed("help-clears-buffers"_flaw)) reset_transaction();
  if (!argument.empty()) {
    const Command* command = find_command(argument);
    if (!command) return say(504, "5.5.4", "There is no help on that");
    return say(214, "2.0.0", std::string(command->verb) + ": see RFC 5321");
  }
  std::string verbs = "Commands:";
  for (const Command& command : commands()) {
    if (command.run != &Conversation::unimplemented)
      verbs += " " + std::string(command.verb);
  }
  say({214, "2.0.0", {std::move(verbs), "See RFC 5321"}});
}

void Conversation::noop(std::string_view argument) {
  if (is_untimely("before-ehlo-503"_flaw)) return;
  if (argument.starts_with('"') && flawed("string-quoted-500"_flaw))
    return say(500, "5.5.2", "No such command");
  if (!argument.empty() && flawed("noop-argument-refused"_flaw))
    return say(501, "5.5.4", "No argument is taken");
  if (flawed("noop-clears-buffers"_flaw)) reset_transaction();
  say(250, "2.0.0", "Ok");
}

void Conversation::quit(std::string_view) {
  if (is_untimely("quit-before-ehlo-503"_flaw)) return;
  if (transaction_.is_open && flawed("quit-refused-in-transaction"_flaw))
    return say(503, "5.5.1", "There is a transaction");
  deliver_unfinished();
  say(221, "2.0.0", std::string(host_name) + " Bye");
  closing_ = !flawed("quit-does-not-close"_flaw);
}

}  // namespace smtpspec::server
