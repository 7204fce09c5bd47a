// Holds what the server did against one S line.
#pragma once

#include <string>

#include "play/session.h"
#include "play/verdict.h"
#include "scenario/dialog.h"
#include "smtp/pattern.h"

namespace smtpspec::play {

/// What one step came to.
struct Judgement {
  enum class Next { go_on, stop };
  Verdict verdict = Verdict::passed;
  Next next = Next::go_on;
  /// What came, for the verdict's sentence: "550 5.1.1 no such user".
  std::string reason;
  /// A part of the S line names what came.
  bool named = false;
  /// The server's refusal may be due to the moment (421, 4yz, closed at the
  /// door): worth a second connection.
  bool transient = false;
};

/// Judges `event`. `level` is what breaking the clause means; `captures` holds
/// what was caught before and receives what regular expressions catch.
Judgement judge(const scenario::Expect& expect, const Event& event,
                Verdict level, smtp::Captures& captures);

/// "550 5.1.1 no such user", "the server closed the connection", ...; escaped.
std::string describe(const Event& event);

/// What a part with this grade makes of a test whose clause has this level.
Verdict verdict_of(scenario::Grade grade, Verdict level);

}  // namespace smtpspec::play
