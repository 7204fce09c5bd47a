#include "app/event_loop.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>
#include <exception>

namespace smtpspec::app {

namespace asio = boost::asio;

bool run_until_done(asio::io_context& io, asio::awaitable<void> work) {
  asio::cancellation_signal cancel;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  std::exception_ptr thrown;
  bool interrupted = false;
  signals.async_wait([&](boost::system::error_code error, int) {
    if (error) return;
    interrupted = true;
    signals.clear();  // a second signal has its usual effect
    cancel.emit(asio::cancellation_type::terminal);
  });
  asio::co_spawn(io, std::move(work),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](std::exception_ptr e) {
                       thrown = e;
                       signals.cancel();
                       io.stop();
                     }));
  io.run();
  io.restart();
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    if (!interrupted || e.code() != asio::error::operation_aborted) throw;
  }
  return interrupted;
}

asio::awaitable<void> forever() {
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace smtpspec::app
