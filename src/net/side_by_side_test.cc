#include "net/side_by_side.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>

namespace smtpspec::net {
namespace {

/// Runs `work` three times side by side; gives what it threw, or "".
template <class Work>
std::string run_three(Work work) {
  asio::io_context io(1);
  std::exception_ptr thrown;
  asio::co_spawn(io, run_side_by_side(3, work),
                 [&](std::exception_ptr e) { thrown = e; });
  io.run();
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

TEST(SideBySide, EndsWhenAllHaveEnded) {
  int ended = 0;
  EXPECT_EQ(run_three([&]() -> asio::awaitable<void> {
              co_await sleep_until(Clock::now());
              ++ended;
            }),
            "");
  EXPECT_EQ(ended, 3);
}

TEST(SideBySide, WhatOneThrowsEndsTheOthersAndIsThrownAgain) {
  int started = 0;
  EXPECT_EQ(run_three([&]() -> asio::awaitable<void> {
              if (++started == 2) throw std::runtime_error("the second");
              co_await sleep_until(Clock::now() + std::chrono::hours(1));
            }),
            "the second");
}

}  // namespace
}  // namespace smtpspec::net
