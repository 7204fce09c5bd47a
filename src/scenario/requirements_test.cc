#include "scenario/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/source.h"

namespace smtpspec::scenario {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string header =
    "id\trfc\tsection\tlevel\tside\tvantage\trequires\trequirement\t"
    "stimulus_expected\n";

std::string row(const std::string& id, const std::string& level,
                const std::string& text = "Do.", const std::string& rfc = "1") {
  return id + "\t" + rfc + "\t1\t" + level + "\ts\twire\tnone\t" + text +
         "\tx => y\n";
}

Requirements parse(const std::string& ledger,
                   const std::string& rulings = "rulings: []",
                   const std::string& reasons = "") {
  return Requirements::parse(header + ledger, "l.tsv", rulings, "r.yaml",
                             "id\treason\n" + reasons, "s.tsv");
}

template <typename... Arguments>
std::string error(const Arguments&... arguments) {
  try {
    parse(arguments...);
  } catch (const base::SourceError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Requirements, LevelDecidesWhatAFailureIs) {
  const auto all = parse(row("a", "MUST NOT") + row("b", "SHOULD NOT") +
                         row("c", "must (lowercase, normative by ABNF)") +
                         row("d", "should (lowercase)") + row("e", "MAY") +
                         row("f", "MUST", "Do.", "5321bis"));
  EXPECT_EQ(all.find("a")->level, Level::must);
  EXPECT_EQ(all.find("b")->level, Level::should);
  EXPECT_EQ(all.find("c")->level, Level::must);
  EXPECT_EQ(all.find("d")->level, Level::may);
  EXPECT_EQ(all.find("e")->level, Level::may);
  EXPECT_EQ(all.find("f")->level, Level::may);
  EXPECT_EQ(all.find("g"), nullptr);
}

TEST(Requirements, SeeNamesRows) {
  const auto all = parse(row("a", "MUST") + row("b", "MUST") +
                         row("c", "MUST") + row("d", "MUST", "see a, b and c"));
  EXPECT_THAT(all.find("d")->see, ElementsAre("a", "b", "c"));
  EXPECT_THAT(all.find("a")->see, IsEmpty());
}

TEST(Requirements, RulingsAndReasonsBelongToRows) {
  const auto all = parse(row("a", "MUST") + row("b", "MUST"),
                         "rulings:\n"
                         "  - id: one\n"
                         "    title: One\n"
                         "    clauses: [a, b]\n"
                         "    text: Said once.\n",
                         "b\tnot seen from outside\n");
  ASSERT_EQ(all.rulings_for("a").size(), 1U);
  EXPECT_EQ(all.rulings_for("a")[0]->text, "Said once.");
  EXPECT_EQ(all.reason("b"), "not seen from outside");
  EXPECT_EQ(all.reason("a"), "");
}

TEST(Requirements, ErrorsPointAtTheCell) {
  EXPECT_EQ(error(row("a", "MIGHT")),
            "l.tsv:2:7: unknown level 'MIGHT'\n"
            "  a\t1\t1\tMIGHT\ts\twire\tnone\tDo.\tx => y\n"
            "   \t \t \t^");
  EXPECT_THAT(error(row("a", "MUST") + row("a", "MUST")),
              HasSubstr("l.tsv:3:1: id 'a' twice"));
  EXPECT_THAT(error(std::string("a\tb\n")), HasSubstr("9 columns, not 2"));
  EXPECT_THAT(error(row("a", "MUST", "see b")), HasSubstr("no row 'b'"));
  EXPECT_THAT(error(row("", "MUST")), HasSubstr("a row without an id"));
}

TEST(Requirements, ErrorsOfRulingsAndReasons) {
  const auto one = row("a", "MUST");
  const std::string none = "rulings: []";
  EXPECT_THAT(error(one, std::string("rulings:\n - id: x\n")),
              HasSubstr("r.yaml:2:4: 'title' is missing"));
  EXPECT_THAT(error(one, std::string("rulings:\n - {id: x, title: y, "
                                     "clauses: q, text: z}\n")),
              HasSubstr("no clause 'q'"));
  EXPECT_THAT(error(one, none, std::string("q\tx\n")),
              HasSubstr("s.tsv:2:1: no row 'q'"));
  EXPECT_THAT(error(one, none, std::string("a\t\n")),
              HasSubstr("an empty reason"));
  EXPECT_THAT(error(one, none, std::string("a\tx\na\ty\n")),
              HasSubstr("s.tsv:3:1: id 'a' twice"));
}

TEST(Requirements, BuiltInLedgerIsWhole) {
  const auto& all = Requirements::builtin();
  EXPECT_GE(all.rows().size(), 1085U);
  ASSERT_NE(all.find("5321-4.5.2-a"), nullptr);
  EXPECT_EQ(all.find("5321-4.5.2-a")->section, "4.5.2");
}

}  // namespace
}  // namespace smtpspec::scenario
