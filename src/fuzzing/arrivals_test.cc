#include "fuzzing/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "play/witness.h"

namespace smtpspec::fuzzing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string prefix = "f00a1b2";
const std::string token = prefix + "00000001";

class ArrivalsTest : public testing::Test {
 protected:
  ArrivalsTest() {
    target_.witness = std::make_shared<play::Witness>(mailbox_);
    target_.variables = {{"recipient", "alice@example.test"},
                         {"recipient2", "bob@example.test"}};
    arrivals_.emplace(target_, prefix);
  }

  /// A session of `lines`, of which each "MAIL FROM:<> 250" was answered so.
  void had_session(const std::string& lines) {
    Observation seen;
    seen.token = token;
    Unit unit{Unit::Kind::octets, "", "", false, true};
    for (const std::string_view text : base::split(lines, '\n')) {
      const auto space = text.rfind(' ');
      if (space == std::string_view::npos) {
        unit.octets += std::string(text) + "\r\n";
        continue;
      }
      Answer answer;
      answer.line = text.substr(0, space);
      answer.verb = base::words(text).front();
      answer.reply.code = std::stoi(std::string(text.substr(space + 1)));
      unit.octets += answer.line + "\r\n";
      seen.answers.push_back(std::move(answer));
    }
    arrivals_->expect({{unit}}, seen);
  }

  void arrives(const std::string& octets) {
    sink::Arrival arrival;
    arrival.octets = octets;
    mailbox_.add(std::move(arrival));
  }

  /// Signature and `then` of each finding.
  std::vector<std::string> found() {
    std::vector<std::string> result;
    for (const auto& late : arrivals_->take())
      result.push_back(late.finding.signature + ": " + late.finding.then);
    return result;
  }

  sink::Mailbox mailbox_;
  play::Target target_;
  std::optional<Arrivals> arrivals_;
};

const std::string to_two =
    "EHLO a 250\nMAIL FROM:<> 250\nRCPT TO:<alice@example.test> 250\n"
    "RCPT TO:<bob@example.test> 250\nDATA 354\n" +
    token + "\n. 250\n";

const std::string to_one =
    "EHLO a 250\nMAIL FROM:<> 250\nRCPT TO:<alice@example.test> 250\n"
    "DATA 354\nSubject:" +
    token + "\n. 250\n";

TEST_F(ArrivalsTest, CopiesOfOneMessageAreNotMoreThanWasSent) {
  had_session(to_two);
  arrives("Return-Path: <>\r\nReceived: by a\r\n" + token + "\r\n");
  arrives("Received: by b\r\nReceived: by a\r\n" + token + "\r\n");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(ArrivalsTest, AMessageThatNobodyEndedIsMoreThanWasSent) {
  had_session(to_one);
  arrives("Subject: " + token + "\r\n\r\none\r\n");
  EXPECT_THAT(found(), IsEmpty());
  arrives("Subject: " + token + "\r\n\r\ntwo\r\n");
  EXPECT_THAT(found(), ElementsAre("more-messages-than-sent: mail: 0 / 1"));
  arrives("Subject: " + token + "\r\n\r\nthree\r\n");
  EXPECT_THAT(found(), IsEmpty()) << "it was found already";
}

TEST_F(ArrivalsTest, AMessageMoreThanAllCopiesOfWhatWasSentIsMore) {
  had_session(to_two);
  arrives("Received: by a\r\n\r\n" + token + "\r\n");
  arrives("Received: by a\r\n\r\n" + token + "\r\nMAIL\r\n");
  EXPECT_THAT(found(), IsEmpty()) << "as many copies as recipients";
  arrives("Received: by a\r\n\r\n" + token + "\r\n");
  EXPECT_THAT(found(), ElementsAre("more-messages-than-sent: mail: 0 / 1 / 2"));
}

TEST_F(ArrivalsTest, ACopyWithOtherLineEndsOrInAnEncodingIsACopy) {
  had_session(to_one);
  const std::string head = "Subject: " + token;
  arrives(head + "\r\n\r\nna\xc3\xafve = so\r\nwords\r\n");
  arrives(head + "\n\nna\xc3\xafve = so\nwords\n");
  arrives(head + "\r\n\r\nna=C3=AFve =3D so words=\r\n\r\n");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(ArrivalsTest, WhatGoesToAnAddressThatMayBeSeveralIsNotCounted) {
  had_session(
      "EHLO a 250\nMAIL FROM:<> 250\nRCPT TO:<staff@example.test> 250\n"
      "DATA 354\nSubject:" +
      token + "\n. 250\n");
  arrives("Subject: " + token + "\r\n\r\none\r\n");
  arrives("Subject: " + token + "\r\n\r\n[staff] one\r\n");
  EXPECT_THAT(found(), IsEmpty());
}

// Then nobody knows what the server has taken.
TEST_F(ArrivalsTest, WithRepliesThatAreNobodysEachMessageMayGoToAll) {
  Observation seen;
  seen.token = token;
  Answer answer;
  answer.line = "RSET";
  answer.reply.code = 250;
  seen.answers = {answer};
  Unit unit{Unit::Kind::octets,
            "MAIL FROM:<>\r\nRCPT TO:<alice@example.test>\r\n"
            "RCPT TO:<bob@example.test>\r\nDATA\r\n.\r\n",
            "", false, true};
  arrivals_->expect({{unit}}, seen);
  arrives("Subject: " + token + "\r\n\r\none\r\n");
  arrives("Subject: " + token + "\r\n\r\ntwo\r\n");
  EXPECT_THAT(found(), IsEmpty());
  arrives("Subject: " + token + "\r\n\r\none\r\n");
  EXPECT_THAT(found(), ElementsAre("more-messages-than-sent: mail: 0 / 1 / 2"));
}

}  // namespace
}  // namespace smtpspec::fuzzing
