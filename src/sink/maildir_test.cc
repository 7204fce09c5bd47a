// Messages that appear in maildirs.
#include "sink/maildir.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <fstream>

namespace smtpspec::sink {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;

class MaildirTest : public testing::Test {
 protected:
  MaildirTest() {
    std::string name = fs::temp_directory_path() / "smtpspec-maildir-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("no folder");
    home_ = name;
  }
  ~MaildirTest() override { fs::remove_all(home_); }

  fs::path at(std::string_view path) const { return home_ / path; }

  /// Delivers as a server does: whole in tmp, then moved.
  void deliver(std::string_view path, std::string_view octets) const {
    const fs::path target = at(path);
    const fs::path tmp = target.parent_path().parent_path() / "tmp";
    fs::create_directories(tmp);
    fs::create_directories(target.parent_path());
    std::ofstream(tmp / "x", std::ios::binary) << octets;
    fs::rename(tmp / "x", target);
  }

  /// Those with "token", once there are `count`; all that came are in mailbox_.
  std::size_t wait(std::size_t count) {
    std::size_t found = 99;
    asio::co_spawn(context_,
                   mailbox_.wait_for("token", count, net::Clock::now() + 10s),
                   [&](std::exception_ptr, Mailbox::Found result) {
                     found = result.size();
                     context_.stop();
                   });
    context_.run();
    context_.restart();
    return found;
  }

  const Arrival& last() const { return *mailbox_.arrivals().back(); }
  std::size_t count() const { return mailbox_.arrivals().size(); }

  fs::path home_;
  asio::io_context context_{1};
  Mailbox mailbox_;
};

TEST_F(MaildirTest, ReportsWhatAppearsAndNotWhatWasThere) {
  deliver("new/1", "token before");
  deliver("cur/2:2,S", "token before");
  const Maildir maildir(context_, home_, mailbox_);
  deliver("new/3", "token\nsecond line\n");
  ASSERT_EQ(wait(1), 1u);
  EXPECT_EQ(last().witness, Witness::mailbox);
  EXPECT_EQ(last().octets, "token\nsecond line\n");
  EXPECT_EQ(last().folder, home_.string());
  EXPECT_FALSE(last().is_cut);
  deliver("cur/4:2,", "token in cur");
  ASSERT_EQ(wait(2), 2u);
  EXPECT_EQ(last().octets, "token in cur");
  EXPECT_EQ(count(), 2u);
}

TEST_F(MaildirTest, AMessageThatMovesIsReportedOnce) {
  const Maildir maildir(context_, home_, mailbox_);
  deliver("new/1", "token 1");
  ASSERT_EQ(wait(1), 1u);
  fs::create_directories(at("cur"));
  fs::rename(at("new/1"), at("cur/1:2,"));
  deliver("new/2", "token 2");
  ASSERT_EQ(wait(2), 2u);
  fs::rename(at("cur/1:2,"), at("cur/1:2,RS"));
  deliver("new/3", "token 3");
  ASSERT_EQ(wait(3), 3u);
  EXPECT_EQ(count(), 3u);
}

TEST_F(MaildirTest, WaitsForAFolderAndItsParents) {
  const Maildir maildir(context_, at("a/b/c"), mailbox_);
  ASSERT_EQ(wait(0), 0u);
  deliver("a/b/c/new/1", "token");
  EXPECT_EQ(wait(1), 1u);
}

TEST_F(MaildirTest, AStarStandsForAnyName) {
  deliver("alice/Maildir/new/1", "token before");
  std::ofstream(at("file")) << "no folder";
  const Maildir maildir(context_, at("*/Maildir"), mailbox_);
  deliver("alice/Maildir/new/2", "token");
  ASSERT_EQ(wait(1), 1u);
  EXPECT_EQ(last().folder, at("alice/Maildir").string());
  // The same name elsewhere is another message.
  deliver("bob/Maildir/new/2", "token");
  ASSERT_EQ(wait(2), 2u);
  EXPECT_EQ(last().folder, at("bob/Maildir").string());
  EXPECT_EQ(count(), 2u);
}

TEST_F(MaildirTest, AStarMayStandLast) {
  const Maildir maildir(context_, at("*/"), mailbox_);
  deliver("alice/new/1", "token");
  ASSERT_EQ(wait(1), 1u);
  EXPECT_EQ(last().folder, at("alice").string());
}

TEST_F(MaildirTest, TwoStarsAreAnError) {
  EXPECT_THROW(Maildir(context_, at("*/*"), mailbox_), std::invalid_argument);
}

TEST_F(MaildirTest, ReadsOnlyFilesThatAreThere) {
  fs::create_directories(at("new/folder"));
  fs::create_symlink("nowhere", at("new/gone"));
  ASSERT_EQ(::mkfifo(at("new/pipe").c_str(), 0600), 0);
  const Maildir maildir(context_, home_, mailbox_);
  fs::create_symlink("nowhere", at("new/gone2"));
  ASSERT_EQ(::mkfifo(at("new/pipe2").c_str(), 0600), 0);
  deliver("new/.hidden", "token hidden");
  deliver("new/z", "token");
  ASSERT_EQ(wait(1), 1u);
  EXPECT_EQ(count(), 1u);
}

TEST_F(MaildirTest, KeepsASize) {
  const Maildir maildir(context_, home_, mailbox_, 10);
  deliver("new/1", "token67890");
  ASSERT_EQ(wait(1), 1u);
  EXPECT_FALSE(last().is_cut);
  deliver("new/2", "token678901");
  ASSERT_EQ(wait(2), 2u);
  EXPECT_TRUE(last().is_cut);
  EXPECT_EQ(last().octets, "token67890");
}

TEST_F(MaildirTest, StopsWhileItWaits) {
  Maildir maildir(context_, home_, mailbox_);
  wait(0);
  maildir.stop();
  maildir.stop();
  context_.run_for(60s);
  EXPECT_TRUE(context_.stopped());
}

}  // namespace
}  // namespace smtpspec::sink
