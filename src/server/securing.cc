// STARTTLS (RFC 3207).
#include <utility>

#include "server/conversation.h"

namespace smtpspec::server {

void Conversation::starttls(std::string_view argument) {
  if (is_secure()) {
    if (flawed("starttls-twice-accepted"_flaw))
      return say(220, "2.0.0", "Ready to start TLS");
    return say(503, "5.5.1", "TLS is active already");
  }
  if (!surroundings_.offers_tls || flawed("starttls-refused"_flaw))
    return say(502, "5.5.1", "Command is not implemented");
  if (!argument.empty() && !flawed("starttls-argument-accepted"_flaw)) {
    closing_ = flawed("starttls-closes-after-refusal"_flaw);
    return say(flawed("starttls-argument-554"_flaw) ? 554 : 501, "5.5.4",
               "No argument is taken");
  }
  say(flawed("starttls-answered-250"_flaw) ? 250 : 220, "2.0.0",
      "Ready to start TLS");
  starting_tls_ = !flawed("starttls-without-handshake"_flaw);
}

/// What a client has sent behind STARTTLS without waiting is thrown away
/// (section 4.2), but for flaws.
bool Conversation::drops_input_before_tls(std::string_view rest) {
  if (!starting_tls_ || flawed("starttls-runs-input-in-clear"_flaw))
    return false;
  if (flawed("starttls-keeps-input"_flaw)) kept_input_ = rest;
  return true;
}

std::string Conversation::tls_started(net::TlsFacts facts) {
  surroundings_.tls = std::move(facts);
  starting_tls_ = false;
  lines_.drop();
  forget_before_tls();
  if (flawed("starttls-greets-again"_flaw)) return greeting();
  return receive(std::exchange(kept_input_, {}));
}

/// Section 4.2: all that the client has said.
void Conversation::forget_before_tls() {
  if (!flawed("starttls-keeps-login"_flaw)) user_.clear();
  const bool keeps_transaction = flawed("starttls-keeps-transaction"_flaw);
  if (!flawed("starttls-keeps-greeting"_flaw) && !keeps_transaction) {
    greeted_ = Greeted::no;
    client_name_.clear();
  }
  if (flawed("starttls-keeps-chunks"_flaw)) kept_chunks_ = transaction_.chunks;
  if (!keeps_transaction) reset_transaction();
}

/// With a flaw: a transaction begins with what the last one left.
void Conversation::keep_chunks() {
  if (kept_chunks_.empty()) return;
  transaction_.chunks = std::exchange(kept_chunks_, {});
  transaction_.chunks_size = transaction_.chunks.size();
}

/// RFC 3207 section 4: a server for everybody's mail demands no TLS.
bool Conversation::demands_tls(std::string_view verb) const {
  if (is_secure() || surroundings_.service != Service::mta) return false;
  if (verb == "NOOP") return flawed("starttls-demanded-of-noop"_flaw);
  return verb == "MAIL" && (flawed("starttls-demanded"_flaw) ||
                            flawed("starttls-demanded-554"_flaw) ||
                            flawed("starttls-demanded-of-noop"_flaw) ||
                            flawed("starttls-demanded-code-wrong"_flaw));
}

/// Section 4.1: whoever finds that TLS protects too little says so to all
/// commands but QUIT. MACs of SHA-1 are too little here.
bool Conversation::refuses_for_weak_tls(std::string_view verb) {
  if (!is_secure() || !surroundings_.tls->cipher.ends_with("-SHA"))
    return false;
  if (verb == "QUIT" && !flawed("starttls-insufficient-quit-554"_flaw))
    return false;
  say(flawed("starttls-insufficient-550"_flaw) ? 550 : 554, "5.7.5",
      "Refused due to lack of security");
  return true;
}

bool Conversation::refuses_for_tls(std::string_view verb) {
  if (!demands_tls(verb)) return false;
  if (flawed("starttls-demanded-554"_flaw)) {
    say(554, "5.7.0", "Say STARTTLS first");
  } else {
    say(530, flawed("starttls-demanded-code-wrong"_flaw) ? "5.7.1" : "5.7.0",
        "Say STARTTLS first");
  }
  return true;
}

}  // namespace smtpspec::server
