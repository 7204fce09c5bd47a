#include "fuzzing/memory_watch.h"

#include <gtest/gtest.h>

#include <vector>

namespace smtpspec::fuzzing {
namespace {

constexpr std::uint64_t mib = 1024;

/// After how many samples growth is steady; 0: never.
std::size_t steady_after(const std::vector<std::uint64_t>& samples_mib) {
  MemoryWatch watch;
  for (std::size_t i = 0; i < samples_mib.size(); ++i)
    if (watch.add(samples_mib[i] * mib)) return i + 1;
  return 0;
}

TEST(MemoryWatch, RisingAtEachOfEightSamplesIsSteadyGrowth) {
  EXPECT_EQ(steady_after({30, 45, 60, 75, 90, 105, 120, 135, 150}), 8U);
}

TEST(MemoryWatch, ServerThatComesToRestDoesNotGrow) {
  EXPECT_EQ(steady_after({30, 60, 90, 110, 120, 125, 127, 127, 127, 127, 127}),
            0U);
}

TEST(MemoryWatch, OneSampleThatDoesNotRiseBeginsAnew) {
  EXPECT_EQ(steady_after({30, 50, 70, 90, 110, 130, 150, 149, 170, 190, 210}),
            0U);
  EXPECT_EQ(steady_after({50, 40, 60, 80, 100, 120, 140, 160, 180}), 9U);
}

TEST(MemoryWatch, SmallGrowthIsNotEnough) {
  // 64 MiB, and twice the first, are both not enough.
  EXPECT_EQ(steady_after({10, 19, 28, 37, 46, 55, 64, 74}), 0U);
  EXPECT_EQ(steady_after({10, 19, 28, 37, 46, 55, 64, 75}), 8U);
  EXPECT_EQ(steady_after({100, 110, 120, 130, 140, 150, 160, 200, 201}), 9U);
}

TEST(MemoryWatch, SaysFromWhereToWhere) {
  MemoryWatch watch;
  for (std::uint64_t i = 0; i < 8; ++i) watch.add((30 + 15 * i) * mib);
  EXPECT_EQ(watch.words(),
            "the memory of the server grew from 30 MiB to 135 MiB, at each of "
            "8 samples");
  watch.clear();
  EXPECT_FALSE(watch.add(500 * mib));
}

Input session_of(const std::string& octets) {
  return {{{Unit::Kind::octets, octets, "", false, true}}};
}

TEST(MemoryWatch, SessionThatKeepsMemoryIsFoundAmongMany) {
  std::vector<Input> suspects;
  for (int i = 0; i < 501; ++i)
    suspects.push_back(session_of("NOOP " + std::to_string(i) + "\r\n"));
  const Input leak = suspects[321] = session_of("RSET\r\n");
  const Gain gain = [&](std::span<const Input> inputs) {
    std::int64_t kib = 0;
    for (const Input& input : inputs) kib += input == leak ? 64 : 1;
    return kib;
  };
  EXPECT_EQ(heaviest(suspects, gain), leak);
  EXPECT_EQ(heaviest({&leak, 1}, gain), leak);
}

TEST(MemoryWatch, RoundCountsOnlyWhereMuchIsKept) {
  std::int64_t kib = 2 * least_gain_kib;
  // As of who comes to rest.
  const Gain gain = [&](std::span<const Input>) { return kib -= 100; };
  EXPECT_EQ(rounds_with_gain(session_of("RSET\r\n"), 5, gain), 2);
}

}  // namespace
}  // namespace smtpspec::fuzzing
