#include "fuzzing/server_process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// Behaves as its second argument says, on the port of its first.
constexpr std::string_view program = R"__(
import os, signal, socket, sys
port, what = int(sys.argv[1]), sys.argv[2]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(('127.0.0.1', port))
greeting = {'full': b'554 No service\r\n', 'web': b'HTTP/1.1 400 Bad\r\n',
            'silent': b''}.get(what, b'220 mx.example.test\r\n')


def tell(*words):
    print(*words, flush=True)


def sleep():
    listener.close()
    while True:
        signal.pause()


def serve():
    listener.listen()
    while True:
        peer, _ = listener.accept()
        peer.sendall(greeting)
        while True:
            line = peer.recv(1000)
            if not line or line.startswith(b'QUIT'):
                break
        peer.close()


if what == 'stubborn':
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if what == 'family':
    # Nobody is greeted before each member has told of itself, in this order.
    told, tells = os.pipe()

    def tell_child():
        tell('child', os.getpid())
        os.write(tells, b'.')

    tell_child()
    if os.fork() == 0:
        tell_child()
        # A daemon, whose parent ends, in a session of its own.
        if os.fork() == 0:
            os.setsid()
            tell_child()
            sleep()
        os._exit(0)
    os.wait()
    for _ in range(3):
        os.read(told, 1)
    if os.fork() == 0:
        tell_child()
        sleep()
    os.read(told, 1)
if what == 'keeps':
    if os.fork() == 0:
        serve()
    signal.pause()
if what == 'noisy':
    tell('x' * 5000)
if what == 'environment':
    for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'MINE', 'PATH'):
        tell(name, os.environ.get(name))
serve()
)__";

/// A port that is ours while this is there. What is bound, but does not listen,
/// answers nobody; a server may bind it too (SO_REUSEPORT).
class Port {
 public:
  Port() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    number_ = ntohs(address.sin_port);
  }
  ~Port() { close(socket_); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  std::uint16_t number() const { return number_; }
  void listen() const { ::listen(socket_, 1); }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

/// Until the process has ended, as long as that takes.
void await_end(pid_t pid) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return;
  pollfd end{fd, POLLIN, 0};
  poll(&end, 1, -1);
  close(fd);
}

bool runs(pid_t pid) {
  const auto process = process_info(pid);
  return process && process->state != 'Z';
}

class Supervised : public testing::Test {
 protected:
  Supervised() {
    std::string name = (fs::path(testing::TempDir()) / "exec-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::ofstream(folder_ + "/server.py") << program;
    options_.endpoint = {"127.0.0.1", port_.number()};
    options_.folder = folder_ + "/out";
    // Machines that build are slow; what ends sooner does not wait.
    options_.start_time = 30s;
  }
  ~Supervised() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  /// One that behaves like this; not yet started.
  ServerProcess& server(const std::string& what) {
    return command(fmt::format("python3 {}/server.py {} {}", folder_,
                               port_.number(), what));
  }
  ServerProcess& command(const std::string& text) {
    options_.command = text;
    server_.emplace(options_);
    return *server_;
  }

  static std::string start_error(ServerProcess& server) {
    try {
      server.start();
    } catch (const ServerError& error) {
      return error.what();
    }
    return "";
  }

  /// The numbers behind "child" in the log.
  std::vector<pid_t> told_children() const {
    std::vector<pid_t> result;
    std::istringstream log(server_->log_end());
    std::string word;
    pid_t pid = 0;
    while (log >> word >> pid) result.push_back(pid);
    return result;
  }

  Port port_;
  std::string folder_;
  ServerOptions options_;
  std::optional<ServerProcess> server_;
};

TEST_F(Supervised, RunsUntilItIsStopped) {
  ServerProcess& it = server("right");
  EXPECT_FALSE(it.is_alive());
  it.start();
  EXPECT_TRUE(it.is_alive());
  EXPECT_EQ(it.how_it_died(), "");
  EXPECT_GT(it.resident_kib(), 1000U);
  const pid_t pid = it.pid();
  it.stop();
  EXPECT_FALSE(runs(pid));
  EXPECT_FALSE(it.is_alive());
  EXPECT_EQ(it.how_it_died(), "");
  it.stop();
  it.start();
  EXPECT_TRUE(it.is_alive());
}

TEST_F(Supervised, ThatNeverGreetsIsGivenUp) {
  options_.start_time = 500ms;
  ServerProcess& it = server("silent");
  EXPECT_THAT(start_error(it), HasSubstr("no 220 within 500 ms: "));
  EXPECT_EQ(it.pid(), 0);
}

TEST_F(Supervised, ThatEndsAtOnceIsNotWaitedFor) {
  EXPECT_THAT(start_error(command("sh -c 'echo no config; exit 3'")),
              testing::AllOf(HasSubstr("it ended with exit code 3"),
                             HasSubstr("no config")));
  EXPECT_THAT(start_error(command("/no/such/server")),
              HasSubstr("it ended with exit code 127"));
}

TEST_F(Supervised, ThatGoesIntoTheBackgroundIsToldNotTo) {
  EXPECT_THAT(start_error(command("sh -c 'setsid sleep 1000 & exit 0'")),
              HasSubstr("start it in the foreground"));
}

TEST_F(Supervised, GreetingThatIsNone) {
  EXPECT_THAT(start_error(server("full")),
              HasSubstr("it takes no mail from us: 554 No service"));
  EXPECT_THAT(start_error(server("web")),
              HasSubstr("no greeting: HTTP/1.1 400 Bad"));
}

TEST_F(Supervised, IsNotStartedWhereThePortAnswers) {
  port_.listen();
  EXPECT_THAT(start_error(server("right")),
              HasSubstr(fmt::format("something answers at 127.0.0.1:{} already",
                                    port_.number())));
  EXPECT_FALSE(fs::exists(server_->log_file()));
}

TEST_F(Supervised, ThatIsKilledSaysBySignal) {
  ServerProcess& it = server("right");
  it.start();
  kill(it.pid(), SIGSEGV);
  await_end(it.pid());
  EXPECT_FALSE(it.is_alive());
  EXPECT_EQ(it.how_it_died(), "signal 11 (SIGSEGV)");
  it.restart();
  EXPECT_TRUE(it.is_alive());
  EXPECT_EQ(it.how_it_died(), "");
}

TEST_F(Supervised, TakesItsWholeFamilyAlongAndNobodyElse) {
  const pid_t other = fork();
  if (other == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  ServerProcess& it = server("family");
  it.start();
  const auto children = told_children();
  ASSERT_EQ(children.size(), 4U);
  EXPECT_EQ(children[0], it.pid());
  EXPECT_TRUE(runs(children[2]));
  EXPECT_TRUE(runs(children[3]));
  it.stop();
  for (const pid_t child : children) EXPECT_FALSE(runs(child)) << child;
  EXPECT_TRUE(runs(other));
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
}

TEST_F(Supervised, FamilyOfOneThatDiedGoesToo) {
  ServerProcess& it = server("family");
  it.start();
  const auto children = told_children();
  kill(it.pid(), SIGKILL);
  await_end(it.pid());
  it.stop();
  for (const pid_t child : children) EXPECT_FALSE(runs(child)) << child;
}

TEST_F(Supervised, PortThatAChildKeepsIsFreeAgain) {
  ServerProcess& it = server("keeps");
  it.start();
  kill(it.pid(), SIGKILL);
  await_end(it.pid());
  it.restart();
  EXPECT_TRUE(it.is_alive());
}

TEST_F(Supervised, ThatDoesNotHeedSigtermIsKilled) {
  options_.stop_time = 50ms;
  ServerProcess& it = server("stubborn");
  it.start();
  const pid_t pid = it.pid();
  it.stop();
  EXPECT_FALSE(runs(pid));
}

TEST_F(Supervised, DiesWithWhoeverStartedIt) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  server("right");
  const pid_t starter = fork();
  if (starter == 0) {
    server_->start();
    const pid_t pid = server_->pid();
    _exit(write(ends[1], &pid, sizeof(pid)) == sizeof(pid) &&
                  raise(SIGKILL) == 0
              ? 0
              : 1);
  }
  pid_t pid = 0;
  ASSERT_EQ(read(ends[0], &pid, sizeof(pid)),
            static_cast<ssize_t>(sizeof(pid)));
  waitpid(starter, nullptr, 0);
  await_end(pid);
  EXPECT_FALSE(runs(pid));
  close(ends[0]);
  close(ends[1]);
}

TEST_F(Supervised, CopyOfThisProcessLeavesItAlone) {
  ServerProcess& it = server("right");
  it.start();
  const pid_t copy = fork();
  if (copy == 0) {
    server_.reset();
    _exit(0);
  }
  waitpid(copy, nullptr, 0);
  EXPECT_TRUE(it.is_alive());
}

TEST_F(Supervised, IsResetAfterSoManySessionsAndAtRestarts) {
  options_.reset_command = "echo reset >> " + folder_ + "/resets";
  options_.reset_every = 3;
  ServerProcess& it = server("right");
  const auto resets = [&] {
    std::ifstream in(folder_ + "/resets");
    std::string all((std::istreambuf_iterator<char>(in)), {});
    return std::ranges::count(all, '\n');
  };
  it.start();
  EXPECT_EQ(resets(), 0);
  for (int i = 0; i < 7; ++i) it.count_session();
  EXPECT_EQ(resets(), 2);
  it.restart();
  EXPECT_EQ(resets(), 3);
}

TEST_F(Supervised, ResetThatFailsIsAnError) {
  options_.reset_command = "echo no spool; exit 4";
  options_.reset_every = 1;
  ServerProcess& it = server("right");
  it.start();
  try {
    it.count_session();
    FAIL();
  } catch (const ServerError& error) {
    EXPECT_THAT(error.what(), HasSubstr("ended with exit code 4"));
    EXPECT_THAT(error.what(), HasSubstr("no spool"));
  }
}

TEST_F(Supervised, LogIsKeptSmall) {
  options_.log_limit = 1000;
  ServerProcess& it = server("noisy");
  it.start();
  EXPECT_GE(fs::file_size(it.log_file()), 5000U);
  it.restart();
  EXPECT_GE(fs::file_size(it.log_file() + ".old"), 5000U);
  EXPECT_LE(fs::file_size(it.log_file()), 6000U);
}

TEST_F(Supervised, HasOurEnvironmentAndMore) {
  options_.environment = {{"MINE", "1"}, {"ASAN_OPTIONS", "detect_leaks=0"}};
  ServerProcess& it = server("environment");
  it.start();
  const std::string log = it.log_end();
  const std::string path =
      "log_path='" + fs::absolute(options_.folder).string() + "/sanitizer'";
  EXPECT_THAT(log, HasSubstr("ASAN_OPTIONS detect_leaks=0:" + path + "\n"));
  EXPECT_THAT(log, HasSubstr("UBSAN_OPTIONS " + path + "\n"));
  EXPECT_THAT(log, HasSubstr("MINE 1\n"));
  EXPECT_THAT(log, Not(HasSubstr("PATH None")));
}

}  // namespace
}  // namespace smtpspec::fuzzing
