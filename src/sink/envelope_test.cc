// Paths and logins as clients say them.
#include "sink/envelope.h"

#include <gtest/gtest.h>

#include <vector>

namespace smtpspec::sink {
namespace {

struct Said {
  std::string_view argument;
  std::string_view address;
  std::string_view parameters;
};

TEST(ParsePath, ReadsAPathAsItWasSaid) {
  const std::vector<Said> all = {
      {"TO:<a@b.example>", "a@b.example", ""},
      {"to: <a@b.example>  SIZE=1 BODY=7BIT", "a@b.example",
       "SIZE=1 BODY=7BIT"},
      {"TO:<>", "", ""},
      {"TO:<> SIZE=1", "", "SIZE=1"},
      {"TO:<\"a> b\\\" c\"@b> X=Y", "\"a> b\\\" c\"@b", "X=Y"},
      {"TO:<@c,@d:a@b>", "@c,@d:a@b", ""},
      // Malformed ones.
      {"TO:a@b X=Y", "a@b", "X=Y"},
      {"TO:<a b@c>", "a b@c", ""},
      {"TO:<a@b", "a@b", ""},
      {"TO:<a@b>X=Y", "a@b", "X=Y"},
      {"TO:<\"a@b> X=Y", "\"a@b", "X=Y"},
      {"TO:<a\"@b> X=<y>", "a\"@b", "X=<y>"},
      {"TO:<a\"@b>", "a\"@b", ""},
      {"TO:<\"", "\"", ""},
      {"TO:<a\xff\x01@b>", "a\xff\x01@b", ""}};
  for (const auto& [argument, address, parameters] : all) {
    SCOPED_TRACE(argument);
    const auto path = parse_path(argument, "TO:");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->address, address);
    EXPECT_EQ(path->parameters, parameters);
  }
}

TEST(ParsePath, WantsItsKeywordAndSomethingBehindIt) {
  EXPECT_FALSE(parse_path("", "TO:"));
  EXPECT_FALSE(parse_path("<a@b>", "TO:"));
  EXPECT_FALSE(parse_path("TO <a@b>", "TO:"));
  EXPECT_FALSE(parse_path("TO:", "TO:"));
  EXPECT_FALSE(parse_path("TO: ", "TO:"));
}

TEST(LocalPart, BeginsBehindAQuoteAndASourceRoute) {
  EXPECT_TRUE(local_part_begins_with("Refused-1@b", "refused-"));
  EXPECT_TRUE(local_part_begins_with("\"refused-1\"@b", "refused-"));
  EXPECT_TRUE(local_part_begins_with("@c,@d:refused-1@b", "refused-"));
  EXPECT_FALSE(local_part_begins_with("a@refused-b", "refused-"));
  EXPECT_FALSE(local_part_begins_with("refused", "refused-"));
}

TEST(UserOfPlain, IsTheAuthenticationIdentity) {
  using namespace std::string_literals;
  EXPECT_EQ(user_of_plain("\0alice\0secret"s), "alice");
  EXPECT_EQ(user_of_plain("root\0alice\0secret"s), "alice");
  EXPECT_FALSE(user_of_plain("\0\0secret"s));
  EXPECT_FALSE(user_of_plain("alice\0secret"s));
  EXPECT_FALSE(user_of_plain("\0alice\0sec\0ret"s));
}

}  // namespace
}  // namespace smtpspec::sink
