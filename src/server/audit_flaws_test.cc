// Flaws that only delivery shows: what a server that has one hands over is not
// what a right server does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.h"
#include "server/conversation.h"
#include "server/flaw_table_audit.h"
#include "server/users.h"

namespace smtpspec::server {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using Reads = std::vector<std::string>;
using std::string_literals::operator""s;

FlawId flaw_named(std::string_view name) { return *find_flaw(name); }

/// How a session is set up, and what its client says.
struct Scene {
  Reads reads;
  std::string address = "127.0.0.2";
  bool is_secure = false;
  Service service = Service::mta;
  bool is_cut = false;
};

/// What a server with `flaws` handed over.
std::vector<Message> handed_over(const Scene& scene, const FlawSet& flaws) {
  Store store;
  std::vector<Message> result;
  store.watch([&](const Message& message) { result.push_back(message); });
  Surroundings surroundings;
  surroundings.client_address = scene.address;
  surroundings.service = scene.service;
  surroundings.now = [] {
    return std::chrono::system_clock::time_point(
        std::chrono::sys_days(std::chrono::year(2026) / 11 / 21));
  };
  if (scene.is_secure) {
    surroundings.tls = net::TlsFacts{};
    surroundings.tls->suite = "TLS_AES_256_GCM_SHA384";
  }
  Conversation conversation(store, flaws, surroundings);
  for (const std::string& read : scene.reads) {
    if (!conversation.closing()) conversation.receive(read);
  }
  if (scene.is_cut) conversation.client_left();
  return result;
}

Reads transaction(const std::string& sender, const std::string& recipient,
                  const std::string& ehlo = "client.example") {
  return {"EHLO " + ehlo + "\r\n", "MAIL FROM:" + sender + "\r\n",
          "RCPT TO:" + recipient + "\r\n",
          "DATA\r\n", "Subject: x\r\n\r\nx\r\n.\r\n"};
}

Reads mail(const std::string& content,
           const std::string& recipients = "RCPT TO:<alice@example.test>\r\n") {
  return {"EHLO client.example\r\n",
          "MAIL FROM:<a@b.example>\r\n" + recipients + "DATA\r\n",
          content + ".\r\n"};
}

/// Alice's mail with `header`, submitted after her login.
Scene submitted(const std::string& mail_from, const std::string& header) {
  const std::string login =
      base::base64_encode("\0alice\0"s + std::string(user_password));
  return {{"EHLO client.example\r\n", "AUTH PLAIN " + login + "\r\n",
           "MAIL FROM:" + mail_from + "\r\n", "RCPT TO:<u@sink.example>\r\n",
           "DATA\r\n", header + "\r\nx\r\n.\r\n"},
          "127.0.0.2",
          true,
          Service::submission};
}

const std::string others_header =
    "Date: now\r\nFrom: <bob@example.test>\r\nMessage-ID: none of that\r\n";

/// An address pattern of open relays, and the flaw that lets it through.
struct Pattern {
  std::string id;
  std::string sender;
  std::string recipient;
  std::string_view flaw;
  std::string ehlo = "client.example";
};

const std::string far = "u@sink.example";

std::vector<Pattern> patterns() {
  const std::string literal = "<s@[127.0.0.1]>";
  const std::string host = "<s@mx.example.test>";
  const std::string other = "<s@other.example>";
  return {
      {"U01", "<>", "<u@sink.example>", "relays-for-null-sender"},
      {"U02", "<s@sink.example>", "<u@sink.example>",
       "relays-for-same-domain-sender"},
      {"U03", host, "<u@sink.example>", "relays-for-local-sender"},
      {"U04", literal, "<u@sink.example>", "relays-for-literal-sender"},
      {"U05", literal, "<u%sink.example@[127.0.0.1]>", "relays-percent-hack"},
      {"U06", literal, "<u%sink.example@mx.example.test>",
       "relays-percent-hack"},
      {"U07", literal, "<\"u@sink.example\">", "relays-quoted-at"},
      {"U08", literal, "<\"u%sink.example\">", "relays-percent-hack"},
      {"U09", literal, "<u@sink.example@[127.0.0.1]>", "relays-quoted-at"},
      {"U10", literal, "<\"u@sink.example\"@[127.0.0.1]>", "relays-quoted-at"},
      {"U11", literal, "<u@sink.example@mx.example.test>", "relays-quoted-at"},
      {"U12", literal, "<@[127.0.0.1]:u@sink.example>", "relays-source-route"},
      {"U13", literal, "<@mx.example.test:u@sink.example>",
       "relays-source-route"},
      {"U14", literal, "<sink.example!u>", "relays-bang-path"},
      {"U15", literal, "<sink.example!u@[127.0.0.1]>", "relays-bang-path"},
      {"U16", literal, "<sink.example!u@mx.example.test>", "relays-bang-path"},
      {"U17", other, "<u@sink.example>", "relays-for-all"},
      {"U19", "<s>", "<u@sink.example>", "relays-for-local-sender"},
      {"U20", host, "<u%sink.example@mx.example.test>", "relays-percent-hack"},
      {"U21", host, "<u%sink.example@[127.0.0.1]>", "relays-percent-hack"},
      {"U22", host, "<\"u@sink.example\">", "relays-quoted-at"},
      {"U23", host, "<\"u%sink.example\">", "relays-percent-hack"},
      {"U24", host, "<u@sink.example@mx.example.test>", "relays-quoted-at"},
      {"U25", host, "<\"u@sink.example\"@mx.example.test>",
       "relays-quoted-at"},
      {"U26", host, "<u@sink.example@[127.0.0.1]>", "relays-quoted-at"},
      {"U27", host, "<@mx.example.test:u@sink.example>",
       "relays-source-route"},
      {"U28", host, "<@[127.0.0.1]:u@sink.example>", "relays-source-route"},
      {"U29", host, "<sink.example!u>", "relays-bang-path"},
      {"U30", host, "<sink.example!u@mx.example.test>", "relays-bang-path"},
      {"U31", host, "<sink.example!u@[127.0.0.1]>", "relays-bang-path"},
      {"U32", "<s@localhost>", "<u@sink.example>", "relays-for-local-sender"},
      {"U33", literal, "<\"u@sink.example@mx.example.test\">",
       "relays-quoted-at"},
      {"U34", host, "<\"u@sink.example\"@[127.0.0.1]>", "relays-quoted-at"},
      {"U35", "<postmaster@mx.example.test>", "<u@sink.example>",
       "relays-for-local-sender"},
      {"U36", "<u@sink.example>", "<u@sink.example>",
       "relays-for-same-domain-sender"},
      {"U37", "<s@rnd.sink.example>", "<u@sink.example>",
       "relays-for-same-domain-sender"},
      {"U38", "<s@client.example>", "<u@sink.example>", "relays-for-all"},
      {"U39", "<s@client.example>", far, "relays-without-brackets"},
      {"U40", host, "<u%[sink.example]@>", "relays-percent-hack"},
      {"U41", host, "<u@[sink.example]@>", "relays-quoted-at"},
      {"U42", "<s>", "<u%sink.example>", "relays-percent-hack"},
      {"U43", "<s>", "<\"u@sink.example\">", "relays-quoted-at"},
      {"U44", "<>", "<IMCEASMTP-u+40sink+2Eexample@example.test>",
       "relays-imceasmtp"},
      {"X01", host, "<u%sink.example@example.test>", "relays-percent-hack"},
      {"X02", host, "<\"u@sink.example\"@example.test>", "relays-quoted-at"},
      {"X03", host, "<sink.example!u@example.test>", "relays-bang-path"},
      {"X04", host, "<@example.test:u@sink.example>", "relays-source-route"},
      {"X05", host, "<@mx.example.test,@example.test:u@sink.example>",
       "relays-source-route"},
      {"X06", host, "<u%sink.example%example.test@mx.example.test>",
       "relays-percent-hack"},
      {"X07", host, "<u%sink.example@localhost>", "relays-percent-hack"},
      {"X08", host, "<u@sink.example@localhost>", "relays-quoted-at"},
      {"X09", host, "<@localhost:u@sink.example>", "relays-source-route"},
      {"X10", "<s@example.test>", "<u@sink.example>",
       "relays-for-local-sender"},
      {"X11", "<s@localhost.localdomain>", "<u@sink.example>",
       "relays-for-local-sender"},
      {"X12", literal, "<u@sink.example>", "relays-for-literal-sender"},
      {"X13", "<root>", "<u@sink.example>", "relays-for-local-sender"},
      {"X14", host, "<u@sink.example.>", "relays-trailing-dot"},
      {"X17", host, "<u=sink.example@example.test>", "relays-verp"},
      {"X18", host, "<SRS0=x=tt=sink.example=u@example.test>", "relays-verp"},
      {"X19", host, "<u+sink.example@example.test>", "relays-subaddress"},
      {"X20", host, "<u@example.test%sink.example>", "relays-percent-hack"},
      {"X21", host, "<u@example.test@sink.example>", "relays-quoted-at"},
      {"X22", host, "<\"u%sink.example\"@example.test>",
       "relays-percent-hack"},
      {"X23", host, "<u\\@sink.example@example.test>", "relays-quoted-at"},
      {"X24", host, "<u@sink.example(c)@example.test>", "relays-comment"},
      {"X25", host, "<u@sink.example\0@example.test>"s,
       "relays-nul-truncated"},
      {"X26", host, "<u@example.test\0@sink.example>"s,
       "relays-nul-truncated"},
      {"X27", host, "<u@sink.example @example.test>", "relays-comment"},
      {"X28", host, "<example.test!sink.example!u>", "relays-bang-path"},
      {"X29", host, "<mx.example.test!sink.example!u>", "relays-bang-path"},
      {"X30", host, "<u%sink.example@>", "relays-percent-hack"},
      {"X31", host, "<:u@sink.example>", "relays-source-route"},
      {"X32", host, "<alice@example.test>,<u@sink.example>",
       "relays-two-paths"},
      {"X33", host,
       "<u@sink.example> NOTIFY=NEVER ORCPT=rfc822;u@example.test",
       "relays-for-local-orcpt"},
      {"X34", other, "<u@sink.example>", "relays-for-ehlo-name", "localhost"},
      {"X35", other, "<u@sink.example>", "relays-for-ehlo-name",
       "example.test"},
      {"X36", other, "<u@sink.example>", "relays-for-ehlo-name",
       "mx.example.test"},
      {"X37", other, "<u@sink.example>", "relays-for-ehlo-name",
       "[127.0.0.1]"},
  };
}

TEST(RelayPattern, IsRelayedWithItsFlawOnly) {
  FlawSet catch_all = {"catch-all"_flaw};
  for (const Pattern& row : patterns()) {
    const Scene scene{transaction(row.sender, row.recipient, row.ehlo)};
    EXPECT_THAT(handed_over(scene, {}), IsEmpty()) << row.id;
    for (const Message& message : handed_over(scene, catch_all))
      EXPECT_FALSE(message.is_relayed) << row.id;
    const auto messages = handed_over(scene, {flaw_named(row.flaw)});
    ASSERT_THAT(messages, SizeIs(1)) << row.id << " " << row.flaw;
    EXPECT_TRUE(messages[0].is_relayed) << row.id;
    EXPECT_EQ(messages[0].recipients[0].address, far) << row.id;
  }
}

TEST(RelayPattern, OfALiteralIsRelayedToIt) {
  for (const std::string recipient :
       {"u@[192.0.2.25]", "u@[IPv6:2001:db8::25]"}) {
    const Scene scene{transaction("<s@mx.example.test>",
                                  "<" + recipient + ">")};
    EXPECT_THAT(handed_over(scene, {}), IsEmpty());
    const auto messages =
        handed_over(scene, {"relays-foreign-literal"_flaw});
    ASSERT_THAT(messages, SizeIs(1));
    EXPECT_EQ(messages[0].recipients[0].address, recipient);
  }
}

/// U18 is no attempt to relay: an address of ours, which a server may serve.
TEST(RelayPattern, OfOurLiteralIsTakenByACatchAll) {
  const Scene scene{transaction("<s@[127.0.0.1]>", "<u@[127.0.0.1]>")};
  EXPECT_THAT(handed_over(scene, {}), IsEmpty());
  const auto messages = handed_over(scene, {"catch-all"_flaw});
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_FALSE(messages[0].is_relayed);
  EXPECT_TRUE(handed_over(scene, {"relays-for-all"_flaw})[0].is_relayed);
}

TEST(RelayPattern, OfOursStaysHere) {
  const Reads ours = transaction("<a@b.example>", "<alice@example.test>");
  for (const Flaw& row : audit_flaws) {
    if (!row.name.starts_with("relays-")) continue;
    const auto messages = handed_over({ours}, {flaw_named(row.name)});
    ASSERT_THAT(messages, SizeIs(1)) << row.name;
    EXPECT_FALSE(messages[0].is_relayed) << row.name;
  }
}

TEST(Relaying, IsForTheTrustedAddressOnly) {
  const Reads reads = transaction("<a@b.example>", "<u@sink.example>");
  EXPECT_THAT(handed_over({reads, "127.0.0.9"}, {}), SizeIs(1));
  EXPECT_THAT(handed_over({reads, "127.0.0.1"}, {}), IsEmpty());
  EXPECT_THAT(handed_over({reads, "127.0.0.9", false, Service::submission}, {}),
              IsEmpty());
}

TEST(Relaying, PassesOnNoReturnPath) {
  const auto messages = handed_over(
      {mail("Subject: x\r\n\r\nx\r\n",
            "RCPT TO:<u@sink.example>\r\nRCPT TO:<alice@example.test>\r\n"),
       "127.0.0.9"},
      {});
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[0].id, messages[1].id);
  EXPECT_THAT(messages[0].octets, StartsWith("Return-Path: <a@b.example>\r\n"
                                             "Received: "));
  EXPECT_FALSE(messages[0].is_relayed);
  EXPECT_THAT(messages[1].octets, StartsWith("Received: "));
  EXPECT_TRUE(messages[1].is_relayed);
}

TEST(Relaying, KeepsWhatMailAndRcptSaid) {
  const auto messages = handed_over(
      {{"EHLO client.example\r\n",
        "MAIL FROM:<a@b.example> RET=hdrs ENVID=x+2By BODY=8BITMIME\r\n",
        "RCPT TO:<\"a b\"@sink.example> NOTIFY=success,delay "
        "ORCPT=rfc822;c@d\r\n",
        "DATA\r\n", ".\r\n"},
       "127.0.0.9"},
      {});
  ASSERT_THAT(messages, SizeIs(1));
  const Message& message = messages[0];
  EXPECT_EQ(message.options.returned, "HDRS");
  EXPECT_EQ(message.options.envelope_id, "x+2By");
  EXPECT_TRUE(message.options.is_eight_bit);
  const Recipient& recipient = message.recipients[0];
  EXPECT_EQ(recipient.address, "\"a b\"@sink.example");
  EXPECT_TRUE(recipient.notify.on_success);
  EXPECT_FALSE(recipient.notify.on_failure);
  EXPECT_EQ(recipient.original, "rfc822;c@d");
}

TEST(Relaying, SendsOnMailForWhoHasMoved) {
  const auto messages = handed_over(
      {transaction("<a@b.example>", "<carol@example.test>")}, {});
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_TRUE(messages[0].is_relayed);
  EXPECT_EQ(messages[0].recipients[0].address, "carol@elsewhere.example");
}

TEST(Relaying, KeepsNoPriorityAboveTheUsual) {
  const auto priority = [](const std::string& value, FlawSet flaws = {}) {
    return handed_over({transaction("<a@b.example> MT-PRIORITY=" + value,
                                    "<carol@example.test>")},
                       flaws)
        .at(0)
        .options.priority;
  };
  EXPECT_EQ(priority("9"), 0);
  EXPECT_EQ(priority("-4"), -4);
  EXPECT_EQ(priority("9", {"mt-priority-of-strangers-kept"_flaw}), 9);
}

/// RFC 3461 section 5.2.7.1.
TEST(Delivery, ToAListIsFinalAndMakesAMessageOfItsOwn) {
  const std::string rcpt =
      "<news@example.test> NOTIFY=SUCCESS ORCPT=rfc822;x@y.example";
  const Scene scene{transaction("<a@b.example> ENVID=e RET=FULL", rcpt)};
  const auto messages = handed_over(scene, {});
  ASSERT_THAT(messages, SizeIs(3));
  EXPECT_FALSE(messages[0].is_relayed);
  EXPECT_EQ(messages[1].recipients[0].address, "a@b.example");
  EXPECT_THAT(messages[1].octets, HasSubstr("\r\nAction: delivered\r\n"));
  const Message& copy = messages[2];
  EXPECT_TRUE(copy.is_relayed);
  EXPECT_EQ(copy.sender, "news-owner@example.test");
  EXPECT_THAT(copy.octets, StartsWith("Received: "));
  EXPECT_EQ(copy.options.envelope_id, "");
  EXPECT_EQ(copy.options.returned, "");
  ASSERT_THAT(copy.recipients, SizeIs(1));
  EXPECT_EQ(copy.recipients[0].address, "reader@elsewhere.example");
  EXPECT_EQ(copy.recipients[0].original, "");
  EXPECT_FALSE(copy.recipients[0].notify.is_given);

  const auto expanded = handed_over(scene, {"dsn-list-expanded"_flaw});
  EXPECT_THAT(expanded.at(1).octets, HasSubstr("\r\nAction: expanded\r\n"));
  EXPECT_THAT(handed_over(scene, {"dsn-list-success-missing"_flaw}), SizeIs(2));
  EXPECT_THAT(handed_over({transaction("<>", "<news@example.test>")}, {}),
              SizeIs(1));
}

TEST(Delivery, IsReportedOnRequest) {
  const std::string rcpt = "<alice@example.test> NOTIFY=SUCCESS";
  auto messages = handed_over({transaction("<a@b.example>", rcpt)}, {});
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1].sender, "");
  EXPECT_EQ(messages[1].recipients[0].address, "a@b.example");
  EXPECT_TRUE(messages[1].is_relayed);
  EXPECT_THAT(messages[1].octets, HasSubstr("\r\nAction: delivered\r\n"));
  EXPECT_THAT(handed_over({transaction("<>", rcpt)}, {}), SizeIs(1));
}

/// A second message in the data of the first: behind each of these ends.
TEST(Smuggling, MakesTwoMessagesWithItsFlawOnly) {
  struct Row {
    std::string end;
    FlawId flaw;
  };
  const std::vector<Row> rows = {
      {"\n.\n", "lf-dot-lf"_flaw},
      {"\r.\r", "cr-dot-cr"_flaw},
      {"\r.\n", "cr-dot-lf"_flaw},
      {"\n.\r", "lf-dot-cr"_flaw},
      {"\n.\r\n", "lf-dot-crlf"_flaw},
      {"\r\n.\n", "crlf-dot-lf"_flaw},
      {"\r.\r\n", "cr-dot-crlf"_flaw},
      {"\r\n.\r", "crlf-dot-cr"_flaw},
      {"\r\n.\r\r\n", "crlf-dot-cr-crlf"_flaw},
      {"\r\n\0.\r\n"s, "nul-dot"_flaw},
      {"\r\n.\0\r\n"s, "dot-nul"_flaw},
      {"\r\n. \r\n", "dot-space"_flaw},
      {"\r\n.\t\r\n", "dot-tab"_flaw},
      {"\x0b.\x0b", "odd-line-ends"_flaw},
      {"\x85.\x85", "odd-line-ends"_flaw},
      {"\xe2\x80\xa8.\xe2\x80\xa8", "odd-line-ends"_flaw},
  };
  for (const Row& row : rows) {
    for (const bool is_one_write : {true, false}) {
      const std::string hidden =
          "MAIL FROM:<evil@b.example>\r\nRCPT TO:<bob@example.test>\r\n"
          "DATA\r\nSubject: hidden\r\n\r\nx\r\n";
      Scene scene{mail("Subject: x\r\n\r\nx" + row.end + hidden)};
      if (is_one_write) {
        std::string all;
        for (const auto& read : scene.reads) all += read;
        scene.reads = {all};
      }
      EXPECT_LE(handed_over(scene, {}).size(), 1u) << row.flaw.name();
      const auto messages = handed_over(scene, {row.flaw});
      ASSERT_THAT(messages, SizeIs(2)) << row.flaw.name();
      EXPECT_EQ(messages[1].sender, "evil@b.example");
      EXPECT_THAT(messages[1].octets,
                  EndsWith("Subject: hidden\r\n\r\nx\r\n"));
    }
  }
}

TEST(Smuggling, InAChunkMakesTwoMessagesWithItsFlawOnly) {
  const std::string hidden =
      "x\r\n.\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<bob@example.test>\r\n"
      "DATA\r\nhidden\r\n.\r\n";
  Scene scene{mail("")};
  scene.reads.resize(2);
  scene.reads[1] =
      "MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.test>\r\n"
      "BDAT " + std::to_string(hidden.size()) + " LAST\r\n" + hidden;
  const auto right = handed_over(scene, {});
  ASSERT_THAT(right, SizeIs(1));
  EXPECT_THAT(right[0].octets, EndsWith(hidden));
  const auto messages = handed_over(scene, {"bdat-dot-ends-chunk"_flaw});
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[1].sender, "evil@b.example");
}

/// All that the sink or the owner of a mailbox could see.
std::vector<std::string> seen(const Scene& scene, const FlawSet& flaws) {
  std::vector<std::string> result;
  for (const Message& message : handed_over(scene, flaws)) {
    result.push_back(message.is_relayed ? "relayed" : "here");
    result.push_back(message.sender);
    result.push_back(message.options.author);
    result.push_back(message.octets);
    for (const Recipient& recipient : message.recipients)
      result.push_back(recipient.address);
  }
  return result;
}

std::vector<Scene> scenes() {
  const std::string to_sink = "<u@sink.example>";
  const std::string header = "Subject: x\r\nFrom: a@b.example\r\n";
  const std::string three = "RCPT TO:<alice@example.test>\r\n"
                            "RCPT TO:<bob@example.test>\r\n"
                            "RCPT TO:<theboss@example.test>\r\n";
  const Reads begin = {"EHLO client.example\r\nMAIL FROM:<a@b.example>\r\n"
                       "RCPT TO:<alice@example.test>\r\n"};
  const auto then = [&begin](const Reads& more) {
    Reads reads = begin;
    reads.insert(reads.end(), more.begin(), more.end());
    return reads;
  };
  std::vector<Scene> result;
  for (const Pattern& row : patterns())
    result.push_back({transaction(row.sender, row.recipient, row.ehlo)});
  for (const Scene& scene : std::vector<Scene>{
           {transaction("<a@b.example>", to_sink), "127.0.0.9"},
           {transaction("<a@b.example>", to_sink), "127.0.0.2", true},
           {transaction("<a@b.example> AUTH=a@b.example", to_sink)},
           {transaction("<s@mx.example.test>", "<u@[192.0.2.25]>")},
           {transaction("<a@b.example>", "<who@example.test>")},
           {transaction("<a@b.example>", "<who@mx.example.test>")},
           {transaction("<a@b.example>", "<alice@example.test> "
                                         "NOTIFY=SUCCESS")},
           {transaction("<a@b.example>", "<news@example.test> "
                                         "NOTIFY=SUCCESS")},
           {transaction("<>", "<alice@example.test>")},
           {transaction("<bob@example.test>", "<alice@example.test>")},
           {transaction("<a@b.example>",
                        "<@c.example,@d.example:alice@example.test>")},
           {transaction("<a@b.example>", "<alice@example.test>",
                        "client.example\nX: 1")},
           {transaction("<\"a\rX: 1\"@b.example>", "<alice@example.test>")},
           {transaction("<a@b.example> ENVID=a+0D", "<alice@example.test>")},
           {transaction("<a@b.example>", "<U.Mixed@sink.example>"),
            "127.0.0.9"},
           submitted("<alice@example.test> AUTH=<>", others_header),
           submitted("<a@squeaky.sales>", others_header),
           submitted("<alice@example.test> AUTH=a@b.example", others_header),
           {transaction("<a@b.example>", "<alice@example.test>", "[192.0.2.7]")},
           {transaction("<a@b.example>", "<alice@example.test>"), "127.0.0.2",
            true},
           {then({"AUTH PLAIN AGEAYg==\r\n", "RCPT TO:" + to_sink + "\r\n",
                  "DATA\r\n", ".\r\n"})},
           {then({"RCPT TO:" + to_sink + "\r\n", "DATA\r\n", ".\r\n"})},
           {then({"DATA\r\n", ".\r\n", "MAIL FROM:<a@b.example>\r\n",
                  "RCPT TO:" + to_sink + "\r\n", "DATA\r\n", ".\r\n"})},
           {then({"RSET\r\n", "MAIL FROM:<a@b.example>\r\n",
                  "RCPT TO:" + to_sink + "\r\n", "DATA\r\n", ".\r\n"})},
           {then({"QUIT\r\n"})},
           {then({"DATA\r\n", "Subject: half\r\n"}), "127.0.0.2", false,
            Service::mta, true},
           {then({"BDAT 9 LAST\r\n..\r\n.x\r\n"})},
           {then({"BDAT 9 LAST\r\nx\r\n.\r\nQ\r\n"})},
           {transaction("<a@b.example>", "<alice@example.test>"), "127.0.0.8"},
           {transaction("<a@b.example> MT-PRIORITY=-2",
                        "<alice@example.test>")},
           {then({"RCPT TO:<frank@example.test>\r\n", "DATA\r\n",
                  header + "\r\nx\r\n.\r\n"})},
           {{"EHLO client.example\r\n", "MAIL FROM:<>\r\n",
             "RCPT TO:<frank@example.test>\r\n", "DATA\r\n",
             header + "\r\nx\r\n.\r\n"}},
           {{"HELO client.example\r\n", "MAIL FROM:<a@b.example>\r\n",
             "RCPT TO:<alice@example.test>\r\n", "DATA\r\n", ".\r\n"}},
           {mail(header + "\r\nx\r\n", three)},
           {mail(header + "Message-ID: <c@b.example>\r\n\r\nx\r\n")},
           {mail(header + "\r\nx\n.y\r\n")},
           {mail(header + "To: <u@sink.example>\r\n\r\nx\r\n")},
           {mail("Received: a\r\nReceived: b\r\n" + header + "\r\nx \t\r\n"
                 "\x80 \r\n....\r\n" + std::string(100, 'x') + "\r\n")}}) {
    result.push_back(scene);
  }
  const Scene after_login{
      {"EHLO client.example\r\n", "AUTH PLAIN AGUAZQ==\r\n",
       "MAIL FROM:<a@b.example>\r\n", "RCPT TO:" + to_sink + "\r\n",
       "DATA\r\n", ".\r\n"},
      "127.0.0.2", true};
  result.push_back(after_login);
  return result;
}

TEST(AuditFlaws, EachOneShows) {
  const auto all = scenes();
  std::vector<std::vector<std::string>> right;
  for (const Scene& scene : all) right.push_back(seen(scene, {}));
  const std::set<std::string_view> elsewhere = {
      "dsn-never-ignored",               // courier_test
      "submission-date-missing",         // below
      "submission-date-two-digit-year",  // below
      "deferred-mail-delivered",         // below
      "futurerelease-released-at-once",  // below
  };
  for (const Flaw& row : audit_flaws) {
    if (elsewhere.contains(row.name)) continue;
    bool shows = false;
    for (std::size_t i = 0; i < all.size() && !shows; ++i)
      shows = seen(all[i], {flaw_named(row.name)}) != right[i];
    EXPECT_TRUE(shows) << row.name;
  }
}

TEST(AuditFlaws, DeliverWhatWasNotTaken) {
  const auto code = [](const std::string& content, const FlawSet& flaws) {
    Store store;
    Conversation conversation(store, flaws);
    std::string reply;
    for (const std::string& read : mail(content))
      reply = conversation.receive(read);
    return reply.substr(0, 3) + (store.messages().empty() ? "" : " delivered");
  };
  const std::string plain = "Subject: x\r\n\r\nx\r\n";
  const std::string with_id = "Message-ID: <c@b.example>\r\n" + plain;
  const std::string bare = "Subject: x\r\n\r\nx\n.y\r\n";
  EXPECT_EQ(code(with_id, {}), "250 delivered");
  EXPECT_EQ(code(with_id, {"drops-mail"_flaw}), "250");
  EXPECT_EQ(code(plain, {"drops-mail"_flaw}), "250 delivered");
  EXPECT_EQ(code(with_id, {"deferred-mail-delivered"_flaw}), "451 delivered");
  EXPECT_EQ(code(plain, {"deferred-mail-delivered"_flaw}), "250 delivered");
  EXPECT_EQ(code(bare, {}), "550");
  EXPECT_EQ(code(bare, {"refused-mail-delivered"_flaw}), "550 delivered");
  EXPECT_EQ(code(plain, {"refused-mail-delivered"_flaw}), "250 delivered");
}

TEST(AuditFlaws, SplitLinesAtBareLineEnds) {
  const FlawSet flaws = {"bare-line-ends-split-lines"_flaw};
  for (const std::string line_end : {"\n", "\r"}) {
    const Scene scene{mail("\r\n..a\r\nx" + line_end + ".." + line_end +
                           line_end + "y\r\n.. b\r\n")};
    EXPECT_THAT(handed_over(scene, {}), IsEmpty());
    EXPECT_THAT(handed_over(scene, flaws).at(0).octets,
                EndsWith("\r\n\r\n.a\r\nx\r\n.\r\n\r\ny\r\n. b\r\n"));
  }
}

TEST(AuditFlaws, SubmissionWithoutDate) {
  const Scene scene{mail("Subject: x\r\n\r\nx\r\n"), "127.0.0.1", false,
                    Service::submission};
  const FlawId open = "submission-open"_flaw;
  const std::string date = "\r\nDate: Sat, 21 Nov 2026 00:00:00 +0000\r\n";
  EXPECT_THAT(handed_over(scene, {open})[0].octets, HasSubstr(date));
  EXPECT_THAT(
      handed_over(scene, {open, "submission-date-missing"_flaw})[0].octets,
      Not(HasSubstr(date)));
  EXPECT_THAT(
      handed_over(scene, {open, "submission-date-two-digit-year"_flaw})[0]
          .octets,
      HasSubstr("\r\nDate: Sat, 21 Nov 26 00:00:00 +0000\r\n"));
}

TEST(Submission, HoldsMailOnRequest) {
  const auto release = [](const std::string& parameter, FlawSet flaws = {}) {
    return handed_over(submitted("<alice@example.test>" + parameter, ""), flaws)
        .at(0)
        .release;
  };
  const auto now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
  EXPECT_LT(release(""), now);
  EXPECT_EQ(release(" HOLDFOR=60"), now + std::chrono::minutes(1));
  EXPECT_EQ(release(" HOLDUNTIL=2026-11-21T00:01:00Z"),
            now + std::chrono::minutes(1));
  EXPECT_LT(release(" HOLDFOR=60", {"futurerelease-released-at-once"_flaw}),
            now);
}

TEST(Submission, NamesTheCipherSuite) {
  const auto octets = [](FlawSet flaws = {}) {
    return handed_over(submitted("<alice@example.test>", ""), flaws)
        .at(0)
        .octets;
  };
  const std::string clause = " tls TLS_AES_256_GCM_SHA384;\r\n";
  EXPECT_THAT(octets(), HasSubstr(clause));
  EXPECT_THAT(octets({"received-without-tls-clause"_flaw}),
              Not(HasSubstr(" tls ")));
  EXPECT_THAT(octets({"received-tls-clause-malformed"_flaw}),
              HasSubstr(" tls 256 bits;"));
  EXPECT_THAT(octets({"received-tls-suite-unregistered"_flaw}),
              HasSubstr(" tls AES_256_GCM_SHA384;"));
  EXPECT_THAT(handed_over({transaction("<a@b.example>", "<bob@example.test>"),
                           "127.0.0.2", true},
                          {})[0]
                  .octets,
              Not(HasSubstr(" tls ")));
}

TEST(Delivery, IsAnsweredForWhoIsAway) {
  const auto mail = [](const std::string& sender, FlawSet flaws = {}) {
    return handed_over({transaction(sender, "<Frank@example.test>")}, flaws);
  };
  EXPECT_THAT(mail("<a@b.example>"), SizeIs(2));
  EXPECT_EQ(mail("<a@b.example>")[1].recipients[0].address, "a@b.example");
  EXPECT_THAT(mail("<>"), SizeIs(1));
}

TEST(Relaying, IsForNobodyWhoIsBarred) {
  const Scene scene{transaction("<a@b.example>", "<alice@example.test>"),
                    "127.0.0.8"};
  EXPECT_THAT(handed_over(scene, {}), IsEmpty());
  EXPECT_THAT(handed_over(scene, {"refused-source-accepted"_flaw}), SizeIs(1));
}

TEST(Submission, NamesTheLoginWhereFromNamesAnother) {
  const auto octets = [](const std::string& header, const FlawSet& flaws = {}) {
    return handed_over(submitted("<alice@example.test>", header), flaws)
        .at(0).octets;
  };
  const std::string sender = "\r\nSender: <alice@example.test>\r\n";
  EXPECT_THAT(octets(others_header), HasSubstr(sender));
  EXPECT_THAT(octets(others_header, {"submission-sender-missing"_flaw}),
              Not(HasSubstr("Sender:")));
  EXPECT_THAT(octets("From: A <Alice@Example.test>\r\n"),
              Not(HasSubstr("Sender:")));
  EXPECT_THAT(octets(others_header + "Sender: c@d.example\r\n"),
              Not(HasSubstr(sender)));
  EXPECT_THAT(octets("Subject: x\r\n"), Not(HasSubstr("Sender:")));
}

TEST(Submission, ReplacesAMalformedMessageId) {
  const auto octets = [](const std::string& id, const FlawSet& flaws = {}) {
    return handed_over(submitted("<alice@example.test>",
                                 "From: <alice@example.test>\r\nMessage-ID:" +
                                     id + "\r\nSubject: y\r\n"),
                       flaws)
        .at(0).octets;
  };
  for (const std::string bad :
       {" none", " <none>", " <@b>", " <a@>", " <a b@c>", " a@b", " <a@b"}) {
    EXPECT_THAT(octets(bad), Not(HasSubstr("Message-ID:" + bad + "\r\n")))
        << bad;
    EXPECT_THAT(octets(bad), HasSubstr("@mx.example.test>\r\n")) << bad;
    EXPECT_THAT(octets(bad, {"submission-message-id-missing"_flaw}),
                HasSubstr("Message-ID:" + bad + "\r\n"));
  }
  for (const std::string good : {" <a@b>", "\r\n <a.b@[c]>", " (c) <a@b>"}) {
    EXPECT_THAT(octets(good), HasSubstr("Message-ID:" + good + "\r\n")) << good;
    EXPECT_THAT(octets(good), Not(HasSubstr("@mx.example.test>"))) << good;
  }
}

/// RFC 4954 section 5: nobody who names an author is believed.
TEST(Relaying, TellsTheNextHostThatTheAuthorIsUnknown) {
  const auto author = [](const std::string& parameter, const FlawSet& flaws) {
    return handed_over(submitted("<alice@example.test>" + parameter,
                                 others_header),
                       flaws)
        .at(0).options.author;
  };
  EXPECT_EQ(author("", {}), "");
  EXPECT_EQ(author(" AUTH=<>", {}), "<>");
  EXPECT_EQ(author(" AUTH=e+3Dmc2@b.example", {}), "<>");
  EXPECT_EQ(author(" AUTH=e+3Dmc2@b.example", {"auth-parameter-believed"_flaw}),
            "e+3Dmc2@b.example");
  EXPECT_EQ(author(" AUTH=<>", {"auth-parameter-null-replaced"_flaw}),
            "alice@example.test");
}

/// What clients and flaws get into trace fields.
TEST(AuditFlaws, OfInjectionShowWhereTheySay) {
  struct Row {
    Scene scene;
    std::string_view flaw;
    std::string text;
  };
  const std::string alice = "<alice@example.test>";
  const std::vector<Row> rows = {
      {{transaction("<a@b.example>", alice, "c.example\nX: 1")},
       "ehlo-line-end-accepted", "from c.example\nX: 1 ([127.0.0.2])"},
      {{transaction("<\"a\rX: 1\rb\"@b.example>", alice)},
       "address-line-end-accepted", "Return-Path: <\"a\rX: 1\rb\"@b.example>"},
      {{transaction("<a@b.example> ENVID=a+0D+0AX:+201", alice)},
       "received-shows-parameters", " (a\r\nX: 1)"},
      {{transaction("<a@b.example>", alice + " ORCPT=rfc822;a+0D+0AX:+201")},
       "received-shows-parameters", " (rfc822;a\r\nX: 1)"},
      {submitted(alice, others_header), "received-shows-password",
       " (password " + std::string(user_password) + ")"},
      {submitted(alice, others_header), "submission-from-rewritten",
       "\r\nFrom: <alice@example.test>\r\n"},
      {{transaction("<a@b.example>", "<u@sink.example>"), "127.0.0.9"},
       "relay-completes-header", "\r\nDate: Sat, 21 Nov 2026"},
  };
  for (const Row& row : rows) {
    for (const Message& message : handed_over(row.scene, {}))
      EXPECT_THAT(message.octets, Not(HasSubstr(row.text))) << row.flaw;
    const auto messages = handed_over(row.scene, {flaw_named(row.flaw)});
    ASSERT_THAT(messages, SizeIs(1)) << row.flaw;
    EXPECT_THAT(messages[0].octets, HasSubstr(row.text)) << row.flaw;
  }
}

TEST(AuditFlaws, OfTheEnvelopeShowWhereTheySay) {
  const auto mixed = handed_over(
      {transaction("<a@b.example>", "<U.Mixed@sink.example>"), "127.0.0.9"},
      {"relays-local-part-in-lower-case"_flaw});
  EXPECT_EQ(mixed.at(0).recipients[0].address, "u.mixed@sink.example");
  const std::string route = "@c.example,@d.example:alice@example.test";
  const auto followed =
      handed_over({transaction("<a@b.example>", "<" + route + ">")},
                  {"source-route-followed"_flaw});
  EXPECT_TRUE(followed.at(0).is_relayed);
  EXPECT_EQ(followed.at(0).recipients[0].address, route);
  const auto completed = handed_over(
      submitted("<a@squeaky.sales>", others_header),
      {"submission-domain-completed"_flaw});
  EXPECT_EQ(completed.at(0).sender, "a@squeaky.sales.example.test");
}

TEST(AuditFlaws, LosesTheFirstOfTwoMessages) {
  Scene scene{mail("Subject: first\r\n\r\nx\r\n")};
  for (const auto& read : mail("Subject: second\r\n\r\nx\r\n"))
    scene.reads.push_back(read);
  const auto messages =
      handed_over(scene, {"loses-every-second-message"_flaw});
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(messages[0].octets, HasSubstr("Subject: second\r\n"));
}

/// What one flaw puts where.
TEST(AuditFlaws, OfReceivedShowWhereTheySay) {
  const Scene scene{mail("Subject: x\r\n\r\nx\r\n",
                         "RCPT TO:<alice@example.test>\r\n"
                         "RCPT TO:<bob@example.test>\r\n")};
  const std::vector<std::pair<std::string_view, std::string>> rows = {
      {"received-without-from", "Received: \r\n\tby mx"},
      {"received-without-client", "Received: from unknown\r\n\tby mx"},
      {"received-without-address", "from client.example\r\n\tby mx"},
      {"received-without-by", "\r\n\twith ESMTP id 1;"},
      {"received-clauses-out-of-order", "\twith ESMTP by mx.example.test id"},
      {"received-for-two", "for <alice@example.test>,<bob@example.test>;"},
      {"received-for-other-recipient", "for <alice@example.test>;"},
      {"received-two-digit-year", "Sat, 21 Nov 26 00:00:00 +0000"},
      {"received-zone-name", "00:00:00 GMT\r\n"},
      {"received-bad-date", "Sat, 32 Foo 2026 00:00:00 +0000"},
      {"received-impossible-date", "Sat, 30 Feb 2026 00:00:00 +0000"},
      {"received-zone-unknown", "Sat, 21 Nov 2026 00:00:00 -0000"},
      {"received-without-date", " id 1\r\n"},
      {"received-unregistered-with", "with FASTSMTP id"},
      {"received-claims-s-in-clear", "with ESMTPS id"},
      {"received-8bit", "\xe9"},
      {"received-below", "Subject: x\r\nReceived:"},
      {"return-path-other", "Return-Path: <alice@example.test>\r\n"},
      {"return-path-without-brackets", "Return-Path: a@b.example\r\n"},
      {"return-path-twice", "<a@b.example>\r\nReturn-Path: <a@b.example>\r\n"},
      {"to-added", "\r\nTo: alice@example.test, bob@example.test\r\n\r\n"},
      {"added-line-no-field", "\r\nThis mail was looked at\r\n\r\n"},
      {"apparently-to-added",
       "\r\nApparently-To: alice@example.test, bob@example.test\r\n\r\n"},
  };
  for (const auto& [flaw, text] : rows) {
    EXPECT_THAT(handed_over(scene, {})[0].octets, Not(HasSubstr(text))) << flaw;
    EXPECT_THAT(handed_over(scene, {flaw_named(flaw)})[0].octets,
                HasSubstr(text));
  }
}

}  // namespace
}  // namespace smtpspec::server
