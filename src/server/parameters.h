// ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2; RFC 1870, 6152,
// 2852, 3030, 3461, 4865, 6531, 6710, 7293).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/flaws.h"
#include "server/reply.h"
#include "server/store.h"

namespace smtpspec::server {

/// What FUTURERELEASE lists: how long a message may be held, and until when
/// (RFC 4865 section 3).
inline constexpr std::chrono::seconds longest_hold{86400};
inline constexpr std::chrono::sys_seconds latest_release =
    std::chrono::sys_days(std::chrono::year(2099) / 12 / 31) +
    std::chrono::hours(24) - std::chrono::seconds(1);

/// What the session's EHLO offered.
struct Offer {
  bool extensions = false;      ///< it was EHLO, not HELO
  bool future_release = false;  ///< RFC 4865: on submission only
  bool require_tls = false;     ///< RFC 8689: under TLS only
};

struct MailParameters {
  std::optional<std::uint64_t> size;
  MailOptions options;
  bool has_body = false;
  bool has_ret = false;
  bool has_envid = false;
  std::optional<std::chrono::seconds> by;        ///< from now (RFC 2852)
  std::optional<std::chrono::seconds> hold_for;  ///< RFC 4865
  std::optional<std::chrono::sys_seconds> hold_until;
  bool has_priority = false;  ///< RFC 6710
  int priority = 0;
  bool solicits = false;  ///< of a class that is refused (RFC 3865)
  bool has_auth = false;  ///< RFC 4954
  bool names_author = false;  ///< AUTH= is not <>
  bool needs_login_for_auth = false;  ///< a flaw
};

struct RcptParameters {
  bool has_notify = false;
  bool has_orcpt = false;
  Notify notify;
  std::string original;  ///< ORCPT
  int valid_since = 9999;  ///< a year (RFC 7293)
};

/// Reads the parameters behind the path, their leading space included, into
/// `result`. The reply that refuses them, or nothing. What was not offered is
/// unknown.
std::optional<Reply> parse_parameters(std::string_view text, Offer offer,
                                      const FlawSet& flaws,
                                      MailParameters& result);
std::optional<Reply> parse_parameters(std::string_view text, Offer offer,
                                      const FlawSet& flaws,
                                      RcptParameters& result);

/// What else speaks against holding a message: it is to be delivered before,
/// or there is no room (RFC 4865 sections 5.2.2 and 6). The reply that refuses
/// it, or nothing.
std::optional<Reply> hold_refusal(const MailParameters& parameters,
                                  std::chrono::system_clock::time_point now,
                                  const FlawSet& flaws);

}  // namespace smtpspec::server
