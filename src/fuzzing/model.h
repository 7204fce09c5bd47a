// The state of an SMTP session as its replies tell it (RFC 5321 section 3.3,
// 4.1.4; RFC 3030; RFC 3207 section 4.2; RFC 4954 section 4). Where the RFCs or
// the replies leave it open, it says that it does not know.
#pragma once

#include <cstddef>
#include <string>

#include "fuzzing/observation.h"

namespace smtpspec::fuzzing {

struct Model {
  enum class Known { no, yes, unknown };

  bool is_greeted = false;  ///< HELO or EHLO was taken
  bool is_secure = false;
  bool has_login = false;
  /// A mail transaction is open.
  Known transaction = Known::no;
  /// Recipients of it that were taken.
  std::size_t recipients = 0;
  /// Chunks of BDAT belong to it, and the last one is to come.
  bool has_chunks = false;
  /// It is for binary content, which DATA does not take (RFC 3030 section 3).
  bool is_binary = false;
  /// 354 was said.
  bool in_content = false;
  /// What the server has taken: a copy for each recipient.
  std::size_t copies = 0;
  /// NOOP with an argument was answered with 250.
  bool takes_noop_argument = false;
  /// Replies of 4yz and 5yz.
  int errors = 0;

  /// Goes on to what holds behind `answer`, which has a verb.
  void apply(const Answer& answer);

  /// A number that tells states apart: for feedback.
  unsigned number() const;

 private:
  void clear_transaction();
};

/// Whether the last BDAT of a message was said: "BDAT 10 LAST".
bool is_last_chunk(const std::string& line);

}  // namespace smtpspec::fuzzing
