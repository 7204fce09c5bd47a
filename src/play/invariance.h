// Replays a test with its octets cut otherwise, and compares the replies.
#pragma once

#include "play/player.h"

namespace smtpspec::play {

/// The result of a comparison: its id is the test's with "@segments". A reply
/// that changes with the segmentation, seen twice, is `failed` (RFC 5321
/// section 2.3.8: only CRLF ends a line). What cannot be compared, since the
/// session as written was inconclusive, is `skipped`.
net::asio::awaitable<Result> compare_segmentations(const scenario::Test& test,
                                                   const Target& target,
                                                   const Waits& waits);

}  // namespace smtpspec::play
