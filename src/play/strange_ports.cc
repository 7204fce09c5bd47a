#include "play/strange_ports.h"

#include <algorithm>
#include <boost/system/system_error.hpp>

#include "net/side_by_side.h"
#include "play/session.h"

namespace smtpspec::play {
namespace {

net::asio::awaitable<bool> is_greeted(scenario::Endpoint endpoint,
                                      std::string source,
                                      std::chrono::milliseconds time) {
  Session session(co_await net::asio::this_coro::executor);
  const auto deadline = net::Clock::now() + time;
  try {
    co_await session.connect(endpoint, source, deadline);
  } catch (const boost::system::system_error& error) {
    if (error.code() == net::asio::error::operation_aborted) throw;
    co_return false;
  }
  const Event event = co_await session.receive(deadline);
  const auto* reply = std::get_if<smtp::Reply>(&event);
  const bool is_greeted = reply && reply->code == 220;
  if (is_greeted) co_await session.finish(deadline);
  co_return is_greeted;
}

}  // namespace

net::asio::awaitable<std::vector<std::uint16_t>> find_mail_ports(
    std::string host, std::string source, std::vector<std::uint16_t> ports,
    std::chrono::milliseconds time, std::shared_ptr<Pace> pace) {
  std::vector<std::uint16_t> found;
  std::size_t next = 0;
  auto work = [&]() -> net::asio::awaitable<void> {
    const std::uint16_t port = ports[next++];
    if (pace) co_await pace->turn();
    scenario::Endpoint endpoint{host, port};
    const bool greets = co_await is_greeted(std::move(endpoint), source, time);
    if (greets) found.push_back(port);
  };
  co_await net::run_side_by_side(ports.size(), work);
  std::ranges::sort(found);
  co_return found;
}

}  // namespace smtpspec::play
