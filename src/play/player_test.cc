#include "play/player.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>

#include "play/runner.h"
#include "play/scripted_server.h"
#include "scenario/dialog.h"

namespace smtpspec::play {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

scenario::Dialog dialog(const std::string& text) {
  return scenario::parse_dialog(text, "test", text, 1, 0);
}

/// A server that does everything right, as far as these tests go.
Answer correct(const std::string& line) {
  if (line.empty()) return {"220 mx.example.test\r\n"};
  if (line.starts_with("EHLO")) return {"250-mx.example.test\r\n250 SIZE\r\n"};
  if (line == "QUIT") return {"221 mx.example.test\r\n", true};
  return {"250 Ok\r\n"};
}

class PlayerTest : public testing::Test {
 protected:
  PlayerTest() {
    scenario_.id = "test/test";
    scenario_.level = scenario::Level::must;
    scenario_.cases.resize(1);
    waits_.reply = 5s;
    waits_.farewell = 100ms;
    target_.variables = {{"client", "client.example"},
                         {"sender", "s@client.example"},
                         {"recipient", "r@example.test"}};
  }

  /// Plays the dialog "NOOP draws 250", or another one, against `script`.
  Result play_against(ScriptedServer::Script script,
                      const std::string& text = "C: NOOP\nS: 250\n") {
    scenario_.cases[0].dialog = dialog(text);
    server_.emplace(io_, std::move(script));
    return play_at(server_->port());
  }

  Result play_at(std::uint16_t port) {
    target_.endpoint = {"127.0.0.1", port};
    const scenario::Test test{&scenario_, &scenario_.cases[0]};
    Played played;
    std::exception_ptr thrown;
    net::asio::co_spawn(
        io_,
        [&]() -> net::asio::awaitable<void> {
          played = co_await play(test, target_, waits_);
        },
        [&](std::exception_ptr e) {
          thrown = e;
          io_.stop();
        });
    io_.run();
    io_.restart();
    if (thrown) std::rethrow_exception(thrown);
    breaches_ = played.breaches;
    return played.result;
  }

  /// The verdict where NOOP draws `answer` and all else is correct.
  Verdict verdict_of_noop(const Answer& answer) {
    return play_against([&](const std::string& line, int) {
             return line == "NOOP" ? answer : correct(line);
           })
        .verdict;
  }

  net::asio::io_context io_{1};
  std::optional<ScriptedServer> server_;
  scenario::Scenario scenario_;
  Target target_;
  Waits waits_;
  std::vector<Breach> breaches_;
};

TEST_F(PlayerTest, AServerThatKeepsTheClausePasses) {
  EXPECT_EQ(verdict_of_noop({"250 Ok\r\n"}), Verdict::passed);
}

TEST_F(PlayerTest, AWrongReplyIsJudgedAtTheLevelOfTheClause) {
  EXPECT_EQ(verdict_of_noop({"500 What?\r\n"}), Verdict::failed);
  scenario_.level = scenario::Level::should;
  EXPECT_EQ(verdict_of_noop({"500 What?\r\n"}), Verdict::warned);
  scenario_.level = scenario::Level::may;
  EXPECT_EQ(verdict_of_noop({"500 What?\r\n"}), Verdict::noted);
}

TEST_F(PlayerTest, TemporaryRefusalsAndDemandsForAuthAreInconclusive) {
  EXPECT_EQ(verdict_of_noop({"450 Later\r\n"}), Verdict::blocked);
  EXPECT_EQ(verdict_of_noop({"421 Bye\r\n", true}), Verdict::blocked);
  EXPECT_EQ(verdict_of_noop({"530 AUTH first\r\n"}), Verdict::blocked);
}

TEST_F(PlayerTest, ARefusalAtTheDoorIsBlockedAfterASecondTry) {
  const auto result = play_against([](const std::string&, int) {
    return Answer{"554 Go away\r\n", true};
  });
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(PlayerTest, ASecondTryPassesWhereTheFirstMetALimit) {
  const auto result =
      play_against([](const std::string& line, int connection) {
        return connection == 1 ? Answer{"421 Too many\r\n", true}
                               : correct(line);
      });
  EXPECT_EQ(result.verdict, Verdict::passed);
}

TEST_F(PlayerTest, AnUnmetConditionNeverFails) {
  const auto refuses_mail = [](const std::string& line, int) {
    return line.starts_with("MAIL") ? Answer{"550 no\r\n"} : correct(line);
  };
  EXPECT_EQ(play_against(refuses_mail,
                         "C: MAIL FROM:<a@b>\nS? 250\nC: NOOP\nS: 250\n")
                .verdict,
            Verdict::blocked);
  EXPECT_EQ(play_against(refuses_mail,
                         "C: NOOP\nS? 503\nC: MAIL FROM:<a@b>\nS: 250\n")
                .verdict,
            Verdict::skipped);
}

TEST_F(PlayerTest, ACloseWithoutAReplyFailsAndSaysSo) {
  EXPECT_EQ(verdict_of_noop({"", true}), Verdict::failed);
}

TEST_F(PlayerTest, HalfAReplyIsShown) {
  const auto result = play_against([](const std::string& line, int) {
    return line == "NOOP" ? Answer{"250-half", true} : correct(line);
  });
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_THAT(result.reason, HasSubstr("in the middle of a reply: 250-half"));
}

TEST_F(PlayerTest, GarbageFailsAndIsEscaped) {
  const auto result = play_against([](const std::string& line, int) {
    return line == "NOOP" ? Answer{"\x1b[2J\xff\r\n"} : correct(line);
  });
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_THAT(result.reason, HasSubstr("\\x1b[2J\\xff"));
}

TEST_F(PlayerTest, AReplyOfTenMegabytesIsCutOff) {
  std::string reply;
  while (reply.size() < 10'000'000) reply += "250-" + std::string(60, 'a') + "\r\n";
  const auto result = play_against([&](const std::string& line, int) {
    return line == "NOOP" ? Answer{reply} : correct(line);
  });
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_LT(result.transcripts.back().to_string().size(), 100'000u);
}

TEST_F(PlayerTest, SilenceIsInconclusive) {
  waits_.reply = 50ms;
  EXPECT_EQ(play_against([](const std::string& line, int) {
              return line == "NOOP" ? Answer{} : correct(line);
            }).verdict,
            Verdict::blocked);
}

TEST_F(PlayerTest, SilenceOfMinutesIsCutShortWhereThatIsAskedFor) {
  waits_.silence = 50ms;
  const auto result =
      play_against([](const std::string& line, int) { return correct(line); },
                   "C> NOOP\nS: 250; note: silent 120s\n");
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_LT(result.duration, 60s);
}

TEST_F(PlayerTest, AConnectionThatWeCloseIsClosed) {
  const auto result =
      play_against([](const std::string& line, int) { return correct(line); },
                   "C> NOOP\nCLOSE:\nS: closed\n");
  EXPECT_EQ(result.verdict, Verdict::passed) << result.reason;
}

TEST_F(PlayerTest, ASwallowedCommandFailsSinceALaterOneIsAnswered) {
  waits_.reply = 100ms;
  const auto result = play_against(
      [](const std::string& line, int) {
        return line == "RSET" ? Answer{} : correct(line);
      },
      "C: RSET\nS: 250\n");
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_THAT(result.reason, HasSubstr("NOOP behind it was answered"));
}

TEST_F(PlayerTest, AnAccusationNeedsAControlThatPasses) {
  const auto refuses_all = [](const std::string& line, int) {
    return line.ends_with("NOOP") ? Answer{"550 no\r\n"} : correct(line);
  };
  scenario_.cases[0].control = dialog("C: ANOOP\nS: 250\n");
  EXPECT_EQ(play_against(refuses_all).verdict, Verdict::blocked);
  scenario_.cases[0].control = dialog("C: RSET\nS: 250\n");
  EXPECT_EQ(play_against(refuses_all).verdict, Verdict::failed);
}

TEST_F(PlayerTest, AnAccusationThatIsNotSeenTwiceIsDropped) {
  const auto result =
      play_against([](const std::string& line, int connection) {
        return line == "NOOP" && connection == 1 ? Answer{"550 no\r\n"}
                                                 : correct(line);
      });
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_THAT(result.reason, HasSubstr("second session"));
}

TEST_F(PlayerTest, AnExtensionThatIsNotAdvertisedSkipsTheTest) {
  scenario_.needs = {"CHUNKING"};
  const auto result =
      play_against([](const std::string& line, int) { return correct(line); });
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(result.reason, "CHUNKING is not advertised");
}

TEST_F(PlayerTest, AVariableWithoutAValueSkipsTheTest) {
  const auto result =
      play_against([](const std::string& line, int) { return correct(line); },
                   "C: EXPN ${list}\nS: 250\n");
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_THAT(result.reason, HasSubstr("list"));
}

TEST_F(PlayerTest, ATargetThatRefusesConnectionsIsAnError) {
  net::asio::ip::tcp::acceptor closed(
      io_, {net::asio::ip::address_v4::loopback(), 0});
  const auto port = closed.local_endpoint().port();
  closed.close();
  scenario_.cases[0].dialog = dialog("C: NOOP\nS: 250\n");
  const auto result = play_at(port);
  EXPECT_EQ(result.verdict, Verdict::error);
  EXPECT_THAT(result.reason, HasSubstr("cannot connect"));
}

TEST_F(PlayerTest, AuthenticationResponsesNeverReachATranscript) {
  const auto result = play_against(
      [](const std::string& line, int) {
        return line.starts_with("AUTH") ? Answer{"334 \r\n"} : correct(line);
      },
      "C: AUTH PLAIN c2VjcmV0MQ==\nS: 334\nC: c2VjcmV0Mg==\nS: 250\n");
  EXPECT_THAT(result.transcripts.back().to_string(),
              testing::Not(HasSubstr("c2VjcmV0")));
}

TEST_F(PlayerTest, AReplyThatNothingAskedForIsABreach) {
  play_against([](const std::string& line, int) {
    return line == "NOOP" ? Answer{"250 Ok\r\n250 Ok\r\n"} : correct(line);
  });
  ASSERT_FALSE(breaches_.empty());
  EXPECT_EQ(breaches_.front().rule->name, "one-reply");
}

TEST_F(PlayerTest, AServerThatNeverStopsTalkingEndsInTime) {
  waits_.test = 300ms;
  waits_.reply = 200ms;
  const auto result = play_against(
      [](const std::string& line, int) {
        return line == "NOOP" ? Answer{"250-more\r\n"} : correct(line);
      },
      "C: NOOP\nS: 250\n");
  EXPECT_NE(result.verdict, Verdict::passed);
}

TEST_F(PlayerTest, AnInterruptedRunKeepsWhatWasFinished) {
  scenario_.cases[0].dialog = dialog("C: NOOP\nS: 250\n");
  scenario::Scenario stuck = scenario_;
  stuck.id = "test/stuck";
  stuck.cases[0].dialog = dialog("C: STUCK\nS: 250\n");
  net::asio::cancellation_signal stop;
  server_.emplace(io_, [&](const std::string& line, int) {
    if (line == "STUCK") {
      net::asio::post(io_, [&] {
        stop.emit(net::asio::cancellation_type::terminal);
      });
      return Answer{};
    }
    return correct(line);
  });
  RunOptions options;
  options.target = target_;
  options.target.endpoint = {"127.0.0.1", server_->port()};
  options.jobs = 1;
  Runner runner(options, [](const Result&) {});
  const std::vector<scenario::Test> tests{{&scenario_, &scenario_.cases[0]},
                                          {&stuck, &stuck.cases[0]}};
  net::asio::co_spawn(io_, runner.run(tests),
                      net::asio::bind_cancellation_slot(
                          stop.slot(), [&](std::exception_ptr) { io_.stop(); }));
  io_.run();
  ASSERT_EQ(runner.results().size(), 1u);
  EXPECT_EQ(runner.results()[0].id, "test/test");
}

}  // namespace
}  // namespace smtpspec::play
