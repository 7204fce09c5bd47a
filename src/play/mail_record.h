// What we sent in the last mail transaction of a session, so that it can be held
// against what arrived.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sink/mail_data.h"

namespace smtpspec::play {

class MailRecord {
 public:
  /// Octets as they are sent; `in_mail_data`: a 354 was read before them.
  void sent(std::string_view bytes, bool in_mail_data);

  /// The paths of MAIL and RCPT as they were said, brackets included, whatever
  /// was replied.
  const std::string& reverse_path() const { return reverse_path_; }
  const std::vector<std::string>& forward_paths() const {
    return forward_paths_;
  }
  /// Whether MAIL had a parameter with this keyword.
  bool has_parameter(std::string_view keyword) const;
  /// The value of MT-PRIORITY (RFC 6710), where MAIL had it.
  std::optional<int> priority() const;
  /// Without dot-stuffing and final dot (RFC 5321 section 4.5.2); chunks of
  /// BDAT one behind the other (RFC 3030).
  const std::string& mail_data() const { return mail_data_.octets; }

 private:
  void take_line(std::string_view line);

  std::string reverse_path_;
  std::string mail_command_;
  std::vector<std::string> forward_paths_;
  sink::MailData mail_data_;
  sink::DotReader dots_;
  std::string line_;
  std::size_t chunk_left_ = 0;
};

}  // namespace smtpspec::play
