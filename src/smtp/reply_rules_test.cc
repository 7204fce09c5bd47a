#include "smtp/reply_rules.h"

#include <gtest/gtest.h>

namespace smtpspec::smtp {
namespace {

/// What a rule says of `bytes` as an answer to `command`: "", "note" or "fault".
std::string judge(std::string_view rule, std::string_view bytes,
                  std::string command = "NOOP", bool utf8 = false) {
  ReplyParser parser;
  parser.feed(bytes);
  const ReplyContext context{std::move(command), true, utf8};
  const auto complaint =
      find_reply_rule(rule)->judge(parser.next().value(), context);
  if (!complaint) return "";
  return complaint->only_noted ? "note" : "fault";
}

TEST(ReplyRules, AGoodReplyBreaksNone) {
  for (const ReplyRule& rule : reply_rules()) {
    EXPECT_EQ(judge(rule.name, "250 2.0.0 Ok\r\n"), "") << rule.name;
    EXPECT_EQ(judge(rule.name, "220 mx.example.test ESMTP\r\n", "greeting"), "")
        << rule.name;
    EXPECT_EQ(judge(rule.name,
                    "250-mx.example.test hello\r\n250-SIZE 100\r\n250 HELP\r\n",
                    "EHLO"),
              "")
        << rule.name;
  }
}

TEST(ReplyRules, SyntaxAccusesALineWithoutCode) {
  EXPECT_EQ(judge("syntax", "ok\r\n"), "fault");
}

TEST(ReplyRules, LineEndAccusesBareLineFeedAndDoubleCarriageReturn) {
  EXPECT_EQ(judge("line-end", "250 2.0.0 ok\n"), "fault");
  EXPECT_EQ(judge("line-end", "250 2.0.0 ok\r\r\n"), "fault");
}

TEST(ReplyRules, DigitsAreInTheirRanges) {
  EXPECT_EQ(judge("first-digit", "650 x\r\n"), "fault");
  EXPECT_EQ(judge("second-digit", "290 x\r\n"), "fault");
  EXPECT_EQ(judge("second-digit", "571 blocked\r\n"), "note");
}

TEST(ReplyRules, UnknownCodesOfThePolicyRangeAreNoted) {
  EXPECT_EQ(judge("known-code", "241 x\r\n"), "fault");
  EXPECT_EQ(judge("known-code", "541 x\r\n"), "note");
}

TEST(ReplyRules, AllLinesHaveOneCode) {
  EXPECT_EQ(judge("same-code", "250-a\r\n251 b\r\n"), "fault");
}

TEST(ReplyRules, ABareCodeIsWorseThanAnEmptyText) {
  EXPECT_EQ(judge("text-present", "250\r\n"), "fault");
  EXPECT_EQ(judge("text-present", "250 \r\n"), "note");
}

TEST(ReplyRules, TextIsPrintableAscii) {
  EXPECT_EQ(judge("printable-text", "250 a\x1b[31m\r\n"), "fault");
  EXPECT_EQ(judge("ascii", "250 gr\xc3\xbc\xc3\x9f\r\n"), "fault");
  EXPECT_EQ(judge("ascii", "250 gr\xc3\xbc\xc3\x9f\r\n", "VRFY", true), "");
}

TEST(ReplyRules, ALineHasAtMost512Octets) {
  const std::string text(512 - 6, 'a');
  EXPECT_EQ(judge("line-length", "250 " + text + "\r\n"), "");
  EXPECT_EQ(judge("line-length", "250 " + text + "a\r\n"), "fault");
}

TEST(ReplyRules, TheEhloReplyBeginsWithADomain) {
  EXPECT_EQ(judge("ehlo-first-line", "250 Hello!\r\n", "EHLO"), "fault");
  EXPECT_EQ(judge("ehlo-first-line", "250 [192.0.2.1] x\r\n", "EHLO"), "note");
  EXPECT_EQ(judge("ehlo-first-line", "250 localhost\r\n", "EHLO"), "note");
}

TEST(ReplyRules, EhloLinesAreKeywordsAndParameters) {
  EXPECT_EQ(judge("ehlo-keywords", "250-a.b\r\n250 -X\r\n", "EHLO"), "fault");
  EXPECT_EQ(judge("ehlo-keywords", "250-a.b\r\n250 AUTH=PLAIN\r\n", "EHLO"),
            "note");
}

TEST(ReplyRules, EnhancedCodesAreJudgedWhereTheyAreDue) {
  EXPECT_EQ(judge("enhanced-present", "250 Ok\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-present", "450 Later\r\n"), "note");
  EXPECT_EQ(judge("enhanced-present", "501 What\r\n", "EHLO"), "");
  EXPECT_EQ(judge("enhanced-present", "501 What\r\n",
                  std::string("EHLO") + '\0'), "");
  EXPECT_EQ(judge("enhanced-present", "354 Go on\r\n", "DATA"), "");
  EXPECT_EQ(judge("enhanced-present", "250 127.0.0.1 is me\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-class", "550 2.1.1 x\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-syntax", "550 5.1.1000 x\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-leading-zero", "550 5.01.1 x\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-space", "550 5.1.1: x\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-same", "550-5.1.1 x\r\n550 5.1.2 y\r\n"), "fault");
  EXPECT_EQ(judge("enhanced-registered", "550 5.9.9 x\r\n"), "note");
}

TEST(ReplyRules, CodesPairAsRfc5248Lists) {
  EXPECT_EQ(judge("enhanced-pair", "500 5.2.2 No\r\n"), "note");
  EXPECT_EQ(judge("enhanced-pair", "550 5.1.1 No\r\n"), "");
  EXPECT_EQ(judge("enhanced-pair", "250 2.1.0 Not given\r\n"), "");
}

TEST(ReplyRules, AFarewellNamesTheServer) {
  EXPECT_EQ(judge("closing-names-server", "221 2.0.0 Bye\r\n"), "note");
  EXPECT_EQ(judge("closing-names-server", "221 2.0.0 mx.a closing\r\n"), "");
}

}  // namespace
}  // namespace smtpspec::smtp
