// Several runs of one coroutine at once.
#pragma once

#include <boost/asio/async_result.hpp>  // parallel_group.hpp needs it
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <exception>
#include <vector>

#include "net/deadline.h"

namespace smtpspec::net {

/// Runs `work()`, which gives an awaitable<void>, `count` times side by side,
/// until all have ended. The first that throws cancels the others; what it threw
/// is thrown again. Cancellation from outside cancels all.
template <class Work>
asio::awaitable<void> run_side_by_side(std::size_t count, Work& work) {
  if (count == 0) co_return;
  auto executor = co_await asio::this_coro::executor;
  using Run = decltype(asio::co_spawn(executor, work(), asio::deferred));
  std::vector<Run> runs;
  for (std::size_t i = 0; i < count; ++i)
    runs.push_back(asio::co_spawn(executor, work(), asio::deferred));
  auto group = asio::experimental::make_parallel_group(std::move(runs));
  const auto until = asio::experimental::wait_for_one_error();
  auto [order, errors] = co_await group.async_wait(until, asio::use_awaitable);
  for (const std::size_t first : order)
    if (errors[first]) std::rethrow_exception(errors[first]);
}

}  // namespace smtpspec::net
