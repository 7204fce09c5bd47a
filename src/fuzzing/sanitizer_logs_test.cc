#include "fuzzing/sanitizer_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view overflow =
    "=================================================================\n"
    "==123==ERROR: AddressSanitizer: heap-buffer-overflow on address "
    "0x602000000011 at pc 0x4 bp 0x7 sp 0x8\n"
    "READ of size 1 at 0x602000000011 thread T0\n"
    "    #0 0x7f3 in __interceptor_memcpy "
    "../../../../src/libsanitizer/asan/x.inc:827\n"
    "    #1 0x401 in parse_path(char const*) /src/path.cc:12:3\n"
    "    #2 0x402 in main /src/main.cc:3\n"
    "\n"
    "SUMMARY: AddressSanitizer: heap-buffer-overflow /src/path.cc:12:3 in x\n"
    "==123==ABORTING\n";

std::vector<std::string> signatures(std::string_view log) {
  std::vector<std::string> result;
  for (const auto& report : sanitizer_reports(log, "f"))
    result.push_back(report.signature);
  return result;
}

TEST(SanitizerReports, AreNamedByKindAndFunction) {
  EXPECT_THAT(signatures(overflow),
              ElementsAre("heap-buffer-overflow in parse_path"));
  EXPECT_THAT(signatures("==1==ERROR: AddressSanitizer: SEGV on unknown "
                         "address 0x0 (pc 0x5)\n"),
              ElementsAre("SEGV"));
  EXPECT_THAT(signatures("==1==ERROR: LeakSanitizer: detected memory leaks\n"
                         "\nDirect leak of 5 byte(s)\n"
                         "    #0 0x7 in malloc (/lib/libasan.so.8+0xb)\n"
                         "    #1 0x4 in keep /a.c:1\n"),
              ElementsAre("detected memory leaks in keep"));
}

TEST(SanitizerReports, UndefinedBehaviourIsNamedByKindAndLine) {
  EXPECT_THAT(
      signatures("src/a.c:12:3: runtime error: signed integer overflow: "
                 "2147483647 + 1 cannot be represented in type 'int'\n"
                 "/x/b.c:7:1: runtime error: index 10 out of bounds for type "
                 "'char [8]'\n"
                 "b.c:9:1: runtime error: load of misaligned address "
                 "0x7ffd for type 'int'\n"),
      ElementsAre("signed integer overflow in a.c:12",
                  "index N out of bounds for type 'char [N]' in b.c:7",
                  "load of misaligned address in b.c:9"));
}

TEST(SanitizerReports, OtherLinesAreNone) {
  EXPECT_THAT(signatures("listening\n==1==hello\n"), IsEmpty());
}

TEST(SanitizerOptions, LogPathIsAppendedUnlessThereIsOne) {
  EXPECT_EQ(with_log_path("", "/a b/s"), "log_path='/a b/s'");
  EXPECT_EQ(with_log_path("detect_leaks=0", "/s"),
            "detect_leaks=0:log_path='/s'");
  EXPECT_EQ(with_log_path("log_path=/mine:x=1", "/s"), "log_path=/mine:x=1");
}

class SanitizerFiles : public testing::Test {
 protected:
  SanitizerFiles() {
    std::string name = (fs::path(testing::TempDir()) / "logs-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~SanitizerFiles() override { fs::remove_all(folder_); }

  void write(const std::string& file, std::string_view text) const {
    std::ofstream(folder_ + "/" + file, std::ios::app) << text;
  }
  static std::vector<std::string> taken(SanitizerLogs& logs) {
    std::vector<std::string> result;
    for (const auto& report : logs.take_new())
      result.push_back(report.signature);
    return result;
  }

  std::string folder_;
};

// Of no process that can be there.
const std::string gone = "999999999";

TEST_F(SanitizerFiles, AreTakenOnce) {
  write("sanitizer." + gone, overflow);
  SanitizerLogs logs(folder_);
  EXPECT_THAT(taken(logs), IsEmpty());
  write("sanitizer.999999998", overflow);
  write("server.log", overflow);
  EXPECT_THAT(taken(logs), ElementsAre("heap-buffer-overflow in parse_path"));
  EXPECT_THAT(taken(logs), IsEmpty());
  write("sanitizer." + gone, "a.c:1:1: runtime error: division by zero\nhalf");
  EXPECT_THAT(taken(logs), ElementsAre("division by zero in a.c:1"));
}

TEST_F(SanitizerFiles, ReportThatIsBeingWrittenComesLater) {
  SanitizerLogs logs(folder_);
  const std::string file = "sanitizer." + std::to_string(getpid());
  const auto half = overflow.find("    #1");
  write(file, overflow.substr(0, half));
  EXPECT_THAT(taken(logs), IsEmpty());
  write(file, overflow.substr(half));
  EXPECT_THAT(taken(logs), ElementsAre("heap-buffer-overflow in parse_path"));
}

TEST_F(SanitizerFiles, SoDoesAWarning) {
  SanitizerLogs logs(folder_);
  const std::string file = "sanitizer." + std::to_string(getpid());
  write(file, "==1==WARNING: MemorySanitizer: use-of-uninitialized-value\n");
  EXPECT_THAT(taken(logs), IsEmpty());
  write(file,
        "    #0 0x4 in take_line /src/line.cc:6:7\n"
        "\nSUMMARY: MemorySanitizer: use-of-uninitialized-value\n");
  EXPECT_THAT(taken(logs),
              ElementsAre("use-of-uninitialized-value in take_line"));
}

TEST_F(SanitizerFiles, OptionsOfTheUserAreKept) {
  SanitizerLogs logs(folder_);
  const auto environment =
      logs.environment({{"ASAN_OPTIONS", "log_path=" + folder_ + "/mine"},
                        {"UBSAN_OPTIONS", "print_stacktrace=1"}});
  EXPECT_EQ(environment[0].second, "log_path=" + folder_ + "/mine");
  EXPECT_EQ(environment[1],
            (std::pair<std::string, std::string>(
                "UBSAN_OPTIONS",
                "print_stacktrace=1:log_path='" + folder_ + "/sanitizer'")));
  write("mine." + gone, overflow);
  EXPECT_THAT(taken(logs), ElementsAre("heap-buffer-overflow in parse_path"));
}

}  // namespace
}  // namespace smtpspec::fuzzing
