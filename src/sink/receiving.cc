#include "sink/receiving.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "sink/envelope.h"

namespace smtpspec::sink {
namespace {

constexpr std::string_view out_of_order = "503 5.5.1 Not now";
constexpr std::string_view not_understood = "501 5.5.4 Not understood";
constexpr std::string_view unknown = "500 5.5.1 Unknown command";

}  // namespace

Receiving::Receiving(Mailbox& mailbox, ReceivingOptions options)
    : mailbox_(mailbox), options_(std::move(options)) {}

std::string Receiving::greeting() {
  return "220 " + std::string(receiver_name) + " ESMTP smtpspec sink\r\n";
}

std::string Receiving::receive(std::string_view input) {
  while (!input.empty() && !closing_ && !starting_tls_) input = step(input);
  return std::exchange(output_, {});
}

/// Takes what the mode can take at once; gives the rest.
std::string_view Receiving::step(std::string_view input) {
  if (mode_ == Mode::chunk) return step_chunk(input);
  if (mode_ != Mode::data) return step_line(input);
  const auto taken = dots_.take(input, transaction_.data, options_.octet_limit);
  if (dots_.is_done()) finish_message();
  return input.substr(taken);
}

std::string_view Receiving::step_chunk(std::string_view input) {
  const auto size = static_cast<std::size_t>(
      std::min<std::uint64_t>(chunk_.remaining, input.size()));
  if (chunk_.refusal.empty())
    transaction_.data.add(input.substr(0, size), options_.octet_limit);
  chunk_.remaining -= size;
  if (chunk_.remaining == 0) finish_chunk();
  return input.substr(size);
}

/// Only CRLF ends a line (RFC 5321 section 2.3.8).
std::string_view Receiving::step_line(std::string_view input) {
  const char octet = input.front();
  const bool ends = octet == '\n' && line_ends_in_cr_;
  line_ends_in_cr_ = octet == '\r';
  if (line_.size() < line_limit) {
    line_ += octet;
  } else {
    is_line_too_long_ = true;
  }
  if (!ends) return input.substr(1);
  const std::string line = std::exchange(line_, {});
  if (std::exchange(is_line_too_long_, false)) {
    mode_ = Mode::command;
    say("500 5.5.2 Line too long");
  } else {
    take_line(std::string_view(line).substr(0, line.size() - 2));
  }
  return input.substr(1);
}

const Receiving::Command* Receiving::find_command(std::string_view verb) {
  static constexpr auto commands = std::to_array<Command>({
      {"HELO", &Receiving::helo},
      {"EHLO", &Receiving::ehlo},
      {"LHLO", &Receiving::lhlo},
      {"MAIL", &Receiving::mail},
      {"RCPT", &Receiving::rcpt},
      {"DATA", &Receiving::data},
      {"BDAT", &Receiving::bdat},
      {"RSET", &Receiving::rset},
      {"NOOP", &Receiving::noop},
      {"VRFY", &Receiving::vrfy},
      {"QUIT", &Receiving::quit},
      {"STARTTLS", &Receiving::starttls},
      {"AUTH", &Receiving::auth},
  });
  const auto found = std::ranges::find_if(commands, [&](const Command& row) {
    return base::equal_without_case(row.verb, verb);
  });
  return found == commands.end() ? nullptr : &*found;
}

void Receiving::take_line(std::string_view line) {
  if (mode_ != Mode::command) return take_login(line);
  line = line.substr(0, line.find_last_not_of(" \t") + 1);
  const auto space = line.find(' ');
  const Command* command = find_command(line.substr(0, space));
  if (!command) return say(unknown);
  (this->*command->run)(
      space == std::string_view::npos ? "" : line.substr(space + 1));
}

void Receiving::say(std::string_view reply) {
  output_ += reply;
  output_ += "\r\n";
}

// Greetings.

void Receiving::hello(std::string_view name, bool is_extended) {
  client_name_ = name;
  transaction_ = {};
  const std::string own(receiver_name);
  if (!is_extended) return say("250 " + own);
  say("250-" + own);
  for (const char* keyword :
       {"PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE", "DSN",
        "MT-PRIORITY"}) {
    say("250-" + std::string(keyword));
  }
  if (lists_auth()) say("250-AUTH PLAIN LOGIN");
  if (options_.offers_tls && !tls_) say("250-STARTTLS");
  say("250 ENHANCEDSTATUSCODES");
}

// RFC 2033 section 4.1: LHLO takes the place of the other two.
void Receiving::helo(std::string_view argument) {
  options_.lmtp ? say(unknown) : hello(argument, false);
}
void Receiving::ehlo(std::string_view argument) {
  options_.lmtp ? say(unknown) : hello(argument, true);
}
void Receiving::lhlo(std::string_view argument) {
  options_.lmtp ? hello(argument, true) : say(unknown);
}

// The transaction.

void Receiving::mail(std::string_view argument) {
  if (transaction_.is_open) return say(out_of_order);
  auto path = parse_path(argument, "FROM:");
  if (!path) return say(not_understood);
  transaction_.is_open = true;
  transaction_.sender = std::move(*path);
  say("250 2.1.0 Ok");
}

void Receiving::rcpt(std::string_view argument) {
  if (!transaction_.is_open || transaction_.has_chunks)
    return say(out_of_order);
  auto path = parse_path(argument, "TO:");
  if (!path) return say(not_understood);
  if (local_part_begins_with(path->address, refused_prefix))
    return say("550 5.1.1 There is no such mailbox");
  if (transaction_.recipients.size() >= recipient_limit)
    return say("452 4.5.3 Too many recipients");
  transaction_.recipients.push_back(std::move(*path));
  say("250 2.1.5 Ok");
}

void Receiving::data(std::string_view argument) {
  if (!argument.empty()) return say(not_understood);
  if (transaction_.recipients.empty() || transaction_.has_chunks)
    return say(out_of_order);
  dots_ = {};
  mode_ = Mode::data;
  say("354 End with <CRLF>.<CRLF>");
}

/// RFC 3030 section 2. A chunk of unknown size hides where commands go on, so
/// that the session is over.
void Receiving::bdat(std::string_view argument) {
  const auto words = base::words(argument);
  const bool is_last =
      words.size() == 2 && base::equal_without_case(words[1], "LAST");
  std::uint64_t size = 0;
  bool is_right = words.size() == (is_last ? 2 : 1);
  if (is_right) {
    const auto end = words[0].data() + words[0].size();
    const auto [rest, error] = std::from_chars(words[0].data(), end, size);
    is_right = error == std::errc() && rest == end;
  }
  if (!is_right) {
    closing_ = true;
    return say("421 4.5.4 The size of the chunk is not understood");
  }
  chunk_ = {size, is_last, chunk_refusal()};
  transaction_.has_chunks = transaction_.is_open;
  mode_ = Mode::chunk;
  if (size == 0) finish_chunk();
}

std::string_view Receiving::chunk_refusal() const {
  if (!transaction_.is_open) return out_of_order;
  if (transaction_.recipients.empty()) return "554 5.5.1 No valid recipients";
  return "";
}

void Receiving::finish_chunk() {
  mode_ = Mode::command;
  if (!chunk_.refusal.empty()) {
    if (chunk_.is_last) transaction_ = {};
    return say(chunk_.refusal);
  }
  if (chunk_.is_last) return finish_message();
  say("250 2.0.0 Ok");
}

void Receiving::finish_message() {
  mode_ = Mode::command;
  Transaction done = std::exchange(transaction_, {});
  // RFC 2033 section 4.2: one for each recipient that was taken.
  const std::size_t replies = options_.lmtp ? done.recipients.size() : 1;
  for (std::size_t i = 0; i < replies; ++i) say("250 2.0.0 Kept");
  Arrival arrival;
  arrival.witness = options_.lmtp ? Witness::lmtp : Witness::smtp;
  arrival.sender = std::move(done.sender);
  arrival.recipients = std::move(done.recipients);
  arrival.octets = std::move(done.data.octets);
  arrival.is_cut = done.data.is_cut;
  arrival.client_name = client_name_;
  arrival.peer = options_.peer;
  arrival.tls = tls_;
  arrival.user = user_;
  arrival.time = std::chrono::system_clock::now();
  mailbox_.add(std::move(arrival));
}

// The rest.

void Receiving::rset(std::string_view) {
  transaction_ = {};
  say("250 2.0.0 Ok");
}

void Receiving::noop(std::string_view) { say("250 2.0.0 Ok"); }

void Receiving::vrfy(std::string_view) {
  say("252 2.5.0 Cannot say, but mail is taken");
}

void Receiving::quit(std::string_view) {
  closing_ = true;
  say("221 2.0.0 Bye");
}

void Receiving::starttls(std::string_view argument) {
  if (!options_.offers_tls) return say("502 5.5.1 No TLS here");
  if (!argument.empty()) return say(not_understood);
  if (tls_) return say(out_of_order);
  starting_tls_ = true;
  say("220 2.0.0 Begin");
}

void Receiving::tls_started(net::TlsFacts facts) {
  tls_ = std::move(facts);
  starting_tls_ = false;
  client_name_.clear();
  user_.clear();
  transaction_ = {};
}

// AUTH (RFC 4954 section 4).

void Receiving::auth(std::string_view argument) {
  if (!user_.empty() || transaction_.is_open) return say(out_of_order);
  const auto words = base::words(argument);
  if (words.empty() || words.size() > 2) return say(not_understood);
  const bool is_plain = base::equal_without_case(words[0], "PLAIN");
  if (!is_plain && !base::equal_without_case(words[0], "LOGIN"))
    return say("504 5.5.4 Unknown mechanism");
  mode_ = is_plain ? Mode::plain : Mode::login_user;
  if (words.size() == 2) return take_login(words[1] == "=" ? "" : words[1]);
  say(is_plain ? "334 " : "334 VXNlcm5hbWU6");  // "Username:"
}

void Receiving::take_login(std::string_view text) {
  const Mode mode = std::exchange(mode_, Mode::command);
  if (text == "*") return say("501 5.0.0 Cancelled");
  auto octets = base::base64_decode(text);
  if (!octets) return say("501 5.5.2 No base64");
  if (mode == Mode::plain) return log_in(user_of_plain(*octets));
  if (mode == Mode::login_password) return log_in(std::move(login_name_));
  login_name_ = std::move(*octets);
  mode_ = Mode::login_password;
  say("334 UGFzc3dvcmQ6");  // "Password:"
}

void Receiving::log_in(std::optional<std::string> user) {
  if (!user || user->empty()) return say("535 5.7.8 Nobody is named");
  user_ = std::move(*user);
  say("235 2.7.0 Ok");
}

}  // namespace smtpspec::sink
