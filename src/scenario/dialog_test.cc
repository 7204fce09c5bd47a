#include "scenario/dialog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::scenario {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Dialog parse(const std::string& text) {
  return parse_dialog(text, "a/b.yaml", text, 1, 0);
}

template <typename Kind>
Kind only(const std::string& line) {
  const auto dialog = parse(line);
  EXPECT_EQ(dialog.steps.size(), 1U);
  return std::get<Kind>(dialog.steps.at(0));
}

std::string error(const std::string& text) {
  try {
    parse(text);
  } catch (const base::SourceError& error) {
    return error.what();
  }
  return "no error";
}

const smtp::ReplyPattern& reply(const Expect& expect, std::size_t part,
                                std::size_t alternative) {
  return std::get<smtp::ReplyPattern>(
      expect.parts.at(part).any_of.at(alternative));
}

TEST(Dialog, TextBeginsAfterOneSpace) {
  EXPECT_EQ(only<Send>("C: NOOP").text.expand({}), "NOOP");
  EXPECT_EQ(only<Send>("C:  two ").text.expand({}), " two ");
  EXPECT_EQ(only<Send>("C:").text.expand({}), "");
  EXPECT_EQ(only<Send>("C: ").text.expand({}), "");
  EXPECT_TRUE(only<Send>("C: NOOP").adds_crlf);
}

TEST(Dialog, RawOctetsGetNoLineEnd) {
  const auto send = only<Send>("C> NO\\n");
  EXPECT_FALSE(send.adds_crlf);
  EXPECT_EQ(send.text.expand({}), "NO\n");
}

TEST(Dialog, StarRepeats) {
  EXPECT_EQ(only<Send>("C*100: RCPT TO:<${recipient_n}>").repeat, 100);
  EXPECT_FALSE(only<Send>("C*3> ${n}").adds_crlf);
  EXPECT_EQ(only<Expect>("S*100: 250").repeat, 100);
}

TEST(Dialog, LinesKeepTheirNumbers) {
  const auto dialog = parse("# comment\n\nC: NOOP\n \nS: 250\n");
  ASSERT_EQ(dialog.steps.size(), 2U);
  EXPECT_EQ(std::get<Send>(dialog.steps[0]).line, 3);
  EXPECT_EQ(std::get<Expect>(dialog.steps[1]).line, 5);
}

TEST(Dialog, WaitAndTlsAreSteps) {
  EXPECT_EQ(only<Wait>("WAIT: 200ms").time, 200ms);
  EXPECT_EQ(only<Wait>("WAIT: 2s").time, 2s);
  EXPECT_EQ(only<StartTls>("TLS: handshake").expect.line, 1);
}

TEST(Dialog, PartsAreGraded) {
  const auto expect = only<Expect>(
      "S: 501 / 553; pass: closed; note: 5yz; warn: 250 2.y.z; "
      "fail: silent 500ms;skip: 502; block: 4yz");
  ASSERT_EQ(expect.parts.size(), 7U);
  EXPECT_EQ(expect.parts[0].grade, Grade::go_on);
  EXPECT_EQ(reply(expect, 0, 1).code, "553");
  EXPECT_EQ(expect.parts[1].grade, Grade::pass);
  EXPECT_TRUE(std::holds_alternative<Closed>(expect.parts[1].any_of[0]));
  EXPECT_EQ(reply(expect, 3, 0).enhanced, "2.y.z");
  EXPECT_EQ(std::get<Silent>(expect.parts[4].any_of[0]).time, 500ms);
  EXPECT_EQ(expect.parts[6].grade, Grade::block);
}

TEST(Dialog, ConditionIsMarked) {
  EXPECT_TRUE(only<Expect>("S? 250").is_condition);
  EXPECT_FALSE(only<Expect>("S: 250").is_condition);
  EXPECT_EQ(only<Expect>("S? 250; skip: 5yz").source, "250; skip: 5yz");
}

TEST(Dialog, SlashesAndSemicolonsInsideOfExpressionsAreText) {
  const auto expect =
      only<Expect>("S: 250 2.1.0 ~ /a; b \\/ c \\/ d/; note: 5yz");
  EXPECT_EQ(expect.parts.size(), 2U);
  EXPECT_EQ(expect.parts[0].any_of.size(), 1U);
  EXPECT_THAT(error("S: 250 ~ /a/ d"), HasSubstr("separates patterns"));
}

TEST(Dialog, ExpressionsMayBeNegated) {
  const auto expect = only<Expect>("S: 250 ~ /a; \\/ (?<x>b)/ / 251 !~ /c/");
  EXPECT_EQ(reply(expect, 0, 0).text->source, "a; \\/ (?<x>b)");
  EXPECT_TRUE(reply(expect, 0, 1).text->negated);
}

TEST(Dialog, ExpressionsMaySeeOctets) {
  const auto expect =
      only<Expect>("S: 334 ~octets /^334 /; note: 334 !~octets ${first}");
  EXPECT_TRUE(reply(expect, 0, 0).text->sees_octets);
  EXPECT_TRUE(reply(expect, 1, 0).text->negated);
  EXPECT_TRUE(reply(expect, 1, 0).text->sees_octets);
  EXPECT_EQ(reply(expect, 1, 0).text->variable, "first");
}

TEST(Dialog, VariablesAreThoseThatNobodySets) {
  const auto dialog = parse(
      "C: EHLO ${client}\n"
      "S: 250 ~ /SIZE (?<size>\\d+)/; fail: 5yz ~ /(?<never>x)/\n"
      "C*3: RCPT TO:<${n}@${size}>\n"
      "C: ${n} ${never}\n");
  EXPECT_THAT(dialog.variables(), ElementsAre("client", "n", "never"));
}

TEST(Dialog, UnknownVerbIsShownWithACaret) {
  const std::string file = "title: x\ndialog: |\n  C: NOOP\n  Q: QUIT\n";
  try {
    parse_dialog("C: NOOP\nQ: QUIT\n", "a/b.yaml", file, 3, 2);
    FAIL();
  } catch (const base::SourceError& error) {
    EXPECT_STREQ(error.what(),
                 "a/b.yaml:4:3: unknown verb 'Q'\n"
                 "    Q: QUIT\n"
                 "    ^");
  }
}

TEST(Dialog, BrokenExpressionIsShownWithACaret) {
  EXPECT_THAT(error("S: 250 ~ /a(b/"),
              HasSubstr("\n  S: 250 ~ /a(b/\n               ^"));
}

struct BadLine {
  const char* line;
  const char* message;
};

class BadLines : public testing::TestWithParam<BadLine> {};

TEST_P(BadLines, AreErrors) {
  EXPECT_THAT(error(GetParam().line), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Dialog, BadLines,
    testing::Values(BadLine{"c: NOOP", ":1:1: unknown verb 'c'"},
                    BadLine{" C: NOOP", ":1:1: unknown verb ''"},
                    BadLine{"C NOOP", ":1:2: 'C' is followed by ':'"},
                    BadLine{"C? NOOP", "'C' is followed by ':'"},
                    BadLine{"S> 250", "'S' is followed by ':'"},
                    BadLine{"C:NOOP", ":1:3: a space is missing here"},
                    BadLine{"C>", "'C>' with nothing to send"},
                    BadLine{"C*1: x", ":1:3: a number from 2 to 100000"},
                    BadLine{"C*: x", "a number from 2 to 100000"},
                    BadLine{"C*9x: x", "a number from 2 to 100000"},
                    BadLine{"WAIT*2: 1s", "unknown verb 'WAIT*2'"},
                    BadLine{"C*100000: ${repeat(x, 1000)}", "more than 10 MiB"},
                    BadLine{"C: NOOP\\q", ":1:8: unknown escape"},
                    BadLine{"WAIT: 5", ":1:7: '5' is no time"},
                    BadLine{"WAIT: 0ms", "is no time"},
                    BadLine{"WAIT: 601s", "is no time"},
                    BadLine{"WAIT: 99999999999999999999s", "is no time"},
                    BadLine{"TLS: on", "'on' does not come of a handshake"},
                    BadLine{"CLOSE: now", "nothing follows 'CLOSE:'"},
                    BadLine{"S:", ":1:4: '' is no reply"},
                    BadLine{"S: ok", ":1:4: 'ok' is no reply"},
                    BadLine{"S: 250/251", "'250/251' is no reply"},
                    BadLine{"S: 250 / ", "'' is no reply"},
                    BadLine{"S: 250 2.1", ":1:8: '2.1' is no enhanced code"},
                    BadLine{"S: 250 ~ Ok", "between slashes"},
                    BadLine{"S: 250 ~ /Ok", "a slash without its second"},
                    BadLine{"S: 250 ~ /Ok\\/", "a slash without its second"},
                    BadLine{"S: 250 ~ /Ok\\", "a slash without its second"},
                    BadLine{"S: 250 ~ ${}", "a name stands between the braces"},
                    BadLine{"S: 250; 251", ":1:9: pass: note: warn:"},
                    BadLine{"S: 250; maybe: 251", ":1:9: pass: note: warn:"},
                    BadLine{"S: 250;", "only the first part has no grade"},
                    BadLine{"S: silent", "'' is no time"},
                    BadLine{"S: 250 ~ /${client}/",
                            ":1:11: an S line has no variables"}));

}  // namespace
}  // namespace smtpspec::scenario
