#include "scenario/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/source.h"

namespace smtpspec::scenario {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Requirements& ledger() {
  const auto row = [](const std::string& id, const std::string& rfc,
                      const std::string& section, const std::string& text) {
    return id + "\t" + rfc + "\t" + section + "\tMUST\ts\twire\tnone\t" + text +
           "\tx => y\n";
  };
  static const auto result = Requirements::parse(
      "id\trfc\tsection\tlevel\tside\tvantage\trequires\trequirement\t"
      "stimulus_expected\n" +
          row("1-4.1-a", "1", "4.1", "Do.") +
          row("1-4.1.2-a", "1", "4.1.2", "Do.") +
          row("1-4.10-a", "1", "4.10", "Do.") +
          row("2-1-a", "2", "1", "see 1-4.10-a"),
      "l", "rulings: []", "r", "id\treason\n", "s");
  return result;
}

Scenario scenario(const std::string& id, const std::string& clause,
                  const std::vector<std::string>& cases = {""}) {
  Scenario result;
  result.id = id;
  result.file = id + ".yaml";
  result.clauses = {clause};
  for (const auto& name : cases) result.cases.push_back({name, {}, {}, {}});
  return result;
}

class Selection : public testing::Test {
 protected:
  Selection() : catalog_(ledger()) {
    catalog_.add(scenario("smuggling/lf", "1-4.1-a"));
    catalog_.add(scenario("commands/verb-case", "1-4.1.2-a", {"upper", "low"}));
    catalog_.add(scenario("commands/noop", "1-4.10-a"));
  }

  std::vector<std::string> ids(const std::vector<std::string>& selectors,
                               const std::vector<std::string>& excluded = {}) {
    std::vector<std::string> result;
    for (const auto& test : catalog_.select(selectors, excluded))
      result.push_back(test.id());
    return result;
  }

  Catalog catalog_;
};

TEST_F(Selection, WithoutSelectorsIsEverythingInOrder) {
  EXPECT_THAT(ids({}), ElementsAre("commands/noop", "commands/verb-case#low",
                                   "commands/verb-case#upper", "smuggling/lf"));
}

TEST_F(Selection, FoldersScenariosAndCases) {
  EXPECT_THAT(ids({"smuggling/"}), ElementsAre("smuggling/lf"));
  EXPECT_EQ(ids({"commands/verb-case"}).size(), 2U);
  EXPECT_THAT(ids({"commands/verb-case#low", "smuggling/lf"}),
              ElementsAre("commands/verb-case#low", "smuggling/lf"));
}

TEST_F(Selection, GlobsFitIds) {
  EXPECT_THAT(ids({"commands/n??p"}), ElementsAre("commands/noop"));
  EXPECT_EQ(ids({"*-case"}).size(), 2U);
  EXPECT_THAT(ids({"*#u*r"}), ElementsAre("commands/verb-case#upper"));
  EXPECT_EQ(ids({"*"}).size(), 4U);
}

TEST_F(Selection, SectionsHoldThoseBelow) {
  EXPECT_EQ(ids({"rfc1"}).size(), 4U);
  EXPECT_EQ(ids({"rfc1/4.1"}).size(), 3U);
  EXPECT_THAT(ids({"rfc1/4.10"}), ElementsAre("commands/noop"));
}

TEST_F(Selection, RowsThatSeeOthersStandForThem) {
  EXPECT_THAT(ids({"rfc2"}), ElementsAre("commands/noop"));
  EXPECT_THAT(ids({"clause:2-1-a"}), ElementsAre("commands/noop"));
  EXPECT_THAT(ids({"clause:1-4.1-a"}), ElementsAre("smuggling/lf"));
}

TEST_F(Selection, ExclusionsAreTakenAway) {
  EXPECT_THAT(ids({"commands/"}, {"*#*"}), ElementsAre("commands/noop"));
  EXPECT_THAT(ids({}, {"*"}), IsEmpty());
}

TEST_F(Selection, SelectorThatFitsNothingIsNamed) {
  for (const auto* selector : {"smuggling", "nothing/", "rfc9", "rfc1/4.2",
                               "clause:9-9-z", "x*", "commands/noop#x", ""}) {
    EXPECT_THROW(ids({selector}), std::invalid_argument) << selector;
    EXPECT_THROW(ids({}, {selector}), std::invalid_argument) << selector;
  }
}

TEST(Catalog, IdsAreUnique) {
  Catalog catalog(ledger());
  catalog.add(scenario("a/b", "1-4.1-a"));
  EXPECT_THROW(catalog.add(scenario("a/b", "1-4.1-a")), base::SourceError);
  EXPECT_NE(catalog.find("a/b"), nullptr);
  EXPECT_EQ(catalog.find("a"), nullptr);
}

TEST(Catalog, ReadsAFolderInOrder) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "smtpspec-catalog";
  fs::remove_all(root);
  for (const auto* name : {"b/two.yaml", "a/one.yaml", "a/notes.txt"}) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << "title: T\nclause: 1-4.1-a\nflaw: f\n"
                                  "dialog: |\n  C: NOOP\n  S: 250\n";
  }
  Catalog catalog(ledger());
  catalog.add_folder(root);
  ASSERT_EQ(catalog.scenarios().size(), 2U);
  EXPECT_EQ(catalog.scenarios()[0]->id, "a/one");
  fs::remove_all(root);
  EXPECT_THROW(catalog.add_folder(root), base::SourceError);
}

TEST(Catalog, BuiltInScenariosAreRead) {
  Catalog catalog(Requirements::builtin());
  EXPECT_NO_THROW(catalog.add_builtin());
}

TEST(Catalog, BuiltInScenariosAreProvedByFlaws) {
  Catalog catalog(Requirements::builtin());
  catalog.add_builtin();
  for (const auto& scenario : catalog.scenarios())
    EXPECT_EQ(scenario->found, "") << scenario->id;
}

}  // namespace
}  // namespace smtpspec::scenario
