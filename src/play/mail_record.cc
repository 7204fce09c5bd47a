#include "play/mail_record.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace smtpspec::play {
namespace {

/// Of a line only so much is kept, and of mail data.
constexpr std::size_t kept_line = 4096;
constexpr std::size_t kept_mail_data = 64 << 20;

/// "<a@b>" of "FROM:<a@b> SIZE=1", as far as it can be told.
std::string path_in(std::string_view argument) {
  const auto begin = argument.find(':');
  if (begin == std::string_view::npos) return {};
  argument = base::trim(argument.substr(begin + 1));
  bool is_quoted = false;
  for (std::size_t i = 0; i < argument.size(); ++i) {
    if (argument[i] == '\\') {
      ++i;
    } else if (argument[i] == '"') {
      is_quoted = !is_quoted;
    } else if (argument[i] == ' ' && !is_quoted) {
      return std::string(argument.substr(0, i));
    }
  }
  return std::string(argument);
}

}  // namespace

void MailRecord::sent(std::string_view bytes, bool in_mail_data) {
  if (in_mail_data && chunk_left_ == 0)
    bytes.remove_prefix(dots_.take(bytes, mail_data_, kept_mail_data));
  while (!bytes.empty()) {
    if (chunk_left_ > 0) {
      const auto size = std::min(chunk_left_, bytes.size());
      mail_data_.add(bytes.substr(0, size), kept_mail_data);
      chunk_left_ -= size;
      bytes.remove_prefix(size);
      continue;
    }
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    line_.append(piece.substr(
        0, kept_line - std::min(kept_line, line_.size())));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    take_line(line_);
    line_.clear();
  }
}

bool MailRecord::has_parameter(std::string_view keyword) const {
  return std::ranges::any_of(
      base::words(mail_command_), [keyword](std::string_view word) {
        return base::equal_without_case(word.substr(0, word.find('=')),
                                        keyword);
      });
}

std::optional<int> MailRecord::priority() const {
  constexpr std::string_view keyword = "MT-PRIORITY=";
  for (const auto word : base::words(mail_command_)) {
    if (!base::starts_without_case(word, keyword)) continue;
    int value = 0;
    const auto digits = word.substr(keyword.size());
    const auto end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, value).ptr == end) return value;
  }
  return std::nullopt;
}

void MailRecord::take_line(std::string_view line) {
  const auto words = base::words(line);
  if (words.empty()) return;
  if (base::equal_without_case(words[0], "MAIL")) {
    reverse_path_ = path_in(line);
    mail_command_ = line;
    forward_paths_.clear();
    mail_data_ = {};
  } else if (base::equal_without_case(words[0], "RCPT")) {
    forward_paths_.push_back(path_in(line));
  } else if (base::equal_without_case(words[0], "DATA")) {
    mail_data_ = {};
    dots_ = {};
  } else if (base::equal_without_case(words[0], "BDAT") && words.size() > 1) {
    std::from_chars(words[1].data(), words[1].data() + words[1].size(),
                    chunk_left_);
  }
}

}  // namespace smtpspec::play
