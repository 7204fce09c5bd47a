// Paths and logins as clients say them.
#include "sink/envelope.h"

#include <gtest/gtest.h>

namespace smtpspec::sink {
namespace {

struct Said {
  std::string_view argument;
  std::string_view address;
  std::string_view parameters;
};

class PathTest : public testing::TestWithParam<Said> {};

TEST_P(PathTest, IsReadAsItWasSaid) {
  const auto path = parse_path(GetParam().argument, "TO:");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->address, GetParam().address);
  EXPECT_EQ(path->parameters, GetParam().parameters);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, PathTest,
    testing::Values(Said{"TO:<a@b.example>", "a@b.example", ""},
                    Said{"to: <a@b.example>  SIZE=1 BODY=7BIT", "a@b.example",
                         "SIZE=1 BODY=7BIT"},
                    Said{"TO:<>", "", ""}, Said{"TO:<> SIZE=1", "", "SIZE=1"},
                    Said{"TO:<\"a> b\\\" c\"@b> X=Y", "\"a> b\\\" c\"@b",
                         "X=Y"},
                    Said{"TO:<@c,@d:a@b>", "@c,@d:a@b", ""},
                    // Malformed ones.
                    Said{"TO:a@b X=Y", "a@b", "X=Y"},
                    Said{"TO:<a b@c>", "a b@c", ""}, Said{"TO:<a@b", "a@b", ""},
                    Said{"TO:<a@b>X=Y", "a@b", "X=Y"},
                    Said{"TO:<\"a@b> X=Y", "\"a@b", "X=Y"},
                    Said{"TO:<a\"@b> X=<y>", "a\"@b", "X=<y>"},
                    Said{"TO:<a\"@b>", "a\"@b", ""}, Said{"TO:<\"", "\"", ""},
                    Said{"TO:<a\xff\x01@b>", "a\xff\x01@b", ""}));

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
