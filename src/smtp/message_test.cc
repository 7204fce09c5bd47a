#include "smtp/message.h"

#include <gtest/gtest.h>

namespace smtpspec::smtp {
namespace {

TEST(Message, FieldsAndBodyAreTakenApart) {
  const auto message = parse_message(
      "Received: from a\r\n\tby b\r\nSubject : x\r\n\r\nbody\r\n\r\nmore\r\n");
  ASSERT_EQ(message.fields.size(), 2u);
  EXPECT_EQ(message.fields[0].name, "Received");
  EXPECT_EQ(message.fields[0].body, " from a\r\n\tby b");
  EXPECT_EQ(message.fields[0].unfolded(), "from a\tby b");
  EXPECT_TRUE(message.fields[1].is("subject"));
  EXPECT_EQ(message.body, "body\r\n\r\nmore\r\n");
}

TEST(Message, AMailboxKeepsLineFeedsAndAFromLine) {
  const auto message =
      parse_message("From a@b Sun Nov 22 04:18:25 2026\nA: b\n\nbody\n");
  ASSERT_EQ(message.fields.size(), 2u);
  EXPECT_EQ(message.fields[0].name, "");
  EXPECT_TRUE(message.fields[0].body.starts_with("From a@b"));
  EXPECT_EQ(message.body, "body\n");
}

TEST(Message, NoOctetIsLost) {
  const std::string samples[] = {"",
                                 "\n",
                                 "\r\n",
                                 "\r",
                                 "\r\r\n\n",
                                 " x\n y\n",
                                 ":\r\n",
                                 "A:\r\n",
                                 "A:b",
                                 "no field\r\nA: b\r\n",
                                 "\xff\xfe: x\r\n\r\n",
                                 std::string("\0\n\0:\0", 5),
                                 "A: b\r\n\rc\r\n \n\n\n",
                                 "A: b\n \r\n\r\n\r\n"};
  for (const auto& octets : samples)
    EXPECT_EQ(print(parse_message(octets)), octets);
}

TEST(Message, ManyLinesTakeLinearTime) {
  std::string octets;
  for (int i = 0; i < 200000; ++i) octets += i % 3 ? " \n" : "A:\n";
  EXPECT_EQ(print(parse_message(octets)), octets);
}

TEST(Message, PartsOfAReportAreFound) {
  const auto message = parse_message(
      "Content-Type: multipart/report; report-type=delivery-status;\r\n"
      "\tboundary=\"a;b\"\r\n\r\npreamble\r\n--a;b\r\n\r\ntext\r\n"
      "--a;b\r\nContent-Type: Message/Delivery-Status\r\n\r\nx: y\r\n"
      "--a;b--\r\nafter\r\n");
  EXPECT_EQ(media_type(message), "multipart/report");
  EXPECT_EQ(type_parameter(message, "Report-Type"), "delivery-status");
  const auto parts = parts_of(message);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].type, "text/plain");
  EXPECT_EQ(parts[1].type, "message/delivery-status");
  EXPECT_EQ(parts[1].content, "x: y\r\n");
}

TEST(Message, AReportCutShortKeepsItsLastPart) {
  const auto message = parse_message(
      "Content-Type: multipart/report; boundary=x\n\n--x\n\ntext");
  ASSERT_EQ(parts_of(message).size(), 1u);
  EXPECT_EQ(parts_of(message)[0].content, "text");
}

}  // namespace
}  // namespace smtpspec::smtp
