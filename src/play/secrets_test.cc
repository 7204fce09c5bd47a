#include "play/secrets.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace smtpspec::play {
namespace {

const std::string password = "c0rrect-Horse-7";

TEST(Secrets, AreHiddenAsTheyAre) {
  EXPECT_EQ(Secrets({password}).hide("500 " + password + "?"),
            "500 " + std::string(password.size(), '*') + "?");
}

TEST(Secrets, AreHiddenInBase64WhereverTheyStand) {
  const std::string login("\0u\0", 3);
  for (const std::string& before : {std::string(), std::string("a"), std::string("ab"), login}) {
    for (const char* after : {"", "x", "xy"}) {
      const std::string text = base::base64_encode(before + password + after);
      const std::string hidden = Secrets({password}).hide(text);
      // At most the octets that share a character with a neighbour are left.
      const auto stars = std::count(hidden.begin(), hidden.end(), '*');
      EXPECT_GE(stars, static_cast<long>(password.size() * 8 / 6 - 1)) << text;
    }
  }
}

TEST(Secrets, NoSecretHidesNothing) {
  EXPECT_EQ(Secrets({""}).hide("250 Ok"), "250 Ok");
}

}  // namespace
}  // namespace smtpspec::play
