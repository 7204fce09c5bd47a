#include "fuzzing/input.h"

#include <gmock/gmock.h>

#include "base/source.h"

namespace smtpspec::fuzzing {
namespace {

using testing::HasSubstr;

constexpr const char* session =
    "C: EHLO ${client}\n"
    "S:\n"
    "C: STARTTLS\n"
    "S:\n"
    "TLS:\n"
    "AUTH: PLAIN (wrong password)\n"
    "C: MAIL FROM:<${sender}>\n"
    "C/: RCPT TO:<a\\\\b\\0\\xff>\n"
    "C> BDAT 5\\r\\nab\\r\\nc\n"
    "S:\n";

TEST(Input, PrintsAsItWasWritten) {
  EXPECT_EQ(print(parse_input(session, "f")), session);
}

TEST(Input, KeepsTheFlagsOfUnits) {
  const Input input = parse_input(session, "f");
  ASSERT_EQ(input.units.size(), 7u);
  EXPECT_TRUE(input.units[0].waits);
  EXPECT_EQ(input.units[0].octets, "EHLO ${client}\r\n");
  EXPECT_EQ(input.units[2].kind, Unit::Kind::tls);
  EXPECT_EQ(input.units[3].twist, "wrong password");
  EXPECT_FALSE(input.units[4].waits);
  EXPECT_TRUE(input.units[5].is_split);
  EXPECT_EQ(input.units[5].octets, std::string("RCPT TO:<a\\b\0\xff>\r\n", 17));
  EXPECT_EQ(input.units[6].octets, "BDAT 5\r\nab\r\nc");
}

TEST(Input, AnyOctetsPrintAndParse) {
  Input input;
  std::string octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  for (const std::string& text :
       {octets, std::string("\\${a}\\\\${"), std::string("\r\n"),
        std::string("\n"), std::string("a\r\nb\r\n"), std::string(" x\r\n"),
        std::string()}) {
    input.units.push_back({Unit::Kind::octets, text, "", true, false});
  }
  EXPECT_EQ(parse_input(print(input), "f"), input);
}

TEST(Input, ErrorsSayWhere) {
  const auto error = [](const char* text) -> std::string {
    try {
      parse_input(text, "f");
    } catch (const base::SourceError& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_THAT(error("S:\n"), HasSubstr("f:1:1: S: stands behind a unit"));
  EXPECT_THAT(error("C: a\nX\n"), HasSubstr("f:2:1: no C:"));
  EXPECT_THAT(error("C: \\q\n"), HasSubstr("f:1:4: unknown escape"));
  EXPECT_THAT(error("C: \\x0\n"), HasSubstr("two hex digits"));
  EXPECT_THAT(error("C\n"), HasSubstr("f:1:2: ':' or '>' is missing"));
  EXPECT_THAT(error("AUTH: NO\n"), HasSubstr("no mechanism 'NO'"));
  EXPECT_THAT(error("AUTH: PLAIN (wrong binding)\n"),
              HasSubstr("PLAIN has no 'wrong binding'"));
}

TEST(Input, LimitsAreKept) {
  std::string many;
  for (std::size_t i = 0; i <= Input::max_units; ++i) many += "C: NOOP\n";
  EXPECT_THROW(parse_input(many, "f"), base::SourceError);
  EXPECT_THROW(
      parse_input("C: " + std::string(Input::max_octets, 'a'), "f"),
      base::SourceError);
}

TEST(Input, VariablesAreReplacedAndOtherNamesAreText) {
  EXPECT_EQ(replace_variables("<${a}${b}${${a}", {{"a", "1"}}), "<1${b}${1");
  EXPECT_EQ(replace_variables("${a", {{"a", "1"}}), "${a");
}

}  // namespace
}  // namespace smtpspec::fuzzing
