#include "net/deadline.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace smtpspec::net {
namespace {

using namespace std::chrono_literals;

class DeadlineTest : public testing::Test {
 protected:
  DeadlineTest() { asio::local::connect_pair(ours_, theirs_); }

  asio::awaitable<std::string> read_line() {
    std::string line;
    co_await asio::async_read_until(ours_, asio::dynamic_buffer(line, 1024),
                                    "\r\n", asio::use_awaitable);
    co_return line;
  }

  void say(std::string_view text) {
    asio::write(theirs_, asio::buffer(text.data(), text.size()));
  }

  /// Runs `body` to its end and gives the error code that it threw.
  template <class Body>
  boost::system::error_code run(Body body) {
    std::exception_ptr thrown;
    asio::co_spawn(io_, body, [&](std::exception_ptr e) { thrown = e; });
    io_.restart();
    io_.run();
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& e) {
      return e.code();
    }
    return {};
  }

  static Deadline in(std::chrono::milliseconds time) {
    return Clock::now() + time;
  }

  asio::io_context io_{1};
  asio::local::stream_protocol::socket ours_{io_}, theirs_{io_};
};

TEST_F(DeadlineTest, GivesTheValueOfAnOperationThatIsInTime) {
  say("250 ok\r\n");
  std::string got;
  const auto error = run([&]() -> asio::awaitable<void> {
    got = co_await with_deadline(in(10s), read_line());
  });
  EXPECT_FALSE(error);
  EXPECT_EQ(got, "250 ok\r\n");
}

TEST_F(DeadlineTest, ThrowsTimedOutWhenThePeerIsSilent) {
  const auto error = run([&]() -> asio::awaitable<void> {
    co_await with_deadline(in(20ms), read_line());
  });
  EXPECT_EQ(error, asio::error::timed_out);
}

TEST_F(DeadlineTest, ReportsAnEndOfFileAtOnceAndNotAsATimeout) {
  theirs_.close();
  const auto error = run([&]() -> asio::awaitable<void> {
    co_await with_deadline(in(1h), read_line());
  });
  EXPECT_EQ(error, asio::error::eof);
}

TEST_F(DeadlineTest, ADeadlineInThePastStopsTheOperation) {
  const auto error = run([&]() -> asio::awaitable<void> {
    co_await with_deadline(in(-1ms), read_line());
  });
  EXPECT_EQ(error, asio::error::timed_out);
}

TEST_F(DeadlineTest, AStreamIsUsableAfterATimeout) {
  std::string got;
  const auto error = run([&]() -> asio::awaitable<void> {
    try {
      co_await with_deadline(in(10ms), read_line());
    } catch (const boost::system::system_error&) {
    }
    say("x\r\n");
    got = co_await with_deadline(in(10s), read_line());
  });
  EXPECT_FALSE(error);
  EXPECT_EQ(got, "x\r\n");
}

TEST_F(DeadlineTest, CancellationFromOutsideIsNoTimeout) {
  asio::cancellation_signal stop;
  std::exception_ptr thrown;
  asio::co_spawn(
      io_,
      [&]() -> asio::awaitable<void> {
        co_await with_deadline(in(1h), read_line());
      },
      asio::bind_cancellation_slot(stop.slot(),
                                   [&](std::exception_ptr e) { thrown = e; }));
  asio::post(io_, [&] { stop.emit(asio::cancellation_type::all); });
  io_.run();
  ASSERT_TRUE(thrown);
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    EXPECT_EQ(e.code(), asio::error::operation_aborted);
  }
}

}  // namespace
}  // namespace smtpspec::net
