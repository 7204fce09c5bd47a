// One io_context for a command, stopped in good order by Ctrl-C.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace smtpspec::app {

/// Runs `work` to its end on `io`. SIGINT or SIGTERM cancels it once; a second
/// one ends the program at once. Returns whether it was interrupted. Rethrows
/// what `work` throws, but for the cancellation.
bool run_until_done(boost::asio::io_context& io,
                    boost::asio::awaitable<void> work);

/// Waits until it is cancelled.
boost::asio::awaitable<void> forever();

}  // namespace smtpspec::app
