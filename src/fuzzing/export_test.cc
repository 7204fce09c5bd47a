#include "fuzzing/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <stdexcept>

#include "fuzzing/evidence_fixture.h"
#include "play/player.h"
#include "play/runner.h"
#include "play/scripted_server.h"
#include "scenario/loader.h"

namespace smtpspec::fuzzing {
namespace {

using namespace std::chrono_literals;
using play::Verdict;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

using Script = play::ScriptedServer::Script;

/// A server that does everything right, as far as these tests go.
play::Answer correct(const std::string& line) {
  if (line.empty()) return {"220 mx.example.test\r\n"};
  if (line.starts_with("EHLO"))
    return {"250-mx.example.test\r\n250 PIPELINING\r\n"};
  if (line == "QUIT") return {"221 mx.example.test\r\n", true};
  if (line == "DATA") return {"503 No\r\n"};
  return {"250 Ok\r\n"};
}

/// Does right, but for one line.
Script but_for(const std::string& wrong_line, const play::Answer& wrong) {
  return [=](const std::string& line, int) {
    return line == wrong_line ? wrong : correct(line);
  };
}

Verdict verdict_of(const std::string& text, Script script) {
  const auto scenario = scenario::parse_scenario(
      text, "x.yaml", scenario::Requirements::builtin());
  net::asio::io_context io{1};
  play::ScriptedServer server(io, std::move(script));
  play::Target target;
  target.endpoint = {"127.0.0.1", server.port()};
  target.variables = evidence_of({}, {}).variables;
  play::Waits waits;
  waits.reply = 2s;
  waits.farewell = 50ms;
  play::Played played;
  const scenario::Test test{&scenario, &scenario.cases[0]};
  net::asio::co_spawn(
      io,
      [&]() -> net::asio::awaitable<void> {
        played = co_await play::play(test, target, waits);
      },
      [&](std::exception_ptr) { io.stop(); });
  io.run();
  if (!scenario.watch.empty())
    played.result = judge_watch(std::move(played.result), played.breaches);
  return played.result.verdict;
}

Evidence rset_is_wrong() {
  Evidence evidence =
      evidence_of({line_unit("MAIL FROM:<${sender}>"), line_unit("RSET"),
                   line_unit("NOOP")},
                  {answer("MAIL", "250 Ok", 1), answer("RSET", "500 What", 2),
                   answer("NOOP", "250 Ok", 3)});
  evidence.finding.answer = 3;
  return evidence;
}

TEST(Export, BeginsBehindEhloAndEndsAtTheWrongReply) {
  EXPECT_EQ(to_scenario(rset_is_wrong()),
            "# Found by smtpspec fuzz.\n"
            "title: 'RSET was answered with 500'\n"
            "clause: '5321-4.1.1.5-b'\n"
            "found: rset-500\n"
            "from: clear\n"
            "dialog: |\n"
            "  C: MAIL FROM:<${sender}>\n"
            "  S? 2yz\n"
            "  C: RSET\n"
            "  S: 250\n");
}

TEST(Export, FailsThereAndPassesOnARightServer) {
  const std::string text = to_scenario(rset_is_wrong());
  EXPECT_EQ(verdict_of(text, but_for("RSET", {"500 What\r\n"})),
            Verdict::failed);
  EXPECT_EQ(verdict_of(text, but_for("", correct(""))), Verdict::passed);
}

TEST(Export, MailThatMustBeRefusedMayBeRefusedAtDataAlready) {
  Evidence evidence = evidence_of(
      {line_unit("MAIL FROM:<${sender}>"), line_unit("DATA"), line_unit(".")},
      {answer("MAIL", "250 Ok", 1), answer("DATA", "354 Go", 2),
       answer(".", "250 Ok", 3)});
  evidence.finding.answer = 4;
  evidence.finding.expected = "4yz / 5yz / closed";
  const std::string text = to_scenario(evidence);
  EXPECT_EQ(verdict_of(text, but_for("DATA", {"354 Go\r\n"})),
            Verdict::failed);
  EXPECT_EQ(verdict_of(text, but_for("", correct(""))), Verdict::passed);
}

TEST(Export, WithoutThatEhloItBeginsAtTheGreeting) {
  Evidence evidence = rset_is_wrong();
  evidence.input.units[0].octets = "EHLO [\r\n";
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, HasSubstr("from: greeting\n"
                              "dialog: |\n"
                              "  S? 2yz\n"
                              "  C: EHLO [\n"
                              "  S? 2yz\n"
                              "  C: MAIL"));
  EXPECT_EQ(verdict_of(text, but_for("RSET", {"500 What\r\n"})),
            Verdict::failed);
}

TEST(Export, CodeThatProvesNothingElseFailsHere) {
  Evidence evidence = rset_is_wrong();
  evidence.observation.answers[3] = answer("RSET", "450 Later", 2);
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, EndsWith("S: 250; fail: 450\n"));
  EXPECT_EQ(verdict_of(text, but_for("RSET", {"450 Later\r\n"})),
            Verdict::failed);
}

TEST(Export, ReplyThatDidNotComeIsWantedWhereTheSessionStopped) {
  Evidence evidence = rset_is_wrong();
  evidence.observation.answers.resize(3);
  evidence.observation.unit = 2;
  evidence.observation.outcome = Outcome::closed;
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, EndsWith("C: RSET\n  S: 250\n"));
  EXPECT_EQ(verdict_of(text, but_for("RSET", {"", true})), Verdict::failed);
  // Silence: the NOOP behind it is answered.
  EXPECT_EQ(verdict_of(text, but_for("RSET", {""})), Verdict::failed);
}

TEST(Export, WhatShowsInNoReplyCannotBeSaid) {
  // The server died once all was said.
  Evidence evidence = rset_is_wrong();
  evidence.finding.answer = evidence.observation.answers.size();
  EXPECT_THROW(to_scenario(evidence), std::invalid_argument);
}

TEST(Export, GroupNeedsPipeliningWhereItIsOffered) {
  Evidence evidence = rset_is_wrong();
  evidence.input.units[1].waits = false;
  evidence.observation.answers[2].unit = 2;
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, HasSubstr("needs: [PIPELINING]\n"));
  EXPECT_THAT(text, EndsWith("  C: MAIL FROM:<${sender}>\n"
                             "  C: RSET\n  S? 2yz\n  S: 250\n"));
}

TEST(Export, GroupThatWasNotOfferedIsSentAsOctets) {
  Evidence evidence = rset_is_wrong();
  evidence.input.units[1].waits = false;
  evidence.observation.answers[2].unit = 2;
  evidence.observation.answers[1] = answer("EHLO", "250 mx", 0);
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, Not(HasSubstr("needs")));
  EXPECT_THAT(text, EndsWith("  C: MAIL FROM:<${sender}>\n"
                             "  C> RSET\\r\\n\n  S? 2yz\n  S: 250\n"));
  EXPECT_EQ(verdict_of(text, but_for("RSET", {"500 What\r\n"})),
            Verdict::failed);
}

/// MAIL, a command and NOOP at once; the one in the middle draws no reply.
Evidence group_is_short(const std::string& command) {
  Evidence evidence = evidence_of(
      {line_unit("MAIL FROM:<${sender}>", false), line_unit(command, false),
       line_unit("NOOP")},
      {answer("MAIL", "250 Ok", 3), answer(command, "250 Ok", 3)});
  evidence.finding.answer = 4;
  evidence.finding.expected = any_reply;
  evidence.observation.outcome = Outcome::silent;
  evidence.observation.unit = 3;
  evidence.observation.unanswered = "NOOP";
  return evidence;
}

// Which reply is whose cannot be told: on a right server they are others.
TEST(Export, OfAShortGroupTheRepliesAreCounted) {
  const std::string text = to_scenario(group_is_short("WHAT"));
  EXPECT_EQ(verdict_of(text, but_for("WHAT", {"500 What\r\n"})),
            Verdict::passed);
  EXPECT_EQ(verdict_of(text, but_for("WHAT", {""})), Verdict::failed);
}

// Behind 354 they would not be commands any more.
TEST(Export, RepliesOfAShortGroupWithDataCountOnlyAsTheyWere) {
  EXPECT_THAT(to_scenario(group_is_short("DATA")),
              EndsWith("  C: NOOP\n  S? 2yz\n  S? 2yz\n"
                       "  S: 2yz / 3yz / 4yz / 5yz\n"));
}

TEST(Export, RuleIsWatchedAndOnlyDrawsReplies) {
  Evidence evidence = rset_is_wrong();
  evidence.finding.watch = "line-end";
  evidence.finding.clause = "5321-2.3.8-d";
  evidence.finding.expected.clear();
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, HasSubstr("watch: line-end\ndialog: |\n"
                              "  C: MAIL FROM:<${sender}>\n"
                              "  S? any; pass: closed\n"
                              "  C: RSET\n"
                              "  S? any; pass: closed\n"));
  EXPECT_EQ(verdict_of(text, but_for("RSET", {"250 Ok\n"})), Verdict::failed);
  EXPECT_EQ(verdict_of(text, but_for("MAIL FROM:<s@client.example>",
                                     {"550 No\r\n", true})),
            Verdict::passed);
}

TEST(Export, ArrivalsAreJudgedOnceAllIsSaid) {
  Evidence evidence = evidence_of(
      {line_unit("MAIL FROM:<${sender}>"),
       line_unit("RCPT TO:<${token}@elsewhere.test>"), line_unit("DATA"),
       {Unit::Kind::octets, "a\n.\nb\r\n.\r\n", "", false, true}},
      {answer("MAIL", "250 Ok", 1), answer("RCPT", "250 Ok", 2),
       answer("DATA", "354 Go", 3), answer(".", "250 Ok", 4),
       answer("", "500 What", 4)});
  evidence.finding.then = "relayed: 0\ndelivered: 1+; note: 0";
  evidence.finding.clause = "2505-2.1-a";
  EXPECT_THAT(to_scenario(evidence),
              EndsWith("  S? 2yz; pass: 5yz\n"
                       "  C: DATA\n"
                       "  S? 354; pass: 5yz\n"
                       "  C: a\\n.\\nb\n"
                       "  C: .\n"
                       "  S? 2yz; pass: 5yz\n"
                       "then: |\n"
                       "  relayed: 0\n"
                       "  delivered: 1+; note: 0\n"));
}

TEST(Export, MailThatNoTokenTellsApartCannotBeSaid) {
  Evidence evidence = rset_is_wrong();
  evidence.finding.then = "mail: 1";
  EXPECT_THROW(to_scenario(evidence), std::invalid_argument);
  evidence = rset_is_wrong();
  evidence.finding.clause = "no-such-row";
  EXPECT_THROW(to_scenario(evidence), std::invalid_argument);
}

Evidence login_behind_starttls() {
  Evidence evidence = evidence_of(
      {line_unit("STARTTLS", false),
       {Unit::Kind::tls, "", "", false, true},
       {Unit::Kind::login, "PLAIN", "wrong password", false, true}},
      {answer("STARTTLS", "220 Go", 2), secured(2),
       logged_in("AUTH PLAIN (wrong password)", "235 Ok", 3)});
  evidence.finding.answer = 4;
  evidence.finding.expected = "535";
  return evidence;
}

TEST(Export, HandshakesAndLoginsWaitAndAreLinesOfTheirOwn) {
  Evidence evidence = login_behind_starttls();
  EXPECT_THAT(to_scenario(evidence),
              EndsWith("  C: STARTTLS\n  S? 2yz\n  TLS? handshake\n"
                       "  AUTH: PLAIN (wrong password)\n  S: 535\n"));
  evidence.observation.answers.resize(3);
  evidence.observation.unit = 2;
  evidence.observation.outcome = Outcome::no_tls;
  EXPECT_THAT(to_scenario(evidence),
              EndsWith("  C: STARTTLS\n  S? 2yz\n  TLS: handshake\n"));
}

TEST(Export, LinesOfTheClientAreNoHandshakesAndLogins) {
  Evidence evidence = evidence_of(
      {line_unit("TLS", false), line_unit("STARTTLS", false),
       {Unit::Kind::tls, "", "", false, true},
       line_unit("AUTH PLAIN", false),
       {Unit::Kind::login, "PLAIN", "", false, true},
       line_unit("RSET")},
      {answer("TLS", "500 What", 3), answer("STARTTLS", "220 Go", 3),
       secured(3), logged_in("AUTH PLAIN", "501 No", 5),
       logged_in("AUTH PLAIN", "235 Ok", 5), answer("RSET", "500 What", 6)});
  evidence.observation.answers[5].is_outcome = false;
  EXPECT_THAT(to_scenario(evidence),
              EndsWith("  S? 5yz\n  S? 2yz\n  TLS? handshake\n"
                       "  C: AUTH PLAIN\n  S? 5yz\n"
                       "  AUTH: PLAIN\n  S? 2yz\n  C: RSET\n  S: 250\n"));
}

TEST(Export, WithImplicitTlsTheGreetingComesBeforeAllUnits) {
  Evidence evidence = rset_is_wrong();
  evidence.listener = scenario::Listener::submissions;
  Answer handshake = secured(0);
  handshake.is_outcome = false;
  auto& answers = evidence.observation.answers;
  answers.insert(answers.begin(), handshake);
  evidence.finding.answer = 4;
  EXPECT_THAT(to_scenario(evidence),
              HasSubstr("dialog: |\n  S? 2yz\n  C: EHLO ${client}\n"
                        "  S? 2yz\n  C: MAIL"));
}

TEST(Export, WhatWasNotBegunIsLeftOut) {
  // TLS is active already; nobody may log in.
  Evidence evidence = login_behind_starttls();
  evidence.input.units.insert(evidence.input.units.begin() + 3,
                              {Unit::Kind::tls, "", "", false, true});
  evidence.input.units[4] = {Unit::Kind::login, "LOGIN", "", false, true};
  evidence.input.units.push_back(line_unit("RSET"));
  evidence.observation.answers[4] = answer("RSET", "500 What", 5);
  evidence.observation.unit = 6;
  EXPECT_THAT(to_scenario(evidence),
              EndsWith("  TLS? handshake\n  C: RSET\n  S: 535\n"));
}

TEST(Export, WhereCommandsCannotBeToldApartSilenceIsAsGood) {
  Evidence evidence = rset_is_wrong();
  evidence.finding.watch = "line-end";
  evidence.observation.answers[3].verb.clear();
  EXPECT_THAT(to_scenario(evidence),
              EndsWith("  C: RSET\n  S? any; pass: closed / silent 5s\n"));
}

TEST(Export, GreetingCanBeWrong) {
  Evidence evidence = rset_is_wrong();
  evidence.observation.answers[0] = answer("greeting", "500 Go away", 0);
  evidence.finding.answer = 0;
  evidence.finding.expected = "220 / 554";
  const std::string text = to_scenario(evidence);
  EXPECT_THAT(text, EndsWith("from: greeting\ndialog: |\n"
                             "  S: 220 / 554; fail: 500\n"));
  EXPECT_EQ(verdict_of(text, but_for("", {"500 Go away\r\n"})),
            Verdict::failed);
}

TEST(Export, RowWithoutVerdictStandsForAnother) {
  Evidence evidence = rset_is_wrong();
  evidence.finding.clause = "5321-4.5.1-f";
  EXPECT_THAT(to_scenario(evidence), HasSubstr("clause: '5321-4.1.1.5-b'\n"));
}

TEST(Export, NothingBreaksTheYaml) {
  Evidence evidence = rset_is_wrong();
  evidence.finding.sentence = "It's: \"#wrong\" - \\x\r\n{}";
  evidence.finding.signature = "Odd_Signature";
  evidence.listener = scenario::Listener::lmtp;
  evidence.input.units[0].octets = "LHLO x\r\n";
  evidence.input.units[1].octets = std::string(" \t#\x80: '|\0\r\n", 12);
  const auto scenario =
      scenario::parse_scenario(to_scenario(evidence), "scenario.yaml",
                               scenario::Requirements::builtin());
  EXPECT_EQ(scenario.title, "It's: \"#wrong\" - \\\\x\\r\\n{}");
  EXPECT_EQ(scenario.id, "fuzzed/odd-signature");
  EXPECT_EQ(scenario.listener, scenario::Listener::lmtp);
}

}  // namespace
}  // namespace smtpspec::fuzzing
