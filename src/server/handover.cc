// A message that was taken, on its way: trace fields, who gets it, and what
// flaws make of it (RFC 5321 sections 4.4 and 6.1; RFC 3461 section 5.2.3).
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "server/alterations.h"
#include "server/conversation.h"
#include "server/report.h"
#include "server/users.h"
#include "server/vacation.h"
#include "server/xtext.h"

namespace smtpspec::server {

void Conversation::deliver(std::string octets) {
  const auto id = store_.next_id();
  say_result({250, "2.0.0", {fmt::format("Ok, taken as {}", id)}});
  hand_over(std::move(octets), id);
}

namespace {

/// With the flaw: the recipients are those that the header names.
std::vector<Recipient> recipients_in(std::string_view content) {
  std::vector<Recipient> result;
  for (std::string& address : addresses_in(content, "To")) {
    const auto domain = address.substr(address.rfind('@') + 1);
    Recipient recipient;
    recipient.is_relayed = !is_own_name(domain);
    recipient.address = std::move(address);
    result.push_back(std::move(recipient));
  }
  return result;
}

}  // namespace

void Conversation::hand_over(std::string octets, std::uint64_t id) {
  if (flawed("drops-mail"_flaw) && has_message_id_field(octets)) return;
  const bool is_odd = store_.count_taken() % 2 == 1;
  if (is_odd && flawed("loses-every-second-message"_flaw)) return;
  octets = completed(std::move(octets), id);
  auto recipients = transaction_.recipients;
  if (flawed("routed-by-header"_flaw)) recipients = recipients_in(octets);
  if (flawed("recipient-lost"_flaw) && recipients.size() > 2)
    recipients.erase(recipients.begin() + 1);
  octets = altered(std::move(octets), recipients, mail_came_by_bdat_, flaws_);
  std::vector<Recipient> here;
  std::vector<Recipient> elsewhere;
  for (Recipient& recipient : recipients)
    (recipient.is_relayed ? elsewhere : here).push_back(std::move(recipient));
  // Only flaws take mail without recipients; it goes nowhere else.
  if (!here.empty() || elsewhere.empty())
    hand_over(octets, id, std::move(here), false);
  if (!elsewhere.empty()) hand_over(octets, id, std::move(elsewhere), true);
}

/// The message for those recipients who are here, or for those who are not.
void Conversation::hand_over(const std::string& octets, std::uint64_t id,
                             std::vector<Recipient> recipients,
                             bool is_relayed) {
  Message message;
  message.id = id;
  message.sender = transaction_.sender.text;
  message.recipients = std::move(recipients);
  message.is_relayed = is_relayed;
  message.options = transaction_.parameters.options;
  message.options.priority = transaction_.parameters.priority;
  message.octets = octets;
  std::string return_path;
  if (!flawed("trace-missing"_flaw)) {
    const auto facts = trace_facts(id);
    message.octets = with_received(received_field(facts, flaws_),
                                   message.octets, flaws_);
    // RFC 5321 section 4.4: final delivery, and no other, adds Return-Path.
    if (!is_relayed || flawed("return-path-when-relayed"_flaw))
      return_path = return_path_field(facts, flaws_);
    message.octets.insert(0, return_path);
  }
  message.release = release_time();
  store_.add(message);
  if (flawed("delivers-twice"_flaw)) store_.add(message);
  if (is_relayed) return;
  report(message);
  answer(message);
  redistribute(message, return_path.size());
}

/// What a list took goes to its subscriber, from its owner; of the original's
/// parameters for reports nothing does (RFC 3461 section 5.2.7.1), its priority
/// does (RFC 6710 section 4.4). Before the content, `skipped` octets are ours.
void Conversation::redistribute(const Message& message, std::size_t skipped) {
  if (message.sender.empty()) return;  // a report is not for subscribers
  for (const Recipient& recipient : message.recipients) {
    const auto at = recipient.address.rfind('@');
    const auto* list = mailing_list(recipient.address.substr(0, at));
    if (!list) continue;
    Message copy;
    copy.sender = list->owner;
    copy.recipients.resize(1);
    copy.recipients[0].address = list->subscriber;
    copy.recipients[0].is_relayed = true;
    copy.is_relayed = true;
    copy.octets = message.octets.substr(skipped);
    copy.options.is_eight_bit = message.options.is_eight_bit;
    copy.options.is_binary = message.options.is_binary;
    copy.options.is_utf8 = message.options.is_utf8;
    copy.options.priority = message.options.priority;
    copy.release = message.release;
    store_.add(std::move(copy));
  }
}

/// When mail that is to wait goes on (RFC 4865); of other mail in the past.
std::chrono::system_clock::time_point Conversation::release_time() const {
  const MailParameters& parameters = transaction_.parameters;
  if (flawed("futurerelease-released-at-once"_flaw)) return {};
  if (parameters.hold_for) return surroundings_.now() + *parameters.hold_for;
  return parameters.hold_until.value_or(std::chrono::sys_seconds());
}

/// For who is away.
void Conversation::answer(const Message& message) {
  for (const Recipient& recipient : message.recipients) {
    const auto at = recipient.address.rfind('@');
    if (mailbox_of(recipient.address.substr(0, at)) != away_mailbox) continue;
    auto reply = vacation_reply(
        message, {store_.next_id(), surroundings_.now(), flaws_});
    if (reply) store_.add(std::move(*reply));
    return;
  }
}

/// Reports to the sender what became of his mail here: that it was delivered,
/// if he asked for it; with a flaw also that there is no such mailbox.
void Conversation::report(const Message& message) {
  std::vector<RecipientReport> reports;
  for (const Recipient& recipient : message.recipients) {
    const auto local_part =
        recipient.address.substr(0, recipient.address.rfind('@'));
    const bool is_list = mailing_list(local_part) != nullptr;
    if (is_list && flawed("dsn-list-success-missing"_flaw)) continue;
    if (!mailbox_of(local_part) && flawed("bounces-to-forged-sender"_flaw)) {
      reports.push_back({recipient, Action::failed, "5.1.1",
                         "550 5.1.1 No such user", ""});
    } else if (flawed("dsn-success-unasked"_flaw) ||
               (recipient.notify.on_success &&
                !flawed("dsn-success-missing"_flaw))) {
      const bool is_expanded = is_list && flawed("dsn-list-expanded"_flaw);
      reports.push_back({recipient,
                         is_expanded ? Action::expanded : Action::delivered,
                         "2.0.0", "", ""});
    }
  }
  if (reports.empty() || message.sender.empty()) return;
  store_.add(report_on(message, reports,
                       {store_.next_id(), surroundings_.now(), flaws_}));
}

void Conversation::client_left() {
  if (flawed("delivers-half-message"_flaw) &&
      (mode_ == Mode::data || mode_ == Mode::chunk)) {
    mail_came_by_bdat_ = mode_ == Mode::chunk;
    hand_over(data_ ? data_->content() : transaction_.chunks,
              store_.next_id());
    data_.reset();
    mode_ = Mode::command;
    return reset_transaction();
  }
  deliver_unfinished();
}

/// With a flaw: the content is what came of it, if anything did.
void Conversation::deliver_unfinished() {
  if (transaction_.recipients.empty() || !flawed("delivers-unfinished"_flaw))
    return;
  hand_over(transaction_.chunks, store_.next_id());
  reset_transaction();
}

/// What stands behind "with" (RFC 3848, RFC 6531 section 3.7.3).
std::string Conversation::protocol() const {
  if (flawed("received-unregistered-with"_flaw)) return "FASTSMTP";
  const bool is_utf8 = transaction_.parameters.options.is_utf8;
  if (greeted_ != Greeted::ehlo)
    return flawed("received-says-esmtp-after-helo"_flaw) ? "ESMTP" : "SMTP";
  std::string result = is_utf8 ? "UTF8" : is_lmtp() ? "" : "E";
  result += is_lmtp() ? "LMTP" : "SMTP";
  if (is_secure() ? !flawed("received-without-s"_flaw)
                  : flawed("received-claims-s-in-clear"_flaw)) {
    result += "S";
  }
  const bool has_login = !user_.empty();
  if (has_login ? !flawed("auth-received-without-a"_flaw)
                : flawed("auth-received-claims-a"_flaw)) {
    result += "A";
  }
  // Only flaws let in a name that is none.
  if (has_login && !find_user(user_)) result += " (" + user_ + ")";
  return result;
}

/// The client's address as RFC 5321 section 4.1.3 writes it.
std::string Conversation::client_literal() const {
  const auto& address = surroundings_.client_address;
  const bool is_ipv6 = address.find(':') != std::string::npos;
  return fmt::format("[{}{}]", is_ipv6 ? "IPv6:" : "", address);
}

/// With flaws: what nobody should get into Received, or read there.
std::string Conversation::careless_comment() const {
  std::string result;
  if (flawed("received-shows-parameters"_flaw)) {
    const auto show = [&result](std::string_view parameter) {
      if (parameter.empty()) return;
      result += " (" + decode_xtext(parameter).value_or("") + ")";
    };
    show(transaction_.parameters.options.envelope_id);
    for (const Recipient& recipient : transaction_.recipients)
      show(recipient.original);
  }
  const User* user = find_user(user_);
  if (user && flawed("received-shows-password"_flaw))
    result += " (password " + std::string(user->password) + ")";
  return result;
}

/// RFC 8314 section 4.3: on submission only.
std::string Conversation::tls_clause() const {
  if (!is_submission() || !is_secure() || surroundings_.tls->suite.empty() ||
      flawed("received-without-tls-clause"_flaw)) {
    return "";
  }
  if (flawed("received-tls-clause-malformed"_flaw)) return " tls 256 bits";
  std::string_view suite = surroundings_.tls->suite;
  if (flawed("received-tls-suite-unregistered"_flaw))
    suite.remove_prefix(std::string_view("TLS_").size());
  return " tls " + std::string(suite);
}

TraceFacts Conversation::trace_facts(std::uint64_t id) const {
  TraceFacts facts;
  facts.sender = transaction_.sender.text;
  facts.client_name = client_name_;
  facts.client_literal = client_literal();
  facts.protocol = protocol();
  facts.clauses = tls_clause();
  // RFC 6710 section 4.1.
  const auto& parameters = transaction_.parameters;
  if (parameters.has_priority && !flawed("received-without-priority"_flaw))
    facts.clauses += fmt::format(" PRIORITY {}", parameters.priority);
  facts.clauses += careless_comment();
  facts.recipients = transaction_.recipients;
  facts.id = id;
  facts.time = surroundings_.now();
  return facts;
}

}  // namespace smtpspec::server
