// The S lines of dialogs, and what is alike: "501; note: 5yz / closed; fail: 250 ~ /text/".
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/source.h"
#include "scenario/dialog.h"

namespace smtpspec::scenario {

/// What a line judges: a reply (S lines), a handshake (TLS lines), or what
/// arrived (`then`): a number of messages, their text, their content.
enum class ExpectKind {
  reply,
  tls_outcome,
  arrivals,
  arrived_text,
  arrived_content,
};

/// Parses what stands behind "S: " or "TLS: ", at `position` in the line
/// `line_text`. Throws base::SourceError. Sets parts and source of the result.
Expect parse_expect(std::string_view text, const base::SourcePosition& position,
                    std::string_view line_text,
                    ExpectKind kind = ExpectKind::reply);

/// Parses "200ms" or "2s", from 1 ms to 10 minutes. Throws base::SourceError.
std::chrono::milliseconds parse_duration(std::string_view text,
                                         const base::SourcePosition& position,
                                         std::string_view line_text);

/// The names that an S line captures where the dialog goes on behind it.
std::set<std::string> captures(const Expect& expect);

}  // namespace smtpspec::scenario
