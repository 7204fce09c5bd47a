#include "play/segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace smtpspec::play {
namespace {

using testing::ElementsAre;

TEST(Segmentation, CutsBehindEveryCarriageReturnLineFeedAndDot) {
  EXPECT_THAT(segments("a\r\n.\r\nb", Segmentation::at_borders),
              ElementsAre("a\r", "\n", ".", "\r", "\n", "b"));
}

TEST(Segmentation, CutsOneOctetAtATime) {
  EXPECT_THAT(segments("abc", Segmentation::octets),
              ElementsAre("a", "b", "c"));
}

TEST(Segmentation, WritesAGroupAsItStands) {
  EXPECT_THAT(segments("a\r\nb\r\n", Segmentation::as_written),
              ElementsAre("a\r\nb\r\n"));
}

TEST(Segmentation, LosesNothingOfALongMail) {
  const std::string mail(100'000, '.');
  std::string joined;
  const auto pieces = segments(mail, Segmentation::octets);
  for (const auto piece : pieces) joined += piece;
  EXPECT_EQ(joined, mail);
  EXPECT_LT(pieces.size(), 1000u);
}

}  // namespace
}  // namespace smtpspec::play
