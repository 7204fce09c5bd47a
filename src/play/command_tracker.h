// Which command a reply answers, told from what was sent. It follows command
// lines, mail data (RFC 5321 section 4.1.1.4) and chunks (RFC 3030), and says
// so when it cannot: bare CR or LF in mail data, data before a 354.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace smtpspec::play {

/// The first word of a command line, upper case; empty: there is none.
std::string verb_of(std::string_view line);

/// Whether every server takes the line for one command: printable, not
/// over-long.
bool is_plain(std::string_view line);

struct AnsweredCommand {
  /// Verb in upper case, "." for the end of mail data, "greeting"; empty where
  /// that cannot be told.
  std::string verb;
  /// The whole line.
  std::string line;
  /// No command was waiting for a reply, everything sent before was a plain
  /// command line, of which a server could not make two, and no mail data was
  /// begun, whose end it may see elsewhere.
  bool unasked = false;
};

class CommandTracker {
 public:
  void sent(std::string_view bytes);
  AnsweredCommand replied(int code);

  /// Nothing that was sent before will be answered, but for the greeting: a
  /// TLS handshake came between (RFC 3207 section 4.2).
  void start_over();
  /// Octets sent now would be mail data or part of a chunk.
  bool in_mail_data() const { return in_data_ || chunk_left_ > 0; }
  /// A line or chunk was begun and not ended.
  bool inside_line() const { return !line_.empty() || chunk_left_ > 0; }
  /// Commands and replies are matched with certainty so far.
  bool reliable() const { return reliable_; }
  std::size_t unanswered() const { return waiting_.size(); }
  /// The first of them; empty: none.
  std::string next_line() const {
    return waiting_.empty() ? std::string() : waiting_.front();
  }

 private:
  void take_piece(std::string_view piece);
  void take_line(std::string_view line);

  std::deque<std::string> waiting_{"greeting"};
  std::string line_;
  std::size_t chunk_left_ = 0;
  /// What was sent last is a CR.
  bool ends_in_cr_ = false;
  bool in_data_ = false;
  /// 334 was said: the next line answers a challenge (RFC 4954 section 4).
  bool awaits_response_ = false;
  bool reliable_ = true;
  bool only_plain_lines_ = true;
};

}  // namespace smtpspec::play
