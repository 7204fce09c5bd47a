// Words that all reports share. They know no output format.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "play/verdict.h"
#include "scenario/requirements.h"

namespace smtpspec::report {

/// `text` in printable ASCII. What is printable already stays as it is,
/// backslashes included: texts of a run are escaped where they arise, and this
/// only makes sure of it. Other octets become \n, \t, \xHH. At most `limit`
/// octets are shown and the rest counted: "abc... (1048573 more octets)".
std::string visible(std::string_view text,
                    std::size_t limit = std::string_view::npos);

/// The folder of an id: "smuggling" of "smuggling/lf-dot-crlf"; "smtpspec" for
/// an id without one.
std::string folder_of(std::string_view id);

/// "RFC 5321 section 4.1.1.4, MUST NOT".
std::string clause_place(const scenario::Requirement& requirement);

/// Seconds with `digits` (1 to 6) decimals behind a '.', in every locale.
std::string seconds(std::chrono::microseconds duration, int digits);

/// 2026-11-21T12:00:00, UTC, without a zone.
std::string utc_time(std::chrono::system_clock::time_point time);

/// The rulings on the clauses of the result's scenario, each once.
std::vector<const scenario::Ruling*> rulings_of(
    const play::Result& result, const scenario::Requirements& requirements);

/// Whether the result says that the target did something wrong or inconclusive,
/// so that its evidence is worth a look.
bool has_evidence(play::Verdict verdict);

/// Of each connection the source port and the last `limit` lines (0: all), each
/// visible.
std::vector<std::string> transcript_lines(const play::Result& result,
                                          std::size_t limit);

/// What a verdict rests on, one line each: the clauses in the ledger's words,
/// the reason, the place in the scenario, rulings, transcript_lines(). All are
/// visible; none shows more than 4,000 octets.
std::vector<std::string> evidence(const play::Result& result,
                                  const scenario::Requirements& requirements,
                                  std::size_t transcript_limit);

}  // namespace smtpspec::report
