// A scenario: one requirement, the conversation that checks it, and the flaw of
// the reference server that proves that it can fail.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/dialog.h"
#include "scenario/requirements.h"
#include "scenario/then.h"

namespace smtpspec::scenario {

/// Where the player brings the session before the dialog begins.
enum class Start {
  connect,   ///< nothing: where TLS comes first, not even that
  greeting,  ///< the greeting is still to be read
  clear,     ///< EHLO is answered; no STARTTLS, no login
  ehlo,   ///< ready for mail: as `auth` on a listener for submission, if the
          ///< profile has a user, else as `clear`
  tls,    ///< under TLS, by STARTTLS unless it comes first, and EHLO
  auth,   ///< as `tls`, and logged in
  mail,   ///< as `ehlo`, and MAIL
  rcpt,   ///< as `mail`, and RCPT
  data,   ///< as `rcpt`, and DATA
};

/// The kind of listener that a scenario is for.
enum class Listener { any, mta, submission, submissions, lmtp };

/// How a scenario whose replies are not judged one by one is judged.
enum class Measure {
  none,
  keywords,      ///< `against`, at another listener, is offered the same
  mechanisms,    ///< likewise, of AUTH
  certificates,  ///< likewise, is shown the same certificate
  replies,       ///< `dialog` and `against` end in the same octets
  times,         ///< `dialog` and `against` end after the same time
  throttling,    ///< what becomes of who says `dialog` ten times
  spread,        ///< the same, each time on a connection of its own
  repeats,       ///< `dialog` captures `fresh` fifty times: no two are alike
};

/// One row of `cases:`, or the only one of a scenario without.
struct Case {
  std::string id;  ///< empty in a scenario without cases
  Dialog dialog = {};
  Dialog control = {};  ///< empty where there is none
  /// What must have arrived once the dialog is over.
  std::vector<Assertion> then = {};
  /// Flaws for this case alone (column `flaw`); else those of the scenario.
  std::vector<std::string> flaws = {};
};

/// The address of ours that a scenario's session comes from.
enum class Source {
  outside,
  trusted,  ///< the target relays for it
  refused,  ///< the target takes no mail from it
};

struct Scenario {
  /// smuggling/lf-dot-crlf: folder and file name; fuzzed/SIGNATURE where `found`
  /// is given.
  std::string id;
  std::string file;
  std::string title;
  /// At least one. The first one's level decides what a failure is.
  std::vector<std::string> clauses;
  Level level = Level::may;        ///< of the first clause
  /// EHLO keywords, upper case; "AUTH PLAIN": a keyword with that parameter.
  std::vector<std::string> needs;
  std::vector<std::string> lacks;  ///< EHLO keywords that must be absent
  Start from = Start::ehlo;
  Listener listener = Listener::any;
  Source source = Source::outside;
  std::vector<std::string> flaws;
  /// The signature of the fuzzer's finding that it was written from, in place
  /// of a flaw of the reference server; else empty. No built-in one has it.
  std::string found;
  /// A rule on replies (smtp/reply_rules.h) that is judged on every reply of
  /// the whole run; the dialog only draws replies. Empty for others.
  std::string watch;
  std::string dialog_source;
  std::string control_source;
  std::string beside_source;
  std::string then_source;
  std::string against_source;
  Measure measure = Measure::none;
  /// What a measured dialog is compared with; empty in others.
  Dialog against;
  /// Where `against` is said; any: where the dialog is.
  Listener other = Listener::any;
  /// Said first, from the greeting on, on a connection of its own that stays
  /// open while a case's dialog is said. Empty where there is none.
  Dialog beside;
  int dialog_line = 0;
  std::vector<Case> cases;  ///< at least one

  /// Each play of it is many sessions, which can disturb other tests.
  bool is_measured() const { return measure != Measure::none; }
  /// It sets two listeners of the target side by side.
  bool compares_listeners() const { return other != Listener::any; }
  /// It says more wrong passwords, or breaks off more logins, than someone who
  /// mistypes.
  bool guesses() const {
    return is_measured() && measure != Measure::replies &&
           !compares_listeners();
  }
};

/// One thing that runs and has a verdict: a case of a scenario.
struct Test {
  const Scenario* scenario = nullptr;
  const Case* row = nullptr;

  /// smuggling/lf-dot-crlf, or commands/verb-case#ehlo.
  std::string id() const;
};

std::string_view to_string(Start start);
std::string_view to_string(Listener listener);
std::optional<Listener> parse_listener(std::string_view text);
std::optional<Start> parse_start(std::string_view text);
std::string_view to_string(Measure measure);  ///< empty for none
/// Never none.
std::optional<Measure> parse_measure(std::string_view text);

}  // namespace smtpspec::scenario
