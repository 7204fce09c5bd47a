#include "fuzzing/finding_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/base64.h"
#include "fuzzing/evidence_fixture.h"
#include "scenario/loader.h"
#include "scenario/yaml.h"

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

class FindingFiles : public testing::Test {
 protected:
  FindingFiles() {
    std::string name = (fs::path(testing::TempDir()) / "found-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    report_.evidence = evidence_of({line_unit("RSET")},
                                   {answer("RSET", "500 What", 1)});
    report_.evidence.finding.answer = 2;
    report_.evidence.observation.transcript.lines = {
        {play::TranscriptLine::Kind::client, "RSET"},
        {play::TranscriptLine::Kind::server, "500"}};
    report_.first = report_.evidence.input;
    report_.first.units.push_back(line_unit("NOOP"));
    report_.shown = 4;
    report_.replays = 5;
    report_.target = "127.0.0.1:25";
    report_.seed = "42";
  }
  ~FindingFiles() override { fs::remove_all(folder_); }

  bool write() { return write_finding(folder_, report_, secrets_); }
  std::string read(const std::string& file) const {
    return scenario::read_file(folder_ + "/rset-500/" + file);
  }
  std::vector<std::string> names(const std::string& below = "") const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(folder_ + below))
      result.push_back(entry.path().filename());
    return result;
  }

  std::string folder_;
  FindingReport report_;
  play::Secrets secrets_{{"geheim123"}};
};

TEST_F(FindingFiles, AreFive) {
  EXPECT_FALSE(has_finding(folder_, report_.evidence.finding));
  EXPECT_TRUE(write());
  EXPECT_TRUE(has_finding(folder_, report_.evidence.finding));
  EXPECT_THAT(names(), UnorderedElementsAre("rset-500"));
  EXPECT_THAT(names("/rset-500"),
              UnorderedElementsAre("session.txt", "minimal.txt",
                                   "scenario.yaml", "replay.py", "finding.md"));
  EXPECT_EQ(parse_input(read("session.txt"), "session.txt"), report_.first);
  EXPECT_EQ(parse_input(read("minimal.txt"), "minimal.txt"),
            report_.evidence.input);
  const auto scenario =
      scenario::load_scenario(folder_ + "/rset-500/scenario.yaml",
                              scenario::Requirements::builtin());
  EXPECT_EQ(scenario.id, "fuzzed/rset-500");
}

TEST_F(FindingFiles, SayWhatWasSeenAndHowOften) {
  report_.evidence.finding.remarks =
      "the server was killed by signal 11 (SIGSEGV)\nlog";
  report_.command = "smtpspec fuzz --replay minimal.txt";
  write();
  const std::string text = read("finding.md");
  for (const char* part :
       {"# RSET was answered with 500\n", "4 of 5 replays", "RFC 5321",
        "127.0.0.1:25", "seed of the run: 42", "3 units",
        "    C: RSET\n    S: 500\n",
        "    the server was killed by signal 11 (SIGSEGV)\n    log\n",
        "    smtpspec fuzz --replay minimal.txt\n", "python3 replay.py"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(FindingFiles, HoldNoSecret) {
  const std::string login =
      "AUTH PLAIN " + base::base64_encode(std::string("\0fred\0geheim123", 15));
  report_.evidence.input.units.insert(
      report_.evidence.input.units.begin() + 1,
      {line_unit(login), line_unit("${user} geheim123 ${password}")});
  report_.first = report_.evidence.input;
  report_.evidence.finding.sentence = "It said geheim123";
  report_.evidence.finding.remarks = "geheim123";
  write();
  for (const std::string& file : names("/rset-500")) {
    EXPECT_THAT(read(file), Not(HasSubstr("geheim123"))) << file;
    EXPECT_THAT(read(file), Not(HasSubstr(login))) << file;
  }
}

TEST_F(FindingFiles, ThatAreThereStay) {
  write();
  report_.seed = "43";
  EXPECT_FALSE(write());
  EXPECT_THAT(read("finding.md"), HasSubstr("seed of the run: 42"));
}

TEST_F(FindingFiles, OfSeveralProcessesOneWritesThem) {
  constexpr int processes = 8;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(write() ? 1 : 0);
    children.push_back(child);
  }
  int written = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    written += WEXITSTATUS(status);
  }
  EXPECT_EQ(written, 1);
  EXPECT_THAT(names(), UnorderedElementsAre("rset-500"));
  EXPECT_EQ(names("/rset-500").size(), 5U);
}

TEST_F(FindingFiles, ScenarioThatCannotBeSaidIsLeftOut) {
  report_.evidence.finding.then = "mail: 1";
  EXPECT_TRUE(write());
  EXPECT_FALSE(fs::exists(folder_ + "/rset-500/scenario.yaml"));
  EXPECT_THAT(read("finding.md"),
              HasSubstr("no scenario: 'then' finds mail by its token"));
}

TEST_F(FindingFiles, ErrorNamesFileAndReason) {
  std::ofstream(folder_ + "/file") << "x";
  try {
    write_finding(folder_ + "/file", report_, secrets_);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(folder_ + "/file/rset-500.tmp-"));
    EXPECT_THAT(error.what(), HasSubstr("Not a directory"));
  }
}

}  // namespace
}  // namespace smtpspec::fuzzing
