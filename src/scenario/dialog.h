// A conversation in the notation of the RFCs, as data. docs/scenario-language.md
// is the manual.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/source.h"
#include "scenario/template.h"
#include "smtp/pattern.h"

namespace smtpspec::scenario {

/// `C: text`: one line, CRLF is added. `C> text`: octets, nothing is added.
/// `C*100: text`: 100 lines, ${n} counts from 1. Sends that follow each other
/// are one write.
struct Send {
  Template text;
  bool adds_crlf = true;
  int repeat = 1;
  int line = 0;
};

/// What a server may do instead of replying.
struct Closed {};
struct Silent {
  std::chrono::milliseconds time;
};

using Pattern = std::variant<smtp::ReplyPattern, Closed, Silent>;

/// What it means that a pattern fits, from good to bad.
enum class Grade {
  go_on,  ///< the first part of an S line: as wanted, the dialog goes on
  pass,   ///< `pass:` as good, and the dialog ends here
  note,   ///< `note:`
  warn,   ///< `warn:`
  fail,   ///< `fail:` breaks the clause, at its level
  skip,   ///< `skip:` the scenario has nothing to say about this server
  block,  ///< `block:` inconclusive
};

struct GradedPatterns {
  Grade grade = Grade::go_on;
  std::vector<Pattern> any_of;
};

/// `S: 501; note: 5yz; warn: 250`: one reply is judged. `S? 250`: the same, but
/// the step is a condition of the scenario: what fits no part makes it blocked
/// or skipped, never failed. `S*100: 250`: 100 replies, each judged.
struct Expect {
  std::vector<GradedPatterns> parts;
  bool is_condition = false;
  int repeat = 1;
  int line = 0;
  /// The line behind "S: ", as written.
  std::string source;
};

/// `WAIT: 200ms`: time between two writes.
struct Wait {
  std::chrono::milliseconds time;
  int line = 0;
};

/// `TLS: handshake`: TLS starts on the connection (RFC 3207).
struct TlsHandshake {
  int line = 0;
};

using Step = std::variant<Send, Expect, Wait, TlsHandshake>;

struct Dialog {
  std::vector<Step> steps;

  /// Variables used but neither captured before nor counted by C*.
  std::set<std::string> variables() const;
};

/// Parses a dialog. `first_line` is the line of its first line in `file`, whose
/// whole text is `file_text` (for carets); `indent` columns precede each line
/// there. Throws base::SourceError.
Dialog parse_dialog(std::string_view text, const std::string& file,
                    std::string_view file_text, int first_line, int indent);

}  // namespace smtpspec::scenario
