#include "fuzzing/oracles.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "fuzzing/model.h"
#include "scenario/requirements.h"
#include "smtp/reply_rules.h"

namespace smtpspec::fuzzing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A session, "MAIL FROM:<a@b> 250" a line and a unit each; "TLS" for a
/// handshake.
Observation session(std::string_view text) {
  Observation seen;
  seen.answers.push_back({"greeting", "greeting", false, {220, {}}, 0, false});
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.empty()) continue;
    Answer answer;
    const auto space = line.rfind(' ');
    answer.line = line.substr(0, space);
    answer.verb = base::to_upper(base::words(line).front());
    answer.must_fail = line.find("(wrong") != std::string_view::npos;
    if (space != std::string_view::npos)
      answer.reply.code = std::stoi(std::string(line.substr(space + 1)));
    answer.unit = seen.unit++;
    seen.answers.push_back(std::move(answer));
  }
  return seen;
}

std::vector<std::string> signatures(const Oracles& oracles,
                                    const Observation& seen) {
  std::vector<std::string> result;
  for (const Finding& finding : oracles.judge(seen))
    result.push_back(finding.signature);
  return result;
}

std::vector<std::string> signatures(const Observation& seen,
                                    bool wants_login = false) {
  static const scenario::Requirements requirements =
      scenario::Requirements::builtin();
  static const scenario::Catalog catalog(requirements);
  return signatures(Oracles(catalog, wants_login), seen);
}

std::vector<std::string> signatures(std::string_view text) {
  return signatures(session(text));
}

TEST(Oracles, HaveNothingAgainstARightSession) {
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nRCPT TO:<c@d> 550\n"
                         "RCPT TO:<c@d> 250\nVRFY c 252\nDATA 354\n. 250\n"
                         "RSET 250\nNOOP 250\nXYZZY 500\nQUIT 221\n"),
              IsEmpty());
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nMAIL FROM:<a@b> 503\n"
                         "RCPT TO:<c@d> 250\nBDAT 5 250\nRCPT TO:<c@d> 503\n"
                         "BDAT 0 LAST 250\nMAIL FROM:<a@b> 452\n"),
              IsEmpty());
}

TEST(Oracles, SeeWhatIsTakenWithoutWhatComesBefore) {
  EXPECT_THAT(signatures("EHLO a 250\nRCPT TO:<c@d> 250\n"),
              ElementsAre("rcpt-2yz-without-mail"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nRSET 250\n"
                         "RCPT TO:<c@d> 250\n"),
              ElementsAre("rcpt-2yz-without-mail"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nDATA 354\n. 250\n"),
              ElementsAre("end-of-data-2yz-without-recipient"));
  EXPECT_THAT(signatures("EHLO a 250\nBDAT 3 LAST 250\n"),
              ElementsAre("bdat-2yz-without-mail"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nSTARTTLS 220\nTLS\n"
                         "RCPT TO:<c@d> 250\n"),
              ElementsAre("rcpt-2yz-without-mail"));
}

TEST(Oracles, SeeATransactionThatWasForgotten) {
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nVRFY c 252\n"
                         "RCPT TO:<c@d> 503\n"),
              ElementsAre("rcpt-503-in-transaction"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nRCPT TO:<c@d> 250\n"
                         "NOOP 250\nDATA 503\n"),
              ElementsAre("data-503-in-order"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nRSET 250\n"
                         "MAIL FROM:<a@b> 503\n"),
              ElementsAre("mail-503-in-order"));
}

TEST(Oracles, AreSilentWhereTheRfcsAre) {
  // A refused DATA may end a transaction or not.
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nDATA 554\n"
                         "RCPT TO:<c@d> 503\n"),
              IsEmpty());
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nDATA 554\n"
                         "RCPT TO:<c@d> 250\n"),
              IsEmpty());
  // Whoever wants a login first may say 503 (RFC 4954 section 6 has 530).
  EXPECT_THAT(signatures(session("EHLO a 250\nMAIL FROM:<a@b> 503\n"), true),
              IsEmpty());
  // Behind XCLIENT a session begins anew.
  EXPECT_THAT(signatures("EHLO a 250\nXCLIENT NAME=1 220\nRSET 250\n"
                         "MAIL FROM:<a@b> 503\n"),
              IsEmpty());
  EXPECT_THAT(signatures("EHLO a 250\nAUTH PLAIN 235\nXCLIENT NAME=1 220\n"
                         "EHLO a 250\nAUTH PLAIN 235\n"),
              IsEmpty());
  // A line that may be refused for its length.
  EXPECT_THAT(signatures("EHLO a 250\nNOOP " + std::string(510, 'x') + " 500\n"),
              IsEmpty());
}

TEST(Oracles, LeaveTheCodeForWhatStandsBehindAPathToServers) {
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> X=1 503\n"), IsEmpty());
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<>5 503\n"), IsEmpty());
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 503\n"),
              ElementsAre("mail-503-in-order"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\n"
                         "RCPT TO:<c@d>x 503\n"),
              IsEmpty());
}

TEST(Oracles, WantLongNoopsOnlyOfWhoTakesArguments) {
  const std::string line = "NOOP " + std::string(400, 'x') + " 500\n";
  EXPECT_THAT(signatures("EHLO a 250\nNOOP 250\n" + line), IsEmpty());
  EXPECT_THAT(signatures("EHLO a 250\nNOOP x 250\n" + line),
              ElementsAre("noop-500-too-long"));
}

TEST(Oracles, SeeLoginsThatMustNotSucceed) {
  EXPECT_THAT(signatures("EHLO a 250\nAUTH PLAIN (wrong password) 235\n"),
              ElementsAre("auth-2yz-wrong-login"));
  EXPECT_THAT(signatures("EHLO a 250\nAUTH PLAIN 235\nAUTH PLAIN 235\n"),
              ElementsAre("auth-2yz-second-login"));
  EXPECT_THAT(
      signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nAUTH PLAIN 235\n"),
      ElementsAre("auth-2yz-in-transaction"));
  EXPECT_THAT(signatures("EHLO a 250\nAUTH PLAIN 235\nSTARTTLS 220\nTLS\n"
                         "EHLO a 250\nAUTH PLAIN 235\n"),
              IsEmpty());
}

TEST(Oracles, SeeCodesThatACommandNeverHas) {
  EXPECT_THAT(signatures("EHLO a 250\nRSET 500\n"),
              ElementsAre("rset-500-refused"));
  EXPECT_THAT(signatures("EHLO a 250\nNOOP 354\n"),
              ElementsAre("noop-3yz-out-of-place"));
  EXPECT_THAT(signatures("EHLO a 250\nQUIT 250\n"),
              ElementsAre("quit-2yz-not-221"));
  EXPECT_THAT(signatures("EHLO a 250\nXYZZY 250\nWIZ 250\n"),
              ElementsAre("unknown-verb-taken"));
  EXPECT_THAT(signatures("EHLO a 250\nMAIL FROM:<a@b> 250\nRCPT TO:<c@d> 250\n"
                         "DATA 250\n"),
              ElementsAre("data-2yz-in-place-of-354"));
}

TEST(Oracles, SeeSilenceOnlyWhereANoopIsAnswered) {
  Observation seen = session("EHLO a 250\n");
  seen.outcome = Outcome::silent;
  seen.unanswered = "RSET";
  EXPECT_THAT(signatures(seen), IsEmpty());
  seen.is_alive_after_silence = true;
  EXPECT_THAT(signatures(seen), ElementsAre("rset-without-reply"));
}

/// The session of `text` and a line that drew no reply, though a NOOP did.
Observation silence(const std::string& text, const std::string& line) {
  Observation seen = session(text);
  seen.outcome = Outcome::silent;
  seen.is_alive_after_silence = true;
  seen.unanswered = line;
  return seen;
}

TEST(Oracles, TellTheLastChunkFromOthers) {
  EXPECT_THAT(signatures(silence("EHLO a 250\n", "BDAT 2")),
              ElementsAre("bdat-without-reply"));
  EXPECT_THAT(signatures(silence("EHLO a 250\n", "BDAT 0 LAST")),
              ElementsAre("bdat-last-without-reply"));
}

// Nobody knows which of the group it was, nor which of the replies is whose.
TEST(Oracles, BlameNoCommandOfAGroupThatDrewTooFewReplies) {
  Observation seen = silence("EHLO a 250\nMAIL FROM:<a@b> 250\n"
                             "RCPT TO:<c@d> 354\n", "DATA");
  EXPECT_THAT(signatures(seen), ElementsAre("rcpt-3yz-out-of-place"));
  seen.answers.back().unit = seen.unit;
  EXPECT_THAT(signatures(seen), ElementsAre("group-without-all-replies"));
}

// Rules that ask which command was answered would blame the wrong one.
TEST(Oracles, ApplyNoRuleOnRepliesToAGroupThatDrewTooFew) {
  scenario::Catalog catalog(scenario::Requirements::builtin());
  catalog.add_builtin();
  const Oracles oracles(catalog, false);
  Observation seen = silence("EHLO a 250\nBDAT 1 501\n", "EHLO b");
  play::Breach& breach = seen.breaches.emplace_back();
  breach.rule = smtp::find_reply_rule("enhanced-present");
  breach.command = "BDAT 1";
  EXPECT_THAT(signatures(oracles, seen),
              ElementsAre("enhanced-present-bdat", "ehlo-without-reply"));
  seen.answers.back().unit = seen.unit;
  EXPECT_THAT(signatures(oracles, seen),
              ElementsAre("group-without-all-replies"));
}

TEST(Oracles, TellSilenceToAGroupFromSilence) {
  Observation seen =
      silence("EHLO a 250\nMAIL FROM:<a@b> 250\n", "RCPT TO:<c@d>");
  EXPECT_THAT(signatures(seen), ElementsAre("rcpt-without-reply"));
  seen.answers.back().unit = seen.unit;
  EXPECT_THAT(signatures(seen), ElementsAre("group-without-all-replies"));
  // What comes before the first unit is no part of a group.
  seen.answers.resize(1);
  seen.answers.push_back({"TLS", "TLS", false, {}, 0, false});
  seen.unanswered = "EHLO a";
  seen.unit = 0;
  EXPECT_THAT(signatures(seen), ElementsAre("ehlo-without-reply"));
}

TEST(Oracles, SeeAConnectionThatIsClosedForNothing) {
  Observation seen = session("EHLO a 250\nRSET 250\n");
  seen.outcome = Outcome::closed;
  seen.unanswered = "MAIL FROM:<a@b>";
  EXPECT_THAT(signatures(seen), ElementsAre("mail-closes"));
  seen.is_plain = false;
  EXPECT_THAT(signatures(seen), IsEmpty());
  Observation refused = session("EHLO a 250\nRSET 421\n");
  refused.outcome = Outcome::closed;
  refused.unanswered = "NOOP";
  EXPECT_THAT(signatures(refused), IsEmpty());
  Observation patient = session("EHLO a 250\nX 500\nX 500\nX 500\nNOOP 250\n");
  patient.outcome = Outcome::closed;
  patient.unanswered = "NOOP";
  EXPECT_THAT(signatures(patient), IsEmpty());
}

TEST(Oracles, ComparisonNamesTheFirstDifference) {
  const auto ours = session("EHLO a 250\nVRFY c 252\nMAIL FROM:<a@b> 550\n");
  const auto theirs = session("EHLO a 250\nVRFY c 502\nMAIL FROM:<a@b> 250\n");
  EXPECT_EQ(compare(ours, theirs).signature, "differs-vrfy-2yz-5yz");
  EXPECT_EQ(compare(ours, ours).signature, "");
}

TEST(Model, CountsCopiesByRepliesAlone) {
  Model model;
  const auto seen = session(
      "EHLO a 250\nMAIL FROM:<a@b> 250\nRCPT TO:<c@d> 250\n"
      "RCPT TO:<e@d> 250\nDATA 354\n. 250\nMAIL FROM:<a@b> 250\n"
      "RCPT TO:<c@d> 250\nBDAT 3 LAST 550\n");
  for (const Answer& answer : seen.answers) model.apply(answer);
  EXPECT_EQ(model.copies, 2u);
}

}  // namespace
}  // namespace smtpspec::fuzzing
