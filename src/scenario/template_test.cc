#include "scenario/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/escape.h"

namespace smtpspec::scenario {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::MatchesRegex;

Template parse(const std::string& text) {
  const std::string line = "  C: " + text;
  return Template::parse(text, {"a/b.yaml", 7, 6}, line);
}

std::string expand(const std::string& text, const Variables& variables = {}) {
  return parse(text).expand(variables);
}

std::string error(const std::string& text) {
  try {
    parse(text);
  } catch (const base::SourceError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Template, EscapesAreOctets) {
  EXPECT_EQ(expand("a\\r\\n\\t\\0\\\\\\$\\x7f\\xFF"), "a\r\n\t\0\\$\x7f\xff"s);
}

TEST(Template, ReadsBackWhatEscapeWrites) {
  std::string octets = "${sender} $5 \\${ $${";
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  EXPECT_EQ(expand(base::escape(octets)), octets);
}

TEST(Template, PlainTextIsKept) {
  EXPECT_EQ(expand(" two  spaces, 5$ (a) \xc3\xa9 "),
            " two  spaces, 5$ (a) \xc3\xa9 ");
  EXPECT_EQ(Template().expand({}), "");
}

TEST(Template, VariablesAreReplacedOnce) {
  EXPECT_EQ(expand("<${a}> \\${a}", {{"a", "${b}"}}), "<${b}> ${a}");
  EXPECT_EQ(parse("${a}${upper(${b_2})}").names().size(), 2U);
  EXPECT_THAT(parse("${a}${repeat(${a}${b}, 2)}").names(),
              ElementsAre("a", "b"));
}

TEST(Template, VariableWithoutValueIsNamed) {
  try {
    expand("${a}${b}", {{"a", ""}});
    FAIL();
  } catch (const MissingVariable& missing) {
    EXPECT_EQ(missing.name, "b");
  }
}

TEST(Template, FunctionsTakeTemplates) {
  EXPECT_EQ(expand("${repeat(ab, 3)}${repeat(, 9)}${repeat(x,0)}"), "ababab");
  EXPECT_EQ(expand("${repeat(a\\,\\), 2)}"), "a,)a,)");
  EXPECT_EQ(expand("${upper(${a}-\\xe9)}${lower(AbC)}", {{"a", "x1"}}),
            "X1-\xe9"s + "abc");
  EXPECT_EQ(expand("${base64(\\0${u}\\0pass)}", {{"u", "user"}}),
            "AHVzZXIAcGFzcw==");
  EXPECT_EQ(expand("${base64(a,b)}"), "YSxi");
}

TEST(Template, RepeatsAsOftenAsAVariableSays) {
  const Variables variables{{"n", "30"}, {"word", "ten"}};
  EXPECT_EQ(expand("${repeat(x, ${n} / 10)}", variables), "xxx");
  EXPECT_EQ(expand("${repeat(x, ${n})}", variables).size(), 30U);
  EXPECT_THAT(parse("${repeat(x, ${n} / 10)}").names(), ElementsAre("n"));
  EXPECT_THROW(expand("${repeat(x, ${word})}", variables), std::length_error);
  EXPECT_THAT(error("${repeat(x, ${n} / 0)}"),
              testing::HasSubstr("divided by 0"));
}

TEST(Template, PadFillsTheLine) {
  EXPECT_EQ(parse("NOOP ${pad(x, 12)}").expand({}, 2), "NOOP xxxxx");
  EXPECT_EQ(parse("A${pad(xy, 8)}${a}").expand({{"a", "BC"}}), "AxyxyxBC");
  EXPECT_EQ(parse("NOOP ${pad(x, 3)}").expand({}, 2), "NOOP ");
  EXPECT_EQ(parse("${pad(${a}, 100)}").expand({{"a", ""}}), "");
}

TEST(Template, UtcCountsFromNow) {
  EXPECT_THAT(expand("${utc(-3600)}"),
              MatchesRegex("20[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+Z"));
  EXPECT_LT(expand("${utc(0)}"), expand("${utc(86400)}"));
}

TEST(Template, ErrorPointsAtTheEscape) {
  EXPECT_EQ(error("RSET\\q"),
            "a/b.yaml:7:10: unknown escape: there are \\r \\n \\t \\0 \\\\ \\$ "
            "\\xHH\n"
            "    C: RSET\\q\n"
            "           ^");
}

TEST(Template, ErrorsAreToldApart) {
  using testing::HasSubstr;
  EXPECT_THAT(error("a\\"), HasSubstr(":7:7: unknown escape"));
  EXPECT_THAT(error("a\\,"), HasSubstr("unknown escape"));
  EXPECT_THAT(error("\\xg0"), HasSubstr("two hex digits follow \\x"));
  EXPECT_THAT(error("\\x1"), HasSubstr("two hex digits follow \\x"));
  EXPECT_THAT(error("${a"), HasSubstr("'${' without '}'"));
  EXPECT_THAT(error("${}"), HasSubstr("a name of letters a-z"));
  EXPECT_THAT(error("${A}"), HasSubstr("a name of letters a-z"));
  EXPECT_THAT(error("ab${rot13(x)}"), HasSubstr(":7:10: unknown function"));
  EXPECT_THAT(error("${repeat(x)}"), HasSubstr("written repeat(text, n)"));
  EXPECT_THAT(error("${upper(x}"), HasSubstr("written upper(text)"));
  EXPECT_THAT(error("${repeat(x, ten)}"), HasSubstr("'ten' is no number"));
  EXPECT_THAT(error("${repeat(x, -1)}"), HasSubstr("'-1' is no number"));
  EXPECT_THAT(error("${utc(99999999999)}"), HasSubstr("is no number"));
  EXPECT_THAT(error("${base64(${pad(x, 9)})}"), HasSubstr("another function"));
  EXPECT_THAT(error("${pad(x, 9)}${pad(x, 9)}"), HasSubstr("pad() twice"));
}

TEST(Template, SizeIsBounded) {
  using testing::HasSubstr;
  EXPECT_EQ(expand("${repeat(x, 10485760)}").size(), Template::max_size);
  EXPECT_THAT(error("${repeat(x, 10485761)}"), HasSubstr("more than 10 MiB"));
  EXPECT_THAT(error("${repeat(${repeat(ab, 3000)}, 3000)}"),
              HasSubstr("more than 10 MiB"));
  EXPECT_THROW(
      expand("${repeat(${a}, 10000)}", {{"a", std::string(2000, 'x')}}),
      std::length_error);
}

}  // namespace
}  // namespace smtpspec::scenario
