#include "server/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <vector>

#include "net/connection.h"
#include "server/next_hop.h"

namespace smtpspec::server {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Lines = std::vector<std::string>;

Message relayed(std::string recipient = "u@sink.example") {
  Message message;
  message.sender = "a@b.example";
  message.octets = "Subject: x\r\n\r\n.dot\r\n";
  message.is_relayed = true;
  message.recipients.resize(1);
  message.recipients[0].address = std::move(recipient);
  message.recipients[0].is_relayed = true;
  return message;
}

/// A next hop that says `replies`, the greeting first, one for each line and
/// one for the content, session after session. An empty reply closes.
class CourierTest : public testing::Test {
 protected:
  CourierTest()
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    options_.port = acceptor_.local_endpoint().port();
    options_.retry_pause = 1ms;
    options_.patience = 5s;
    store_.watch([this](const Message& message) {
      if (courier_ && message.is_relayed) reports_.push_back(message);
    });
  }

  /// Until all sessions were served.
  void run(const Message& message, std::vector<Lines> sessions) {
    Courier courier(context_, options_, store_);
    courier_ = &courier;
    for (int i = 0; i < copies_; ++i) courier.take(message);
    asio::co_spawn(context_, serve(std::move(sessions)),
                   [](std::exception_ptr error) {
                     if (error) std::rethrow_exception(error);
                   });
    context_.run_for(60s);
    EXPECT_TRUE(context_.stopped());
    courier_ = nullptr;
  }

  asio::awaitable<void> serve(std::vector<Lines> sessions) {
    for (const Lines& replies : sessions) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      net::Connection connection(std::move(socket));
      try {
        co_await converse(connection, replies);
      } catch (const net::PeerClosed&) {
      }
    }
  }

  asio::awaitable<void> converse(net::Connection& connection,
                                 const Lines& replies) {
    const auto deadline = net::Clock::now() + 5s;
    std::string end = "\r\n";
    for (const std::string& reply : replies) {
      if (reply.empty()) co_return;
      const std::string octets = reply + "\r\n";
      co_await connection.write(octets, deadline);
      end = reply.starts_with("354") ? "\r\n.\r\n" : "\r\n";
      std::string line;
      while (!line.ends_with(end)) line += co_await connection.read(deadline);
      said_.push_back(line.substr(0, line.size() - end.size()));
    }
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  CourierOptions options_;
  Store store_;
  Courier* courier_ = nullptr;
  int copies_ = 1;
  Lines said_;
  std::vector<Message> reports_;
};

const Lines good = {"220 hi", "250 hi", "250 ok", "250 ok",
                    "354 go", "250 ok", "221 bye"};

TEST_F(CourierTest, DeliversAMessage) {
  run(relayed(), {good});
  EXPECT_THAT(said_, ElementsAre("EHLO mx.example.test",
                                 "MAIL FROM:<a@b.example>",
                                 "RCPT TO:<u@sink.example>", "DATA",
                                 "Subject: x\r\n\r\n..dot", "QUIT"));
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(CourierTest, LeavesAloneWhatIsNotRelayed) {
  Message message = relayed();
  message.is_relayed = false;
  run(message, {});
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(CourierTest, SaysHeloWhereEhloIsUnknown) {
  Lines replies = good;
  replies[1] = "500 what";
  replies.insert(replies.begin() + 2, "250 hi");
  run(relayed(), {replies});
  ASSERT_THAT(said_, SizeIs(7));
  EXPECT_EQ(said_[1], "HELO mx.example.test");
}

TEST_F(CourierTest, ReportsWhatIsRefused) {
  run(relayed(), {{"220 hi", "250 hi", "250 ok", "550 5.1.1 No", "221 bye"}});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_EQ(reports_[0].sender, "");
  EXPECT_EQ(reports_[0].recipients[0].address, "a@b.example");
  EXPECT_THAT(reports_[0].octets,
              HasSubstr("Status: 5.1.1\r\nRemote-MTA: dns; [127.0.0.1]\r\n"
                        "Diagnostic-Code: smtp; 550 5.1.1 No\r\n"));
}

TEST_F(CourierTest, ReportsOneOfTwoRecipients) {
  Message message = relayed();
  message.recipients.push_back(message.recipients[0]);
  message.recipients[1].address = "v@sink.example";
  Lines replies = good;
  replies.insert(replies.begin() + 4, "550 5.1.1 No");
  run(message, {replies});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_THAT(reports_[0].octets,
              HasSubstr("Final-Recipient: rfc822; v@sink.example\r\n"));
  EXPECT_THAT(said_, SizeIs(7));
}

TEST_F(CourierTest, MakesNoReportOnAReport) {
  Message message = relayed();
  message.sender = "";
  run(message, {{"220 hi", "250 hi", "250 ok", "550 No", "221 bye"}});
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_EQ(said_[1], "MAIL FROM:<>");
}

TEST_F(CourierTest, MakesNoReportThatNobodyWants) {
  Message message = relayed();
  message.recipients[0].notify = {true, false, false, false};
  const Lines refused = {"220 hi", "250 hi", "250 ok", "550 No", "221 bye"};
  run(message, {refused});
  EXPECT_THAT(reports_, IsEmpty());
  options_.flaws.insert("dsn-never-ignored"_flaw);
  context_.restart();
  run(message, {refused});
  EXPECT_THAT(reports_, SizeIs(1));
}

TEST_F(CourierTest, ReportsThatTheNextHostWillNot) {
  Message message = relayed();
  message.recipients[0].notify = {true, true, false, false};
  run(message, {good});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_THAT(reports_[0].octets, HasSubstr("\r\nAction: relayed\r\n"));
}

TEST_F(CourierTest, PutsAReportToOneOfOursIntoTheStore) {
  Message message = relayed();
  message.sender = "alice@example.test";
  run(message, {{"554 no", "221 bye"}});
  EXPECT_THAT(reports_, IsEmpty());
  ASSERT_THAT(store_.messages(), SizeIs(1));
  EXPECT_FALSE(store_.messages()[0].is_relayed);
}

TEST_F(CourierTest, TriesAgainWhatIsNotDecided) {
  run(relayed(), {{"220 hi", "250 hi", "250 ok", "450 later", "221 bye"},
                  {"220 hi", "250 hi", ""},
                  good});
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_EQ(said_.back(), "QUIT");
}

TEST_F(CourierTest, GivesUpAtLast) {
  options_.attempts = 2;
  const Lines busy = {"421 busy"};
  run(relayed(), {busy, busy});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_THAT(reports_[0].octets, HasSubstr("Diagnostic-Code: smtp; 421 busy"));
}

TEST_F(CourierTest, ReportsThatNobodyListens) {
  options_.attempts = 1;
  acceptor_.close();
  run(relayed(), {});
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_THAT(reports_[0].octets, HasSubstr("Status: 5.4.1\r\n\r\n"));
}

TEST_F(CourierTest, DeliversMoreThanItMayAtOnce) {
  options_.max_connections = 1;
  copies_ = 2;
  run(relayed(), {good, good});
  EXPECT_THAT(said_, SizeIs(12));
}

TEST_F(CourierTest, StopsWithOpenSessions) {
  Courier courier(context_, options_, store_);
  courier.take(relayed());
  courier.take(relayed());
  asio::co_spawn(context_,
                 [&]() -> asio::awaitable<void> {
                   auto socket =
                       co_await acceptor_.async_accept(asio::use_awaitable);
                   courier.stop();
                   courier.take(relayed());
                 },
                 [](std::exception_ptr) {});
  context_.run_for(60s);
  EXPECT_TRUE(context_.stopped());
  EXPECT_THAT(store_.messages(), IsEmpty());
}

TEST(Stuffing, ChangesNothingButDots) {
  using std::string_literals::operator""s;
  EXPECT_EQ(stuffed(""), ".\r\n");
  EXPECT_EQ(stuffed(".\r\n..\r\n"), "..\r\n...\r\n.\r\n");
  EXPECT_EQ(stuffed("a\n.\nb\0\r.\r\n"s), "a\n.\nb\0\r.\r\n.\r\n"s);
  EXPECT_EQ(stuffed("a\r"), "a\r\r\n.\r\n");
}

TEST(Reply, IsTakenWhole) {
  std::string input = "250-a\r\n250";
  EXPECT_FALSE(take_reply(input));
  input += " b\r\n22";
  const auto reply = take_reply(input);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 250);
  EXPECT_THAT(reply->lines, ElementsAre("a", "b"));
  EXPECT_EQ(input, "22");
  for (const std::string bad : {"25 x\r\n", "250_x\r\n", "\r\n"}) {
    input = bad;
    EXPECT_EQ(take_reply(input)->code, 0) << bad;
  }
}

TEST(Parameters, AreSaidWhereOfferedAndNeeded) {
  Message message = relayed();
  message.octets = "\x80";
  message.options = {"e", "FULL", true, false, true};
  EXPECT_EQ(mail_command(message, {"SIZE", "8BITMIME", "SMTPUTF8", "DSN"}),
            "MAIL FROM:<a@b.example> SIZE=1 BODY=8BITMIME SMTPUTF8 RET=FULL "
            "ENVID=e");
  message.options = {};
  message.options.author = "<>";
  message.octets = "x";
  EXPECT_EQ(mail_command(message, {"AUTH"}), "MAIL FROM:<a@b.example> AUTH=<>");
  EXPECT_EQ(mail_command(message, {"8BITMIME", "SMTPUTF8", "DSN"}),
            "MAIL FROM:<a@b.example>");
  message.options = {};
  EXPECT_EQ(mail_command(message, {"MT-PRIORITY"}),
            "MAIL FROM:<a@b.example> MT-PRIORITY=0");
  message.options.priority = -3;
  EXPECT_EQ(mail_command(message, {"MT-PRIORITY"}),
            "MAIL FROM:<a@b.example> MT-PRIORITY=-3");
  EXPECT_EQ(mail_command(message, {}), "MAIL FROM:<a@b.example>");
  Recipient recipient = message.recipients[0];
  recipient.notify = {true, true, false, true};
  recipient.original = "rfc822;x@y";
  EXPECT_EQ(rcpt_command(recipient, {}), "RCPT TO:<u@sink.example>");
  EXPECT_EQ(rcpt_command(recipient, {"DSN"}),
            "RCPT TO:<u@sink.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x@y");
  recipient.notify = {true, false, false, false};
  EXPECT_THAT(rcpt_command(recipient, {"DSN"}), HasSubstr(" NOTIFY=NEVER "));
}

}  // namespace
}  // namespace smtpspec::server
