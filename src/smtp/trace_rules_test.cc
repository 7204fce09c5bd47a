#include "smtp/trace_rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace smtpspec::smtp {
namespace {

constexpr std::string_view sent =
    "From: Sender <sender@client.example>\r\n"
    "To: list@lists.example\r\n"
    "Date: Sun, 22 Nov 2026 04:18:00 +0000\r\n"
    "Message-ID: <1@client.example>\r\n"
    "Subject: hello\r\n"
    "\r\n"
    "text\r\n";

constexpr std::string_view good =
    "Received: from client.example (unknown [192.0.2.1])\r\n"
    "\tby mx.example.test with ESMTP id 4A for <user@example.test>;\r\n"
    "\tSun, 22 Nov 2026 05:18:25 +0100 (CET)\r\n";

DeliveryFacts plain() {
  DeliveryFacts facts;
  facts.client_name = "client.example";
  facts.client_address = "192.0.2.1";
  facts.sender = "sender@client.example";
  facts.recipients = {"user@example.test"};
  facts.recipient = "user@example.test";
  return facts;
}

/// plain() with changes: facts_with([](auto& f) { f.tls = true; }).
template <class Change>
DeliveryFacts facts_with(Change change) {
  auto facts = plain();
  change(facts);
  return facts;
}

std::string judge_message(std::string_view rule, const std::string& octets,
                          std::string_view ours, const DeliveryFacts& facts) {
  const auto* found = find_delivery_rule(rule);
  if (!found) return "no such rule";
  const auto arrived = parse_message(octets);
  const auto complaint = found->judge(Delivered(arrived, ours, facts));
  if (!complaint) return "";
  return complaint->only_noted ? "note" : "fault";
}

/// What a rule says when `added` stands above what we sent: "", "note",
/// "fault".
std::string judge(std::string_view rule, std::string_view added,
                  const DeliveryFacts& facts = plain(),
                  std::string_view ours = sent) {
  return judge_message(rule, std::string(added) + std::string(ours), ours,
                       facts);
}

/// A Received field of a client as plain() says.
std::string received(
    std::string_view clauses,
    std::string_view date = "Sun, 22 Nov 2026 05:18:25 +0100") {
  return fmt::format("Received: {}; {}\r\n", clauses, date);
}

const std::string from = "from client.example ([192.0.2.1]) ";

std::string dated(std::string_view date) {
  return received(from + "by mx.example.test with ESMTP id 1", date);
}

/// The rules that say something of a message, "name" or "name?" for a note.
std::set<std::string> answers(std::string_view added,
                              const DeliveryFacts& facts,
                              std::string_view ours = sent) {
  std::set<std::string> said;
  for (const DeliveryRule& rule : delivery_rules()) {
    const auto answer = judge(rule.name, added, facts, ours);
    if (answer == "fault") said.emplace(rule.name);
    if (answer == "note") said.insert(std::string(rule.name) + '?');
  }
  return said;
}

using Answers = std::set<std::string>;

TEST(TraceRules, AGoodDeliveryBreaksNone) {
  EXPECT_EQ(answers(good, plain()), Answers{});
}

TEST(TraceRules, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const DeliveryRule& rule : delivery_rules())
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
  EXPECT_FALSE(find_delivery_rule("none"));
}

// --- what servers write ---

const auto tls = facts_with([](auto& f) {
  f.tls = true;
  f.tls_suite = "TLS_AES_256_GCM_SHA384";
});
const auto login = facts_with([](auto& f) {
  f.tls = f.authenticated = true;
  f.tls_suite = "TLS_AES_256_GCM_SHA384";
});
const auto mailbox = facts_with([](auto& f) { f.final_delivery = true; });

TEST(TraceRules, PostfixBreaksNone) {
  const std::string path =
      "Return-Path: <sender@client.example>\r\n"
      "X-Original-To: user@example.test\r\n"
      "Delivered-To: user@example.test\r\n";
  EXPECT_EQ(
      answers(path + "Received: from client.example (unknown [192.0.2.1])\n"
                     "\tby mx.example.test (Postfix) with ESMTP id 4D1C2\n"
                     "\tfor <user@example.test>; Sun, 22 Nov 2026 04:18:25 "
                     "+0000 (UTC)\n",
              mailbox),
      Answers{"received-local-time?"});
  EXPECT_EQ(
      answers("Received: from client.example (client.example [192.0.2.1])\r\n"
              "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 "
              "bits)\r\n"
              "\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\r\n"
              "\t(No client certificate requested)\r\n"
              "\tby mx.example.test (Postfix) with ESMTPS id 4D1C2\r\n"
              "\tfor <user@example.test>; Sun, 22 Nov 2026 05:18:25 +0100 "
              "(CET)\r\n",
              tls),
      Answers{"tls-suite?"});
  EXPECT_EQ(answers("Received: from client.example (unknown [192.0.2.1])\r\n"
                    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
                    "(256/256 bits))\r\n"
                    "\t(Client did not present a certificate)\r\n"
                    "\t(Authenticated sender: user)\r\n"
                    "\tby mx.example.test (Postfix) with ESMTPSA id 4D1C2\r\n"
                    "\tfor <user@example.test>; Sun, 22 Nov 2026 05:18:25 "
                    "+0100 (CET)\r\n",
                    login),
            Answers{"tls-suite?"});
}

TEST(TraceRules, EximPutsTheTlsClauseBeforeItsId) {
  EXPECT_EQ(answers("Received: from [192.0.2.1] (helo=client.example)\r\n"
                    "\tby mx.example.test with esmtp (Exim 4.98)\r\n"
                    "\t(envelope-from <sender@client.example>)\r\n"
                    "\tid 1vMz9B-000000001Ab-2cDe\r\n"
                    "\tfor user@example.test;\r\n"
                    "\tSun, 22 Nov 2026 05:18:25 +0100\r\n",
                    plain()),
            Answers{});
  EXPECT_EQ(answers("Received: from client.example ([192.0.2.1])\r\n"
                    "\tby mx.example.test with esmtps  (TLS1.3) tls "
                    "TLS_AES_256_GCM_SHA384\r\n"
                    "\t(Exim 4.98)\r\n"
                    "\t(envelope-from <sender@client.example>)\r\n"
                    "\tid 1vMz9B-000000001Ab-2cDe\r\n"
                    "\tfor user@example.test;\r\n"
                    "\tSun, 22 Nov 2026 05:18:25 +0100\r\n",
                    tls),
            Answers{"received-order"});
}

TEST(TraceRules, SendmailBreaksNoneButForItsGmt) {
  const auto line = [](std::string_view date) {
    return fmt::format(
        "Received: from client.example (client.example "
        "[192.0.2.1] (may be forged))\r\n"
        "\tby mx.example.test (8.18.1/8.18.1) with ESMTPS id "
        "5AM4IPxx001234\r\n"
        "\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 "
        "verify=NOT)\r\n"
        "\tfor <user@example.test>; {}\r\n",
        date);
  };
  EXPECT_EQ(answers(line("Sun, 22 Nov 2026 05:18:25 +0100"), tls),
            Answers{"tls-suite?"});
  EXPECT_EQ(answers(line("Sun, 22 Nov 2026 04:18:25 GMT"), tls),
            (Answers{"received-numeric-zone", "tls-suite?"}));
}

TEST(TraceRules, OpensmtpdBreaksNone) {
  EXPECT_EQ(
      answers("Return-Path: <sender@client.example>\n"
              "Delivered-To: user@example.test\n"
              "Received: from client.example (client.example [192.0.2.1])\n"
              "\tby mx.example.test (OpenSMTPD) with ESMTP id 8f1ab2c3\n"
              "\tfor <user@example.test>;\n"
              "\tSun, 22 Nov 2026 05:18:25 +0100 (CET)\n",
              mailbox),
      Answers{});
}

TEST(TraceRules, QmailsLinesAreNotedOnly) {
  EXPECT_EQ(
      answers("Return-Path: <sender@client.example>\n"
              "Delivered-To: user@example.test\n"
              "Received: (qmail 1234 invoked from network); 22 Nov 2026 "
              "04:18:25 -0000\n"
              "Received: from unknown (HELO client.example) (192.0.2.1)\n"
              "  by mx.example.test with SMTP; 22 Nov 2026 04:18:25 -0000\n",
              mailbox),
      (Answers{"dates-zone?", "received-by?", "received-from?",
               "received-with-ehlo?"}));
}

TEST(TraceRules, ExchangeNamesAProtocolThatIsNotRegistered) {
  EXPECT_EQ(
      answers("Received: from client.example (192.0.2.1) by\r\n"
              " EX01.example.test (10.0.0.5) with Microsoft SMTP Server\r\n"
              " (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)"
              " id\r\n 15.2.1118.40; Sun, 22 Nov 2026 05:18:25 +0100\r\n",
              tls),
      (Answers{"received-order", "received-registered-names",
               "received-with-tls?", "tls-suite?"}));
}

TEST(TraceRules, GmailBreaksNoneInTheLineOfItsBorder) {
  EXPECT_EQ(
      answers(
          "Delivered-To: user@example.test\r\n"
          "Received: by 2002:a05:6402:3c2:b0:4f7:1234 with SMTP id c2csp1;\r\n"
          "        Sat, 21 Nov 2026 20:18:25 -0800 (PST)\r\n"
          "Return-Path: <sender@client.example>\r\n"
          "Received: from client.example (client.example. [192.0.2.1])\r\n"
          "        by mx.example.test with ESMTPS id 4fb4d7f45d1cf-5e0si\r\n"
          "        for <user@example.test>\r\n"
          "        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)"
          ";\r\n"
          "        Sat, 21 Nov 2026 20:18:25 -0800 (PST)\r\n",
          tls),
      (Answers{"received-by?", "received-from?", "tls-suite?"}));
}

TEST(TraceRules, HarakaWritesAnUnregisteredClause) {
  EXPECT_EQ(
      answers("Received: from client.example (unknown [192.0.2.1])\r\n"
              "\tby mx.example.test (Haraka/3.1.0) with ESMTPS id 0B5C.1\r\n"
              "\tenvelope-from <sender@client.example>\r\n"
              "\ttls TLS_AES_256_GCM_SHA384;\r\n"
              "\tSun, 22 Nov 2026 05:18:25 +0100\r\n",
              tls),
      Answers{"received-registered-names"});
}

TEST(TraceRules, DovecotAndAmavisBreakNone) {
  const auto lmtp =
      facts_with([](auto& f) { f.lmtp = f.final_delivery = true; });
  EXPECT_EQ(
      answers("Return-Path: <sender@client.example>\n"
              "Delivered-To: user@example.test\n"
              "Received: from client.example ([192.0.2.1])\n"
              "\tby store.example.test with LMTP\n"
              "\tid aBcD1234efgHAAAAx1234A\n"
              "\t(envelope-from <sender@client.example>)\n"
              "\tfor <user@example.test>; Sun, 22 Nov 2026 05:18:25 +0100\n",
              lmtp),
      Answers{});
  EXPECT_EQ(
      answers("Received: from mx.example.test ([127.0.0.1])\r\n"
              "\tby localhost (mx.example.test [127.0.0.1]) (amavis, port "
              "10024)\r\n"
              "\twith ESMTP id x1 for <user@example.test>;\r\n"
              "\tSun, 22 Nov 2026 05:18:25 +0100 (CET)\r\n" +
                  std::string(good),
              plain()),
      Answers{"received-by?"});
}

TEST(TraceRules, OtherServersBreakNone) {
  for (
      const char* line :
      {"from client.example (EHLO client.example) ([192.0.2.1])\r\n"
       "\tby mx.example.test (JAMES SMTP Server ) with ESMTP ID -1234\r\n"
       "\tfor <user@example.test>",
       "from [192.0.2.1] (HELO client.example)\r\n"
       "  by mx.example.test (CommuniGate Pro SMTP 6.3) with ESMTP id 1\r\n"
       "  for user@example.test",
       "from client.example (client.example [192.0.2.1]) by mx.example.test\r\n"
       " (envelope-sender <sender@client.example>) with ESMTP id 3f2a1b4c\r\n ",
       "from client.example ([192.0.2.1]) by mx.example.test\r\n\twith ESMTP "})
    EXPECT_EQ(answers(received(line), plain()), Answers{}) << line;
}

TEST(TraceRules, AiosmtpdAddsNoReceivedField) {
  EXPECT_EQ(answers("X-Peer: ('192.0.2.1', 40000)\r\n"
                    "X-MailFrom: sender@client.example\r\n"
                    "X-RcptTo: user@example.test\r\n",
                    plain()),
            Answers{"received-added"});
}

// --- a violating message a rule ---

TEST(TraceRules, FromHoldsNameAndAddressOfTheClient) {
  EXPECT_EQ(judge("received-from", received("by mx.example.test")), "fault");
  EXPECT_EQ(judge("received-from", received("by mx.example.test"), login),
            "note");
  const auto client = [](std::string_view clause, const DeliveryFacts& facts) {
    return judge("received-client", received(clause), facts);
  };
  EXPECT_EQ(client("from other.example ([192.0.2.1]) by b.c", plain()),
            "fault");
  EXPECT_EQ(client("from other.example ([192.0.2.1]) by b.c", login), "note");
  EXPECT_EQ(client("from client.example ([198.51.100.7]) by b.c", plain()),
            "note");
  EXPECT_EQ(
      client("from [IPv6:::ffff:192.0.2.1] (CLIENT.example) by b.c", plain()),
      "");
  const auto local =
      facts_with([](auto& f) { f.client_address = "127.0.0.2"; });
  EXPECT_EQ(client("from client.example by b.c", local), "fault");
  // RFC 2505 has the verdict.
  EXPECT_EQ(client("from client.example by b.c", plain()), "");
  const auto caller = [](const DeliveryFacts& facts) {
    return judge("received-caller-address",
                 received("from client.example by b.c"), facts);
  };
  EXPECT_EQ(caller(plain()), "fault");
  EXPECT_EQ(caller(local), "");
  EXPECT_EQ(caller(login), "");
}

TEST(TraceRules, CallerDetailsAreNoted) {
  EXPECT_EQ(
      judge("received-caller-details", received("from x ([192.0.2.1]) by b.c")),
      "note");
  EXPECT_EQ(judge("received-caller-details",
                  received(from + "by b.c with ESMTPS"), login),
            "note");
  EXPECT_EQ(judge("received-caller-details",
                  received(from + "by b.c with esmtpsa"), login),
            "");
}

TEST(TraceRules, TcpInfoIsNoClaimOfTheClient) {
  const auto liar = facts_with([](auto& f) { f.client_name = "[10.1.1.1]"; });
  const auto peer = [&](std::string_view clause) {
    return judge("received-peer-address", received(clause), liar);
  };
  EXPECT_EQ(peer("from [10.1.1.1] (unknown [10.1.1.1]) by b.c"), "fault");
  EXPECT_EQ(peer("from [10.1.1.1] (unknown [192.0.2.1]) by b.c"), "");
  EXPECT_EQ(peer("from [10.1.1.1] by b.c"), "");
  EXPECT_EQ(peer("from [192.0.2.1] (helo=[10.1.1.1]) by b.c"), "");
  EXPECT_EQ(peer("from unknown (HELO [10.1.1.1]) (192.0.2.1) by b.c"), "");
}

TEST(TraceRules, ByNamesTheServer) {
  EXPECT_EQ(judge("received-by", received(from)), "fault");
  EXPECT_EQ(judge("received-by", received(from + "by (Postfix) with SMTP")),
            "fault");
  EXPECT_EQ(judge("received-by", received(from + "by localhost")), "note");
  EXPECT_EQ(judge("received-by", received(from + "by [192.0.2.9]")), "");
}

TEST(TraceRules, ClausesStandInTheirOrder) {
  const auto order = [](std::string_view clauses) {
    return judge("received-order", received(clauses));
  };
  EXPECT_EQ(
      order(from + "by b.c via TCP with SMTP id 1 for <a@b> tls X group Y"),
      "");
  EXPECT_EQ(order(from + "by b.c id 1 with SMTP"), "fault");
  EXPECT_EQ(order("by b.c " + from), "fault");
  EXPECT_EQ(order(from + "by b.c by d.e"), "fault");
  EXPECT_EQ(order(from + "by b.c with"), "fault");
  EXPECT_EQ(order(from + "by b.c id 1 [what]"), "fault");
  EXPECT_EQ(order(from + "by b.c (open"), "fault");
  EXPECT_EQ(order(from + "by b.c; for <a@b>"), "fault");
}

TEST(TraceRules, ForNamesOnePathAndNoOtherRecipient) {
  const auto two =
      facts_with([](auto& f) { f.recipients.push_back("other@example.test"); });
  const auto paths = [&](std::string_view rule, std::string_view paths_text) {
    return judge(rule, received(from + "by b.c for " + std::string(paths_text)),
                 two);
  };
  EXPECT_EQ(paths("received-one-path", "<a@b>,<c@d>"), "fault");
  EXPECT_EQ(paths("received-one-path", "<a@b> <c@d>"), "fault");
  EXPECT_EQ(paths("received-one-path", "<a@b> for <c@d>"), "fault");
  EXPECT_EQ(paths("received-one-path", "<user@example.test>"), "");
  EXPECT_EQ(paths("received-hides-recipients", "<other@example.test>"), "note");
  EXPECT_EQ(paths("received-hides-recipients", "<user@example.test>"), "");
}

TEST(TraceRules, AllRecipientsTogetherAreNotShown) {
  const auto two =
      facts_with([](auto& f) { f.recipients.push_back("other@example.test"); });
  const std::string both =
      "X-RcptTo: user@example.test, other@example.test\r\n";
  EXPECT_EQ(judge("recipients-hidden", both, two), "fault");
  EXPECT_EQ(judge("recipients-hidden", both), "");
  EXPECT_EQ(judge("recipients-hidden",
                  "Delivered-To: user@example.test\r\n" +
                      received(from + "by b.c for <other@example.test>"),
                  two),
            "");
  EXPECT_EQ(judge("recipients-hidden",
                  "X-To: user@example.test, another@example.test\r\n", two),
            "");
  EXPECT_EQ(
      judge("recipients-hidden", both, two, "Cc: other@example.test\r\n\r\n"),
      "");
}

TEST(TraceRules, DatesOfReceivedFieldsAreOfRfc5322) {
  const auto date = [](std::string_view rule, std::string_view text) {
    return judge(rule, dated(text));
  };
  EXPECT_EQ(date("received-date", "yesterday"), "fault");
  EXPECT_EQ(date("received-date", "Sun Nov 22 04:18:25 2026"), "fault");
  EXPECT_EQ(date("received-date", "22 Nov 2026 04:18:25"), "fault");
  EXPECT_EQ(date("received-date", "22 Nov 2026 04:18:25 +000"), "fault");
  EXPECT_EQ(judge("received-date", "Received: " + from + "by b.c\r\n"),
            "fault");
  EXPECT_EQ(date("received-date", "22 Nov 26 04:18 GMT"), "");
  EXPECT_EQ(date("received-four-digit-year", "22 Nov 26 04:18 +0000"), "fault");
  EXPECT_EQ(date("received-four-digit-year", "22 Nov 126 04:18 +0000"),
            "fault");
  EXPECT_EQ(date("received-four-digit-year", "22 (x) Nov 2026 04:18 +0000"),
            "fault");
  EXPECT_EQ(date("received-four-digit-year", "22 Nov 2026 04:18 GMT (x)"), "");
  EXPECT_EQ(date("received-numeric-zone", "22 Nov 2026 04:18 GMT"), "fault");
  EXPECT_EQ(date("received-numeric-zone", "22 Nov 2026 04:18 +0000 (UTC)"), "");
  EXPECT_EQ(date("received-zone-comment", "22 Nov 2026 04:18 +0000 UTC"),
            "fault");
  EXPECT_EQ(date("received-zone-comment", "22 Nov 2026 04:18 +0000 (UTC)"), "");
  EXPECT_EQ(date("received-local-time", "22 Nov 2026 04:18 +0000"), "note");
  EXPECT_EQ(date("dates-valid", "Mon, 22 Nov 2026 04:18:25 +0000"), "fault");
  EXPECT_EQ(date("dates-zone", "22 Nov 2026 04:18:25 -0000"), "note");
}

TEST(TraceRules, AnAddedDateIsJudgedAndOursIsNot) {
  constexpr std::string_view without = "Subject: x\r\n\r\n";
  const auto added = [&](std::string_view rule, std::string_view date) {
    return judge(rule, fmt::format("Date: {}\r\n", date), plain(), without);
  };
  EXPECT_EQ(added("added-date-year", "22 Nov 26 04:18 +0000"), "fault");
  EXPECT_EQ(added("added-date-year", "22 Nov 2026 04:18 +0000"), "");
  EXPECT_EQ(added("dates-valid", "2026-11-22"), "fault");
  EXPECT_EQ(added("date-added", "22 Nov 2026 04:18 +0000"), "note");
  EXPECT_EQ(judge("added-date-year", good, plain(),
                  "Date: 22 Nov 26 04:18 GMT\r\n\r\n"),
            "");
}

TEST(TraceRules, WithSaysTheProtocol) {
  const auto with = [](std::string_view rule, std::string_view word,
                       const DeliveryFacts& facts) {
    return judge(rule, received(from + "by b.c" + std::string(word) + " id 1"),
                 facts);
  };
  const auto helo = facts_with([](auto& f) { f.extended = false; });
  EXPECT_EQ(with("received-with-helo", " with SMTP", helo), "");
  EXPECT_EQ(with("received-with-helo", "", helo), "");
  EXPECT_EQ(with("received-with-helo", " with ESMTP", helo), "note");
  EXPECT_EQ(with("received-with-ehlo", " with UTF8SMTP", plain()), "");
  EXPECT_EQ(with("received-with-ehlo", " with ESMTPS", plain()), "fault");
  EXPECT_EQ(with("received-with-ehlo", " with ESMTPA", plain()), "fault");
  EXPECT_EQ(with("received-with-ehlo", " with SMTP", plain()), "note");
  EXPECT_EQ(with("received-with-ehlo", "", plain()), "note");
  EXPECT_EQ(with("received-with-tls", " with esmtps", tls), "");
  EXPECT_EQ(with("received-with-tls", " with ESMTPSA", tls), "note");
  EXPECT_EQ(with("received-with-auth", " with esmtpsa", login), "");
  EXPECT_EQ(with("received-with-auth", " with ESMTPA", login), "note");
  EXPECT_EQ(with("received-with-auth", " with ESMTPS", login), "fault");
  EXPECT_EQ(with("received-with-auth", " with ESMTPA", plain()), "");
  const auto clear = facts_with([](auto& f) { f.authenticated = true; });
  EXPECT_EQ(with("received-with-auth", " with ESMTPSA", clear), "fault");
  EXPECT_EQ(with("received-with-auth", " with UTF8SMTPA", clear), "");
  const auto lmtp = facts_with([](auto& f) { f.lmtp = true; });
  EXPECT_EQ(with("received-with-lmtp", " with LMTP", lmtp), "");
  EXPECT_EQ(with("received-with-lmtp", " with ESMTP", lmtp), "note");
  const auto utf8 = facts_with([](auto& f) { f.utf8 = true; });
  EXPECT_EQ(with("received-with-utf8", " with UTF8SMTPS", utf8), "");
  EXPECT_EQ(with("received-with-utf8", " with ESMTP", utf8), "note");
  EXPECT_EQ(with("received-with-utf8", " with SMTP", utf8), "fault");
}

TEST(TraceRules, NamesInReceivedFieldsAreRegistered) {
  const auto names = [](std::string_view clauses) {
    return judge("received-registered-names",
                 received(from + "by b.c " + std::string(clauses)));
  };
  for (const char* word :
       {"with lmtpsa", "with UTF8SMTPSA", "with UTF8LMTP", "via tcp with SMTP",
        "id with", "tls X group Y", "with SMTP (bizsmtp)"})
    EXPECT_EQ(names(word), "") << word;
  for (const char* word :
       {"with bizsmtp", "with SMTPS", "with UTF8ESMTP", "with ESMTP x-spam no"})
    EXPECT_EQ(names(word), "fault") << word;
  EXPECT_EQ(names("with HTTP"), "note");
  EXPECT_EQ(names("via UUCP"), "note");
}

TEST(TraceRules, TheCipherSuiteIsRecorded) {
  const auto suite = [](std::string_view rule, std::string_view clauses) {
    return judge(
        rule,
        received(from + "by b.c with ESMTPS id 1 " + std::string(clauses)),
        tls);
  };
  EXPECT_EQ(suite("tls-suite", ""), "fault");
  EXPECT_EQ(suite("tls-suite", "(TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)"),
            "note");
  EXPECT_EQ(suite("tls-suite", "tls TLS_AES_256_GCM_SHA384"), "");
  EXPECT_EQ(suite("tls-suite", "tls TLS_AES_128_GCM_SHA256"), "note");
  EXPECT_EQ(judge("tls-suite", good), "");
  EXPECT_EQ(suite("tls-clause-grammar", "tls 0x1302 group x25519"), "");
  EXPECT_EQ(suite("tls-clause-grammar", "tls ECDHE-RSA-AES256-GCM-SHA384"),
            "fault");
  EXPECT_EQ(suite("tls-clause-grammar", "tls 0x13"), "fault");
  EXPECT_EQ(suite("tls-clause-grammar", "tls"), "fault");
  EXPECT_EQ(suite("tls-clause-grammar", "priority 1 group x25519"), "fault");
  EXPECT_EQ(suite("tls-registered-suite", "tls AES256"), "fault");
  EXPECT_EQ(suite("tls-registered-suite", "tls 0x1302"), "note");
  EXPECT_EQ(suite("tls-registered-suite", "tls TLS_AES_256_GCM_SHA384"), "");
}

TEST(TraceRules, PriorityIsRecorded) {
  const auto urgent = facts_with([](auto& f) { f.priority = 3; });
  const auto priority = [&](std::string_view clause) {
    return judge(
        "priority-clause",
        received(from + "by b.c with ESMTP id 1" + std::string(clause)),
        urgent);
  };
  EXPECT_EQ(priority(""), "fault");
  EXPECT_EQ(priority(" PRIORITY 3"), "");
  EXPECT_EQ(priority(" PRIORITY -2"), "note");
  EXPECT_EQ(priority(" PRIORITY urgent"), "fault");
  EXPECT_EQ(judge("priority-clause", good), "");
}

TEST(TraceRules, AddedFieldsAreAsciiAndWellFormed) {
  const auto utf8 = facts_with([](auto& f) { f.utf8 = true; });
  EXPECT_EQ(judge("added-ascii", "X-Spam: gr\xc3\xbc\r\n"), "fault");
  EXPECT_EQ(judge("added-ascii", "X-Spam: gr\xc3\xbc\r\n", utf8), "");
  EXPECT_EQ(judge("trace-ascii", "X-Spam: gr\xc3\xbc\r\n"), "");
  EXPECT_EQ(judge("trace-ascii", received("from gr\xc3\xbc by b.c")), "fault");
  EXPECT_EQ(judge("added-field-syntax", "no field\r\n"), "fault");
  EXPECT_EQ(judge("added-field-syntax", "Received : x\r\n"), "fault");
  EXPECT_EQ(judge("added-field-syntax", "X-A: a\rb\r\n"), "fault");
  EXPECT_EQ(judge("added-field-syntax", "X B: a\r\n"), "fault");
  const std::string line =
      "From sender@client.example Sun Nov 22 04:18:25 2026\n";
  EXPECT_EQ(judge("added-field-syntax", line + std::string(good)), "fault");
  EXPECT_EQ(judge("added-field-syntax", line + std::string(good), mailbox), "");
}

TEST(TraceRules, LinesThatTheTargetWritesAreShort) {
  const auto length = [](std::string_view rule, const std::string& text) {
    return judge(rule, "X-A: " + text + "\r\n");
  };
  EXPECT_EQ(length("added-line-length-998", std::string(993, 'a')), "");
  EXPECT_EQ(length("added-line-length-998", std::string(994, 'a')), "fault");
  EXPECT_EQ(length("added-line-length-78", std::string(73, 'a')), "");
  EXPECT_EQ(length("added-line-length-78", std::string(90, 'a')), "note");
  EXPECT_EQ(length("added-line-length-78",
                   std::string(40, 'a') + ' ' + std::string(40, 'b')),
            "fault");
}

TEST(TraceRules, ReturnPathHoldsTheSender) {
  const auto path = [](std::string_view rule, std::string_view text) {
    return judge(rule, fmt::format("Return-Path:{}\r\n{}", text, good),
                 mailbox);
  };
  EXPECT_EQ(path("return-path", " <sender@CLIENT.example>"), "");
  EXPECT_EQ(path("return-path", " <other@client.example>"), "fault");
  EXPECT_EQ(path("return-path", " <>"), "fault");
  EXPECT_EQ(path("return-path", " <SRS0=a=b=client.example=sender@x.example>"),
            "note");
  EXPECT_EQ(path("return-path", " <@a.example:sender@client.example>"), "note");
  EXPECT_EQ(judge("return-path", good, mailbox), "fault");
  EXPECT_EQ(judge("return-path", good), "");
  EXPECT_EQ(
      judge("return-path",
            std::string(good) + "Return-path: <sender@client.example>\r\n",
            mailbox),
      "note");
  EXPECT_EQ(path("return-path-grammar", " sender@client.example"), "fault");
  EXPECT_EQ(path("return-path-grammar", " <a@b> c"), "fault");
  EXPECT_EQ(path("return-path-grammar", "<a@b>"), "note");
  EXPECT_EQ(path("return-path-grammar", " <>"), "");
}

TEST(TraceRules, MailFromNobodyHasAnEmptyReturnPath) {
  const auto bounce = facts_with([](auto& f) {
    f.final_delivery = true;
    f.sender = "";
  });
  EXPECT_EQ(judge("return-path-null", "Return-Path: <>\r\n", bounce), "");
  EXPECT_EQ(
      judge("return-path-null", "Return-Path: <MAILER-DAEMON>\r\n", bounce),
      "fault");
  EXPECT_EQ(judge("return-path-null", good, bounce), "fault");
}

TEST(TraceRules, ThereIsOneReturnPath) {
  const std::string path = "Return-Path: <sender@client.example>\r\n";
  EXPECT_EQ(judge("return-path-once", path + path + std::string(good), mailbox),
            "fault");
  EXPECT_EQ(judge("return-path-once", path + std::string(good), mailbox,
                  path + std::string(sent)),
            "note");
  EXPECT_EQ(judge("return-path-once", path + std::string(good), mailbox), "");
}

TEST(TraceRules, EnvelopeAddressesStayOutOfTheHeader) {
  EXPECT_EQ(judge("no-apparently-to", "Apparently-To: <user@example.test>\r\n"),
            "fault");
  constexpr std::string_view other =
      "From: boss@firm.example\r\nSubject: x\r\n\r\n";
  EXPECT_EQ(judge_message("envelope-kept-out",
                          std::string(good) + "From: sender@client.example\r\n"
                                              "Subject: x\r\n\r\n",
                          other, plain()),
            "fault");
  EXPECT_EQ(
      judge("envelope-kept-out", "To: user@example.test\r\n", plain(), other),
      "fault");
  EXPECT_EQ(
      judge("envelope-kept-out", "To: user@example.test\r\n", login, other),
      "note");
  EXPECT_EQ(judge("envelope-kept-out", "Sender: sender@client.example\r\n",
                  plain(), other),
            "note");
  EXPECT_EQ(judge("envelope-kept-out", "To: undisclosed-recipients:;\r\n",
                  plain(), other),
            "");
}

TEST(TraceRules, SubmissionMakesGoodWhatIsMissing) {
  constexpr std::string_view bare = "From: <a@b.example>\r\n\r\n";
  EXPECT_EQ(judge("message-id-added", good, login, bare), "fault");
  EXPECT_EQ(
      judge("message-id-added", "Message-ID: <1@b.example>\r\n", login, bare),
      "");
  EXPECT_EQ(judge("date-added", good, login, bare), "note");
  EXPECT_EQ(judge("sender-added", "Sender: u@b.example\r\n", login), "note");
  EXPECT_EQ(judge("sender-valid", "Sender: U <u@b.example>\r\n", login), "");
  EXPECT_EQ(judge("sender-valid", "Sender: u\r\n", login), "fault");
  EXPECT_EQ(judge_message("addresses-rewritten", "From: <c@d.example>\r\n\r\n",
                          bare, login),
            "note");
}

// --- what must be left alone ---

constexpr std::string_view traced =
    "Received: from o.example by one.example; Sun, 22 Nov 2026 04:00:00 "
    "+0000\r\n"
    "Received: from p.example by two.example; Sun, 22 Nov 2026 03:00:00 "
    "+0000\r\n"
    "Resent-From: <r@client.example>\r\n"
    "Resent-Date: Sun, 22 Nov 2026 03:00:00 +0000\r\n"
    "Subject: a\r\n"
    "From: <sender@client.example>\r\n"
    "\r\n"
    "text\r\n";

/// `traced` with its header fields, from 0 on, in the order given, "n" for a
/// new Received field.
std::string arranged(std::string_view order) {
  const auto message = parse_message(traced);
  std::string octets;
  for (const char c : order)
    octets += c == 'n' ? std::string(good)
                       : message.fields[static_cast<std::size_t>(c - '0')].raw;
  return octets + "\r\n" + message.body;
}

std::string order(std::string_view rule, std::string_view fields,
                  const DeliveryFacts& facts = plain()) {
  return judge_message(rule, arranged(fields), traced, facts);
}

TEST(TraceRules, NewReceivedFieldsStandOnTop) {
  EXPECT_EQ(order("received-on-top", "n012345"), "");
  EXPECT_EQ(order("received-on-top", "01n2345"), "");
  EXPECT_EQ(order("received-on-top", "012345n"), "fault");
  EXPECT_EQ(order("received-order-kept", "n012345"), "");
  EXPECT_EQ(order("received-order-kept", "0n12345"), "fault");
  EXPECT_EQ(order("received-order-kept", "n102345"), "fault");
}

TEST(TraceRules, FieldsStayInTheirOrder) {
  EXPECT_EQ(order("trace-order-kept", "n013245"), "fault");
  EXPECT_EQ(order("trace-order-kept", "n201345"), "fault");
  EXPECT_EQ(order("trace-order-kept", "n102345"), "");
  EXPECT_EQ(order("trace-order-kept", "n012354"), "");
  EXPECT_EQ(order("fields-in-order", "n012354"), "fault");
  EXPECT_EQ(order("fields-in-order", "n012345"), "");
  EXPECT_EQ(order("fields-in-order", "n013245"), "");
}

TEST(TraceRules, OurReceivedFieldsAreKept) {
  EXPECT_EQ(order("received-kept", "n012345"), "");
  EXPECT_EQ(order("received-kept", "n12345"), "fault");
  EXPECT_EQ(order("received-kept", "n12345", login), "note");
  auto changed = arranged("n012345");
  changed.replace(changed.find("o.example"), 1, "x");
  EXPECT_EQ(judge_message("received-kept", changed, traced, plain()), "fault");
  auto folded = arranged("n012345");
  folded.replace(folded.find(" by one"), 1, "\r\n\t");
  EXPECT_EQ(judge_message("received-kept", folded, traced, plain()), "note");
}

TEST(TraceRules, ARelayLeavesHeaderAndBodyAlone) {
  const auto relayed = facts_with([](auto& f) { f.via_next_hop = true; });
  EXPECT_EQ(order("fields-kept", "n012345", relayed), "");
  EXPECT_EQ(order("fields-kept", "n01235", relayed), "fault");
  EXPECT_EQ(order("fields-kept", "n01235"), "note");
  EXPECT_EQ(order("body-kept", "n012345", relayed), "");
  const auto longer = arranged("n012345") + "-- \r\nfooter\r\n";
  EXPECT_EQ(judge_message("body-kept", longer, traced, relayed), "fault");
  EXPECT_EQ(judge_message("body-kept", longer, traced, plain()), "note");
}

// --- mail that the target writes ---

const std::string report =
    "Return-Path: <>\r\n"
    "Received: by mx.example.test (Postfix)\r\n"
    "\tid 5A6B7; Sun, 22 Nov 2026 05:18:25 +0100 (CET)\r\n"
    "Date: Sun, 22 Nov 2026 05:18:25 +0100 (CET)\r\n"
    "From: MAILER-DAEMON@mx.example.test (Mail Delivery System)\r\n"
    "Subject: Undelivered Mail Returned to Sender\r\n"
    "To: sender@client.example\r\n"
    "Auto-Submitted: auto-replied\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
    "\tboundary=\"4D1C2/mx.example.test\"\r\n"
    "Message-Id: <20261122041825.5A6B7@mx.example.test>\r\n"
    "\r\n"
    "This is a MIME-encapsulated message.\r\n"
    "\r\n"
    "--4D1C2/mx.example.test\r\n"
    "Content-Description: Notification\r\n"
    "Content-Type: text/plain; charset=us-ascii\r\n"
    "\r\n"
    "I'm sorry to have to inform you.\r\n"
    "\r\n"
    "--4D1C2/mx.example.test\r\n"
    "Content-Type: message/delivery-status\r\n"
    "\r\n"
    "Reporting-MTA: dns; mx.example.test\r\n"
    "\r\n"
    "Final-Recipient: rfc822; nobody@example.test\r\n"
    "Action: failed\r\n"
    "Status: 5.1.1\r\n"
    "\r\n"
    "--4D1C2/mx.example.test\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: " +
    std::string(1200, 'x') +
    "\r\n"
    "\r\n"
    "lone\nline feed\r\n"
    "\r\n"
    "--4D1C2/mx.example.test--\r\n";

DeliveryFacts generated() {
  DeliveryFacts facts;
  facts.is_generated = true;
  facts.via_next_hop = true;
  facts.target_names = {"mx.example.test"};
  facts.recipients = {"sender@client.example"};
  return facts;
}

/// What a rule says of `report` with one text in it replaced.
std::string judge_report(std::string_view rule, std::string_view old = "",
                         std::string_view text = "",
                         const DeliveryFacts& facts = generated()) {
  auto octets = report;
  octets.replace(octets.find(old), old.size(), text);
  return judge_message(rule, octets, "", facts);
}

TEST(TraceRules, AGoodReportBreaksNone) {
  for (const DeliveryRule& rule : delivery_rules())
    EXPECT_EQ(judge_report(rule.name), "") << rule.name;
}

TEST(TraceRules, ReportsAreOfTheStandardFormat) {
  EXPECT_EQ(judge_report("dsn-format", "multipart/report", "multipart/mixed"),
            "fault");
  EXPECT_EQ(judge_report("dsn-format", "report-type=delivery-status", "a=b"),
            "fault");
  EXPECT_EQ(judge_report("dsn-format", "message/delivery-status", "text/plain"),
            "fault");
  EXPECT_EQ(judge_report("dsn-reporting-mta", "Reporting-MTA", "Reporting"),
            "fault");
  EXPECT_EQ(
      judge_report("dsn-reporting-mta", "dns; mx.example", "dns; b.example"),
      "note");
}

TEST(TraceRules, ReportsHaveADateASenderAndAnId) {
  EXPECT_EQ(judge_report("generated-date-from", "\r\nDate:", "\r\nX-Date:"),
            "fault");
  EXPECT_EQ(judge_report("generated-date-from", "Subject:", "From:"), "fault");
  EXPECT_EQ(judge_report("generated-message-id", "Message-Id:", "X-Id:"),
            "fault");
  EXPECT_EQ(judge_report("generated-message-id", "5A6B7@mx", "5A6B7"), "fault");
  EXPECT_EQ(judge_report("added-date-year", "Date: Sun, 22 Nov 2026",
                         "Date: Sun, 22 Nov 26"),
            "fault");
  EXPECT_EQ(message_id(parse_message(report)),
            "<20261122041825.5A6B7@mx.example.test>");
  EXPECT_EQ(message_id(parse_message(sent)), "<1@client.example>");
  EXPECT_EQ(message_id(parse_message("A: b\r\n\r\n")), "");
}

TEST(TraceRules, ReportsHaveDifferentIds) {
  auto facts = generated();
  const std::string rule = "generated-message-id-unique";
  EXPECT_EQ(judge_report(rule, "sorry", "sorry", facts), "");
  facts.other_reports = {std::string(report)};
  EXPECT_EQ(judge_report(rule, "sorry", "sorry", facts), "");
  EXPECT_EQ(judge_report(rule, "sorry", "sad", facts), "fault");
  facts.other_reports[0].insert(facts.other_reports[0].find("5A6B7@"), "0");
  EXPECT_EQ(judge_report(rule, "sorry", "sad", facts), "");
}

TEST(TraceRules, LineEndsOfReportsAreWhole) {
  EXPECT_EQ(judge_report("generated-line-ends", "sorry ", "sorry\n"), "fault");
  EXPECT_EQ(judge_report("generated-line-ends", "sorry ", "sorry\r"), "fault");
  const auto kept = [] {
    auto facts = generated();
    facts.final_delivery = true;
    return facts;
  }();
  EXPECT_EQ(judge_report("generated-line-ends", "sorry ", "sorry\n", kept), "");
  EXPECT_EQ(
      judge_report("added-line-length-998", "sorry", std::string(999, 'x')),
      "fault");
}

// --- hostile input ---

std::vector<DeliveryFacts> all_facts() {
  auto everything = login;
  everything.utf8 = everything.lmtp = everything.final_delivery = true;
  everything.priority = 1;
  everything.recipients.push_back("");
  everything.client_name = "[";
  return {DeliveryFacts{}, plain(), login, mailbox, generated(), everything};
}

void judge_all(const std::string& octets, std::string_view ours) {
  const auto arrived = parse_message(octets);
  EXPECT_EQ(print(arrived), octets);
  for (const auto& facts : all_facts()) {
    const Delivered delivered(arrived, ours, facts);
    for (const DeliveryRule& rule : delivery_rules()) rule.judge(delivered);
  }
  content_changes(ours, arrived, true);
  content_changes(ours, arrived, false);
}

TEST(TraceRules, NoTruncationOfASampleHarmsAnyRule) {
  const std::string samples[] = {
      std::string(good) + std::string(sent), arranged("n012345"),
      "Return-Path: <@a:\"b>\\\"@c>\r\nReceived: (a (b\\)) from \"x;\\\"y\" "
      "([IPv6:2001:db8::1]) by b with ESMTPSA id <a@b> for <a,b@c>,d tls 0x1 "
      "group; Mon (x), 29 Feb 26 (y) 24 : 61 : 61 GMT\r\n\r\n"};
  for (const auto& whole : samples)
    // Each cut once, from the front or from the back: sanitizers are slow.
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      judge_all(cut % 2 == 0 ? whole.substr(0, cut) : whole.substr(cut),
                traced);
      if (cut % 64 == 0) judge_all(arranged("n012345"), whole.substr(0, cut));
    }
}

TEST(TraceRules, NoTruncationOfAReportHarmsAnyRule) {
  for (std::size_t cut = 0; cut <= report.size(); cut += 17)
    judge_all(report.substr(0, cut), sent);
}

TEST(TraceRules, OddOctetsHarmNoRule) {
  const std::string whole = std::string(good) + std::string(sent);
  for (std::size_t at = 0; at < whole.size(); at += 11)
    for (const char odd : {'\0', '\r', '\n', '(', ')', '"', '<', '\xff', ';'}) {
      auto octets = whole;
      octets[at] = odd;
      judge_all(octets, sent);
    }
  for (const char odd : {'(', '\r', '\n', ' ', ':', '<', '"', ';', '@'}) {
    const std::string run(20000, odd);
    judge_all("Received: " + run, sent);
    judge_all(run, sent);
    judge_all("Return-Path: <" + run, sent);
  }
}

}  // namespace
}  // namespace smtpspec::smtp
