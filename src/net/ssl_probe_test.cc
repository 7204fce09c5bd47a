#include "net/ssl_probe.h"

#include <gtest/gtest.h>

namespace smtpspec::net {
namespace {

using std::string_literals::operator""s;

TEST(SslProbe, AClientHelloHasTheLengthThatItSays) {
  const auto number = [](const std::string& octets, std::size_t at) {
    return (static_cast<unsigned char>(octets[at]) & 0x7fu) * 256u +
           static_cast<unsigned char>(octets[at + 1]);
  };
  const std::string ssl3 = client_hello(OldSsl::ssl3);
  EXPECT_EQ(number(ssl3, 3), ssl3.size() - 5);
  EXPECT_EQ(number(ssl3, 7), ssl3.size() - 9);
  const std::string ssl2 = client_hello(OldSsl::ssl2);
  EXPECT_EQ(number(ssl2, 0), ssl2.size() - 2);
}

TEST(SslProbe, AServerHelloOfThatVersionAloneIsTaken) {
  const auto ssl3 = [](const std::string& octets) {
    return judge_answer(OldSsl::ssl3, octets);
  };
  const std::string hello = "\x16\x03\x00\x00\x2a\x02\x00\x00\x26"s;
  EXPECT_EQ(ssl3(hello), OldSslAnswer::incomplete);
  EXPECT_EQ(ssl3(hello + "\x03\x00"s), OldSslAnswer::taken);
  EXPECT_EQ(ssl3(hello + "\x03\x01"s), OldSslAnswer::refused);
  EXPECT_EQ(ssl3("\x15\x03\x00\x00\x02\x02\x28"s), OldSslAnswer::refused);
  EXPECT_EQ(ssl3("454 no"), OldSslAnswer::plaintext);
  EXPECT_EQ(ssl3("\x15"), OldSslAnswer::incomplete);

  const auto ssl2 = [](const std::string& octets) {
    return judge_answer(OldSsl::ssl2, octets);
  };
  EXPECT_EQ(ssl2("\x80\x1e\x04\x00\x01\x00\x02"s), OldSslAnswer::taken);
  EXPECT_EQ(ssl2("\x80\x03\x00\x00\x01"s), OldSslAnswer::refused);
  EXPECT_EQ(ssl2("\x15\x03\x01\x00\x02\x02\x46"s), OldSslAnswer::refused);
}

}  // namespace
}  // namespace smtpspec::net
