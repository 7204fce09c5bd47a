#include "smtp/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::smtp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Reply reply(int code, std::initializer_list<std::string> texts) {
  Reply result{code, {}};
  for (const auto& text : texts) result.lines.push_back({"", text, ' ', code});
  return result;
}

ReplyPattern pattern(std::string_view text) {
  return parse_reply_pattern(text).value();
}

ReplyPattern with_text(std::string_view code, const std::string& regex,
                       bool negated = false) {
  auto result = pattern(code);
  result.text.emplace();
  result.text->source = regex;
  result.text->regex = regex;
  result.text->negated = negated;
  return result;
}

TEST(ReplyPattern, LettersStandForAnyDigit) {
  EXPECT_TRUE(pattern("250").matches(reply(250, {""})));
  EXPECT_FALSE(pattern("250").matches(reply(251, {""})));
  EXPECT_TRUE(pattern("25z").matches(reply(259, {""})));
  EXPECT_TRUE(pattern("5yz").matches(reply(554, {""})));
  EXPECT_FALSE(pattern("5yz").matches(reply(454, {""})));
  EXPECT_TRUE(pattern("any").matches(reply(999, {""})));
}

TEST(ReplyPattern, EnhancedCodeIsTakenFromTheFirstLine) {
  EXPECT_TRUE(pattern("250 2.1.5").matches(reply(250, {"2.1.5 Ok"})));
  EXPECT_TRUE(pattern("550 5.y.z").matches(reply(550, {"5.7.27 no", "x"})));
  EXPECT_FALSE(pattern("550 5.1.z").matches(reply(550, {"5.7.1 no"})));
  EXPECT_FALSE(pattern("550 x.y.z").matches(reply(550, {"no"})));
}

TEST(ReplyPattern, TextIsSearchedLineByLine) {
  const auto lines = reply(250, {"mx.example", "SIZE 1000", "HELP"});
  EXPECT_TRUE(with_text("250", "^SIZE \\d+$").matches(lines));
  EXPECT_FALSE(with_text("250", "mx.*HELP").matches(lines));
  EXPECT_FALSE(with_text("250", "HELP", true).matches(lines));
  EXPECT_TRUE(with_text("250", "DSN", true).matches(lines));
}

TEST(ReplyPattern, ABase64ExpressionSeesWhatTheTextStandsFor) {
  auto decoded = with_text("334", "^<[0-9.]+@mx>$");
  decoded.text->is_base64 = true;
  EXPECT_TRUE(decoded.matches(reply(334, {"PDEuMkBteD4="})));
  EXPECT_FALSE(decoded.matches(reply(334, {"PDEuMkBteD4"})));
  EXPECT_FALSE(decoded.matches(reply(334, {"<1.2@mx>"})));
  EXPECT_EQ(decoded.to_string(), "334 ~base64 /^<[0-9.]+@mx>$/");
}

TEST(ReplyPattern, ACapturedTextIsComparedOctetByOctet) {
  auto other = pattern("334");
  other.text.emplace();
  other.text->variable = "challenge";
  other.text->negated = true;
  Captures captures{{"challenge", "PDEuMj4="}};
  EXPECT_FALSE(other.matches(reply(334, {"PDEuMj4="}), &captures));
  EXPECT_TRUE(other.matches(reply(334, {"PDEuMz4="}), &captures));
  EXPECT_FALSE(other.matches(reply(334, {"PDEuMz4="})));
  EXPECT_EQ(other.to_string(), "334 !~ ${challenge}");
}

TEST(ReplyPattern, OctetsAreTheWholeReply) {
  const Reply bare{334, {{"334\r\n", "", 0, 334}}};
  auto spaced = with_text("334", "^334 ");
  spaced.text->sees_octets = true;
  EXPECT_FALSE(spaced.matches(bare));
  EXPECT_TRUE(spaced.matches(Reply{334, {{"334 \r\n", "", ' ', 334}}}));
  EXPECT_EQ(spaced.to_string(), "334 ~octets /^334 /");
  auto same = pattern("any");
  same.text.emplace();
  same.text->variable = "first";
  same.text->sees_octets = true;
  Captures captures{{"first", "334"}};
  EXPECT_TRUE(same.matches(bare, &captures));
  captures["first"] = "334 ";
  EXPECT_FALSE(same.matches(bare, &captures));
  EXPECT_EQ(same.to_string(), "any ~octets ${first}");
}

TEST(ReplyPattern, NamedGroupsAreCaptured) {
  Captures captures;
  const auto lines = reply(250, {"mx.example", "SIZE 1000"});
  EXPECT_TRUE(with_text("250", "^SIZE (?<size>\\d+)(?<more> .*)?$")
                  .matches(lines, &captures));
  EXPECT_EQ(captures, (Captures{{"size", "1000"}}));
}

TEST(ReplyPattern, SearchThatExplodesDoesNotMatch) {
  const auto line = reply(250, {std::string(500, 'a')});
  EXPECT_FALSE(with_text("250", "(a+)+(a+)+(a+)+b").matches(line));
  EXPECT_FALSE(with_text("250", "(a+)+(a+)+(a+)+b", true).matches(line));
}

TEST(ReplyPattern, IsWrittenAsItWasRead) {
  for (const auto* text :
       {"250", "25z", "5yz", "any", "550 5.1.1", "any 5.y.z"})
    EXPECT_EQ(pattern(text).to_string(), text);
  EXPECT_EQ(with_text("250", "a\\/b").to_string(), "250 ~ /a\\/b/");
  EXPECT_EQ(with_text("250", "x", true).to_string(), "250 !~ /x/");
}

TEST(ReplyPattern, OtherTextIsNoPattern) {
  for (const auto* text :
       {"", "25", "2500", "650", "2zz", "25y", "xyz", "ANY", "250 ", "250 2.1",
        "250 3.1.1", "250 2.1.1000", "250  2.1.1", "250 2.1.1 ", "closed"}) {
    EXPECT_FALSE(parse_reply_pattern(text)) << text;
  }
}

TEST(EnhancedCode, StandsAtTheStartOfTheText) {
  EXPECT_EQ(enhanced_code("2.1.5 Ok"), "2.1.5");
  EXPECT_EQ(enhanced_code("5.7.123"), "5.7.123");
  for (const auto* text : {"", "Ok", "2.1.5Ok", "3.1.1 x", "2.1 x", "2.1.5.1 x",
                           "2.1.1000 x", " 2.1.5", "127.0.0.1"}) {
    EXPECT_EQ(enhanced_code(text), "") << text;
  }
}

TEST(GroupNames, AreFoundOutsideOfClassesAndEscapes) {
  EXPECT_THAT(group_names("(?<a>x)(?<b_1>y)"), ElementsAre("a", "b_1"));
  EXPECT_THAT(group_names("(?<=x)(?<!y)(?:z)\\(?<a>[(?<b>]"), IsEmpty());
}

}  // namespace
}  // namespace smtpspec::smtp
