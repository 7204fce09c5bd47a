// STARTTLS (RFC 3207).
#include <utility>

#include "server/conversation.h"

namespace smtpspec::server {

void Conversation::starttls(std::string_view argument) {
  if (is_secure()) return say(503, "5.5.1", "TLS is active already");
  if (!surroundings_.offers_tls)
    return say(502, "5.5.1", "Command is not implemented");
  if (!argument.empty()) return say(501, "5.5.4", "No argument is taken");
  say(220, "2.0.0", "Ready to start TLS");
  starting_tls_ = true;
}

void Conversation::tls_started(net::TlsFacts facts) {
  surroundings_.tls = std::move(facts);
  starting_tls_ = false;
  greeted_ = Greeted::no;
  client_name_.clear();
  user_.clear();
  exchange_.reset();
  reset_transaction();
  lines_.drop();
}

}  // namespace smtpspec::server
