#include "smtp/trace.h"

#include <gtest/gtest.h>

namespace smtpspec::smtp {
namespace {

TEST(Trace, AStampIsReadClauseByClause) {
  const auto stamp = parse_stamp(
      "from client.example (unknown [192.0.2.1]) (using TLSv1.3 (256/256; x)) "
      "BY mx.example.test (Postfix) with ESMTPS id 4A@b for <u@example.test>; "
      "Sun, 22 Nov 2026 04:18:25 +0000 (UTC)");
  ASSERT_EQ(stamp.clauses.size(), 5u);
  EXPECT_EQ(stamp.find("from")->value(), "client.example");
  EXPECT_EQ(stamp.find("from")->comments.front(), "unknown [192.0.2.1]");
  EXPECT_EQ(stamp.find("by")->value(), "mx.example.test");
  EXPECT_EQ(stamp.find("with")->value(), "ESMTPS");
  EXPECT_EQ(stamp.find("id")->value(), "4A@b");
  EXPECT_EQ(stamp.find("for")->value(), "<u@example.test>");
  EXPECT_EQ(stamp.semicolons, 1u);
  ASSERT_TRUE(stamp.date);
  EXPECT_EQ(stamp.date->year, 2026);
  EXPECT_EQ(stamp.date->zone, "+0000");
  EXPECT_EQ(stamp.date->rest, "");
}

TEST(Trace, AdditionalClausesAndStrayWordsAreKept) {
  const auto stamp = parse_stamp(
      "from a by b with Microsoft SMTP Server id 15.2; 22 Nov 2026 04:18 GMT");
  EXPECT_EQ(stamp.find("with")->value(), "Microsoft");
  EXPECT_EQ(stamp.find("smtp")->value(), "Server");
  EXPECT_EQ(stamp.find("id")->value(), "15.2");
  EXPECT_EQ(stamp.date->zone, "GMT");
  EXPECT_FALSE(stamp.date->second);
}

TEST(Trace, PathsOfAForClauseAreCounted) {
  EXPECT_EQ(parse_stamp("by x for <a@b>,<c@d>; x").find("for")->values.size(),
            2u);
  EXPECT_EQ(parse_stamp("by x for <a@b> <c@d>; x").find("for")->values.size(),
            2u);
  EXPECT_EQ(
      parse_stamp("by x for <@a,@b:\"c,d>\"@e>; x").find("for")->values.size(),
      1u);
  EXPECT_EQ(parse_stamp("by x for a@b tls C; x").find("for")->values.size(),
            1u);
}

TEST(Trace, DatesAreReadInTheirObsoleteFormsToo) {
  const auto read = [](std::string_view text) { return parse_date_time(text); };
  EXPECT_EQ(read("Sun, 22 Nov 26 04:18:25 GMT")->year_digits, 2u);
  EXPECT_TRUE(read("Sun (x), 22 Nov 2026 04:18:25 +0000")->is_obsolete_layout);
  EXPECT_TRUE(read("22 Nov 2026 04 : 18 +0000")->is_obsolete_layout);
  EXPECT_FALSE(read("22 Nov 2026  04:18:25  -0000 (UTC)")->is_obsolete_layout);
  EXPECT_EQ(read("22 Nov 2026 04:18:25 +0000 UTC")->rest, "UTC");
  EXPECT_EQ(read("22 Nov 2026 04:18:25")->zone, "");
  for (const char* text :
       {"", "Sun", "Sun Nov 22 04:18:25 2026", "2026-11-22T04:18:25Z",
        "Sunday, 22 Nov 2026 04:18:25 +0000", "22 November 2026 04:18 +0000",
        "22 Nov 2026 4:18:25 +0000", "22 Nov 2026", "Sun, 22 Nov 2026 04:18:"})
    EXPECT_FALSE(read(text)) << text;
}

TEST(Trace, ImpossibleDatesAreSeen) {
  const auto why = [](std::string_view text) {
    return parse_date_time(text)->impossibility();
  };
  EXPECT_EQ(why("Sun, 22 Nov 2026 23:59:60 +0000"), "");
  EXPECT_EQ(why("Tue, 29 Feb 2028 00:00:00 +0000"), "");
  EXPECT_NE(why("Mon, 22 Nov 2026 04:18:25 +0000"), "");
  EXPECT_NE(why("31 Nov 2026 04:18:25 +0000"), "");
  EXPECT_NE(why("22 Nov 2026 24:18:25 +0000"), "");
  EXPECT_NE(why("22 Nov 2026 04:18:25 +0075"), "");
  EXPECT_NE(why("22 Nov 0026 04:18:25 +0000"), "");
  EXPECT_EQ(why("Sun, 22 Nov 26 04:18:25 GMT"), "");
  EXPECT_EQ(why("22 Nov 123456789012 04:18:25 GMT"), "");
}

TEST(Trace, ReturnPathsAreTakenApart) {
  const auto routed = parse_return_path(" <@a,@b:\"x>\"@c> (note)");
  EXPECT_TRUE(routed.is_angled && routed.has_leading_blank);
  EXPECT_EQ(routed.route, "@a,@b");
  EXPECT_EQ(routed.address, "\"x>\"@c");
  EXPECT_EQ(routed.rest, "(note)");
  EXPECT_EQ(parse_return_path(" <>").address, "");
  EXPECT_FALSE(parse_return_path(" a@b").is_angled);
  EXPECT_FALSE(parse_return_path(" <a@b").is_angled);
  EXPECT_EQ(mailbox_of("@a:b@c"), "b@c");
}

TEST(Trace, QuotesAndTheCaseOfADomainDoNotMakeAnotherMailbox) {
  EXPECT_TRUE(same_mailbox("\"jo\\e\"@Example.test", "joe@example.TEST"));
  EXPECT_FALSE(same_mailbox("Joe@example.test", "joe@example.test"));
}

TEST(Trace, AddressesAreFoundInAnySpelling) {
  const auto four = parse_ip("[192.0.2.1]");
  ASSERT_TRUE(four);
  for (const char* text :
       {"unknown [192.0.2.1]", "HELO x) (192.0.2.1", "::ffff:192.0.2.1",
        "192.0.2.1:2525", "IPv6:::ffff:192.0.2.1", "is 192.0.2.1."}) {
    const auto found = ips_in(text);
    ASSERT_EQ(found.size(), 1u) << text;
    EXPECT_EQ(found.front(), *four) << text;
  }
  EXPECT_EQ(ips_in("x ([IPv6:2001:DB8:0::1])").front(),
            parse_ip("2001:db8::1"));
  EXPECT_TRUE(is_loopback(*parse_ip("127.0.0.9")));
  EXPECT_TRUE(is_loopback(*parse_ip("::1")));
  for (const char* text :
       {"1.2.0.192.in-addr.arpa", "4.96", "10.0.0", "deadbeef",
        "host-192.0.2.1x", "1.2.3.4.5", "::::", ""})
    EXPECT_TRUE(ips_in(text).empty()) << text;
}

TEST(Trace, HostileOctetsMakeAStamp) {
  const std::string whole =
      "from a (\\( [1.2.3.4] (x;)) \"q\\\"(\" by b\\ id <\"x;y\"@z>,< for ;;( "
      "(\\";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    parse_stamp(std::string_view(whole).substr(cut));
    parse_stamp(std::string_view(whole).substr(0, cut));
  }
  EXPECT_TRUE(parse_stamp(std::string(100000, '(')).has_open_comment);
}

}  // namespace
}  // namespace smtpspec::smtp
