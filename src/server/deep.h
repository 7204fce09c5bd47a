// Deep flaws: a session that has one does wrong only where a sequence of
// commands has led. All of them are here: a session tells of its commands and
// its replies, and hears which other flaw it has for the moment.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/flaws.h"

namespace smtpspec::server {

/// A command, the state that it met, and what was answered.
struct DeepEvent {
  /// As Conversation names it: "unknown" if it is, "content" for its end.
  std::string_view verb;
  std::string argument = {};
  /// Of its line, line end included.
  std::size_t size = 0;
  /// In its read, from 1.
  std::size_t place = 0;

  bool in_transaction = false;
  bool is_sender_null = false;
  bool has_declared_size = false;
  std::size_t recipients = 0;
  bool is_secure = false;
  bool is_logged_in = false;

  /// Of the last reply; 0 if there was none.
  int code = 0;
  std::size_t replies = 0;
};

struct DeepRow;

class Deep {
 public:
  /// With `flaws`, of which only the deep ones matter here.
  explicit Deep(const FlawSet& flaws);

  /// Whether there is any: else nothing need be told.
  bool is_on() const { return is_on_; }
  /// A command has come, and is not carried out yet. Gives all flaws that the
  /// server has until the next one.
  FlawSet begin(DeepEvent command);
  /// What the command is answered in place of being carried out: octets, or
  /// none of them.
  std::optional<std::string_view> answer() const;
  /// The session ends in place of the command.
  bool closes() const;
  /// `octets` answer `verb`; gives what is sent for them.
  std::string reply(std::string octets, std::string_view verb);

 private:
  FlawSet flaws_;
  bool is_on_ = false;
  std::vector<DeepEvent> events_;
  /// What the command at hand meets.
  std::vector<const DeepRow*> met_;
};

}  // namespace smtpspec::server
