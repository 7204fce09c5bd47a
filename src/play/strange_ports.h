// Ports of a host where mail is taken besides those that one asks about: doors
// behind a filter, old servers, what somebody once tried out.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/deadline.h"
#include "play/pace.h"

namespace smtpspec::play {

/// LMTP's own (RFC 2033 section 2: never 25), two that stand in where 25 and
/// 587 are barred, and those at which a content filter gives mail back, which
/// as a rule trusts whoever comes.
inline constexpr std::array<std::uint16_t, 7> strange_ports{
    24, 26, 2525, 2526, 10024, 10025, 10026};

/// Those of `ports` of `host` where somebody greets with 220 within `time`; he
/// is told QUIT. A `source` that is not empty is bound. `pace` may be null.
net::asio::awaitable<std::vector<std::uint16_t>> find_mail_ports(
    std::string host, std::string source, std::vector<std::uint16_t> ports,
    std::chrono::milliseconds time, std::shared_ptr<Pace> pace);

}  // namespace smtpspec::play
