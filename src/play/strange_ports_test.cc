#include "play/strange_ports.h"

#include <gmock/gmock.h>

#include "play/scripted_server.h"

namespace smtpspec::play {
namespace {

using namespace std::chrono_literals;

/// Says this and no more.
ScriptedServer::Script says(const std::string& greeting) {
  return [=](const std::string& line, int) {
    return line.empty() ? Answer{greeting} : Answer{"221 Bye\r\n", true};
  };
}

TEST(StrangePorts, AreThoseWhereSomebodyGreets) {
  net::asio::io_context io{1};
  ScriptedServer mail(io, says("220 mx.example.test\r\n"));
  ScriptedServer other(io, says("SSH-2.0-x\r\n"));
  ScriptedServer refuses(io, says("554 No\r\n"));
  const std::uint16_t closed =
      net::asio::ip::tcp::acceptor(io,
                                   {net::asio::ip::address_v4::loopback(), 0})
          .local_endpoint()
          .port();
  std::vector<std::uint16_t> found;
  auto look = [&]() -> net::asio::awaitable<void> {
    std::vector<std::uint16_t> ports{other.port(), closed, mail.port(),
                                     refuses.port()};
    found = co_await find_mail_ports("127.0.0.1", "", std::move(ports), 10s,
                                     nullptr);
  };
  net::asio::co_spawn(io, look(), [&](std::exception_ptr) { io.stop(); });
  io.run();
  EXPECT_THAT(found, testing::ElementsAre(mail.port()));
}

TEST(StrangePorts, WhoKeepsSilentIsNotWaitedForLong) {
  net::asio::io_context io{1};
  ScriptedServer silent(io, says(""));
  bool is_done = false;
  auto look = [&]() -> net::asio::awaitable<void> {
    std::vector<std::uint16_t> ports{silent.port()};
    const auto found = co_await find_mail_ports(
        "127.0.0.1", "", std::move(ports), 50ms, nullptr);
    is_done = found.empty();
  };
  net::asio::co_spawn(io, look(), [&](std::exception_ptr) { io.stop(); });
  io.run();
  EXPECT_TRUE(is_done);
}

}  // namespace
}  // namespace smtpspec::play
