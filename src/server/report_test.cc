#include "server/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const ReportOrigin origin = {
    7, std::chrono::sys_days(std::chrono::year(2026) / 11 / 21), {}};

Message message() {
  Message result;
  result.sender = "a@b.example";
  result.octets = "Received: x\r\nSubject: y\r\n\r\nbody\r\n";
  result.is_relayed = true;
  return result;
}

RecipientReport failure() {
  RecipientReport report;
  report.recipient.address = "u@sink.example";
  report.status = "5.1.1";
  report.diagnostic = "550 5.1.1 No such user";
  report.remote_host = "[127.0.0.1]";
  return report;
}

TEST(Report, GoesFromNobodyToTheSender) {
  const Message report = report_on(message(), {failure()}, origin);
  EXPECT_EQ(report.sender, "");
  ASSERT_EQ(report.recipients.size(), 1u);
  EXPECT_EQ(report.recipients[0].address, "a@b.example");
  EXPECT_TRUE(report.is_relayed);
}

TEST(Report, HasAHeaderOfItsOwn) {
  EXPECT_THAT(report_on(message(), {failure()}, origin).octets,
              StartsWith("Date: Sat, 21 Nov 2026 00:00:00 +0000\r\n"
                         "From: Mail Delivery System <postmaster@example.test>"
                         "\r\nTo: <a@b.example>\r\n"
                         "Message-ID: <report.7."));
}

TEST(Report, TellsWhatBecameOfEachRecipient) {
  EXPECT_THAT(report_on(message(), {failure(), failure()}, origin).octets,
              HasSubstr("Content-Type: message/delivery-status\r\n\r\n"
                        "Reporting-MTA: dns; mx.example.test\r\n\r\n"
                        "Final-Recipient: rfc822; u@sink.example\r\n"
                        "Action: failed\r\n"
                        "Status: 5.1.1\r\n"
                        "Remote-MTA: dns; [127.0.0.1]\r\n"
                        "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n\r\n"
                        "Final-Recipient: "));
}

TEST(Report, NamesWhatTheSenderCalledIt) {
  Message original = message();
  original.options.envelope_id = "x+2By";
  RecipientReport report = failure();
  report.recipient.original = "rfc822;c+2Bd@e.example";
  const auto octets = report_on(original, {report}, origin).octets;
  EXPECT_THAT(octets, HasSubstr("\r\nOriginal-Envelope-Id: x+y\r\n"));
  EXPECT_THAT(octets,
              HasSubstr("\r\nOriginal-Recipient: rfc822; c+d@e.example\r\n"));
}

TEST(Report, ReturnsTheHeaderOrAllOnRequest) {
  Message original = message();
  auto octets = report_on(original, {failure()}, origin).octets;
  EXPECT_THAT(octets, HasSubstr("Content-Type: text/rfc822-headers\r\n\r\n"
                                "Received: x\r\nSubject: y\r\n\r\n--"));
  EXPECT_THAT(octets, Not(HasSubstr("body")));
  EXPECT_THAT(octets, EndsWith("_report--\r\n"));
  original.options.returned = "FULL";
  octets = report_on(original, {failure()}, origin).octets;
  EXPECT_THAT(octets, HasSubstr("Content-Type: message/rfc822\r\n\r\n"
                                "Received: x\r\nSubject: y\r\n\r\nbody"));
  original.octets += "bare\n";
  octets = report_on(original, {failure()}, origin).octets;
  EXPECT_THAT(octets, Not(HasSubstr("bare")));
}

TEST(Report, HasABoundaryThatTheMessageHasNot) {
  Message original = message();
  original.octets = "Subject: --=_7_report\r\n\r\n";
  EXPECT_THAT(report_on(original, {failure()}, origin).octets,
              HasSubstr("boundary=\"=_7_report_\""));
}

TEST(Report, SaysThatItHasEightBitOctets) {
  Message original = message();
  original.octets = "Subject: \xc3\xbc\r\n\r\n";
  original.options.is_utf8 = true;
  const Message report = report_on(original, {failure()}, origin);
  EXPECT_TRUE(report.options.is_eight_bit);
  EXPECT_THAT(report.octets, HasSubstr("message/global-delivery-status\r\n"
                                       "Content-Transfer-Encoding: 8bit\r\n"));
}

TEST(Report, WithAFlawIsWhatItSays) {
  const auto octets = [](FlawId flaw) {
    ReportOrigin flawed = origin;
    flawed.flaws = {flaw};
    return report_on(message(), {failure()}, flawed).octets;
  };
  EXPECT_THAT(octets("report-plain-text"_flaw),
              Not(HasSubstr("multipart/report")));
  EXPECT_THAT(octets("report-without-mta"_flaw),
              Not(HasSubstr("Reporting-MTA")));
  EXPECT_THAT(octets("report-without-date"_flaw), StartsWith("From: "));
  EXPECT_THAT(octets("report-two-digit-year"_flaw),
              StartsWith("Date: Sat, 21 Nov 26 00:00:00 +0000\r\n"));
  EXPECT_THAT(octets("report-impossible-date"_flaw),
              StartsWith("Date: Sat, 30 Feb 2026 00:00:00 +0000\r\n"));
  EXPECT_THAT(octets("report-without-message-id"_flaw),
              Not(HasSubstr("Message-ID")));
  EXPECT_THAT(octets("report-message-id-repeated"_flaw),
              HasSubstr("\r\nMessage-ID: <report@mx.example.test>\r\n"));
  EXPECT_THAT(octets("report-bare-lf"_flaw), HasSubstr("news\n follow"));
  EXPECT_THAT(octets("report-long-line"_flaw),
              HasSubstr(std::string("sorry sorry")));
}

TEST(Report, ToOneOfOursStaysHere) {
  Message original = message();
  original.sender = "alice@example.test";
  const Message report = report_on(original, {failure()}, origin);
  EXPECT_FALSE(report.is_relayed);
  EXPECT_THAT(report.octets, StartsWith("Return-Path: <>\r\n"));
}

}  // namespace
}  // namespace smtpspec::server
