#include "smtp/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::smtp {
namespace {

using testing::ElementsAre;

/// Every reply or error of `bytes`, as "250" or "error"; pieces of `size`.
std::vector<std::string> parse(std::string_view bytes,
                               std::size_t size = 1 << 20) {
  ReplyParser parser;
  std::vector<std::string> result;
  while (!bytes.empty()) {
    parser.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
    while (auto next = parser.next()) {
      const auto* reply = std::get_if<Reply>(&*next);
      result.push_back(reply ? std::to_string(reply->code) + reply->text()
                             : std::string("error"));
    }
  }
  return result;
}

TEST(ReplyParser, JoinsTheLinesOfAReply) {
  EXPECT_THAT(parse("250-mx\r\n250-SIZE 1\r\n250 HELP\r\n"),
              ElementsAre("250mx\nSIZE 1\nHELP"));
}

TEST(ReplyParser, SeparatesRepliesOfOneRead) {
  EXPECT_THAT(parse("250 a\r\n550 b\r\n354 c\r\n"),
              ElementsAre("250a", "550b", "354c"));
}

TEST(ReplyParser, KeepsStepWhenRepliesAreCutAnywhere) {
  const std::string_view bytes = "220 mx\r\n250-mx\r\n250 SIZE\r\n354\r\n";
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_EQ(parse(bytes, size), parse(bytes)) << size;
}

TEST(ReplyParser, AcceptsABareCode) {
  EXPECT_THAT(parse("250\r\n"), ElementsAre("250"));
}

TEST(ReplyParser, KeepsABareLineFeedInTheRawLineForTheRules) {
  ReplyParser parser;
  parser.feed("250 ok\n");
  const auto reply = std::get<Reply>(*parser.next());
  EXPECT_EQ(reply.lines[0].raw, "250 ok\n");
  EXPECT_EQ(reply.lines[0].text, "ok");
}

TEST(ReplyParser, RefusesALineWithoutACode) {
  EXPECT_THAT(parse("HTTP/1.1 400 Bad Request\r\n250 ok\r\n"),
              ElementsAre("error"));
}

TEST(ReplyParser, RefusesAFourthDigit) {
  EXPECT_THAT(parse("2500 ok\r\n"), ElementsAre("error"));
}

TEST(ReplyParser, AnEndlessLineCostsBoundedMemory) {
  ReplyParser parser(ReplyLimits{.line = 100});
  for (int i = 0; i < 1000; ++i) parser.feed("250 aaaaaaaaaaaaaaaaaaaaaaaaaa");
  const auto error = std::get<ReplyError>(*parser.next());
  EXPECT_EQ(error.kind, ReplyErrorKind::line_too_long);
  EXPECT_EQ(error.raw.size(), 100u);
  EXPECT_TRUE(parser.empty());
}

TEST(ReplyParser, AnEndlessReplyEndsAtTheLimitOfLines) {
  ReplyParser parser(ReplyLimits{.lines = 3});
  for (int i = 0; i < 1000; ++i) parser.feed("250-more\r\n");
  const auto error = std::get<ReplyError>(*parser.next());
  EXPECT_EQ(error.kind, ReplyErrorKind::too_many_lines);
  EXPECT_FALSE(parser.next());
}

TEST(ReplyParser, TellsWhetherAPartOfAReplyIsLeft) {
  ReplyParser parser;
  parser.feed("250-mx\r\n25");
  EXPECT_FALSE(parser.empty());
  EXPECT_EQ(parser.pending(), "25");
}

}  // namespace
}  // namespace smtpspec::smtp
