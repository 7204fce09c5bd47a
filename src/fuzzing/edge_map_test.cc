#include "fuzzing/edge_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace smtpspec::fuzzing {
namespace {

alignas(4096) std::uint8_t counters[64 * 1024];

int id_of(const EdgeMap& map) {
  return std::stoi(map.environment().front().second);
}

/// What a server built for AFL does: attaches the segment, and counts.
void count_in_another_process(int id, std::size_t edge) {
  const pid_t child = fork();
  if (child == 0) {
    auto* edges = static_cast<std::uint8_t*>(shmat(id, nullptr, 0));
    if (reinterpret_cast<std::intptr_t>(edges) == -1) _exit(1);
    edges[edge] = 7;
    _exit(0);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(EdgeMap, WhatAnotherProcessCountsIsSeenInTheCounters) {
  const EdgeMap map(counters);
  EXPECT_EQ(map.counters().data(), counters);
  count_in_another_process(id_of(map), 1234);
  EXPECT_EQ(counters[1234], 7);
  // And again: a server may be started anew.
  count_in_another_process(id_of(map), 5);
  EXPECT_EQ(counters[5], 7);
}

TEST(EdgeMap, NothingIsLeftBehind) {
  int id = 0;
  {
    const EdgeMap map(counters);
    id = id_of(map);
    shmid_ds state{};
    ASSERT_EQ(shmctl(id, IPC_STAT, &state), 0);
    // Whoever is killed now leaves nothing.
    EXPECT_TRUE(state.shm_perm.mode & SHM_DEST);
  }
  shmid_ds state{};
  EXPECT_EQ(shmctl(id, IPC_STAT, &state), -1);
  // The place of the counters is still there.
  counters[0] = 1;
  EXPECT_EQ(counters[0], 1);
}

TEST(EdgeMap, HowOftenAnEdgeWasTakenDoesNotCount) {
  EdgeMap map(counters);
  map.counters()[3] = 200;
  map.counters()[65'535] = 1;
  map.flatten();
  EXPECT_EQ(map.counters()[3], 1);
  EXPECT_EQ(map.counters()[65'535], 1);
  EXPECT_EQ(map.counters()[4], 0);
}

TEST(EdgeMap, TellsTheServerWhichAndHowLarge) {
  const EdgeMap map(counters);
  const auto environment = map.environment();
  ASSERT_EQ(environment.size(), 2U);
  EXPECT_EQ(environment[0].first, "__AFL_SHM_ID");
  EXPECT_EQ(environment[1],
            (std::pair<std::string, std::string>("AFL_MAP_SIZE", "65536")));
}

TEST(EdgeMap, LiesOverWholePagesOnly) {
  EXPECT_THROW(EdgeMap(std::span(counters).subspan(1, 4096)),
               std::invalid_argument);
  EXPECT_THROW(EdgeMap(std::span(counters).first(100)), std::invalid_argument);
  EXPECT_THROW(EdgeMap(std::span<std::uint8_t>()), std::invalid_argument);
}

}  // namespace
}  // namespace smtpspec::fuzzing
