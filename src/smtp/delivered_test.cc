#include "smtp/delivered.h"

#include <gtest/gtest.h>

namespace smtpspec::smtp {
namespace {

constexpr std::string_view sent =
    "Received: from o by one.example; Sun, 22 Nov 2026 04:00:00 +0000\r\n"
    "Received: from p by two.example; Sun, 22 Nov 2026 03:00:00 +0000\r\n"
    "From: <a@client.example>\r\n"
    "Subject: a\r\n folded one\r\n"
    "\r\n"
    "text\r\nFrom here\r\n\r\n";
constexpr std::string_view added =
    "Return-Path: <a@client.example>\r\n"
    "Received: from c by mx.example; Sun, 22 Nov 2026 04:18:25 +0000\r\n";

std::string replace(std::string text, std::string_view from,
                    std::string_view to) {
  const auto at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// The fates of our fields as letters, then the places of the added ones.
std::string compare(std::string_view ours, const std::string& octets) {
  const auto arrived = parse_message(octets);
  const Delivered delivered(arrived, ours, {});
  std::string text;
  for (const auto& field : delivered.ours)
    text += "srcg"[static_cast<int>(field.fate)];
  for (const auto at : delivered.added) text += ' ' + std::to_string(at);
  return text;
}

TEST(Delivered, AddedFieldsAndOurOwnAreToldApart) {
  const auto whole = std::string(added) + std::string(sent);
  EXPECT_EQ(compare(sent, whole), "ssss 0 1");
  EXPECT_EQ(compare(sent, with_line_feeds(whole)), "ssss 0 1");
  EXPECT_EQ(compare(sent, replace(whole, "\r\n folded", " folded")),
            "sssr 0 1");
  EXPECT_EQ(compare(sent, replace(whole, "Subject: a", "Subject: *SPAM* a")),
            "sssc 0 1");
}

TEST(Delivered, ALostReceivedLineIsNotTakenForTheNewOne) {
  const auto whole = std::string(added) + std::string(sent);
  const auto lost = replace(whole, sent.substr(0, sent.find('\n') + 1), "");
  EXPECT_EQ(compare(sent, lost), "gsss 0 1");
  EXPECT_EQ(compare(sent, replace(whole, "from o", "from x")), "csss 0 1");
}

TEST(Delivered, AReturnPathOnTopIsTheTargetsEvenIfWeSentTheSame) {
  const std::string path = "Return-Path: <a@client.example>\r\n";
  const auto ours = path + std::string(sent);
  EXPECT_EQ(compare(ours, std::string(added) + std::string(sent)), "gssss 0 1");
  EXPECT_EQ(compare(ours, std::string(added) + ours), "sssss 0 1");
}

TEST(Delivered, TheLowestNewReceivedLineIsTheHopThatTookOurMail) {
  const auto arrived = parse_message("Received: from mx by filter; x\r\n" +
                                     std::string(added) + std::string(sent));
  const Delivered delivered(arrived, sent, {});
  ASSERT_TRUE(delivered.hop());
  EXPECT_EQ(delivered.hop()->find("from")->value(), "c");
  DeliveryFacts generated;
  generated.is_generated = true;
  EXPECT_FALSE(Delivered(arrived, sent, generated).hop());
}

std::string change(std::string_view ours, const std::string& octets,
                   bool is_mailbox = false) {
  const auto found = content_changes(ours, parse_message(octets), is_mailbox);
  return found ? found->text() : "";
}

TEST(ContentChanges, NothingIsSaidOfAddedFieldsAndOneMoreLineEnd) {
  const auto whole = std::string(added) + std::string(sent);
  EXPECT_EQ(change(sent, whole), "");
  EXPECT_EQ(change(sent, whole + "\r\n"), "");
  EXPECT_NE(change(sent, whole + "\r\nfooter\r\n"), "");
  EXPECT_EQ(change("A: b\r\n\r\nno end", "A: b\r\n\r\nno end\r\n"), "");
}

TEST(ContentChanges, AMailboxMayKeepLineFeedsAndQuoteFromLines) {
  const auto kept =
      replace(with_line_feeds(std::string(added) + std::string(sent)),
              "\nFrom here", "\n>From here");
  EXPECT_EQ(change(sent, kept, true), "");
  EXPECT_NE(
      change(sent, std::string(added) + replace(std::string(sent),
                                                "\nFrom here", "\n>From here")),
      "");
  EXPECT_NE(change(sent, replace(kept, "text", ">text"), true), "");
}

TEST(ContentChanges, TheFirstDifferenceIsShown) {
  const auto whole = std::string(added) + std::string(sent);
  EXPECT_EQ(
      change(sent, replace(whole, "\r\n\r\ntext", "\r\n\r\nteXt")),
      "at octet 2 of the body we sent \"xt\\r\\nFrom here\\r\\n\\r\\n\", and "
      "\"Xt\\r\\nFrom here\\r\\n\\r\\n\" arrived");
  EXPECT_EQ(change(sent, replace(whole, "Subject: a", "Subject: b")),
            "Subject: we sent \"Subject: a\\r\\n folded one\\r\\n\", and "
            "\"Subject: b\\r\\n folded one\\r\\n\" arrived");
  EXPECT_EQ(change(sent, replace(whole, "From: <a@client.example>\r\n", "")),
            "From is gone: \"From: <a@client.example>\\r\\n\"");
  EXPECT_NE(change("A: b\r\n\r\nx\ny\r\n", "A: b\r\n\r\nx\r\ny\r\n"), "");
  EXPECT_NE(change("A: b\r\n\r\nlong\r\ntext\r\n", "A: b\r\n\r\nlong\r\n"), "");
  EXPECT_NE(change("A: b\r\n\r\nblank \r\n", "A: b\r\n\r\nblank\r\n"), "");
}

TEST(ContentChanges, ABodyWithoutHeaderMayGetOne) {
  EXPECT_EQ(
      change("hello\r\n\r\nx\r\n", "Received: y\r\n\r\nhello\r\n\r\nx\r\n"),
      "");
  EXPECT_EQ(change("hello\r\n\r\nx\r\n", "Received: y\r\nhello\r\n\r\nx\r\n"),
            "");
  EXPECT_EQ(change("\r\nx\r\n", "Received: y\r\n\r\nx\r\n"), "");
}

}  // namespace
}  // namespace smtpspec::smtp
