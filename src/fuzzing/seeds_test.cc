#include "fuzzing/seeds.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "scenario/loader.h"
#include "scenario/yaml.h"

namespace smtpspec::fuzzing {
namespace {

using testing::EndsWith;

/// The seed of a scenario with these keys and this dialog; "none" without one.
std::string seed(const std::string& keys, const std::string& dialog) {
  std::string text = "title: t\nclause: 5321-4.2-a\nflaw: one-reply-missing\n" +
                     keys + "dialog: |\n";
  std::string line;
  for (const char c : dialog) {
    if (line.empty()) line = "  ";
    line += c;
    if (c == '\n') text += std::exchange(line, "");
  }
  const auto scenario = scenario::parse_scenario(
      text, "scenarios/a/b.yaml", scenario::Requirements::builtin());
  const auto input = seed_of({&scenario, &scenario.cases.front()});
  return input ? print(*input) : "none";
}

const scenario::Catalog& catalog() {
  static const scenario::Catalog all = [] {
    scenario::Catalog result(scenario::Requirements::builtin());
    result.add_builtin();
    return result;
  }();
  return all;
}

TEST(Seeds, TheDialogStandsBehindWhatFromSays) {
  EXPECT_EQ(seed("", "C: NOOP\nS: 250\n"),
            "C: EHLO ${client}\nS:\nC: NOOP\nS:\n");
  EXPECT_EQ(seed("from: connect\n", "S: 220\nC: NOOP\nS: 250\n"),
            "C: NOOP\nS:\n");
  EXPECT_EQ(seed("from: auth\nlistener: submission\n", "C: NOOP\nS: 250\n"),
            "C: EHLO ${client}\nS:\nC: STARTTLS\nS:\nTLS:\nC: EHLO "
            "${client}\nS:\nAUTH: PLAIN\nC: NOOP\nS:\n");
  EXPECT_EQ(seed("from: rcpt\nlistener: lmtp\n", "C: NOOP\nS: 250\n"),
            "C: LHLO ${client}\nS:\nC: MAIL FROM:<${sender}>\nS:\nC: RCPT "
            "TO:<${recipient}>\nS:\nC: NOOP\nS:\n");
}

TEST(Seeds, MailDataIsOneUnit) {
  EXPECT_EQ(seed("from: data\n", "C: Subject: ${token}\nC:\nC> a\\n\nC: .\n"
                                 "S: 250\nC: NOOP\nS: 250\n"),
            "C: EHLO ${client}\nS:\nC: MAIL FROM:<${sender}>\nS:\nC: RCPT "
            "TO:<${recipient}>\nS:\nC: DATA\nS:\n"
            "C> Subject: ${token}\\r\\n\\r\\na\\n.\\r\\n\nS:\nC: NOOP\nS:\n");
}

TEST(Seeds, AChunkStandsBehindItsCommand) {
  EXPECT_THAT(seed("from: rcpt\nneeds: [CHUNKING]\n",
                   "C: BDAT 4 LAST\nC> ab\\r\\n\nS: 250\n"),
              EndsWith("S:\nC> BDAT 4 LAST\\r\\nab\\r\\n\nS:\n"));
}

TEST(Seeds, FunctionsAreDoneAndTimeStandsStill) {
  EXPECT_EQ(seed("from: connect\n",
                 "C: NOOP ${repeat(ab, 3)}${base64(x)}\nS: 250\n"),
            "C: NOOP abababeA==\nS:\n");
  EXPECT_EQ(seed("from: connect\n", "C: NOOP ${utc(3600)}\nS: 250\n"),
            "C: NOOP 2027-01-01T00:00:00Z\nS:\n");
  EXPECT_EQ(seed("from: connect\n", "C: NOOP \\\\${utc(9)}\nS: 250\n"),
            "C: NOOP \\\\2027-01-01T00:00:00Z\nS:\n");
  EXPECT_EQ(seed("from: connect\n", "C: NOOP \\${utc(9)}\nS: 250\n"),
            "C: NOOP ${utc(9)}\nS:\n");
  EXPECT_EQ(seed("from: connect\n", "C: NOOP ${base64(${user})}\nS: 250\n"),
            seed("from: connect\n", "C: NOOP ${base64(some-user)}\nS: 250\n"));
}

TEST(Seeds, GroupsLoginsAndHandshakesKeepTheirForm) {
  EXPECT_EQ(seed("needs: [PIPELINING]\nfrom: connect\n",
                 "C*2: NOOP ${n}\nS*2: 250\nWAIT: 2s\nAUTH: PLAIN (wrong "
                 "password)\nS: 535\nC: STARTTLS\nS: 220\nTLS: handshake\n"),
            "C: NOOP 1\nC: NOOP 2\nS:\nAUTH: PLAIN (wrong password)\nC: "
            "STARTTLS\nS:\nTLS:\n");
}

TEST(Seeds, WhatAServerSaidCannotBeSaidBack) {
  EXPECT_EQ(seed("", "C: NOOP\nS: 250 ~ /(?<word>.+)/\nC: NOOP ${word}\n"
                     "S: 250\n"),
            "none");
}

TEST(Seeds, WhatIsTooLongIsLeftOut) {
  EXPECT_EQ(seed("from: connect\n", "C: ${repeat(x, 70000)}\nS: 500\n"), "none");
}

TEST(Seeds, TheCatalogGivesManyThatDiffer) {
  const auto seeds = seeds_of(catalog());
  EXPECT_GE(seeds.size(), 300u);
  std::set<std::string> names;
  std::set<std::string> texts;
  for (const Seed& seed : seeds) {
    names.insert(seed.name);
    const std::string text = print(seed.input);
    texts.insert(text);
    EXPECT_EQ(parse_input(text, seed.name), seed.input) << seed.name;
    EXPECT_EQ(seed.name.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyz0123456789-"),
              std::string::npos);
  }
  EXPECT_EQ(names.size(), seeds.size());
  EXPECT_EQ(texts.size(), seeds.size());
}

TEST(Seeds, FilesOfTheCorpusAreSessions) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           SMTPSPEC_SOURCE_DIR "/corpus/server")) {
    const std::string path = entry.path();
    EXPECT_FALSE(parse_input(scenario::read_file(path), path).units.empty());
    ++files;
  }
  EXPECT_GE(files, 300u);
}

TEST(Seeds, TimeAndChanceDoNotChangeThem) {
  const auto first = seeds_of(catalog());
  const auto second = seeds_of(catalog());
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(first[i].input, second[i].input);
}

}  // namespace
}  // namespace smtpspec::fuzzing
