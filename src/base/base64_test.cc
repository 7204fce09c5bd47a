#include "base/base64.h"

#include <gtest/gtest.h>

namespace smtpspec::base {
namespace {

using namespace std::string_literals;

TEST(Base64, WritesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, ReadsBackEveryOctet) {
  std::string octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(octets)), octets);
  EXPECT_EQ(base64_decode("AHVzZXIAcGFzcw=="), "\0user\0pass"s);
}

TEST(Base64, RefusesWhatNoEncoderWrites) {
  for (const auto* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n",
                           " Zm9v", "Zm-v", "Zg==Zg==", "====", "="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace smtpspec::base
