// The report of an audit: a page that begins with the answer, then says what was
// proved and how, and what was not tested and why. docs/audit.md is the manual.
#pragma once

#include <iosfwd>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "play/verdict.h"
#include "scenario/requirements.h"

namespace smtpspec::report {

struct AuditedListener {
  std::string name;      ///< mta, submission, ...
  std::string endpoint;  ///< host:port
  /// Another way to what the listener mta leads to, which should be as strict.
  bool is_beside_mta = false;
  /// What it listed in reply to EHLO: "SIZE", "AUTH PLAIN".
  std::set<std::string> in_clear = {};
  std::set<std::string> under_tls = {};
};

struct AuditReport {
  /// Of all listeners; ids have the listener's name in front:
  /// "mta/relay/plain#u17".
  play::RunReport run;
  std::vector<AuditedListener> listeners;
  std::string source;          ///< whom the target is not to trust; may be empty
  std::string trusted_source;  ///< whose mail it relays; may be empty
  bool has_sink = false;
  /// What a reader must know of the way in which the audit was made.
  std::vector<std::string> remarks;
};

/// What an audit says about relaying.
enum class RelayAnswer {
  open,       ///< mail was seen where it should not be
  closed,     ///< every attempt was decided, and none was relayed
  undecided,  ///< none was seen, and not every attempt was decided
  untested,
};
RelayAnswer relay_answer(const AuditReport& report);
/// "open relay", "not an open relay", ...
std::string_view to_string(RelayAnswer answer);

/// Warns of each attempt to relay that the listener mta refused for good and
/// another way to the same server took.
void judge_laxer_listeners(AuditReport& report);

/// In printable ASCII.
void write_audit_page(std::ostream& out, const AuditReport& report,
                      const scenario::Requirements& requirements);

/// One line of JSON, LF at its end: the answer, counts and findings.
std::string to_audit_line(const AuditReport& report);
/// The target of such a line; nothing where it is none, or its audit was
/// interrupted.
std::optional<std::string> audited_target(const std::string& line);

}  // namespace smtpspec::report
