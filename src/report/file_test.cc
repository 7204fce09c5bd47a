#include "report/file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace smtpspec::report {
namespace {

namespace fs = std::filesystem;

class ReportFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "smtpspec-XXXXXX");
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_;
};

TEST_F(ReportFile, HoldsTheContentAndLeavesNothingBeside) {
  write_file(folder_ / "a.xml", std::string("x\0y", 3));
  EXPECT_EQ(read(folder_ / "a.xml"), std::string("x\0y", 3));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(ReportFile, ReplacesAnOlderOne) {
  write_file(folder_ / "a.xml", "old and longer");
  write_file(folder_ / "a.xml", "new");
  EXPECT_EQ(read(folder_ / "a.xml"), "new");
}

TEST_F(ReportFile, WritesThroughALink) {
  write_file(folder_ / "a.xml", "old");
  fs::create_symlink("a.xml", folder_ / "link");
  write_file(folder_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read(folder_ / "a.xml"), "new");
}

TEST_F(ReportFile, ErrorNamesPathAndReason) {
  const std::string path = folder_ / "missing" / "a.xml";
  try {
    write_file(path, "x");
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(),
              "cannot write report '" + path + "': No such file or directory");
  }
}

TEST_F(ReportFile, ADeviceThatIsFullIsAnError) {
  EXPECT_THROW(write_file("/dev/full", "x"), std::runtime_error);
}

}  // namespace
}  // namespace smtpspec::report
