// Has one fuzzed session with the target, and says what the server did.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "fuzzing/input.h"
#include "fuzzing/observation.h"
#include "net/connection.h"
#include "play/target.h"
#include "play/waits.h"

namespace smtpspec::fuzzing {

/// How long a reply is waited for: ten times the slowest of late, so that a
/// server that is silent costs little; a hundred times before it is called so.
class ReplyTime {
 public:
  void took(std::chrono::nanoseconds time);
  /// `is_certain`: a reply is due, unless the server is wrong.
  std::chrono::milliseconds wait(bool is_certain) const;
  std::chrono::milliseconds patience() const;

 private:
  std::chrono::nanoseconds slowest_ = std::chrono::milliseconds(10);
};

class Executor {
 public:
  /// `target` outlives it. A session's token is `token_prefix` and a number of
  /// token_digits digits.
  Executor(const play::Target& target, std::string token_prefix);
  static constexpr std::size_t token_digits = 8;

  enum class Patience {
    adaptive,  ///< ReplyTime: while we look for something
    full,      ///< before anything is called silent
  };

  /// Throws boost::system::system_error where there is no connection.
  net::asio::awaitable<Observation> run(const Input& input, Patience patience);

  /// Whether a new connection is greeted, by whatever reply, within 1 s, or 10 s
  /// with full patience: else the server hangs.
  net::asio::awaitable<bool> is_greeted(Patience patience);

 private:
  std::string next_token();

  const play::Target& target_;
  std::string token_prefix_;
  net::TlsContext tls_;
  ReplyTime reply_time_;
  std::uint64_t sessions_ = 0;
};

}  // namespace smtpspec::fuzzing
