// A bound on the time of an asynchronous operation.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <type_traits>
#include <utility>

namespace smtpspec::net {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// Awaits `operation` and gives its result. If `deadline` passes first, cancels
/// it and throws system_error(asio::error::timed_out). Errors of the operation
/// are thrown unchanged; cancellation from outside is operation_aborted.
///
/// Not `operation || timer`: that waits for one *success*, so an end of file
/// would only show when the timer fires.
template <class T>
asio::awaitable<T> with_deadline(Deadline deadline,
                                 asio::awaitable<T> operation) {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, deadline);
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, std::move(operation), asio::deferred),
      timer.async_wait(asio::deferred));
  const auto first = asio::experimental::wait_for_one();
  if constexpr (std::is_void_v<T>) {
    auto [order, error, timer_error] =
        co_await group.async_wait(first, asio::use_awaitable);
    if (order[0] == 1 && !timer_error)
      throw boost::system::system_error(asio::error::timed_out);
    if (error) std::rethrow_exception(error);
  } else {
    auto [order, error, value, timer_error] =
        co_await group.async_wait(first, asio::use_awaitable);
    if (order[0] == 1 && !timer_error)
      throw boost::system::system_error(asio::error::timed_out);
    if (error) std::rethrow_exception(error);
    co_return std::move(value);
  }
}

/// Waits until `time`.
inline asio::awaitable<void> sleep_until(Deadline time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace smtpspec::net
