#include "fuzzing/dictionary.h"

#include <gmock/gmock.h>

#include <set>

#include "base/source.h"
#include "base/text.h"
#include "fuzzing/structure.h"
#include "scenario/requirements.h"

namespace smtpspec::fuzzing {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Dictionary, WordsHaveAKindAndEscapes) {
  Dictionary dictionary;
  dictionary.add_words("# a comment\n\nverb=\"NOOP\"\nend=\"\\x0d\\\"\\\\=\"\n",
                       "f");
  EXPECT_THAT(dictionary.words(WordKind::verb), ElementsAre("NOOP"));
  EXPECT_THAT(dictionary.words(WordKind::end), ElementsAre("\r\"\\="));
}

TEST(Dictionary, ErrorsSayWhere) {
  const auto error = [](const char* text) -> std::string {
    try {
      Dictionary().add_words(text, "f");
    } catch (const base::SourceError& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_THAT(error("NOOP\n"), HasSubstr("f:1:1: it is written kind=\"word\""));
  EXPECT_THAT(error("\nx=\"a\"\n"), HasSubstr("f:2:1: unknown kind of word"));
  EXPECT_THAT(error("verb=\"\\q\"\n"), HasSubstr("f:1:7: unknown escape"));
  EXPECT_THAT(error("verb=\"\\x0\"\n"), HasSubstr("unknown escape"));
  EXPECT_THAT(error("verb=\"a\n"), HasSubstr("'\"' ends the line"));
  EXPECT_THAT(error("verb=\"a\\\"\n"), HasSubstr("'\"' ends the line"));
  EXPECT_THAT(error("verb=\"a\"b\n"), HasSubstr("'\"' ends the line"));
  EXPECT_THAT(error("verb=\"\"\n"), HasSubstr("without an octet"));
}

TEST(Dictionary, BuiltInHasWordsOfEachKindAndNoneTwice) {
  for (std::size_t kind = 0; kind < word_kinds; ++kind) {
    const auto& words = Dictionary::builtin().words(static_cast<WordKind>(kind));
    EXPECT_FALSE(words.empty()) << kind;
    EXPECT_EQ(std::set(words.begin(), words.end()).size(), words.size()) << kind;
  }
}

TEST(Dictionary, BuiltInKnowsTheKeywordsOfTheLedger) {
  const auto& words = Dictionary::builtin();
  for (const auto& row : scenario::Requirements::builtin().rows()) {
    if (row.requires_keywords == "none") continue;
    for (const auto part : base::split(row.requires_keywords, '+')) {
      const auto names = base::words(part);
      EXPECT_THAT(words.words(WordKind::keyword),
                  Contains(std::string(names.front())))
          << row.id;
      if (names.size() > 1) {
        EXPECT_THAT(words.words(WordKind::mechanism),
                    Contains(std::string(names[1])));
      }
    }
  }
}

TEST(Dictionary, EachVerbOfTheDictionaryIsKnown) {
  for (const auto& verb : Dictionary::builtin().words(WordKind::verb))
    EXPECT_TRUE(is_known_verb(verb)) << verb;
}

TEST(Dictionary, BlocksAreWholeAndFramed) {
  const auto& blocks = Dictionary::builtin().blocks();
  EXPECT_GE(blocks.size(), 40u);
  for (const Block& block : blocks) {
    EXPECT_FALSE(block.units.empty()) << block.name;
    EXPECT_TRUE(block.units.back().waits) << block.name;
    for (Unit unit : block.units) {
      const std::string before = unit.octets;
      frame_chunk(unit);
      EXPECT_EQ(unit.octets, before) << block.name;
    }
    EXPECT_NE(phases(block.units).back(), Phase::content) << block.name;
  }
}

TEST(Dictionary, LmtpSaysLhlo) {
  const Block* hello = Dictionary::builtin(true).find_block("hello");
  ASSERT_NE(hello, nullptr);
  EXPECT_EQ(hello->units[0].octets, "LHLO ${client}\r\n");
  EXPECT_THAT(Dictionary::builtin(true).words(WordKind::verb),
              Not(Contains("EHLO")));
  EXPECT_EQ(Dictionary::builtin().find_block("hello")->units[0].octets,
            "EHLO ${client}\r\n");
  EXPECT_EQ(Dictionary::builtin().find_block("no such"), nullptr);
}

}  // namespace
}  // namespace smtpspec::fuzzing
