// DATA and BDAT, and what becomes of their content (RFC 5321 sections 4.1.1.4
// and 4.4; RFC 3030).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/text.h"
#include "server/conversation.h"

namespace smtpspec::server {

void Conversation::data(std::string_view) {
  const bool has_rcpt =
      !transaction_.recipients.empty() ||
      (transaction_.is_open && flawed("data-without-rcpt"_flaw));
  if (transaction_.is_last_rcpt_refused &&
      flawed("data-refused-after-refused-rcpt"_flaw)) {
    return say(503, "5.5.1", "The last recipient was refused");
  }
  if (!has_rcpt) return say(503, "5.5.1", "Say MAIL and RCPT first");
  // RFC 3030 sections 2 and 3: DATA and BDAT do not mix, and binary content
  // comes by BDAT only.
  if (transaction_.has_chunks && !flawed("data-after-bdat-accepted"_flaw))
    return say(503, "5.5.1", "BDAT has begun");
  if (transaction_.parameters.options.is_binary &&
      !flawed("binarymime-data-accepted"_flaw)) {
    return say(503, "5.5.1", "BODY=BINARYMIME needs BDAT");
  }
  if (mail_came_by_bdat_ && flawed("data-after-bdat-mail-refused"_flaw))
    return say(503, "5.5.1", "Not now");
  say(354, "", "End data with <CR><LF>.<CR><LF>");
  mode_ = Mode::data;
  data_.emplace(flaws_, size_limit);
}

void Conversation::take_octet_of_data(char octet) {
  bool ended = data_->take(octet);
  const auto declared = transaction_.parameters.size;
  if (flawed("size-ends-content"_flaw) && declared && *declared > 0)
    ended = ended || data_->size() >= *declared;
  if (octet == '\n' && flawed("bdat-inside-data-answered"_flaw)) {
    const std::string_view text = data_->content();
    const auto line = text.substr(0, text.size() - 2).rfind('\n') + 1;
    if (text.substr(line).starts_with("BDAT ")) {
      verb_ = "BDAT";
      say(250, "2.0.0", "Ok");
    }
  }
  if (!ended) return;
  mode_ = Mode::command;
  // Only after a false end of data: CR was taken for a whole line end.
  if (octet == '\r') lines_.skip_lf();
  Content content;
  content.size = data_->size();
  content.has_bare_line_end = data_->has_bare_line_end();
  mail_came_by_bdat_ = false;
  std::string octets = std::move(data_->content());
  data_.reset();
  if (content.has_bare_line_end && flawed("bare-line-ends-split-lines"_flaw)) {
    octets = split_at_bare_line_ends(octets);
    content.has_bare_line_end = false;
  }
  finish_message(std::move(octets), content);
}

namespace {

/// chunk-size and end-marker of RFC 3030 section 2.
std::optional<std::pair<std::uint64_t, bool>> parse_bdat(
    std::string_view argument) {
  const auto parts = base::split(argument, ' ');
  if (parts.size() > 2 ||
      (parts.size() == 2 && !base::equal_without_case(parts[1], "LAST"))) {
    return std::nullopt;
  }
  const auto number = parts[0];
  std::uint64_t size = 0;
  const char* const begin = number.data();
  const auto [end, error] = std::from_chars(begin, begin + number.size(), size);
  if (number.empty() || error != std::errc() || end != begin + number.size())
    return std::nullopt;
  return std::pair(size, parts.size() == 2);
}

}  // namespace

void Conversation::bdat(std::string_view argument) {
  const auto size_and_last = parse_bdat(argument);
  if (!size_and_last ||
      (*size_and_last == std::pair<std::uint64_t, bool>(0, true) &&
       flawed("bdat-zero-last-refused"_flaw))) {
    return say(501, "5.5.4", "BDAT size [LAST] is wanted");
  }
  const auto [size, is_last] = *size_and_last;
  chunk_ = {size, size, is_last, std::nullopt};
  chunk_.refusal = chunk_refusal();
  // RFC 3030 section 2: the octets of a refused chunk are read all the same.
  if (chunk_.remaining > 0 && eats_chunk()) {
    mode_ = Mode::chunk;
  } else {
    finish_chunk();
  }
}

std::optional<Reply> Conversation::chunk_refusal() const {
  const Reply misplaced{503, "5.5.1", {"BDAT is misplaced"}};
  if (auto wait = login_refusal("BDAT")) return wait;
  if (transaction_.has_failed_chunk) return misplaced;
  if (chunk_.is_last && !transaction_.has_chunks &&
      flawed("bdat-single-last-refused"_flaw)) {
    return misplaced;
  }
  if (transaction_.recipients.empty()) {
    const bool is_taken =
        !transaction_.is_open &&
        flawed(mail_came_by_bdat_ ? "bdat-after-last-accepted"_flaw
                                  : "bdat-without-transaction-accepted"_flaw);
    if (!is_taken) return misplaced;
  }
  if (flawed("size-not-enforced"_flaw)) return std::nullopt;
  const bool is_judged_alone = flawed("bdat-size-per-chunk"_flaw);
  const auto before = is_judged_alone ? 0 : transaction_.chunks_size;
  if (chunk_.size > size_limit - std::min(before, size_limit))
    return too_large();
  return std::nullopt;
}

bool Conversation::eats_chunk() const {
  if (!chunk_.refusal) return true;
  if (transaction_.has_failed_chunk)
    return !flawed("bdat-piped-chunk-not-eaten"_flaw);
  if (transaction_.is_open) return !flawed("bdat-failed-chunk-not-eaten"_flaw);
  return !flawed(mail_came_by_bdat_ ? "bdat-after-last-not-eaten"_flaw
                                    : "bdat-unexpected-chunk-not-eaten"_flaw);
}

void Conversation::finish_chunk() {
  mode_ = Mode::command;
  verb_ = "BDAT";
  if (chunk_.refusal) {
    transaction_.has_failed_chunk = transaction_.is_open;
    if (chunk_.is_last) return say_result(std::move(*chunk_.refusal));
    return say(std::move(*chunk_.refusal));
  }
  transaction_.has_chunks = true;
  transaction_.chunks_size += chunk_.size;
  if (!chunk_.is_last) {
    if (!flawed("bdat-chunk-unanswered"_flaw))
      say(250, "2.0.0", fmt::format("{} octets received", chunk_.size));
    return;
  }
  Content content;
  content.size = transaction_.chunks_size;
  if (flawed("bdat-size-per-chunk"_flaw)) content.size = chunk_.size;
  mail_came_by_bdat_ = true;
  finish_message(std::move(transaction_.chunks), content);
}

/// With a flaw only: whether the last `size` octets of a chunk have an end of
/// data, which then ends the message; how many octets stand behind it.
std::optional<std::size_t> Conversation::after_dot_in_chunk(std::size_t size) {
  if (chunk_.refusal || !flawed("bdat-dot-ends-chunk"_flaw))
    return std::nullopt;
  constexpr std::string_view end = "\r\n.\r\n";
  auto& chunks = transaction_.chunks;
  const auto begin = chunks.size() - std::min(chunks.size(), size + 4);
  const auto found = chunks.find(end, begin);
  if (found == std::string::npos) return std::nullopt;
  const std::size_t rest = chunks.size() - found - end.size();
  chunks.resize(found + 2);
  chunk_.is_last = true;
  finish_chunk();
  return rest;
}

void Conversation::finish_message(std::string octets, Content content) {
  verb_ = "content";
  ++commands_in_read_;
  content_ended_in_read_ = true;
  content.octets = octets;
  content.is_binary = transaction_.parameters.options.is_binary;
  content.declared_size = transaction_.parameters.size;
  if (is_submission() && flawed("submission-content-unanswered"_flaw))
    return reset_transaction();
  if (flawed("eight-bit-content-closes"_flaw) && has_non_ascii(octets)) {
    closing_ = true;
    return;
  }
  auto refusal = server::refusal_of(content, flaws_);
  if (!refusal && transaction_.has_unknown_user)
    refusal = Reply{550, "5.1.1", {"No such user"}};
  if (!refusal) refusal = header_refusal(octets);
  const bool defers = !refusal && has_message_id_field(octets) &&
                      flawed("deferred-mail-delivered"_flaw);
  if (defers) refusal = Reply{451, "4.3.0", {"Try again later"}};
  if (refusal) {
    say_result(std::move(*refusal));
    if (defers || flawed("refused-mail-delivered"_flaw))
      hand_over(std::move(octets), store_.next_id());
    if (!flawed("refused-dot-keeps-transaction"_flaw)) reset_transaction();
    return;
  }
  deliver(std::move(octets));
  has_delivered_ = true;
  if (flawed("auth-forgotten-after-mail"_flaw)) user_.clear();
  Transaction old = std::exchange(transaction_, {});
  if (flawed("dot-keeps-sender"_flaw)) {
    transaction_.is_open = true;
    transaction_.sender = old.sender;
  }
  if (flawed("dot-keeps-recipients"_flaw))
    transaction_.recipients = std::move(old.recipients);
}

namespace {

std::size_t distinct(const std::vector<Recipient>& recipients) {
  std::set<std::string_view> addresses;
  for (const Recipient& recipient : recipients)
    addresses.insert(recipient.address);
  return addresses.size();
}

}  // namespace

/// The reply to the end of content: for LMTP one for each recipient, none if
/// there are none (RFC 2033 sections 4.2 and 4.3).
void Conversation::say_result(Reply reply) {
  const auto& recipients = transaction_.recipients;
  std::size_t count = recipients.size();
  if (flawed("lmtp-duplicates-merged"_flaw))
    count = distinct(recipients);
  const bool is_for_each =
      is_lmtp() ? !flawed("lmtp-one-reply"_flaw)
                : reply.code == 250 && flawed("reply-per-recipient"_flaw);
  if (!is_for_each) count = 1;
  for (std::size_t i = 0; i < count; ++i) say(reply);
}

}  // namespace smtpspec::server
