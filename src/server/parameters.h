// ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2; RFC 1870, 6152,
// 3030, 3461, 6531).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/flaws.h"
#include "server/reply.h"

namespace smtpspec::server {

struct MailParameters {
  std::optional<std::uint64_t> size;
  bool is_binary = false;
  bool has_body = false;
  bool has_ret = false;
  bool has_envid = false;
  bool utf8 = false;
  bool has_by = false;        ///< RFC 2852
  bool has_priority = false;  ///< RFC 6710
  int priority = 0;
  bool solicits = false;  ///< of a class that is refused (RFC 3865)
  bool has_auth = false;  ///< RFC 4954
  bool needs_login_for_auth = false;  ///< a flaw
};

struct RcptParameters {
  bool has_notify = false;
  bool has_orcpt = false;
  int valid_since = 9999;  ///< a year (RFC 7293)
};

/// Reads the parameters behind the path, their leading space included, into
/// `result`. The reply that refuses them, or nothing. `extended` is whether
/// the session began with EHLO: without it every parameter is unknown.
std::optional<Reply> parse_parameters(std::string_view text, bool extended,
                                      const FlawSet& flaws,
                                      MailParameters& result);
std::optional<Reply> parse_parameters(std::string_view text, bool extended,
                                      const FlawSet& flaws,
                                      RcptParameters& result);

}  // namespace smtpspec::server
