// For whom the server relays (RFC 5321 sections 3.6.2 and 7.9): the hosts of its
// own network, and who has logged in. Everybody else with a flaw only.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace {

/// A RCPT for another host's mailbox, and what came before it.
struct RelayRequest {
  const Path& sender;
  const Mailbox& recipient;
  const MailParameters& mail;
  const RcptParameters& rcpt;
  std::string_view client_name;
  bool has_own_recipient = false;
  bool has_delivered = false;
  bool has_reset = false;
  bool has_failed_login = false;
  bool is_secure = false;
};

/// Whether `domain` is `parent` or below it.
bool is_within(std::string_view domain, std::string_view parent) {
  if (base::equal_without_case(domain, parent)) return true;
  return domain.size() > parent.size() &&
         base::to_lower(domain).ends_with("." + base::to_lower(parent));
}

struct Trust {
  FlawId flaw;
  bool (*trusts)(const RelayRequest& request);
};

constexpr auto trusts = std::to_array<Trust>({
    {"relays-for-all"_flaw, [](const RelayRequest&) { return true; }},
    {"relays-for-null-sender"_flaw,
     [](const RelayRequest& request) { return request.sender.is_null; }},
    {"relays-for-local-sender"_flaw,
     [](const RelayRequest& request) {
       const auto& domain = request.sender.mailbox.domain;
       return is_own_name(domain) && !domain.starts_with('[');
     }},
    {"relays-for-literal-sender"_flaw,
     [](const RelayRequest& request) {
       return request.sender.mailbox.domain.starts_with('[');
     }},
    {"relays-for-same-domain-sender"_flaw,
     [](const RelayRequest& request) {
       return is_within(request.sender.mailbox.domain,
                        request.recipient.domain);
     }},
    {"relays-for-ehlo-name"_flaw,
     [](const RelayRequest& request) {
       return is_own_name(request.client_name);
     }},
    {"relays-for-local-orcpt"_flaw,
     [](const RelayRequest& request) {
       const auto& original = request.rcpt.original;
       const auto at = original.rfind('@');
       return at != std::string::npos && is_own_name(original.substr(at + 1));
     }},
    {"relays-for-auth-parameter"_flaw,
     [](const RelayRequest& request) { return request.mail.names_author; }},
    {"relays-under-tls"_flaw,
     [](const RelayRequest& request) { return request.is_secure; }},
    {"relays-after-failed-auth"_flaw,
     [](const RelayRequest& request) { return request.has_failed_login; }},
    {"relays-second-recipient"_flaw,
     [](const RelayRequest& request) { return request.has_own_recipient; }},
    {"relays-second-transaction"_flaw,
     [](const RelayRequest& request) { return request.has_delivered; }},
    {"relays-after-reset"_flaw,
     [](const RelayRequest& request) { return request.has_reset; }},
});

}  // namespace

bool Conversation::may_relay(const Mailbox& recipient,
                             const RcptParameters& parameters) const {
  if (surroundings_.service == Service::mta &&
      surroundings_.client_address == trusted_address &&
      !flawed("trusted-source-refused"_flaw)) {
    return true;
  }
  if (flaws_.empty()) return false;
  const auto& taken = transaction_.recipients;
  const bool has_own_recipient =
      std::any_of(taken.begin(), taken.end(), [](const Recipient& one) {
        return !one.is_relayed;
      });
  const RelayRequest request{.sender = transaction_.sender,
                             .recipient = recipient,
                             .mail = transaction_.parameters,
                             .rcpt = parameters,
                             .client_name = client_name_,
                             .has_own_recipient = has_own_recipient,
                             .has_delivered = has_delivered_,
                             .has_reset = has_reset_,
                             .has_failed_login = login_failures_ > 0,
                             .is_secure = is_secure()};
  return std::any_of(trusts.begin(), trusts.end(), [&](const Trust& row) {
    return flawed(row.flaw) && row.trusts(request);
  });
}

/// With a flaw: who is outside cannot be one of ours.
bool Conversation::refuses_own_sender(const Mailbox& sender) const {
  return flawed("own-domain-sender-refused"_flaw) && user_.empty() &&
         surroundings_.client_address != trusted_address &&
         base::equal_without_case(sender.domain, mail_domain);
}

}  // namespace smtpspec::server
