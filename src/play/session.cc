#include "play/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/text.h"

namespace smtpspec::play {
namespace {

using Kind = TranscriptLine::Kind;

/// Octets shown of one line, and lines of one write, in a transcript.
constexpr std::size_t shown_octets = 600;
constexpr std::size_t shown_lines = 40;
/// Time between two segments of one write.
constexpr std::chrono::microseconds segment_gap{500};
/// Lines kept of one session.
constexpr std::size_t kept_lines = 2000;
/// A server that breaks every rule in every reply must not fill the memory.
constexpr std::size_t kept_breaches = 64;

std::string raw_of(const smtp::ReplyOrError& reply) {
  if (const auto* whole = std::get_if<smtp::Reply>(&reply)) return whole->raw();
  return std::get<smtp::ReplyError>(reply).raw;
}

/// An alert, say, to a client that speaks in the clear where TLS is due
/// (RFC 8446 section 5.1): no reply.
bool is_tls_record(std::string_view octets) {
  return octets.size() > 1 && octets[0] >= 20 && octets[0] <= 23 &&
         octets[1] == 3;
}

bool asks_for_utf8(std::string_view command) {
  return base::to_upper(command).find("SMTPUTF8") != std::string::npos;
}

/// "AUTH PLAIN secret" without the initial response.
std::string mask_auth(const std::string& line) {
  const auto words = base::words(line);
  if (words.size() < 3 || !base::equal_without_case(words[0], "AUTH"))
    return line;
  return fmt::format("{} {} ***", words[0], words[1]);
}

}  // namespace

std::string_view describe(net::Ending ending) {
  switch (ending) {
    case net::Ending::end_of_file: return "the server closed the connection";
    case net::Ending::truncated:
      return "the server closed the connection without a TLS alert";
    case net::Ending::reset: return "the server reset the connection";
  }
  return "the connection ended";
}

void Offers::merge(const Offers& more) {
  if (in_clear.empty()) in_clear = more.in_clear;
  if (under_tls.empty()) under_tls = more.under_tls;
}

net::asio::awaitable<void> Session::connect(const scenario::Endpoint& target,
                                            const std::string& source,
                                            net::Deadline deadline) {
  co_await connection_.connect(target.host, target.port, source, deadline);
  transcript_.source_port = connection_.local_port();
}

void Session::remark(const std::string& text) {
  note(Kind::comment, base::escape_up_to(secrets_.hide(text), shown_octets));
}

void Session::note(Kind kind, std::string text) {
  if (transcript_.lines.size() > kept_lines) return;
  if (transcript_.lines.size() == kept_lines) text = "(the rest is not kept)";
  transcript_.lines.push_back({kind, std::move(text)});
}

void Session::record_sent(std::string_view bytes) {
  std::size_t count = 0;
  while (!bytes.empty()) {
    const auto end = bytes.find("\r\n");
    const bool whole = end != std::string_view::npos;
    std::string line(bytes.substr(0, end));
    bytes.remove_prefix(whole ? end + 2 : bytes.size());
    if (++count > shown_lines) continue;
    if (in_auth_ && line != "*") {
      line = "***";
    } else {
      if (base::starts_without_case(line, "AUTH")) in_login_ = true;
      line = secrets_.hide(mask_auth(line));
    }
    note(whole ? Kind::client : Kind::client_raw,
         base::escape_up_to(line, shown_octets));
  }
  if (count > shown_lines)
    note(Kind::comment, fmt::format("{} more lines", count - shown_lines));
}

net::asio::awaitable<void> Session::send(std::string bytes,
                                         net::Deadline deadline) {
  record_sent(bytes);
  mail_record_.sent(bytes, tracker_.in_mail_data());
  tracker_.sent(bytes);
  if (ended_) co_return;
  // Before the write: we may see its end late, and the reply is not to look
  // quicker for that.
  sent_at_ = net::Clock::now();
  try {
    co_await write(bytes, deadline);
  } catch (const net::PeerClosed&) {
    // What the server said before it closed is still to be read.
  } catch (const boost::system::system_error& e) {
    if (e.code() != net::asio::error::timed_out) throw;
    note(Kind::event, "the server does not read");
  }
}

net::asio::awaitable<void> Session::write(std::string_view bytes,
                                          net::Deadline deadline) {
  bool is_first = true;
  for (const std::string_view piece : segments(bytes, segmentation_)) {
    // Time for the server to read what was sent before.
    if (!is_first) co_await net::sleep_until(net::Clock::now() + segment_gap);
    is_first = false;
    co_await connection_.write(piece, deadline);
  }
}

net::asio::awaitable<Event> Session::receive(net::Deadline deadline) {
  for (;;) {
    if (auto next = parser_.next()) {
      secrets_.hide(*next);
      record_reply(*next);
      if (auto* reply = std::get_if<smtp::Reply>(&*next))
        co_return std::move(*reply);
      co_return std::get<smtp::ReplyError>(std::move(*next));
    }
    if (ended_) {
      const bool by_alert = connection_.is_secure() &&
                            ending_ == net::Ending::end_of_file;
      co_return Ended{ending_, by_alert, secrets_.hide(parser_.pending())};
    }
    try {
      const std::string octets = co_await connection_.read(deadline);
      arrived_at_ = net::Clock::now();
      parser_.feed(octets);
    } catch (const net::PeerClosed& closed) {
      ended_ = true;
      ending_ = closed.ending;
      note(Kind::event, std::string(describe(ending_)));
    } catch (const boost::system::system_error& e) {
      if (e.code() != net::asio::error::timed_out) throw;
      co_return NoReply{secrets_.hide(parser_.pending())};
    }
  }
}

/// What has come though nothing was due: plain text before the handshake.
std::string Session::early_octets() {
  std::string octets;
  while (const auto reply = parser_.next()) octets += raw_of(*reply);
  return octets + parser_.pending();
}

/// What makes a handshake needless.
std::optional<Event> Session::end_before_handshake() {
  const std::string early = early_octets();
  if (is_tls_record(early)) {
    return NotSecured{
        {net::TlsFailure::Kind::refused, "an alert before the handshake"}};
  }
  if (!early.empty())
    return NotSecured{{net::TlsFailure::Kind::plaintext, early}};
  if (ended_) return Ended{ending_, false, ""};
  return std::nullopt;
}

net::asio::awaitable<Event> Session::start_tls(const net::TlsContext& context,
                                               const std::string& server_name,
                                               net::Deadline deadline) {
  Event event = NoReply{};
  if (const auto end = end_before_handshake()) {
    event = *end;
  } else {
    try {
      auto result =
          co_await connection_.start_tls(context, server_name, deadline);
      if (auto* facts = std::get_if<net::TlsFacts>(&result)) {
        event = Secured{std::move(*facts)};
      } else {
        event = NotSecured{std::get<net::TlsFailure>(std::move(result))};
      }
    } catch (const net::PeerClosed& closed) {
      ending_ = closed.ending;
      event = Ended{ending_, false, ""};
    } catch (const boost::system::system_error& e) {
      if (e.code() != net::asio::error::timed_out) throw;
    }
  }
  record_handshake(event);
  co_return event;
}

net::asio::awaitable<Event> Session::offer_old_ssl(net::OldSsl version,
                                                   net::Deadline deadline) {
  Event event = NoReply{};
  note(Kind::comment,
       fmt::format("a ClientHello of {}", net::to_string(version)));
  if (const auto end = end_before_handshake()) {
    event = *end;
  } else {
    try {
      event = co_await answer_to_old_ssl(version, deadline);
    } catch (const net::PeerClosed& closed) {
      ending_ = closed.ending;
      event = Ended{ending_, false, ""};
    } catch (const boost::system::system_error& e) {
      if (e.code() != net::asio::error::timed_out) throw;
    }
  }
  record_handshake(event);
  tls_.reset();
  ended_ = true;
  co_return event;
}

/// Secured, as far as the server is concerned, or NotSecured.
net::asio::awaitable<Event> Session::answer_to_old_ssl(net::OldSsl version,
                                                       net::Deadline deadline) {
  const std::string hello = net::client_hello(version);
  co_await connection_.write(hello, deadline);
  std::string octets;
  auto answer = net::OldSslAnswer::incomplete;
  while (answer == net::OldSslAnswer::incomplete) {
    const std::string more = co_await connection_.read(deadline);
    octets += more;
    answer = net::judge_answer(version, octets);
  }
  if (answer == net::OldSslAnswer::taken) {
    net::TlsFacts facts;
    facts.version = net::to_string(version);
    facts.cipher = "a cipher that the server chose";
    facts.distrust = "no certificate was looked at";
    co_return Secured{std::move(facts)};
  }
  if (answer == net::OldSslAnswer::plaintext)
    co_return NotSecured{{net::TlsFailure::Kind::plaintext, octets}};
  co_return NotSecured{
      {net::TlsFailure::Kind::refused, "an alert, or another version"}};
}

void Session::hang_up() {
  note(Kind::event, "we close the connection");
  connection_.close();
  ended_ = true;
}

void Session::record_handshake(const Event& event) {
  parser_ = smtp::ReplyParser();
  capabilities_ = {};
  has_capabilities_ = false;
  tracker_.start_over();
  if (const auto* secured = std::get_if<Secured>(&event)) {
    tls_ = secured->facts;
    hello_.clear();
    note(Kind::tls, "handshake");
    note(Kind::comment, secured->facts.version + " " + secured->facts.cipher);
    return;
  }
  ended_ = true;
  if (const auto* failed = std::get_if<NotSecured>(&event)) {
    note(Kind::tls, failed->failure.kind == net::TlsFailure::Kind::plaintext
                        ? "plaintext"
                        : "refused");
    note(Kind::comment, base::escape_up_to(failed->failure.text, shown_octets));
  } else {
    note(Kind::tls, std::holds_alternative<Ended>(event) ? "closed" : "silent");
  }
}

void Session::record_reply(const smtp::ReplyOrError& reply) {
  const auto* whole = std::get_if<smtp::Reply>(&reply);
  note(Kind::server, whole ? std::to_string(whole->code) : "malformed");
  std::size_t count = 0;
  const std::string raw = raw_of(reply);
  last_reply_ = raw;
  last_wait_ = std::max(arrived_at_ - sent_at_, {});
  for (const std::string_view line : base::split(raw, '\n')) {
    if (line.empty() || ++count > shown_lines) continue;
    std::string shown(line);
    if (shown.ends_with('\r')) shown.pop_back();
    note(Kind::comment, base::escape_up_to(shown, shown_octets));
  }
  const auto answered = tracker_.replied(whole ? whole->code : 0);
  // What follows a 334 is a response, whatever it looks like.
  last_command_ = in_auth_ && answered.line != "*"
                      ? "***"
                      : secrets_.hide(mask_auth(answered.line));
  if (whole) learn(*whole, answered);
  judge(reply, answered);
  if (whole && whole->code == 421) said_421_ = true;
}

void Session::learn(const smtp::Reply& reply, const AnsweredCommand& answered) {
  in_auth_ = reply.code == 334;
  in_login_ = in_auth_;
  if (answered.verb == "MAIL") utf8_transaction_ = asks_for_utf8(answered.line);
  if (reply.code == 235) has_login_ = true;
  if (answered.verb == "greeting" || answered.verb == "EHLO" ||
      answered.verb == "LHLO") {
    const auto words = base::words(reply.lines.front().text);
    if (!words.empty()) target_names_.emplace_back(words.front());
  }
  if (reply.code != 250) return;
  if (answered.verb == "HELO" || answered.verb == "EHLO" ||
      answered.verb == "LHLO") {
    hello_ = answered.line;
  }
  if (answered.verb == "EHLO" || answered.verb == "LHLO") {
    capabilities_ = smtp::Capabilities(reply);
    auto& offered = tls_ ? offers_.under_tls : offers_.in_clear;
    if (offered.empty()) offered = capabilities_;
    has_capabilities_ = true;
  }
}

void Session::judge(const smtp::ReplyOrError& reply,
                    const AnsweredCommand& answered) {
  const auto* error = std::get_if<smtp::ReplyError>(&reply);
  if (error && is_tls_record(error->raw)) return;
  smtp::ReplyContext context;
  context.command = answered.verb;
  context.unasked = answered.unasked;
  context.after_421 = said_421_;
  context.enhanced_codes = capabilities_.has("ENHANCEDSTATUSCODES");
  context.utf8 = asks_for_utf8(answered.line);
  context.utf8_transaction = utf8_transaction_;
  for (const smtp::ReplyRule& rule : smtp::reply_rules()) {
    if (breaches_.size() >= kept_breaches) return;
    if (auto complaint = rule.judge(reply, context)) {
      complaint->text = base::escape_up_to(complaint->text, shown_octets);
      breaches_.push_back(
          {&rule, std::move(*complaint),
           base::escape_up_to(last_command_, shown_octets),
           base::escape_up_to(raw_of(reply), shown_octets),
           transcript_.source_port});
    }
  }
}

net::asio::awaitable<void> Session::finish(net::Deadline deadline) {
  if (connection_.is_open() && !ended_ && !tracker_.in_mail_data() &&
      !tracker_.inside_line()) {
    // In an exchange of AUTH, QUIT would be taken for a response.
    if (in_auth_) co_await send("*\r\n", deadline);
    co_await send("QUIT\r\n", deadline);
    for (;;) {
      const Event event = co_await receive(deadline);
      if (!std::holds_alternative<smtp::Reply>(event)) break;
    }
  }
  connection_.close();
}

}  // namespace smtpspec::play
