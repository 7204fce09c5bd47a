// Trace fields (RFC 5321 section 4.4), and what flaws make of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "server/flaws.h"
#include "server/store.h"

namespace smtpspec::server {

/// What trace fields tell of a message.
struct TraceFacts {
  std::string sender;  ///< empty: <>
  std::string client_name;
  std::string client_literal;  ///< "[127.0.0.1]"
  std::string protocol;        ///< what stands behind "with"
  std::string clauses;         ///< more, behind the id; empty, or " A b"
  std::vector<Recipient> recipients;
  std::uint64_t id = 0;
  std::chrono::system_clock::time_point time;
};

/// "Sat, 21 Nov 2026 00:00:00 +0000" (RFC 5322 section 3.3).
std::string date_time(std::chrono::system_clock::time_point time);
/// What flaws write in its place: "Sat, 21 Nov 26 00:00:00 +0000" and "Sat, 30
/// Feb 2026 00:00:00 +0000".
std::string two_digit_date_time(std::chrono::system_clock::time_point time);
std::string impossible_date_time(std::chrono::system_clock::time_point time);

/// Received, with its CRLF.
std::string received_field(const TraceFacts& facts, const FlawSet& flaws);

/// Return-Path, with its CRLF, which final delivery adds; with flaws none, or
/// two.
std::string return_path_field(const TraceFacts& facts, const FlawSet& flaws);

}  // namespace smtpspec::server
