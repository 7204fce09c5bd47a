#include "play/mann_whitney.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace smtpspec::play {
namespace {

using Values = std::vector<double>;

/// `count` numbers from `first` on.
Values from(double first, std::size_t count) {
  Values result(count);
  std::iota(result.begin(), result.end(), first);
  return result;
}

TEST(MannWhitney, SamplesThatAreWhollyApartGiveOneWayOfAll) {
  // 2 / (a + b choose a).
  EXPECT_DOUBLE_EQ(mann_whitney(from(1, 3), from(4, 3)), 2.0 / 20);
  EXPECT_DOUBLE_EQ(mann_whitney(from(1, 5), from(6, 5)), 2.0 / 252);
  EXPECT_DOUBLE_EQ(mann_whitney(from(1, 10), from(11, 10)), 2.0 / 184756);
  EXPECT_DOUBLE_EQ(mann_whitney(from(11, 10), from(1, 10)), 2.0 / 184756);
}

/// Moves the lowest of b below so many of a, from wholly apart: U is `u`.
double p_of_u(std::size_t size, std::size_t u) {
  Values a = from(0, size);
  Values b = from(1000, size);
  for (std::size_t i = 0; u > 0; ++i) {
    const std::size_t below = std::min(u, size);
    b[i] = static_cast<double>(size - below) - 0.5 +
           0.01 * static_cast<double>(i);
    u -= below;
  }
  return mann_whitney(a, b);
}

TEST(MannWhitney, AgreesWithTheTablesOfCriticalValues) {
  struct Row {
    std::size_t size;
    std::size_t critical_05;
    std::size_t critical_01;
  };
  // Two-sided, as in every textbook.
  for (const Row& row :
       {Row{5, 2, 0}, Row{6, 5, 2}, Row{7, 8, 4}, Row{8, 13, 7}, Row{9, 17, 11},
        Row{10, 23, 16}, Row{12, 37, 27}, Row{15, 64, 51}, Row{20, 127, 105}}) {
    EXPECT_LE(p_of_u(row.size, row.critical_05), 0.05) << row.size;
    EXPECT_GT(p_of_u(row.size, row.critical_05 + 1), 0.05) << row.size;
    EXPECT_LE(p_of_u(row.size, row.critical_01), 0.01) << row.size;
    EXPECT_GT(p_of_u(row.size, row.critical_01 + 1), 0.01) << row.size;
  }
}

TEST(MannWhitney, GivesWhatOtherProgramsGive) {
  // Hollander and Wolfe (1973), page 69; R's manual of wilcox.test.
  EXPECT_NEAR(mann_whitney(
                  Values{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73,
                         1.46},
                  Values{1.15, 0.88, 0.90, 0.74, 1.21}),
              0.2544, 0.00005);
}

TEST(MannWhitney, EqualValuesShareTheirRanks) {
  // All 126 ways to choose four of the nine ranks, counted one by one.
  EXPECT_DOUBLE_EQ(mann_whitney(Values{1, 2, 2, 3}, Values{2, 3, 4, 4, 5}),
                   11.0 / 126);
  EXPECT_DOUBLE_EQ(mann_whitney(Values{1, 1, 1}, Values{1, 1, 1}), 1);
}

TEST(MannWhitney, NothingTellsNothing) {
  EXPECT_DOUBLE_EQ(mann_whitney({}, Values{1}), 1);
  EXPECT_DOUBLE_EQ(mann_whitney(Values{1}, {}), 1);
  EXPECT_DOUBLE_EQ(mann_whitney(Values{1}, Values{2}), 1);
}

}  // namespace
}  // namespace smtpspec::play
