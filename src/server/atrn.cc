// ATRN (RFC 2645): whoever has logged in asks for the mail of his domains, on
// the connection that he has opened.
#include "base/text.h"
#include "server/conversation.h"

namespace smtpspec::server {

/// Where AUTH is listed too (section 5.1.1), and not for submission (RFC 6409
/// section 7).
bool Conversation::offers_atrn() const {
  return surroundings_.service == Service::mta && is_secure();
}

/// Sections 5.2.1 and 7. All who have logged in are customers with one domain,
/// and no mail waits for it.
void Conversation::atrn(std::string_view argument) {
  if (!offers_atrn()) return unimplemented(argument);
  if (user_.empty()) {
    if (flawed("atrn-without-login-accepted"_flaw))
      return say(250, "2.0.0", "Ok");
    return say(530, "5.7.0", "Log in first");
  }
  if (transaction_.is_open) return say(503, "5.5.1", "There is a transaction");
  if (!argument.empty()) {
    for (const auto domain : base::split(argument, ',')) {
      if (!is_domain(domain)) return say(501, "5.5.4", "A domain is wanted");
      if (base::equal_without_case(domain, customer_domain)) continue;
      if (flawed("atrn-foreign-domain-accepted"_flaw))
        return say(250, "2.0.0", "Ok");
      return say(450, "4.7.0", "Not your domain: " + echo(domain));
    }
  }
  if (flawed("atrn-speaks-first"_flaw)) {
    return send("250 2.0.0 Ok\r\nEHLO " + std::string(host_name) + "\r\n");
  }
  say(453, "4.3.2", "You have no mail");
}

}  // namespace smtpspec::server
