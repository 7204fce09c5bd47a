#include "fuzzing/mutator.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "fuzzing/structure.h"
#include "smtp/sasl.h"

namespace smtpspec::fuzzing {
namespace {

constexpr const char* seed_text =
    "C: EHLO ${client}\n"
    "S:\n"
    "C: MAIL FROM:<${sender}>\n"
    "S:\n"
    "C: RCPT TO:<${recipient}>\n"
    "S:\n"
    "C: DATA\n"
    "S:\n"
    "C> Subject: ${token}\\r\\n\\r\\ntext\\r\\n.\\r\\n\n"
    "S:\n"
    "C: QUIT\n"
    "S:\n";

Input seed() { return parse_input(seed_text, "seed"); }

/// `count` mutations of the seed, each of up to five on top of each other.
template <class Look>
void look_at_mutations(unsigned count, const Look& look) {
  const auto& dictionary = Dictionary::builtin();
  Input input = seed();
  for (unsigned i = 0; i < count; ++i) {
    if (i % 5 == 0) input = seed();
    Random random(i);
    mutate(input, random, dictionary, nullptr);
    look(input);
  }
}

bool keeps_limits(const Input& input) {
  std::size_t octets = 0;
  for (const Unit& unit : input.units) octets += unit.octets.size();
  // Names of mechanisms are no octets that are sent.
  return !input.units.empty() && input.units.size() <= Input::max_units &&
         octets <= Input::max_octets + 32 * Input::max_units;
}

/// Whether the octets of `units` stand in `input` one behind the other.
bool holds(const Input& input, const std::vector<Unit>& units) {
  return std::search(input.units.begin(), input.units.end(), units.begin(),
                     units.end(), [](const Unit& a, const Unit& b) {
                       return a.kind == b.kind && a.octets == b.octets;
                     }) != input.units.end();
}

TEST(Mutator, KeepsLimitsAndWhatItMakesCanBeWrittenDown) {
  look_at_mutations(10'000, [](const Input& input) {
    ASSERT_TRUE(keeps_limits(input));
    ASSERT_EQ(parse_input(print(input), "f"), input);
  });
}

TEST(Mutator, KeepsLimitsOfWhatGrowsOnAndOn) {
  Input input = seed();
  Random random(1);
  for (int i = 0; i < 1'000; ++i) {
    mutate(input, random, Dictionary::builtin(), nullptr);
    ASSERT_TRUE(keeps_limits(input));
    input = cross_over(input, input, random);
    ASSERT_TRUE(keeps_limits(input));
  }
  EXPECT_EQ(parse_input(print(input), "f"), input);
}

TEST(Mutator, TheSameSeedGivesTheSameSession) {
  for (unsigned i = 0; i < 500; ++i) {
    Input first = seed();
    Input second = seed();
    Random random(i);
    mutate(first, random, Dictionary::builtin(), nullptr);
    random.seed(i);
    mutate(second, random, Dictionary::builtin(), nullptr);
    ASSERT_EQ(first, second);
  }
}

TEST(Mutator, NearlyEverySeedGivesAnotherSession) {
  std::set<std::string> texts;
  for (unsigned i = 0; i < 1'000; ++i) {
    Input input = seed();
    Random random(i);
    mutate(input, random, Dictionary::builtin(), nullptr);
    texts.insert(print(input));
  }
  EXPECT_GE(texts.size(), 750u);
}

TEST(Mutator, SessionsOfNothingBeginWithHello) {
  unsigned hellos = 0;
  for (unsigned i = 0; i < 1'000; ++i) {
    Input input;
    Random random(i);
    mutate(input, random, Dictionary::builtin(), nullptr);
    ASSERT_FALSE(input.units.empty());
    hellos += is_hello(input.units.front()) ? 1 : 0;
  }
  EXPECT_GE(hellos, 800u);
}

TEST(Mutator, MostSessionsStaySensible) {
  unsigned sessions = 0;
  unsigned greeted = 0;
  unsigned quits_early = 0;
  unsigned open_content = 0;
  unsigned wrong_sizes = 0;
  unsigned waits = 0;
  unsigned units = 0;
  look_at_mutations(10'000, [&](const Input& input) {
    ++sessions;
    greeted += is_hello(input.units.front()) ? 1 : 0;
    bool quits = false;
    bool is_wrong = false;
    for (std::size_t i = 0; i < input.units.size(); ++i) {
      Unit unit = input.units[i];
      quits = quits || (verb_of(unit) == "QUIT" && i + 1 < input.units.size());
      frame_chunk(unit);
      is_wrong = is_wrong || unit != input.units[i];
      waits += unit.waits ? 1 : 0;
      ++units;
    }
    quits_early += quits ? 1 : 0;
    wrong_sizes += is_wrong ? 1 : 0;
    open_content +=
        phases(input.units).back() == Phase::content ? 1 : 0;
  });
  EXPECT_GE(greeted, sessions * 8 / 10);
  EXPECT_LE(quits_early, sessions * 3 / 10);
  EXPECT_LE(wrong_sizes, sessions / 10);
  EXPECT_LE(open_content, sessions / 10);
  EXPECT_GE(waits, units * 7 / 10);
  EXPECT_LE(units, sessions * 40);
}

TEST(Mutator, ReachesEachBlock) {
  std::set<std::string> missing;
  for (const Block& block : Dictionary::builtin().blocks())
    missing.insert(block.name);
  look_at_mutations(10'000, [&](const Input& input) {
    for (auto name = missing.begin(); name != missing.end();) {
      const auto& units = Dictionary::builtin().find_block(*name)->units;
      name = holds(input, units) ? missing.erase(name) : std::next(name);
    }
  });
  EXPECT_THAT(missing, testing::IsEmpty());
}

TEST(Mutator, ReachesOrdersInWhichServersForget) {
  std::map<std::string, unsigned> found{{"three RSET in a transaction", 0},
                                        {"two chunks", 0},
                                        {"two cancelled logins", 0},
                                        {"three messages", 0},
                                        {"TLS inside a transaction", 0},
                                        {"MAIL twice", 0},
                                        {"ten recipients", 0},
                                        {"a line beyond 512", 0}};
  look_at_mutations(20'000, [&](const Input& input) {
    const auto phase = phases(input.units);
    std::map<std::string, unsigned> verbs;
    unsigned resets = 0;
    unsigned messages = 0;
    for (std::size_t i = 0; i < input.units.size(); ++i) {
      const Unit& unit = input.units[i];
      const std::string verb = verb_of(unit);
      ++verbs[verb];
      resets += verb == "RSET" && phase[i] >= Phase::mail ? 1 : 0;
      messages += phase[i] == Phase::content ? 1 : 0;
      found["two chunks"] += verb == "BDAT" && phase[i] == Phase::chunks;
      found["MAIL twice"] += verb == "MAIL" && phase[i] == Phase::mail;
      found["TLS inside a transaction"] +=
          unit.kind == Unit::Kind::tls && phase[i] == Phase::mail;
      found["a line beyond 512"] +=
          unit.kind == Unit::Kind::octets && unit.octets.find('\r') >= 511;
    }
    found["three RSET in a transaction"] += resets >= 3;
    found["three messages"] += messages >= 3;
    found["two cancelled logins"] += verbs["*"] >= 2;
    found["ten recipients"] += verbs["RCPT"] >= 10;
  });
  for (const auto& [what, count] : found) EXPECT_GE(count, 60u) << what;
}

TEST(Mutator, OctetsAreChangedByWhoIsAsked) {
  unsigned calls = 0;
  const ByteMutator bytes = [&](std::uint8_t* data, std::size_t size,
                                std::size_t max_size) {
    EXPECT_LT(size, max_size);
    ++calls;
    data[size] = '!';
    return size + 1;
  };
  for (unsigned i = 0; i < 1'000; ++i) {
    Input input = seed();
    Random random(i);
    mutate(input, random, Dictionary::builtin(), bytes);
  }
  EXPECT_GE(calls, 20u);
}

TEST(Mutator, LoginsAreSuchAsCanBeSaid) {
  unsigned twists = 0;
  look_at_mutations(20'000, [&](const Input& input) {
    for (const Unit& unit : input.units) {
      if (unit.kind != Unit::Kind::login) continue;
      ASSERT_TRUE(smtp::is_sasl_mechanism(unit.octets));
      if (unit.twist.empty()) continue;
      ASSERT_TRUE(smtp::has_sasl_twist(unit.octets, unit.twist));
      ++twists;
    }
  });
  EXPECT_GE(twists, 100u);
}

TEST(Mutator, CrossedSessionsHavePartsOfBoth) {
  const Input other = parse_input("C: EHLO b\nS:\nC: NOOP b\nS:\n", "f");
  unsigned both = 0;
  for (unsigned i = 0; i < 200; ++i) {
    Random random(i);
    const Input result = cross_over(seed(), other, random);
    ASSERT_TRUE(keeps_limits(result));
    ASSERT_EQ(result.units.front(), seed().units.front());
    both += holds(result, {command("NOOP b")}) ? 1 : 0;
  }
  EXPECT_GE(both, 100u);
  Random random(1);
  EXPECT_EQ(cross_over(seed(), {}, random), seed());
  EXPECT_EQ(cross_over({}, other, random), other);
}

}  // namespace
}  // namespace smtpspec::fuzzing
