// Replies of the server as octets (RFC 5321 section 4.2), and what flaws make
// of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/flaws.h"

namespace smtpspec::server {

struct Reply {
  int code = 0;
  /// "5.1.1"; empty where there is none (RFC 2034 section 4).
  std::string_view enhanced;
  std::vector<std::string> lines;
};

/// Longest reply line, CRLF included (4.5.3.1.5).
constexpr std::size_t reply_line_limit = 512;

/// `reply` as octets; lines are cut at `line_limit`.
std::string encode(const Reply& reply,
                   std::size_t line_limit = reply_line_limit);

/// The octets that a flawed server sends in place of `octets`, its reply to
/// `verb`: "MAIL", or "greeting", "content", "unknown".
std::string distort(std::string octets, std::string_view verb,
                    const FlawSet& flaws);

/// The octets with which a flawed server refuses `verb` in any case without
/// looking at it, or nothing.
std::string_view refusal_of(std::string_view verb, const FlawSet& flaws);

}  // namespace smtpspec::server
