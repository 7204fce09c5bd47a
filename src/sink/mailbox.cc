#include "sink/mailbox.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/text.h"

namespace smtpspec::sink {
namespace {

bool carries(const Arrival& arrival, std::string_view token) {
  const auto has = [token](std::string_view text) {
    return base::to_lower(text).find(token) != std::string::npos;
  };
  return has(arrival.octets) || has(arrival.sender.address) ||
         has(arrival.sender.parameters) ||
         std::ranges::any_of(arrival.recipients, [&](const EnvelopePath& path) {
           return has(path.address) || has(path.parameters);
         });
}

std::size_t size_of(const EnvelopePath& path) {
  return path.address.size() + path.parameters.size();
}

/// A long envelope counts as a long message does.
std::size_t size_of(const Arrival& arrival) {
  std::size_t size = arrival.octets.size() + arrival.client_name.size() +
                     arrival.peer.size() + arrival.user.size() +
                     arrival.folder.size() + size_of(arrival.sender);
  for (const EnvelopePath& path : arrival.recipients) size += size_of(path);
  return size;
}

}  // namespace

void Mailbox::add(Arrival arrival) {
  octets_ += size_of(arrival);
  if (observer_) observer_(arrival);
  arrivals_.push_back(std::make_shared<const Arrival>(std::move(arrival)));
  while (octets_ > octet_limit_ && arrivals_.size() > 1) {
    octets_ -= size_of(*arrivals_.front());
    arrivals_.pop_front();
  }
  // An expiry in the past wakes whoever waits, or is just about to.
  for (auto* wake : waiting_) wake->expires_at(net::Deadline::min());
}

Mailbox::Found Mailbox::with(std::string_view token) const {
  Found found;
  std::ranges::copy_if(arrivals_, std::back_inserter(found),
                       [token](const auto& arrival) {
                         return carries(*arrival, token);
                       });
  return found;
}

boost::asio::awaitable<Mailbox::Found> Mailbox::wait_for(
    std::string token, std::size_t count, net::Deadline deadline) {
  boost::asio::steady_timer wake(co_await boost::asio::this_coro::executor);
  const auto place = waiting_.insert(waiting_.end(), &wake);
  const std::shared_ptr<void> leave(nullptr,
                                    [&](void*) { waiting_.erase(place); });
  for (;;) {
    wake.expires_at(deadline);
    Found found = with(token);
    if (found.size() >= count || net::Clock::now() >= deadline)
      co_return found;
    boost::system::error_code woken;
    co_await wake.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
}

}  // namespace smtpspec::sink
