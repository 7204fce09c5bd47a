#include "fuzzing/notation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/source.h"
#include "scenario/profile.h"

namespace smtpspec::fuzzing {
namespace {

using testing::ElementsAre;

const scenario::Variables variables{{"sender", "s@client.example"},
                                    {"recipient_n", "r1@example.test"}};

Unit unit(const std::string& octets, bool is_split = false) {
  return {Unit::Kind::octets, octets, "", is_split, true};
}

std::vector<std::string> lines(const std::string& octets) {
  return dialog_lines(unit(octets), variables);
}

TEST(Notation, LineThatEndsInCrlfIsACLine) {
  EXPECT_THAT(lines("NOOP\r\n"), ElementsAre("C: NOOP"));
  EXPECT_THAT(lines("\r\n"), ElementsAre("C:"));
  EXPECT_THAT(lines(" x \r\n"), ElementsAre("C:  x "));
}

TEST(Notation, OctetsWithoutCrlfAreSentAsTheyAre) {
  EXPECT_THAT(lines("NO\nOP"), ElementsAre("C> NO\\nOP"));
  EXPECT_THAT(lines("DATA\r\na\rb\r\n\n.\n"),
              ElementsAre("C: DATA", "C: a\\rb", "C> \\n.\\n"));
}

TEST(Notation, VariablesStayAndOtherDollarsAreEscaped) {
  EXPECT_THAT(lines("MAIL FROM:<${sender}>\r\n"),
              ElementsAre("C: MAIL FROM:<${sender}>"));
  EXPECT_THAT(lines("${recipient} ${upper(x)} ${ ${sender\r\n"),
              ElementsAre("C: \\${recipient} \\${upper(x)} \\${ \\${sender"));
  // Only C*n counts.
  EXPECT_THAT(lines("RCPT TO:<${recipient_n}>\r\n"),
              ElementsAre("C: RCPT TO:<r1@example.test>"));
}

TEST(Notation, LongRepeatsAreCounted) {
  EXPECT_THAT(lines("NOOP " + std::string(600, 'x') + "\r\n"),
              ElementsAre("C: NOOP ${repeat(x, 600)}"));
  std::string brackets;
  for (int i = 0; i < 20; ++i) brackets += "(),";
  EXPECT_THAT(lines(brackets), ElementsAre("C> ${repeat((\\)\\,, 20)}"));
  EXPECT_THAT(lines("aaaaaaaaaa"), ElementsAre("C> aaaaaaaaaa"));
}

TEST(Notation, EqualLinesAreOne) {
  EXPECT_THAT(lines("RSET\r\nx\r\nx\r\nx\r\nRSET\r\nRSET\r\n"),
              ElementsAre("C: RSET", "C*3: x", "C: RSET", "C: RSET"));
}

TEST(Notation, SplitIsCutBehindEveryCrLfAndDot) {
  EXPECT_THAT(dialog_lines(unit("NO ${sender}.\r\n", true), variables),
              ElementsAre("WAIT: 1ms", "C> NO ${sender}.", "WAIT: 1ms",
                          "C> \\r", "WAIT: 1ms", "C> \\n", "WAIT: 1ms"));
  EXPECT_THAT(
      dialog_lines(unit(std::string(70, '.') + "\r\n", true), variables),
      ElementsAre(testing::StartsWith("# "), "C: ${repeat(., 70)}"));
}

/// What is written is read as the octets that were sent.
TEST(Notation, IsReadAsWhatItWasWrittenFrom) {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  const std::string odd[] = {all,
                             all + all + "${sender}" + all,
                             "$${sender}$",
                             "$" + std::string(30, '{'),
                             std::string(30, '$') + "{sender}",
                             std::string(40, '\\') + "$",
                             "C: x\r\n# y\r\n\r\n \r\n",
                             std::string(25, ','),
                             "\r",
                             "\n",
                             "\r\r\n\n"};
  for (const std::string& octets : odd) {
    const auto written = lines(octets);
    std::string text;
    for (const std::string& line : written) text += line + "\n";
    std::string read;
    const auto dialog = scenario::parse_dialog(text, "test", text, 1, 0);
    for (const auto& step : dialog.steps) {
      const auto& send = std::get<scenario::Send>(step);
      for (int n = 0; n < send.repeat; ++n)
        read += send.text.expand(variables) + (send.adds_crlf ? "\r\n" : "");
    }
    EXPECT_EQ(read, replace_variables(octets, variables)) << text;
  }
}

}  // namespace
}  // namespace smtpspec::fuzzing
