#include "fuzzing/minimise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

namespace smtpspec::fuzzing {
namespace {

Unit line(const std::string& text, bool waits = true) {
  return {Unit::Kind::octets, text + "\r\n", "", false, waits};
}

bool has(const Input& input, const std::string& text) {
  return std::ranges::any_of(input.units, [&](const Unit& unit) {
    return unit.octets.find(text) != std::string::npos;
  });
}

/// Minimises, and counts; each input that is tried is another one, and whole.
class Minimising : public testing::Test {
 protected:
  Input run(const Input& input, const Shows& shows) {
    return minimise(
        input,
        [&](const Input& candidate) {
          ++executions_;
          EXPECT_FALSE(candidate.units.empty());
          EXPECT_TRUE(tried_.insert(print(candidate)).second);
          return shows(candidate);
        },
        limits_);
  }

  MinimiseLimits limits_;
  std::size_t executions_ = 0;
  std::set<std::string> tried_;
};

TEST_F(Minimising, LeavesSixOf33Units) {
  Input input;
  for (int i = 0; i < 33; ++i)
    input.units.push_back(line("unit" + std::to_string(i)));
  const std::vector<std::string> wanted{"unit1\r",  "unit5\r",  "unit12\r",
                                        "unit13\r", "unit25\r", "unit30\r"};
  const Input result = run(input, [&](const Input& candidate) {
    return std::ranges::all_of(wanted, [&](const std::string& text) {
      return has(candidate, text);
    });
  });
  EXPECT_EQ(result.units.size(), 6U);
  EXPECT_LT(executions_, 200U);
}

TEST_F(Minimising, ResultIsMinimalInUnits) {
  // Either of two will do, and one unit needs another in front of it.
  Input input;
  for (int i = 0; i < 20; ++i)
    input.units.push_back(line(std::string(1, static_cast<char>('a' + i))));
  const Shows shows = [](const Input& candidate) {
    return (has(candidate, "c") || has(candidate, "q")) && has(candidate, "h");
  };
  const Input result = run(input, shows);
  for (std::size_t i = 0; i < result.units.size(); ++i) {
    Input less = result;
    less.units.erase(less.units.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(shows(less)) << i;
  }
  EXPECT_EQ(result.units.size(), 2U);
}

TEST_F(Minimising, TakesLinesAndOctetsAway) {
  Input input{{{Unit::Kind::octets,
                "DATA\r\nSubject: a\r\nneedle in hay\r\n.\r\n", "", false,
                true}}};
  const Input result = run(input, [](const Input& candidate) {
    return has(candidate, "needle");
  });
  ASSERT_EQ(result.units.size(), 1U);
  EXPECT_EQ(result.units[0].octets, "needle");
  EXPECT_LT(executions_, 60U);
}

TEST_F(Minimising, ParameterThatIsNotNeededGoesAsAWhole) {
  const Input input{{line("MAIL FROM:<${sender}> MT-PRIORITY=9")}};
  const Input result = run(input, [](const Input& candidate) {
    const std::string& octets = candidate.units[0].octets;
    return octets.starts_with("MAIL FROM:<") &&
           (octets.ends_with(">\r\n") ||
            octets.ends_with("> MT-PRIORITY=9\r\n"));
  });
  EXPECT_EQ(result.units[0].octets, "MAIL FROM:<>\r\n");
}

TEST_F(Minimising, VariableStandsOrFallsAsAWhole) {
  const Input input{{line("MAIL FROM:<${sender}> SIZE=100")}};
  const Input result = run(input, [](const Input& candidate) {
    const std::string& octets = candidate.units[0].octets;
    const bool is_whole = octets.find("${") == std::string::npos ||
                          octets.find("${sender}") != std::string::npos;
    EXPECT_TRUE(is_whole) << octets;
    return octets.find("<${sender}") != std::string::npos;
  });
  EXPECT_EQ(result.units[0].octets, "<${sender}");
}

/// One chunk, of which BDAT gives the size, with octets in it.
bool is_sound_chunk(const Input& input) {
  const std::string& octets = input.units[0].octets;
  const auto line_end = octets.find("\r\n");
  return octets.starts_with("BDAT ") && line_end != std::string::npos &&
         octets.size() > line_end + 2 &&
         octets.substr(5, line_end - 5) ==
             std::to_string(octets.size() - line_end - 2);
}

TEST_F(Minimising, ChunkThatGetsSmallerSaysSo) {
  const Input input{{{Unit::Kind::octets, "BDAT 18\r\nSubject: chunks\r\n\r",
                      "", false, true}}};
  const Input result = run(input, is_sound_chunk);
  EXPECT_EQ(result.units[0].octets.size(), std::string("BDAT 1\r\nS").size());
}

TEST_F(Minimising, ChunkThatHasAnotherSizeThanItSaysKeepsThat) {
  const Input input{{line("BDAT 9")}};
  const Input result = run(input, [](const Input& candidate) {
    return has(candidate, "BDAT 9");
  });
  EXPECT_EQ(result.units[0].octets, "BDAT 9");
}

TEST_F(Minimising, FindsTheLeastLengthOfALongRunCheaply) {
  const Input input{{line("NOOP " + std::string(3000, 'y'))}};
  const Input result = run(input, [](const Input& candidate) {
    return candidate.units[0].octets.size() >= 512;
  });
  EXPECT_EQ(result.units[0].octets.size(), 512U);
  EXPECT_LT(executions_, 100U);
}

TEST_F(Minimising, MakesLongValuesPlain) {
  std::string strange;
  for (int i = 0; i < 40; ++i) strange += static_cast<char>('!' + i % 20);
  const Input input{{line("NOOP " + strange)}};
  const Input result = run(input, [](const Input& candidate) {
    return candidate.units[0].octets.size() == 47;
  });
  EXPECT_EQ(result.units[0].octets, "NOOP " + std::string(40, 'x') + "\r\n");
}

TEST_F(Minimising, ClearsSplitsAndSetsWaits) {
  Input input{{line("A", false), line("B", false)}};
  input.units[0].is_split = true;
  input.units[1].is_split = true;
  const Input result = run(input, [](const Input& candidate) {
    // The second one must be split, and the first not be waited for.
    return candidate.units.size() == 2 && has(candidate, "A\r\n") &&
           has(candidate, "B\r\n") && candidate.units[1].is_split &&
           !candidate.units[0].waits;
  });
  EXPECT_FALSE(result.units[0].is_split);
  EXPECT_FALSE(result.units[0].waits);
  EXPECT_TRUE(result.units[1].is_split);
  EXPECT_TRUE(result.units[1].waits);
}

TEST_F(Minimising, LeavesHandshakesAndLoginsWhole) {
  const Input input{{{Unit::Kind::tls, "", "", false, true},
                     {Unit::Kind::login, "SCRAM-SHA-256", "", false, true},
                     line("NOOP")}};
  const Input result = run(input, [](const Input& candidate) {
    return candidate.units.size() == 3;
  });
  EXPECT_EQ(result.units[0], input.units[0]);
  EXPECT_EQ(result.units[1], input.units[1]);
}

TEST_F(Minimising, WhatAnythingShowsIsNeverEmpty) {
  Input input;
  for (int i = 0; i < 40; ++i) input.units.push_back(line("NOOP"));
  const Input result = run(input, [](const Input&) { return true; });
  ASSERT_EQ(result.units.size(), 1U);
  EXPECT_EQ(result.units[0].octets.size(), 1U);
}

TEST_F(Minimising, WhatNothingElseShowsIsGivenBack) {
  const Input input{{line("EHLO x"), line("NOOP")}};
  EXPECT_EQ(run(input, [](const Input&) { return false; }), input);
}

TEST_F(Minimising, StopsAtItsLimits) {
  Input input;
  for (int i = 0; i < 100; ++i)
    input.units.push_back(line("unit" + std::to_string(i)));
  limits_.executions = 7;
  run(input, [](const Input& candidate) { return has(candidate, "unit50"); });
  EXPECT_EQ(executions_, 7U);

  executions_ = 0;
  limits_.deadline = std::chrono::steady_clock::time_point::min();
  EXPECT_EQ(run(input, [](const Input&) { return true; }), input);
  EXPECT_EQ(executions_, 0U);
}

TEST_F(Minimising, ErrorsComeThrough) {
  const Shows shows = [](const Input&) -> bool {
    throw std::runtime_error("no server");
  };
  EXPECT_THROW(run({{line("A"), line("B")}}, shows), std::runtime_error);
}

}  // namespace
}  // namespace smtpspec::fuzzing
