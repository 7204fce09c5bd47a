// The block `then:` of a scenario: what must have arrived, or not, at the
// witnesses of the profile, once the dialog is over. One assertion a line:
//
//   relayed: 0                    nothing was sent on to another host
//   mail: 1; fail: 2+             one message arrived
//   text: /^Subject: x$/          what arrived, octet by octet
//   report: /^Action: failed/     what the reports say that came back
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/dialog.h"
#include "smtp/trace_rules.h"

namespace smtpspec::scenario {

/// What an assertion looks at: messages with the session's token.
enum class Subject {
  mail,       ///< how many arrived, bounces left out
  relayed,    ///< how many of them were sent on to another host
  delivered,  ///< how many of them went to a mailbox
  bounced,    ///< how many reports came back to the reverse-path
  text,       ///< the octets of each of the mail
  envelope,   ///< "MAIL FROM:<a> SIZE=1", "RCPT TO:<b>", each with LF
  content,    ///< whether the mail data is what we sent
  trace,      ///< a rule of smtp/trace_rules.h, on each of the mail
  /// The same, on each report to the reverse-path; or what all such reports say,
  /// one after the other.
  report,
};

/// As it is written.
std::string_view to_string(Subject subject);

/// Subjects that count.
bool counts(Subject subject);

struct Assertion {
  Subject subject = Subject::mail;
  /// Patterns Arrivals, ArrivedText or Unchanged, as the subject wants them.
  /// Without parts where there is a rule.
  Expect expect = {};
  const smtp::DeliveryRule* rule = nullptr;  ///< for trace and report

  /// Whether it is about the octets of all reports together.
  bool reads_reports() const {
    return subject == Subject::report && rule == nullptr;
  }
  /// What its texts want a value for.
  std::set<std::string> variables() const;
};

/// Parses the block, whose first line is `first_line` of `file`, whose whole
/// text is `file_text`; `indent` columns precede each line there. Throws
/// base::SourceError.
std::vector<Assertion> parse_then(std::string_view text,
                                  const std::string& file,
                                  std::string_view file_text, int first_line,
                                  int indent);

}  // namespace smtpspec::scenario
