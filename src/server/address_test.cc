#include "server/address.h"

#include <gtest/gtest.h>

namespace smtpspec::server {
namespace {

bool takes(std::string_view path, PathKind kind = PathKind::reverse) {
  const auto result = parse_path(path, kind, {});
  return result && result->length == path.size();
}

AddressError error_of(std::string_view path) {
  return parse_path(path, PathKind::reverse, {}).error();
}

std::string repeat(std::size_t count, char c) { return std::string(count, c); }

TEST(Path, TakesEveryAtomCharacter) {
  EXPECT_TRUE(takes("<a!#$%&'*+-/=?^_`{}|~9.b@client.example>"));
}

TEST(Path, TakesQuotedStringsAndForgetsTheirQuotes) {
  const auto path = parse_path(R"(<"a\"b@ c"@client.example>)",
                               PathKind::reverse, {});
  ASSERT_TRUE(path);
  EXPECT_EQ(path->mailbox.local_part, "a\"b@ c");
  EXPECT_EQ(path->text, R"("a\"b@ c"@client.example)");
}

TEST(Path, TakesAddressLiterals) {
  EXPECT_TRUE(takes("<a@[127.0.0.1]>"));
  EXPECT_TRUE(takes("<a@[IPv6:2001:db8::1]>"));
}

TEST(Path, ForgetsTheSourceRoute) {
  const auto path = parse_path("<@a.example,@b.example:c@d.example>",
                               PathKind::forward, {});
  ASSERT_TRUE(path);
  EXPECT_EQ(path->text, "c@d.example");
}

TEST(Path, LeavesWhatFollowsIt) {
  const auto path = parse_path("<a@b.example> SIZE=1", PathKind::reverse, {});
  ASSERT_TRUE(path);
  EXPECT_EQ(path->length, 13u);
}

TEST(Path, IsNullOnlyAsASender) {
  EXPECT_TRUE(takes("<>"));
  EXPECT_FALSE(takes("<>", PathKind::forward));
}

TEST(Path, IsPostmasterAloneOnlyAsARecipient) {
  EXPECT_TRUE(takes("<PostMaster>", PathKind::forward));
  EXPECT_FALSE(takes("<postmaster>"));
  EXPECT_FALSE(takes("<alice>", PathKind::forward));
}

TEST(Path, RefusesMalformedLocalParts) {
  for (const auto* path :
       {"<a..b@c.example>", "<.a@c.example>", "<a.@c.example>",
        "<a b@c.example>", "<a\"b@c.example>", "<\"ab@c.example>",
        "<a(c)@d.example>", "<@d.example>", "<\"\"@d.example>", "<a>",
        "a@d.example", "<a@d.example", ""}) {
    EXPECT_FALSE(takes(path)) << path;
  }
}

TEST(Path, RefusesMalformedDomains) {
  for (const auto* path :
       {"<a@>", "<a@b..c>", "<a@.b>", "<a@b.>", "<a@-b.c>", "<a@b-.c>",
        "<a@b_c.d>", "<a@@b.c>", "<a@b!c>", "<a@[1.2.3.4>", "<a@[1.2.3]>",
        "<a@b c>", "<a@[foo:bar]>"}) {
    EXPECT_EQ(error_of(path), AddressError::domain) << path;
  }
}

TEST(Path, RefusesControlCharactersAnywhere) {
  using std::string_view_literals::operator""sv;
  for (const auto path : {"<a\x01@b.c>"sv, "<\"a\x07\"@b.c>"sv, "<a\x7f@b.c>"sv,
                          "<a\0b@b.c>"sv, "<\"\t\"@b.c>"sv}) {
    EXPECT_EQ(error_of(path), AddressError::control_character);
  }
}

TEST(Path, KeepsTheLimitsOf4531) {
  const std::string label = repeat(61, 'd') + ".";
  const std::string domain = label + label + label + repeat(3, 'd');  // 189
  const std::string local = repeat(64, 'a');
  EXPECT_TRUE(takes("<" + local + "@" + domain + ">"));
  EXPECT_EQ(error_of("<" + local + "@" + domain + "d>"),
            AddressError::too_long);
  EXPECT_EQ(error_of("<a" + local + "@b.example>"), AddressError::too_long);
  EXPECT_EQ(error_of("<a@" + repeat(64, 'd') + ".example>"),
            AddressError::domain);
}

TEST(Path, TakesUtf8AndMarksIt) {
  const auto path = parse_path("<\xc3\xbc@b\xc3\xbc.example>",
                               PathKind::reverse, {});
  ASSERT_TRUE(path);
  EXPECT_TRUE(path->mailbox.non_ascii);
  EXPECT_FALSE(takes("<\xc3\xbc (@b.example>"));
  EXPECT_EQ(error_of("<a\xe9@b.example>"), AddressError::malformed_utf8);
}

TEST(Ipv4, HasFourNumbersUpTo255) {
  EXPECT_TRUE(is_ipv4_address("127.0.0.1"));
  for (const auto* text : {"256.1.1.1", "1.2.3", "1.2.3.4.5", "0x7f.1.1.1",
                           "1.2..4", "1.2.3.0004", ""}) {
    EXPECT_FALSE(is_ipv4_address(text)) << text;
  }
}

TEST(Ipv6, FollowsTheGrammarOf413) {
  for (const auto* text : {"::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6::", "1:2:3:4:5:6:192.0.2.1",
                           "::192.0.2.1", "1:2:3:4::192.0.2.1"}) {
    EXPECT_TRUE(is_ipv6_address(text)) << text;
  }
  for (const auto* text :
       {"1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::", ":1",
        "1:", "g::", "", "1:2:3:4:5:6:7:192.0.2.1", "192.0.2.1::"}) {
    EXPECT_FALSE(is_ipv6_address(text)) << text;
  }
}

TEST(AddressLiteral, HasItsTagInAnyCase) {
  EXPECT_TRUE(is_address_literal("[ipv6:::1]"));
  EXPECT_FALSE(is_address_literal("[::1]"));
  EXPECT_FALSE(is_address_literal("127.0.0.1"));
}

TEST(Utf8, HasNoOverlongFormsAndNoSurrogates) {
  EXPECT_TRUE(is_utf8("a\xc3\xbc\xe7\x94\xa8\xf0\x9f\x98\x80"));
  for (const auto* text : {"\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                           "\x80", "\xc3", "\xe0\x80\x80", "\xf4\x90\x80\x80"})
    EXPECT_FALSE(is_utf8(text));
}

TEST(Atom, HasNoSpacesAndNoQuotes) {
  EXPECT_TRUE(is_atom("rfc822"));
  for (const auto* text : {"", "a b", "\"a\""}) EXPECT_FALSE(is_atom(text));
}

}  // namespace
}  // namespace smtpspec::server
