// For tests: a real DNS server on loopback (tests/dns), as long as we live.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace smtpspec::dns {

class DnsServer {
 public:
  /// Starts it, and waits until it serves. Throws where it does not start.
  DnsServer() {
    Pipe input, output;
    spawn(input, output);
    life_ = std::exchange(input.write_end, -1);
    output.close_write_end();  // so that we see when nobody writes any more
    char octet = 0;
    while (read(output.read_end, &octet, 1) == 1 && octet != '\n')
      address_ += octet;
    if (address_.empty()) {
      end();
      throw std::runtime_error("tests/dns/run does not start");
    }
  }
  ~DnsServer() { end(); }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  /// As ResolverOptions wants it.
  const std::string& address() const { return address_; }

 private:
  struct Pipe {
    Pipe() {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe");
      read_end = ends[0];
      write_end = ends[1];
    }
    ~Pipe() {
      close(read_end);
      close_write_end();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void close_write_end() {
      if (write_end >= 0) close(std::exchange(write_end, -1));
    }

    int read_end;
    int write_end;
  };

  /// The server ends when its input does, which happens however we end.
  void spawn(const Pipe& input, const Pipe& output) {
    std::string script = SMTPSPEC_SOURCE_DIR "/tests/dns/run";
    std::string shell = "sh", option = "-c";
    std::string command = "echo \"$DNS_SERVER\"; exec cat >/dev/null";
    char* words[] = {script.data(), shell.data(), option.data(), command.data(),
                     nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input.read_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output.write_end, STDOUT_FILENO);
    const int error =
        posix_spawn(&process_, script.c_str(), &files, nullptr, words, environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) throw std::system_error(error, std::generic_category());
  }

  void end() {
    close(life_);
    waitpid(process_, nullptr, 0);
  }

  pid_t process_ = -1;
  int life_ = -1;
  std::string address_;
};

}  // namespace smtpspec::dns
