// What a server did in a fuzzed session, and what is found wrong in it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "play/session.h"
#include "smtp/reply.h"

namespace smtpspec::fuzzing {

/// A reply and what it answers.
struct Answer {
  /// Verb in upper case, "." for the end of mail data, "greeting", "AUTH" for
  /// the last reply to a login, "TLS" (with code 0) for a handshake that
  /// succeeded; empty where that cannot be told.
  std::string verb;
  /// As it was sent, secrets hidden; of a login "AUTH PLAIN (wrong password)".
  std::string line;
  bool must_fail = false;  ///< of a login that no server may take
  smtp::Reply reply;
  /// Of the unit behind which it was read.
  std::size_t unit = 0;
  /// It is what that unit came to, a login or a handshake: it answers no line
  /// before it, and is not the handshake that comes before the greeting.
  bool is_outcome = false;

  bool is_handshake() const { return verb == "TLS" && reply.code == 0; }
  /// Before the first unit: with implicit TLS a handshake as well.
  bool is_of_connection() const {
    return verb == "greeting" || (is_handshake() && !is_outcome);
  }
};

/// How a session ended.
enum class Outcome {
  finished,    ///< all was sent, and all replies came
  closed,      ///< by the server
  reset,       ///< by the server, with a TCP RST
  silent,      ///< a reply did not come in time
  malformed,   ///< what came is no reply
  no_tls,      ///< the handshake failed
};

struct Observation {
  Outcome outcome = Outcome::finished;
  /// The unit at which a session ended early; else the number of units.
  std::size_t unit = 0;
  std::vector<Answer> answers;
  std::vector<play::Breach> breaches;
  /// Commands and replies are matched with certainty, to the end.
  bool is_reliable = true;
  /// All that was sent as commands were lines that nobody takes for an attack:
  /// printable, and of 512 octets at most.
  bool is_plain = true;
  /// Of a session that ended early: the line that was not answered.
  std::string unanswered;
  /// Behind silence, a NOOP was answered.
  bool is_alive_after_silence = false;
  std::string token;
  play::Transcript transcript;

  /// The server ended the connection.
  bool is_cut() const {
    return outcome == Outcome::closed || outcome == Outcome::reset;
  }

  /// Whether `answer` is to a group of commands that drew too few replies: which
  /// command drew none cannot be told, nor then which reply is whose.
  bool is_doubtful(const Answer& answer) const {
    return outcome == Outcome::silent && answer.unit == unit &&
           !answer.is_of_connection();
  }
};

/// What `Finding::expected` is where only an answer was missing.
inline constexpr const char* any_reply = "2yz / 3yz / 4yz / 5yz";

/// Something that no server that conforms does.
struct Finding {
  /// Of letters, digits and '-': two findings with one signature are one.
  std::string signature;
  /// One sentence: what the server did.
  std::string sentence;
  /// Of the ledger: what it breaks.
  std::string clause;
  /// The answer that is wrong (an index; the number of answers: the one that did
  /// not come), and the patterns of an S line that would have been right.
  std::size_t answer = 0;
  std::string expected;
  /// A rule of smtp/reply_rules.h that is broken; else empty.
  std::string watch;
  /// Lines of `then` that would have held; else empty.
  std::string then;
  /// More that was seen, such as a sanitizer's report; else empty.
  std::string remarks;
};

}  // namespace smtpspec::fuzzing
