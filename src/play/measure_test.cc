#include "play/measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/base64.h"
#include "play/runner.h"
#include "play/scripted_server.h"
#include "scenario/dialog.h"

namespace smtpspec::play {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

scenario::Dialog dialog(const std::string& text) {
  return scenario::parse_dialog(text, "test", text, 1, 0);
}

/// What a login says after "AUTH PLAIN".
struct Login {
  bool is_known = false;
  bool is_right = false;

  explicit Login(const std::string& line) {
    const auto message = base::base64_decode(line.substr(11)).value_or("");
    is_known = message.starts_with(std::string("\0alice\0", 7));
    is_right = is_known && message.ends_with(std::string("\0secret", 7));
  }
};

/// Plays one scenario against a server of which each test says how it answers
/// a login.
class MeasureTest : public testing::Test {
 protected:
  using Answering = std::function<Answer(const Login&)>;

  MeasureTest() {
    scenario_.id = "test/test";
    scenario_.level = scenario::Level::must;
    scenario_.from = scenario::Start::clear;
    scenario_.cases.resize(1);
    scenario_.cases[0].dialog = dialog("AUTH: PLAIN (unknown user)\nS? 535\n");
    scenario_.against = dialog("AUTH: PLAIN (wrong password)\nS? 535\n");
    waits_.reply = 5s;
    waits_.login = 5s;
    waits_.farewell = 100ms;
    target_.permits_guessing = true;
    target_.variables = {{"client", "client.example"},
                         {"user", "alice"},
                         {"password", "secret"}};
  }

  void measures_throttling() {
    scenario_.measure = scenario::Measure::throttling;
    scenario_.cases[0].dialog =
        dialog("AUTH: PLAIN (wrong password)\nS? 535\n");
    scenario_.against = dialog("AUTH: PLAIN\nS? 235\n");
  }

  ScriptedServer::Script script(Answering answering) {
    return [this, answering](const std::string& line, int) -> Answer {
      if (line.empty()) return {"220 mx.example.test\r\n"};
      if (line.starts_with("EHLO"))
        return {"250-mx.example.test\r\n250 AUTH PLAIN\r\n"};
      if (line == "QUIT") return {"221 mx.example.test\r\n", true};
      if (!line.starts_with("AUTH PLAIN ")) return {"250 Ok\r\n"};
      const Login login(line);
      log_ += !login.is_known ? 'u' : login.is_right ? 'r' : 'w';
      return answering(login);
    };
  }

  void await(net::asio::awaitable<void> work) {
    std::exception_ptr thrown;
    net::asio::co_spawn(io_, std::move(work), [&](std::exception_ptr e) {
      thrown = e;
      io_.stop();
    });
    io_.run();
    io_.restart();
    if (thrown) std::rethrow_exception(thrown);
  }

  Result play_against(Answering answering) {
    server_.emplace(io_, script(std::move(answering)));
    target_.endpoint = {"127.0.0.1", server_->port()};
    await([&]() -> net::asio::awaitable<void> {
      played_ = co_await play(test_, target_, waits_);
    }());
    return played_.result;
  }

  /// What stands below the last transcript.
  std::string finding() const {
    return played_.result.transcripts.back().lines.back().text;
  }

  net::asio::io_context io_{1};
  scenario::Scenario scenario_;
  scenario::Test test_{&scenario_, nullptr};
  Waits waits_;
  Target target_;
  std::optional<ScriptedServer> server_;
  Played played_;
  /// The logins that came: u, w, r for unknown user, wrong and right password.
  std::string log_;

  void SetUp() override { test_.row = &scenario_.cases[0]; }
};

Answer refuse(const Login&) { return {"535 5.7.8 No\r\n"}; }

/// 535 but to the right password.
Answer judge(const Login& login) {
  return {login.is_right ? "235 2.7.0 Welcome\r\n" : "535 5.7.8 No\r\n"};
}

TEST_F(MeasureTest, TimesAreTakenInTurnTenOfEachOnFreshConnections) {
  scenario_.measure = scenario::Measure::times;
  const auto result = play_against(refuse);
  EXPECT_EQ(result.verdict, Verdict::passed) << result.reason;
  EXPECT_EQ(log_, "uwwuuwwuuwwuuwwuuwwu");
  EXPECT_EQ(server_->connections(), 20);
  EXPECT_THAT(finding(), HasSubstr("Mann-Whitney"));
  EXPECT_EQ(result.transcripts.size(), 2u);
}

TEST_F(MeasureTest, TwoListenersAreSetSideBySide) {
  scenario_.measure = scenario::Measure::mechanisms;
  scenario_.other = scenario::Listener::submission;
  scenario_.cases[0].dialog = dialog("C: NOOP\nS? 250\n");
  scenario_.against = scenario_.cases[0].dialog;
  EXPECT_EQ(play_against(refuse).reason,
            "the profile has no listener 'submission'");

  ScriptedServer other(io_, [](const std::string& line, int) -> Answer {
    if (line == "QUIT") return {"221 mx.example.test\r\n", true};
    return {line.starts_with("EHLO")
                ? "250-mx.example.test\r\n250 AUTH LOGIN PLAIN\r\n"
            : line.empty() ? "220 mx.example.test\r\n"
                           : "250 Ok\r\n"};
  });
  target_.listeners[scenario::Listener::submission] = {"127.0.0.1",
                                                       other.port()};
  const auto result = play_against(refuse);
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_EQ(result.reason, "mechanisms at submission alone: LOGIN");
  EXPECT_EQ(server_->connections(), 1);
  EXPECT_EQ(other.connections(), 1);
  scenario_.measure = scenario::Measure::keywords;
  EXPECT_EQ(play_against(refuse).verdict, Verdict::passed);
}

TEST_F(MeasureTest, NothingIsGuessedThatTheProfileDoesNotPermit) {
  target_.permits_guessing = false;
  scenario_.measure = scenario::Measure::times;
  EXPECT_EQ(play_against(refuse).verdict, Verdict::skipped);
  measures_throttling();
  EXPECT_EQ(play_against(judge).reason,
            "the profile does not permit guessing");
  EXPECT_EQ(log_, "");
  EXPECT_EQ(server_->connections(), 0);
}

TEST_F(MeasureTest, WhatIsNoRefusalEndsItAtOnce) {
  scenario_.measure = scenario::Measure::times;
  const auto result = play_against([](const Login& login) {
    return Answer{login.is_known ? "454 4.7.0 Later\r\n" : "535 5.7.8 No\r\n"};
  });
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_THAT(result.reason, HasSubstr("in session 2 of 20"));
  EXPECT_EQ(log_, "uw");
}

TEST_F(MeasureTest, AWrongPasswordThatLogsInIsAnotherScenariosBusiness) {
  scenario_.measure = scenario::Measure::times;
  const auto result =
      play_against([](const Login&) { return Answer{"235 2.7.0 Hi\r\n"}; });
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(log_, "u");
}

TEST_F(MeasureTest, RepliesAreComparedWithoutTheNamesInThem) {
  scenario_.measure = scenario::Measure::replies;
  target_.permits_guessing = false;  // two wrong passwords are no guessing
  EXPECT_EQ(play_against([](const Login& login) {
              return Answer{login.is_known ? "535 No, alice\r\n"
                                           : "535 No, nobody-alice\r\n"};
            }).verdict,
            Verdict::passed);
  EXPECT_EQ(log_, "uwwu");
}

TEST_F(MeasureTest, OtherWordsForAnUnknownUserAreNoted) {
  scenario_.measure = scenario::Measure::replies;
  const auto result = play_against([](const Login& login) {
    return Answer{login.is_known ? "535 Wrong password\r\n" : "535 Who?\r\n"};
  });
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_EQ(result.reason,
            "'dialog' is answered by \"535 Who?\", 'against' by \"535 Wrong "
            "password\"");
}

TEST_F(MeasureTest, TenWrongPasswordsThatNothingStopsAreNotedAndNotRepeated) {
  measures_throttling();
  const auto result = play_against(judge);
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_EQ(log_, "rwwwwwwwwwwr");
  EXPECT_EQ(server_->connections(), 3);
  EXPECT_THAT(result.reason, HasSubstr("10 wrong passwords in a row met no"));
}

TEST_F(MeasureTest, AServerThatHangsUpGetsNoMoreThanTenEither) {
  measures_throttling();
  const auto result = play_against([this](const Login& login) -> Answer {
    const auto wrong = std::count(log_.begin(), log_.end(), 'w');
    if (wrong % 4 == 0 && !login.is_right)
      return {"421 4.7.0 Too many\r\n", true};
    return judge(login);
  });
  EXPECT_EQ(result.verdict, Verdict::passed) << result.reason;
  EXPECT_EQ(log_, "rwwwwwwwwwwr");
  EXPECT_EQ(server_->connections(), 5);
  EXPECT_THAT(finding(), HasSubstr("after 4 wrong passwords: "));
  EXPECT_THAT(finding(), HasSubstr("421 4.7.0 Too many"));
  EXPECT_THAT(finding(), HasSubstr("and 1 more; then the right one logs in"));
}

TEST_F(MeasureTest, ALockIsNoted) {
  measures_throttling();
  const auto result = play_against([this](const Login& login) {
    return log_.size() > 5 ? refuse(login) : judge(login);
  });
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_THAT(result.reason, HasSubstr("the right one is refused"));
}

TEST_F(MeasureTest, EachGuessHasAConnectionOfItsOwn) {
  measures_throttling();
  scenario_.measure = scenario::Measure::spread;
  EXPECT_EQ(play_against(judge).verdict, Verdict::noted);
  EXPECT_EQ(log_, "rwwwwwwwwwwr");
  EXPECT_EQ(server_->connections(), 12);
}

TEST_F(MeasureTest, WhatComesAgainIsNoted) {
  scenario_.measure = scenario::Measure::repeats;
  scenario_.cases[0].dialog = dialog("C: NOOP\nS? 250 ~ /(?<fresh>.+)/\n");
  const auto result = play_against(judge);
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_THAT(result.reason, HasSubstr("of 50 the 1. came as the 2. again"));
  EXPECT_EQ(server_->connections(), 17);
}

TEST_F(MeasureTest, WithoutARightPasswordNoneIsGuessed) {
  measures_throttling();
  const auto result = play_against(refuse);
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_THAT(result.reason, HasSubstr("before the first guess of this"));
  EXPECT_EQ(log_, "r");
}

TEST_F(MeasureTest, APasswordThatTheServerRepeatsIsHidden) {
  measures_throttling();
  const auto result = play_against([this](const Login&) -> Answer {
    if (log_.size() == 1) return {"235 2.7.0 Hi\r\n"};
    return {"535 5.7.8 secretx is wrong, secret is not\r\n",
            log_.size() % 3 == 0};
  });
  EXPECT_EQ(result.verdict, Verdict::noted);
  EXPECT_THAT(result.reason, HasSubstr("is refused"));
  EXPECT_THAT(result.reason, Not(HasSubstr("secret")));
  for (const auto& transcript : result.transcripts)
    EXPECT_THAT(transcript.to_string(), Not(HasSubstr("secret")));
}

TEST_F(MeasureTest, TheRunnerMeasuresLastAloneAndOnce) {
  scenario::Scenario times = scenario_;
  times.id = "test/times";
  times.measure = scenario::Measure::times;
  scenario::Scenario plain = scenario_;
  plain.id = "test/plain";
  plain.cases[0].dialog = dialog("C: NOOP\nS: 250\n");
  measures_throttling();
  scenario_.id = "test/a-throttling";
  server_.emplace(io_, script(judge));
  RunOptions options;
  options.target = target_;
  options.target.endpoint = {"127.0.0.1", server_->port()};
  options.compare_segmentations = true;
  const std::vector<scenario::Test> tests{{&scenario_, &scenario_.cases[0]},
                                          {&times, &times.cases[0]},
                                          {&plain, &plain.cases[0]}};
  std::vector<std::string> order;
  Runner runner(options, [&](const Result& r) { order.push_back(r.id); });
  await(runner.run(tests));
  EXPECT_THAT(order, ElementsAre("test/plain", "test/plain@segments",
                                 "test/times", "test/a-throttling"));
  EXPECT_EQ(log_, "uwwuuwwuuwwuuwwuuwwu"
                  "rwwwwwwwwwwr");
  EXPECT_EQ(Runner::count(tests, true), order.size());
  EXPECT_EQ(Runner::count(tests, false), 3u);
}

}  // namespace
}  // namespace smtpspec::play
