#include "scenario/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtpspec::scenario {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Requirements& ledger() {
  static const auto result = Requirements::parse(
      "id\trfc\tsection\tlevel\tside\tvantage\trequires\trequirement\t"
      "stimulus_expected\n"
      "1-1-a\t1\t1\tMUST\ts\twire\tnone\tDo.\tx => y\n"
      "1-1-b\t1\t1\tSHOULD\ts\twire\tnone\tDo.\tx => y\n"
      "1-2-a\t1\t2\tMUST\ts\twire\tnone\tsee 1-1-a and 1-1-b\tx => y\n",
      "ledger.tsv", "rulings: []", "rulings.yaml", "id\treason\n",
      "reasons.tsv");
  return result;
}

Scenario load(const std::string& text,
              const std::string& path = "scenarios/folder/name.yaml") {
  return parse_scenario(text, path, ledger());
}

const std::string head =
    "title: T\n"
    "clause: 1-1-a\n"
    "flaw: broken\n";
const std::string noop =
    "dialog: |\n"
    "  C: NOOP\n"
    "  S: 250\n";

std::string error(const std::string& text) {
  try {
    load(text);
  } catch (const base::SourceError& error) {
    return error.what();
  }
  return "no error";
}

std::string dialog_error(const std::string& lines) {
  return error(head + "dialog: |\n" + lines);
}

TEST(Loader, ReadsTheEnvelope) {
  const auto scenario = load(
      "title: A title\n"
      "clause: [1-1-b, 1-1-a]\n"
      "needs: [pipelining, AUTH]\n"
      "lacks: CHUNKING\n"
      "from: rcpt\n"
      "listener: lmtp\n"
      "flaw: [one, two]\n" +
      noop);
  EXPECT_EQ(scenario.id, "folder/name");
  EXPECT_EQ(scenario.file, "scenarios/folder/name.yaml");
  EXPECT_EQ(scenario.title, "A title");
  EXPECT_THAT(scenario.clauses, ElementsAre("1-1-b", "1-1-a"));
  EXPECT_EQ(scenario.level, Level::should);
  EXPECT_THAT(scenario.needs, ElementsAre("PIPELINING", "AUTH"));
  EXPECT_THAT(scenario.lacks, ElementsAre("CHUNKING"));
  EXPECT_EQ(scenario.from, Start::rcpt);
  EXPECT_EQ(scenario.listener, Listener::lmtp);
  EXPECT_THAT(scenario.flaws, ElementsAre("one", "two"));
  EXPECT_EQ(scenario.dialog_source, "C: NOOP\nS: 250\n");
  EXPECT_EQ(scenario.dialog_line, 9);
}

TEST(Loader, OneCaseWithoutATable) {
  const auto scenario = load(head + noop);
  ASSERT_EQ(scenario.cases.size(), 1U);
  EXPECT_EQ(scenario.cases[0].id, "");
  EXPECT_EQ(scenario.cases[0].dialog.steps.size(), 2U);
  EXPECT_THAT(scenario.cases[0].control.steps, IsEmpty());
  EXPECT_EQ((scenario::Test{&scenario, &scenario.cases[0]}.id()),
            "folder/name");
}

TEST(Loader, DialogKeepsEveryOctet) {
  const auto scenario = load(head +
                             "dialog: |\n"
                             "    C: NOOP #1: 'x' \\xff \n"
                             "    S: 250\n");
  const auto& send = std::get<Send>(scenario.cases[0].dialog.steps[0]);
  EXPECT_EQ(send.text.expand({}), "NOOP #1: 'x' \xff ");
  EXPECT_EQ(send.line, 5);
}

TEST(Loader, EachRowIsACase) {
  const auto scenario = load(head + noop.substr(0, 10) +
                             "  C: ${verb} ${client}\n"
                             "  S: ${expect}\n"
                             "control: |\n"
                             "  C: NOOP ${verb}\n"
                             "  S: 250\n"
                             "cases: |\n"
                             "  id    | verb | expect    | flaw\n"
                             "  # a comment\n"
                             "  lower | ehlo | 250 / 5yz |\n"
                             "  bar   | a\\x7c | 5yz      | one, two\n");
  ASSERT_EQ(scenario.cases.size(), 2U);
  const auto& lower = scenario.cases[0];
  EXPECT_EQ((scenario::Test{&scenario, &lower}.id()), "folder/name#lower");
  EXPECT_EQ(std::get<Send>(lower.dialog.steps[0]).text.source(),
            "ehlo ${client}");
  EXPECT_EQ(std::get<Expect>(lower.dialog.steps[1]).source, "250 / 5yz");
  EXPECT_THAT(lower.flaws, IsEmpty());
  const auto& bar = scenario.cases[1];
  EXPECT_EQ(std::get<Send>(bar.control.steps[0]).text.expand({}), "NOOP a|");
  EXPECT_THAT(bar.flaws, ElementsAre("one", "two"));
}

TEST(Loader, ErrorInAFilledLineNamesTheCase) {
  EXPECT_EQ(error(head + "dialog: |\n"
                         "  C: NOOP\n"
                         "  S: ${expect}\n"
                         "cases: |\n"
                         "  id  | expect\n"
                         "  one | 250\n"
                         "  two | 250; 251\n"),
            "scenarios/folder/name.yaml:6:11: pass: note: warn: fail: skip: or "
            "block: is missing: only the first part has no grade (case "
            "'two')\n"
            "    S: 250; 251\n"
            "            ^");
}

TEST(Loader, UnknownVariableIsShownWithACaret) {
  EXPECT_EQ(dialog_error("  C: MAIL FROM:<${sendr}>\n  S: 250\n"),
            "scenarios/folder/name.yaml:5:19: unknown variable 'sendr': see "
            "docs/profile.md\n"
            "    C: MAIL FROM:<${sendr}>\n"
            "                    ^");
}

TEST(Loader, ADialogBesideBeginsAtTheGreeting) {
  const std::string rest = head + noop;
  const auto good = load(rest + "beside: |\n  S? 220\n");
  EXPECT_EQ(good.beside.steps.size(), 1u);
  EXPECT_THAT(error(rest + "beside: |\n  C: NOOP\n"),
              HasSubstr("without an S line"));
}

TEST(Loader, AMeasuredScenarioHasTwoDialogsWithOneLoginEach) {
  const std::string once = "  AUTH: PLAIN (wrong password)\n  S? 535\n";
  const std::string two = "dialog: |\n" + once + "against: |\n" + once;
  const auto good = load(head + "measure: times\n" + two);
  EXPECT_EQ(good.measure, Measure::times);
  EXPECT_EQ(good.against.steps.size(), 2u);
  EXPECT_TRUE(good.guesses());
  EXPECT_EQ(load(head + "measure: throttling\n" + two).measure,
            Measure::throttling);
  EXPECT_FALSE(load(head + "measure: replies\n" + two).guesses());
  EXPECT_FALSE(load(head + noop).is_measured());

  const auto together = HasSubstr("'measure' and 'against' go together");
  EXPECT_THAT(error(head + two), together);
  EXPECT_THAT(error(head + "measure: times\n" + noop), together);
  EXPECT_THAT(error(head + "measure: speed\n" + two),
              HasSubstr(":4:10: measure is replies, times or throttling"));
  const std::string times = head + "measure: times\n";
  const auto count = HasSubstr("each dialog that is measured has one AUTH line");
  EXPECT_THAT(error(times + two + once), count);
  EXPECT_THAT(error(times + noop + "against: |\n" + once), count);
  EXPECT_THAT(error(times + two + "control: |\n" + once),
              HasSubstr("a measured scenario has no 'control'"));
}

TEST(Loader, FoundScenarioNeedsNoFlawAndIsNamedByItsSignature) {
  const std::string found = "title: T\nclause: 1-1-a\nfound: rset-500\n" + noop;
  const auto scenario = load(found, "scenario.yaml");
  EXPECT_EQ(scenario.id, "fuzzed/rset-500");
  EXPECT_EQ(scenario.file, "scenario.yaml");
  EXPECT_EQ(scenario.found, "rset-500");
  EXPECT_THAT(scenario.flaws, IsEmpty());
  EXPECT_THAT(error(found + "flaw: broken\n"),
              HasSubstr(":3:8: 'found' stands in place of 'flaw'"));
  EXPECT_THAT(error("title: T\nclause: 1-1-a\nfound: RSET 500\n" + noop),
              HasSubstr(":3:8: 'RSET 500' is no signature of a finding"));
  EXPECT_EQ(load(head + noop).found, "");
}

TEST(Loader, UnknownKeyIsShownWithACaret) {
  EXPECT_EQ(error(head + "flow: x\n" + noop),
            "scenarios/folder/name.yaml:4:1: unknown key 'flow': there are "
            "title clause needs lacks from listener flaw watch measure dialog "
            "against control beside cases as then found\n"
            "  flow: x\n"
            "  ^");
}

TEST(Loader, BadYamlIsShownWithACaret) {
  EXPECT_EQ(error("title: [x\nclause: y\n"),
            "scenarios/folder/name.yaml:2:7: YAML: end of sequence flow not "
            "found\n"
            "  clause: y\n"
            "        ^");
}

TEST(Loader, GroupOfCommandsNeedsPipelining) {
  const std::string group = "  C: RSET\n  C: NOOP\n  S*2: 250\n";
  EXPECT_EQ(dialog_error(group),
            "scenarios/folder/name.yaml:6:3: two commands in one write need "
            "PIPELINING (RFC 2920 section 3.1): add needs: [PIPELINING], or "
            "wait for the reply between them\n"
            "    C: NOOP\n"
            "    ^");
  EXPECT_EQ(error(head + "needs: PIPELINING\ndialog: |\n" + group), "no error");
}

TEST(Loader, MailDataIsNoGroup) {
  const std::string data =
      "  S: 250 / 354\n"
      "  C: Subject: x\n"
      "  C:\n"
      "  C: text\n"
      "  C: .\n";
  EXPECT_EQ(dialog_error("  C: DATA\n" + data + "  S: 250\n"), "no error");
  EXPECT_THAT(dialog_error("  C: DATA\n" + data + "  C: QUIT\n"),
              HasSubstr(":11:3: two commands in one write"));
  EXPECT_EQ(error(head + "from: data\ndialog: |\n  C: x\n  C: .\n  S: 250\n"),
            "no error");
}

TEST(Loader, NobodyCountsCommandsBehindRawOctets) {
  EXPECT_EQ(dialog_error("  C: BDAT 3\n  C> abc\n  C: RSET\n  C: NOOP\n"
                         "  S: 250\n"),
            "no error");
}

TEST(Loader, WritesWithTwoLinesAreGroups) {
  const std::string many = "two commands in one write";
  EXPECT_THAT(dialog_error("  C*2: NOOP\n  S*2: 250\n"), HasSubstr(many));
  EXPECT_THAT(dialog_error("  C: NOOP\\r\\nNOOP\n  S: 250\n"), HasSubstr(many));
  EXPECT_EQ(dialog_error("  C: NOOP\\nNOOP\n  S: 250\n"), "no error");
  EXPECT_EQ(dialog_error("  C: NOOP\n  WAIT: 1ms\n  C: NOOP\n  S: 250\n"),
            "no error");
}

TEST(Loader, SilenceFailsOnlyBesideAControl) {
  const std::string dialog =
      "dialog: |\n  C: NOOP\n  S: 250; fail: silent 1s\n";
  EXPECT_THAT(error(head + dialog),
              HasSubstr(":6:17: a server may take minutes"));
  EXPECT_EQ(error(head + dialog + "control: |\n  C: NOOP\n  S: 250\n"),
            "no error");
  EXPECT_EQ(dialog_error("  C> NOOP\n  S: silent 1s; note: 250\n"), "no error");
}

TEST(Loader, CountedVariablesStandInCountedLines) {
  EXPECT_THAT(dialog_error("  C: ${n}\n  S: 250\n"),
              HasSubstr("'n' is counted by 'C*100: ...' only"));
  EXPECT_THAT(dialog_error("  C: ${recipient_n}\n  S: 250\n"),
              HasSubstr("'recipient_n' is counted"));
}

TEST(Loader, CapturedNamesAreVariables) {
  EXPECT_EQ(dialog_error("  S: 220 ~ /(?<name>\\S+)/\n  C: HELP ${name}\n"),
            "no error");
  EXPECT_THAT(dialog_error("  C: HELP ${name}\n  S: 220 ~ /(?<name>\\S+)/\n"),
              HasSubstr("unknown variable 'name'"));
}

struct BadFile {
  std::string text;
  const char* message;
};

class BadFiles : public testing::TestWithParam<BadFile> {};

TEST_P(BadFiles, AreErrors) {
  EXPECT_THAT(error(GetParam().text), HasSubstr(GetParam().message));
}

const std::string table = noop + "cases: |\n";

INSTANTIATE_TEST_SUITE_P(
    Loader, BadFiles,
    testing::Values(
        BadFile{"", "the file is empty"}, BadFile{"- x", "no mapping of keys"},
        BadFile{head + noop + "---\ntitle: y\n", "more than one document"},
        BadFile{head + "title: U\n" + noop, ":4:1: 'title' is there already"},
        BadFile{"clause: 1-1-a\n" + noop, "'title' is missing"},
        BadFile{"title:\n", "title is a text, not nothing"},
        BadFile{"title: [x]\n", "title is a text, not a list"},
        BadFile{"title: ''\n", "title is empty"},
        BadFile{"title: &x y\nclause: *x\n", ":2:9: aliases"},
        BadFile{"title: !!str y\n", ":1:8: tags"},
        BadFile{"? [a]\n: b\n", "a key is a word"},
        BadFile{head, "'dialog' is missing"},
        BadFile{"title: x\nclause: 9-9-z\n", ":2:9: no clause '9-9-z'"},
        BadFile{"title: x\nclause: []\n", "clause is an empty list"},
        BadFile{"title: x\nclause: {a: b}\n",
                "clause is a list, not a mapping"},
        BadFile{"title: x\nclause: [1-1-a, 1-1-a]\n", ":2:17: clause '1-1-a'"},
        BadFile{"title: x\nclause: 1-2-a\n",
                "the row it names, 1-1-a or 1-1-b"},
        BadFile{head + "needs: 'NO_SOLICITING'\n", "is no EHLO keyword"},
        BadFile{head + "needs: AUTH PLAIN LOGIN\n", "is no EHLO keyword"},
        BadFile{head + "from: start\n", ":4:7: from is connect, greeting"},
        BadFile{head + "listener: mx\n", "listener is any, mta"},
        BadFile{head + "watch: nothing\n", "no rule 'nothing' on replies"},
        BadFile{head + "dialog: 'C: NOOP'\n", ":4:9: dialog is written as a"},
        BadFile{head + "dialog: >\n  C: NOOP\n", "literal block: 'dialog: |'"},
        BadFile{head + "dialog: |-\n  C: NOOP\n", "literal block"},
        BadFile{head + "dialog: |\n  C: NOOP\n", ":5:3: a dialog without an S"},
        BadFile{"title: x\nclause: 1-1-a\n" + noop, "'flaw' is missing"},
        BadFile{"title: x\nclause: 1-1-a\nflaw: X\n" + noop, "'X' is no flaw"},
        BadFile{head + table + "  id\n", "a table without a row"},
        BadFile{head + table + "  name\n  x\n", "the first column is 'id'"},
        BadFile{head + table + "  id | id\n  x | y\n",
                ":8:8: column 'id' twice"},
        BadFile{head + table + "  id | A\n  x | y\n", "a column has a name"},
        BadFile{head + table + "  id | host\n  x | y\n", "hides the variable"},
        BadFile{head + table + "  id | verb\n  x | y\n",
                ":8:8: column 'verb' stands nowhere"},
        BadFile{head + table + "  id\n  x | y\n", "2 cells below 1 columns"},
        BadFile{head + table + "  id\n  X\n", "'X' is no id"},
        BadFile{head + table + "  id\n  x\n  x\n", ":10:3: id 'x' twice"},
        BadFile{head + table + "  id | flaw\n  x | a b\n",
                "'a b' is no flaw"}));

TEST(Loader, PathGivesTheId) {
  EXPECT_EQ(load(head + noop, "data/dot-stuffing.yaml").id,
            "data/dot-stuffing");
  for (const auto* path : {"x.yaml", "a/x.yml", "a/X.yaml", "a b/x.yaml", "a/"})
    EXPECT_THROW(load(head + noop, path), base::SourceError) << path;
}

TEST(Loader, MissingFileIsASourceError) {
  EXPECT_THROW(load_scenario("/nonexistent/a/b.yaml", ledger()),
               base::SourceError);
}

}  // namespace
}  // namespace smtpspec::scenario
