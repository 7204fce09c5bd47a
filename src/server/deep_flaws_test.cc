// Each deep flaw with the shortest session that shows it: a right server
// answers the last unit rightly, one that has the flaw does not, and no unit can
// be left out. Sessions are in the text form of fuzzed ones, each unit waited
// for where there is no other word.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "server/sasl_fixture.h"

namespace smtpspec::server {
namespace {

using testing::MatchesRegex;

struct DeepSession {
  std::string flaw;
  std::string units;
  /// What the last unit draws: all of it, as a regular expression.
  std::string right;
  std::string wrong;
  /// But for the first, the units go out without waiting.
  bool is_group = false;
};

void PrintTo(const DeepSession& session, std::ostream* out) {
  *out << session.flaw;
}

const std::string done = "250 2[.]0[.]0 [^\n]*\r\n";
const std::string untimely = "503 5[.]5[.]1 [^\n]*\r\n";
const std::string nothing = "";
const std::string closed = "[(]closed[)]";
const std::string one_mail = "[(]1 arrived[)]";

const std::vector<DeepSession> sessions = {
    {"deep-third-rset-closes",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RSET
C: MAIL FROM:<a@client.example>
C: RSET
C: MAIL FROM:<a@client.example>
C: RSET)",
     done, closed},
    {"deep-rset-stale-enhanced-code",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: MAIL FROM:<a@client.example>
C: RSET)",
     done, "250 5[.]5[.]1 Ok\r\n"},
    {"deep-rset-keeps-sender",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3\r\nx\r\n
C: DATA
C: RSET
C: MAIL FROM:<a@client.example>)",
     "250 2[.]1[.]0 .*", untimely},
    {"deep-rset-keeps-recipients",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C: RCPT TO:<bob@example.test>
C: RSET
C> BDAT 3 LAST\r\nx\r\n)",
     untimely, done + one_mail},
    {"deep-rcpt-after-two-refused",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<nobody@example.test>
C: RCPT TO:<nobody@example.test>
C: RCPT TO:<alice@example.test>)",
     "250 2[.]1[.]5 .*", untimely},
    {"deep-ehlo-keeps-transaction",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example> SIZE=100
C: RCPT TO:<alice@example.test>
C: EHLO client.example
C: RCPT TO:<alice@example.test>)",
     untimely, "250 2[.]1[.]5 .*"},
    {"deep-refused-ehlo-forgets",
     R"(C: EHLO client.example
C: EHLO
C: EHLO
C: MAIL FROM:<a@client.example>)",
     "250 2[.]1[.]0 .*", untimely},
    {"deep-third-ehlo-unfinished",
     R"(C: EHLO client.example
C: EHLO client.example
C: EHLO client.example)",
     "(250-[^\n]*\n)*250 [^\n]*\n", "(250-[^\n]*\n)*"},
    {"deep-data-second-try",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: DATA
C: DATA
C> x\r\n.\r\n)",
     "500 .*", done + one_mail},

    {"deep-vrfy-forgets-transaction",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C: RCPT TO:<bob@example.test>
C: VRFY alice
C: DATA)",
     "354 .*", untimely},
    {"deep-vrfy-expn-vrfy-closes",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: VRFY alice
C: EXPN staff
C: VRFY alice)",
     "250 2[.]1[.]5 .*", closed},
    {"deep-help-bare-lf",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3 LAST\r\nx\r\n
C: HELP)",
     "214-[^\n]*\r\n214 [^\n]*\r\n" + one_mail,
     "214-[^\n]*\r\n214 [^\r\n]*\n" + one_mail},
    {"deep-fifth-noop-twice",
     R"(C: NOOP
C: NOOP
C: NOOP
C: NOOP
C: NOOP)",
     done, done + done},
    {"deep-unknown-verb-after-helo",
     R"(C: EHLO client.example
C: EHLO client.example
C: HELO client.example
C: FOO)",
     "500 5[.]5[.]1 .*", done},
    {"deep-line-after-long-line",
     "C: NOOP " + std::string(600, 'x') + "\nC: NOOP " + std::string(600, 'x') +
         "\nC: NOOP " + std::string(300, 'x'),
     done, "500 5[.]5[.]2 .*"},
    {"deep-group-refusal-unanswered",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C: RCPT TO:<bob@example.test>
C: RCPT TO:<nobody@example.test>)",
     "250 2[.]1[.]0 .*(250 2[.]1[.]5 [^\n]*\n){2}550 5[.]1[.]1 .*",
     "250 2[.]1[.]0 .*(250 2[.]1[.]5 [^\n]*\n){2}", true},

    {"deep-rset-after-two-chunks-500",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3\r\nx\r\n
C> BDAT 3\r\nx\r\n
C: RSET)",
     done, "500 5[.]5[.]1 .*"},
    {"deep-third-chunk-unanswered",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3\r\nx\r\n
C> BDAT 3\r\nx\r\n
C> BDAT 3\r\nx\r\n)",
     done, nothing},
    {"deep-bdat-last-unanswered",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C> BDAT 3\r\nx\r\n
C> BDAT 3\r\nx\r\n
C: BDAT 0 LAST)",
     untimely, nothing},
    {"deep-quit-after-chunks-250",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3\r\nx\r\n
C> BDAT 3 LAST\r\nx\r\n
C: QUIT)",
     "221 2[.]0[.]0 .*", done + one_mail},

    {"deep-second-message-lf-dot-lf",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3 LAST\r\nx\r\n
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C: DATA
C> x\n.\nNOOP\r\n)",
     one_mail, done + done + "[(]2 arrived[)]"},
    {"deep-null-sender-two-replies",
     R"(C: EHLO client.example
C: MAIL FROM:<>
C: RCPT TO:<alice@example.test>
C: RCPT TO:<bob@example.test>
C> BDAT 3 LAST\r\nx\r\n)",
     done + one_mail, done + done + one_mail},
    {"deep-delivered-twice-after-rset",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C: RCPT TO:<bob@example.test>
C: RSET
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C> BDAT 3 LAST\r\nx\r\n)",
     done + one_mail, done + "[(]2 arrived[)]"},
    {"deep-relay-second-try",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<b@elsewhere.example>
C: RSET
C: MAIL FROM:<a@client.example>
C: RCPT TO:<b@elsewhere.example>
C> BDAT 3 LAST\r\nx\r\n)",
     untimely, done + "[(]1 relayed[)]"},

    {"deep-tls-keeps-transaction",
     R"(C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RCPT TO:<alice@example.test>
C: RCPT TO:<bob@example.test>
C: STARTTLS
TLS:
C: RCPT TO:<alice@example.test>)",
     untimely, "250 2[.]1[.]5 .*"},
    {"deep-starttls-twice",
     R"(C: STARTTLS
TLS:
C: EHLO client.example
C: MAIL FROM:<a@client.example>
C: RSET
C: STARTTLS)",
     untimely, "220 .*"},
    {"deep-password-after-cancel",
     R"(C: STARTTLS
TLS:
C: EHLO client.example
C: AUTH PLAIN
C: *
AUTH: PLAIN (wrong password))",
     "535 .*", "235 .*"},
    {"deep-password-after-rset",
     R"(C: STARTTLS
TLS:
C: EHLO client.example
AUTH: PLAIN (wrong password)
C: RSET
AUTH: PLAIN (wrong password))",
     "535 .*", "235 .*"},
    {"deep-login-twice",
     R"(C: STARTTLS
TLS:
C: EHLO client.example
AUTH: PLAIN
C: MAIL FROM:<a@client.example>
C: RSET
AUTH: PLAIN)",
     untimely, "235 .*"},
};

using Units = std::vector<std::string>;

Units units_of(const DeepSession& session) {
  Units result;
  for (const std::string_view unit : base::split(session.units, '\n'))
    result.emplace_back(unit);
  return result;
}

/// The octets that a unit stands for.
std::string octets_of(std::string_view unit) {
  if (unit.starts_with("AUTH: ")) {
    const bool is_wrong = unit.ends_with("(wrong password)");
    return "AUTH PLAIN " +
           base::base64_encode(Dialogue::plain(
               "", user_name, is_wrong ? "wrong" : user_password)) +
           "\r\n";
  }
  const std::string text(unit.substr(std::min<std::size_t>(unit.size(), 3)));
  if (unit.starts_with("C: ")) return text + "\r\n";
  if (!unit.starts_with("C> ")) ADD_FAILURE() << "what is " << unit;
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
    } else {
      result += text[++i] == 'r' ? '\r' : '\n';
    }
  }
  return result;
}

/// What the last unit draws, whether the session is closed, and what arrived.
std::string drawn(const Units& units, bool is_group, const FlawSet& flaws) {
  Store store;
  Surroundings surroundings = still_surroundings(std::nullopt);
  surroundings.offers_tls = true;
  Conversation conversation(store, flaws, surroundings);
  std::string result = conversation.greeting();
  std::string group;
  for (std::size_t i = 0; i < units.size() && !conversation.closing(); ++i) {
    const bool wants_tls = units[i] == "TLS:";
    // One that has asked for TLS and speaks in the clear is not understood.
    if (wants_tls != conversation.starting_tls()) return "(no TLS)";
    if (wants_tls) {
      result = conversation.tls_started(tls_1_3());
      continue;
    }
    group += octets_of(units[i]);
    if (is_group && i > 0 && i + 1 < units.size()) continue;
    result = conversation.receive(group);
    group.clear();
  }
  if (conversation.closing() && !result.starts_with("221"))
    result += "(closed)";
  std::size_t relayed = 0;
  for (const Message& message : store.messages())
    relayed += message.is_relayed ? 1U : 0U;
  const std::size_t arrived = store.messages().size() - relayed;
  if (arrived > 0) result += "(" + std::to_string(arrived) + " arrived)";
  if (relayed > 0) result += "(" + std::to_string(relayed) + " relayed)";
  return result;
}

class DeepFlaws : public testing::TestWithParam<DeepSession> {
 protected:
  bool shows(const Units& units) const {
    const DeepSession& session = GetParam();
    const FlawSet flaws{*find_flaw(session.flaw)};
    const bool is_group = session.is_group;
    return testing::Matches(MatchesRegex(session.right))(
               drawn(units, is_group, {})) &&
           testing::Matches(MatchesRegex(session.wrong))(
               drawn(units, is_group, flaws));
  }
};

TEST_P(DeepFlaws, ShowAtTheLastUnit) {
  const DeepSession& session = GetParam();
  ASSERT_TRUE(find_flaw(session.flaw)) << session.flaw;
  const Units units = units_of(session);
  EXPECT_THAT(drawn(units, session.is_group, {}), MatchesRegex(session.right));
  EXPECT_THAT(drawn(units, session.is_group, {*find_flaw(session.flaw)}),
              MatchesRegex(session.wrong));
}

TEST_P(DeepFlaws, NeedThreeToEightUnitsAndEachOfThem) {
  const Units units = units_of(GetParam());
  EXPECT_GE(units.size(), 3);
  EXPECT_LE(units.size(), 8);
  for (std::size_t i = 0; i < units.size(); ++i) {
    Units fewer = units;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(shows(fewer)) << "without " << units[i];
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DeepFlaws, testing::ValuesIn(sessions),
    [](const testing::TestParamInfo<DeepSession>& row) {
      std::string name = row.param.flaw;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(DeepFlaw, EachOneHasASession) {
  std::set<std::string_view> shown;
  for (const DeepSession& session : sessions) shown.insert(session.flaw);
  for (const Flaw& flaw : deep_flaws)
    EXPECT_TRUE(shown.contains(flaw.name)) << flaw.name;
  EXPECT_EQ(shown.size(), deep_flaws.size());
}

}  // namespace
}  // namespace smtpspec::server
