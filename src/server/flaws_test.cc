#include "server/flaws.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>

namespace smtpspec::server {
namespace {

using testing::MatchesRegex;

TEST(Flaws, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Flaw& flaw : all_flaws())
    EXPECT_TRUE(names.insert(flaw.name).second) << flaw.name;
}

TEST(Flaws, AreNamedInKebabCaseAndToldInASentence) {
  for (const Flaw& flaw : all_flaws()) {
    EXPECT_THAT(std::string(flaw.name), MatchesRegex("[a-z0-9]+(-[a-z0-9]+)*"));
    EXPECT_THAT(std::string(flaw.sentence), MatchesRegex("[A-Z][ -~]*\\."))
        << flaw.name;
  }
}

TEST(Flaws, AreDeepByTheirNameAndInATableOfTheirOwn) {
  const auto deep = std::count_if(
      all_flaws().begin(), all_flaws().end(),
      [](const Flaw& flaw) { return is_deep(flaw.name); });
  EXPECT_EQ(static_cast<std::size_t>(deep), deep_flaws.size());
  for (const Flaw& flaw : deep_flaws) EXPECT_TRUE(is_deep(flaw.name));
}

TEST(Flaws, AreFoundByName) {
  EXPECT_EQ(find_flaw("two-replies"), "two-replies"_flaw);
  EXPECT_EQ("two-replies"_flaw.name(), "two-replies");
  EXPECT_FALSE(find_flaw("three-replies"));
}

TEST(FlawSet, HoldsWhatWasPutIn) {
  FlawSet flaws;
  EXPECT_TRUE(flaws.empty());
  flaws.insert("two-replies"_flaw);
  EXPECT_TRUE(flaws.contains("two-replies"_flaw));
  EXPECT_FALSE(flaws.contains("one-reply-missing"_flaw));
}

}  // namespace
}  // namespace smtpspec::server
