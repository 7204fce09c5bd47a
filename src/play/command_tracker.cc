#include "play/command_tracker.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace smtpspec::play {
namespace {

/// Only the start of a line is kept: verb and arguments, not a megabyte.
constexpr std::size_t kept_octets = 2048;

std::size_t chunk_size(std::string_view line) {
  const auto words = base::words(line);
  std::size_t size = 0;
  if (words.size() > 1)
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), size);
  return size;
}

}  // namespace

std::string verb_of(std::string_view line) {
  const auto words = base::words(line);
  return words.empty() ? std::string() : base::to_upper(words.front());
}

bool is_plain(std::string_view line) {
  return line.size() <= 510 && std::ranges::all_of(line, [](char c) {
           return c >= ' ' && c <= '~';
         });
}

void CommandTracker::sent(std::string_view bytes) {
  while (!bytes.empty()) {
    if (chunk_left_ > 0) {
      const auto size = std::min(chunk_left_, bytes.size());
      chunk_left_ -= size;
      bytes.remove_prefix(size);
      continue;
    }
    const auto end = bytes.find('\n');
    take_piece(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    if (!ends_in_cr_) reliable_ = false;
    ends_in_cr_ = false;
    if (line_.ends_with('\r')) line_.pop_back();
    take_line(line_);
    line_.clear();
  }
}

/// What stands before the next LF, or a part of it.
void CommandTracker::take_piece(std::string_view piece) {
  if (piece.empty()) return;
  // A CR that is no part of CRLF ends a line for some servers.
  if (ends_in_cr_ || piece.find('\r') < piece.size() - 1) reliable_ = false;
  ends_in_cr_ = piece.ends_with('\r');
  line_.append(piece.substr(0, kept_octets - std::min(kept_octets,
                                                      line_.size())));
}

void CommandTracker::take_line(std::string_view line) {
  if (in_data_) {
    if (line != ".") return;
    in_data_ = false;
    waiting_.emplace_back(".");
    return;
  }
  // Lines behind a DATA whose reply is not known yet may be content.
  if (!waiting_.empty() && verb_of(waiting_.back()) == "DATA")
    reliable_ = false;
  // So may those behind an AUTH be responses.
  const bool is_response = awaits_response_;
  awaits_response_ = false;
  const bool is_chunk = !is_response && verb_of(line) == "BDAT";
  if (is_chunk && !waiting_.empty() && verb_of(waiting_.back()) == "AUTH")
    reliable_ = false;
  waiting_.emplace_back(line);
  if (is_chunk) chunk_left_ = chunk_size(line);
  // A server that refuses BDAT may take the chunk for commands: that defect has
  // a scenario of its own.
  if (is_chunk || !is_plain(line)) only_plain_lines_ = false;
}

void CommandTracker::start_over() {
  const bool is_greeted = waiting_.empty() || waiting_.front() != "greeting";
  *this = CommandTracker();
  if (is_greeted) waiting_.clear();
}

AnsweredCommand CommandTracker::replied(int code) {
  AnsweredCommand answered;
  if (waiting_.empty()) {
    // Who answers half a line takes it for a whole one.
    if (!line_.empty()) reliable_ = false;
    // Inside mail data it answers what the server took for the end: that defect
    // has scenarios of its own.
    answered.unasked = reliable_ && only_plain_lines_ && !in_data_;
    return answered;
  }
  answered.line = std::move(waiting_.front());
  waiting_.pop_front();
  if (answered.line == "." || answered.line == "greeting") {
    answered.verb = answered.line;
  } else {
    answered.verb = verb_of(answered.line);
  }
  if (answered.verb == "DATA" && code == 354) in_data_ = true;
  awaits_response_ = code == 334 && waiting_.empty();
  if (!reliable_) answered.verb.clear();
  return answered;
}

}  // namespace smtpspec::play
