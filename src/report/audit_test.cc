// What the page of an audit says first, and what it leaves out.
#include "report/audit.h"

#include <gmock/gmock.h>

#include <sstream>

namespace smtpspec::report {
namespace {

using play::Rung;
using play::Verdict;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AuditPage : public testing::Test {
 protected:
  AuditPage() {
    scenario_.title = "A stranger's mail is not relayed";
    scenario_.cases.resize(1);
    report_.run.target = "mx.example.test:25";
    report_.listeners = {{"mta", "mx.example.test:25"},
                         {"submission", "mx.example.test:587"}};
    report_.source = "127.0.0.2";
    report_.has_sink = true;
  }

  void add(const std::string& id, Verdict verdict, Rung rung,
           const std::string& reason = "") {
    play::Result result;
    result.test = {&scenario_, &scenario_.cases[0]};
    result.id = id;
    result.verdict = verdict;
    result.rung = rung;
    result.reason = reason;
    report_.run.results.push_back(result);
  }

  std::string page() const {
    std::ostringstream out;
    write_audit_page(out, report_, scenario::Requirements::builtin());
    return out.str();
  }

  scenario::Scenario scenario_;
  AuditReport report_;
};

TEST_F(AuditPage, BeginsWithTheAnswer) {
  add("mta/relay/plain#u17", Verdict::failed, Rung::relayed);
  add("mta/relay/plain#u38", Verdict::passed, Rung::refused_at_rcpt);
  EXPECT_THAT(page(), StartsWith("Audit of mx.example.test:25\n\n"
                                 "OPEN RELAY. 1 of 2 attempts"));
  EXPECT_EQ(relay_answer(report_), RelayAnswer::open);
}

TEST_F(AuditPage, MailThatWentOnCountsWhateverTheVerdict) {
  add("mta/relay/percent-hack#u05", Verdict::blocked, Rung::relayed);
  EXPECT_EQ(relay_answer(report_), RelayAnswer::open);
}

TEST_F(AuditPage, ARefusalOfAllIsNoOpenRelay) {
  add("mta/relay/plain#u17", Verdict::passed, Rung::refused_at_rcpt);
  add("mta/relay/plain#u38", Verdict::passed, Rung::delivered);
  EXPECT_THAT(page(), HasSubstr("NOT AN OPEN RELAY. Of 2 attempts"));
}

TEST_F(AuditPage, WhatIsAcceptedAndNotProvedIsNeverCalledClosedOrOpen) {
  add("mta/relay/plain#u17", Verdict::blocked, Rung::not_proved);
  add("mta/relay/plain#u38", Verdict::passed, Rung::refused_at_rcpt);
  EXPECT_THAT(page(), HasSubstr("NO OPEN RELAY WAS FOUND, but 1 of 2"));
  EXPECT_EQ(relay_answer(report_), RelayAnswer::undecided);
}

TEST_F(AuditPage, WithoutAnAttemptRelayingWasNotTested) {
  add("mta/relay/plain#u17", Verdict::skipped, Rung::unknown,
      "the profile gives no value for foreign_domain");
  EXPECT_THAT(page(), HasSubstr("RELAYING WAS NOT TESTED."));
  EXPECT_THAT(page(),
              HasSubstr("Not tested\n  mta/relay/plain#u17: the profile gives "
                        "no value for foreign_domain"));
}

TEST_F(AuditPage, AnInterruptedAuditAnswersNothing) {
  report_.run.interrupted = true;
  report_.run.selected = 9;
  add("mta/relay/plain#u17", Verdict::passed, Rung::refused_at_rcpt);
  EXPECT_EQ(relay_answer(report_), RelayAnswer::undecided);
  EXPECT_THAT(page(), HasSubstr("NO OPEN RELAY WAS FOUND in 1 attempts before"));
  EXPECT_THAT(page(), HasSubstr("1 of 9 tests ran"));
}

TEST_F(AuditPage, ShowsWhereOneListenerIsLaxer) {
  add("mta/relay/plain#u17", Verdict::passed, Rung::refused_at_rcpt);
  add("submission/relay/plain#u17", Verdict::failed, Rung::relayed);
  EXPECT_THAT(page(), HasSubstr("relay/plain#u17: mta refused at RCPT; "
                                "submission relayed."));
}

TEST_F(AuditPage, WarnsOfAnotherWayThatIsLaxerThanMta) {
  report_.listeners.push_back({"port-2525", "mx.example.test:2525", true});
  add("mta/relay/plain#u17", Verdict::passed, Rung::refused_at_rcpt);
  add("mta/relay/plain#u38", Verdict::blocked, Rung::refused_at_rcpt);
  for (const char* name : {"u17", "u38"}) {
    const std::string test = std::string("/relay/plain#") + name;
    add("port-2525" + test, Verdict::noted, Rung::not_seen, "wanted 1+, got 0");
    add("submission" + test, Verdict::noted, Rung::not_seen);
  }
  judge_laxer_listeners(report_);
  const auto& results = report_.run.results;
  EXPECT_EQ(results[2].verdict, Verdict::warned);
  EXPECT_EQ(results[2].reason,
            "accepted and not seen here, and refused at RCPT at mta: wanted 1+, "
            "got 0");
  for (const std::size_t other : {3u, 4u, 5u})
    EXPECT_EQ(results[other].verdict, Verdict::noted) << other;
}

TEST_F(AuditPage, ListenersThatAgreeAreNotCompared) {
  add("mta/relay/plain#u17", Verdict::passed, Rung::refused_at_rcpt);
  add("submission/relay/plain#u17", Verdict::passed, Rung::refused_at_mail);
  EXPECT_THAT(page(), Not(HasSubstr("Taken at one listener")));
}

TEST_F(AuditPage, SetsWhatIsOfferedSideBySide) {
  report_.listeners[0].in_clear = {"ETRN", "SIZE", "STARTTLS"};
  report_.listeners[0].under_tls = {"ETRN", "SIZE"};
  report_.listeners[1].in_clear = {"SIZE", "STARTTLS"};
  report_.listeners[1].under_tls = {"AUTH PLAIN", "SIZE"};
  EXPECT_THAT(page(), HasSubstr("Offered at some listeners only\n"
                                "  AUTH PLAIN               submission under "
                                "TLS\n"
                                "  ETRN                     mta\n\n"));
}

TEST_F(AuditPage, GivesALineOfJsonForATarget) {
  add("mta/relay/plain#u17", Verdict::failed, Rung::relayed, "wanted 0, got 1");
  const std::string line = to_audit_line(report_);
  EXPECT_THAT(line, StartsWith(R"({"target":"mx.example.test:25",)"
                               R"("relaying":"open relay")"));
  EXPECT_THAT(line, HasSubstr(R"("reason":"wanted 0, got 1")"));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

}  // namespace
}  // namespace smtpspec::report
