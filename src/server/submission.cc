// What holds on the submission port (RFC 6409).
#include <array>

#include "base/text.h"
#include "server/conversation.h"
#include "server/users.h"

namespace smtpspec::server {

namespace {

/// What a command needs before the login: RFC 6409 section 4.3, and RFC 4954
/// section 6 for the commands that may do without.
struct Gate {
  std::string_view verb;
  /// Opens what is closed, or closes what is open.
  FlawId flaw;
  bool is_closed = true;
};

constexpr auto gates = std::to_array<Gate>({
    {"MAIL", "submission-refused-at-rcpt"_flaw},
    {"RCPT", "submission-rcpt-503"_flaw},
    {"DATA", "submission-data-503"_flaw},
    {"BDAT", "submission-data-503"_flaw},
    {"BURL", "submission-data-503"_flaw},
    {"VRFY", "submission-vrfy-open"_flaw},
    {"EXPN", "submission-expn-open"_flaw},
    {"NOOP", "submission-noop-530"_flaw, false},
    {"RSET", "submission-rset-530"_flaw, false},
    {"EHLO", "submission-ehlo-530"_flaw, false},
    {"QUIT", "submission-quit-530"_flaw, false},
});

bool is_qualified(std::string_view domain) {
  return domain.empty() || domain.front() == '[' ||
         domain.find('.') != std::string_view::npos;
}

/// Whether `field` has an address in brackets whose local part has an empty
/// atom: of what can be wrong with an address, one thing.
bool has_malformed_address(std::string_view field) {
  const auto open = field.rfind('<');
  if (open == std::string_view::npos) return false;
  const auto address = field.substr(open + 1, field.find('>', open) - open - 1);
  const auto local_part = address.substr(0, address.rfind('@'));
  if (local_part.starts_with('"') || local_part.starts_with('@')) return false;
  return local_part.starts_with('.') || local_part.ends_with('.') ||
         local_part.find("..") != std::string_view::npos;
}

}  // namespace

/// The reply to a command that must wait for the login.
std::optional<Reply> Conversation::login_refusal(std::string_view verb) const {
  if (!is_submission() || !user_.empty() || flawed("submission-open"_flaw))
    return std::nullopt;
  for (const Gate& gate : gates) {
    if (gate.verb == verb && gate.is_closed != flawed(gate.flaw))
      return Reply{530, "5.7.0", {"Log in first"}};
  }
  return std::nullopt;
}

/// RFC 6409 sections 4.2 and 6.1: whole domain names, and the sender's own
/// address or one that is no other user's here.
std::optional<Reply> Conversation::submission_refusal(
    const Mailbox& sender) const {
  if (!is_submission() || user_.empty()) return std::nullopt;
  if (auto refusal = domain_refusal(sender)) return refusal;
  if (!serves(sender)) return std::nullopt;
  const auto mailbox = mailbox_of(sender.local_part);
  if (!mailbox || *mailbox == user_ ||
      flawed("submission-foreign-sender-accepted"_flaw)) {
    return std::nullopt;
  }
  return Reply{550, "5.7.1", {"That is not your address"}};
}

std::optional<Reply> Conversation::domain_refusal(
    const Mailbox& mailbox) const {
  if (!is_submission() || is_qualified(mailbox.domain) ||
      flawed("submission-unqualified-domain-accepted"_flaw)) {
    return std::nullopt;
  }
  return Reply{554, "5.5.0", {"The domain is not fully qualified"}};
}

/// Who is trusted, and who has logged in, may send anywhere but to barred domains (RFC 6409 section
/// 6.2). Nothing: refused as to anybody else.
std::optional<Reply> Conversation::relay_refusal(
    const Mailbox& recipient, const RcptParameters& parameters) const {
  if (may_relay(recipient, parameters)) return std::nullopt;
  const Reply denied{550, "5.7.1", {"Relaying is denied"}};
  if (user_.empty() || flawed("submission-relay-refused"_flaw)) return denied;
  if (auto refusal = domain_refusal(recipient)) return refusal;
  if (base::equal_without_case(recipient.domain, barred_domain) &&
      !flawed("submission-barred-recipient-accepted"_flaw)) {
    return Reply{550, "5.7.1", {"The recipient is barred"}};
  }
  return std::nullopt;
}

/// Whether `field` holds the address of a mailbox here that is not the login's.
bool Conversation::names_another_user(std::string_view field) const {
  const auto open = field.rfind('<');
  auto address = base::trim(field);
  if (open != std::string_view::npos)
    address = field.substr(open + 1, field.find('>', open) - open - 1);
  const auto at = address.rfind('@');
  if (at == std::string_view::npos ||
      !base::equal_without_case(address.substr(at + 1), mail_domain)) {
    return false;
  }
  const auto mailbox = mailbox_of(address.substr(0, at));
  return mailbox && *mailbox != user_;
}

/// RFC 6409 sections 5.1, 6.1 and 6.3.
std::optional<Reply> Conversation::header_refusal(
    std::string_view content) const {
  if (is_submission() && names_another_user(field_body(content, "Sender")) &&
      !flawed("submission-foreign-sender-field-accepted"_flaw)) {
    return Reply{550, "5.7.1", {"The Sender field names somebody else"}};
  }
  if (!is_submission() || flawed("submission-bad-from-accepted"_flaw) ||
      !has_malformed_address(field_body(content, "From"))) {
    return std::nullopt;
  }
  return Reply{554, "5.6.0", {"The From field has a malformed address"}};
}

std::string Conversation::login_address() const {
  return user_ + "@" + std::string(mail_domain);
}

/// With a flaw: what RFC 6409 section 4.2 calls particularly risky.
void Conversation::complete_domain(Path& sender) const {
  if (is_submission() && flawed("submission-domain-completed"_flaw) &&
      base::to_lower(sender.mailbox.domain).ends_with(".sales")) {
    sender.text += "." + std::string(mail_domain);
  }
}

}  // namespace smtpspec::server
