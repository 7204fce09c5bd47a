// What became of a test.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.h"

namespace smtpspec::play {

/// From good to bad. docs/verdicts.md says what each rests on.
enum class Verdict {
  passed,
  fixed,    ///< the baseline expects a failure, and there is none
  known,    ///< fails as the baseline says
  skipped,  ///< does not apply: not advertised, no value in the profile
  blocked,  ///< inconclusive: the steps before the dialog did not get through
  noted,    ///< advice not followed, or a MAY not taken
  warned,   ///< a SHOULD broken
  failed,   ///< a MUST, MUST NOT or the ABNF broken
  error,    ///< our side: cannot connect, an internal limit
};

std::string_view to_string(Verdict verdict);

/// How far the mail of a test came. docs/audit.md is the manual.
enum class Rung {
  unknown,          ///< no mail was tried, or it cannot be told
  refused_at_mail,  ///< or before
  refused_at_rcpt,
  refused_at_data,  ///< at DATA, or at the end of the mail data
  bounced,          ///< taken, and reported as failed to the reverse-path
  delivered,        ///< taken, and seen in a mailbox of the target
  not_seen,         ///< taken, and seen nowhere though a barrier was
  not_proved,       ///< taken, and nobody looks where it could be seen
  relayed,          ///< taken, and seen at the sink: sent on to another host
};

/// "refused at RCPT".
std::string_view to_string(Rung rung);

/// One line of a transcript.
struct TranscriptLine {
  /// "C: ", "C> ", "S: ", "TLS: ", and "# " for what the notation has no verb for: an
  /// event is what befell the connection, in words.
  enum class Kind { client, client_raw, server, tls, comment, event };
  Kind kind;
  /// Escaped: printable ASCII, secrets already masked.
  std::string text;
};

/// What was said on one connection, in the notation of dialogs.
struct Transcript {
  std::uint16_t source_port = 0;  ///< 0: never connected
  std::vector<TranscriptLine> lines;

  /// One line each, LF at their ends.
  std::string to_string() const;
};

struct Result {
  scenario::Test test;
  std::string id;  ///< test.id()
  Verdict verdict = Verdict::error;
  /// One sentence: what was wanted, what came. Printable ASCII. Empty for
  /// passed.
  std::string reason;
  /// Line of the scenario file at which the verdict fell; 0 if none.
  int line = 0;
  /// Of each connection that was made, the one that decided last.
  std::vector<Transcript> transcripts;
  std::chrono::microseconds duration{0};
  /// Of a test that looks at what arrived.
  Rung rung = Rung::unknown;
  /// For verdict known and fixed: the baseline's reason.
  std::string baseline_reason;
};

/// The results of a run and what frames them, for reports.
struct RunReport {
  std::string target;    ///< host:port, or "built-in reference server"
  std::string listener;  ///< mta, submission, ...
  std::string version;   ///< of smtpspec
  std::chrono::system_clock::time_point started;
  std::chrono::microseconds duration{0};
  std::vector<Result> results;
  /// Tests chosen, those not reached by an interrupted run included.
  std::size_t selected = 0;
  bool interrupted = false;
  std::size_t baseline_entries = 0;

  std::size_t count(Verdict verdict) const;
};

}  // namespace smtpspec::play
