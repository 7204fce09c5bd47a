#include "fuzzing/model.h"

#include <algorithm>

#include "base/text.h"

namespace smtpspec::fuzzing {

bool is_last_chunk(const std::string& line) {
  const auto words = base::words(line);
  return words.size() == 3 && base::equal_without_case(words[2], "LAST");
}

void Model::clear_transaction() {
  transaction = Known::no;
  recipients = 0;
  has_chunks = false;
  is_binary = false;
  in_content = false;
}

void Model::apply(const Answer& answer) {
  const std::string& verb = answer.verb;
  const int reply_class = answer.reply.reply_class();
  const bool is_taken = reply_class == 2;
  if (reply_class >= 4) ++errors;
  if (answer.is_handshake()) {
    // What was said in the clear is forgotten (RFC 3207 section 4.2).
    clear_transaction();
    is_secure = true;
    is_greeted = false;
    has_login = false;
  } else if (verb == "NOOP") {
    takes_noop_argument |= answer.reply.code == 250 && answer.line.size() > 5;
  } else if (verb == "EHLO" || verb == "HELO") {
    if (!is_taken) return;
    clear_transaction();
    is_greeted = true;
  } else if (verb == "RSET") {
    if (is_taken) clear_transaction();
  } else if (verb == "MAIL") {
    if (!is_taken) return;
    clear_transaction();
    transaction = Known::yes;
    is_binary = base::to_upper(answer.line).find("BODY=BINARYMIME") !=
                std::string::npos;
  } else if (verb == "RCPT") {
    if (is_taken) ++recipients;
  } else if (verb == "DATA") {
    in_content = answer.reply.code == 354;
    // Whether a refused DATA ends the transaction is said for 503 only
    // (section 4.1.4).
    if (!in_content && answer.reply.code != 503) transaction = Known::unknown;
  } else if (verb == ".") {
    if (!in_content) return;  // a command of that name
    if (is_taken) copies += recipients;
    clear_transaction();
  } else if (verb == "BDAT") {
    if (!is_taken) {
      transaction = Known::unknown;
    } else if (is_last_chunk(answer.line)) {
      copies += recipients;
      clear_transaction();
    } else {
      has_chunks = true;
    }
  } else if (verb == "AUTH" || answer.reply.code == 235) {
    if (answer.reply.code == 235) has_login = true;
  } else if (verb != "VRFY" && verb != "EXPN" &&
             verb != "HELP" && verb != "STARTTLS" && verb != "greeting" &&
             reply_class < 4) {
    // What other commands do is not known here; XCLIENT begins anew.
    transaction = Known::unknown;
    is_greeted = false;
    has_login = false;
  }
}

unsigned Model::number() const {
  return (is_greeted ? 1u : 0u) | (is_secure ? 2u : 0u) |
         (has_login ? 4u : 0u) | static_cast<unsigned>(transaction) << 3 |
         (recipients > 0 ? 32u : 0u) | (has_chunks ? 64u : 0u) |
         (in_content ? 128u : 0u) |
         std::min<unsigned>(static_cast<unsigned>(copies), 3) << 8 |
         std::min<unsigned>(static_cast<unsigned>(errors), 7) << 10;
}

}  // namespace smtpspec::fuzzing
