// What `then` makes of the mail that a target delivers, or does not.
#include "play/arrivals.h"

#include <gmock/gmock.h>

#include <map>

#include "play/runner.h"
#include "play/scripted_server.h"

namespace smtpspec::play {
namespace {

using namespace std::chrono_literals;
using sink::Arrival;
using testing::HasSubstr;

constexpr auto mail_dialog =
    "C: MAIL FROM:<${sender}>\nS? 250\n"
    "C: RCPT TO:<${token}@elsewhere.example>\nS? 250\n"
    "C: DATA\nS? 354\n"
    "C: Subject: ${token}\nC:\nC: ..dot\nC: .\nS? 250\n";

/// A target that takes all mail, and does with it what a test says.
class ArrivalsTest : public testing::Test {
 protected:
  /// What becomes of a message; `number` counts them from 1.
  using Deliver = std::function<void(sink::Mailbox&, Arrival, int number)>;

  Result play(const std::string& then, Deliver deliver) {
    prepare(then, std::move(deliver));
    const scenario::Test test{&scenario_, &scenario_.cases[0]};
    Played played;
    const auto whole = [&]() -> net::asio::awaitable<void> {
      played = co_await smtpspec::play::play(test, target_, waits_);
    };
    await(whole());
    return played.result;
  }

  void prepare(const std::string& then, Deliver deliver) {
    deliver_ = std::move(deliver);
    scenario_.id = "test/test";
    scenario_.level = scenario::Level::must;
    scenario_.cases.resize(1);
    scenario_.cases[0].dialog =
        scenario::parse_dialog(mail_dialog, "test", mail_dialog, 1, 0);
    scenario_.cases[0].then =
        scenario::parse_then(then, "test", then, 1, 0);
    server_.emplace(io_, [this](const std::string& line, int session) {
      return answer(line, session);
    });
    target_.endpoint = {"127.0.0.1", server_->port()};
    target_.variables = {{"client", "client.example"},
                         {"sender", "s@client.example"},
                         {"recipient", "r@example.test"},
                         {"domain", "example.test"},
                         {"foreign_domain", "elsewhere.example"}};
    target_.trusted_source = trusted_source_;
    if (has_witness_) target_.witness = std::make_shared<Witness>(mailbox_);
    waits_.farewell = waits_.delivery = waits_.barrier = 50ms;
  }

  void await(net::asio::awaitable<void> work) {
    net::asio::co_spawn(io_, std::move(work),
                        [&](std::exception_ptr) { io_.stop(); });
    io_.run();
    io_.restart();
  }

  Answer answer(const std::string& line, int session) {
    auto& lines = in_data_[session];
    if (lines) {
      if (line != ".") {
        *lines += line.substr(line.starts_with('.') ? 1 : 0) + "\r\n";
        return {""};
      }
      Arrival& arrival = envelopes_[session];
      arrival.octets = "Received: from x by y; z\r\n" + *lines;
      lines.reset();
      deliver_(mailbox_, arrival, ++messages_);
      return {"250 Ok\r\n"};
    }
    if (line.empty()) return {"220 mx.example.test\r\n"};
    if (line == "QUIT") return {"221 mx.example.test\r\n", true};
    const auto path = line.substr(line.find('<') + 1,
                                  line.find('>') - line.find('<') - 1);
    if (line.starts_with("MAIL")) {
      envelopes_[session] = {};
      envelopes_[session].sender.address = path;
    }
    if (line.starts_with("RCPT"))
      envelopes_[session].recipients.push_back({path, ""});
    if (line != "DATA") return {"250 Ok\r\n"};
    lines = "";
    return {"354 Go on\r\n"};
  }

  net::asio::io_context io_{1};
  std::optional<ScriptedServer> server_;
  Waits waits_;
  sink::Mailbox mailbox_;
  scenario::Scenario scenario_;
  Target target_;
  std::string trusted_source_ = "127.0.0.1";
  bool has_witness_ = true;
  Deliver deliver_;
  std::map<int, std::optional<std::string>> in_data_;
  std::map<int, Arrival> envelopes_;
  int messages_ = 0;
};

void relay(sink::Mailbox& mailbox, Arrival arrival, int) {
  mailbox.add(std::move(arrival));
}

void relay_all_but_first(sink::Mailbox& mailbox, Arrival arrival, int number) {
  if (number > 1) mailbox.add(std::move(arrival));
}

void deliver_at_home(sink::Mailbox& mailbox, Arrival arrival, int number) {
  if (number == 1) arrival.witness = sink::Witness::lmtp;
  mailbox.add(std::move(arrival));
}

void drop(sink::Mailbox&, Arrival, int) {}

TEST_F(ArrivalsTest, RelayedMailFailsWhoeverWantsNone) {
  const Result result = play("relayed: 0", relay);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_EQ(result.reason, "relayed: wanted 0, got 1");
  EXPECT_THAT(result.transcripts.front().to_string(),
              HasSubstr("RCPT TO:<" ));
}

TEST_F(ArrivalsTest, NothingIsSaidToBeMissingBeforeABarrierArrives) {
  EXPECT_EQ(play("relayed: 0", relay_all_but_first).verdict, Verdict::passed);
}

TEST_F(ArrivalsTest, WithoutABarrierNothingIsConcluded) {
  const Result result = play("relayed: 0", drop);
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_THAT(result.reason, HasSubstr("was taken, but not seen"));
}

TEST_F(ArrivalsTest, VariableThatTheProfileLacksIsNamed) {
  const Result result = play("text: /To: ${recipient2}/", relay);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_EQ(result.reason, "the profile gives no value for recipient2");
}

TEST_F(ArrivalsTest, MailThatDoesNotArriveWhileABarrierDoesIsLost) {
  const auto lose_all_but_barriers = [](sink::Mailbox& mailbox,
                                        Arrival arrival, int) {
    if (arrival.octets.find("smtpspec") != arrival.octets.npos)
      mailbox.add(std::move(arrival));
  };
  EXPECT_EQ(play("mail: 1", lose_all_but_barriers).verdict, Verdict::failed);
}

TEST_F(ArrivalsTest, MailInAMailboxOfTheTargetIsNotRelayed) {
  EXPECT_EQ(play("relayed: 0\ndelivered: 1", deliver_at_home).verdict,
            Verdict::passed);
}

TEST_F(ArrivalsTest, AReportToTheReversePathIsNoMail) {
  const auto bounce = [](sink::Mailbox& mailbox, Arrival arrival, int number) {
    if (number == 1) {
      arrival.recipients = {{arrival.sender.address, ""}};
      arrival.sender = {};
    }
    mailbox.add(std::move(arrival));
  };
  EXPECT_EQ(play("mail: 0\nbounced: 1", bounce).verdict, Verdict::passed);
}

TEST_F(ArrivalsTest, ReportsAreReadTogether) {
  const auto report = [](sink::Mailbox& mailbox, const Arrival& mail,
                         const std::string& text) {
    Arrival arrival = mail;
    arrival.recipients = {{mail.sender.address, ""}};
    arrival.sender = {};
    arrival.octets += text;
    mailbox.add(std::move(arrival));
  };
  const auto two = [&](sink::Mailbox& mailbox, Arrival arrival, int) {
    const bool is_barrier =
        arrival.octets.find("smtpspec") != arrival.octets.npos;
    if (is_barrier) return mailbox.add(std::move(arrival));
    report(mailbox, arrival, "Action: failed");
    report(mailbox, arrival, "Action: relayed\r\n");
  };
  const auto verdict = [&](const std::string& then, Deliver deliver) {
    return play(then, std::move(deliver)).verdict;
  };
  const std::string both = "report: /^Action: failed$[^~]*^Action: relayed/";
  EXPECT_EQ(verdict(both, two), Verdict::passed);
  EXPECT_EQ(verdict("report: /^Action: de/; note: /^Action: re/", two),
            Verdict::noted);
  EXPECT_EQ(verdict("report: /^Action: de/", two), Verdict::failed);
  EXPECT_EQ(verdict("report? /^Action: de/", two), Verdict::blocked);
  EXPECT_EQ(verdict("report: !/^Action: re/", two), Verdict::failed);
  EXPECT_EQ(verdict("report: !/^Action: de/", two), Verdict::passed);
  EXPECT_EQ(verdict("report: !/^Action: de/", relay), Verdict::blocked);
}

TEST_F(ArrivalsTest, AReportThatIsWantedIsWaitedFor) {
  Arrival report;
  const auto one_by_one = [&report](sink::Mailbox& mailbox, Arrival arrival,
                                    int number) {
    if (number == 1) {
      report.recipients = {{arrival.sender.address, ""}};
      report.octets = arrival.octets + "Action: failed\r\n";
      return mailbox.add(report);
    }
    // The second one comes with the barrier.
    report.octets += "Action: relayed\r\n";
    mailbox.add(report);
    mailbox.add(std::move(arrival));
  };
  EXPECT_EQ(play("report: /^Action: relayed/", one_by_one).verdict,
            Verdict::passed);
}

TEST_F(ArrivalsTest, ASecondCopyIsSeenBehindTheBarrier) {
  const auto twice = [](sink::Mailbox& mailbox, Arrival arrival, int) {
    mailbox.add(arrival);
    mailbox.add(std::move(arrival));
  };
  EXPECT_EQ(play("mail: 1", twice).verdict, Verdict::failed);
  EXPECT_EQ(play("mail: 1; note: 2", twice).verdict, Verdict::noted);
}

TEST_F(ArrivalsTest, TextIsLookedForInWhatArrived) {
  EXPECT_EQ(play("text: /^Received: from x by y/", relay).verdict,
            Verdict::passed);
  EXPECT_EQ(play("text: /^\\.dot$/", relay).verdict, Verdict::passed);
  EXPECT_EQ(play("text: !/^Subject: ${token}/", relay).verdict,
            Verdict::failed);
  EXPECT_EQ(play("envelope: /^MAIL FROM:<${sender}>$/", relay).verdict,
            Verdict::passed);
}

TEST_F(ArrivalsTest, WithoutASinkWhatIsTakenProvesNothing) {
  has_witness_ = false;
  const Result result = play("relayed: 0", relay);
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_EQ(result.rung, Rung::not_proved);
  EXPECT_EQ(play("mail: 1", relay).verdict, Verdict::skipped);
}

TEST_F(ArrivalsTest, TellsHowFarTheMailCame) {
  EXPECT_EQ(play("relayed: 0", relay).rung, Rung::relayed);
  messages_ = 0;
  EXPECT_EQ(play("mail: 1", deliver_at_home).rung, Rung::delivered);
  messages_ = 0;
  EXPECT_EQ(play("relayed: 0", relay_all_but_first).rung, Rung::not_seen);
}

/// What a run says of mail that comes when its test has ended.
class LateMail : public ArrivalsTest {
 protected:
  /// Barriers arrive at once. Of the test's own mail, the first message comes
  /// between run() and look_again(); `second_comes`, and so does the next.
  Result run(const std::string& then, bool second_comes) {
    const Deliver deliver = [this, second_comes](sink::Mailbox& mailbox,
                                                 Arrival arrival, int) {
      const bool is_barrier =
          arrival.octets.find("smtpspec") != arrival.octets.npos;
      if (is_barrier || (late_ && second_comes)) {
        mailbox.add(std::move(arrival));
      } else if (!late_) {
        late_ = std::move(arrival);
      }
    };
    prepare(then, deliver);
    RunOptions options;
    options.target = target_;
    options.waits = waits_;
    options.jobs = 1;
    Runner runner(options, [this](const Result&) { ++finished_; });
    await(runner.run({{&scenario_, &scenario_.cases[0]}}));
    EXPECT_EQ(runner.results().at(0).verdict, Verdict::passed);
    mailbox_.add(*late_);
    await(runner.look_again());
    return runner.results().at(0);
  }

  std::optional<Arrival> late_;
  int finished_ = 0;
};

TEST_F(LateMail, ChangesTheVerdictIfItComesAgain) {
  const Result result = run("relayed: 0", true);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_EQ(result.rung, Rung::relayed);
  EXPECT_EQ(result.reason,
            "relayed: wanted 0, got 1; mail came when the test had ended");
  EXPECT_EQ(finished_, 2);
}

TEST_F(LateMail, ThatComesOnceAccusesNobody) {
  const Result result = run("relayed: 0", false);
  EXPECT_EQ(result.verdict, Verdict::blocked);
  EXPECT_EQ(result.rung, Rung::relayed);
  EXPECT_THAT(result.reason, HasSubstr("a second session came to: passed"));
}

TEST_F(LateMail, ThatIsWantedChangesNothing) {
  EXPECT_EQ(run("relayed: 0 / 1", false).verdict, Verdict::passed);
  EXPECT_EQ(finished_, 1);
}

TEST_F(ArrivalsTest, WithoutATrustedSourceTheBarrierGoesHome) {
  trusted_source_.clear();
  const Result result = play("relayed: 0", relay_all_but_first);
  EXPECT_EQ(result.verdict, Verdict::passed);
  ASSERT_EQ(mailbox_.arrivals().size(), 1u);
  EXPECT_EQ(mailbox_.arrivals().front()->recipients.front().address,
            "r@example.test");
}

}  // namespace
}  // namespace smtpspec::play
