// SCRAM messages with one thing wrong on purpose (RFC 5802): the proof is
// computed anew, so that nothing else is wrong.
#pragma once

#include <string>
#include <string_view>

namespace smtpspec::smtp {

/// What has been said so far. `first` and `server_first` are whole messages.
struct ScramExchange {
  std::string mechanism;  ///< SCRAM-SHA-1, SCRAM-SHA-256-PLUS, ...
  std::string password;
  std::string first;
  std::string server_first;
};

/// Whether the twist is one of SCRAM's messages.
bool is_scram_twist(std::string_view twist);

/// The client's first message, spoilt.
std::string spoil_scram_first(std::string message, std::string_view twist);

/// The client's final message that answers exchange.server_first, spoilt.
/// `right` is what the mechanism would have sent.
std::string spoil_scram_final(const ScramExchange& exchange,
                              const std::string& right,
                              std::string_view twist);

}  // namespace smtpspec::smtp
