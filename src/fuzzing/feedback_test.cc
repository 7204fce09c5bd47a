#include "fuzzing/feedback.h"

#include <gtest/gtest.h>

#include <vector>

#include "smtp/reply.h"

namespace smtpspec::fuzzing {
namespace {

using Features = std::vector<std::uint8_t>;

/// The last reply of a session that greeted.
Observation session(const std::string& verb, const std::string& octets) {
  smtp::ReplyParser parser;
  parser.feed("220 mx.example\r\n" + octets);
  Observation seen;
  for (const std::string& each : {std::string("greeting"), verb}) {
    Answer answer;
    answer.verb = each;
    answer.reply = std::get<smtp::Reply>(*parser.next());
    seen.answers.push_back(std::move(answer));
  }
  return seen;
}

Features features(const Observation& seen) {
  Features result(1 << 15);
  Feedback().learn(seen, result);
  return result;
}

TEST(Feedback, AnotherCodeVerbTextOrEndIsNews) {
  const Features ok = features(session("NOOP", "250 2.0.0 Ok\r\n"));
  EXPECT_NE(ok, features(session("NOOP", "251 2.0.0 Ok\r\n")));
  EXPECT_NE(ok, features(session("RSET", "250 2.0.0 Ok\r\n")));
  EXPECT_NE(ok, features(session("NOOP", "250 2.0.0 Fine\r\n")));
  Observation closed = session("NOOP", "250 2.0.0 Ok\r\n");
  closed.outcome = Outcome::closed;
  EXPECT_NE(ok, features(closed));
}

// Who goes on from a session without a reply has another one without.
TEST(Feedback, NothingIsNewsInASessionThatEndedInSilence) {
  Observation silent = session("NOOP", "250 2.0.0 Ok\r\n");
  silent.outcome = Outcome::silent;
  EXPECT_EQ(features(silent), Features(1 << 15));
}

// Else two runs with the same seed would soon go different ways.
TEST(Feedback, WhatDiffersFromSessionToSessionIsNoNews) {
  EXPECT_EQ(features(session(".", "250 2.0.0 Taken as 4711AB\r\n")),
            features(session(".", "250 2.0.0 Taken as 52ff\r\n")));
  EXPECT_EQ(features(session("AUTH", "334 cj1hYmNkZWY\r\n")),
            features(session("AUTH", "334 Zm9vYmFyYmF6\r\n")));
  EXPECT_EQ(features(session("F0012AB00000001", "500 5.5.1 What?\r\n")),
            features(session("F00F2C900000002", "500 5.5.1 What?\r\n")));
}

TEST(Feedback, CountsTheStatesOfAllSessions) {
  Feedback feedback;
  Features ignored(1 << 15);
  feedback.learn(session("NOOP", "250 2.0.0 Ok\r\n"), ignored);
  const auto before = feedback.states();
  feedback.learn(session("NOOP", "250 2.0.0 Ok\r\n"), ignored);
  EXPECT_EQ(feedback.states(), before);
  feedback.learn(session("EHLO", "250 mx.example\r\n"), ignored);
  EXPECT_GT(feedback.states(), before);
}

}  // namespace
}  // namespace smtpspec::fuzzing
