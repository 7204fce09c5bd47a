// A session with the reference server, in the words of its tests.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "server/conversation.h"

namespace smtpspec::server {

/// A conversation with its own store, and a clock that stands still.
class Session {
 public:
  explicit Session(FlawSet flaws = {})
      : conversation_(store_, flaws, {"127.0.0.1", [] {
          return std::chrono::system_clock::time_point(
              std::chrono::sys_days(std::chrono::year(2026) / 11 / 21));
        }}) {}

  std::string greeting() { return conversation_.greeting(); }
  /// The octets that answer `line` and CRLF.
  std::string say(std::string_view line) {
    return send(std::string(line) + "\r\n");
  }
  std::string send(std::string_view octets) {
    return conversation_.receive(octets);
  }
  /// The code of the last line that answers `line`; "" if nothing comes.
  std::string code(std::string_view line) { return code_of(say(line)); }
  /// Brings the session into a transaction with one recipient.
  void begin_mail() {
    say("EHLO client.example");
    say("MAIL FROM:<sender@client.example>");
    say("RCPT TO:<alice@example.test>");
  }
  /// The code that answers `content`, sent as one mail.
  std::string deliver(std::string_view content) {
    begin_mail();
    say("DATA");
    return code_of(send(content));
  }

  bool closing() const { return conversation_.closing(); }
  const Store& store() const { return store_; }
  const Message& last_message() const { return store_.messages().back(); }

  static std::string code_of(std::string_view reply) {
    if (reply.size() < 2) return "";
    const auto before = reply.rfind("\r\n", reply.size() - 3);
    const auto line =
        before == std::string_view::npos ? reply : reply.substr(before + 2);
    return std::string(line.substr(0, 3));
  }

 private:
  Store store_;
  Conversation conversation_;
};

}  // namespace smtpspec::server
