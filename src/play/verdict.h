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
