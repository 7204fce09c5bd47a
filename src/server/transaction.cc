// MAIL, RCPT and RSET (RFC 5321 sections 3.3, 4.1.1.2, 4.1.1.3, 4.1.1.5 and
// 4.1.4).
#include <utility>

#include "base/text.h"
#include "server/careless.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace {

std::string describe(AddressError error) {
  switch (error) {
    case AddressError::syntax: return "Bad address syntax";
    case AddressError::control_character: return "Control octet in address";
    case AddressError::malformed_utf8: return "Malformed UTF-8 in address";
    case AddressError::domain: return "Bad domain in address";
    case AddressError::too_long: return "Address too long";
  }
  return "Bad address";
}

std::string_view word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

/// Flaws only: RFC 6710 sections 4.1 and 5 allow a server to refuse mail for
/// its priority, and say how. This server takes all.
std::optional<Reply> priority_refusal(const MailParameters& parameters,
                                      const FlawSet& flaws) {
  if (parameters.priority < 0 &&
      flaws.contains("mt-priority-low-wrong-detail"_flaw)) {
    return Reply{550, "5.7.1", {"The priority is too low"}};
  }
  if (parameters.priority != 0 &&
      parameters.size.value_or(0) > size_limit / 2 &&
      flaws.contains("mt-priority-size-wrong-detail"_flaw)) {
    return Reply{552, "5.3.4", {"Too large"}};
  }
  return std::nullopt;
}

}  // namespace

void Conversation::mail(std::string_view argument) {
  if (!may_begin_mail()) return;
  const auto path = path_argument("FROM:", PathKind::reverse, argument);
  if (!path) {
    if (flawed("refused-mail-starts-transaction"_flaw))
      transaction_.is_open = true;
    return;
  }
  if (base::equal_without_case(path->mailbox.domain, barred_domain) &&
      !flawed("refused-sender-accepted"_flaw)) {
    if (flawed("refused-mail-closes"_flaw)) {
      closing_ = true;
      return;
    }
    return say(550, "5.7.1", "The sender is barred");
  }
  if (refuses_own_sender(path->mailbox))
    return say(550, "5.7.1", "The sender is one of ours, and you are not");
  if (path->is_null && flawed("null-sender-refused"_flaw))
    return say(550, "5.7.1", "The null sender is refused");
  MailParameters parameters;
  parameters.needs_login_for_auth =
      user_.empty() && flawed("auth-parameter-needs-login"_flaw);
  if (auto refusal = parse_parameters(argument, offer(), flaws_, parameters)) {
    if (refusal->code == 555 &&
        flawed("unknown-parameter-starts-transaction"_flaw)) {
      transaction_.is_open = true;
    }
    return say(std::move(*refusal));
  }
  if (refuses_utf8(*path, parameters.options.is_utf8) &&
      !(is_utf8(path->text) &&
        flawed("smtputf8-sender-without-parameter-accepted"_flaw))) {
    return say(550, "5.6.7", "The address needs SMTPUTF8");
  }
  if (auto refusal = submission_refusal(path->mailbox))
    return say(std::move(*refusal));
  if (auto refusal = hold_refusal(parameters, surroundings_.now(), flaws_))
    return say(std::move(*refusal));
  if (auto refusal = priority_refusal(parameters, flaws_))
    return say(std::move(*refusal));
  transaction_.is_open = true;
  keep_chunks();
  transaction_.sender = *path;
  complete_domain(transaction_.sender);
  transaction_.parameters = parameters;
  if (parameters.options.author == "<>" && !user_.empty() &&
      flawed("auth-parameter-null-replaced"_flaw)) {
    transaction_.parameters.options.author = login_address();
  }
  // RFC 6710 section 4.1: nobody who is unknown gets ahead of others.
  if (parameters.priority > 0 &&
      !flawed("mt-priority-of-strangers-kept"_flaw)) {
    transaction_.parameters.priority = 0;
    return say(250, "2.3.6", "0 is the priority");
  }
  say(250, "2.1.0", "Sender ok");
}

Offer Conversation::offer() const {
  const bool is_extended = greeted_ == Greeted::ehlo;
  return {.extensions = is_extended,
          .future_release =
              is_extended && surroundings_.service == Service::submission,
          .require_tls = is_extended && is_secure()};
}

/// 4.1.4: not before EHLO or HELO, not inside a transaction.
bool Conversation::may_begin_mail() {
  if (greeted_ == Greeted::no) {
    say(503, "5.5.1", "Say EHLO first");
    return false;
  }
  if ((greeted_ == Greeted::helo && flawed("helo-session-refuses-mail"_flaw)) ||
      (has_delivered_ && flawed("second-transaction-refused"_flaw))) {
    say(503, "5.5.1", "Not now");
    return false;
  }
  if (!transaction_.is_open || flawed("mail-twice-keeps-rcpts"_flaw))
    return true;
  if (flawed("nested-mail-accepted"_flaw)) {
    reset_transaction();
    return true;
  }
  say(503, "5.5.1", "There is a transaction already");
  if (flawed("nested-mail-clears"_flaw)) reset_transaction();
  return false;
}

/// Reads "FROM:<path>" or "TO:<path>"; leaves the parameters in `argument`. If
/// there is no path the client has been told.
std::optional<Path> Conversation::path_argument(std::string_view keyword,
                                                PathKind kind,
                                                std::string_view& argument) {
  const bool is_mail = kind == PathKind::reverse;
  const bool begins =
      flawed("from-keyword-case-sensitive"_flaw)
          ? argument.starts_with(keyword)
          : base::starts_without_case(argument, keyword);
  if (!begins || argument.size() == keyword.size()) {
    if (flawed(is_mail ? "mail-without-path-accepted"_flaw
                       : "rcpt-without-path-accepted"_flaw)) {
      argument = {};
      Path path;
      path.is_null = true;
      path.mailbox.local_part = "postmaster";
      return path;
    }
    if (is_mail && flawed("refused-mail-closes"_flaw)) {
      closing_ = true;
      return std::nullopt;
    }
    say(501, "5.5.4", std::string(keyword) + "<address> is wanted");
    return std::nullopt;
  }
  argument.remove_prefix(keyword.size());
  if (flawed("space-after-colon-accepted"_flaw))
    argument = base::trim(argument);

  std::string bracketed;
  std::string_view input = argument;
  std::size_t added = 0;
  if (is_mail && input.front() != '<' &&
      flawed("mail-without-brackets-accepted"_flaw)) {
    bracketed = "<" + std::string(word(input)) + ">";
    input = bracketed;
    added = 2;
  }
  if (is_mail) {
    if (auto path = careless_sender(argument, flaws_)) {
      argument.remove_prefix(path->length);
      return path;
    }
  }
  const bool takes_null = is_mail || flawed("rcpt-null-accepted"_flaw);
  const bool is_null = input.starts_with("<>");
  auto path = parse_path(
      input, is_null && takes_null ? PathKind::reverse : kind, flaws_);
  if (!path) {
    const bool closes = path.error() == AddressError::too_long &&
                        flawed("long-address-closes"_flaw);
    if (closes || (is_mail && flawed("refused-mail-closes"_flaw))) {
      closing_ = true;
    } else {
      say(501, is_mail ? "5.1.7" : "5.1.3", describe(path.error()));
    }
    return std::nullopt;
  }
  argument.remove_prefix(path->length - added);
  return *path;
}

/// RFC 6531 section 3.4: an address outside ASCII needs SMTPUTF8 at MAIL.
bool Conversation::refuses_utf8(const Path& path, bool has_parameter) const {
  if (!path.mailbox.non_ascii || has_parameter) return false;
  if (!is_utf8(path.text) && flawed("eight-bit-address-accepted"_flaw))
    return false;
  return true;
}

void Conversation::rcpt(std::string_view argument) {
  if (!transaction_.is_open && !flawed("rcpt-before-mail"_flaw))
    return say(503, "5.5.1", "Say MAIL first");
  if (transaction_.has_chunks)
    return say(503, "5.5.1", "BDAT has begun");
  if (flawed("source-route-denied-554"_flaw) &&
      argument.find("<@") != std::string_view::npos) {
    return say(554, "5.7.1", "Source routes are denied");
  }
  const auto path = recipient_argument(argument);
  if (!path) return;
  if (flawed("rcpt-junk-accepted"_flaw) &&
      (argument.starts_with(" <") || !argument.starts_with(' '))) {
    argument = {};
  }
  RcptParameters parameters;
  if (auto refusal = parse_parameters(argument, offer(), flaws_, parameters)) {
    const bool is_unknown = refusal->code == 555;
    say(std::move(*refusal));
    if (is_unknown && flawed("unknown-parameter-resets-state"_flaw))
      reset_transaction();
    return;
  }
  if (refuses_utf8(*path, transaction_.parameters.options.is_utf8) &&
      !flawed("smtputf8-recipient-without-parameter-accepted"_flaw)) {
    return say(553, "5.6.7", "The address needs SMTPUTF8");
  }
  if (transaction_.parameters.size.value_or(0) > size_limit / 2 &&
      flawed("size-rcpt-refused-550"_flaw)) {
    return say(550, "5.2.3", "Too large for the recipient");
  }
  if (auto refusal = recipient_refusal(*path, parameters)) {
    transaction_.is_last_rcpt_refused = true;
    if (!parameters.has_notify || refusal->enhanced != "5.1.1" ||
        !flawed("dsn-notify-changes-reply"_flaw)) {
      return say(std::move(*refusal));
    }
  }
  transaction_.is_last_rcpt_refused = false;
  if (auto refusal = refusal_for(parameters, path->mailbox))
    return say(std::move(*refusal));
  add_recipient(*path, parameters);
}

void Conversation::rset(std::string_view) {
  if (is_untimely("before-ehlo-503"_flaw)) return;
  if (transaction_.is_open && flawed("rset-refused-in-transaction"_flaw))
    return say(503, "5.5.1", "Not now");
  if (commands_in_read_ > 1 && flawed("pipelining-expects-data"_flaw))
    return say(503, "5.5.1", "DATA is wanted");
  Transaction old = std::exchange(transaction_, {});
  if (flawed("rset-keeps-sender"_flaw)) transaction_.is_open = old.is_open;
  if (flawed("rset-keeps-recipients"_flaw))
    transaction_.recipients = std::move(old.recipients);
  if (flawed("bdat-rset-keeps-chunks"_flaw)) {
    transaction_.has_chunks = old.has_chunks;
    transaction_.chunks = std::move(old.chunks);
    transaction_.chunks_size = old.chunks_size;
  }
  has_reset_ = true;
  if (flawed("rset-forgets-ehlo"_flaw)) greeted_ = Greeted::no;
  if (flawed("auth-forgotten-after-rset"_flaw)) user_.clear();
  say(250, "2.0.0", "Ok");
  closing_ = closing_ || flawed("closes-on-rset"_flaw);
}

}  // namespace smtpspec::server
