// Octets to lines to commands, and replies to octets (RFC 5321 sections 2.3.8,
// 4.1.1 and 4.2; RFC 2920).
#include "server/conversation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/escape.h"
#include "base/text.h"

namespace smtpspec::server {

Conversation::Conversation(Store& store, FlawSet flaws,
                           Surroundings surroundings)
    : store_(store), flaws_(flaws), surroundings_(std::move(surroundings)) {}

bool Conversation::refuses_session() const {
  return flawed("refusal-closes-at-once"_flaw) ||
         flawed("refusal-unexplained"_flaw);
}

std::string Conversation::greeting() {
  verb_ = "greeting";
  const std::string host(host_name);
  if (refuses_session() || flawed("refusal-serves-commands"_flaw)) {
    send("554 " + host + " No mail is taken here\r\n");
    closing_ = flawed("refusal-closes-at-once"_flaw);
  } else if (flawed("refusal-521-serves-commands"_flaw) ||
             flawed("submission-greeting-521"_flaw)) {
    send("521 " + host + " No mail is taken here\r\n");
  } else {
    send("220 " + host + " ESMTP smtpspec reference server\r\n");
  }
  return flush();
}

std::string Conversation::receive(std::string_view bytes) {
  begin_read();
  if (flawed("input-beyond-2048-dropped"_flaw) && mode_ == Mode::command)
    bytes = bytes.substr(0, 2048);
  while (!bytes.empty() && !closing_ && !drops_rest_of_read() &&
         !drops_input_before_tls(bytes)) {
    bytes = step(bytes);
  }
  if (flawed("split-command-refused"_flaw) && mode_ == Mode::command) {
    if (lines_.cut()) say(500, "5.5.2", "Half a line");
  }
  return flush();
}

void Conversation::begin_read() {
  delay_ = {};
  commands_in_read_ = 0;
  refused_in_read_ = false;
  content_ended_in_read_ = false;
  if (data_) data_->begin_read();
}

bool Conversation::drops_rest_of_read() const {
  if (flaws_.empty() || mode_ != Mode::command) return false;
  return (commands_in_read_ > 0 && flawed("pipelined-input-dropped"_flaw)) ||
         (refused_in_read_ && flawed("refusal-drops-input"_flaw)) ||
         (content_ended_in_read_ && flawed("input-after-dot-dropped"_flaw)) ||
         (commands_in_read_ > 0 && verb_ == "AUTH" &&
          flawed("auth-drops-pipelined-input"_flaw));
}

/// Takes what the mode can take at once; gives the rest.
std::string_view Conversation::step(std::string_view bytes) {
  if (mode_ == Mode::chunk) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(chunk_.remaining, bytes.size()));
    if (!chunk_.refusal) transaction_.chunks += bytes.substr(0, size);
    chunk_.remaining -= size;
    if (const auto rest = after_dot_in_chunk(size)) {
      return bytes.substr(size - *rest);
    }
    if (chunk_.remaining == 0) finish_chunk();
    return bytes.substr(size);
  }
  if (mode_ == Mode::data) {
    take_octet_of_data(bytes.front());
  } else if (const auto line = lines_.take(bytes.front())) {
    take_line(*line);
  } else {
    answer_early();
  }
  return bytes.substr(1);
}

void Conversation::answer_early() {
  if (!flawed("command-answered-early"_flaw) || answered_early_) return;
  if (!base::equal_without_case(lines_.pending(), "NOOP")) return;
  answered_early_ = true;
  verb_ = "NOOP";
  say(250, "2.0.0", "Ok");
}

void Conversation::take_line(CommandLine line) {
  if (std::exchange(answered_early_, false)) return;
  ++commands_in_read_;
  if (mode_ == Mode::auth) return take_response(line);
  verb_ = "unknown";
  std::string_view text = line.text;
  // 4.1.1: white space before CRLF is tolerated.
  const auto last = text.find_last_not_of(" \t");
  const bool has_trailing_space = last + 1 != text.size();
  text = text.substr(0, last + 1);

  const bool is_lenient = flawed("white-space-lenient"_flaw);
  const auto space = text.find_first_of(is_lenient ? " \t" : " ");
  const auto verb = text.substr(0, space);
  auto argument = space == std::string_view::npos ? "" : text.substr(space + 1);
  if (is_lenient) argument = base::trim(argument);
  const Command* command = find_command(verb);
  if (command) verb_ = command->verb;

  if (deep_.is_on() && meets_deep_flaw(line, argument)) return;
  if (splits_long_line(command, line) || refuses_line(command, line, argument))
    return;
  if (has_trailing_space && flawed("trailing-space-refused"_flaw))
    return say(501, "5.5.4", "White space before the line end");
  if (transaction_.is_open && flawed("in-transaction-500"_flaw) &&
      (verb_ == "NOOP" || verb_ == "RSET" || verb_ == "VRFY")) {
    return say(500, "5.5.1", "Unknown command");
  }
  const auto refusal = server::refusal_of(base::to_upper(verb), flaws_);
  if (!refusal.empty()) return send(std::string(refusal));
  if (refuses_for_weak_tls(verb_)) return;
  if (!command) {
    say(500, "5.5.1", "Unknown command: " + echo(verb));
    closing_ = closing_ || flawed("closes-after-unknown-command"_flaw);
    return;
  }
  if (refuses_session() && verb_ != "QUIT")
    return say(503, "5.5.1", "No mail is taken here");
  // BDAT is refused when its octets have been read.
  if (auto wait = login_refusal(verb_); wait && verb_ != "BDAT")
    return say(std::move(*wait));
  if (refuses_for_tls(verb_)) return;
  (this->*command->run)(argument);
}

const Conversation::Command* Conversation::find_command(
    std::string_view verb) const {
  const std::string name = flawed("verb-case-sensitive"_flaw)
                               ? std::string(verb)
                               : base::to_upper(verb);
  for (const Command& command : commands()) {
    if (command.verb == name) return &command;
  }
  return nullptr;
}

/// Whether a deep flaw stands in place of the command.
bool Conversation::meets_deep_flaw(const CommandLine& line,
                                   std::string_view argument) {
  flaws_ = deep_.begin(
      {.verb = verb_,
       .argument = std::string(argument),
       .size = line.size,
       .place = static_cast<std::size_t>(commands_in_read_),
       .in_transaction = transaction_.is_open,
       .is_sender_null = transaction_.sender.is_null,
       .has_declared_size = transaction_.parameters.size.has_value(),
       .recipients = transaction_.recipients.size(),
       .is_secure = is_secure(),
       .is_logged_in = !user_.empty()});
  if (deep_.closes()) {
    closing_ = true;
    return true;
  }
  const auto answer = deep_.answer();
  if (answer) send(std::string(*answer));
  return answer.has_value();
}

/// The flaw that makes two lines of a long one.
bool Conversation::splits_long_line(const Command* command,
                                    const CommandLine& line) {
  const std::size_t limit = command ? command->line_limit : 512;
  if (!flawed("long-line-two-replies"_flaw) || line.size <= limit) return false;
  take_line({line.text.substr(0, limit - 2), limit, false});
  const std::string rest = line.text.substr(limit - 2);
  take_line({rest, std::min(rest.size() + 2, limit), false});
  return true;
}

namespace {

/// An extension makes a command longer than 512 octets, and this flaw does not
/// know it.
struct ShortLine {
  FlawId flaw;
  std::string_view verb;
  std::string_view word;
};

constexpr auto short_lines = std::to_array<ShortLine>({
    {"size-long-line-refused"_flaw, "MAIL", "SIZE="},
    {"binarymime-long-line-refused"_flaw, "MAIL", "BODY=BINARYMIME"},
    {"smtputf8-long-line-refused"_flaw, "MAIL", "SMTPUTF8"},
    {"dsn-long-line-refused"_flaw, "RCPT", "ORCPT="},
    {"deliverby-long-line-refused"_flaw, "MAIL", " BY="},
    {"mt-priority-long-line-refused"_flaw, "MAIL", " MT-PRIORITY="},
    {"mtrk-long-line-refused"_flaw, "MAIL", " MTRK="},
    {"futurerelease-long-line-refused"_flaw, "MAIL", " HOLDFOR="},
    {"solicit-long-line-refused"_flaw, "MAIL", " SOLICIT="},
    {"rrvs-long-line-refused"_flaw, "RCPT", " RRVS="},
    {"requiretls-long-line-refused"_flaw, "MAIL", " REQUIRETLS"},
    {"auth-long-line-refused"_flaw, "MAIL", " AUTH="},
});

bool is_too_long(std::string_view verb, const CommandLine& line,
                 std::size_t limit, const FlawSet& flaws) {
  if (line.size > limit) return true;
  if (line.size > 500 && flaws.contains("line-512-refused"_flaw)) return true;
  if (line.size <= 512) return false;
  const std::string text = base::to_upper(line.text);
  return std::any_of(
      short_lines.begin(), short_lines.end(), [&](const ShortLine& row) {
        return row.verb == verb && flaws.contains(row.flaw) &&
               text.find(row.word) != std::string::npos;
      });
}

}  // namespace

/// What is refused before anybody looks what the command means.
bool Conversation::refuses_line(const Command* command,
                                const CommandLine& line,
                                std::string_view argument) {
  const std::size_t limit = command ? command->line_limit : 512;
  if (verb_ == "AUTH" && line.size > 512 &&
      flawed("auth-long-initial-response-closes"_flaw)) {
    closing_ = true;
    return true;
  }
  if (verb_ == "AUTH" && line.size > limit) {
    say(500, "5.5.6", "The line is too long");
    return true;
  }
  if (is_too_long(verb_, line, limit, flaws_)) {
    if (!flawed("long-line-no-reply"_flaw)) say(500, "5.5.2", "Line too long");
    return true;
  }
  const bool takes_line_end =
      (verb_ == "EHLO" && flawed("ehlo-line-end-accepted"_flaw)) ||
      (verb_ == "MAIL" && flawed("address-line-end-accepted"_flaw));
  if (line.has_bare_line_end && !takes_line_end) {
    say(500, "5.5.2", "Bare CR or LF in a command");
    return true;
  }
  // 2.4: octets above 127 need an extension.
  if (has_non_ascii(line.text) && !(command && command->takes_utf8)) {
    if (flawed("binary-line-unanswered"_flaw)) return true;
    if (flawed("binary-line-accepted"_flaw)) {
      say(250, "2.0.0", "Ok");
    } else {
      say(500, "5.5.2", "Octets above 127 in a command");
    }
    return true;
  }
  if (!command || !command->is_bare || argument.empty()) return false;
  const bool ignores =
      (verb_ == "RSET" && flawed("rset-argument-accepted"_flaw)) ||
      (verb_ == "DATA" && flawed("data-argument-accepted"_flaw)) ||
      (verb_ == "QUIT" && flawed("quit-argument-accepted"_flaw));
  if (!ignores) say(501, "5.5.4", "No argument is taken");
  return !ignores;
}

/// `text` of the client, fit for a reply.
std::string Conversation::echo(std::string_view text) const {
  const std::string visible = base::escape(text);
  if (!flawed("reply-line-too-long"_flaw)) return visible;
  return visible + ", " + visible + ", " + visible;
}

void Conversation::say(int code, std::string_view enhanced, std::string text) {
  say(Reply{code, enhanced, {std::move(text)}});
}

void Conversation::say(Reply reply) {
  if (reply.code >= 500) {
    refused_in_read_ = true;
    if (++errors_ > error_limit && !flawed("errors-unlimited"_flaw)) {
      closing_ = !flawed("does-not-close-after-421"_flaw);
      reply = {421, "4.3.0", {std::string(host_name) + " Too many errors"}};
    }
  }
  if (greeted_ == Greeted::helo &&
      flawed("enhanced-code-missing-after-helo"_flaw)) {
    reply.enhanced = {};
  }
  const int code = reply.code;
  send(encode(reply, flawed("reply-line-too-long"_flaw) ? SIZE_MAX
                                                        : reply_line_limit));
  if (code == 503 && flawed("503-resets"_flaw)) reset_transaction();
  if ((code == 501 || code == 503 || code == 550) &&
      flawed("closes-after-error"_flaw)) {
    closing_ = true;
  }
}

void Conversation::send(std::string octets) {
  std::string sent = distort(std::move(octets), verb_, flaws_);
  outgoing_.push_back({deep_.reply(std::move(sent), verb_), verb_});
}

namespace {

struct HeldReply {
  std::string_view verb;
  FlawId flaw;
};

constexpr auto held_replies = std::to_array<HeldReply>({
    {"NOOP", "noop-reply-held-back"_flaw},
    {"DATA", "data-reply-held-back"_flaw},
    {"VRFY", "vrfy-reply-held-back"_flaw},
    {"EHLO", "ehlo-reply-held-back"_flaw},
    {"unknown", "unknown-reply-held-back"_flaw},
    {"MAIL", "replies-held-back"_flaw},
    {"RCPT", "replies-held-back"_flaw},
    {"RSET", "replies-held-back"_flaw},
});

}  // namespace

/// Whether the last reply stays here until more input comes; RFC 2920 section
/// 3.2 (5) to (7) forbid that for a group.
bool Conversation::holds_back(const Outgoing& last) const {
  if (closing_) return false;
  // Whoever waits for a queue to be run (RFC 1985 section 5.1).
  if (last.verb == "ETRN" && flawed("etrn-reply-held-back"_flaw)) return true;
  if (outgoing_.size() < 2) return false;
  return std::any_of(held_replies.begin(), held_replies.end(),
                     [&](const HeldReply& row) {
                       return row.verb == last.verb && flawed(row.flaw);
                     });
}

std::string Conversation::flush() {
  if (flawed("replies-out-of-order"_flaw)) {
    std::stable_partition(
        outgoing_.begin(), outgoing_.end(),
        [](const Outgoing& reply) { return reply.octets < "4"; });
  }
  std::string held;
  if (!outgoing_.empty() && holds_back(outgoing_.back())) {
    held = std::move(outgoing_.back().octets);
    outgoing_.pop_back();
  }
  std::string octets = std::exchange(held_, std::move(held));
  for (const Outgoing& reply : outgoing_) octets += reply.octets;
  outgoing_.clear();
  return octets;
}

}  // namespace smtpspec::server
