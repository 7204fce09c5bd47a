// Finding what arrived, and waiting for it.
#include "sink/mailbox.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>

namespace smtpspec::sink {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

Arrival with_octets(std::string octets) {
  Arrival arrival;
  arrival.octets = std::move(octets);
  return arrival;
}

std::size_t waited_for(Mailbox& mailbox, std::size_t count,
                       std::chrono::milliseconds limit,
                       std::function<void(asio::io_context&)> meanwhile) {
  asio::io_context io(1);
  std::size_t found = 99;
  asio::co_spawn(
      io, mailbox.wait_for("token1", count, net::Clock::now() + limit),
      [&](std::exception_ptr, Mailbox::Found result) { found = result.size(); });
  meanwhile(io);
  io.run();
  return found;
}

TEST(Mailbox, FindsATokenInEnvelopeAndOctetsInAnyCase) {
  Mailbox mailbox;
  mailbox.add(with_octets("Subject: TOKEN1\r\n\r\n"));
  Arrival to;
  to.recipients = {{"Token1@example.test", ""}};
  mailbox.add(to);
  Arrival from;
  from.sender = {"", "ENVID=token1"};
  mailbox.add(from);
  mailbox.add(with_octets("another\r\n"));
  EXPECT_EQ(mailbox.with("token1").size(), 3u);
  EXPECT_EQ(mailbox.with("token2").size(), 0u);
}

TEST(Mailbox, AWaitEndsWithTheLastMessageThatIsWanted) {
  Mailbox mailbox;
  EXPECT_EQ(waited_for(mailbox, 2, 1h,
                       [&](asio::io_context& io) {
                         asio::post(io, [&] {
                           mailbox.add(with_octets("token1"));
                           mailbox.add(with_octets("other"));
                         });
                         asio::post(io, [&] {
                           mailbox.add(with_octets("token1 again"));
                         });
                       }),
            2u);
}

TEST(Mailbox, AMessageThatComesBetweenLookingAndWaitingIsNotMissed) {
  Mailbox mailbox;
  EXPECT_EQ(waited_for(mailbox, 1, 1h,
                       [&](asio::io_context&) {
                         mailbox.add(with_octets("token1"));
                       }),
            1u);
}

TEST(Mailbox, AWaitEndsAtItsDeadline) {
  Mailbox mailbox;
  mailbox.add(with_octets("token1"));
  EXPECT_EQ(waited_for(mailbox, 2, 1ms, [](asio::io_context&) {}), 1u);
}

TEST(Mailbox, ShowsEachMessageToItsObserver) {
  std::string seen;
  Mailbox mailbox(1);
  mailbox.observe([&](const Arrival& arrival) { seen += arrival.octets; });
  mailbox.add(with_octets("first "));
  mailbox.add(with_octets("second"));
  EXPECT_EQ(seen, "first second");
}

TEST(Mailbox, ForgetsTheOldestBeyondItsLimit) {
  Mailbox mailbox(10);
  mailbox.add(with_octets("token1"));
  mailbox.add(with_octets("1234"));
  EXPECT_EQ(mailbox.with("token1").size(), 1u);
  Arrival envelope;
  envelope.recipients = {{"5", ""}};
  mailbox.add(envelope);
  EXPECT_EQ(mailbox.with("token1").size(), 0u);
}

}  // namespace
}  // namespace smtpspec::sink
